"""What a payout policy says."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.rewards.approvals.domain import Approval
from shared.contracts.fields import Timestamp, Uuid

HOLDING_MAX_DAYS = 90
COUNTRIES_MAX_COUNT = 250
AGE_MAX_YEARS = 150


class UnknownPayoutPolicyError(Exception):
    """There is no such policy entry."""


class PayoutPolicyPlace(NamedTuple):
    """Where a policy entry stands in the list of them: the newest first."""

    proposed_at: Timestamp
    policy_id: Uuid


class TaxFormRule(NamedTuple):
    """Above so much in a year, in minor units, who has an account in a country needs a tax form on file."""

    country: str
    above_minor: int


@dataclass(frozen=True, slots=True)
class PayoutPolicyTerms:
    """What a policy says of payouts in a currency, from `effective_from` on in the community's zone.

    Points are paid `holding_days` after they were earned, and payouts made from `minimum_minor` on. `countries`
    are those in which a payee's account may be; None for all. Of what a person was paid in a year,
    `warn_above_minor` is where finance is told, and `stop_above_minor` where payouts wait; None for neither.
    With `stops_shared_accounts` payouts wait to an account of several persons, or the payer's. `tax_forms` say, by
    the account's country, above which total of a year a payout waits without a tax form on file; `minimum_age` is
    how old (years) somebody has to be, as finance attests; None for any age.
    """

    effective_from: date
    currency: str
    holding_days: int = 0
    minimum_minor: int = 0
    countries: tuple[str, ...] | None = None
    warn_above_minor: int | None = None
    stop_above_minor: int | None = None
    stops_shared_accounts: bool = False
    tax_forms: tuple[TaxFormRule, ...] = ()
    minimum_age: int | None = None

    @property
    def counts_years(self) -> bool:
        """Whether it asks what a person was paid in a year."""
        return self.warn_above_minor is not None or self.stop_above_minor is not None or bool(self.tax_forms)

    @property
    def asks_what_is_on_file(self) -> bool:
        """Whether it asks what finance attested of who is paid."""
        return bool(self.tax_forms) or self.minimum_age is not None


@dataclass(frozen=True, slots=True)
class PayoutPolicy:
    """A policy entry: proposed by one person, and in force once another approved it."""

    community: str
    policy_id: str
    terms: PayoutPolicyTerms
    approval: Approval

    @property
    def place(self) -> PayoutPolicyPlace:
        """Where it stands among the entries."""
        return PayoutPolicyPlace(self.approval.proposed_at, self.policy_id)
