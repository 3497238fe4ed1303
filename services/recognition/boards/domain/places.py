"""Who stands where, on boards and in their results."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, NamedTuple

from pydantic import Field

from shared.contracts.fields import Timestamp, Uuid
from shared.contracts.programme.boards import Period


class Late(NamedTuple):
    """Awards and amendments for a period whose results are final, and their points."""

    awards: int
    points: int


class Score(NamedTuple):
    """What a member has on a board, above zero."""

    member_id: str
    name: str | None
    points: int
    reached_at: datetime


class Entry(NamedTuple):
    """Where a score stands: `place` counts members from 1, and those with the same points share a rank."""

    place: int
    rank: int
    score: Score


class Place(NamedTuple):
    """Where a page of a board ended."""

    place: Annotated[int, Field(ge=0)]
    rank: Annotated[int, Field(ge=0)]
    points: Annotated[int, Field(ge=1)]
    reached_at: Timestamp
    member_id: Uuid

    @classmethod
    def of(cls, entry: Entry) -> "Place":
        """The place of an entry."""
        score = entry.score
        return cls(entry.place, entry.rank, score.points, score.reached_at, score.member_id)


def ranked(scores: Iterable[Score], after: Place | None = None) -> list[Entry]:
    """Dense ranks of a page of scores in their order, that goes on from `after`."""
    entries: list[Entry] = []
    place, rank, points = (0, 0, None) if after is None else (after.place, after.rank, after.points)
    for score in scores:
        place += 1
        if score.points != points:
            rank, points = rank + 1, score.points
        entries.append(Entry(place, rank, score))
    return entries


class Position(NamedTuple):
    """How many different scores and members are above some points, how many have as many, and all there are."""

    scores_above: int
    members_above: int
    members_with: int
    members: int

    @property
    def rank(self) -> int:
        """The dense rank of these points."""
        return self.scores_above + 1


class ResultEntry(NamedTuple):
    """A member's place in results; `name` is of now, and None where there is none to show."""

    place: int
    rank: int
    member_id: str
    name: str | None
    points: int


class Result(NamedTuple):
    """Results of a period, and what came too late for them; those of `all_time` are of days, to see who moved."""

    period: Period
    starts_on: date
    ends_on: date
    title: str
    cut_at: datetime
    is_final: bool
    is_whole: bool
    members: int
    late: Late
