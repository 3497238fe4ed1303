"""How much a timer takes of each community at once, and where it goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.rewards.ledger.domain.entries import Owner

#: Of so many communities at most something is taken at once: the smaller, the larger the share of each.
AT_ONCE_MAX_COUNT = 20


class Due(StrEnum):
    """What a lot's time has come for."""

    MATURITY = "maturity"
    EXPIRY = "expiry"


@dataclass(frozen=True, slots=True)
class Turn:
    """The communities whose turn it is, in order, and how many lots are taken of each at most."""

    communities: Sequence[str]
    share: int
    is_full: bool

    @property
    def ends_at(self) -> str | None:
        """After whom the next turn begins; None where nobody is left out, so that it does not matter."""
        return self.communities[-1] if self.is_full else None


def most_at_once(lots_max_count: int) -> int:
    """Of how many communities something is taken at once: never of more than lots are."""
    return min(AT_ONCE_MAX_COUNT, lots_max_count)


def turn_of(communities: Sequence[str], *, lots_max_count: int) -> Turn:
    """The turn of communities that something is due of: together they have no more lots than a piece."""
    share = lots_max_count // max(1, len(communities))
    return Turn(communities, share, is_full=len(communities) >= most_at_once(lots_max_count))


@dataclass(frozen=True, slots=True)
class Piece:
    """The lots of a turn, by who holds them, and whether anything may be left."""

    awards: Mapping[Owner, Sequence[str]]
    may_be_more: bool


def piece_of(turn: Turn, awards: Mapping[Owner, Sequence[str]]) -> Piece:
    """What was taken in a turn: there may be more of who had a whole share, and of those whose turn it was not."""
    taken = dict.fromkeys(turn.communities, 0)
    for owner, found in awards.items():
        taken[owner.community] += len(found)
    return Piece(awards, turn.is_full or any(count >= turn.share for count in taken.values()))
