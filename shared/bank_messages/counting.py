"""Which bookings are the same: one is in the day's report (camt.052), a notice (.054) and a statement (.053)."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from shared.bank_messages.statements import Entry

#: Entries of another status are told and not booked.
BOOKED = "BOOK"


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
    _kept: list[tuple[Entry, int]] = field(default_factory=list)
    _same: dict[int, int] = field(default_factory=dict)
    _number: int = 0

    def add(self, entries: Iterable[Entry]) -> list[int]:
        """Take the entries of one message; return the number that each has, from 0 on over all messages."""
        taken: Counter[int] = Counter()
        numbers = []
        for entry in entries:
            number, self._number = self._number, self._number + 1
            numbers.append(number)
            if entry.status == BOOKED:
                self._place(entry, number, taken)
        return numbers

    def same_as(self, number: int) -> int | None:
        """The number of the entry that counts in the place of this one; None when it counts itself."""
        return self._same.get(number)

    def _place(self, entry: Entry, number: int, taken: Counter[int]) -> None:
        common = (entry.account, entry.direction, entry.amount, entry.booked_on or entry.value_on)
        known = self._by_reference.get((common, entry.servicer_reference), []) if entry.servicer_reference else []
        if not known:
            known = [
                place
                for place in self._by_payments.get((common, _payments(entry)), [])
                if not (entry.servicer_reference and self._kept[place][0].servicer_reference)
            ]
        place = next((one for one in known if not taken[one]), None)
        if place is None:
            place = len(self._kept)
            self._kept.append((entry, number))
        elif entry.is_detailed and not self._kept[place][0].is_detailed:
            before = self._kept[place][1]
            self._same = {one: number if by == before else by for one, by in self._same.items()}
            self._same[before] = number
            self._kept[place] = (entry, number)
        else:
            self._same[number] = self._kept[place][1]
        taken[place] += 1
        self._note(entry, common, place)

    def _note(self, entry: Entry, common: Hashable, place: int) -> None:
        for index, key in (
            (self._by_reference, (common, entry.servicer_reference) if entry.servicer_reference else None),
            (self._by_payments, (common, _payments(entry))),
        ):
            if key is not None and place not in index[key]:
                index[key].append(place)


def _payments(entry: Entry) -> Hashable:
    """What tells an entry without a reference from others of its amount."""
    ids = tuple(one.end_to_end_id for one in entry.bookings)
    return ids if any(ids) else (None, entry.remittance)
