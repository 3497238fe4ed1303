"""Awards become points of members: new ones are booked in bulk, repeated ones change nothing."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from asyncpg.pgproto.pgproto import UUID

from services.rewards import settings
from services.rewards.domain.awards import Award, Terms, issue_entries, lot, reversal_entries, transfer
from services.rewards.domain.ledger import Account, Entry, Transfer, deltas, member_account
from services.rewards.domain.lots import Lot, LotBook
from services.rewards.metrics import AWARDS_BOOKED, AWARDS_REPEATED, POINTS_BOOKED
from services.rewards.store import ledger as ledger_store
from services.rewards.store import lots as lot_store
from services.rewards.store.lots import Owner
from shared.telemetry import observe_ages
from shared.transaction import Transaction

Booking = tuple[Award, Transfer]


async def on_awards(tx: Transaction, facts: list[Any]) -> None:
    """Book awards and reversals. An award of 0 points has nothing to book."""
    own = settings.current()
    lifetime = own.points_lifetime_seconds
    terms = Terms(
        timedelta(seconds=own.points_hold_seconds), None if lifetime is None else timedelta(seconds=lifetime)
    )
    await book(tx, [_award(fact) for fact in facts if fact["data"]["points"] != 0], terms)
    observe_ages("ledger", [fact["data"]["received_at"] for fact in facts], tx.now)


def _award(fact: Any) -> Award:
    data = fact["data"]
    reverses = data.get("reverses")
    return Award(
        fact["community"],
        UUID(data["award_id"]),
        UUID(data["member_id"]),
        data["points"],
        data["event_time"],
        None if reverses is None else UUID(reverses),
    )


async def book(tx: Transaction, awards: Sequence[Award], terms: Terms) -> None:
    """Book awards that were not booked before, in the order given."""
    if not awards:
        return
    # 1. Which are new? The transfer's id follows from the award's, and its key decides.
    bookings: dict[Any, Booking] = {}
    for award in awards:
        made = transfer(award)
        bookings.setdefault(made.transfer_id, (award, made))
    new = await ledger_store.add_transfers(tx.conn, [made for _, made in bookings.values()], tx.now)
    fresh = [booking for key, booking in bookings.items() if key in new]
    AWARDS_REPEATED.inc(len(awards) - len(fresh))
    if not fresh:
        return
    # 2. Members with a reversal need their lots first: those say where the points are taken from.
    reversing = {Owner(award.community, award.member) for award, _ in fresh if award.points < 0}
    plain = [one for one in fresh if Owner(one[0].community, one[0].member) not in reversing]
    entries = issue_entries([(award, made.transfer_id) for award, made in plain], pending=bool(terms.hold))
    added = [(Owner(award.community, award.member), lot(award, terms, tx.now)) for award, _ in plain]
    changed: list[tuple[Owner, Lot]] = []
    if reversing:
        rest = [one for one in fresh if Owner(one[0].community, one[0].member) in reversing]
        rest_entries, rest_added, changed = await _reverse(tx, fresh, rest, terms)
        entries += rest_entries
        added += rest_added
    # 3. Balances in account order, each account once, then the entries they are the sum of.
    changes = deltas(entries)
    balances = await ledger_store.change_balances(tx.conn, changes)
    await ledger_store.add_entries(tx.conn, entries, tx.now)
    # 4. Lots; a member who owed points pays the debt from the new ones.
    _settle_debts(added, {Owner(a.community, a.member) for a, _ in plain}, changes, balances)
    if added:
        await lot_store.add(tx.conn, added)
    await lot_store.update(tx.conn, changed)
    _count(fresh)


async def _reverse(
    tx: Transaction, fresh: Sequence[Booking], rest: Sequence[Booking], terms: Terms
) -> tuple[list[Entry], list[tuple[Owner, Lot]], list[tuple[Owner, Lot]]]:
    """Book, one by one, the awards of members who have a reversal: entries, new lots, changed lots."""
    locked = await ledger_store.lock_balances(tx.conn, _accounts(fresh))
    needs: dict[Owner, int] = {}
    for award, _ in rest:
        owner = Owner(award.community, award.member)
        needs[owner] = needs.get(owner, 0) + max(0, -award.points)
    named = [(award.community, award.reverses) for award, _ in rest if award.reverses is not None]
    known = await lot_store.oldest_open(tx.conn, list(needs.items()))
    for owner, lots in (await lot_store.of_awards(tx.conn, named)).items():
        known.setdefault(owner, []).extend(lots)
    books = {
        owner: LotBook(locked[member_account(*owner, "available").account_id], known.get(owner, ()))
        for owner in needs
    }
    entries: list[Entry] = []
    added: list[tuple[Owner, Lot]] = []
    for award, made in rest:
        owner = Owner(award.community, award.member)
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


def _accounts(fresh: Sequence[Booking]) -> set[Account]:
    """Every account that a batch with reversals may touch, so that all are locked in one order."""
    accounts: set[Account] = set()
    for award, _ in fresh:
        accounts.add(member_account(award.community, award.member, "available"))
        accounts.add(member_account(award.community, award.member, "pending"))
    return accounts


def _settle_debts(
    added: Sequence[tuple[Owner, Lot]],
    plain: set[Owner],
    changes: Sequence[tuple[Account, int]],
    balances: dict[Any, int],
) -> None:
    """Let the new lots of members whose available points were below zero pay what was owed."""
    owed: dict[Owner, LotBook] = {}
    for account, change in changes:
        before = balances[account.account_id] - change
        if before < 0 and account.kind == "available" and account.owner is not None:
            owner = Owner(account.community, account.owner)
            if owner in plain:
                owed[owner] = LotBook(before)
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
