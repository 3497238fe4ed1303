"""Bank details: what of them a SEPA bank takes, and those that a bank sent money back from."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from services.rewards.bank_messages.domain import BankAccount
from services.rewards.bank_messages.reasons.domain import Blamed, Reason
from services.rewards.payouts.domain import Actor, PayeeSet, Payout
from shared.bank_accounts import (
    NAME_MAX_CHARS,
    AccountError,
    bic_question,
    only_currency,
    read_account,
    sepa_text,
    why_not_reached,
)
from shared.contracts.fields import Count


@dataclass(frozen=True, slots=True)
class BankDetails:
    """An account as a person writes it; `confirm_bic_country` when a bank of another country is meant so.

    `reference` is what a payer is asked to say, and `currency` what it is paid in, where that is chosen.
    """

    name: str
    iban: str
    bic: str | None
    confirm_bic_country: bool = False
    reference: str | None = None
    currency: str | None = None


class PayeePlace(NamedTuple):
    """Where a page of a member's bank details ended, newest first."""

    revision: Count


@dataclass(frozen=True, slots=True)
class Refusal:
    """Money came back for a reason that speaks against the account that it was paid to."""

    payout_id: str
    account: BankAccount
    reason: Reason
    at: datetime

    def is_about(self, account: BankAccount) -> bool:
        """Whether an account is the same in what the bank blamed."""
        if self.account.iban != account.iban:
            return False
        match self.reason.blamed:
            case Blamed.ACCOUNT:
                return True
            case Blamed.HOLDER:
                return self.account.name == account.name
            case Blamed.BANK:
                return self.account.bic == account.bic

    @property
    def words(self) -> str:
        """Why it is not paid, and what to do."""
        return (
            f"a bank sent the money back on {self.at:%Y-%m-%d} ({self.reason.words}): new bank details are "
            "needed, or these confirmed"
        )


@dataclass(frozen=True, slots=True)
class Payee:
    """Where a member's money goes, and who said so; `revision` counts from 1, and the highest is what counts.

    With a `refusal` nothing is paid there: a bank sent money back since the details were set. `currency` is what
    the member chose to be paid in, None for what the programme's price is in.
    """

    community: str
    member_id: str
    account: BankAccount
    changed_at: datetime
    changed_by: Actor
    revision: int = 1
    refusal: Refusal | None = None
    currency: str | None = None

    @property
    def as_set(self) -> PayeeSet:
        """What a payout copies beside the account."""
        return PayeeSet(self.revision, self.changed_at, self.changed_by)

    def is_of(self, payout: Payout) -> bool:
        """Whether a payout goes there."""
        return payout.payee == self.account

    def put_on(self, payout: Payout) -> Payout:
        """The payout, going there."""
        return replace(payout, payee=self.account, payee_set=self.as_set)

    @property
    def bank_name(self) -> str:
        """The name as it stands in a bank file."""
        return sepa_text(self.account.name, NAME_MAX_CHARS)

    def why_not_paid(self, currency: str) -> str | None:
        """Why no payout in a currency goes there: a bank sent one back, the account is on another rail, or the
        member chose to be paid in another one."""
        if self.refusal is not None:
            return self.refusal.words
        if self.currency not in (None, currency):
            return f"paid in {self.currency}, and not in {currency}"
        return why_not_reached(self.account.iban, currency)

    def refused_since(self, refusals: Iterable[Refusal]) -> Refusal | None:
        """The newest refusal of these details that came after they were set; who sets them later knows of it."""
        return newest_about(self.account, (refusal for refusal in refusals if refusal.at >= self.changed_at))


def newest_about(account: BankAccount, refusals: Iterable[Refusal]) -> Refusal | None:
    """The newest of the refusals that are about an account."""
    about = (refusal for refusal in refusals if refusal.is_about(account))
    return max(about, key=lambda refusal: (refusal.at, refusal.payout_id), default=None)


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


class UnconfirmedBankDetailsError(Exception):
    """Details that are likely a mistake: the message asks, and `field: true` says that they are none."""

    def __init__(self, field: str, question: str) -> None:
        super().__init__(question)
        self.field = field


def checked(details: BankDetails) -> BankAccount:
    """The account with IBAN and BIC in electronic form.

    Raises InvalidBankDetailsError when a SEPA bank would not take it, and UnconfirmedBankDetailsError when its
    bank is of another country than the account, and that was not confirmed.
    """
    try:
        account = read_account(details.name, details.iban, details.bic, reference=details.reference)
    except AccountError as error:
        reasons = dict(error.reasons)
        if "bic" in reasons:
            reasons["bic"] += "; leave it out when unsure"
        raise InvalidBankDetailsError(reasons) from error
    question = bic_question(account)
    if question is not None and not details.confirm_bic_country:
        raise UnconfirmedBankDetailsError("confirm_bic_country", f"{question}: leave the BIC out when unsure")
    return BankAccount(*account)


def currency_chosen(account: BankAccount, currency: str | None) -> str | None:
    """The currency that an account is paid in: the one that was chosen, or the only one outside of SEPA.

    Raises InvalidBankDetailsError when no payout in the one that was chosen gets there.
    """
    reason = None if currency is None else why_not_reached(account.iban, currency)
    if reason is not None:
        raise InvalidBankDetailsError({"currency": reason})
    return currency or only_currency(account.iban)
