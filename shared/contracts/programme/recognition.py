"""The section `recognition`, which recognition reads: badges, levels and streaks."""

from typing import Annotated, Final, Literal, Self, get_args

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import Name, Slug, Text
from shared.contracts.programme.ids import Ids, Reference
from shared.contracts.programme.rules import RULES
from shared.contracts.programme.section import Section

BADGES_MAX_COUNT = 200
LEVELS_MAX_COUNT = 50
STREAKS_MAX_COUNT = 10
PERIOD_MAX_DAYS = 31
STREAK_RULES_MAX_COUNT = 20
FREEZES_MAX_COUNT = 10

BADGES: Final = Ids(("recognition", "badges"), "badge")
LEVELS: Final = Ids(("recognition", "levels"), "level")
STREAKS: Final = Ids(("recognition", "streaks"), "streak")
IDS: Final = (BADGES, LEVELS, STREAKS)
REFERENCES: Final = (
    Reference(BADGES, "rule", "counts", RULES),
    Reference(STREAKS, "rules", "goes by", RULES),
)


Counted = Literal["events", "awards"]


class Badge(Section):
    """Granted when a member's points, or what is counted of one rule, reach `at_least`.

    Of a rule are counted the `events` that meet it, whatever they earned, or the `awards` that it gave, which a
    cap may keep few. Events, where `count` does not say.
    """

    id: Slug
    title: Name
    description: Text = ""
    rule: Slug | None = None
    count: Counted | None = None
    at_least: Annotated[int, Field(ge=1, le=1_000_000_000)]

    @model_validator(mode="after")
    def count_is_of_a_rule(self) -> Self:
        """Refuse `count` without a rule."""
        if self.count is not None and self.rule is None:
            raise PydanticCustomError("count_without_rule", "`count` says what is counted of a `rule`: name one")
        return self

    @property
    def counted(self) -> Counted | None:
        """What is counted; None for a badge for points."""
        return None if self.rule is None else self.count or "events"


class Level(Section):
    """Held by a member with at least `points` points."""

    id: Slug
    title: Name
    points: Annotated[int, Field(ge=0, le=1_000_000_000)]


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
EVERY_DAY: Final = get_args(Weekday)


class Freezes(Section):
    """One freeze for each so many (`every`) periods in a row; at most `hold` are kept until they are needed."""

    every: Annotated[int, Field(ge=1, le=366)]
    hold: Annotated[int, Field(ge=1, le=FREEZES_MAX_COUNT)] = 1


class Streak(Section):
    """Days, weeks or other periods in a row in which a member did what any of its `rules` is about.

    `goal` is on how many different dates of each period, of those `weekdays` that may be due: dates in the
    member's own zone.
    """

    id: Slug
    title: Name
    description: Text = ""
    rules: list[Slug] = Field(min_length=1, max_length=STREAK_RULES_MAX_COUNT)
    every: Literal["day", "week"] | Annotated[int, Field(ge=2, le=PERIOD_MAX_DAYS)] = "day"
    goal: Annotated[int, Field(ge=1, le=PERIOD_MAX_DAYS)] = 1
    weekdays: list[Weekday] = Field(default_factory=lambda: list(EVERY_DAY), min_length=1, max_length=7)
    freezes: Freezes | None = None

    @property
    def days(self) -> int:
        """How many days each period has."""
        return {"day": 1, "week": 7}[self.every] if isinstance(self.every, str) else self.every

    @model_validator(mode="after")
    def goal_can_be_reached(self) -> Self:
        """Refuse a goal of more dates than a period always has, and a day of the week twice."""
        due = set(self.weekdays)
        if len(due) < len(self.weekdays):
            raise PydanticCustomError("weekday_twice", "`weekdays` has a day twice")
        # A period of whole weeks has each day as often; of any other so many at least.
        surely = self.days // 7 * len(due) + max(0, self.days % 7 - (7 - len(due)))
        if self.goal > max(1, surely):
            raise PydanticCustomError(
                "goal_out_of_reach",
                "`goal` is {goal}, and a period has {surely} dates that may be due",
                {"goal": self.goal, "surely": max(1, surely)},
            )
        return self


class Recognition(Section):
    badges: list[Badge] = Field(default_factory=list, max_length=BADGES_MAX_COUNT)
    levels: list[Level] = Field(default_factory=list, max_length=LEVELS_MAX_COUNT)
    streaks: list[Streak] = Field(default_factory=list, max_length=STREAKS_MAX_COUNT)
