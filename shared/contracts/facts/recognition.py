"""Facts of recognition: badges, levels and quests granted and taken back, and prizes of boards."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Discriminator, Field, StringConstraints, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, LocalDay, Name, Points, Slug, Timestamp, Uuid
from shared.contracts.programme.section import RULE_POINTS_MAX
from shared.contracts.story import AWARD, BADGE, GRACE, TRACEPARENT

MET_MAX_CHARS = 100


class GivesData(TypedDict):
    """What comes with a grant: points, a reward of the catalogue, a ticket in a draw."""

    points: NotRequired[Annotated[int, Field(ge=1, le=RULE_POINTS_MAX)]]
    reward: NotRequired[Slug]
    ticket: NotRequired[Slug]


Edition = Annotated[int, Field(ge=1, le=2**31 - 1)]


class GrantData(TypedDict):
    """`id` and `title` are the badge's, level's or quest's.

    A badge for counted events says the `event_uid` of the last that was counted. One that asks for several things
    says what of each the member had (`met`), and one given or taken back `by_hand` says neither; all others say
    the `award_id`. A quest says the event that completed it. Of a badge in several levels `tier` says which, and
    `edition` is the number of a limited one; what takes one back `by_hand` says which numbers are `freed` by it,
    of all who are one person. `gives` is what comes with it; once taken back, by a grant that `reverses` it, its
    points go as well.

    `day` is that of the event that led to it, left out where it is the UTC day of `event_time`.
    """

    grant_id: Uuid
    member_id: Uuid
    kind: Literal["badge", "level", "quest"]
    id: Slug
    title: Name
    tier: NotRequired[Slug]
    edition: NotRequired[Edition]
    freed: NotRequired[Annotated[list[Edition], Field(min_length=1)]]
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


class PrizeData(TypedDict):
    """The prize `id` of the board `board`, whose period had these first and last days, in days of the community.

    `rank` and `points` are those of when its results became final: they stay, whatever comes later, and so
    does what it `gives`.
    """

    prize_id: Uuid
    member_id: Uuid
    board: Slug
    board_title: Name
    id: Slug
    title: Name
    starts_on: LocalDay
    ends_on: LocalDay
    rank: Count
    points: Points
    programme_version: Count
    gives: NotRequired[GivesData]


class PrizeWon(FactEnvelope):
    """A prize that a member won on a board, told once its results are final."""

    type: Literal["recognition.prize_won.v1"]
    data: PrizeData


_PRIZE = "2b8d6c14-53f5-5a9c-9a4e-7c1b5de0a8f3"
PRIZE_WON: Final = FactType(
    "recognition.prize_won.v1",
    envelope=PrizeWon,
    data=PrizeData,
    examples=[
        fact_example(
            "recognition.prize_won.v1",
            "recognition",
            _PRIZE,
            "2026-02-04T00:00:01Z",
            {
                "prize_id": _PRIZE,
                "member_id": GRACE,
                "board": "month",
                "board_title": "This month",
                "id": "first",
                "title": "Dinner for two",
                "starts_on": "2026-01-01",
                "ends_on": "2026-01-31",
                "rank": 1,
                "points": 420,
                "programme_version": 3,
            },
        )
    ],
)

#: What recognition.granted.v1 carries.
RecognitionFact = RecognitionGranted | PrizeWon
RECOGNITION_FACT: Final[TypeAdapter[RecognitionFact]] = TypeAdapter(
    Annotated[RecognitionFact, Discriminator("type")]
)
