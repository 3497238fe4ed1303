"""Bank details: what of them a SEPA bank takes."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException

from services.rewards.bank_messages.domain import NAME_MAX_CHARS, BankAccount, UnwritableNameError, sepa_text
from services.rewards.payouts.domain import Actor, PayeeSet
from shared.contracts.fields import Count

IBAN_SHOWN_CHARS = 4


@dataclass(frozen=True, slots=True)
class BankDetails:
    """An account as a person writes it."""

    name: str
    iban: str
    bic: str | None


class PayeePlace(NamedTuple):
    """Where a page of a member's bank details ended, newest first."""

    revision: Count


@dataclass(frozen=True, slots=True)
class Payee:
    """Where a member's money goes, and who said so; `revision` counts from 1, and the highest is what counts."""

    community: str
    member_id: str
    account: BankAccount
    changed_at: datetime
    changed_by: Actor
    revision: int = 1

    @property
    def as_set(self) -> PayeeSet:
        """What a payout copies beside the account."""
        return PayeeSet(self.revision, self.changed_at, self.changed_by)

    @property
    def bank_name(self) -> str:
        """The name as it stands in a bank file."""
        return sepa_text(self.account.name, NAME_MAX_CHARS)


def masked(iban: str) -> str:
    """An IBAN of which only its ends can be read."""
    shown = iban[:IBAN_SHOWN_CHARS], iban[-IBAN_SHOWN_CHARS:]
    return f"{shown[0]}…{shown[1]}"


class NoBankDetailsError(Exception):
    """A member has no bank details."""

    def __init__(self, member_id: str) -> None:
        super().__init__(f"member {member_id} has no bank details")
        self.member_id = member_id


class InvalidBankDetailsError(Exception):
    """Details that a SEPA bank would not take; `reasons` says why, by field."""

    def __init__(self, reasons: dict[str, str]) -> None:
        super().__init__("the bank details are not valid")
        self.reasons = reasons


def checked(details: BankDetails) -> BankAccount:
    """The account with IBAN and BIC in electronic form.

    Raises InvalidBankDetailsError when a SEPA bank would not take it.
    """
    reasons = {}
    iban = bic = None
    try:
        sepa_text(details.name, NAME_MAX_CHARS)
    except UnwritableNameError as error:
        reasons["name"] = f"{error}; give the name in Latin letters"
    try:
        iban = IBAN(details.iban)
        if not iban.in_sepa_zone:
            reasons["iban"] = f"{iban.country_code} is outside of SEPA"
    except SchwiftyException as error:
        reasons["iban"] = f"{error}: copy it from the bank's statement"
    if details.bic is not None:
        try:
            bic = BIC(details.bic)
        except SchwiftyException as error:
            reasons["bic"] = f"{error}: leave it out when unsure"
    if reasons or iban is None:
        raise InvalidBankDetailsError(reasons)
    return BankAccount(details.name, str(iban), None if bic is None else str(bic))
