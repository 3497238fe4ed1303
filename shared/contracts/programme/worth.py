"""What a rule gives: points that are calculated, multiplied, less by the turn, for others too, and of a score."""

from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from shared.contracts.fields import Name, Slug, Text
from shared.contracts.programme.ids import Ids
from shared.contracts.programme.section import RULE_POINTS_MAX, Section, SomePoints

CONDITION_MAX_CHARS = 2_000
MULTIPLIERS_MAX_COUNT = 5
PERCENT_MAX = 1_000
#: Turns that have a share of their own; all that follow have that of the last.
TURNS_MAX_COUNT = 30
COOLDOWN_MAX_MINUTES = 10_080
PENDING_MAX_DAYS = 365
EXPIRES_MAX_DAYS = 3_650
SCORES_MAX_COUNT = 20
GOALS_MAX_COUNT = 50
#: The score of rules that name none: its points can be spent.
SPENDABLE: Final = "points"

#: Where an event names somebody.
Slot = Literal[
    "actor",
    "object_author",
    "reply_author",
    "contributor1",
    "contributor2",
    "contributor3",
    "contributor4",
    "contributor5",
]
CONTRIBUTORS: Final[tuple[Slot, ...]] = (
    "contributor1",
    "contributor2",
    "contributor3",
    "contributor4",
    "contributor5",
)
#: Whom a rule is for: one person; all who did it with the actor; or the `team`, which is the actor and those.
To = Literal["actor", "object_author", "reply_author", "contributors", "team"]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=CONDITION_MAX_CHARS)]
WithinTime = Literal["hour", "day", "week", "month", "quarter", "year", "campaign", "ever"]
PerMember = Literal["member", "pair", "object", "pair_and_object"]
SCORES: Final = Ids(("scores",), "score")
GOALS: Final = Ids(("goals",), "goal")


def _a_day(text: str) -> str:
    date.fromisoformat(text)
    return text


Day = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    AfterValidator(_a_day),
    Field(json_schema_extra={"format": "date"}, examples=["2026-03-31"]),
]


class CalculatedPoints(Section):
    """Points that a CEL expression over `event`, `data` and `member` comes to: a number.

    It is rounded to the nearest whole number, halves up, and kept between `floor` and the rule's `points`, the
    ceiling. At 0 there is nothing to give.
    """

    cel: Annotated[Expression, Field(description="An expression that comes to a number")]
    floor: Annotated[int, Field(ge=0, le=RULE_POINTS_MAX, description="What it comes to at least")] = 0


class Multiplier(Section):
    """What a rule's points are multiplied by, in percent, where its condition is true: 150 is half as much again.

    Several multiply one another; what comes out is rounded once, to the nearest whole number, halves up.
    """

    id: Slug
    title: Name
    when: Annotated[Expression, Field(description="A CEL condition; without one it always applies")] | None = None
    percent: Annotated[int, Field(ge=0, le=PERCENT_MAX)]


class Beneficiary(Section):
    """Somebody else who gets points from the same event: as many as the rule gives, or so many."""

    to: To
    points: SomePoints | None = None


def slots_of(to: To) -> tuple[Slot, ...]:
    """Where the people of a beneficiary are named, in the order in which they have their turn."""
    if to == "contributors":
        return CONTRIBUTORS
    return ("actor", *CONTRIBUTORS) if to == "team" else (to,)


class Cooldown(Section):
    """After a rule gave something, the member gets nothing more from it for so many minutes of event time."""

    minutes: Annotated[int, Field(ge=1, le=COOLDOWN_MAX_MINUTES)]
    per: PerMember = "member"


class Diminishing(Section):
    """The n-th award of a time is worth less: a share for each turn in percent, or each `factor` % of the last.

    Beyond the list the last share stays; a factor goes on for 30 turns.
    """

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["percents"]}, {"required": ["factor"]}]})

    within: WithinTime
    per: PerMember = "member"
    percents: (
        Annotated[list[Annotated[int, Field(ge=0, le=100)]], Field(min_length=1, max_length=TURNS_MAX_COUNT)]
        | None
    ) = None
    factor: Annotated[int, Field(ge=1, le=99)] | None = None

    @model_validator(mode="after")
    def it_says_one_thing(self) -> Self:
        """Refuse both, and neither. Raises ValueError."""
        if (self.percents is None) == (self.factor is None):
            raise ValueError("diminishing returns have either `percents` or a `factor`")
        return self


class DeclaredScore(Section):
    """A score beside the points that can be spent: what it stands for is the community's.

    With `monthly_percent` it fades: of what was earned so much is left on the first of each following month.
    """

    id: Slug
    title: Name
    description: Text = ""
    monthly_percent: Annotated[int, Field(ge=1, le=99)] | None = None
