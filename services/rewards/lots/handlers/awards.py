"""Awards become points of members: new ones are booked in bulk, repeated ones change nothing."""

from collections.abc import Sequence
from datetime import timedelta

from services.rewards.ledger.domain.entries import Owner, deltas
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store
from services.rewards.lots.domain.awards import Award, LotTerms, transfer
from services.rewards.lots.domain.booking import (
    NOTHING_BOOKED,
    Booked,
    Booking,
    awards_reversed,
    book_in_order,
    pay_debts,
    planned,
    points_reversed,
)
from services.rewards.lots.domain.lots import LotBook
from services.rewards.metrics import AWARDS_BOOKED, AWARDS_REPEATED, POINTS_BOOKED
from services.rewards.settings import Settings
from shared.contracts.facts import PointsAwarded
from shared.telemetry import observe_ages
from shared.transaction import Transaction


async def on_awards(tx: Transaction[Settings], facts: list[PointsAwarded]) -> None:
    """Book awards and reversals. An award of 0 points has nothing to book."""
    lifetime = tx.settings.points_lifetime_seconds
    terms = LotTerms(
        hold=timedelta(seconds=tx.settings.points_hold_seconds),
        lifetime=None if lifetime is None else timedelta(seconds=lifetime),
    )
    await book(tx, [_award(fact) for fact in facts if fact["data"]["points"] != 0], terms=terms)
    observe_ages("ledger", (fact["data"]["received_at"] for fact in facts), tx.now)


def _award(fact: PointsAwarded) -> Award:
    data = fact["data"]
    return Award(
        Owner(fact["community"], data["member_id"]),
        data["award_id"],
        data["points"],
        data["event_time"],
        data.get("amends"),
    )


async def book(tx: Transaction, awards: Sequence[Award], *, terms: LotTerms) -> None:
    """Book awards that were not booked before, in the order given."""
    # 1. Which are new? The transfer's id follows from the award's, and its key decides.
    bookings = [(award, transfer(award)) for award in {award.award_id: award for award in awards}.values()]
    if not bookings:
        return
    new = await ledger_store.add_transfers(tx.conn, [made for _, made in bookings], now=tx.now)
    fresh = bookings if new is None else [booking for booking in bookings if booking[1].transfer_id in new]
    AWARDS_REPEATED.inc(len(awards) - len(fresh))
    if not fresh:
        return
    plan = planned(fresh, terms, tx.now)
    # 2. Members with a reversal need their lots: those say where the points come from.
    rest = await _reverse(tx, fresh, rest=plan.rest, terms=terms) if plan.rest else NOTHING_BOOKED
    # 3. Balances in account order, each account once, then the entries they are the sum of.
    entries = plan.entries + rest.entries
    changes = deltas(entries)
    owing = await ledger_store.add_to_balances(tx.conn, changes)
    await ledger_store.add_entries(tx.conn, entries, now=tx.now)
    # 4. Lots; a member who owed points pays the debt from the new ones.
    pay_debts(plan.lots, changes, owing)
    await store.add_lots(tx.conn, plan.lots + rest.lots)
    await store.set_remaining(tx.conn, rest.changed)
    _count(fresh)


async def _reverse(
    tx: Transaction, fresh: Sequence[Booking], *, rest: Sequence[Booking], terms: LotTerms
) -> Booked:
    """Book the awards of members who have a reversal, by the lots that they have."""
    # All members of the batch, not only these: what follows locks the others, in the same order.
    available = await ledger_store.lock_members(tx.conn, {award.owner for award, _ in fresh})
    needs = points_reversed(rest)
    lots = await store.load_oldest(tx.conn, list(needs.items()))
    for owner, named in (await store.load_lots(tx.conn, awards_reversed(rest))).items():
        lots.setdefault(owner, []).extend(named)
    books = {owner: LotBook(available[owner], lots.get(owner, ())) for owner in needs}
    return book_in_order(rest, books, terms, tx.now)


def _count(fresh: Sequence[Booking]) -> None:
    points = {"award": 0, "reversal": 0}
    counts = {"award": 0, "reversal": 0}
    for award, made in fresh:
        counts[made.kind] += 1
        points[made.kind] += abs(award.points)
    for kind, count in counts.items():
        AWARDS_BOOKED.labels(kind).inc(count)
        POINTS_BOOKED.labels(kind).inc(points[kind])
