"""What is set aside of a wallet for one cause, and what becomes of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from services.rewards.ledger.domain.entries import derived_id
from services.rewards.wallets.domain.wallets import Move, MoveKind, UsedFor, WalletActor, WalletRefusedError


class UnknownReservationError(Exception):
    """Nothing is reserved of a wallet under that id."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """So much of a wallet that is set aside for one cause, and what became of it; `moves` counts its moves."""

    community: str
    reservation_id: str
    wallet_id: str
    used_for: UsedFor
    amount: int
    created_at: datetime
    expires_at: datetime | None = None
    posted: int = 0
    voided: int = 0
    refunded: int = 0
    moves: int = 1

    @property
    def left(self) -> int:
        """What is still set aside."""
        return self.amount - self.posted - self.voided

    @property
    def net(self) -> int:
        """What it spent and did not get back."""
        return self.posted - self.refunded

    def moved(self, kind: MoveKind, amount: int) -> "Reservation":
        """It after a move.

        Raises WalletRefusedError when there is not as much to spend or give back.
        """
        there = self.net if kind is MoveKind.REFUND else self.left
        if not 0 < amount <= there:
            raise WalletRefusedError(f"{amount} cannot be moved of {there} that are there")
        counted = replace(self, moves=self.moves + 1)
        match kind:
            case MoveKind.POST:
                return replace(counted, posted=self.posted + amount)
            case MoveKind.VOID:
                return replace(counted, voided=self.voided + amount)
            case MoveKind.REFUND:
                return replace(counted, refunded=self.refunded + amount)
            case _:
                raise WalletRefusedError(f"a reservation knows no {kind}")

    def move(self, kind: MoveKind, amount: int, *, by: WalletActor, now: datetime) -> Move:
        """The move that brought it to where it is."""
        return Move(
            self.community,
            derived_id(f"{self.community}|wallet move|{self.reservation_id}|{self.moves}"),
            kind,
            self.wallet_id,
            amount,
            now,
            by,
            reservation_id=self.reservation_id,
            used_for=self.used_for,
        )


class Settling(NamedTuple):
    """What becomes of a reservation: `amount` of it, or (None) all that is left, is spent, freed or comes back."""

    community: str
    reservation_id: str
    kind: MoveKind
    amount: int | None = None
