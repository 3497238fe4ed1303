"""How the links of lineage are looked at one after the other: which, and from where on."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, NamedTuple

#: What must never be otherwise, as its metric names it.
LOTS_HAVE_AWARDS: Final = "lots_have_awards"
#: Topics do not wait for one another: a link may be missing for so long before that is wrong.
ARRIVES_WITHIN: Final = timedelta(hours=1)


class Link(StrEnum):
    """Lots that lead to an award: the table that has them."""

    PAYOUT_LOTS = "payout_lots"
    REDEMPTION_LOTS = "redemption_lots"


class LotKey(NamedTuple):
    """A lot of a payout or redemption, in the order of its table."""

    community: str
    id: str
    part: int
    position: int


FIRST: Final = LotKey("", "00000000-0000-0000-0000-000000000000", 0, 0)


@dataclass(frozen=True, slots=True)
class Watch:
    """How far the looking is: in which table, after which lot, and how many rounds are over."""

    link: Link
    after: LotKey
    rounds: int

    def reached(self, end: LotKey | None) -> "Watch":
        """Where it goes on once it has looked up to `end`; None: to the end of the table."""
        if end is not None:
            return Watch(self.link, end, self.rounds)
        if self.link is Link.PAYOUT_LOTS:
            return Watch(Link.REDEMPTION_LOTS, FIRST, self.rounds)
        return Watch(Link.PAYOUT_LOTS, FIRST, self.rounds + 1)
