"""Milestones in the section `recognition`: what is celebrated once, when an act of the present reaches it."""

from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import Name, Slug, Text
from shared.contracts.programme.ids import Ids, Reference
from shared.contracts.programme.rules import RULES
from shared.contracts.programme.section import Section

MILESTONES_MAX_COUNT = 100
NUMBERS_MAX_COUNT = 20
YEARS_MAX_COUNT = 150
#: What stands for the number in a title.
NUMBER: Final = "{n}"

MILESTONES: Final = Ids(("recognition", "milestones"), "milestone")
REFERENCE: Final = Reference(MILESTONES, "rule", "counts", RULES)

Number = Annotated[int, Field(ge=1, le=1_000_000_000)]


class Milestone(Section):
    """Celebrated once for each number of `at`: of events that met its `rule`, or of `points` that can be spent.

    With `together` it is the community's own: the numbers are of all its members. With `since` it is an
    anniversary, and the numbers are years since a member `joined`, or since the `first` event that met its rule;
    each year, where none are named. `{n}` in the title stands for the number.
    """

    id: Slug
    title: Name
    description: Text = ""
    rule: Slug | None = None
    points: Literal[True] | None = None
    since: Literal["joined", "first"] | None = None
    together: Literal[True] | None = None
    at: Annotated[list[Number], Field(min_length=1, max_length=NUMBERS_MAX_COUNT)] | None = None

    @model_validator(mode="after")
    def it_is_of_one_thing(self) -> Self:
        """Refuse one that is of nothing, or of two things."""
        if self.since is not None:
            if self.points or self.together:
                raise PydanticCustomError(
                    "milestone_since", "an anniversary has neither `points` nor is it of all `together`"
                )
            if (self.since == "first") != (self.rule is not None):
                raise PydanticCustomError(
                    "milestone_since_rule",
                    "years `since: first` are since the first event of a `rule`; `since: joined` has none",
                )
            return self
        if (self.rule is None) == (self.points is None):
            raise PydanticCustomError(
                "milestone_nothing", "a milestone is of a `rule`, of `points`, or of years `since`"
            )
        if self.at is None:
            raise PydanticCustomError("milestone_at", "say `at` which numbers it is celebrated")
        if self.together and self.points:
            raise PydanticCustomError("milestone_together", "what is of all `together` counts events of a `rule`")
        return self

    @model_validator(mode="after")
    def numbers_rise(self) -> Self:
        """Refuse numbers that do not rise, more years than anybody lives, and numbers that look alike."""
        numbers = self.at or []
        if any(lower >= higher for lower, higher in pairwise(numbers)):
            raise PydanticCustomError("milestone_falls", "each number of `at` is above the one before")
        if self.since is not None and numbers and numbers[-1] > YEARS_MAX_COUNT:
            raise PydanticCustomError("milestone_years", "an anniversary is of 150 years at most")
        if NUMBER not in self.title and (len(numbers) > 1 or self.at is None):
            raise PydanticCustomError(
                "milestone_title", "of several numbers the title says which: write {n} where it stands"
            )
        return self

    @property
    def is_counted(self) -> bool:
        """Whether it is of the events of a rule: of their number or, of an anniversary, of when they were."""
        return self.rule is not None

    def titled(self, number: int) -> str:
        """What one of its numbers is called."""
        return self.title.replace(NUMBER, str(number))
