"""How much a timer takes of each community at once, and where it goes on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

#: Of so many communities at most something is taken at once: the smaller, the larger the share of each.
AT_ONCE_MAX_COUNT = 20


class Due(StrEnum):
    """What something's time has come for."""

    MATURITY = "maturity"
    EXPIRY = "expiry"
    RESERVATION = "reservation"
    WALLET_RESERVATION = "wallet_reservation"


class DueRows(NamedTuple):
    """The rows `l` of a table that are due by a column: its index begins with the community, and has no others.

    `indexed` is the index's condition, `also` one that it does not have. All are constants of the code.
    """

    due: Due
    table: str
    column: str
    indexed: str
    also: str = "true"


@dataclass(frozen=True, slots=True)
class Turn:
    """The communities whose turn it is, in order, and how many rows are taken of each at most."""

    communities: Sequence[str]
    share: int
    is_full: bool

    @property
    def ends_at(self) -> str | None:
        """After whom the next turn begins; None where nobody is left out, so that it does not matter."""
        return self.communities[-1] if self.is_full else None

    def may_leave_some(self, taken: Iterable[str]) -> bool:
        """Whether there may be more, by the communities of what was taken: of who had a whole share, or no turn.

        Where nothing was taken it is left to the next time.
        """
        counts = dict.fromkeys(self.communities, 0)
        for community in taken:
            counts[community] += 1
        return any(count >= self.share or (self.is_full and count) for count in counts.values())


def most_at_once(rows_max_count: int) -> int:
    """Of how many communities something is taken at once: never of more than rows are."""
    return min(AT_ONCE_MAX_COUNT, rows_max_count)


def turn_of(communities: Sequence[str], *, rows_max_count: int) -> Turn:
    """The turn of communities that something is due of: together they have no more rows than a piece."""
    share = rows_max_count // max(1, len(communities))
    return Turn(communities, share, is_full=len(communities) >= most_at_once(rows_max_count))
