"""The section `audiences`, which scoring reads: members by what is known of them and by what they did."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import AttributeName, Name, Slug, Text
from shared.contracts.programme.ids import Ids
from shared.contracts.programme.section import Section
from shared.contracts.programme.worth import Expression

AUDIENCES_MAX_COUNT = 20
MEASURES_MAX_COUNT = 8
WINDOW_MAX_DAYS = 366

AUDIENCES: Final = Ids(("audiences",), "audience")
IDS: Final = (AUDIENCES,)

Counting = Literal["points", "awards", "active_days", "days_since_first", "days_since_last"]


class AudienceMeasure(Section):
    """A number that scoring has of a member, which the audience's condition reads as `member` and its id.

    `points` that can be spent, the number of `awards`, the `active_days` on which there were some, and how many
    days ago the first and the last were: of all rules or of one `rule`, of all days or of the last `days`. With
    `score`, one of `scores`, all that is of that score instead.
    """

    id: AttributeName
    of: Counting
    rule: Slug | None = None
    score: Slug | None = None
    days: Annotated[int, Field(ge=1, le=WINDOW_MAX_DAYS)] | None = None

    @model_validator(mode="after")
    def _within_days(self) -> Self:
        if self.days is not None and self.of in ("days_since_first", "days_since_last"):
            raise PydanticCustomError(
                "days_of_since", "`days` is a window to count in; how long ago something was has none"
            )
        return self


class Audience(Section):
    """Members for whom `when`, a CEL condition over `member`, is true.

    It reads attributes that are `for_rules`, and the `measures` of this audience.
    """

    id: Slug
    title: Name
    description: Text | None = None
    when: Expression
    measures: Annotated[list[AudienceMeasure], Field(min_length=1, max_length=MEASURES_MAX_COUNT)] | None = None
