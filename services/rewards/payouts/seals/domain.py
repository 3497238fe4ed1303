"""Seals: one hash over everything that the approver of a run says yes to.

A seal is the SHA-256 of a JSON document in canonical form (RFC 8785): the run's terms and payer, and each payout
in the order of its id, by the names that the API gives them. docs/payouts.md shows how to compute one.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from services.rewards.bank_messages.domain import AS_EVER, BankAccount, Ordering
from services.rewards.payouts.domain import Payout, PayoutState, Traced
from services.rewards.rates.domain.exchange import Exchange

#: The form of the sealed document: another one gets another number, so that old seals stay what they are.
FORM = 1
#: The form of a run that was made under a payout policy, which is sealed with it.
FORM_WITH_POLICY = 2


class SealStep(StrEnum):
    """When a run's list is sealed: whenever it was computed, when its approval begins and has ended, and when its
    file was written."""

    COMPUTED = "computed"
    APPROVING = "approving"
    APPROVED = "approved"
    FILED = "filed"


#: Which payouts are in a list: those that ever reached this state, whatever became of them. What is sealed of them
#: never changes, so the seal of a list can be computed again at any time.
LISTED: Mapping[SealStep, PayoutState] = {
    SealStep.COMPUTED: PayoutState.ELIGIBLE,
    SealStep.APPROVING: PayoutState.ELIGIBLE,
    SealStep.APPROVED: PayoutState.RESERVED,
    SealStep.FILED: PayoutState.SUBMITTED,
}


#: The steps at which payouts are what was computed.
_AS_COMPUTED = (SealStep.COMPUTED, SealStep.APPROVING)


@dataclass(frozen=True, slots=True)
class SealedTerms:
    """What the approver of a run says yes to beside its payouts: who pays, by which terms, and when."""

    community: str
    run_id: str
    created_by: str
    programme_id: str
    programme_version: int
    payer: BankAccount
    currency: str
    points: int
    minor: int
    minimum_points: int
    execution_days: int
    ordering: Ordering = AS_EVER
    minimum_minor: int = 0
    holding_days: int = 0
    policy_id: str | None = None
    exchange: Exchange | None = None
    #: By which provider it is paid; None: by bank.
    provider: str | None = None

    @property
    def has_policy(self) -> bool:
        """Whether it has anything of a payout policy: of before there were any, nothing is sealed."""
        return bool(self.policy_id or self.minimum_minor or self.holding_days)


@dataclass(frozen=True, slots=True)
class Filed:
    """What a run's bank file was, without its content."""

    message_id: str
    sha256: str
    payment_count: int
    control_sum_minor: int
    execution_date: date


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal as it is stored: `value` is 64 hex digits."""

    community: str
    run_id: str
    step: SealStep
    value: str
    sealed_at: datetime
    sealed_by: str


class FileSums(NamedTuple):
    """The SHA-256 of a stored bank file, in hex: as its content is, and as it was noted with it."""

    content_sha256: str
    noted_sha256: str


@dataclass(frozen=True, slots=True)
class SealedRun:
    """A run as its rows are now (payouts in any order), and the newest seal of each step."""

    terms: SealedTerms
    payouts: Sequence[Traced]
    seals: Mapping[SealStep, Seal]
    file: FileSums | None = None
    #: Told with the rest, and not sealed: whether the run is of all members, since when it is there, whose it is.
    complete: bool = True
    created_at: datetime | None = None
    created_by_person: str | None = None
    #: Its seals do not count any more, because what was sealed could not be read back after a restore.
    given_up: bool = False

    @property
    def is_sealed(self) -> bool:
        """False for a run that was made before lists were sealed."""
        return bool(self.seals)

    def listed(self, step: SealStep) -> list[Payout]:
        """The payouts that the step's seal is about, as they were then: an approval may let one pay less."""
        listed = [traced.payout for traced in self.payouts if LISTED[step] in traced.reached]
        return [payout.as_computed() for payout in listed] if step in _AS_COMPUTED else listed

    def why_not(self, step: SealStep) -> str | None:
        """Why the rows do not fit the seal of a step; None when they do, or when it has none."""
        seal = self.seals.get(step)
        if step == SealStep.FILED and self.file is not None and self.file.content_sha256 != self.file.noted_sha256:
            return "the content of its bank file is not what was written"
        if seal is None:
            return None
        file_sha256 = self.file.content_sha256 if self.file and step == SealStep.FILED else None
        if seal.value != seal_of(self.terms, self.listed(step), file_sha256=file_sha256):
            return f"it does not fit the seal of when it was {step}"
        return None


def seal_of(terms: SealedTerms, payouts: Iterable[Payout], *, file_sha256: str | None = None) -> str:
    """The seal of payouts, given in any order, and of their bank file once it is written; 64 hex digits."""
    document: dict[str, Any] = {
        "form": FORM_WITH_POLICY if terms.has_policy else FORM,
        "run_id": terms.run_id,
        "created_by": terms.created_by,
        "programme_id": terms.programme_id,
        "programme_version": terms.programme_version,
        "payer": {"name": terms.payer.name, "iban": terms.payer.iban, "bic": terms.payer.bic},
        "currency": terms.currency,
        "points": terms.points,
        "minor": terms.minor,
        "minimum_points": terms.minimum_points,
        "execution_days": terms.execution_days,
        "payouts": [_sealed(payout) for payout in sorted(payouts, key=lambda payout: payout.payout_id)],
        "file_sha256": file_sha256,
    }
    if terms.has_policy:
        document |= {
            "policy_id": terms.policy_id,
            "minimum_minor": terms.minimum_minor,
            "holding_days": terms.holding_days,
        }
    if terms.ordering.said:  # seals of runs that are ordered as ever stay what they are
        document["ordering"] = terms.ordering.said
    if terms.exchange is not None:
        document["exchange"] = terms.exchange.said
    if terms.provider is not None:
        document["provider"] = terms.provider
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _sealed(payout: Payout) -> dict[str, Any]:
    payee = payout.payee
    # Seals of payees who ask for no reference stay what they are.
    asked = {"payee_reference": payee.reference} if payee and payee.reference else {}
    if payout.receiver_id is not None:
        asked["receiver_id"] = payout.receiver_id
    return asked | {
        "payout_id": payout.payout_id,
        "run_id": payout.run_id,
        "member_id": payout.member_id,
        "points": payout.points,
        "amount_minor": payout.amount_minor,
        "currency": payout.currency,
        "end_to_end_id": payout.end_to_end_id,
        "payee_name": payee.name if payee else None,
        "iban": payee.iban if payee else None,
        "bic": payee.bic if payee else None,
    }
