"""Closing a month, opening it again, and taking in what was told of both.

Nobody who books waits for anybody here: a month is shut first, and then added up once all that had begun before is
committed. Whoever began before and books later is refused by the database, tried again, and booked into the next
month.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain

from services.rewards.books.store import load_booked_sums, load_past_sums
from services.rewards.chain.store import find_block, find_last
from services.rewards.ledger.domain.entries import AlteredError
from services.rewards.ledger.handlers import alarm
from services.rewards.metrics import PERIODS_OVERDUE
from services.rewards.payouts.domain import Actor
from services.rewards.periods import store
from services.rewards.periods.domain import (
    A_MOMENT,
    Deed,
    Figure,
    NotSettledError,
    Period,
    PeriodRefusedError,
    PeriodState,
    SeenBlock,
    UnknownPeriodError,
    amounts_of,
    check_closable,
    check_reopenable,
    figures_of,
    months,
    period_of,
)
from services.rewards.settings import Settings
from shared.access_keys import Scope, load_standings
from shared.audit import Did
from shared.contracts.facts import PERIOD_CHANGED, PeriodChanged, PeriodData
from shared.followed_communities import load_calendar
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.topics import PAYOUTS
from shared.transaction import Transaction

POLL_SECONDS = 0.05


async def load_months(conn: Connection, *, community: str, today: date) -> list[Period]:
    """Every month of the books, the one under way first; none before the first booking."""
    first = await store.find_first_booking(conn, community=community)
    known = await store.load_periods(conn, community=community)
    if first is None and not known:
        return []
    calendar = await load_calendar(conn, community=community)
    began = min([*([calendar.day_of(first)] if first else []), *known])
    found: list[Period] = []
    for month in reversed(months(began, today)):
        period = known.get(month) or period_of(community, month, calendar)
        if month not in known and found and found[-1].month in known:
            # A change of the time zone moves no moment into or out of what was closed.
            period = period.following(found[-1])
        found.append(period)
    shown: list[Period] = []
    for period in reversed(found):
        shown.append(period.behind(is_later_shut=bool(shown) and shown[-1].is_shut))
    return shown


async def find_period(conn: Connection, *, community: str, month: date, today: date) -> Period:
    """A month of the books. Raises UnknownPeriodError where there is none."""
    for period in await load_months(conn, community=community, today=today):
        if period.month == month:
            return period
    raise UnknownPeriodError(f"{month:%Y-%m}")


async def load_figures(conn: Connection, period: Period, *, timeout_seconds: float) -> list[Figure]:
    """What was on every kind of account when a month ended, by what was booked until then.

    Raises TimeoutError when adding that up takes longer than `timeout_seconds`.
    """
    sums = await load_past_sums(
        conn, community=period.community, at=period.last_moment, timeout_seconds=timeout_seconds
    )
    return figures_of(sums)


async def load_opening(conn: Connection, period: Period, *, timeout_seconds: float) -> list[Figure]:
    """What was on every kind of account when a month began: what the one before closed with, if it is closed."""
    before = await find_shut_until(conn, period)
    if before is not None and before.figures is not None:
        return list(before.figures)
    at = period.starts_at - A_MOMENT
    return figures_of(
        await load_past_sums(conn, community=period.community, at=at, timeout_seconds=timeout_seconds)
    )


async def find_shut_until(conn: Connection, period: Period) -> Period | None:
    """The month that ends where another begins, if anybody shut it."""
    known = await store.load_periods(conn, community=period.community)
    return next((one for one in known.values() if one.ends_at == period.starts_at and one.is_shut), None)


async def propose(
    tx: Transaction[Settings], deed: Deed, *, community: str, month: date, reason: str | None, by: Actor
) -> Period:
    """Propose to close a month, or to open one again; from when it is closing nothing is booked into it.

    What is proposed already stays as it is. Raises UnknownPeriodError, and PeriodRefusedError when another month
    comes before, it is not over, or it is not in a state for that.
    """
    await store.lock_periods(tx.conn, community=community)
    period = await _find(tx, community=community, month=month)
    newest = await store.find_newest(tx.conn, community=community)
    if period.state is (PeriodState.CLOSING if deed is Deed.CLOSE else PeriodState.REOPENING):
        tx.did(_did(deed, period, period))
        return period
    proposed = period.proposed(deed, by=by, reason=reason, now=tx.now)
    if deed is Deed.CLOSE:
        check_closable(period, newest, now=tx.now)
    else:
        check_reopenable(period, newest)
    await _put(tx, proposed, deed=deed, before=period)
    return proposed


async def add_up(tx: Transaction[Settings], *, community: str, month: date) -> Period:
    """Add a closing month up, once all that was being booked when it was shut is committed and chained.

    Call it in a transaction that has written nothing. Raises NotSettledError when that takes longer than
    PLAUDIT_PERIOD_SETTLE_SECONDS, and PeriodRefusedError when the month is not closing or does not balance.
    """
    until = time.monotonic() + tx.settings.period_settle_seconds
    period = await _find(tx, community=community, month=month)
    boundary = await store.load_boundary(tx.conn)
    while not (
        await store.is_over(tx.conn, boundary=boundary)
        and await store.is_chained(tx.conn, community=community, before=period.ends_at)
    ):
        if time.monotonic() > until:
            raise NotSettledError
        await asyncio.sleep(POLL_SECONDS)
    figures = await load_figures(tx.conn, period, timeout_seconds=tx.settings.ledger_check_seconds)
    block = await find_last(tx.conn, community=community)
    await store.lock_periods(tx.conn, community=community)
    period = await _find(tx, community=community, month=month)
    if period.state is not PeriodState.CLOSING or block is None:
        raise PeriodRefusedError(f"{period.name} is {period.state}")
    if period.figures is None:
        period = period.with_figures(figures, SeenBlock(block.number, block.hash))
        period.check_balanced()
        await store.put_period(tx.conn, period)
    return period


async def confirm(tx: Transaction[Settings], *, community: str, month: date, by: Actor) -> Period:
    """Confirm what somebody else proposed of a month: it is closed, or open again.

    Raises UnknownPeriodError, PeriodRefusedError when nothing waits, is not added up yet or who proposed it may
    not do so any more, FourEyesError when `by` proposed it, and AlteredError when the books are not as they were
    added up.
    """
    await store.lock_periods(tx.conn, community=community)
    period = await _find(tx, community=community, month=month)
    decided = period.decided(Deed.CONFIRM, by=by, now=tx.now)
    period.check_another(by)
    if period.proposed_by is not None:
        (standing,) = await load_standings(tx.conn, [period.proposed_by], community=community)
        reason = standing.why_not(Scope.PAYOUTS_WRITE)
        if reason is not None:
            raise PeriodRefusedError(f"Who proposed it may not do so any more: {reason}; withdraw it")
    if period.state is PeriodState.CLOSING:
        if period.figures is None or period.block is None:
            raise PeriodRefusedError(f"{period.name} is not added up yet: propose to close it again")
        period.check_balanced()
        await _check_unaltered(tx, period, figures=period.figures, block=period.block)
    await _put(tx, decided, deed=Deed.CONFIRM, before=period)
    return decided


async def withdraw(tx: Transaction[Settings], *, community: str, month: date, by: Actor) -> Period:
    """Have what is proposed of a month come to nothing.

    Raises UnknownPeriodError, and PeriodRefusedError when nothing waits.
    """
    await store.lock_periods(tx.conn, community=community)
    period = await _find(tx, community=community, month=month)
    decided = period.decided(Deed.WITHDRAW, by=by, now=tx.now)
    await _put(tx, decided, deed=Deed.WITHDRAW, before=period)
    return decided


async def _find(tx: Transaction[Settings], *, community: str, month: date) -> Period:
    calendar = await load_calendar(tx.conn, community=community)
    return await find_period(tx.conn, community=community, month=month, today=calendar.day_of(tx.now))


async def _check_unaltered(
    tx: Transaction[Settings], period: Period, *, figures: Sequence[Figure], block: SeenBlock
) -> None:
    """Check that the books still say what was added up.

    Raises AlteredError when they do not, and PeriodRefusedError when the month before does not any more.
    """
    shut = await find_shut_until(tx.conn, period)
    opening = None if shut is None else shut.figures
    now = await _add_up_entries(tx, period, opening=opening)
    found = await find_block(tx.conn, community=period.community, number=block.number)
    if now != amounts_of(figures):
        if shut is not None and await _add_up_entries(tx, period, opening=None) == amounts_of(figures):
            # It is what a restored database forgot and booked again later, or the month before was altered.
            alarm(AlteredError(f"the books of {shut.name}", "they are not what it was closed with"))
            raise PeriodRefusedError(
                f"What {shut.name} was closed with is not in it, as after a restore: "
                "have it opened and closed again"
            )
        raise alarm(AlteredError(f"the books of {period.name}", "they are not as they were added up"))
    if found is None or found.hash != block.hash:
        raise alarm(AlteredError(f"block {block.number} of the ledger", "it is not the one that was seen"))


async def _add_up_entries(
    tx: Transaction[Settings], period: Period, *, opening: Sequence[Figure] | None
) -> Mapping[tuple[str, str], int]:
    """What is on accounts at a month's end, by currency and kind: what it began with, and its entries.

    Without what it began with, all entries of before are added up.

    Figures are those of turnovers; so a second person's yes compares them with entries. Month by month, each
    within PLAUDIT_LEDGER_CHECK_SECONDS.
    """
    calendar = await load_calendar(tx.conn, community=period.community)
    months_there = await load_months(tx.conn, community=period.community, today=calendar.day_of(tx.now))
    found = [
        await load_booked_sums(
            tx.conn,
            community=period.community,
            since=month.starts_at,
            until=month.ends_at,
            timeout_seconds=tx.settings.ledger_check_seconds,
        )
        for month in months_there
        if month.starts_at == period.starts_at or (opening is None and month.starts_at < period.starts_at)
    ]
    amounts = Counter(amounts_of(opening or ()))
    for one in chain.from_iterable(found):
        amounts[one.currency, one.kind] += one.amount
    return {key: amount for key, amount in amounts.items() if amount}


async def _put(tx: Transaction[Settings], after: Period, *, deed: Deed, before: Period) -> None:
    await store.put_period(tx.conn, after)
    data: PeriodData = {
        "month": after.name,
        "revision": after.revision,
        "state": after.state.value,
        "starts_at": after.starts_at,
        "ends_at": after.ends_at,
    }
    if after.reason is not None:
        data["reason"] = after.reason
    if after.proposed_by is not None and after.proposed_at is not None:
        data["proposed_at"] = after.proposed_at
        data["proposed_by"] = after.proposed_by.credential
        if after.proposed_by.person_id is not None:
            data["proposed_by_person"] = after.proposed_by.person_id
    if after.decided_by is not None and after.decided_at is not None:
        data["decided_at"] = after.decided_at
        data["by"] = after.decided_by.credential
        if after.decided_by.person_id is not None:
            data["person_id"] = after.decided_by.person_id
    if after.figures is not None and after.block is not None:
        data["figures"] = [
            {"kind": one.kind, "currency": one.currency, "accounts": one.accounts_count, "amount": one.amount}
            for one in after.figures
        ]
        data["block"] = {"number": after.block.number, "hash": after.block.hash}
    tx.tell(
        PAYOUTS,
        PERIOD_CHANGED,
        fact_id=after.fact_id,
        community=after.community,
        subject=after.name,
        data=data,
    )
    tx.did(_did(deed, before, after))


def _did(deed: Deed, before: Period, after: Period) -> Did:
    said = {"reason": after.reason} if after.reason is not None else {}
    if after.block is not None:
        said |= {"block": str(after.block.number), "hash": after.block.hash}
    return Did(
        f"period.{deed}",
        "period",
        after.name,
        before={"state": before.state.value},
        after={"state": after.state.value} | said,
    )


async def count_overdue(tx: Transaction[Settings]) -> None:
    """Timer: show how many communities have a month that should have been closed."""
    days = tx.settings.period_close_days
    PERIODS_OVERDUE.set(await store.count_overdue(tx.conn, now=tx.now, days=days))


async def on_periods_told(tx: Transaction, facts: list[PeriodChanged]) -> None:
    """Take in what was told of months and the database has forgotten.

    What a month closed with stays what it was told to be, whatever is booked again after it.
    """
    for fact in facts:
        data = fact["data"]
        figures, block = data.get("figures"), data.get("block")
        period = Period(
            community=fact["community"],
            month=date.fromisoformat(f"{data['month']}-01"),
            starts_at=data["starts_at"],
            ends_at=data["ends_at"],
            state=PeriodState(data["state"]),
            revision=data["revision"],
            reason=data.get("reason"),
            proposed_at=data.get("proposed_at", fact["time"]),
            proposed_by=Actor(data.get("proposed_by_person"), data.get("proposed_by", "")),
            decided_at=data.get("decided_at"),
            decided_by=Actor(data.get("person_id"), data["by"]) if "by" in data else None,
            figures=None
            if figures is None
            else [Figure(one["kind"], one["currency"], one["accounts"], one["amount"]) for one in figures],
            block=None if block is None else SeenBlock(block["number"], block["hash"]),
        )
        await store.put_period(tx.conn, period)


READ_BACK = (
    ReadBack((PAYOUTS,), PERIOD_CHANGED.adapter, on_periods_told, (PERIOD_CHANGED.name,), after_inputs=True),
)
