"""By what a programme pays, and in what: each rail has runs of its own."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from services.rewards.programmes.domain import InForce
from services.rewards.providers.domain.contract import PAYING_OUT, ProviderName
from services.rewards.rates.domain.converting import NoRateError
from services.rewards.rates.domain.policies import NoRatePolicyError, RateMovedError, StaleRatesError
from shared.contracts.programme import PayingAccount
from shared.contracts.programme import PayoutTerms as ProgrammeTerms


class NoPayableTermsError(Exception):
    """The programme in force has no payout terms that a bank file can be made of; the message says what to do."""


#: What may be wrong with a rail while the others are right.
NOT_MADE = (NoPayableTermsError, NoRatePolicyError, StaleRatesError, NoRateError, RateMovedError)


class Rail(NamedTuple):
    """By a provider, or by bank where that is None, in a currency."""

    provider: ProviderName | None
    currency: str


class Chosen(NamedTuple):
    """By what a member with points wants to be paid: a provider, or by bank in a currency (None: the price's)."""

    provider: ProviderName | None
    currency: str | None


def payable_terms(in_force: InForce | None) -> tuple[InForce, ProgrammeTerms]:
    """The programme in force and what it says of payouts. Raises NoPayableTermsError where it says nothing."""
    payout = in_force.rewards.payout if in_force else None
    if in_force is None or payout is None:
        raise NoPayableTermsError(
            "The programme in force has no `rewards.payout`: publish a version that says what points are worth"
        )
    return in_force, payout


def currencies_of(payout: ProgrammeTerms) -> list[str]:
    """The currencies that a programme pays in, that of its price first."""
    return [payout.currency, *(other.currency for other in payout.also)]


def paying_account(payout: ProgrammeTerms, currency: str) -> PayingAccount:
    """The account that pays in a currency. Raises NoPayableTermsError when the programme has none."""
    if currency == payout.currency:
        return payout.paying_account
    for other in payout.also:
        if other.currency == currency:
            return other.paying_account
    paid = ", ".join(currencies_of(payout))
    raise NoPayableTermsError(
        f"The programme in force pays in {paid}, and not in {currency}: `rewards.payout.also`"
    )


def rails_of(payout: ProgrammeTerms) -> list[Rail]:
    """All rails of a programme: by bank in the currency of its price, in its others, then by each provider."""
    by_bank = [Rail(None, currency) for currency in currencies_of(payout)]
    return by_bank + [Rail(provider, payout.currency) for provider in sorted(PAYING_OUT)]


def wanted(rails: Sequence[Rail], chosen: Collection[Chosen]) -> list[Rail]:
    """Those rails that somebody chose, and the first: of that is everybody who chose nothing."""
    by_provider = {choice.provider for choice in chosen}
    by_bank = {choice.currency for choice in chosen if choice.provider is None}
    return [
        rail
        for rail in rails
        if rail == rails[0]
        or (rail.currency in by_bank if rail.provider is None else rail.provider in by_provider)
    ]


def why_not_made(error: Exception) -> str:
    """What is wrong with a rail, by one of NOT_MADE, in words for who can put it right."""
    match error:
        case NoRatePolicyError():
            return f"on {error.day.isoformat()} {error}: a policy of rates has to be proposed and approved"
        case StaleRatesError(day=None):
            return "there is no file of rates yet"
        case StaleRatesError():
            return f"the rates are of {error.day}: the policy takes none older than {error.max_age_days} days"
        case NoRateError():
            return f"{error.currency}: {error}"
        case RateMovedError():
            return f"the rate of {error.currency} is further from the policy's than that allows"
    return str(error)
