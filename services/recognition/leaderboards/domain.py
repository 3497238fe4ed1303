"""The periods of the leaderboard and the ranks on it.

A period is a range of the community's days: a week, a calendar month, or all. An award says which day and week its
event counts for (shared/contracts/fields.py): a board does not depend on when the community's calendar comes.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Literal, NamedTuple

from shared import calendars
from shared.calendars import Calendar
from shared.contracts.facts import PointsAwarded
from shared.contracts.fields import Uuid

Period = Literal["all", "month", "week"]
BoardKey = tuple[str, str, date, str]  # community, period, first day, member id


class Board(NamedTuple):
    """The leaderboard of a month or week, by its first day and its last."""

    period: Literal["month", "week"]
    starts_on: date
    ends_on: date

    @classmethod
    def of(cls, period: Literal["month", "week"], moment: datetime, calendar: Calendar) -> "Board":
        """The board of the month or week that holds `moment`."""
        return cls(period, *calendar.period_of(period, calendar.day_of(moment)))


#: The Monday of a day's week: for awards that say no other.
_monday_of = lru_cache(maxsize=4096)(calendars.monday_of)


def board_points(awards: Iterable[PointsAwarded]) -> dict[BoardKey, int]:
    """Points per week and month board and member, in the order of their keys."""
    # By day first: most members of a batch have several awards on the same day.
    days: dict[tuple[str, str, date, date | None], int] = {}
    for award in awards:
        data = award["data"]
        if "score" in data:
            continue  # boards are of the points that can be spent
        day = data.get("day") or data["event_time"].astimezone(UTC).date()
        of_day = (award["community"], data["member_id"], day, data.get("week"))
        days[of_day] = days.get(of_day, 0) + data["points"]
    sums: dict[BoardKey, int] = {}
    for (community, member_id, day, week), points in days.items():
        for key in (
            (community, "month", day.replace(day=1), member_id),
            (community, "week", week or _monday_of(day), member_id),
        ):
            sums[key] = sums.get(key, 0) + points
    return {key: sums[key] for key in sorted(sums)}


def of_persons(points: Mapping[BoardKey, int], heads: Mapping[tuple[str, str], str]) -> dict[BoardKey, int]:
    """The points of boards by persons: members who have a head (by community and member) are on boards as that."""
    if not heads:
        return dict(points)
    sums: dict[BoardKey, int] = {}
    for (community, period, starts_on, member_id), one in points.items():
        key = (community, period, starts_on, heads.get((community, member_id), member_id))
        sums[key] = sums.get(key, 0) + one
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


class Neighbour(NamedTuple):
    """A member near another on a board, with their rank; None where more members are above than are counted."""

    rank: int | None
    name: str | None
    points: int
    is_self: bool


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
