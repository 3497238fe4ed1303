"""The sections `rules` and `limits`, which scoring reads: what earns points, and how much of them there is."""

from typing import Annotated, Final, Literal, NamedTuple, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.activities import ACTIVITY_TYPES
from shared.contracts.fields import Name, Slug
from shared.contracts.programme.audiences import AUDIENCES, AUDIENCES_MAX_COUNT, COUNTERS
from shared.contracts.programme.campaigns import CAMPAIGNS
from shared.contracts.programme.event_types import OWN_TYPE_PATTERN, TYPES
from shared.contracts.programme.ids import Ids, Reference
from shared.contracts.programme.section import PositivePoints, Section, SomePoints
from shared.contracts.programme.worth import (
    EXPIRES_MAX_DAYS,
    GOALS,
    MULTIPLIERS_MAX_COUNT,
    PENDING_MAX_DAYS,
    SCORES,
    SPENDABLE,
    Beneficiary,
    CalculatedPoints,
    Cooldown,
    Day,
    Diminishing,
    Expression,
    Multiplier,
    Slot,
    To,
    WithinTime,
    slots_of,
)

RULES_MAX_COUNT = 200
LIMITS_MAX_COUNT = 50
#: What one rule stands under: its daily cap, its own limits and those of the section `limits`, its cooldown, its
#: diminishing returns, and the floor of its score.
LIMITS_OF_RULE_MAX_COUNT = 4
GRACE_MAX_MINUTES = 1_440
#: Of what a member takes back within the grace, so much of a rule and day has it.
GRACE_COUNT = 3
GRACE_MAX_COUNT = 20
FLOOR_MAX = 1_000_000_000

#: A built-in type, or one that the programme declares under `events`.
RuleEventType = Annotated[
    str,
    StringConstraints(pattern=OWN_TYPE_PATTERN),
    Field(json_schema_extra={"anyOf": [{"enum": list(ACTIVITY_TYPES)}, {"pattern": OWN_TYPE_PATTERN}]}),
]
#: Whose acts share a room: one member's, perhaps with one other person or on one thing, or everybody's.
Per = Literal["member", "pair", "object", "pair_and_object", "everybody", "everybody_and_object"]

RULES: Final = Ids(("rules",), "rule")
LIMITS: Final = Ids(("limits",), "limit")
IDS: Final = (RULES, LIMITS)
REFERENCES: Final = (
    Reference(LIMITS, "rules", "is over", RULES),
    Reference(RULES, "on", "is on", TYPES, beside=ACTIVITY_TYPES),
    Reference(RULES, "score", "counts for", SCORES, beside=(SPENDABLE,)),
    Reference(RULES, "goal", "serves", GOALS),
    Reference(RULES, "audiences", "is for", AUDIENCES),
    Reference(RULES, "campaign", "is of", CAMPAIGNS),
    Reference(COUNTERS, "rule", "counts", RULES),
)


class RuleLimit(Section):
    """At most so many `points`, or awards (`count`, the heaviest of them; `first`, the earliest) `within` a time.

    For one member: counted `per` member; or per pair, which is the member and the other person; per object, which
    is what it was done to; or per both. Or for everybody together, or for everybody on one object. An hour is one
    of UTC within the community's day. `crossing` allows knowingly that it does not nest with another limit over
    the same rule.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["points"]}, {"required": ["count"]}, {"required": ["first"]}],
        }
    )

    points: PositivePoints | None = None
    count: PositivePoints | None = None
    first: PositivePoints | None = None
    per: Per = "member"
    within: WithinTime
    crossing: Literal["allowed"] | None = None

    @model_validator(mode="after")
    def it_counts_one_thing(self) -> Self:
        """Refuse a limit of nothing, and one of several things. Raises ValueError."""
        if sum(one is not None for one in (self.points, self.count, self.first)) != 1:
            raise ValueError("a limit has either `points` or `count` or `first`")
        return self


class SharedLimit(RuleLimit):
    """A limit over the awards of several rules together: those that it lists, or those of a `group`."""

    id: Slug
    rules: Annotated[list[Slug], Field(min_length=1, max_length=RULES_MAX_COUNT)] | None = None
    group: Slug | None = Field(None, description="A name that limits over several rules go by")

    @model_validator(mode="after")
    def it_is_over_some(self) -> Self:
        """Refuse a limit over no rules, and over two lists of them. Raises PydanticCustomError."""
        if (self.rules is None) == (self.group is None):
            raise PydanticCustomError("limit_over", "a limit is over either its `rules` or a `group` of rules")
        return self


class SlotPoints(NamedTuple):
    """Whom a rule is for, and the most that it gives them, or takes; `is_as_said` unless `also` says others."""

    slot: Slot
    points: int
    is_as_said: bool


class Rule(Section):
    """Points for whoever did something: `when` is a CEL condition over `event`, `data` and `member`.

    `points` go to the person in the slot `to`, and to those in `also`; for what one did to one's own only if the
    rule says `own`. Of `contributors` or the `team` each gets as many, unless the rule says `split`. Below 0 they
    are taken, as far as the member has more than `floor` of that score from rules.
    With `points_by` they are calculated, and `points` is the most that there can be.

    `daily_cap` is short for a limit of points within a day, in the community's time zone. What a member takes
    back themselves keeps its room under limits, unless it was within `grace_minutes`: so often within a day as
    `grace_count` says, 3 times where it says nothing. `pending_days` after the event the points become
    available, and `expire_days` after it what is left of them is gone. With `audiences` it is for members of any
    of these.
    """

    id: Slug
    title: Name
    on: list[RuleEventType] = Field(min_length=1, max_length=len(ACTIVITY_TYPES))
    when: Expression | None = None
    points: SomePoints
    to: To = "actor"
    own: bool = False
    daily_cap: PositivePoints | None = None
    limits: list[RuleLimit] = Field(default_factory=list, max_length=LIMITS_OF_RULE_MAX_COUNT)
    grace_minutes: Annotated[int, Field(ge=1, le=GRACE_MAX_MINUTES)] | None = None
    grace_count: Annotated[int, Field(ge=1, le=GRACE_MAX_COUNT)] | None = None
    points_by: CalculatedPoints | None = Field(
        None, description="How the points are calculated; `points` is then the most that there can be"
    )
    multipliers: Annotated[list[Multiplier], Field(min_length=1, max_length=MULTIPLIERS_MAX_COUNT)] | None = Field(
        None, description="What the points are multiplied by, each where its condition is true"
    )
    also: Annotated[list[Beneficiary], Field(min_length=1, max_length=2)] | None = Field(
        None, description="Others who get points from the same event"
    )
    split: Literal["equal"] | None = Field(
        None, description="The points are divided among all whom the rule is for, and not given to each"
    )
    floor: Annotated[int, Field(ge=-FLOOR_MAX, le=FLOOR_MAX)] | None = Field(
        None, description="Of a rule that takes points: no total falls below it (0 unless said)"
    )
    cooldown: Cooldown | None = Field(None, description="For how long it rests once it gave something")
    diminishing: Diminishing | None = Field(None, description="What each further award of a time is worth")
    pending_days: Annotated[int, Field(ge=1, le=PENDING_MAX_DAYS)] | None = Field(
        None, description="Days after the event until the points are available"
    )
    expire_days: Annotated[int, Field(ge=1, le=EXPIRES_MAX_DAYS)] | None = Field(
        None, description="Days after the event until what is left of the points is gone"
    )
    score: Slug | None = Field(
        None, description="Which score they are of: `points`, which can be spent, or one of `scores`"
    )
    group: Slug | None = Field(None, description="A name that limits over several rules go by")
    campaign: Slug | None = Field(None, description="The campaign that it is of, which limits go by")
    audiences: Annotated[list[Slug], Field(min_length=1, max_length=AUDIENCES_MAX_COUNT)] | None = Field(
        None, description="The audiences one has to be in, in any one of them: others get nothing by it"
    )
    goal: Slug | None = Field(None, description="What it serves: one of `goals`, where they are declared")
    reviewed: Day | None = Field(
        None, description="The day on which somebody last saw whether it still serves what it is for"
    )

    @model_validator(mode="after")
    def _counts_what_there_is(self) -> Self:
        if self.grace_count is not None and self.grace_minutes is None:
            raise PydanticCustomError(
                "count_without_grace", "`grace_count` says how often there is a grace; say `grace_minutes`, too"
            )
        if self.floor is not None and self.points > 0:
            raise PydanticCustomError(
                "floor_of_given", "`floor` says how far points are taken; this rule gives some"
            )
        if self.points_by is not None and self.points_by.floor > abs(self.points):
            raise PydanticCustomError(
                "floor_above_ceiling",
                "`points_by` has a `floor` above `points`, which is the most that there can be",
            )
        if (
            self.pending_days is not None
            and self.expire_days is not None
            and self.pending_days >= self.expire_days
        ):
            raise PydanticCustomError(
                "gone_before_there", "`expire_days` is not after `pending_days`: the points would be gone unused"
            )
        slots = [slot for to in (self.to, *(one.to for one in self.also or ())) for slot in slots_of(to)]
        if len(set(slots)) < len(slots):
            raise PydanticCustomError("twice_the_same", "`to` and `also` name each person once")
        if self.split is not None and len(slots) == 1:
            raise PydanticCustomError("split_of_one", "`split` divides points among several; this rule is for one")
        if self.split is not None and any(one.points is not None for one in self.also or ()):
            raise PydanticCustomError("split_and_said", "with `split` all share `points`; `also` says no others")
        ids = [one.id for one in self.multipliers or ()]
        if len(set(ids)) < len(ids):
            raise PydanticCustomError("twice_the_same", "each multiplier has an `id` of its own")
        if any((one.points or self.points) * self.points < 0 for one in self.also or ()):
            raise PydanticCustomError("gives_and_takes", "one rule gives to all, or takes from all; write two")
        return self

    @property
    def beneficiaries(self) -> list[SlotPoints]:
        """Whom it is for, the first of them `to`, each where an event names them."""
        return [
            SlotPoints(slot, points or self.points, points is None)
            for to, points in ((self.to, None), *((one.to, one.points) for one in self.also or ()))
            for slot in slots_of(to)
        ]
