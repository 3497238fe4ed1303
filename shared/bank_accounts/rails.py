"""The rails that payouts leave by: one for each currency, between accounts of some countries.

Which rail a payout leaves by follows from its currency, so nobody chooses one that does not carry it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from shared.bank_accounts.countries import SEPA_COUNTRIES


@dataclass(frozen=True, slots=True)
class Rail:
    """A scheme of payments in `currency` between accounts whose IBANs begin with one of `countries`.

    With a `clearing` system its files name accounts as people there do, by sort code and account number.
    """

    title: str
    currency: str
    countries: frozenset[str]
    clearing: str | None = None

    @property
    def is_sepa(self) -> bool:
        """Whether it is the SEPA credit transfer, which files name and whose charges are shared by its rules."""
        return self.currency == "EUR"

    @property
    def where(self) -> str:
        """The countries of its accounts, as a sentence names them."""
        if self.is_sepa:
            return "SEPA"
        return " and ".join(SEPA_COUNTRIES[country].name for country in sorted(self.countries))


class DomesticAccount(NamedTuple):
    """An account as it is known within its country: the member of a clearing system, and a number there."""

    member: str
    number: str


RAILS: Final[Mapping[str, Rail]] = {
    rail.currency: rail
    for rail in (
        Rail("SEPA credit transfers", "EUR", frozenset(SEPA_COUNTRIES)),
        Rail("Swiss payments", "CHF", frozenset({"CH", "LI"})),
        # ISO 20022's ExternalClearingSystemIdentification1Code for United Kingdom sort codes.
        Rail("UK payments", "GBP", frozenset({"GB"}), clearing="GBDSC"),
    )
}


def why_not_payable_in(currency: str) -> str | None:
    """Why no bank file can be made in a currency; None when one can."""
    if currency in RAILS:
        return None
    known = ", ".join(f"{rail.title} in {rail.currency}" for rail in RAILS.values())
    return f"payouts leave as {known}; {currency} cannot be paid"


def why_not_reached(iban: str, currency: str) -> str | None:
    """Why no payout in a currency goes to, or leaves from, an account; None when one does."""
    rail = RAILS.get(currency)
    if rail is None:
        return why_not_payable_in(currency)
    if iban[:2] in rail.countries:
        return None
    return f"payouts in {currency} are between accounts in {rail.where}; this one is in {iban[:2]}"


def domestic(iban: str) -> DomesticAccount:
    """The sort code and account number in an IBAN of the United Kingdom: after its bank, 6 digits and 8."""
    return DomesticAccount(iban[8:14], iban[14:22])
