"""The periods of the leaderboard and the ranks on it.

A period is a UTC day range of event time: an ISO 8601 week (Monday to Sunday), a calendar month, or all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal

from shared.contracts.facts import PointsAwarded

Period = Literal["all", "month", "week"]
Board = tuple[str, str, date, str]
"""Community, period, first day, member."""


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


def board_points(awards: Iterable[PointsAwarded]) -> dict[Board, int]:
    """Points per week and month board and member, in the order of their keys."""
    # By day first: most members of a batch have several awards on the same day.
    days: dict[tuple[str, str, date], int] = {}
    for award in awards:
        data = award["data"]
        of_day = (award["community"], data["member_id"], data["event_time"].astimezone(UTC).date())
        days[of_day] = days.get(of_day, 0) + data["points"]
    sums: dict[Board, int] = {}
    for (community, member_id, day), points in days.items():
        for key in (
            (community, "month", day.replace(day=1), member_id),
            (community, "week", week_of(day), member_id),
        ):
            sums[key] = sums.get(key, 0) + points
    return {key: sums[key] for key in sorted(sums)}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the leaderboard ended: how many stood up to here, the last rank and its points."""

    position: int = 0
    rank: int = 0
    points: int | None = None
    member_id: str = ""


def ranked(points: Sequence[int], after: Place) -> list[int]:
    """Standard competition ranks ("1224") of a page of points, highest first, that goes on from `after`."""
    ranks: list[int] = []
    rank, last = after.rank, after.points
    for position, value in enumerate(points, start=after.position + 1):
        if value != last:
            rank, last = position, value
        ranks.append(rank)
    return ranks
