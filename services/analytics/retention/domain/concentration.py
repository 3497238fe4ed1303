"""On how few members a month's activity rests, from how many members have how many events."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import Final

TOP: Final = (Fraction(1, 100), Fraction(1, 10))


@dataclass(frozen=True, slots=True)
class Concentration:
    """How many members have each number of events, above zero."""

    members_by_events: Mapping[int, int] = field(default_factory=dict)

    @property
    def members(self) -> int:
        """Active members."""
        return sum(self.members_by_events.values())

    @property
    def events(self) -> int:
        """All of them."""
        return sum(number * members for number, members in self.members_by_events.items())

    @property
    def absence_factor(self) -> int | None:
        """The fewest members with half of the events or more (CHAOSS); None where there are none."""
        half, reached, so_many = Fraction(self.events, 2), 0, 0
        for number, members in self._most_first():
            if reached + number * members >= half:
                return so_many + ceil((half - reached) / number)
            reached += number * members
            so_many += members
        return None

    def of_top(self, share: Fraction) -> int:
        """Events of the most active: that share of the members, rounded up."""
        left, found = ceil(share * self.members), 0
        for number, members in self._most_first():
            taken = min(left, members)
            found += number * taken
            left -= taken
        return found

    def _most_first(self) -> Iterator[tuple[int, int]]:
        return iter(sorted(self.members_by_events.items(), reverse=True))


NOTHING: Final = Concentration()
