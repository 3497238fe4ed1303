"""The sections `audiences` and `counters`, which scoring reads: what is known of members, and what they did."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import AttributeName, Name, Slug, Text
from shared.contracts.programme.ids import Ids
from shared.contracts.programme.section import Section
from shared.contracts.programme.worth import Expression

AUDIENCES_MAX_COUNT = 20
MEASURES_MAX_COUNT = 8
COUNTERS_MAX_COUNT = 20
TOPIC_MAX_CHARS = 100
WINDOW_MAX_DAYS = 366

AUDIENCES: Final = Ids(("audiences",), "audience", may_lack=True)
COUNTERS: Final = Ids(("counters",), "counter")
IDS: Final = (AUDIENCES, COUNTERS)

Counting = Literal["points", "awards", "active_days", "days_since_first", "days_since_last", "interest"]
#: A topic or tag as platforms say it, in whatever letters.
Topic = Annotated[str, StringConstraints(min_length=1, max_length=TOPIC_MAX_CHARS, strip_whitespace=True)]


class AudienceMeasure(Section):
    """A number that scoring has of a member: an audience reads it as `member` and its id, a rule as a counter.

    `points` that can be spent, the number of `awards`, the `active_days` on which there were some, and how many
    days ago the first and the last were: of all rules or of one `rule`, of all days or of the last `days`. With
    `score`, one of `scores`, all that is of that score instead. Or the `interest` in a `topic`: what the member
    did that was about it.
    """

    id: AttributeName
    of: Counting
    rule: Slug | None = None
    score: Slug | None = None
    days: Annotated[int, Field(ge=1, le=WINDOW_MAX_DAYS)] | None = None
    topic: Topic | None = Field(None, description="Of `interest`: a topic or tag that events say they are about")

    @model_validator(mode="after")
    def _within_days(self) -> Self:
        if self.days is not None and self.of in ("days_since_first", "days_since_last"):
            raise PydanticCustomError(
                "days_of_since", "`days` is a window to count in; how long ago something was has none"
            )
        return self

    @model_validator(mode="after")
    def _interest_in_a_topic(self) -> Self:
        if (self.topic is None) == (self.of == "interest"):
            raise PydanticCustomError("topic_of_interest", "`topic` is what an `interest` is in, and nothing else")
        if self.topic is not None and self.rule is not None:
            raise PydanticCustomError(
                "rule_of_interest", "an `interest` is in what members do, whatever it earns: it has no `rule`"
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
