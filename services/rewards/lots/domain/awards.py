"""Awards as the ledger books them: issued points become a member's, and reversals take them back."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.rewards.ledger.domain import Entry, Transfer, community_account, member_account, move, transfer_id
from services.rewards.lots.domain.lots import Lot, Reversed


class Award(NamedTuple):
    """Points that a rule gave (above 0) or took back (below 0, with the award that is reversed)."""

    community: str
    award_id: UUID
    member: UUID
    points: int
    event_time: datetime
    reverses: UUID | None = None


class Terms(NamedTuple):
    """How long new points wait before they are available, and how long they last; None is for ever."""

    hold: timedelta = timedelta(0)
    lifetime: timedelta | None = None


def transfer(award: Award) -> Transfer:
    """The transfer of an award; the id follows from the award's, so a redelivered award finds it there."""
    reverses = None if award.reverses is None else transfer_id(award.reverses, "award")
    kind = "award" if award.points > 0 else "reversal"
    return Transfer(
        award.community,
        transfer_id(award.award_id, "award"),
        kind,
        award.award_id,
        award.event_time,
        reverses,
    )


def lot(award: Award, terms: Terms, now: datetime) -> Lot:
    """The lot of an award of points; it is earned at the event's time and pending while it is held."""
    expires_at = None if terms.lifetime is None else award.event_time + terms.lifetime
    pending_until = now + terms.hold if terms.hold else None
    return Lot(award.award_id, award.points, award.points, award.event_time, expires_at, pending_until)


def issue_entries(awards: Iterable[tuple[Award, UUID]], *, pending: bool) -> list[Entry]:
    """The entries of awards above 0, each given with its transfer's id."""
    kind = "pending" if pending else "available"
    entries: list[Entry] = []
    for award, transfer_of in awards:
        issued = community_account(award.community, "points_issued")
        entries += move(transfer_of, issued, member_account(award.community, award.member, kind), award.points)
    return entries


def reversal_entries(award: Award, transfer_of: UUID, taken: Reversed) -> list[Entry]:
    """The entries of a reversal: from where the points were taken, back to those issued."""
    issued = community_account(award.community, "points_issued")
    entries = [Entry(transfer_of, issued, taken.pending + taken.available)]
    if taken.pending:
        pending = member_account(award.community, award.member, "pending")
        entries.append(Entry(transfer_of, pending, -taken.pending))
    if taken.available:
        available = member_account(award.community, award.member, "available")
        entries.append(Entry(transfer_of, available, -taken.available))
    return entries
