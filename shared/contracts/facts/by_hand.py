"""Facts of what people fixed for members by hand: their level, and freezes of their streaks."""

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
FixedByHand = LevelLockChanged | StreakFreezeGiven
FIXED_BY_HAND: Final[TypeAdapter[FixedByHand]] = TypeAdapter(Annotated[FixedByHand, Field(discriminator="type")])
