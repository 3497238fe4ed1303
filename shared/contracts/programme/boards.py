"""Boards of the section `recognition`: who has most of a score in a time, and what the first of them win."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import Channel, Name, Slug, Text
from shared.contracts.programme.quests import Gives
from shared.contracts.programme.section import Section
from shared.contracts.programme.worth import SPENDABLE

BOARDS_MAX_COUNT = 12
#: Members who are listed, and kept of a period that is over.
BOARD_MAX_SIZE = 1_000
FREEZE_MAX_DAYS = 31
PRIZES_MAX_COUNT = 10
PRIZE_MAX_PEOPLE = 100

Period = Literal["all_time", "year", "quarter", "month", "week", "day"]
Tie = Literal["all", "earliest"]


class Prize(Section):
    """What the next so many `people` of a board win once its period is over, the first prize the first of them.

    Of those with as many points as the last who wins it, `all` win it, too, or who had them `earliest` alone.
    What it `gives` each of them gets once the results are final, and it stays.
    """

    id: Slug
    title: Name
    people: Annotated[int, Field(ge=1, le=PRIZE_MAX_PEOPLE)] = 1
    tie: Tie = "all"
    gives: Gives | None = None


class Board(Section):
    """Members by what they have of one score: of all time, or of each year, quarter, month, week or day.

    Without a `score` it is the points that can be spent. It may count what was done on one `channel` alone, and be
    of one `audience`. If a prize gives points, those that came with grants do not count. So many days after a
    period (`freeze_after_days`) its results are final: what comes for it later is noted beside them, and changes
    nothing.
    """

    id: Slug
    title: Name
    description: Text = ""
    period: Period = "all_time"
    score: Slug | None = None
    audience: Slug | None = None
    channel: Channel | None = None
    size: Annotated[int, Field(ge=1, le=BOARD_MAX_SIZE)] = 100
    public: Literal[True] | None = Field(None, description="Whether everybody sees it where boards are public")
    freeze_after_days: Annotated[int, Field(ge=0, le=FREEZE_MAX_DAYS)] | None = None
    prizes: Annotated[list[Prize], Field(min_length=1, max_length=PRIZES_MAX_COUNT)] | None = None

    @property
    def of_score(self) -> str | None:
        """The score that it is of; None for the points that can be spent."""
        return None if self.score == SPENDABLE else self.score

    @property
    def leaves_out_granted(self) -> bool:
        """Whether points that came with grants do not count: its own would lift whoever won the last time."""
        gives = [one.gives for one in self.prizes or () if one.gives is not None]
        return self.of_score is None and any(one.points is not None for one in gives)

    @model_validator(mode="after")
    def what_ends_has_results(self) -> Self:
        """Refuse prizes and a freeze of what never ends, two prizes of one id, and more prizes than places."""
        if self.period == "all_time" and (self.prizes or self.freeze_after_days is not None):
            raise PydanticCustomError(
                "board_without_end", "a board of all time has no end: leave out `prizes` and `freeze_after_days`"
            )
        prizes = self.prizes or []
        if len({prize.id for prize in prizes}) < len(prizes):
            raise PydanticCustomError("prize_twice", "two `prizes` of a board have one id")
        if sum(prize.people for prize in prizes) > self.size:
            raise PydanticCustomError("prizes_beyond", "the `prizes` are for more people than the board's `size`")
        return self

    @model_validator(mode="after")
    def an_audience_is_not_for_everybody(self) -> Self:
        """Refuse a public board of an audience: it would say who is in it."""
        if self.public and self.audience is not None:
            raise PydanticCustomError(
                "board_public", "a board of an `audience` says who is in it, so it cannot be `public`"
            )
        return self
