"""The rails that payouts leave by: one for each currency, between accounts of some countries.

Which rail a payout leaves by follows from its currency, so nobody chooses one that does not carry it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.bank_accounts.countries import OTHER_COUNTRIES, SEPA_COUNTRIES
from shared.bank_accounts.references import is_qr_iban


@dataclass(frozen=True, slots=True)
class Rail:
    """A scheme of payments in `currency` between accounts that begin with one of `countries`, as IBANs do.

    With a `clearing` system its files name accounts as people there do: by sort code, routing number, or bank and
    branch, and by the account's number. `service` is the service level that its files ask for.
    """

    title: str
    currency: str
    countries: frozenset[str]
    clearing: str | None = None
    service: str | None = None

    @property
    def is_sepa(self) -> bool:
        """Whether it is the SEPA credit transfer, which files name and whose charges are shared by its rules."""
        return self.currency == "EUR"

    @property
    def where(self) -> str:
        """The countries of its accounts, as a sentence names them."""
        if self.is_sepa:
            return "SEPA"
        names = {code: country.name for code, country in SEPA_COUNTRIES.items()} | dict(OTHER_COUNTRIES)
        return " and ".join(names[country] for country in sorted(self.countries))


RAILS: Final[Mapping[str, Rail]] = {
    rail.currency: rail
    for rail in (
        Rail("SEPA credit transfers", "EUR", frozenset(SEPA_COUNTRIES), service="SEPA"),
        Rail("Swiss payments", "CHF", frozenset({"CH", "LI"})),
        # ISO 20022's ExternalClearingSystemIdentification1Code for United Kingdom sort codes.
        Rail("UK payments", "GBP", frozenset({"GB"}), clearing="GBDSC"),
        # Not urgent: the automated clearing house, and no wire.
        Rail("US payments", "USD", frozenset({"US"}), clearing="USABA", service="NURG"),
        Rail("Japanese payments", "JPY", frozenset({"JP"}), clearing="JPZGN"),
        Rail("Kuwaiti payments", "KWD", frozenset({"KW"})),
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
    if is_qr_iban(iban) and currency != "CHF":
        return f"a QR-IBAN takes payments of QR bills, in CHF; payouts in {currency} do not get there"
    if iban[:2] in rail.countries:
        return None
    return f"payouts in {currency} are between accounts in {rail.where}; this one is in {iban[:2]}"


def only_currency(iban: str) -> str | None:
    """The currency of the one rail that reaches an account outside of SEPA; None within, where several may."""
    found = [rail.currency for rail in RAILS.values() if iban[:2] in rail.countries]
    return found[0] if iban[:2] not in SEPA_COUNTRIES and len(found) == 1 else None
