"""A draw's life: open for tickets, frozen at its end, drawn."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from shared.calendars import Calendar
from shared.contracts.draws import Lot, Ticket, commitment_of, digest_of, lot_of
from shared.contracts.programme import Draw as Declared


class DrawState(StrEnum):
    """What a draw can be."""

    OPEN = "open"
    FROZEN = "frozen"
    DRAWN = "drawn"


#: What may follow.
STEPS: Mapping[DrawState, DrawState] = {DrawState.OPEN: DrawState.FROZEN, DrawState.FROZEN: DrawState.DRAWN}


class UnknownDrawError(Exception):
    """There is no such draw."""


class NotFrozenError(Exception):
    """The draw takes tickets until `closes_at`."""

    def __init__(self, closes_at: datetime) -> None:
        super().__init__(closes_at)
        self.closes_at = closes_at


def closing(ends_on: date, calendar: Calendar) -> datetime:
    """When a last day is over, in the zone that the community has then as far as is known."""
    return calendar.start_of(ends_on + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw of a programme. What is not reached yet is None; nobody is shown the seed before it is drawn."""

    community: str
    draw_id: str
    title: str
    description: str
    reward_id: str
    winners_count: int
    closes_at: datetime
    state: DrawState
    seed: bytes
    frozen_at: datetime | None = None
    tickets_count: int | None = None
    tickets_sha256: str | None = None
    drawn_at: datetime | None = None
    ends_on: date | None = None

    @classmethod
    def declared(cls, community: str, said: Declared, *, calendar: Calendar, seed: bytes) -> "Draw":
        """A draw as a programme declares it, which takes tickets until its last day is over for the community."""
        ends_on = date.fromisoformat(said.ends)
        return cls(
            community,
            said.id,
            said.title,
            said.description,
            said.reward,
            said.winners,
            closing(ends_on, calendar),
            DrawState.OPEN,
            seed,
            ends_on=ends_on,
        )

    @property
    def commitment(self) -> str:
        """What everybody may see of the seed."""
        return commitment_of(self.seed)

    def frozen(self, tickets: Sequence[Ticket], *, now: datetime) -> "Draw":
        """The draw with its tickets fixed."""
        return replace(
            self,
            state=STEPS[self.state],
            frozen_at=now,
            tickets_count=len(tickets),
            tickets_sha256=digest_of(tickets),
        )

    def drawn(self, tickets: Sequence[Ticket], *, suspended: Collection[str], now: datetime) -> tuple["Draw", Lot]:
        """The draw once it is drawn, and who won: none of who is `suspended`. Raises NotFrozenError."""
        if self.state is not DrawState.FROZEN:
            raise NotFrozenError(self.closes_at)
        lot = lot_of(self.seed, tickets, self.winners_count, suspended=suspended)
        return replace(self, state=STEPS[self.state], drawn_at=now), lot


class Won(StrEnum):
    """What became of a prize; `suspended` is a ticket whose place went to the next."""

    GIVEN = "given"
    GONE = "gone"
    NOBODY = "nobody"
    SUSPENDED = "suspended"


class Winner(NamedTuple):
    """A ticket that won, whose it is, which prize, and what became of that."""

    place: int
    ticket_id: str
    member_id: str
    won: Won
    redemption_id: str | None = None
    member_name: str | None = None
