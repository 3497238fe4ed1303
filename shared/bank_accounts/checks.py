"""Reading an account as people write it, or saying what is wrong with it, field by field."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from unicodedata import name as character_name

from schwifty import BIC, IBAN
from schwifty.exceptions import InvalidChecksumDigits, InvalidCountryCode, InvalidLength, SchwiftyException

from shared.bank_accounts.clearing import clearing_of, why_not_in_clearing
from shared.bank_accounts.countries import BIC_COUNTRIES, CHECKED_ON, OTHER_COUNTRIES, SEPA_COUNTRIES
from shared.bank_accounts.names import NAME_MAX_CHARS, UnwritableNameError, sepa_text
from shared.bank_accounts.references import is_qr_iban, why_not_reference
from shared.contracts.texts import account_number, label

MASK_SHOWN_CHARS = 4
#: Shorter than this, the ends would be all of it.
_MASKED_MIN_CHARS = 12
_SHOWN_MAX_CHARS = 20
_NOT_IN_NUMBERS = re.compile(r"[^A-Z0-9]")


class Account(NamedTuple):
    """Whose account: name as people see it, the others in electronic form; the BIC where it is known.

    `iban` is an account of a clearing system where its country has no IBANs. `reference` is what its holder asks
    payers to say.
    """

    name: str
    iban: str
    bic: str | None
    reference: str | None = None


class AccountError(ValueError):
    """An account that a bank would not take; `reasons` says why, by field: name, iban, bic or reference."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("; ".join(reasons.values()))
        self.reasons = reasons


def masked(iban: str) -> str:
    """An IBAN, or what was meant to be one, of which only the ends can be read."""
    if len(iban) < _MASKED_MIN_CHARS:
        return f"{iban[: min(MASK_SHOWN_CHARS, len(iban) // 2)]}…"
    return f"{iban[:MASK_SHOWN_CHARS]}…{iban[-MASK_SHOWN_CHARS:]}"


def read_account(
    name: str,
    iban: str,
    bic: str | None,
    *,
    reference: str | None = None,
    show: Callable[[str], str] = masked,
) -> Account:
    """The account, without what nobody sees in it; `show` writes the IBAN into what is said of it.

    Raises AccountError when a bank would not take it.
    """
    account = Account(
        label(name),
        account_number(iban),
        None if bic is None else account_number(bic),
        account_number(reference or "") or None,
    )
    reasons = {
        "name": _why_not_name(account.name),
        "iban": _why_not_iban(account.iban, show(account.iban), has_reference=account.reference is not None),
        "bic": None if account.bic is None else _why_not_bic(account.bic, account.iban[:2]),
        "reference": account.reference and why_not_reference(account.reference, account.iban),
    }
    found = {field: reason for field, reason in reasons.items() if reason is not None}
    if found:
        raise AccountError(found)
    return account


def bic_question(account: Account) -> str | None:
    """What is asked about a BIC of another country than the IBAN's; None when they belong together."""
    if account.bic is None:
        return None
    country, bank = account.iban[:2], account.bic[4:6]
    known = SEPA_COUNTRIES.get(country)
    if bank == country or (known is not None and bank in known.others):
        return None
    return f"the bank {account.bic} is in {bank}, and the account {masked(account.iban)} in {country}"


def is_country(code: str) -> bool:
    """Whether two letters are the code of a country (ISO 3166)."""
    try:
        BIC(f"AAAA{code}AA")
    except SchwiftyException:
        return False
    return True


def why_not_in_address(text: str) -> str | None:
    """Why a text of an address cannot be written for a bank; None when it can."""
    try:
        sepa_text(text, NAME_MAX_CHARS)
    except UnwritableNameError as error:
        return f"{error}; write it in Latin letters"
    return None


def _why_not_name(name: str) -> str | None:
    try:
        sepa_text(name, NAME_MAX_CHARS)
    except UnwritableNameError as error:
        return f"{error}; give the name in Latin letters"
    return None


def _why_not_iban(iban: str, shown: str, *, has_reference: bool) -> str | None:
    """What is wrong with an account: how it is written or built, or that no payout gets to its country."""
    reason = _why_not_characters(iban, shown, "IBAN")
    if reason is None and clearing_of(iban) is not None:
        return why_not_in_clearing(iban, shown)
    reason = reason or _why_not_built(iban, shown)
    if reason is None and is_qr_iban(iban) and not has_reference:
        return (
            f"{shown} is a QR-IBAN, which takes payments with a QR reference alone, and there is none here: the "
            "account has another IBAN, without one"
        )
    if reason is None and iban[:2] not in SEPA_COUNTRIES and iban[:2] not in OTHER_COUNTRIES:
        return f"{shown} is in {iban[:2]}, which is outside of SEPA as of {CHECKED_ON}; no payout gets there"
    return reason


def _why_not_built(iban: str, shown: str) -> str | None:
    """What is wrong with an IBAN's country, length, structure or check digits (ISO 13616)."""
    country = iban[:2]
    try:
        IBAN(iban)
    except InvalidCountryCode:
        return f"no IBAN begins with {country}, as {shown} does; is a letter wrong?"
    except InvalidLength:
        length = IBAN(iban, allow_invalid=True).spec.iban_length
        return f"an IBAN of {country} has {length} characters; {shown} has {len(iban)}"
    except InvalidChecksumDigits:
        return f"the check digits of the IBAN {shown} do not fit; is a digit wrong?"
    except SchwiftyException:
        return f"{shown} is not built as an IBAN of {country} is; is a letter or a digit wrong?"
    return None


def _why_not_bic(bic: str, country: str) -> str | None:
    """What is wrong with a BIC (ISO 9362) of an account in a country."""
    shown = bic if len(bic) <= _SHOWN_MAX_CHARS else f"{bic[:_SHOWN_MAX_CHARS]}…"
    reason = _why_not_characters(bic, shown, "BIC")
    if reason is not None:
        return reason
    try:
        BIC(bic)
    except InvalidCountryCode:
        return f"the BIC {shown} names the country {bic[4:6]}, which is none that payouts go to"
    except SchwiftyException:
        return (
            f"{shown} is not built as a BIC is: 4 characters for the bank, 2 letters for the country, 2 for the "
            "place, and 3 for the branch or none, such as COBADEFFXXX"
        )
    if bic[4:6] not in BIC_COUNTRIES and not (bic[4:6] == country and country in OTHER_COUNTRIES):
        return (
            f"the bank {shown} is in {bic[4:6]}, which is outside of SEPA as of {CHECKED_ON}; no payout gets there"
        )
    return None


def _why_not_characters(text: str, shown: str, what: str) -> str | None:
    if not text:
        return f"there is no {what} here: nothing is left without blanks and what nobody sees"
    other = _NOT_IN_NUMBERS.search(text)
    if other is None:
        return None
    called = character_name(other[0], f"U+{ord(other[0]):04X}")
    return f"{shown} has a character that no {what} has, {called}; letters A to Z and digits alone"
