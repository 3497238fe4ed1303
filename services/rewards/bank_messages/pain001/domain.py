"""The file that a bank is given: ISO 20022 customer credit transfer, pain.001.001.09.

`sepaxml` writes it and brings the schema it is checked against. The file is a function of its arguments:
the ids and times that sepaxml draws by chance are replaced, so that a run has one message id for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files

from lxml import etree
from sepaxml import SepaTransfer

from services.rewards.bank_messages.domain import AMOUNT_MINOR_MAX, BankAccount
from shared.bank_accounts import CURRENCY, NAME_MAX_CHARS, sepa_text

SCHEMA = "pain.001.001.09"
NAMESPACE = {"p": f"urn:iso:std:iso:20022:tech:xsd:{SCHEMA}"}
REMITTANCE_MAX_CHARS = 140
ID_MAX_CHARS = 35


class BankFileError(ValueError):
    """The file would not be one that a bank accepts; the message says why."""


@dataclass(frozen=True, slots=True)
class CreditTransfer:
    """One payment of `amount_minor` euro cents to `payee`."""

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
) -> bytes:
    """The pain.001.001.09 file that asks the payer's bank to make these transfers, checked by its schema.

    Raises BankFileError when there are none, when an amount or id is outside of what SEPA allows, and when
    what was written is not valid or does not carry the count and sum asked for.
    """
    _check_limits(message_id, transfers)
    config = {
        "name": sepa_text(payer.name, NAME_MAX_CHARS),
        "IBAN": payer.iban,
        "batch": True,
        "currency": CURRENCY,
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
    content = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    check_file(content, transfers, payer=payer, execution_date=execution_date)
    return bytes(content)


def check_file(
    content: bytes, transfers: Sequence[CreditTransfer], *, payer: BankAccount, execution_date: date
) -> None:
    """Check that `content` is valid by the schema and carries exactly these transfers, of this payer, on this day.

    Raises BankFileError when it does not.
    """
    root = etree.fromstring(content)
    schema = _schema()
    if not schema.validate(root):
        raise BankFileError(f"not valid against {SCHEMA}: {schema.error_log}")
    written = [
        (
            payment.findtext("p:PmtId/p:EndToEndId", "", NAMESPACE),
            payment.findtext("p:Amt/p:InstdAmt", "", NAMESPACE),
            _account(payment, "Cdtr"),
        )
        for payment in root.iterfind(".//p:CdtTrfTxInf", NAMESPACE)
    ]
    if written != [
        (transfer.end_to_end_id, decimal_amount(transfer.amount_minor), _as_written(transfer.payee))
        for transfer in transfers
    ]:
        raise BankFileError("the file does not carry the payments asked for")
    orders = [
        (_account(order, "Dbtr"), order.findtext("p:ReqdExctnDt/p:Dt", "", NAMESPACE))
        for order in root.iterfind(".//p:PmtInf", NAMESPACE)
    ]
    if orders != [(_as_written(payer), execution_date.isoformat())]:
        raise BankFileError("the file does not say the payer and the day asked for")
    total = decimal_amount(sum(transfer.amount_minor for transfer in transfers))
    for part in ("p:GrpHdr", "p:PmtInf"):
        head = f"p:CstmrCdtTrfInitn/{part}"
        if root.findtext(f"{head}/p:NbOfTxs", "", NAMESPACE) != str(len(transfers)):
            raise BankFileError(f"{part} does not count {len(transfers)} payments")
        if root.findtext(f"{head}/p:CtrlSum", "", NAMESPACE) != total:
            raise BankFileError(f"{part} does not sum up to {total} {CURRENCY}")


def _account(element: etree._Element, party: str) -> BankAccount:
    """The account of the payment's or order's `Cdtr` or `Dbtr`, as the file says it."""
    return BankAccount(
        element.findtext(f"p:{party}/p:Nm", "", NAMESPACE),
        element.findtext(f"p:{party}Acct/p:Id/p:IBAN", "", NAMESPACE),
        element.findtext(f"p:{party}Agt/p:FinInstnId/p:BICFI", None, NAMESPACE),
    )


def _as_written(account: BankAccount) -> BankAccount:
    return BankAccount(sepa_text(account.name, NAME_MAX_CHARS), account.iban, account.bic or None)


def decimal_amount(minor: int) -> str:
    """Minor units as the decimal number of ISO 20022: 1234 is 12.34."""
    return f"{minor // 100}.{minor % 100:02d}"


def _check_limits(message_id: str, transfers: Sequence[CreditTransfer]) -> None:
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
                f"payment {transfer.end_to_end_id}: {decimal_amount(transfer.amount_minor)} {CURRENCY} is not "
                f"within what SEPA transfers, 0.01 to {decimal_amount(AMOUNT_MINOR_MAX)}"
            )


def _set(root: etree._Element, path: str, text: str) -> None:
    found = root.find(path, NAMESPACE)
    if found is None:
        raise BankFileError(f"sepaxml wrote no {path}")
    found.text = text


@lru_cache(maxsize=1)
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.fromstring((files("sepaxml") / "schemas" / f"{SCHEMA}.xsd").read_bytes()))
