"""The sections `rules` and `limits`, which scoring reads: what earns points, and how much of them there is."""

from typing import Annotated, Final, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.activities import ACTIVITY_TYPES
from shared.contracts.fields import Name, Slug
from shared.contracts.programme.event_types import OWN_TYPE_PATTERN, TYPES
from shared.contracts.programme.ids import Ids, Reference
from shared.contracts.programme.section import PositivePoints, Section

RULES_MAX_COUNT = 200
CONDITION_MAX_CHARS = 2_000
LIMITS_MAX_COUNT = 50
#: Limits that one rule stands under: its daily cap, its own, and those of the section `limits`.
LIMITS_OF_RULE_MAX_COUNT = 4
GRACE_MAX_MINUTES = 1_440
#: Of what a member takes back within the grace, so much of a rule and day has it.
GRACE_COUNT = 3
GRACE_MAX_COUNT = 20

Slot = Literal["actor", "object_author", "reply_author"]
#: A built-in type, or one that the programme declares under `events`.
RuleEventType = Annotated[
    str,
    StringConstraints(pattern=OWN_TYPE_PATTERN),
    Field(json_schema_extra={"anyOf": [{"enum": list(ACTIVITY_TYPES)}, {"pattern": OWN_TYPE_PATTERN}]}),
]

RULES: Final = Ids(("rules",), "rule")
LIMITS: Final = Ids(("limits",), "limit")
IDS: Final = (RULES, LIMITS)
REFERENCES: Final = (
    Reference(LIMITS, "rules", "is over", RULES),
    Reference(RULES, "on", "is on", TYPES, beside=ACTIVITY_TYPES),
)


class RuleLimit(Section):
    """At most so many `points`, or awards (`count`, the heaviest of them), for one member `within` a time.

    Counted `per` member; or per pair, which is the member and the other person; per object, which is what it was
    done to; or per both. `crossing` allows knowingly that it does not nest with another limit over the same rule.
    """

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["points"]}, {"required": ["count"]}]})

    points: PositivePoints | None = None
    count: PositivePoints | None = None
    per: Literal["member", "pair", "object", "pair_and_object"] = "member"
    within: Literal["day", "week", "month", "year", "ever"]
    crossing: Literal["allowed"] | None = None

    @model_validator(mode="after")
    def it_counts_one_thing(self) -> Self:
        """Refuse a limit of nothing, and one of both. Raises ValueError."""
        if (self.points is None) == (self.count is None):
            raise ValueError("a limit has either `points` or `count`")
        return self


class SharedLimit(RuleLimit):
    """A limit over the awards of several rules together."""

    id: Slug
    rules: Annotated[list[Slug], Field(min_length=1, max_length=RULES_MAX_COUNT)]


class Rule(Section):
    """Points for whoever did something: `when` is a CEL condition over `event` and `data`.

    `points` go to the person in the slot `to`; for what one did to one's own only if the rule says `own`.
    `daily_cap` is short for a limit of points within a day, in the community's time zone. What a member takes
    back themselves keeps its room under limits, unless it was within `grace_minutes`: so often within a day as
    `grace_count` says, 3 times where it says nothing.
    """

    id: Slug
    title: Name
    on: list[RuleEventType] = Field(min_length=1, max_length=len(ACTIVITY_TYPES))
    when: Annotated[str, StringConstraints(min_length=1, max_length=CONDITION_MAX_CHARS)] | None = None
    points: PositivePoints
    to: Slot = "actor"
    own: bool = False
    daily_cap: PositivePoints | None = None
    limits: list[RuleLimit] = Field(default_factory=list, max_length=LIMITS_OF_RULE_MAX_COUNT)
    grace_minutes: Annotated[int, Field(ge=1, le=GRACE_MAX_MINUTES)] | None = None
    grace_count: Annotated[int, Field(ge=1, le=GRACE_MAX_COUNT)] | None = None

    @model_validator(mode="after")
    def _counts_what_there_is(self) -> Self:
        if self.grace_count is not None and self.grace_minutes is None:
            raise PydanticCustomError(
                "count_without_grace", "`grace_count` says how often there is a grace; say `grace_minutes`, too"
            )
        return self
