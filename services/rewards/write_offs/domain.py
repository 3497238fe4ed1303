"""Write-offs: what of a member's debt is given up by two people, and when it is owed again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.rewards.approvals.domain import Approval, ApprovalState
from services.rewards.ledger.domain.entries import (
    Entry,
    Owner,
    Transfer,
    community_account,
    derived_id,
    member_account,
    transfer_id,
)
from shared.contracts.fields import Timestamp, Uuid

WRITTEN_OFF, OWED_AGAIN = "debt_written_off", "debt_owed_again"


class UnknownWriteOffError(Exception):
    """There is no such write-off."""

    def __init__(self, write_off_id: str) -> None:
        super().__init__(f"there is no write-off {write_off_id}")
        self.write_off_id = write_off_id


class WriteOffRefusedError(Exception):
    """It cannot be proposed or booked; the message says why."""


class WriteOffPlace(NamedTuple):
    """Where a page of write-offs ended."""

    proposed_at: Timestamp
    write_off_id: Uuid


@dataclass(frozen=True, slots=True)
class WriteOff:
    """That a member's debt of at most so many points is written off, or one that was (`reverses`) is owed again.

    `booked_points` is what was booked when another person approved it: no more than was owed, or left of it, then.
    """

    community: str
    write_off_id: str
    member_id: str
    points: int
    reason: str
    reverses: str | None
    approval: Approval
    booked_points: int | None = None

    @property
    def place(self) -> WriteOffPlace:
        """Where it stands among those of its community."""
        return WriteOffPlace(self.approval.proposed_at, self.write_off_id)

    @property
    def owner(self) -> Owner:
        """Whose debt it is."""
        return Owner(self.community, self.member_id)

    @property
    def kind(self) -> str:
        """The kind of transfer that books it."""
        return WRITTEN_OFF if self.reverses is None else OWED_AGAIN

    @property
    def transfer_id(self) -> str:
        """The transfer that books it."""
        return transfer_id(self.write_off_id, self.kind)

    def transfer(self) -> Transfer:
        """What is booked when it was decided."""
        amends = None if self.reverses is None else transfer_id(self.reverses, WRITTEN_OFF)
        at = self.approval.decided_at or self.approval.proposed_at
        return Transfer(self.community, self.transfer_id, self.kind, self.write_off_id, at, amends)

    @property
    def fact_id(self) -> str:
        """The id of the fact that tells how it is now."""
        return derived_id(f"{self.community}|write-off|{self.write_off_id}|{self.approval.state}")

    def entries(self, points: Mapping[Owner, int]) -> list[Entry]:
        """The entries of so many points on the accounts of each who holds them."""
        return written_off_entries(self.transfer(), points, is_owed_again=self.reverses is not None)

    def check_reversible(self) -> None:
        """Check that it can be owed again. Raises WriteOffRefusedError when it is not booked, or is that."""
        if self.reverses is not None:
            raise WriteOffRefusedError("It has a debt owed again: propose to write that off anew")
        if self.approval.state is not ApprovalState.APPROVED:
            raise WriteOffRefusedError(f"It is {self.approval.state}: nothing of it is written off")


def check_owed(points: int, debt: int) -> None:
    """Check that so many points can be written off of a debt. Raises WriteOffRefusedError when fewer are owed."""
    if debt <= 0:
        raise WriteOffRefusedError("This member owes no points")
    if points > debt:
        raise WriteOffRefusedError(f"This member owes {debt} points, and not {points}")


def written_off_entries(transfer: Transfer, points: Mapping[Owner, int], *, is_owed_again: bool) -> list[Entry]:
    """The entries by which holders are let off so many points each, or owe them again."""
    sign = -1 if is_owed_again else 1
    written_off = community_account(transfer.community, "debts_written_off")
    return [
        Entry(transfer.transfer_id, written_off, -sign * sum(points.values())),
        *(Entry(transfer.transfer_id, member_account(one, "available"), sign * points[one]) for one in points),
    ]


def kept_transfer_id(amendment_id: str) -> str:
    """The transfer that books apart what a member keeps of points that an amendment's transfer took back."""
    return transfer_id(amendment_id, "kept")


def kept_transfer(community: str, amendment_id: str, *, award_id: str, at: datetime) -> Transfer:
    """What books that a member keeps points, where the amendment that took them back was booked without it."""
    return Transfer(community, kept_transfer_id(amendment_id), WRITTEN_OFF, award_id, at, amendment_id)


def lots_fact_id(write_off: WriteOff, part: int) -> str:
    """The id of the fact that tells a part of the lots of a write-off."""
    return derived_id(f"{write_off.community}|write-off lots|{write_off.write_off_id}|{part}")
