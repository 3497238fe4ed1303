"""Checking a day of a community against ledger, payouts and bank, and what people say of what differs."""

import logging
from datetime import date, timedelta
from typing import Any

from services.rewards.bank_checks import store
from services.rewards.bank_checks.domain import (
    DayNotOverError,
    Found,
    Item,
    UnknownItemError,
    item_of,
    turn_of,
)
from services.rewards.metrics import BANK_CHECK_ITEMS, BANK_CHECK_WAIT_SECONDS, PAYOUT_TURNS_GIVEN_UP
from services.rewards.payouts.domain import Actor
from services.rewards.settings import Settings
from shared.audit import Did
from shared.calendars import Calendar
from shared.followed_communities import load_calendar
from shared.postgres import TOOK_TOO_LONG
from shared.transaction import Transaction

#: Communities that have their turn in one transaction.
COMMUNITIES_AT_ONCE_COUNT = 10
#: What took too long is checked again after so long.
AGAIN_AFTER = timedelta(minutes=5)
_A_DAY = timedelta(days=1)

log = logging.getLogger(__name__)


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


async def check_banks(tx: Transaction[Settings]) -> bool:
    """Timer: check days that nobody has checked today; whether there may be more.

    Those of a community are the days since the last check, oldest first, and as many before again as settings say:
    what a person or a late file changes is seen for so long. Communities take turns of DAYS_PER_TURN_COUNT days:
    whoever has many waits for their next turn until all others had theirs.
    """
    communities = await store.load_due(tx.conn, now=tx.now, limit=COMMUNITIES_AT_ONCE_COUNT)
    for community in sorted(communities):
        # What takes too long of one is undone; the others' stays, and it comes again after them.
        try:
            async with tx.part():
                await _take_turn(tx, community=community)
        except TOOK_TOO_LONG:
            log.exception("the bank check of %s took too long", community)
            PAYOUT_TURNS_GIVEN_UP.labels("bank checks").inc()
            await store.put_off(tx.conn, community=community, at=tx.now + AGAIN_AFTER)
    count, since = await store.count_open(tx.conn)
    BANK_CHECK_ITEMS.set(count)
    BANK_CHECK_WAIT_SECONDS.set(0 if since is None else max((tx.now - since).total_seconds(), 0))
    return bool(communities)


async def _take_turn(tx: Transaction[Settings], *, community: str) -> None:
    """Check the next days of a community that are due, and note when it goes on."""
    progress = await store.lock_check(tx.conn, community=community)
    if progress is not None and progress.next_at > tx.now:
        return
    calendar = await load_calendar(tx.conn, community=community)
    today, first_change = calendar.day_of(tx.now), await store.find_first_change(tx.conn, community=community)
    first_day = today if first_change is None else calendar.day_of(first_change)
    turn = turn_of(progress, first_day=first_day, today=today, again_days=tx.settings.bank_check_days)
    for day in turn.days:
        await _check(tx, community=community, day=day, calendar=calendar)
    next_at = calendar.start_of(today + _A_DAY) if turn.is_last else tx.now
    await store.put_progress(tx.conn, turn.progress(today, next_at=next_at), community=community)


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
