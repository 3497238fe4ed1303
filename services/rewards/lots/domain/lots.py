"""Lots: which award each available point came from, consumed first in, first out.

Two sums always hold, for every member:

- what remains in matured lots = max(available, 0)
- what remains in pending lots = pending

Some of what remains in a lot may be `owed`: a payout of it was given to the bank and the money came back. It is
owed as money, so it never expires; whatever uses points of the lot uses the others first.

Points that are reserved have left their lots; the uses say which lots they came from, so that a
cancelled reservation gives them back. Available points fall below zero only by a reversal (a clawback), or when
a payout that was said to have come back had not: what was already spent cannot be taken from a lot, so it is
owed, and whatever the member gets next pays that debt first.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.rewards.ledger.domain.entries import Owner
from shared.contracts.facts import PayoutLot
from shared.contracts.fields import Uuid

LOTS_PER_FACT_MAX_COUNT = 500


class NotEnoughPointsError(Exception):
    """Fewer points are available than asked for; `missing_points` says how many."""

    def __init__(self, missing_points: int) -> None:
        super().__init__(f"{missing_points} points are missing")
        self.missing_points = missing_points


class AwardKey(NamedTuple):
    """Which award's lot."""

    community: str
    award_id: str


class UsePlace(NamedTuple):
    """Where a page of the lots that somebody uses ended."""

    award_id: Uuid


class LotUse(NamedTuple):
    """Points of one award that a redemption or payout uses; so many of them were `owed` as money."""

    award_id: str
    points: int
    owed: int = 0

    @property
    def place(self) -> UsePlace:
        """Where it stands among the lots of who uses them."""
        return UsePlace(self.award_id)

    def told(self) -> PayoutLot:
        """It as a fact tells of it."""
        lot: PayoutLot = {"award_id": self.award_id, "points": self.points}
        if self.owed:
            lot["owed"] = self.owed
        return lot


class LotsPart(NamedTuple):
    """Some of the lots that somebody uses: part `part` (from 1) of `parts`."""

    part: int
    parts: int
    lots: Sequence[LotUse]


def lots_parts(uses: Sequence[LotUse], *, before: int = 0) -> Iterator[LotsPart]:
    """Cut lots into parts that fit into one message each; `before` parts went before them."""
    parts = -(-len(uses) // LOTS_PER_FACT_MAX_COUNT)
    for part in range(parts):
        start = part * LOTS_PER_FACT_MAX_COUNT
        yield LotsPart(before + part + 1, before + parts, uses[start : start + LOTS_PER_FACT_MAX_COUNT])


class Use(NamedTuple):
    """A redemption or payout (`used_by`) that uses so many points of a member."""

    owner: Owner
    used_by: str
    points: int


class TakenAsTold(NamedTuple):
    """Points that were used before, taken again: lots that had matured by then, and lots that nobody named."""

    matured: list[LotUse]
    unnamed: list[LotUse]


class Reversed(NamedTuple):
    """Where reversed points came from."""

    pending: int
    available: int


@dataclass(slots=True)
class Lot:
    """The points of one award, how many are still there to be used, and how many of those are owed as money."""

    award_id: str
    points: int
    remaining: int
    earned_at: datetime
    expires_at: datetime | None = None
    pending_until: datetime | None = None
    owed: int = 0

    @property
    def pending(self) -> bool:
        """Whether the points still wait to become available."""
        return self.pending_until is not None


class LotBook:
    """The lots of one member and the available balance they stand for.

    It may be given only the oldest lots, as long as they hold what is asked for; a reversal also needs
    the lot of the award that it reverses. `changed` names the lots to be written back.
    """

    def __init__(self, available: int, lots: Iterable[Lot] = ()) -> None:
        self.available = available
        self.lots = {lot.award_id: lot for lot in lots}
        self.changed: set[str] = set()

    def earn(self, lot: Lot) -> None:
        """Add the lot of a new award. A pending one waits for `mature`; a debt is paid from it at once."""
        self.lots[lot.award_id] = lot
        self.changed.add(lot.award_id)
        lot.remaining = lot.points
        if not lot.pending:
            self._arrive(lot, lot.points)

    def mature(self, award_id: str) -> int:
        """Make what remains of a pending lot available; return how many points that were."""
        lot = self.lots[award_id]
        points = lot.remaining if lot.pending else 0
        if lot.pending:
            lot.pending_until = None
            self.changed.add(award_id)
            self._arrive(lot, points)
        return points

    def reverse(self, award_id: str, points: int) -> Reversed:
        """Reverse `points` of an award: from its own lot, then from the oldest, then as a debt.

        Only the award's own lot gives pending points.
        """
        own = self.lots.get(award_id)
        from_pending = 0
        if own is not None and own.pending:
            from_pending = self._draw(own, points)
        left = points - from_pending
        if own is not None and not own.pending:
            left -= self._draw(own, left)
        for lot in self._oldest():
            left -= self._draw(lot, left)
        self.available -= points - from_pending
        return Reversed(from_pending, points - from_pending)

    def take(self, points: int) -> list[LotUse]:
        """Use available points, oldest lots first.

        Raises NotEnoughPointsError, and changes nothing, when there are fewer.
        """
        if points > self.available:
            raise NotEnoughPointsError(points - self.available)
        uses = []
        left = points
        for lot in self._oldest():
            if left == 0:
                break
            owed = lot.owed
            drawn = self._draw(lot, left)
            uses.append(LotUse(lot.award_id, drawn, owed - lot.owed))
            left -= drawn
        if left:
            raise ValueError(f"the lots given hold {left} points less than asked for")
        self.available -= points
        return uses

    def take_as_told(self, told: Sequence[LotUse], points: int) -> TakenAsTold:
        """Use points that were used before, by the lots that were `told`, whatever is available now.

        A lot that is named had matured. What a named lot no longer has comes from the oldest, and then is owed.
        """
        matured = [
            LotUse(award_id, self.mature(award_id))
            for award_id, _, _ in told
            if award_id in self.lots and self.lots[award_id].pending
        ]
        left = points
        for award_id, used, _ in told:
            if award_id in self.lots:
                left -= self._draw(self.lots[award_id], min(used, left))
        missing = points - sum(use.points for use in told)
        unnamed = []
        for lot in self._oldest():
            drawn = self._draw(lot, left)
            left -= drawn
            if drawn and missing > 0:
                unnamed.append(LotUse(lot.award_id, min(drawn, missing)))
                missing -= drawn
        self.available -= points
        return TakenAsTold([use for use in matured if use.points], unnamed)

    def restore(self, uses: Iterable[LotUse], *, owed: bool = False) -> int:
        """Give used points back to their lots, oldest first; a debt is paid from them. Return their sum.

        With `owed` all of them are owed as money from now on, otherwise those that were before.
        """
        given = sorted(uses, key=lambda use: (self.lots[use.award_id].earned_at, use.award_id))
        for award_id, points, owed_before in given:
            lot = self.lots[award_id]
            lot.remaining += points
            lot.owed += points if owed else owed_before
            self.changed.add(award_id)
            self._arrive(lot, points)
        return sum(use.points for use in given)

    def take_back(self, uses: Iterable[LotUse]) -> None:
        """Take points again that were given back: from their lots, then from the oldest, then as a debt."""
        left = 0
        for award_id, points, _ in uses:
            lot = self.lots[award_id]
            owed = lot.owed
            drawn = self._draw(lot, points)
            lot.owed = min(lot.remaining, max(0, owed - drawn))  # it was they that came back
            left += points - drawn
            self.available -= points
        for lot in self._oldest():
            left -= self._draw(lot, left)

    def expire(self, now: datetime) -> list[LotUse]:
        """Empty the matured lots whose time is over at `now`, but for what is owed; return what was in them."""
        expired = []
        for lot in self._oldest():
            over = lot.expires_at is not None and lot.expires_at <= now
            if over and lot.remaining > lot.owed:
                expired.append(LotUse(lot.award_id, self._draw(lot, lot.remaining - lot.owed)))
        self.available -= sum(use.points for use in expired)
        return expired

    def _arrive(self, lot: Lot, points: int) -> None:
        """Add points that `lot` already holds to the available ones; a debt leaves the lot again."""
        debt = max(0, min(points, -self.available))
        lot.remaining -= debt
        lot.owed = min(lot.owed, lot.remaining)
        self.available += points

    def _draw(self, lot: Lot, points: int) -> int:
        drawn = min(points, lot.remaining)
        if drawn:
            lot.remaining -= drawn
            lot.owed = min(lot.owed, lot.remaining)
            self.changed.add(lot.award_id)
        return drawn

    def _oldest(self) -> list[Lot]:
        held = [lot for lot in self.lots.values() if lot.remaining and not lot.pending]
        return sorted(held, key=lambda lot: (lot.earned_at, lot.award_id))
