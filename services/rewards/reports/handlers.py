"""Reports, put together from the books as they are in one snapshot."""

from dataclasses import dataclass
from datetime import date, timedelta

from services.rewards.ledger.domain.entries import Owner
from services.rewards.liability.domain.days import TakenDay, movement
from services.rewards.liability.domain.moving import Movement
from services.rewards.liability.handlers import load_policy
from services.rewards.liability.store.days import find_day
from services.rewards.periods.domain import Change, Period, changes_between
from services.rewards.periods.handlers import find_period, load_figures, load_opening
from services.rewards.reports import store
from services.rewards.reports.domain import (
    LateCorrection,
    OpenItem,
    PayoutSum,
    PointsMovement,
    ValuedPoints,
    YearStatement,
    points_movement,
    valued_points,
    year_bounds,
    year_statement,
)
from shared.calendars import Calendar
from shared.postgres import Connection

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Worth:
    """How what is owed for points moved, in minor units, from the end of one day that was taken to another's."""

    opening_day: date | None
    closing_day: date
    currency: str
    moved: Movement


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """A month as finance takes it along; `worth` and `valued` are None where its last day was not taken."""

    period: Period
    changes: list[Change]
    points: PointsMovement
    worth: Worth | None
    valued: ValuedPoints | None
    payouts: list[PayoutSum]
    open_items: list[OpenItem]
    corrections: list[LateCorrection]


async def load_statement(
    conn: Connection, owner: Owner, *, year: int, calendar: Calendar, timeout_seconds: float
) -> YearStatement:
    """What a member, with those merged into it, had over a year of the community's days.

    By when it was booked, as months are. Raises TimeoutError when a question takes longer than `timeout_seconds`.
    """
    bounds = year_bounds(year, calendar)
    opening = await store.load_opening(conn, owner, before=bounds.begins_at, timeout_seconds=timeout_seconds)
    moved = await store.load_moved(conn, owner, bounds=bounds, timeout_seconds=timeout_seconds)
    ended = await store.load_ended(conn, owner, at=bounds.ends_at, timeout_seconds=timeout_seconds)
    return year_statement(opening, moved, ended=ended)


async def load_month_end(
    conn: Connection, *, community: str, month: date, today: date, timeout_seconds: float
) -> MonthEnd:
    """A month's end. Of a closed month all of it is as it was then, whatever was booked since.

    Raises UnknownPeriodError, and TimeoutError when a question takes longer than `timeout_seconds`.
    """
    period = await find_period(conn, community=community, month=month, today=today)
    before = await load_opening(conn, period, timeout_seconds=timeout_seconds)
    end = period.figures
    if end is None:
        end = await load_figures(conn, period, timeout_seconds=timeout_seconds)
    changes = changes_between(before, end)
    issued = await store.load_issued(conn, period, timeout_seconds=timeout_seconds)
    points = points_movement(changes, issued)
    payouts = await store.load_payouts(conn, period, timeout_seconds=timeout_seconds)
    last_day = (period.month + timedelta(days=31)).replace(day=1) - A_DAY
    taken = await find_day(conn, community=community, day=last_day)
    worth, valued = None, None
    if taken is not None:
        worth = await _worth(conn, period, closing=taken)
        since = await store.load_booked_since(
            conn,
            community=community,
            ended_at=period.ends_at,
            until=taken.taken_at,
            timeout_seconds=timeout_seconds,
        )
        valued = valued_points(points.closing, payouts, since, outstanding=taken.outstanding)
    return MonthEnd(
        period=period,
        changes=changes,
        points=points,
        worth=worth,
        valued=valued,
        payouts=payouts,
        open_items=await store.load_open_items(conn, period, timeout_seconds=timeout_seconds),
        corrections=await store.load_corrections(conn, period, timeout_seconds=timeout_seconds),
    )


async def _worth(conn: Connection, period: Period, *, closing: TakenDay) -> Worth:
    """How what is owed moved from the last day before a month, if it was taken, to its last one."""
    opening = await find_day(conn, community=period.community, day=period.month - A_DAY)
    policy = await load_policy(conn, community=period.community, policy_id=closing.policy_id)
    return Worth(
        opening_day=None if opening is None else opening.day,
        closing_day=closing.day,
        currency=policy.terms.currency,
        moved=movement(opening, closing, policy=policy),
    )
