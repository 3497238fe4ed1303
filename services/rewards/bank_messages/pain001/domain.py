"""The file that a bank is given: ISO 20022 customer credit transfer, pain.001.001.09.

`sepaxml` writes it and brings the schema it is checked against. The file is a function of its arguments:
the ids and times that sepaxml draws by chance are replaced, so that a run has one message id for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from lxml import etree
from sepaxml import SepaTransfer

from services.rewards.bank_messages.domain import AMOUNT_MINOR_MAX, AS_EVER, Address, BankAccount, Ordering
from shared.bank_accounts import NAME_MAX_CHARS, RAILS, Rail, domestic, is_qrr, sepa_text, why_not_reached
from shared.currencies import decimal_amount

SCHEMA = "pain.001.001.09"
NAMESPACE = {"p": f"urn:iso:std:iso:20022:tech:xsd:{SCHEMA}"}
REMITTANCE_MAX_CHARS = 140
ID_MAX_CHARS = 35
#: What the schema allows of an address: of a line or street, a town, and a building's number or post code.
ADDRESS_MAX_CHARS, TOWN_MAX_CHARS, NUMBER_MAX_CHARS = 70, 35, 16
#: ExternalLocalInstrument1Code of the SEPA instant credit transfer.
INSTANT = "INST"


class BankFileError(ValueError):
    """The file would not be one that a bank accepts; the message says why."""


@dataclass(frozen=True, slots=True)
class CreditTransfer:
    """One payment of `amount_minor` minor units to `payee`."""

    end_to_end_id: str
    amount_minor: int
    payee: BankAccount
    remittance: str


def credit_transfer_file(
    transfers: Sequence[CreditTransfer],
    *,
    message_id: str,
    payer: BankAccount,
    created_at: datetime,
    execution_date: date,
    ordering: Ordering = AS_EVER,
    currency: str = "EUR",
) -> bytes:
    """The pain.001.001.09 file that asks the payer's bank to make these transfers, checked by its schema.

    It is one of the currency's rail: a SEPA credit transfer in EUR, a domestic payment of the Swiss Payment
    Standards in CHF, one that names sort codes in GBP, routing numbers in USD, and banks and branches in JPY.

    It has one payment information, however it is booked: `BtchBookg` says whether as one.

    Raises BankFileError when there are none, or more than the bank takes in a file, when an account is not on the
    rail, when an amount or id is outside of what SEPA allows, and when what was written is not valid or does not
    carry the count and sum asked for.
    """
    rail = _rail(currency, payer, transfers)
    _check_limits(message_id, transfers, currency=currency)
    _check_takes(transfers, ordering, currency=currency)
    config = {
        "name": sepa_text(payer.name, NAME_MAX_CHARS),
        "IBAN": payer.iban,
        "batch": True,
        "currency": currency,
        **({"BIC": payer.bic} if payer.bic else {}),
    }
    document = SepaTransfer(config, schema=SCHEMA, clean=False)
    for transfer in transfers:
        payment = {
            "name": sepa_text(transfer.payee.name, NAME_MAX_CHARS),
            "IBAN": transfer.payee.iban,
            "amount": transfer.amount_minor,
            "execution_date": execution_date,
            "description": sepa_text(transfer.remittance, REMITTANCE_MAX_CHARS),
            "endtoend_id": transfer.end_to_end_id,
            **({"BIC": transfer.payee.bic} if transfer.payee.bic else {}),
        }
        document.add_payment(payment)
    root = etree.fromstring(document.export(validate=False))
    _set(root, "p:CstmrCdtTrfInitn/p:GrpHdr/p:MsgId", message_id)
    _set(root, "p:CstmrCdtTrfInitn/p:GrpHdr/p:CreDtTm", created_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    _set(root, "p:CstmrCdtTrfInitn/p:PmtInf/p:PmtInfId", message_id)
    if not rail.is_sepa:
        _leave_sepa(root, rail.service)
    if rail.clearing is not None:
        _name_domestic(root, rail.clearing)
    _say_amounts(root, transfers, currency=currency)
    _say_references(root, transfers)
    _order(root, ordering)
    content = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    check_file(
        content, transfers, payer=payer, execution_date=execution_date, ordering=ordering, currency=currency
    )
    return bytes(content)


def _rail(currency: str, payer: BankAccount, transfers: Sequence[CreditTransfer]) -> Rail:
    """The rail of a currency, with all accounts on it. Raises BankFileError when one is not."""
    ids = [("the payer", payer), *((f"payment {one.end_to_end_id}", one.payee) for one in transfers)]
    for what, account in ids:
        reason = why_not_reached(account.iban, currency)
        # What is no IBAN at all the schema says.
        if reason is not None and account.iban[:2].isalpha() and account.iban[:2].isupper():
            raise BankFileError(f"{what}: {reason}")
    if currency not in RAILS:
        raise BankFileError(f"no rail carries {currency}")
    return RAILS[currency]


def _leave_sepa(root: etree._Element, service: str | None) -> None:
    """Take out what makes a payment one of SEPA: its service level, for which the rail may have another, and that
    charges are shared by its rules."""
    for order in root.iterfind(".//p:PmtInf", NAMESPACE):
        order.remove(_found(order, "p:ChrgBr"))
        if service is None:
            order.remove(_found(order, "p:PmtTpInf"))
        else:
            _set(order, "p:PmtTpInf/p:SvcLvl/p:Cd", service)


def _say_amounts(root: etree._Element, transfers: Sequence[CreditTransfer], *, currency: str) -> None:
    """Write amounts and sums with the currency's decimals: sepaxml has two of any."""
    for payment, transfer in zip(root.iterfind(".//p:CdtTrfTxInf", NAMESPACE), transfers, strict=True):
        _set(payment, "p:Amt/p:InstdAmt", _written_amount(transfer.amount_minor, currency))
    total = _written_amount(sum(transfer.amount_minor for transfer in transfers), currency)
    for total_of in root.iterfind(".//p:CtrlSum", NAMESPACE):
        total_of.text = total


def _say_references(root: etree._Element, transfers: Sequence[CreditTransfer]) -> None:
    """Say what payees ask payers to, in place of the text: a payment has the one or the other."""
    for payment, transfer in zip(root.iterfind(".//p:CdtTrfTxInf", NAMESPACE), transfers, strict=True):
        reference = transfer.payee.reference
        if reference is None:
            continue
        said = _found(payment, "p:RmtInf")
        said.remove(_found(said, "p:Ustrd"))
        told = _child(_child(said, "Strd"), "CdtrRefInf")
        kind = _child(_child(told, "Tp"), "CdOrPrtry")
        if is_qrr(reference):
            _child(kind, "Prtry").text = "QRR"
        else:
            _child(kind, "Cd").text = "SCOR"
        _child(told, "Ref").text = reference


def _name_domestic(root: etree._Element, clearing: str) -> None:
    """Name accounts by the member of a clearing system and the number there, in place of the IBAN."""
    for party, path in (("Dbtr", ".//p:PmtInf"), ("Cdtr", ".//p:CdtTrfTxInf")):
        for element in root.iterfind(path, NAMESPACE):
            named = _found(element, f"p:{party}Acct/p:Id")
            account = domestic(named.findtext("p:IBAN", "", NAMESPACE))
            named.remove(_found(named, "p:IBAN"))
            _child(_child(named, "Othr"), "Id").text = account.number
            member = _child(_agent(element, party), "ClrSysMmbId")
            _child(_child(member, "ClrSysId"), "Cd").text = clearing
            _child(member, "MmbId").text = account.member


def _agent(element: etree._Element, party: str) -> etree._Element:
    """What identifies the bank of a payment's or order's party; of a payee without a BIC it is put there."""
    agent = element.find(f"p:{party}Agt", NAMESPACE)
    if agent is None:
        agent = etree.Element(_tag(f"{party}Agt"))
        _found(element, f"p:{party}").addprevious(agent)
    found = agent.find("p:FinInstnId", NAMESPACE)
    return _child(agent, "FinInstnId") if found is None else found


def _order(root: etree._Element, ordering: Ordering) -> None:
    """Say how the payments are to be made, where the schema has it."""
    _set(root, "p:CstmrCdtTrfInitn/p:PmtInf/p:BtchBookg", str(ordering.batch_booking).lower())
    [order] = root.iterfind(".//p:PmtInf", NAMESPACE)
    if ordering.instant:
        if order.find("p:PmtTpInf", NAMESPACE) is None:
            raise BankFileError("instant transfers are SEPA's, in EUR")
        etree.SubElement(_child(_found(order, "p:PmtTpInf"), "LclInstrm"), _tag("Cd")).text = INSTANT
    if ordering.address is not None:
        address = _child(_found(order, "p:Dbtr"), "PstlAdr")
        for name, written in _written(ordering.address):
            _child(address, name).text = written
    if ordering.purpose is not None:
        for payment in order.iterfind("p:CdtTrfTxInf", NAMESPACE):
            purpose = etree.Element(_tag("Purp"))
            _child(purpose, "Cd").text = ordering.purpose
            _found(payment, "p:RmtInf").addprevious(purpose)


def _written(address: Address) -> list[tuple[str, str]]:
    """The elements of an address in the schema's order, in SEPA's characters: several may stand for one."""
    said = [
        ("StrtNm", address.street, ADDRESS_MAX_CHARS),
        ("BldgNb", address.building, NUMBER_MAX_CHARS),
        ("PstCd", address.post_code, NUMBER_MAX_CHARS),
        ("TwnNm", address.town, TOWN_MAX_CHARS),
        ("Ctry", address.country, ADDRESS_MAX_CHARS),
        *(("AdrLine", line, ADDRESS_MAX_CHARS) for line in address.lines),
    ]
    return [(name, sepa_text(text, most)) for name, text, most in said if text]


def _said(order: etree._Element) -> tuple[object, ...]:
    """How an order of a file is to be made, as it says so."""
    address = order.find("p:Dbtr/p:PstlAdr", NAMESPACE)
    return (
        order.findtext("p:BtchBookg", "", NAMESPACE),
        order.findtext("p:PmtTpInf/p:LclInstrm/p:Cd", None, NAMESPACE),
        [] if address is None else [(etree.QName(one).localname, one.text or "") for one in address],
        {one.findtext("p:Purp/p:Cd", None, NAMESPACE) for one in order.iterfind("p:CdtTrfTxInf", NAMESPACE)},
    )


def _tag(name: str) -> str:
    return f"{{{NAMESPACE['p']}}}{name}"


def _child(element: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(element, _tag(name))


def check_file(
    content: bytes,
    transfers: Sequence[CreditTransfer],
    *,
    payer: BankAccount,
    execution_date: date,
    ordering: Ordering = AS_EVER,
    currency: str = "EUR",
) -> None:
    """Check that `content` is valid by the schema and carries exactly these transfers, ordered so, of this payer.

    Raises BankFileError when it does not.
    """
    root = etree.fromstring(content)
    schema = _schema()
    if not schema.validate(root):
        raise BankFileError(f"not valid against {SCHEMA}: {schema.error_log}")
    written = [
        (
            payment.findtext("p:PmtId/p:EndToEndId", "", NAMESPACE),
            _amount(payment),
            _account(payment, "Cdtr"),
        )
        for payment in root.iterfind(".//p:CdtTrfTxInf", NAMESPACE)
    ]
    clearing = RAILS[currency].clearing

    def as_written(transfer: CreditTransfer) -> "_Written":
        return _as_written(transfer.payee, clearing)

    if written != [
        (
            transfer.end_to_end_id,
            (currency, _written_amount(transfer.amount_minor, currency)),
            as_written(transfer),
        )
        for transfer in transfers
    ]:
        raise BankFileError("the file does not carry the payments asked for")
    orders = [
        (_account(order, "Dbtr"), order.findtext("p:ReqdExctnDt/p:Dt", "", NAMESPACE))
        for order in root.iterfind(".//p:PmtInf", NAMESPACE)
    ]
    if orders != [(_as_written(payer, clearing), execution_date.isoformat())]:
        raise BankFileError("the file does not say the payer and the day asked for")
    asked = (
        str(ordering.batch_booking).lower(),
        INSTANT if ordering.instant else None,
        [] if ordering.address is None else _written(ordering.address),
        {ordering.purpose},
    )
    if [_said(order) for order in root.iterfind(".//p:PmtInf", NAMESPACE)] != [asked]:
        raise BankFileError("the file does not say how to pay as it was asked for")
    total = _written_amount(sum(transfer.amount_minor for transfer in transfers), currency)
    for part in ("p:GrpHdr", "p:PmtInf"):
        head = f"p:CstmrCdtTrfInitn/{part}"
        if root.findtext(f"{head}/p:NbOfTxs", "", NAMESPACE) != str(len(transfers)):
            raise BankFileError(f"{part} does not count {len(transfers)} payments")
        if root.findtext(f"{head}/p:CtrlSum", "", NAMESPACE) != total:
            raise BankFileError(f"{part} does not sum up to {total} {currency}")


class _Written(NamedTuple):
    """An account as a file says it: by IBAN, or by a number and the member of a clearing system."""

    name: str
    iban: str
    bic: str | None
    number: str | None
    clearing: str | None
    member: str | None
    reference: str | None = None


def _account(element: etree._Element, party: str) -> _Written:
    """The account of the payment's or order's `Cdtr` or `Dbtr`, as the file says it."""
    bank = f"p:{party}Agt/p:FinInstnId"
    return _Written(
        element.findtext(f"p:{party}/p:Nm", "", NAMESPACE),
        element.findtext(f"p:{party}Acct/p:Id/p:IBAN", "", NAMESPACE),
        element.findtext(f"{bank}/p:BICFI", None, NAMESPACE),
        element.findtext(f"p:{party}Acct/p:Id/p:Othr/p:Id", None, NAMESPACE),
        element.findtext(f"{bank}/p:ClrSysMmbId/p:ClrSysId/p:Cd", None, NAMESPACE),
        element.findtext(f"{bank}/p:ClrSysMmbId/p:MmbId", None, NAMESPACE),
        element.findtext("p:RmtInf/p:Strd/p:CdtrRefInf/p:Ref", None, NAMESPACE),
    )


def _as_written(account: BankAccount, clearing: str | None) -> _Written:
    name = sepa_text(account.name, NAME_MAX_CHARS)
    if clearing is None:
        return _Written(name, account.iban, account.bic or None, None, None, None, account.reference)
    member, number = domestic(account.iban)
    return _Written(name, "", account.bic or None, number, clearing, member, account.reference)


def _amount(payment: etree._Element) -> tuple[str, str]:
    amount = _found(payment, "p:Amt/p:InstdAmt")
    return amount.get("Ccy", ""), amount.text or ""


def _written_amount(minor: int, currency: str) -> str:
    """Minor units as the decimal number of ISO 20022: 1234 of EUR is 12.34."""
    return str(decimal_amount(minor, currency))


def _check_limits(message_id: str, transfers: Sequence[CreditTransfer], *, currency: str) -> None:
    if not transfers:
        raise BankFileError("a bank file needs at least one payment")
    ids = [transfer.end_to_end_id for transfer in transfers]
    if len(set(ids)) != len(ids):
        raise BankFileError("two payments have the same EndToEndId")
    for written_id in (message_id, *ids):
        if not 0 < len(written_id) <= ID_MAX_CHARS:
            raise BankFileError(f"the id {written_id!r} is not 1 to {ID_MAX_CHARS} characters long")
    for transfer in transfers:
        if not 0 < transfer.amount_minor <= AMOUNT_MINOR_MAX:
            raise BankFileError(
                f"payment {transfer.end_to_end_id}: {_written_amount(transfer.amount_minor, currency)} {currency} "
                f"is not within what a file says, {_written_amount(1, currency)} to "
                f"{_written_amount(AMOUNT_MINOR_MAX, currency)}"
            )


def _check_takes(transfers: Sequence[CreditTransfer], ordering: Ordering, *, currency: str) -> None:
    """Check that the bank takes so many payments of such a sum in one file."""
    count, most = len(transfers), ordering.file_max_count
    if most is not None and count > most:
        raise BankFileError(f"the bank takes {most} payments in a file, and these are {count}")
    total, most = sum(transfer.amount_minor for transfer in transfers), ordering.file_max_minor
    if most is not None and total > most:
        raise BankFileError(
            f"the bank takes {_written_amount(most, currency)} {currency} in a file, "
            f"and these are {_written_amount(total, currency)}"
        )


def _set(root: etree._Element, path: str, text: str) -> None:
    _found(root, path).text = text


def _found(root: etree._Element, path: str) -> etree._Element:
    found = root.find(path, NAMESPACE)
    if found is None:
        raise BankFileError(f"sepaxml wrote no {path}")
    return found


@lru_cache(maxsize=1)
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.fromstring((files("sepaxml") / "schemas" / f"{SCHEMA}.xsd").read_bytes()))
