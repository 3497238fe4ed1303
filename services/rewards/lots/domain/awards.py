"""Awards as the ledger books them: issued points become a member's, and amendments add or bring back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from services.rewards.ledger.domain.entries import (
    Entry,
    MemberKind,
    Owner,
    Transfer,
    community_account,
    member_account,
    transfer_id,
)
from services.rewards.lots.domain.grace import day_end
from services.rewards.lots.domain.lots import Lot, Moved
from shared.calendars import PLAIN, Calendar
from shared.contracts.facts import PointsAwarded


class Award(NamedTuple):
    """Points that a rule gave, or by which an award that it `amends` amounts to more or (below 0) to less.

    An award below 0 takes points that were earned otherwise. What its rule says of when they can be used goes
    before what holds for all; `campaign` is whose budget it was of, `told_at` when scoring told of it. They are
    held by `owner`: the member who is their `earner` (None: the same), or whom that one is merged into.
    """

    owner: Owner
    award_id: str
    points: int
    event_time: datetime
    amends: str | None = None
    revision: int | None = None
    why: str | None = None
    earner: Owner | None = None
    available_at: datetime | None = None
    expires_at: datetime | None = None
    campaign: str | None = None
    told_at: datetime | None = None

    @property
    def earned_by(self) -> Owner:
        """Whose lot it is."""
        return self.earner or self.owner

    def held_by(self, holder: Owner) -> "Award":
        """The same award, whose points `holder` has."""
        return self if holder == self.owner else self._replace(owner=holder, earner=self.earned_by)

    @classmethod
    def of(cls, fact: PointsAwarded) -> "Award":
        """What a fact says of it."""
        data = fact["data"]
        return cls(
            Owner(fact["community"], data["member_id"]),
            data["award_id"],
            data["points"],
            data["event_time"],
            data.get("amends"),
            data.get("revision"),
            data.get("cause"),
            None,
            data.get("available_at"),
            data.get("expires_at"),
            data.get("campaign"),
            fact["time"],
        )

    @property
    def takes(self) -> bool:
        """Whether it is an award that takes points."""
        return self.amends is None and self.points < 0

    @property
    def lot_id(self) -> str:
        """The award whose lot it is about."""
        return self.amends or self.award_id


class LotTerms(NamedTuple):
    """How long new points wait before they are available, and how long they last; None is for ever.

    They last until the end of a day: by the calendar of their community, plain where there is none.
    """

    hold: timedelta = timedelta(0)
    lifetime: timedelta | None = None
    calendars: Mapping[str, Calendar] = {}


def transfer(award: Award) -> Transfer:
    """The transfer of an award; the id follows from the award's, so a redelivered award finds it there."""
    return Transfer(
        award.owner.community,
        transfer_id(award.award_id, "award"),
        "award" if award.amends is None else "amendment",
        award.award_id,
        award.event_time,
        None if award.amends is None else transfer_id(award.amends, "award"),
        award.revision,
        award.why,
        award.told_at,
        None if award.told_at is None else award.points,
    )


def lot(award: Award, terms: LotTerms, now: datetime) -> Lot:
    """The lot of an award of points; it is earned at the event's time and pending while it is held.

    What an award takes is lacking at once and for good.
    """
    if award.takes:
        return Lot(award.lot_id, award.points, 0, award.event_time)
    expires_at = award.expires_at
    if expires_at is None and terms.lifetime is not None:
        expires_at = award.event_time + terms.lifetime
    if expires_at is not None:
        expires_at = day_end(terms.calendars.get(award.owner.community, PLAIN), expires_at)
    pending_until = now + terms.hold if terms.hold else None
    if award.available_at is not None and award.available_at > (pending_until or now):
        pending_until = award.available_at
    return Lot(award.lot_id, award.points, award.points, award.event_time, expires_at, pending_until)


def amended_entries(award: Award, transfer_of: str, moved: Moved) -> list[Entry]:
    """The entries of points that came to a lot or left it: issued, or back to those issued.

    What its member keeps is on the account of debts that are written off.
    """
    issued = community_account(award.owner.community, "points_issued")
    sides: tuple[tuple[MemberKind, int], ...] = (
        ("pending", moved.pending),
        ("available", moved.available),
        ("expired", moved.expired),
    )
    entries = [Entry(transfer_of, issued, -sum(moved))]
    entries += [Entry(transfer_of, member_account(award.owner, kind), amount) for kind, amount in sides if amount]
    if moved.written_off:
        written_off = community_account(award.owner.community, "debts_written_off")
        entries.append(Entry(transfer_of, written_off, moved.written_off))
    return entries
