"""What two people let pass that a check of payouts keeps back."""

from dataclasses import dataclass
from typing import NamedTuple

from services.rewards.approvals.domain import Approval, ApprovalState
from services.rewards.payouts.findings.domain import Check
from shared.contracts.fields import Timestamp, Uuid


class UnknownClearanceError(Exception):
    """There is no such clearance."""


class NothingToClearError(Exception):
    """The check keeps nothing of the payout back; the message says why."""


class ClearancePlace(NamedTuple):
    """Where a clearance stands in the list of them: the newest first."""

    proposed_at: Timestamp
    clearance_id: Uuid


@dataclass(frozen=True, slots=True)
class ClearanceFilter:
    """Which clearances: None for all."""

    state: ApprovalState | None = None
    member_id: str | None = None


@dataclass(frozen=True, slots=True)
class Clearance:
    """That a check lets a member pass, and whoever is one person with them, once another person approved it.

    It began with a payout, and holds for as long as what was found has this `basis`: the same country, year or
    account. `reason` is empty once the member was erased.
    """

    community: str
    clearance_id: str
    member_id: str
    payout_id: str
    check: Check
    basis: str
    reason: str
    approval: Approval

    @property
    def place(self) -> ClearancePlace:
        """Where it stands among the others."""
        return ClearancePlace(self.approval.proposed_at, self.clearance_id)
