"""Facts of audiences: members entered one, and left it."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Discriminator, Field, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import AttributeName, Count, Slug, Timestamp, Uuid
from shared.contracts.story import GRACE


class AudienceData(TypedDict):
    """Since `since` the member is in the audience, or is not; decided at `known_at` by that version.

    Of one member and audience the highest `revision` counts, which is odd for who entered. `met` are the measures
    that the audience declares, as they were: numbers, and nothing of the member's attributes.
    """

    audience: Slug
    member_id: Uuid
    revision: Annotated[int, Field(ge=1, le=2**31 - 1)]
    since: Timestamp
    known_at: Timestamp
    programme_version: Count
    met: NotRequired[dict[AttributeName, int]]


class AudienceEntered(FactEnvelope):
    """A member is in an audience from now on."""

    type: Literal["audience.entered.v1"]
    data: AudienceData


class AudienceLeft(FactEnvelope):
    """A member is in an audience no more."""

    type: Literal["audience.left.v1"]
    data: AudienceData


#: What audiences.v1 carries.
AudienceFact = AudienceEntered | AudienceLeft
AUDIENCE_FACT: Final[TypeAdapter[AudienceFact]] = TypeAdapter(Annotated[AudienceFact, Discriminator("type")])

_DATA = {
    "audience": "helpers",
    "member_id": GRACE,
    "revision": 1,
    "since": "2026-01-31T12:30:00Z",
    "known_at": "2026-01-31T12:30:02Z",
    "programme_version": 3,
    "met": {"answers": 3},
}
AUDIENCE_ENTERED: Final = FactType(
    "audience.entered.v1",
    envelope=AudienceEntered,
    data=AudienceData,
    examples=[
        fact_example(
            "audience.entered.v1",
            "scoring",
            "8f4c8d0e-57b4-5d0c-9a0e-3d3f5c1b7a01",
            "2026-01-31T12:30:02Z",
            _DATA,
        )
    ],
)
AUDIENCE_LEFT: Final = FactType(
    "audience.left.v1",
    envelope=AudienceLeft,
    data=AudienceData,
    examples=[
        fact_example(
            "audience.left.v1",
            "scoring",
            "8f4c8d0e-57b4-5d0c-9a0e-3d3f5c1b7a02",
            "2026-03-02T00:00:02Z",
            {
                **_DATA,
                "revision": 2,
                "since": "2026-03-02T00:00:00Z",
                "known_at": "2026-03-02T00:00:02Z",
                "met": {"answers": 0},
            },
        )
    ],
)
