"""What a batch of new awards comes to: most members' at once, the amended by their lots, one by one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from services.rewards.clawbacks.domain import Clawback, ClawedBack, Policies
from services.rewards.ledger.domain.entries import (
    Entry,
    MemberKind,
    Owner,
    Transfer,
    community_account,
    member_account,
    move,
)
from services.rewards.lots.domain.awards import Award, LotTerms, amended_entries, lot
from services.rewards.lots.domain.lots import AwardKey, Lot, LotBook, Moved

Booking = tuple[Award, Transfer]


class Plan(NamedTuple):
    """What new awards come to: those of members of whom nothing is taken, with their lots, and the `rest`.

    `plain` and `lots` are in the same order.
    """

    plain: Sequence[Booking]
    lots: list[tuple[Owner, Lot]]
    rest: Sequence[Booking]

    @property
    def has_pending(self) -> bool:
        """Whether some points wait to become available."""
        return any(lot.pending for _, lot in self.lots)


class Booked(NamedTuple):
    """What awards came to that were booked by their members' lots; `changed` are lots that were there before."""

    entries: list[Entry]
    lots: list[tuple[Owner, Lot]]
    changed: list[tuple[Owner, Lot]]
    clawbacks: list[ClawedBack]


NOTHING_BOOKED = Booked([], [], [], [])


def planned(fresh: Sequence[Booking], terms: LotTerms, now: datetime) -> Plan:
    """The plan of new awards."""
    amending = {award.owner for award, _ in fresh if award.amends is not None or award.points < 0}
    plain = [booking for booking in fresh if booking[0].owner not in amending] if amending else fresh
    rest = [booking for booking in fresh if booking[0].owner in amending] if amending else []
    return Plan(plain, [(award.earned_by, lot(award, terms, now)) for award, _ in plain], rest)


def apart(plan: Plan, there: Collection[AwardKey]) -> Plan:
    """The plan, with what is booked one by one that has a lot already: an amendment of it came first."""
    plain: list[Booking] = []
    moved: list[Booking] = []
    for booking in plan.plain:
        award = booking[0]
        (moved if AwardKey(award.owner.community, award.award_id) in there else plain).append(booking)
    lots = [new for new in plan.lots if AwardKey(new[0].community, new[1].award_id) not in there]
    return Plan(plain, lots, [*moved, *plan.rest])


def plain_entries(plan: Plan) -> list[Entry]:
    """The entries of awards that nothing amends: issued points become a member's, pending where their lot is."""
    entries: list[Entry] = []
    for (award, made), (_, new) in zip(plan.plain, plan.lots, strict=True):
        issued = community_account(award.owner.community, "points_issued")
        kind: MemberKind = "available" if new.pending_until is None else "pending"
        entries += move(made.transfer_id, issued, member_account(award.owner, kind), award.points)
    return entries


def taken_back(entries: Iterable[Entry]) -> list[Entry]:
    """What undoes entries that were only thought of."""
    return [entry._replace(amount=-entry.amount) for entry in entries]


def lots_touched(rest: Sequence[Booking]) -> list[AwardKey]:
    """Whose lots awards and amendments are about, in order, each once."""
    return sorted({AwardKey(award.owner.community, award.lot_id) for award, _ in rest})


def book_in_order(
    rest: Sequence[Booking],
    books: Mapping[Owner, LotBook],
    *,
    terms: LotTerms,
    policies: Policies,
    told: Mapping[str, Clawback],
    now: datetime,
) -> Booked:
    """Book awards and amendments one by one in their members' books; by `policies` what was used is kept.

    What was `told` of a transfer stays so, whatever applies today. Their order does not matter: an amendment that
    comes before its award begins the lot.
    """
    entries: list[Entry] = []
    added: dict[AwardKey, tuple[Owner, Lot]] = {}
    clawbacks: list[ClawedBack] = []
    for award, made in rest:
        book = books[award.owner]
        if award.lot_id not in book.lots:
            new = replace(lot(award, terms, now), points=0, remaining=0)
            book.earn(new)
            added[AwardKey(award.owner.community, award.lot_id)] = (award.earned_by, new)
        moved, clawback = _amended(award, made, book, policies, told.get(made.transfer_id))
        entries += amended_entries(award, made.transfer_id, moved)
        if clawback is not None:
            clawbacks.append(ClawedBack(clawback, award.earned_by, award.lot_id))
    changed = [
        (owner, book.lots[award_id])
        for owner, book in books.items()
        for award_id in sorted(book.changed)
        if AwardKey(owner.community, award_id) not in added
    ]
    return Booked(entries, list(added.values()), changed, clawbacks)


def _amended(
    award: Award, made: Transfer, book: LotBook, policies: Policies, told: Clawback | None
) -> tuple[Moved, Clawback | None]:
    """Where the points of an amendment went, and what became of those that were used before it took them back."""
    lot = book.lots[award.lot_id]
    lacked, amounted = lot.lacking, lot.points
    moved = book.amend(award.lot_id, award.points)
    used = lot.lacking - lacked
    # An award that takes points takes none back, and what amounted to nothing yet was not used.
    if used <= 0 or lot.pending or award.amends is None or amounted <= 0:
        return moved, None
    policy = policies.get(award.owner.community)
    wanted = told.kept_points if told else policy.kept_of(used) if policy else 0
    kept = book.write_off(award.lot_id, min(wanted, used))
    clawback = Clawback(
        award.owner.community, made.transfer_id, None if policy is None else policy.policy_id, used, kept
    )
    return moved._replace(available=moved.available + kept, written_off=moved.written_off - kept), clawback
