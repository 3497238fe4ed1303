"""Clawback policies: what becomes of points that were used before their award was taken back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from services.rewards.approvals.domain import Approval
from services.rewards.ledger.domain.entries import Owner, derived_id
from shared.contracts.fields import Timestamp, Uuid


class Treatment(StrEnum):
    """What becomes of points that were used, and that their award does not amount to any more."""

    #: The member owes them: what comes in pays them.
    OWE = "owe"
    #: The member keeps them where they are few, and owes them otherwise.
    KEEP_BELOW = "keep_below"
    #: The member keeps them.
    KEEP = "keep"


class UnknownClawbackPolicyError(Exception):
    """There is no such policy entry."""


class ClawbackPolicyPlace(NamedTuple):
    """Where an entry stands in the list of them: the newest first."""

    proposed_at: Timestamp
    policy_id: Uuid


@dataclass(frozen=True, slots=True)
class ClawbackPolicy:
    """What holds from a day on in the community's zone: proposed by one person, in force once another approved it.

    `below_points` belongs to KEEP_BELOW: fewer than so many are kept, of one taking back of one award.
    """

    community: str
    policy_id: str
    effective_from: date
    treatment: Treatment
    below_points: int | None
    approval: Approval

    @property
    def entry_id(self) -> str:
        """Its id."""
        return self.policy_id

    @property
    def fact_id(self) -> str:
        """The id of the fact that tells how it is now."""
        return derived_id(f"{self.community}|clawback policy|{self.policy_id}|{self.approval.state}")

    @property
    def place(self) -> ClawbackPolicyPlace:
        """Where it stands among the entries."""
        return ClawbackPolicyPlace(self.approval.proposed_at, self.policy_id)

    def kept_of(self, used: int) -> int:
        """How many of so many points their member keeps, which were used before they were taken back."""
        match self.treatment:
            case Treatment.KEEP:
                return used
            case Treatment.KEEP_BELOW if self.below_points is not None and used < self.below_points:
                return used
            case _:
                return 0


#: The policy in force of each community that has one.
Policies = Mapping[str, ClawbackPolicy]


class Clawback(NamedTuple):
    """That a transfer took back used points, how many of them are kept, and by which policy (None: none)."""

    community: str
    transfer_id: str
    policy_id: str | None
    used_points: int
    kept_points: int


class ClawedBack(NamedTuple):
    """A clawback, and whose award of which lot it took back."""

    clawback: Clawback
    earner: Owner
    award_id: str
