"""What was booked on an account: entries of camt.052, camt.053 and camt.054, and the payments in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from lxml import etree

from shared.bank_messages.documents import (
    Amount,
    Message,
    MessageError,
    amount,
    coded,
    day,
    every,
    first,
    line_of,
    needed,
    text,
)
from shared.bank_messages.reasons import Reason, reason_of

#: An end-to-end id that says that there is none (EPC130-08).
NOT_PROVIDED = "NOTPROVIDED"
_STATEMENTS: Final = {"camt.052": "Rpt", "camt.053": "Stmt", "camt.054": "Ntfctn"}
#: Max15NumericText.
_COUNT = re.compile(r"\d{1,15}", re.ASCII)
_NO_REFERENCE = frozenset({NOT_PROVIDED, "NONREF"})
#: Sub-families of ISO 20022's bank transaction codes for money that comes back: returned, and recalled.
_RETURNS = frozenset({"RRTN", "RPCR"})
#: Families of transfers that the account's owner ordered: what of them is credited comes back.
_ORDERED = frozenset({"ICDT", "IRCT"})
_PARTIES: Final = ("Cdtr", "UltmtCdtr", "Dbtr", "UltmtDbtr")
#: SWIFT's transaction type for returned items, with which many banks begin their own codes.
_RETURNED_ITEM = re.compile(r"\+?N?RTI\b")


class Direction(StrEnum):
    """Whether an account got money or gave it."""

    CREDIT = "credit"
    DEBIT = "debit"


class BookingKind(StrEnum):
    """What a booking is: money in, money out, or money of an earlier payment that comes back."""

    CREDIT = "credit"
    DEBIT = "debit"
    RETURN = "return"


class Party(NamedTuple):
    """Somebody whom a booking names, by name or by account; a bank may leave out either."""

    name: str | None
    account: str | None


@dataclass(frozen=True, slots=True)
class Booking:
    """One payment of an entry, or an entry that says nothing of its payments (`payments_count` then how many).

    `amount` is what the account got or gave; `instructed` what the payment was ordered with where that differs, by
    charges or by another currency.
    """

    reference: str | None
    end_to_end_id: str | None
    instruction_id: str | None
    payment_information_id: str | None
    amount: Amount
    instructed: Amount | None
    direction: Direction
    kind: BookingKind
    reason: Reason
    payments_count: int = 1
    parties: tuple[Party, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """What the bank booked at once; `status` is BOOK, PDNG, INFO or FUTR."""

    account: str | None
    statement: str | None
    servicer_reference: str | None
    amount: Amount
    direction: Direction
    status: str
    booked_on: date | None
    value_on: date | None
    remittance: str
    is_detailed: bool
    bookings: tuple[Booking, ...]

    @property
    def unexplained_minor(self) -> int:
        """What of the amount its payments do not come to: charges taken beside them, or payments not listed.

        0 where they are in other currencies.
        """
        if any(one.amount.currency != self.amount.currency for one in self.bookings):
            return 0
        return self.amount.minor - sum(
            one.amount.minor if one.direction is self.direction else -one.amount.minor for one in self.bookings
        )


class _Said(NamedTuple):
    """What an entry says of all its payments, looked up once: it may have many."""

    reference: str | None
    family: tuple[str | None, str | None]
    own_code: str | None
    is_reversal: bool

    @classmethod
    def of(cls, entry: etree._Element) -> "_Said":
        """What an entry says."""
        family = ("BkTxCd", "Domn", "Fmly")
        return cls(
            text(entry, "AcctSvcrRef") or text(entry, "NtryRef"),
            (text(entry, *family, "Cd"), text(entry, *family, "SubFmlyCd")),
            text(entry, "BkTxCd", "Prtry", "Cd"),
            text(entry, "RvslInd") in {"true", "1"},
        )


def entries(message: Message) -> Iterator[Entry]:
    """The entries of a message in their order. Raises MessageError for one that is not right."""
    name = _STATEMENTS[message.kind]
    needed(message.body, name)
    for statement in every(message.body, name):
        account = text(statement, "Acct", "Id", "IBAN") or text(statement, "Acct", "Id", "Othr", "Id")
        # Looked up once: it is sought among all that the statement has, its entries included.
        statement_id = text(statement, "Id")
        for entry in every(statement, "Ntry"):
            yield _entry(entry, account, statement_id)


def _entry(element: etree._Element, account: str | None, statement: str | None) -> Entry:
    booked, direction = amount(needed(element, "Amt")), _direction(element)
    needed(element, "Sts")
    servicer = text(element, "AcctSvcrRef")
    said = _Said.of(element)
    details = every(element, "NtryDtls", "TxDtls")
    is_detailed = len(details) == 1 or (bool(details) and all(_amounts(one) for one in details))
    bookings = (
        _payments(said, details, booked, direction)
        if is_detailed
        else (_undetailed(element, said, details, booked, direction),)
    )
    return Entry(
        account=account,
        statement=statement,
        servicer_reference=None if servicer in _NO_REFERENCE else servicer,
        amount=booked,
        direction=direction,
        status=coded(element, "Sts") or "",
        booked_on=day(element, "BookgDt"),
        value_on=day(element, "ValDt"),
        remittance=" ".join(one.text or "" for one in every(element, "NtryDtls", "TxDtls", "RmtInf", "Ustrd")),
        is_detailed=is_detailed,
        bookings=bookings,
    )


def _payments(
    entry: _Said, details: list[etree._Element], booked: Amount, direction: Direction
) -> tuple[Booking, ...]:
    """The payments of an entry. An only one is what was booked, whatever it was before charges and exchange.

    Of several each has its own direction only where the entry is what they then come to: banks that write what it
    was for the other side are to be read as well.
    """
    if len(details) == 1:
        return (_booking(entry, details[0], booked, direction),)
    given = [_amount_in(one, booked.currency) for one in details]
    ways = [_direction(one) if first(one, "CdtDbtInd") is not None else direction for one in details]
    total = sum(one.minor if way is direction else -one.minor for one, way in zip(given, ways, strict=True))
    if total != booked.minor:
        ways = [direction] * len(details)
    return tuple(
        _booking(entry, one, amount_, way) for one, amount_, way in zip(details, given, ways, strict=True)
    )


def _booking(entry: _Said, details: etree._Element, given: Amount, direction: Direction) -> Booking:
    ordered = _amount_at(details, "AmtDtls", "InstdAmt", "Amt") or next(iter(_amounts(details)), None)
    return Booking(
        reference=text(details, "Refs", "AcctSvcrRef") or entry.reference,
        end_to_end_id=_end_to_end_id(details),
        instruction_id=text(details, "Refs", "InstrId"),
        payment_information_id=text(details, "Refs", "PmtInfId"),
        amount=given,
        instructed=ordered if ordered and ordered.minor and ordered != given else None,
        direction=direction,
        kind=_kind(entry, details, direction),
        reason=reason_of(details, "RtrInf"),
        parties=_parties(details),
    )


def _parties(details: etree._Element) -> tuple[Party, ...]:
    """Whom a payment names, on either side: which of them is the payee of money that came back, banks disagree."""
    related = first(details, "RltdPties")
    if related is None:
        return ()
    found = (
        Party(
            text(related, role, "Nm") or text(related, role, "Pty", "Nm"),
            text(related, f"{role}Acct", "Id", "IBAN"),
        )
        for role in _PARTIES
    )
    return tuple(one for one in found if one != (None, None))


def _end_to_end_id(details: etree._Element) -> str | None:
    found = text(details, "Refs", "EndToEndId")
    return None if found == NOT_PROVIDED else found


def _undetailed(
    element: etree._Element, entry: _Said, details: list[etree._Element], booked: Amount, direction: Direction
) -> Booking:
    """An entry as a whole: it lists no payments, or not what each of several was."""
    batches = every(element, "NtryDtls", "Btch")
    said = text(batches[0], "NbOfTxs") if len(batches) == 1 else None
    ids = {_end_to_end_id(one) for one in details}
    return Booking(
        reference=entry.reference,
        end_to_end_id=ids.pop() if len(ids) == 1 else None,
        instruction_id=None,
        payment_information_id=text(batches[0], "PmtInfId") if len(batches) == 1 else None,
        amount=booked,
        instructed=None,
        direction=direction,
        kind=_kind(entry, element, direction),
        reason=next((why for one in details if (why := reason_of(one, "RtrInf")).code), Reason(None, None)),
        payments_count=int(said) if said and _COUNT.fullmatch(said) else max(1, len(details)),
    )


def _amounts(details: etree._Element) -> list[Amount]:
    """What is said of a payment's amount, what was booked first; what is 0 says nothing."""
    paths = (
        ("Amt",),
        ("AmtDtls", "TxAmt", "Amt"),
        ("AmtDtls", "CntrValAmt", "Amt"),
        ("AmtDtls", "InstdAmt", "Amt"),
    )
    return [found for path in paths if (found := _amount_at(details, *path)) and found.minor]


def _amount_in(details: etree._Element, currency: str) -> Amount:
    """What a payment was in the currency that it was booked in, or where that is not said, in its own."""
    said = _amounts(details)
    return next((one for one in said if one.currency == currency), said[0])


def _amount_at(element: etree._Element, *path: str) -> Amount | None:
    found = first(element, *path)
    return None if found is None else amount(found)


def _direction(element: etree._Element) -> Direction:
    said = needed(element, "CdtDbtInd")
    match (said.text or "").strip():
        case "CRDT":
            return Direction.CREDIT
        case "DBIT":
            return Direction.DEBIT
    raise MessageError(f"CdtDbtInd is {said.text!r}, neither CRDT nor DBIT", line_of(said))


def _kind(entry: _Said, details: etree._Element, direction: Direction) -> BookingKind:
    """Whether money comes back: said by a return's details, a code or the indicator, or by the sign alone."""
    family = first(details, "BkTxCd", "Domn", "Fmly")
    code, sub_code = entry.family if family is None else (text(family, "Cd"), text(family, "SubFmlyCd"))
    if (
        first(details, "RtrInf") is not None
        or sub_code in _RETURNS
        or entry.is_reversal
        or _RETURNED_ITEM.match(text(details, "BkTxCd", "Prtry", "Cd") or entry.own_code or "")
        or (code in _ORDERED and direction is Direction.CREDIT)
    ):
        return BookingKind.RETURN
    return BookingKind(direction)
