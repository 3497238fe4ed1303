"""The section `recognition`, which recognition reads, and ingest what it says of kudos."""

from itertools import pairwise
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import NAME_MAX_CHARS, Name, Slug, Text
from shared.contracts.programme.audiences import AUDIENCES
from shared.contracts.programme.boards import BOARDS_MAX_COUNT, Board
from shared.contracts.programme.ids import Ids, Reference
from shared.contracts.programme.kudos import VALUES, KudosTerms
from shared.contracts.programme.levels import LEVELS, LEVELS_MAX_COUNT, Level, check_levels
from shared.contracts.programme.milestones import MILESTONES, MILESTONES_MAX_COUNT, Milestone
from shared.contracts.programme.milestones import REFERENCE as MILESTONE_RULES
from shared.contracts.programme.nudges import NUDGES, NudgeTerms
from shared.contracts.programme.quests import QUESTS_MAX_COUNT, Gives, PrizePoints, Quest
from shared.contracts.programme.rules import RULES
from shared.contracts.programme.section import Section
from shared.contracts.programme.worth import SCORES, SPENDABLE, Expression

BADGES_MAX_COUNT = 200
TIERS_MAX_COUNT = 10
TIER_TITLE_MAX_CHARS = 60
EDITIONS_MAX_COUNT = 1_000_000
STREAKS_MAX_COUNT = 10
PERIOD_MAX_DAYS = 31
STREAK_RULES_MAX_COUNT = 20
FREEZES_MAX_COUNT = 10

BADGES: Final = Ids(("recognition", "badges"), "badge")
STREAKS: Final = Ids(("recognition", "streaks"), "streak")
BOARDS: Final = Ids(("recognition", "boards"), "board")
QUESTS: Final = Ids(("recognition", "quests"), "quest")
IDS: Final = (BADGES, LEVELS, STREAKS, MILESTONES, BOARDS, QUESTS, VALUES, NUDGES)
REFERENCES: Final = (
    Reference(BADGES, "rule", "counts", RULES),
    Reference(STREAKS, "rules", "goes by", RULES),
    Reference(BOARDS, "score", "is of", SCORES, (SPENDABLE,)),
    Reference(BOARDS, "audience", "is of", AUDIENCES),
    MILESTONE_RULES,
    Reference(NUDGES, "audience", "is for", AUDIENCES),
    Reference(NUDGES, "streak", "is of", STREAKS),
    Reference(NUDGES, "milestone", "is for", MILESTONES),
)


Counted = Literal["events", "awards"]
Shape = Literal["circle", "shield", "hexagon", "diamond", "rosette", "square"]
Colour = Literal["amber", "bronze", "silver", "gold", "green", "teal", "blue", "violet", "rose", "slate"]
Glyph = Literal[
    "star",
    "heart",
    "bolt",
    "book",
    "chat",
    "code",
    "cup",
    "flag",
    "flame",
    "hand",
    "leaf",
    "spark",
    "check",
    "crown",
]
Height = Annotated[int, Field(ge=1, le=1_000_000_000)]


class Art(Section):
    """What a badge looks like where no picture was uploaded: a shape in a colour, with a glyph in it."""

    shape: Shape = "hexagon"
    colour: Colour = "blue"
    glyph: Glyph = "star"


class Tier(Section):
    """One of the levels of a badge, as bronze, silver and gold: held from `at_least` on, with those below it."""

    id: Slug
    title: Annotated[Name, Field(max_length=TIER_TITLE_MAX_CHARS)]
    at_least: Height
    colour: Colour | None = None
    gives: Gives | None = None


class Badge(Section):
    """Granted when a member's points, or what is counted of one rule, reach `at_least`.

    Of a rule are counted the `events` that meet it, whatever they earned, or the `awards` that it gave, which a
    cap may keep few. Events, where `count` does not say. A badge may ask for more than one thing: then `when` is
    an expression that is true of its holders, or `measure` one that comes to a number. With `tiers` in place of
    `at_least` it is one badge of several levels. One that is given `by_hand` asks for nothing.

    A `secret` one is in no catalogue until one holds it. Of one that is `limited_to` so many, each has a number.
    """

    id: Slug
    title: Name
    description: Text = ""
    rule: Slug | None = None
    count: Counted | None = None
    at_least: Height | None = None
    tiers: Annotated[list[Tier], Field(min_length=2, max_length=TIERS_MAX_COUNT)] | None = None
    when: Expression | None = None
    measure: Expression | None = None
    by_hand: Literal[True] | None = None
    secret: Literal[True] | None = None
    limited_to: Annotated[int, Field(ge=1, le=EDITIONS_MAX_COUNT)] | None = None
    art: Art | None = None
    gives: Gives | None = None

    @model_validator(mode="after")
    def count_is_of_a_rule(self) -> Self:
        """Refuse `count` without a rule."""
        if self.count is not None and self.rule is None:
            raise PydanticCustomError("count_without_rule", "`count` says what is counted of a `rule`: name one")
        return self

    @model_validator(mode="after")
    def it_is_earned_in_one_way(self) -> Self:
        """Refuse a badge that says in two ways how it is earned, or in none."""
        heights = self.at_least is not None or self.tiers is not None
        if self.by_hand and (heights or self.rule or self.when or self.measure):
            raise PydanticCustomError("badge_by_hand", "a badge that is given `by_hand` asks for nothing else")
        if self.when is not None and (heights or self.rule or self.measure):
            raise PydanticCustomError(
                "badge_when", "`when` says all that a badge asks for: leave out what is counted and from where"
            )
        if self.measure is not None and self.rule is not None:
            raise PydanticCustomError("badge_measure", "a badge has a `measure` or counts a `rule`, not both")
        if not (self.by_hand or self.when or heights):
            raise PydanticCustomError(
                "badge_nothing",
                "say from where on it is held: `at_least`, `tiers` or `when`; or that it is `by_hand`",
            )
        if self.at_least is not None and self.tiers is not None:
            raise PydanticCustomError("badge_tiers", "a badge has `at_least` or `tiers`, not both")
        return self

    @model_validator(mode="after")
    def tiers_rise(self) -> Self:
        """Refuse tiers that do not rise, two of one id, and a limit on tiers."""
        tiers = self.tiers or []
        if len({tier.id for tier in tiers}) < len(tiers):
            raise PydanticCustomError("tier_twice", "two `tiers` of a badge have one id")
        if any(lower.at_least >= higher.at_least for lower, higher in pairwise(tiers)):
            raise PydanticCustomError("tiers_fall", "each of the `tiers` asks for more than the one before")
        if tiers and self.limited_to is not None:
            raise PydanticCustomError("limited_tiers", "a badge that is `limited_to` so many has no `tiers`")
        if tiers and self.gives is not None:
            raise PydanticCustomError("gives_of_tiers", "a badge with `tiers` says of each what it `gives`")
        return self

    @property
    def counted(self) -> Counted | None:
        """What is counted; None for a badge that counts no rule of its own."""
        return None if self.rule is None else self.count or "events"

    @property
    def is_counted_at_once(self) -> bool:
        """Whether one number decides it with the award or event that changes it: nothing else has to be known."""
        return not (self.by_hand or self.when or self.measure or self.limited_to)

    def gives_of(self, tier_id: str | None) -> Gives | None:
        """What the badge gives, or the tier of it."""
        if tier_id is None:
            return self.gives
        return next((tier.gives for tier in self.tiers or () if tier.id == tier_id), None)

    @property
    def steps(self) -> list[tuple[str | None, str, int]]:
        """The tiers, lowest first, or the one step of a badge without: tier's id, title and height."""
        if self.tiers is not None:
            return [
                (tier.id, f"{self.title}: {tier.title}"[:NAME_MAX_CHARS], tier.at_least) for tier in self.tiers
            ]
        return [(None, self.title, self.at_least or 1)]


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
    milestones: list[Milestone] = Field(default_factory=list, max_length=MILESTONES_MAX_COUNT)
    boards: Annotated[list[Board], Field(min_length=1, max_length=BOARDS_MAX_COUNT)] | None = None
    quests: list[Quest] = Field(default_factory=list, max_length=QUESTS_MAX_COUNT)
    prize_points: PrizePoints | None = None
    kudos: KudosTerms | None = None
    nudges: NudgeTerms | None = None

    @model_validator(mode="after")
    def levels_rise(self) -> Self:
        """Refuse levels of which one could never be reached."""
        check_levels(self.levels)
        return self

    @property
    def points_levels(self) -> list[Level]:
        """The levels that points reach, lowest first."""
        return sorted(
            (level for level in self.levels if level.points is not None),
            key=lambda level: (level.points or 0, level.id),
        )

    @property
    def trust_levels(self) -> list[Level]:
        """The levels that ask for more than points, lowest first: each stands on the one before."""
        return [level for level in self.levels if level.points is None]
