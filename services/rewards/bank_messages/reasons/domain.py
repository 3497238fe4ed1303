"""The reasons of ISO 20022 for which money comes back, as far as they speak against the payee's bank details.

They are of the external code sets ExternalStatusReason1Code (payment refused) and ExternalReturnReason1Code (money
returned). A code that is not here says nothing of the details: the bank was busy, the payer made a mistake, the
payee did not want the money.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class Blamed(StrEnum):
    """What of the bank details is wrong, so that other details are to differ in it."""

    ACCOUNT = "account"
    HOLDER = "holder"
    BANK = "bank"


class Reason(NamedTuple):
    """A code, its name in the standard, and what it blames."""

    code: str
    name: str
    blamed: Blamed

    @property
    def words(self) -> str:
        """The code and its name, as people who know the standard write it."""
        return f"{self.code} {self.name}"


REASONS: Final[Mapping[str, Reason]] = {
    code: Reason(code, name, blamed)
    for blamed, names in {
        Blamed.ACCOUNT: {
            "AC01": "IncorrectAccountNumber",
            "AC03": "InvalidCreditorAccountNumber",
            "AC04": "ClosedAccountNumber",
            "AC06": "BlockedAccount",
            "AC07": "ClosedCreditorAccountNumber",
            "AC11": "InvalidCreditorAccountCurrency",
            "AC14": "InvalidCreditorAccountType",
            "AC15": "AccountDetailsChanged",
            "AC17": "AccountInLiquidation",
            "AG01": "TransactionForbidden",
            "AG03": "TransactionNotSupported",
            "MD07": "EndCustomerDeceased",
        },
        Blamed.HOLDER: {
            "BE01": "InconsistentWithEndCustomer",
            "BE06": "UnknownEndCustomer",
        },
        Blamed.BANK: {
            "AC08": "InvalidBranchCode",
            "CNOR": "CreditorBankIsNotRegistered",
            "RC01": "BankIdentifierIncorrect",
            "RC04": "InvalidCreditorBankIdentifier",
            "RC07": "InvalidCreditorBICIdentifier",
        },
    }.items()
    for code, name in names.items()
}
_CODE = re.compile(rf"(?<![A-Z0-9])({'|'.join(REASONS)})(?![A-Z0-9])", re.IGNORECASE)


def reason_against_payee(said: str | None) -> Reason | None:
    """The first code in what was noted of a bank's answer that speaks against the payee's details, if one does."""
    found = _CODE.search(said or "")
    return REASONS[found[1].upper()] if found else None
