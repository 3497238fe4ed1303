"""Which bookings are the same: one is in the day's report (camt.052), a notice (.054) and a statement (.053)."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from shared.bank_messages.documents import Amount
from shared.bank_messages.statements import Direction, Entry

#: Entries of another status are told and not booked.
BOOKED = "BOOK"
_APART = "\n"


class Told(NamedTuple):
    """What an entry is known by. `payments` is a hash of its payments' ids, or of what is said to the payee."""

    account: str | None
    direction: Direction
    amount: Amount
    day: date | None
    reference: str | None
    payments: str
    is_detailed: bool
    is_booked: bool

    @classmethod
    def of(cls, entry: Entry) -> "Told":
        """What an entry is known by."""
        ids = [one.end_to_end_id or "" for one in entry.bookings]
        payments = _APART.join(ids) if any(ids) else _APART + entry.remittance
        return cls(
            entry.account,
            entry.direction,
            entry.amount,
            entry.booked_on or entry.value_on,
            entry.servicer_reference,
            hashlib.sha256(payments.encode()).hexdigest(),
            entry.is_detailed,
            entry.status == BOOKED,
        )

    @property
    def common(self) -> Hashable:
        """What two that are the same have in common at least."""
        return self.account, self.direction, self.amount, self.day


@dataclass
class Counted:
    """Every entry once, whatever number of messages tell it.

    Two are the same when account, direction, amount and day are, and the bank's reference; where one of them has
    none, their payments' end-to-end ids; where there are none of these either, what is said to the payee.
    A message tells a booking once, so what is equal within one is two bookings: its first is another's first. Of
    those that are the same, one that says which payments are in it counts before one that does not.
    """

    _by_reference: dict[Hashable, list[int]] = field(default_factory=lambda: defaultdict(list))
    _by_payments: dict[Hashable, list[int]] = field(default_factory=lambda: defaultdict(list))
    _kept: list[tuple[Told, int]] = field(default_factory=list)
    _same: dict[int, int] = field(default_factory=dict)
    _number: int = 0

    def add(self, entries: Iterable[Told]) -> list[int]:
        """Take the entries of one message; return the number that each has, from 0 on over all messages."""
        taken: Counter[int] = Counter()
        numbers = []
        for told in entries:
            number, self._number = self._number, self._number + 1
            numbers.append(number)
            if told.is_booked:
                self._place(told, number, taken)
        return numbers

    def same_as(self, number: int) -> int | None:
        """The number of the entry that counts in the place of this one; None when it counts itself."""
        return self._same.get(number)

    def _place(self, told: Told, number: int, taken: Counter[int]) -> None:
        known = self._by_reference.get((told.common, told.reference), []) if told.reference else []
        if not known:
            known = [
                place
                for place in self._by_payments.get((told.common, told.payments), [])
                if not (told.reference and self._kept[place][0].reference)
            ]
        place = next((one for one in known if not taken[one]), None)
        if place is None:
            place = len(self._kept)
            self._kept.append((told, number))
        elif told.is_detailed and not self._kept[place][0].is_detailed:
            before = self._kept[place][1]
            self._same = {one: number if by == before else by for one, by in self._same.items()}
            self._same[before] = number
            self._kept[place] = (told, number)
        else:
            self._same[number] = self._kept[place][1]
        taken[place] += 1
        self._note(told, place)

    def _note(self, told: Told, place: int) -> None:
        indexes: list[tuple[dict[Hashable, list[int]], Hashable]] = [
            (self._by_payments, (told.common, told.payments))
        ]
        if told.reference:
            indexes.append((self._by_reference, (told.common, told.reference)))
        for index, key in indexes:
            if place not in index[key]:
                index[key].append(place)
