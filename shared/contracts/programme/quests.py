"""Quests, and what a badge, level or quest carries: points, a reward, a ticket in a draw."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import Name, Slug, Text
from shared.contracts.programme.section import PositivePoints, Section
from shared.contracts.programme.worth import Day

QUESTS_MAX_COUNT = 50
STEPS_MAX_COUNT = 20
STEP_MAX_TIMES = 1_000
TEAM_MAX_COUNT = 20
QUEST_MAX_DAYS = 366
PRIZE_BUDGET_MAX_POINTS = 1_000_000_000


class Gives(Section):
    """What is given with a grant: `points`, a `reward` of the catalogue, a `ticket` in a draw.

    Points are taken back with the grant, and so is a ticket until its draw is closed. A reward stays, and is given
    once.
    """

    points: PositivePoints | None = None
    reward: Slug | None = None
    ticket: Slug | None = None

    @model_validator(mode="after")
    def it_gives_something(self) -> Self:
        """Refuse one that gives nothing."""
        if self.points is None and self.reward is None and self.ticket is None:
            raise PydanticCustomError("gives_nothing", "say what it gives: `points`, a `reward` or a `ticket`")
        return self


class PrizeLimit(Section):
    """The points that one member may get with grants within a time in the community's zone."""

    points: PositivePoints
    within: Literal["day", "week", "month"]


class PrizePoints(Section):
    """What grants may give in points: of all members together (`budget`), and to each (`limit`)."""

    budget: Annotated[int, Field(ge=1, le=PRIZE_BUDGET_MAX_POINTS)] | None = None
    limit: PrizeLimit | None = None


class QuestStep(Section):
    """One thing to do: so many `times` what meets the `rule`, whatever it earned."""

    id: Slug
    title: Name
    rule: Slug
    times: Annotated[int, Field(ge=1, le=STEP_MAX_TIMES)] = 1


class QuestTeam(Section):
    """A quest that members do together: what each did since joining is the team's."""

    max_members: Annotated[int, Field(ge=2, le=TEAM_MAX_COUNT)]


class Quest(Section):
    """Steps that a member does, in any order or `in_order`; completed, it is granted.

    It is open from the day `starts` until the day `ends`, both whole, in the community's zone; without, always.
    With `within_days` it has to be done in so many days from joining, to the same time of day by the community's
    clocks. With `team` it is done together; each member of the team is granted it. Else nobody has to join.
    """

    id: Slug
    title: Name
    description: Text = ""
    steps: Annotated[list[QuestStep], Field(min_length=1, max_length=STEPS_MAX_COUNT)]
    in_order: bool = False
    starts: Day | None = None
    ends: Day | None = None
    within_days: Annotated[int, Field(ge=1, le=QUEST_MAX_DAYS)] | None = None
    team: QuestTeam | None = None
    gives: Gives | None = None

    @model_validator(mode="after")
    def steps_can_be_told_apart(self) -> Self:
        """Refuse two steps of one id, two of one rule in any order, and an end before the start."""
        if len({step.id for step in self.steps}) < len(self.steps):
            raise PydanticCustomError("step_twice", "two `steps` of a quest have one id")
        if not self.in_order and len({step.rule for step in self.steps}) < len(self.steps):
            raise PydanticCustomError(
                "step_rule_twice", "two `steps` go by one rule: add up their `times`, or let them be `in_order`"
            )
        if self.starts is not None and self.ends is not None and self.ends < self.starts:
            raise PydanticCustomError("quest_days", "a quest `ends` on the day on which it `starts`, or later")
        return self

    @property
    def is_joined(self) -> bool:
        """Whether members join it first."""
        return self.team is not None or self.within_days is not None
