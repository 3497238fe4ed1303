"""Accounts of countries without IBANs, written as one: a clearing system, its member, and a number there.

`USABA 021000021 123456789` is an account in the United States: the code of the clearing system by ISO 20022
(ExternalClearingSystemIdentification1Code), the bank by its routing number, and the account. Codes begin with the
letters of their country, as IBANs do, and go on with letters where IBANs have check digits: nothing is both.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

CODE_CHARS: Final = 5


class DomesticAccount(NamedTuple):
    """An account as it is known within its country: the member of a clearing system, and a number there."""

    member: str
    number: str


@dataclass(frozen=True, slots=True)
class Clearing:
    """A clearing system: how many digits name a member, and how an account's number is built."""

    code: str
    member_title: str
    member_chars: int
    number: re.Pattern[str]
    number_title: str
    is_member: Callable[[str], bool]


def is_routing_number(digits: str) -> bool:
    """Whether nine digits can be a routing number of the American Bankers Association: weighted 3, 7, 1 they sum
    up to a multiple of ten."""
    return sum(int(digit) * weight for digit, weight in zip(digits, (3, 7, 1) * 3, strict=True)) % 10 == 0


CLEARINGS: Final[Mapping[str, Clearing]] = {
    one.code: one
    for one in (
        Clearing(
            "USABA",
            "routing number",
            9,
            re.compile("[A-Z0-9]{1,17}"),
            "1 to 17 letters and digits",
            is_routing_number,
        ),
        # Zengin: four digits for the bank, three for the branch; accounts have seven.
        Clearing(
            "JPZGN", "bank and branch", 7, re.compile("[0-9]{7}"), "7 digits", lambda digits: digits != "0000000"
        ),
    )
}


def clearing_of(account: str) -> Clearing | None:
    """The clearing system that an account in electronic form names; None of an IBAN."""
    return CLEARINGS.get(account[:CODE_CHARS])


def domestic(account: str) -> DomesticAccount:
    """The member and the number of an account of a clearing system, or of an IBAN of the United Kingdom: its sort
    code, 6 digits, and 8 after them."""
    clearing = clearing_of(account)
    if clearing is None:
        return DomesticAccount(account[8:14], account[14:22])
    ends = CODE_CHARS + clearing.member_chars
    return DomesticAccount(account[CODE_CHARS:ends], account[ends:])


def why_not_in_clearing(account: str, shown: str) -> str | None:
    """What is wrong with an account of a clearing system; None when nothing is."""
    clearing = CLEARINGS[account[:CODE_CHARS]]
    member, number = domestic(account)
    if len(member) != clearing.member_chars or not member.isdigit():
        return (
            f"after {clearing.code} come {clearing.member_chars} digits, the {clearing.member_title}, in {shown}"
        )
    if not clearing.is_member(member):
        return f"the check digit of the {clearing.member_title} in {shown} does not fit; is a digit wrong?"
    if clearing.number.fullmatch(number) is None:
        return f"the account number in {shown}, after the {clearing.member_title}, has {clearing.number_title}"
    return None
