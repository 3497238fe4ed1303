"""Facts of recognition: badges, levels and quests granted and taken back."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, LocalDay, Name, Slug, Timestamp, Uuid
from shared.contracts.programme.section import RULE_POINTS_MAX
from shared.contracts.story import AWARD, BADGE, GRACE, TRACEPARENT

MET_MAX_CHARS = 100


class GivesData(TypedDict):
    """What comes with a grant: points, a reward of the catalogue, a ticket in a draw."""

    points: NotRequired[Annotated[int, Field(ge=1, le=RULE_POINTS_MAX)]]
    reward: NotRequired[Slug]
    ticket: NotRequired[Slug]


class GrantData(TypedDict):
    """`id` and `title` are the badge's, level's or quest's.

    A badge for counted events says the `event_uid` of the last that was counted. One that asks for several things
    says what of each the member had (`met`), and one given or taken back `by_hand` says neither; all others say
    the `award_id`. A quest says the event that completed it. Of a badge in several levels `tier` says which, and
    `edition` is the number of a limited one.
    `gives` is what comes with it; once taken back, by a grant that `reverses` it, its points go as well.

    `day` is that of the event that led to it, left out where it is the UTC day of `event_time`.
    """

    grant_id: Uuid
    member_id: Uuid
    kind: Literal["badge", "level", "quest"]
    id: Slug
    title: Name
    tier: NotRequired[Slug]
    edition: NotRequired[Annotated[int, Field(ge=1, le=2**31 - 1)]]
    met: NotRequired[dict[Annotated[str, StringConstraints(max_length=MET_MAX_CHARS)], int]]
    by_hand: NotRequired[Literal[True]]
    gives: NotRequired[GivesData]
    award_id: NotRequired[Uuid]
    event_uid: NotRequired[Uuid]
    event_time: Timestamp
    programme_version: Count
    day: NotRequired[LocalDay]
    reverses: NotRequired[Uuid]


class RecognitionGranted(FactEnvelope):
    """A badge, level or quest a member reached, and by which award or event; with `reverses`, it holds no more.

    With `backfill` an event of the past led to it: it stands, and nobody is told of it.
    """

    type: Literal["recognition.granted.v1"]
    backfill: NotRequired[Literal[True]]
    data: GrantData


RECOGNITION_GRANTED: Final = FactType(
    "recognition.granted.v1",
    envelope=RecognitionGranted,
    data=GrantData,
    examples=[
        fact_example(
            "recognition.granted.v1",
            "recognition",
            BADGE,
            "2026-01-31T12:30:01.500000Z",
            {
                "grant_id": BADGE,
                "member_id": GRACE,
                "kind": "badge",
                "id": "solver",
                "title": "Ten accepted answers",
                "award_id": AWARD,
                "event_time": "2026-01-31T12:30:00Z",
                "programme_version": 3,
            },
            traceparent=TRACEPARENT,
        )
    ],
)
