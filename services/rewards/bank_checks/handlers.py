"""Checking a day of a community against ledger, payouts and bank, and what people say of what differs."""

from datetime import date, timedelta
from typing import Any

from services.rewards.bank_checks import store
from services.rewards.bank_checks.domain import (
    DayNotOverError,
    Found,
    Item,
    UnknownItemError,
    item_of,
)
from services.rewards.metrics import BANK_CHECK_ITEMS, BANK_CHECK_WAIT_SECONDS
from services.rewards.payouts.domain import Actor
from services.rewards.settings import Settings
from shared.audit import Did
from shared.calendars import Calendar
from shared.followed_communities import load_calendar
from shared.transaction import Transaction

COMMUNITIES_PER_PAGE_COUNT = 200
_A_DAY = timedelta(days=1)


async def check_day(tx: Transaction[Settings], *, community: str, day: date) -> Found:
    """Check a day that is over; return what was found.

    What differs becomes an item, and what differs no more is gone. Raises DayNotOverError.
    """
    await store.lock_check(tx.conn, community=community)
    calendar = await load_calendar(tx.conn, community=community)
    if day >= calendar.day_of(tx.now):
        raise DayNotOverError(f"{day.isoformat()} is not over in the community's time zone")
    found = await _check(tx, community=community, day=day, calendar=calendar)
    said = {"day": day.isoformat(), "differences_count": sum(one.differences_count for one in found.sums)}
    tx.did(Did("bank_check.check", "bank_check", day.isoformat(), after=said))
    return found


async def check_banks(tx: Transaction[Settings]) -> None:
    """Timer: check the days of one community that nobody has checked today; of another the next time.

    Those are the days since the last check, oldest first, and as many before again as settings say: what a person
    or a late file changes is seen for so long.
    """
    after: str | None = None
    while communities := await store.page_of_communities(tx.conn, after=after, limit=COMMUNITIES_PER_PAGE_COUNT):
        for community in communities:
            if await _check_next(tx, community=community):
                return
        after = communities[-1]
    count, since = await store.count_open(tx.conn)
    BANK_CHECK_ITEMS.set(count)
    BANK_CHECK_WAIT_SECONDS.set(0 if since is None else max((tx.now - since).total_seconds(), 0))


async def _check_next(tx: Transaction[Settings], *, community: str) -> bool:
    """Check the days of a community that are due; whether there were any."""
    calendar = await load_calendar(tx.conn, community=community)
    today = calendar.day_of(tx.now)
    seen = await store.find_progress(tx.conn, community=community)
    if seen is not None and (seen.checked_on, seen.checked_until) >= (today, today - _A_DAY):
        return False
    progress = await store.lock_check(tx.conn, community=community)
    first_change = await store.find_first_change(tx.conn, community=community)
    if first_change is None:
        return False
    first = calendar.day_of(first_change)
    most = tx.settings.bank_check_days
    if progress is not None:
        first = max(first, min(progress.checked_until + _A_DAY, today - most * _A_DAY))
    last = min(today - _A_DAY, first + (most - 1) * _A_DAY)
    day = first
    while day <= last:
        await _check(tx, community=community, day=day, calendar=calendar)
        day += _A_DAY
    # Where more days wait than are checked at once the next turn goes on: it is of the day before still.
    done_on = today if last == today - _A_DAY else today - _A_DAY
    await store.put_progress(tx.conn, store.Progress(max(last, first - _A_DAY), done_on), community=community)
    return first <= last


async def _check(tx: Transaction, *, community: str, day: date, calendar: Calendar) -> Found:
    start, end = calendar.start_of(day), calendar.start_of(day + _A_DAY)
    found = await store.load_found(tx.conn, community=community, day=day, start=start, end=end)
    items = [item_of(one, community=community, day=day, now=tx.now) for one in found.differences]
    await store.put_days(tx.conn, found.sums, community=community, now=tx.now)
    await store.put_items(tx.conn, items)
    await store.set_gone(tx.conn, community=community, day=day, but=[item.item_id for item in items], now=tx.now)
    return found


async def look_at(tx: Transaction, *, community: str, item_id: str, by: Actor) -> Item:
    """Note who looks at an item; somebody else may take it over.

    Raises UnknownItemError, and ItemRefusedError when it is not open.
    """
    before = await _lock(tx, community=community, item_id=item_id)
    after = before.being_looked_at(by=by, now=tx.now)
    await store.set_item(tx.conn, after)
    tx.did(_did("look", after, before=before))
    return after


async def explain(tx: Transaction, reason: str, *, community: str, item_id: str, by: Actor) -> Item:
    """Note why the three differ. With other amounts it is open again.

    Raises UnknownItemError, and ItemRefusedError when it is not open.
    """
    before = await _lock(tx, community=community, item_id=item_id)
    after = before.explained(reason, by=by, now=tx.now)
    await store.set_item(tx.conn, after)
    tx.did(_did("explain", after, before=before))
    return after


async def _lock(tx: Transaction, *, community: str, item_id: str) -> Item:
    item = await store.lock_item(tx.conn, community=community, item_id=item_id)
    if item is None:
        raise UnknownItemError
    return item


def _did(verb: str, after: Item, *, before: Item) -> Did:
    said: dict[str, Any] = {"state": after.state, "payout_id": after.difference.payout_id}
    return Did(
        f"bank_check_item.{verb}", "bank_check_item", after.item_id, before={"state": before.state}, after=said
    )
