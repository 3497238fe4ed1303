"""Awards as the ledger books them: issued points become a member's, and reversals bring them back."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from services.rewards.ledger.domain.entries import (
    Entry,
    Owner,
    Transfer,
    community_account,
    member_account,
    move,
    transfer_id,
)
from services.rewards.lots.domain.lots import Lot, Reversed


class Award(NamedTuple):
    """Points that a rule gave (above 0) or took back (below 0, with the award that is reversed)."""

    owner: Owner
    award_id: str
    points: int
    event_time: datetime
    reverses: str | None = None


class LotTerms(NamedTuple):
    """How long new points wait before they are available, and how long they last; None is for ever."""

    hold: timedelta = timedelta(0)
    lifetime: timedelta | None = None


def transfer(award: Award) -> Transfer:
    """The transfer of an award; the id follows from the award's, so a redelivered award finds it there."""
    reverses = None if award.reverses is None else transfer_id(award.reverses, "award")
    kind = "award" if award.points > 0 else "reversal"
    return Transfer(
        award.owner.community,
        transfer_id(award.award_id, "award"),
        kind,
        award.award_id,
        award.event_time,
        reverses,
    )


def lot(award: Award, terms: LotTerms, now: datetime) -> Lot:
    """The lot of an award of points; it is earned at the event's time and pending while it is held."""
    expires_at = None if terms.lifetime is None else award.event_time + terms.lifetime
    pending_until = now + terms.hold if terms.hold else None
    return Lot(award.award_id, award.points, award.points, award.event_time, expires_at, pending_until)


def issue_entries(awards: Iterable[tuple[Award, str]], *, pending: bool) -> list[Entry]:
    """The entries of awards above 0, each given with its transfer's id."""
    kind = "pending" if pending else "available"
    entries: list[Entry] = []
    for award, transfer_of in awards:
        issued = community_account(award.owner.community, "points_issued")
        entries += move(transfer_of, issued, member_account(award.owner, kind), award.points)
    return entries


def reversal_entries(award: Award, transfer_of: str, came: Reversed) -> list[Entry]:
    """The entries of a reversal: from where the points came back, to those issued."""
    issued = community_account(award.owner.community, "points_issued")
    entries = [Entry(transfer_of, issued, came.pending + came.available)]
    if came.pending:
        entries.append(Entry(transfer_of, member_account(award.owner, "pending"), -came.pending))
    if came.available:
        entries.append(Entry(transfer_of, member_account(award.owner, "available"), -came.available))
    return entries
