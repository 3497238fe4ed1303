"""Facts of what people said for members: levels that are fixed, freezes of streaks, quests that are joined."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Slug, Timestamp, Uuid
from shared.contracts.story import ADA, BADGE, GRACE


class LevelLockData(TypedDict):
    """Somebody fixed a member's `level` (left out: below all), until `unlocked_at`, where that is said.

    Why, and who did it, is in the audit log.
    """

    lock_id: Uuid
    member_id: Uuid
    level: NotRequired[Slug]
    locked_at: Timestamp
    unlocked_at: NotRequired[Timestamp]


class LevelLockChanged(FactEnvelope):
    """A member's level is fixed, or fixed no more."""

    type: Literal["recognition.lock_changed.v1"]
    data: LevelLockData


class StreakFreezeData(TypedDict):
    """Somebody gave a member a freeze for a streak; it is there from `given_at` on until it is spent."""

    freeze_id: Uuid
    member_id: Uuid
    streak: Slug
    given_at: Timestamp


class StreakFreezeGiven(FactEnvelope):
    """A member was given a freeze."""

    type: Literal["recognition.freeze_given.v1"]
    data: StreakFreezeData


class QuestTeamData(TypedDict):
    """A team of a quest, and who made it; what it is called is told nowhere."""

    team_id: Uuid
    made_by: Uuid
    made_at: Timestamp


class QuestJoinedData(TypedDict):
    """A member is in a quest from `joined_at` on, alone or in a team."""

    member_id: Uuid
    quest: Slug
    joined_at: Timestamp
    team: NotRequired[QuestTeamData]


class QuestJoined(FactEnvelope):
    """A member joined a quest."""

    type: Literal["recognition.quest_joined.v1"]
    data: QuestJoinedData


class QuestLeftData(TypedDict):
    """A member is in a team no more from `left_at` on; what they did in it stays the team's."""

    member_id: Uuid
    quest: Slug
    team_id: Uuid
    left_at: Timestamp


class QuestLeft(FactEnvelope):
    """A member left the team of a quest."""

    type: Literal["recognition.quest_left.v1"]
    data: QuestLeftData


LEVEL_LOCK_CHANGED: Final = FactType(
    "recognition.lock_changed.v1",
    envelope=LevelLockChanged,
    data=LevelLockData,
    examples=[
        fact_example(
            "recognition.lock_changed.v1",
            "recognition",
            BADGE,
            "2026-01-31T12:30:01.500000Z",
            {"lock_id": BADGE, "member_id": GRACE, "level": "leader", "locked_at": "2026-01-31T12:30:01.500000Z"},
        )
    ],
)
STREAK_FREEZE_GIVEN: Final = FactType(
    "recognition.freeze_given.v1",
    envelope=StreakFreezeGiven,
    data=StreakFreezeData,
    examples=[
        fact_example(
            "recognition.freeze_given.v1",
            "recognition",
            BADGE,
            "2026-01-31T12:30:01.500000Z",
            {
                "freeze_id": BADGE,
                "member_id": ADA,
                "streak": "every-day",
                "given_at": "2026-01-31T12:30:01.500000Z",
            },
        )
    ],
)
_TEAM = "7c1b5de0-53f5-5a9c-9a4e-2b8d6c14a8f3"
QUEST_JOINED: Final = FactType(
    "recognition.quest_joined.v1",
    envelope=QuestJoined,
    data=QuestJoinedData,
    examples=[
        fact_example(
            "recognition.quest_joined.v1",
            "recognition",
            BADGE,
            "2026-01-31T12:30:01.500000Z",
            {
                "member_id": GRACE,
                "quest": "welcome",
                "joined_at": "2026-01-31T12:30:01.500000Z",
                "team": {"team_id": _TEAM, "made_by": ADA, "made_at": "2026-01-31T12:20:00Z"},
            },
        )
    ],
)
QUEST_LEFT: Final = FactType(
    "recognition.quest_left.v1",
    envelope=QuestLeft,
    data=QuestLeftData,
    examples=[
        fact_example(
            "recognition.quest_left.v1",
            "recognition",
            BADGE,
            "2026-01-31T12:40:00Z",
            {"member_id": GRACE, "quest": "welcome", "team_id": _TEAM, "left_at": "2026-01-31T12:40:00Z"},
        )
    ],
)
#: What recognition.by_hand.v1 carries.
FixedByHand = LevelLockChanged | StreakFreezeGiven | QuestJoined | QuestLeft
FIXED_BY_HAND: Final[TypeAdapter[FixedByHand]] = TypeAdapter(Annotated[FixedByHand, Field(discriminator="type")])
