"""Which bookings are the same: one is in the day's report (camt.052), a notice (.054) and a statement (.053)."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
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
class _Kept:
    """What counts in a place: the entry, its number, and the keys by which the place is found."""

    told: Told
    number: int
    keys: set[Hashable] = field(default_factory=set)


@dataclass
class _Taken:
    """The places that entries of one message have taken.

    How far the places of a key are taken is noted: a file of 100,000 bookings that are all alike is read once.
    """

    places: set[int] = field(default_factory=set)
    _upto: dict[Hashable, int] = field(default_factory=dict)

    def next_of(
        self, key: Hashable, places: Sequence[int], but: Callable[[int], bool] | None = None
    ) -> int | None:
        """The first of a key's places that is not taken; `but` says which are none of them."""
        upto = self._upto.get(key, 0)
        while upto < len(places) and (places[upto] in self.places or (but is not None and but(places[upto]))):
            upto += 1
        self._upto[key] = upto
        return places[upto] if upto < len(places) else None


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
    _kept: list[_Kept] = field(default_factory=list)
    _places: dict[int, int] = field(default_factory=dict)
    _number: int = 0

    def add(self, entries: Iterable[Told]) -> list[int]:
        """Take the entries of one message; return the number that each has, from 0 on over all messages."""
        taken = _Taken()
        numbers = []
        for told in entries:
            number, self._number = self._number, self._number + 1
            numbers.append(number)
            if told.is_booked:
                self._place(told, number, taken)
        return numbers

    def same_as(self, number: int) -> int | None:
        """The number of the entry that counts in the place of this one; None when it counts itself."""
        place = self._places.get(number)
        if place is None:
            return None
        counting = self._kept[place].number
        return None if counting == number else counting

    def _place(self, told: Told, number: int, taken: _Taken) -> None:
        place = self._free(told, taken)
        if place is None:
            place = len(self._kept)
            self._kept.append(_Kept(told, number))
        elif told.is_detailed and not self._kept[place].told.is_detailed:
            self._kept[place].told, self._kept[place].number = told, number
        self._places[number] = place
        taken.places.add(place)
        self._note(told, place)

    def _free(self, told: Told, taken: _Taken) -> int | None:
        """The first that is the same, and that no entry of the message is the same as yet."""
        if told.reference:
            key: Hashable = (told.common, told.reference)
            if key in self._by_reference:
                return taken.next_of(key, self._by_reference[key])
        key = (told.common, told.payments, bool(told.reference))
        places = self._by_payments.get((told.common, told.payments), ())
        if not told.reference:
            return taken.next_of(key, places)
        return taken.next_of(key, places, but=lambda place: bool(self._kept[place].told.reference))

    def _note(self, told: Told, place: int) -> None:
        kept = self._kept[place]
        indexes: list[tuple[dict[Hashable, list[int]], Hashable]] = [
            (self._by_payments, (told.common, told.payments))
        ]
        if told.reference:
            indexes.append((self._by_reference, (told.common, told.reference)))
        for index, key in indexes:
            if key not in kept.keys:
                kept.keys.add(key)
                index[key].append(place)
