"""Lots: which award each available point came from; those that expire first are used first.

Two sums always hold, for every member:

- what remains in matured lots, less what they lack = available
- what remains in pending lots, less what they lack = pending

A lot lacks points that have left it and that its award does not amount to any more. It alone says so: no other
lot gives them up for good, so that nothing is lost when the award amounts to them again. Until then as much of
what remains elsewhere cannot be used, because fewer are available, and pays for it where it would expire.

What a lot lacks may be `written_off`: its member keeps it. It alone says so, too: what comes to the lot later,
because its award amounts to more again or because what used its points is given up, makes that good first.

Some of what remains in a lot may be `owed`: a payout of it was given to the bank and the money came back. It is
owed as money, so it never expires; whatever uses points of the lot uses the others first.

Points that are reserved have left their lots; the uses say which lots they came from, so that a cancelled
reservation gives them back. What comes back to a lot whose time is over has a grace period, once.
Available points fall below zero only when an award amounts to less (a clawback), or when a payout that was said to
have come back had not: what was already spent cannot be taken from a lot.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.rewards.ledger.domain.entries import Owner
from services.rewards.lots.domain.grace import Grace
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


def part_of(uses: Sequence[LotUse], points: int) -> list[LotUse]:
    """So many of the points that somebody uses, by lot: those used last, which are the first to come back.

    `uses` are in the order of use. What was owed of a lot was used last, so it is among them first. Raises
    NotEnoughPointsError when they are fewer.
    """
    part = []
    left = points
    for award_id, used, owed in reversed(uses):
        back = min(left, used)
        if back:
            part.append(LotUse(award_id, back, min(owed, back)))
        left -= back
    if left:
        raise NotEnoughPointsError(left)
    return part[::-1]


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
    """A redemption or payout (`used_by`) that uses so many points of a member.

    With a `refund_id` they are those that this refund of it gives back. Points that were earned after
    `earned_until` are not used, but for those that are owed.
    """

    owner: Owner
    used_by: str
    points: int
    refund_id: str | None = None
    earned_until: datetime | None = None

    @property
    def back_id(self) -> str:
        """By what a part of it goes back: a refund, or the redemption itself of which the rest was spent."""
        return self.refund_id or self.used_by


class Young(NamedTuple):
    """So many points were earned too late to be paid yet, the first of them at `earliest`."""

    points: int
    earliest: datetime


class TakenAsTold(NamedTuple):
    """Points that were used before, taken again: lots that had matured by then, and lots that nobody named."""

    matured: list[LotUse]
    unnamed: list[LotUse]


class Moved(NamedTuple):
    """Where the points went by which an award amounts to more, or came from (below 0) by which to less.

    Of those `written_off` made good what a member had kept, or (below 0) are kept by their member.
    """

    pending: int = 0
    available: int = 0
    expired: int = 0
    written_off: int = 0


class Restored(NamedTuple):
    """So many points were given back, of which some made good what had been `written_off`."""

    points: int
    written_off: int


@dataclass(slots=True)
class Lot:
    """The points that one award amounts to, how many are still there to be used, and how many of those are owed.

    So many have `expired`, and so many are `lacking`: they left the lot, and the award does not amount to them. So
    many were lacking and are `written_off`. Always: points + written off = remaining − lacking + expired + used.
    """

    award_id: str
    points: int
    remaining: int
    earned_at: datetime
    expires_at: datetime | None = None
    pending_until: datetime | None = None
    expired: int = 0
    lacking: int = 0
    owed: int = 0
    #: Whether it was given more time, since points came back to it after its own was over. That happens once.
    had_grace: bool = False
    written_off: int = 0

    def usable(self, earned_until: datetime | None) -> int:
        """How much of what remains may be used by whoever waits for what was earned later; what is owed always."""
        return self.remaining if earned_until is None or self.earned_at <= earned_until else self.owed

    def is_over(self, at: datetime) -> bool:
        """Whether its time is over at a moment."""
        return self.expires_at is not None and self.expires_at <= at

    @property
    def pending(self) -> bool:
        """Whether the points still wait to become available."""
        return self.pending_until is not None


class LotBook:
    """The lots of one member and the available balance they stand for.

    It may be given only the first lots to be used, as long as they hold what is asked for; an amendment needs the
    lot of the award that it amends and no other. `changed` names the lots to be written back.
    """

    def __init__(self, available: int, lots: Iterable[Lot] = ()) -> None:
        self.available = available
        self.lots = {lot.award_id: lot for lot in lots}
        self.changed: set[str] = set()

    def earn(self, lot: Lot) -> None:
        """Add the lot of a new award. A pending one waits for `mature`."""
        self.lots[lot.award_id] = lot
        self.changed.add(lot.award_id)
        lot.remaining = lot.points
        if not lot.pending:
            self.available += lot.points

    def mature(self, award_id: str) -> int:
        """Make what remains of a pending lot available; return how many points that were, below 0 if it lacked."""
        lot = self.lots[award_id]
        points = lot.remaining - lot.lacking if lot.pending else 0
        if lot.pending:
            lot.pending_until = None
            self.changed.add(award_id)
            self.available += points
        return points

    def amend(self, award_id: str, points: int) -> Moved:
        """Let an award amount to so many points more, or fewer (below 0), by what its own lot holds.

        More goes to the lot, with the expiry that it had. Fewer come from what remains in the lot, then from what
        expired of it, and then are lacking: they were used.
        """
        lot = self.lots[award_id]
        self.changed.add(award_id)
        lot.points += points
        came = good = 0
        if points > 0:
            good = self._arrive(lot, points)
        else:
            came = min(lot.expired, max(0, -points - lot.remaining))
            lot.expired -= came
            self._leave(lot, -points - came)
        if lot.pending:
            return Moved(pending=points + came - good, expired=-came, written_off=good)
        self.available += points + came - good
        return Moved(available=points + came - good, expired=-came, written_off=good)

    def write_off(self, award_id: str, points: int) -> int:
        """Let its member keep so many of the points that a lot lacks; return how many those are."""
        lot = self.lots[award_id]
        kept = 0 if lot.pending else min(points, lot.lacking)
        if kept:
            lot.lacking -= kept
            lot.written_off += kept
            self.available += kept
            self.changed.add(award_id)
        return kept

    def write_off_debt(self, points: int) -> list[LotUse]:
        """Write off so many of the points that are owed; return of which lots, at most what is owed.

        The book needs every lot of the member that lacks points.
        """
        left = min(points, max(0, -self.available))
        kept = []
        for lot in sorted((lot for lot in self.lots.values() if lot.lacking and not lot.pending), key=use_order):
            of_lot = self.write_off(lot.award_id, left)
            left -= of_lot
            if of_lot:
                kept.append(LotUse(lot.award_id, of_lot))
        return kept

    def undo_write_off(self, uses: Iterable[LotUse]) -> int:
        """Let lots lack again what was written off of them; return how many, less what was made good since."""
        points = 0
        for award_id, kept, _ in uses:
            lot = self.lots[award_id]
            again = min(kept, lot.written_off)
            lot.written_off -= again
            self._leave(lot, again)
            points += again
        self.available -= points
        return points

    def take(self, points: int, *, earned_until: datetime | None = None) -> list[LotUse]:
        """Use available points: of lots that expire first, those without an end last.

        Of a lot that was earned after `earned_until` only what is owed is used. Raises NotEnoughPointsError, and
        changes nothing, when there are fewer.
        """
        if points > self.available:
            raise NotEnoughPointsError(points - self.available)
        uses = []
        left = points
        for lot in self._in_use_order():
            if left == 0:
                break
            owed = lot.owed
            drawn = min(left, usable := lot.usable(earned_until))
            if not drawn:
                continue
            self._leave(lot, drawn)
            if usable < lot.remaining + drawn:
                lot.owed = owed - drawn  # of one that is too young those that are owed go first
            uses.append(LotUse(lot.award_id, drawn, owed - lot.owed))
            left -= drawn
        if left:
            raise ValueError(f"the lots given hold {left} points less than asked for")
        self.available -= points
        return uses

    def take_as_told(self, told: Sequence[LotUse], points: int) -> TakenAsTold:
        """Use points that were used before, by the lots `told`, whatever is available.

        A lot that is named had matured. What nobody named comes from those to be used first, then the last of all
        lacks it.
        """
        matured = [
            LotUse(award_id, self.mature(award_id))
            for award_id, _, _ in told
            if award_id in self.lots and self.lots[award_id].pending
        ]
        left = points
        for award_id, used, _ in told:
            if award_id in self.lots:
                self._leave(self.lots[award_id], min(used, left))
                left -= min(used, left)
        missing = points - sum(use.points for use in told)
        unnamed = []
        for lot in self._in_use_order():
            drawn = min(left, lot.remaining)
            left -= drawn
            self._leave(lot, drawn)
            if drawn and missing > 0:
                unnamed.append(LotUse(lot.award_id, min(drawn, missing)))
                missing -= drawn
        if left and self.lots:
            self._leave(max(self.lots.values(), key=use_order), left)
        self.available -= points
        return TakenAsTold([use for use in matured if use.points], unnamed)

    def restore(self, uses: Iterable[LotUse], *, owed: bool = False, grace: Grace | None = None) -> Restored:
        """Give used points back to their lots, in reverse of how they are used.

        With `owed` all of them are owed as money from now on, otherwise those that were before. What comes back
        to a lot whose time is over can be used for as long as the `grace` says; without one it expires.
        """
        given = sorted(uses, key=lambda use: use_order(self.lots[use.award_id]), reverse=True)
        good = 0
        for award_id, points, owed_before in given:
            lot = self.lots[award_id]
            if grace is not None and lot.is_over(grace.at) and not lot.had_grace:
                lot.expires_at, lot.had_grace = grace.until, True
            good += self._arrive(lot, points, owed=points if owed else owed_before)
        points = sum(use.points for use in given)
        self.available += points - good
        return Restored(points, good)

    def take_back(self, uses: Iterable[LotUse]) -> None:
        """Take points again that were given back, from their lots, where they are lacking if they were used."""
        for award_id, points, _ in uses:
            lot = self.lots[award_id]
            owed, drawn = lot.owed, min(points, lot.remaining)
            self._leave(lot, points)
            lot.owed = min(lot.remaining, max(0, owed - drawn))  # it was they that came back
            self.available -= points

    def expire(self, now: datetime) -> list[LotUse]:
        """Empty the matured lots whose time is over at `now`, but for what is owed as money; return what expired.

        That is what is not lacking elsewhere: the book needs every lot of the member that lacks points.
        """
        expired = []
        for lot in self._in_use_order():
            if not lot.is_over(now):
                continue
            for lacking in sorted(
                (lot for lot in self.lots.values() if lot.lacking and not lot.pending), key=use_order
            ):
                paid = min(lacking.lacking, lot.remaining - lot.owed)
                self._leave(lot, paid)
                self._arrive(lacking, paid)
            over = lot.remaining - lot.owed
            if over:
                expired.append(LotUse(lot.award_id, over))
                lot.expired += over
                self._leave(lot, over)
        self.available -= sum(use.points for use in expired)
        return expired

    def _arrive(self, lot: Lot, points: int, *, owed: int = 0) -> int:
        """Let points come to a lot, so many of them owed: they are what it lacks first, and then remain in it.

        Return how many made good what was written off: after what it lacks, before anything remains.
        """
        found = min(points, lot.lacking)
        good = min(points - found, lot.written_off)
        lot.lacking -= found
        lot.written_off -= good
        lot.remaining += points - found - good
        lot.owed += min(owed, points - found - good)
        self.changed.add(lot.award_id)
        return good

    def _leave(self, lot: Lot, points: int) -> None:
        """Let points go from a lot; those that it does not have it lacks."""
        if points:
            drawn = min(points, lot.remaining)
            lot.remaining -= drawn
            lot.owed = min(lot.owed, lot.remaining)
            lot.lacking += points - drawn
            self.changed.add(lot.award_id)

    def _in_use_order(self) -> list[Lot]:
        return sorted((lot for lot in self.lots.values() if lot.remaining and not lot.pending), key=use_order)


def use_order(lot: Lot) -> tuple[bool, datetime, datetime, str]:
    """How lots are used: the first to expire first, without an end last; then the first earned, then by id."""
    return lot.expires_at is None, lot.expires_at or lot.earned_at, lot.earned_at, lot.award_id
