"""Awards become points of members: new ones are booked in bulk, repeated ones change nothing."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from services.rewards.clawbacks.handlers import load_in_force, note_clawbacks
from services.rewards.clawbacks.store import load_clawbacks
from services.rewards.ledger.domain.entries import Owner, deltas
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store
from services.rewards.lots.domain.awards import Award, LotTerms, transfer
from services.rewards.lots.domain.booking import (
    NOTHING_BOOKED,
    Booked,
    Booking,
    apart,
    book_in_order,
    lots_touched,
    plain_entries,
    planned,
    taken_back,
)
from services.rewards.lots.domain.lots import LotBook
from services.rewards.lots.handlers.holders import lock_holders
from services.rewards.metrics import AWARDS_BOOKED, AWARDS_REPEATED, POINTS_BOOKED
from services.rewards.settings import Settings
from shared.contracts.backfill import is_backfill
from shared.contracts.facts import PointsAwarded
from shared.followed_communities import load_calendars
from shared.telemetry import observe_ages
from shared.transaction import Transaction


async def on_awards(tx: Transaction[Settings], facts: list[PointsAwarded]) -> list[Award]:
    """Book awards, and by how much they are amended; those of scores that cannot be spent are nothing to it.

    Return those that were not booked before.
    """
    lifetime = tx.settings.points_lifetime_seconds
    spendable = [fact for fact in facts if "score" not in fact["data"]]
    ending = {fact["community"] for fact in spendable if lifetime is not None or "expires_at" in fact["data"]}
    terms = LotTerms(
        hold=timedelta(seconds=tx.settings.points_hold_seconds),
        lifetime=None if lifetime is None else timedelta(seconds=lifetime),
        calendars=await load_calendars(tx.conn, communities=ending) if ending else {},
    )
    booked = await book(tx, [Award.of(fact) for fact in spendable], terms=terms)
    observe_ages("ledger", (fact["data"]["received_at"] for fact in spendable if not is_backfill(fact)), tx.now)
    return booked


async def book(tx: Transaction, awards: Sequence[Award], *, terms: LotTerms) -> list[Award]:
    """Book awards that were not booked before, in the order given; return those."""
    # 1. Which are new? The transfer's id follows from the award's, and its key decides.
    bookings = [(award, transfer(award)) for award in {award.award_id: award for award in awards}.values()]
    if not bookings:
        return []
    new = await ledger_store.add_transfers(tx.conn, [made for _, made in bookings], now=tx.now)
    fresh = bookings if new is None else [booking for booking in bookings if booking[1].transfer_id in new]
    AWARDS_REPEATED.inc(len(awards) - len(fresh))
    if not fresh:
        return []
    # 2. Whoever a member is merged into holds its points, and nobody merges them meanwhile.
    holders = await lock_holders(tx, {award.owner for award, _ in fresh})
    if any(owner != holder for owner, holder in holders.items()):
        fresh = [(award.held_by(holders[award.owner]), made) for award, made in fresh]
    # 3. Members before lots, as everybody takes them: an amendment that came first adds the lot of its award, too.
    # Where each award adds to what its member has available, that locks them, in the same order.
    plan = planned(fresh, terms, tx.now)
    owners = set(holders.values())
    is_added = not plan.rest and not plan.has_pending
    available: Mapping[Owner, int] = {}
    entries = plain_entries(plan)
    if is_added:
        await ledger_store.add_to_balances(tx.conn, deltas(entries), now=tx.now)
    else:
        available = await ledger_store.lock_members(tx.conn, owners, now=tx.now)
    there = await store.add_lots(tx.conn, plan.lots)
    if there and is_added:
        await ledger_store.add_to_balances(tx.conn, deltas(taken_back(entries)), now=tx.now)
        available, is_added = await ledger_store.lock_members(tx.conn, owners, now=tx.now), False
    if there:
        plan = apart(plan, there)
        entries = plain_entries(plan)
    # 4. Members with an amendment need the lots that it is about: those say where the points go or come from.
    rest = await _amend(tx, available, rest=plan.rest, terms=terms) if plan.rest else NOTHING_BOOKED
    # 5. Balances in account order, each account once, then the entries they are the sum of.
    entries += rest.entries
    if not is_added:
        await ledger_store.add_to_balances(tx.conn, deltas(entries), now=tx.now)
    await ledger_store.add_entries(tx.conn, entries, now=tx.now)
    # 6. What became of the lots that were amended.
    await store.add_lots(tx.conn, rest.lots)
    await store.set_remaining(tx.conn, rest.changed)
    # 7. And what became of those points of them that had been used.
    if rest.clawbacks:
        await note_clawbacks(tx, rest.clawbacks)
    _count(fresh)
    return [award for award, _ in fresh]


async def _amend(
    tx: Transaction, available: Mapping[Owner, int], *, rest: Sequence[Booking], terms: LotTerms
) -> Booked:
    """Book the awards and amendments of members who have one, by the lots that they are about."""
    lots = await store.load_lots(tx.conn, lots_touched(rest))
    owners = dict.fromkeys(award.owner for award, _ in rest)
    books = {owner: LotBook(available[owner], lots.get(owner, ())) for owner in owners}
    taking = [made for award, made in rest if award.amends is not None and award.points < 0]
    policies = await load_in_force(tx, {made.community for made in taking}) if taking else {}
    # Nobody keeps anything where there is no policy, and it was not told either.
    told = (
        await load_clawbacks(tx.conn, [(made.community, made.transfer_id) for made in taking]) if policies else {}
    )
    return book_in_order(rest, books, terms=terms, policies=policies, told=told, now=tx.now)


def _count(fresh: Sequence[Booking]) -> None:
    points = {"award": 0, "increase": 0, "decrease": 0}
    counts = dict.fromkeys(points, 0)
    for award, _ in fresh:
        kind = "award" if award.amends is None else "increase" if award.points > 0 else "decrease"
        counts[kind] += 1
        points[kind] += abs(award.points)
    for kind, count in counts.items():
        AWARDS_BOOKED.labels(kind).inc(count)
        POINTS_BOOKED.labels(kind).inc(points[kind])
