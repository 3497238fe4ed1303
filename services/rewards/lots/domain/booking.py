"""What a batch of new awards comes to: most members' at once, those with a reversal by their lots, one by one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.rewards.ledger.domain.entries import Account, Entry, Owner, Transfer
from services.rewards.lots.domain.awards import Award, LotTerms, issue_entries, lot, reversal_entries
from services.rewards.lots.domain.lots import AwardKey, Lot, LotBook

Booking = tuple[Award, Transfer]


class Plan(NamedTuple):
    """What new awards come to: entries and lots of members without a reversal, and the `rest`."""

    entries: list[Entry]
    lots: list[tuple[Owner, Lot]]
    rest: list[Booking]


class Booked(NamedTuple):
    """What awards came to that were booked by their members' lots; `changed` are lots that were there before."""

    entries: list[Entry]
    lots: list[tuple[Owner, Lot]]
    changed: list[tuple[Owner, Lot]]


NOTHING_BOOKED = Booked([], [], [])


def planned(fresh: Sequence[Booking], terms: LotTerms, now: datetime) -> Plan:
    """The plan of new awards."""
    reversing = {award.owner for award, _ in fresh if award.points < 0}
    plain = [booking for booking in fresh if booking[0].owner not in reversing] if reversing else fresh
    return Plan(
        issue_entries([(award, made.transfer_id) for award, made in plain], pending=bool(terms.hold)),
        [(award.owner, lot(award, terms, now)) for award, _ in plain],
        [booking for booking in fresh if booking[0].owner in reversing] if reversing else [],
    )


def points_reversed(rest: Sequence[Booking]) -> dict[Owner, int]:
    """How many points of each member are reversed, 0 of one that only gets some."""
    points: dict[Owner, int] = {}
    for award, _ in rest:
        points[award.owner] = points.get(award.owner, 0) + max(0, -award.points)
    return points


def awards_reversed(rest: Sequence[Booking]) -> list[AwardKey]:
    """The awards that reversals name."""
    return [AwardKey(award.owner.community, award.reverses) for award, _ in rest if award.reverses is not None]


def book_in_order(
    rest: Sequence[Booking], books: Mapping[Owner, LotBook], terms: LotTerms, now: datetime
) -> Booked:
    """Book awards and reversals one by one in their members' books."""
    entries: list[Entry] = []
    added: list[tuple[Owner, Lot]] = []
    for award, made in rest:
        book = books[award.owner]
        if award.points > 0:
            new = lot(award, terms, now)
            book.earn(new)
            entries += issue_entries([(award, made.transfer_id)], pending=new.pending)
            added.append((award.owner, new))
        else:
            came = book.reverse(award.reverses or award.award_id, -award.points)
            entries += reversal_entries(award, made.transfer_id, came)
    new_ones = {new.award_id for _, new in added}
    changed = [
        (owner, book.lots[award_id])
        for owner, book in books.items()
        for award_id in sorted(book.changed)
        if award_id not in new_ones
    ]
    return Booked(entries, added, changed)


def pay_debts(
    added: Sequence[tuple[Owner, Lot]], changes: Sequence[tuple[Account, int]], owing: Mapping[str, int]
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
