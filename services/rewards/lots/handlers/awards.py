"""Awards become points of members: new ones are booked in bulk, repeated ones change nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from services.rewards import settings
from services.rewards.ledger.domain import Account, Entry, Transfer, deltas
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store as lot_store
from services.rewards.lots.domain.awards import Award, Terms, issue_entries, lot, reversal_entries, transfer
from services.rewards.lots.domain.lots import Lot, LotBook
from services.rewards.lots.store import Owner
from services.rewards.metrics import AWARDS_BOOKED, AWARDS_REPEATED, POINTS_BOOKED
from shared.telemetry import observe_ages
from shared.transaction import Transaction
from shared.uuids import QuickUUID

Booking = tuple[Award, Transfer]


async def on_awards(tx: Transaction, facts: list[Any]) -> None:
    """Book awards and reversals. An award of 0 points has nothing to book."""
    own = settings.current()
    lifetime = own.points_lifetime_seconds
    terms = Terms(
        timedelta(seconds=own.points_hold_seconds), None if lifetime is None else timedelta(seconds=lifetime)
    )
    await book(tx, [_award(fact) for fact in facts if fact["data"]["points"] != 0], terms)
    observe_ages("ledger", (fact["data"]["received_at"] for fact in facts), tx.now)


def _award(fact: Any) -> Award:
    data = fact["data"]
    reverses = data.get("reverses")
    return Award(
        fact["community"],
        QuickUUID(data["award_id"]),
        QuickUUID(data["member_id"]),
        data["points"],
        data["event_time"],
        None if reverses is None else QuickUUID(reverses),
    )


async def book(tx: Transaction, awards: Sequence[Award], terms: Terms) -> None:
    """Book awards that were not booked before, in the order given."""
    # 1. Which are new? The transfer's id follows from the award's, and its key decides.
    bookings = [(award, transfer(award)) for award in {award.award_id: award for award in awards}.values()]
    if not bookings:
        return
    new = await ledger_store.add_transfers(tx.conn, [made for _, made in bookings], tx.now)
    fresh = bookings if new is None else [one for one in bookings if one[1].transfer_id in new]
    AWARDS_REPEATED.inc(len(awards) - len(fresh))
    if not fresh:
        return
    plan = _plan(fresh, terms, tx.now)
    entries, added = plan.entries, plan.lots
    # 2. Members with a reversal need their lots: those say where the points are taken from.
    rest_added: list[tuple[Owner, Lot]] = []
    changed: list[tuple[Owner, Lot]] = []
    if plan.rest:
        rest_entries, rest_added, changed = await _reverse(tx, fresh, plan.rest, terms)
        entries += rest_entries
    # 3. Balances in account order, each account once, then the entries they are the sum of.
    changes = deltas(entries)
    owing = await ledger_store.change_balances(tx.conn, changes)
    await ledger_store.add_entries(tx.conn, entries, tx.now)
    # 4. Lots; a member who owed points pays the debt from the new ones.
    _settle_debts(added, changes, owing)
    await lot_store.add(tx.conn, added + rest_added)
    await lot_store.update(tx.conn, changed)
    _count(fresh)


def _owner(award: Award) -> Owner:
    return Owner(award.community, award.member)


class Plan(NamedTuple):
    """What new awards come to: entries and lots of members without a reversal, and the `rest`."""

    entries: list[Entry]
    lots: list[tuple[Owner, Lot]]
    rest: list[Booking]


def _plan(fresh: Sequence[Booking], terms: Terms, now: datetime) -> Plan:
    reversing = {_owner(award) for award, _ in fresh if award.points < 0}
    plain = [one for one in fresh if _owner(one[0]) not in reversing] if reversing else fresh
    return Plan(
        issue_entries([(award, made.transfer_id) for award, made in plain], pending=bool(terms.hold)),
        [(_owner(award), lot(award, terms, now)) for award, _ in plain],
        [one for one in fresh if _owner(one[0]) in reversing] if reversing else [],
    )


async def _reverse(
    tx: Transaction, fresh: Sequence[Booking], rest: Sequence[Booking], terms: Terms
) -> tuple[list[Entry], list[tuple[Owner, Lot]], list[tuple[Owner, Lot]]]:
    """Book, one by one, the awards of members who have a reversal: entries, new lots, changed lots."""
    # All members of the batch, not only these: what follows locks the others, in the same order.
    available = await ledger_store.lock_members(tx.conn, {_owner(award) for award, _ in fresh})
    needs: dict[Owner, int] = {}
    for award, _ in rest:
        owner = _owner(award)
        needs[owner] = needs.get(owner, 0) + max(0, -award.points)
    named = [(award.community, award.reverses) for award, _ in rest if award.reverses is not None]
    known = await lot_store.oldest_open(tx.conn, list(needs.items()))
    for owner, lots in (await lot_store.of_awards(tx.conn, named)).items():
        known.setdefault(owner, []).extend(lots)
    books = {owner: LotBook(available[owner], known.get(owner, ())) for owner in needs}
    entries: list[Entry] = []
    added: list[tuple[Owner, Lot]] = []
    for award, made in rest:
        owner = _owner(award)
        book_of = books[owner]
        if award.points > 0:
            new = lot(award, terms, tx.now)
            book_of.earn(new)
            entries += issue_entries([(award, made.transfer_id)], pending=new.pending)
            added.append((owner, new))
        else:
            taken = book_of.reverse(award.reverses or award.award_id, -award.points)
            entries += reversal_entries(award, made.transfer_id, taken)
    mine = {new.award_id for _, new in added}
    changed = [
        (owner, book_of.lots[key])
        for owner, book_of in books.items()
        for key in sorted(book_of.changed)
        if key not in mine
    ]
    return entries, added, changed


def _settle_debts(
    added: Sequence[tuple[Owner, Lot]], changes: Sequence[tuple[Account, int]], owing: dict[Any, int]
) -> None:
    """Let new lots pay what their members owed: `owing` are the balances that were below zero before."""
    owed: dict[Owner, LotBook] = {}
    for account, _ in changes if owing else ():
        if account.account_id in owing and account.kind == "available" and account.owner is not None:
            owed[Owner(account.community, account.owner)] = LotBook(owing[account.account_id])
    if owed:
        for owner, new in added:
            if owner in owed and not new.pending:
                owed[owner].earn(new)


def _count(fresh: Sequence[Booking]) -> None:
    points = {"award": 0, "reversal": 0}
    counts = {"award": 0, "reversal": 0}
    for award, made in fresh:
        counts[made.kind] += 1
        points[made.kind] += abs(award.points)
    for kind, count in counts.items():
        AWARDS_BOOKED.labels(kind).inc(count)
        POINTS_BOOKED.labels(kind).inc(points[kind])
