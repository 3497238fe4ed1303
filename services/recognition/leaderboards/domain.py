"""The periods of the leaderboard and the ranks on it.

A period is a UTC day range of event time: an ISO 8601 week (Monday to Sunday), a calendar month, or all.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

from shared.contracts.facts import PointsAwarded
from shared.contracts.fields import Uuid

Period = Literal["all", "month", "week"]
BoardKey = tuple[str, str, date, str]  # community, period, first day, member id


class Board(NamedTuple):
    """The leaderboard of a month or week, by its first UTC day."""

    period: Literal["month", "week"]
    starts_on: date

    @classmethod
    def of(cls, period: Literal["month", "week"], moment: datetime) -> "Board":
        """The board of the month or week that holds `moment`."""
        return cls(period, first_day(period, moment))

    @property
    def ends_on(self) -> date:
        """Its last UTC day."""
        return last_day(self.period, self.starts_on)


@lru_cache(maxsize=4096)
def week_of(day: date) -> date:
    """The Monday of the ISO week of `day`."""
    return day - timedelta(days=day.weekday())


def first_day(period: Literal["month", "week"], moment: datetime) -> date:
    """The first UTC day of the week or month that holds `moment`."""
    day = moment.astimezone(UTC).date()
    return week_of(day) if period == "week" else day.replace(day=1)


def last_day(period: Literal["month", "week"], starts_on: date) -> date:
    """The last UTC day of the week or month that begins on `starts_on`."""
    if period == "week":
        return starts_on + timedelta(days=6)
    return (starts_on + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def board_points(awards: Iterable[PointsAwarded]) -> dict[BoardKey, int]:
    """Points per week and month board and member, in the order of their keys."""
    # By day first: most members of a batch have several awards on the same day.
    days: dict[tuple[str, str, date], int] = {}
    for award in awards:
        data = award["data"]
        of_day = (award["community"], data["member_id"], data["event_time"].astimezone(UTC).date())
        days[of_day] = days.get(of_day, 0) + data["points"]
    sums: dict[BoardKey, int] = {}
    for (community, member_id, day), points in days.items():
        for key in (
            (community, "month", day.replace(day=1), member_id),
            (community, "week", week_of(day), member_id),
        ):
            sums[key] = sums.get(key, 0) + points
    return {key: sums[key] for key in sorted(sums)}


class Score(NamedTuple):
    """A member with points above zero on a board."""

    member_id: str
    name: str | None
    points: int


class Standing(NamedTuple):
    """Where a score stands: its position counts from 1, and members with the same points share a rank."""

    position: int
    rank: int
    score: Score


class Place(NamedTuple):
    """Where a page of a leaderboard ended: its last member's position, rank and points."""

    position: int
    rank: int
    points: int
    member_id: Uuid

    @classmethod
    def of(cls, standing: Standing) -> "Place":
        """The place of a standing."""
        return cls(standing.position, standing.rank, standing.score.points, standing.score.member_id)


def ranked(scores: Sequence[Score], after: Place | None) -> list[Standing]:
    """Standard competition ranks ("1224") of a page of scores, highest first, that goes on from `after`."""
    standings: list[Standing] = []
    position, rank, points = (0, 0, None) if after is None else (after.position, after.rank, after.points)
    for place, score in enumerate(scores, start=position + 1):
        if score.points != points:
            rank, points = place, score.points
        standings.append(Standing(place, rank, score))
    return standings
