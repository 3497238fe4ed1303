"""Facts of celebrations: milestones, badges and levels that somebody reached, each told once and for ever."""

from typing import Annotated, Final, Literal, NotRequired, get_args

from pydantic import Field
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, LocalDay, Name, Slug, Timestamp, Uuid
from shared.contracts.story import ACCEPTANCE, GRACE, TRACEPARENT

CelebrationKind = Literal["milestone", "badge", "level", "quest"]
#: Where members react to celebrations: the channel and host of the events that say so, and whose they are.
CHANNEL: Final = "chat"
HOST: Final = "celebrations.plaudit"
SOURCE: Final = "urn:plaudit:celebrations"
#: What one may react with.
Reaction = Literal["celebrate", "heart", "thanks", "wow"]
REACTIONS: Final[tuple[Reaction, ...]] = get_args(Reaction)


class CelebratedData(TypedDict):
    """`name` is the id of the milestone, badge or level in the programme, and `title` what it is called there.

    Of a milestone `number` is which of its numbers it is: how many events or points, or years. One that is
    `together` is the community's, and `member_id` is by whose act it was reached. Of a badge in several levels
    `tier` says which. The event, award or grant that led to it is there where one did; none leads to an
    anniversary.

    `day` is that of `event_time`, left out where it is the UTC day.
    """

    celebration_id: Uuid
    member_id: Uuid
    kind: CelebrationKind
    name: Slug
    title: Name
    number: NotRequired[Annotated[int, Field(ge=1, le=2**53)]]
    tier: NotRequired[Slug]
    together: NotRequired[Literal[True]]
    event_uid: NotRequired[Uuid]
    award_id: NotRequired[Uuid]
    grant_id: NotRequired[Uuid]
    event_time: Timestamp
    programme_version: Count
    day: NotRequired[LocalDay]


class Celebrated(FactEnvelope):
    """Something that a member, or the community, reached, to be celebrated; what it was stays told.

    Of what followed from the past, or was reached by a merge, there is none.
    """

    type: Literal["celebration.made.v1"]
    data: CelebratedData


CELEBRATED: Final = FactType(
    "celebration.made.v1",
    envelope=Celebrated,
    data=CelebratedData,
    examples=[
        fact_example(
            "celebration.made.v1",
            "recognition",
            "6c1c1d5e-0f43-5d0b-9a52-1f0d2c3b4a59",
            "2026-01-31T12:30:01.500000Z",
            {
                "celebration_id": "6c1c1d5e-0f43-5d0b-9a52-1f0d2c3b4a59",
                "member_id": GRACE,
                "kind": "milestone",
                "name": "accepted-answers",
                "title": "100 accepted answers",
                "number": 100,
                "event_uid": ACCEPTANCE,
                "event_time": "2026-01-31T12:30:00Z",
                "programme_version": 3,
            },
            traceparent=TRACEPARENT,
        )
    ],
)
