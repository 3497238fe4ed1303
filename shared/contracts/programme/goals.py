"""The section `goals`, which analytics reads: what rules serve, what of it is counted, and until when."""

from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.activities import ACTIVITY_TYPES
from shared.contracts.fields import Name, Slug, Text
from shared.contracts.programme.event_types import TYPES
from shared.contracts.programme.ids import Reference
from shared.contracts.programme.rules import RuleEventType
from shared.contracts.programme.section import Section
from shared.contracts.programme.worth import GOALS, Day

GOAL_TARGET_MAX = 1_000_000_000
GOAL_TYPES_MAX_COUNT = 20
#: A window of its own lasts no longer: analytics counts each of its days.
GOAL_MAX_DAYS = 366

#: What a goal counts. docs/goals.md says how each is counted.
GoalMetric = Literal[
    "activities",
    "mentions",
    "referrals",
    "survey_answers",
    "suggestions",
    "suggestions_closed",
    "answers_accepted",
    "resolved_by_members",
    "thanks",
    "new_members",
]
GoalEvery = Literal["week", "month", "quarter"]

REFERENCES: Final = (Reference(GOALS, "on", "counts", TYPES, beside=ACTIVITY_TYPES),)


class DeclaredGoal(Section):
    """What rules serve; with a `metric`, a `target` and a window it is known how far it is.

    The window is `every` week, month or quarter of the community's calendar, or from the day `starts` to the day
    `ends`, both whole. `on` says which types of events the metric `activities` counts. `owner` answers for it: a
    role or a team, for whoever reads the programme reads it.
    """

    id: Slug
    title: Name
    description: Text = ""
    metric: GoalMetric | None = None
    on: Annotated[list[RuleEventType], Field(min_length=1, max_length=GOAL_TYPES_MAX_COUNT)] | None = None
    target: Annotated[int, Field(ge=1, le=GOAL_TARGET_MAX)] | None = None
    every: GoalEvery | None = None
    starts: Day | None = None
    ends: Day | None = None
    owner: Name | None = None

    @model_validator(mode="after")
    def it_says_what_and_when(self) -> Self:
        """Refuse a target of nothing, types that nothing counts, and two windows or half of one.

        Raises PydanticCustomError.
        """
        if self.target is not None and self.metric is None:
            raise PydanticCustomError("goal_metric", "a goal with a `target` says by `metric` what it counts")
        if (self.metric == "activities") != (self.on is not None):
            raise PydanticCustomError("goal_metric", "the metric `activities`, and no other, says by `on` which")
        if (self.starts is None) != (self.ends is None) or (self.every is not None and self.starts is not None):
            raise PydanticCustomError(
                "goal_window", "give `every`, or both `starts` and `ends`, and not all three"
            )
        if self.starts is not None and self.ends is not None:
            days = (date.fromisoformat(self.ends) - date.fromisoformat(self.starts)).days + 1
            if not 1 <= days <= GOAL_MAX_DAYS:
                raise PydanticCustomError("goal_window", "a goal lasts from 1 to 366 days")
        return self
