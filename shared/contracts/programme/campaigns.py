"""The section `campaigns`, which scoring reads: rules within a time, for a part of the members, with a budget."""

from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import Name, Slug, Text
from shared.contracts.programme.audiences import AUDIENCES, AUDIENCES_MAX_COUNT
from shared.contracts.programme.ids import Ids, Reference
from shared.contracts.programme.section import Section
from shared.contracts.programme.worth import Day

CAMPAIGNS_MAX_COUNT = 50
BUDGET_MAX_POINTS = 1_000_000_000
BUDGETED_RULES_MAX_COUNT = 50
LATE_MAX_DAYS = 31
CAMPAIGN_MAX_DAYS = 1_096

CAMPAIGNS: Final = Ids(("campaigns",), "campaign")
IDS: Final = (CAMPAIGNS,)
REFERENCES: Final = (Reference(CAMPAIGNS, "audiences", "is for", AUDIENCES),)

BudgetPoints = Annotated[int, Field(ge=1, le=BUDGET_MAX_POINTS)]


class RuleBudget(Section):
    """The points that one rule of the campaign may give in all."""

    rule: Slug
    points: BudgetPoints


class Budget(Section):
    """The points that a campaign may give in all; and, where it says so, by rule, on one day and in one week.

    Days and weeks are the community's.
    """

    points: BudgetPoints
    per_rule: Annotated[list[RuleBudget], Field(min_length=1, max_length=BUDGETED_RULES_MAX_COUNT)] | None = None
    per_day: BudgetPoints | None = None
    per_week: BudgetPoints | None = None


class Pacing(Section):
    """What happens when a campaign spends faster than its days pass.

    Too fast is more than `ratio_percent` of what an even spending would have come to until then, once
    `from_percent` of the budget are spent. Then it slows down to `give_percent` of its awards until the pace is
    right again, or stops until a person lets it go on.
    """

    ratio_percent: Annotated[int, Field(ge=101, le=10_000)] = 200
    from_percent: Annotated[int, Field(ge=0, le=99)] = 10
    then: Literal["slow", "stop"]
    give_percent: Annotated[int, Field(ge=1, le=99)] = 50


class Campaign(Section):
    """Rules within a time: from the day `starts` until the day `ends`, both whole, in the community's zone.

    Rules name their campaign. With `audiences` it is for members of any of these. Events of its days that arrive
    later count for `late_days` more; then its books are closed. `holdout_percent` of the members get nothing from
    it, always the same ones, so that it can be seen what it brought about. `wallet` names what pays for it;
    nothing is booked there.
    """

    id: Slug
    title: Name
    description: Text | None = None
    starts: Day
    ends: Day
    late_days: Annotated[int, Field(ge=1, le=LATE_MAX_DAYS)] = 7
    audiences: Annotated[list[Slug], Field(min_length=1, max_length=AUDIENCES_MAX_COUNT)] | None = None
    budget: Budget
    pacing: Pacing | None = None
    holdout_percent: Annotated[int, Field(ge=1, le=50)] | None = None
    wallet: Slug | None = None

    @model_validator(mode="after")
    def it_begins_first(self) -> Self:
        """Refuse one that ends before it starts, or years later, and two budgets of one rule.

        Raises PydanticCustomError.
        """
        if self.ends < self.starts:
            raise PydanticCustomError(
                "campaign_days", "a campaign `ends` on the day on which it `starts`, or later"
            )
        if (date.fromisoformat(self.ends) - date.fromisoformat(self.starts)).days >= CAMPAIGN_MAX_DAYS:
            raise PydanticCustomError("campaign_days", "a campaign lasts 1,096 days at most")
        budgeted = [one.rule for one in self.budget.per_rule or ()]
        if len(set(budgeted)) < len(budgeted):
            raise PydanticCustomError("campaign_rule_twice", "`per_rule` names each rule once")
        return self
