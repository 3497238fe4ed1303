"""What became of an order: pain.002, said of the whole file, of a payment information, or of one payment."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lxml import etree

from shared.bank_messages.documents import (
    Amount,
    Message,
    MessageError,
    amount,
    every,
    first,
    line_of,
    needed,
    text,
)
from shared.bank_messages.reasons import Reason, reason_of
from shared.bank_messages.statements import NOT_PROVIDED


class Level(StrEnum):
    """What a status is of."""

    GROUP = "group"
    PAYMENT_INFORMATION = "payment_information"
    PAYMENT = "payment"


class StatusKind(StrEnum):
    """What a status means for the money."""

    ACCEPTED = "accepted"
    PENDING = "pending"
    PARTLY = "partly"
    SETTLED = "settled"
    REJECTED = "rejected"
    #: Said of something else than the payment, as whether a payee's name is that of the account; or not known.
    OTHER = "other"


#: ExternalPaymentGroupStatus1Code and ExternalPaymentTransactionStatus1Code.
_KINDS: Final = {
    **dict.fromkeys(["ACTC", "ACCP", "ACSP", "ACWC", "ACWP", "RCVD"], StatusKind.ACCEPTED),
    **dict.fromkeys(["PDNG", "ACFC", "PATC", "PRES"], StatusKind.PENDING),
    "PART": StatusKind.PARTLY,
    **dict.fromkeys(["ACSC", "ACCC"], StatusKind.SETTLED),
    **dict.fromkeys(["RJCT", "CANC", "BLCK"], StatusKind.REJECTED),
}


@dataclass(frozen=True, slots=True)
class Status:
    """A status of a level; ids are those of the order. A payment without a reason has that of what it is in."""

    level: Level
    code: str
    kind: StatusKind
    reference: str | None
    original_message_id: str | None
    payment_information_id: str | None
    instruction_id: str | None
    end_to_end_id: str | None
    amount: Amount | None
    reason: Reason


def statuses(message: Message) -> list[Status]:
    """The statuses of a report, from the whole to its parts.

    Raises MessageError when it says none, or for one that is not right.
    """
    found = list(_statuses(message.body, needed(message.body, "OrgnlGrpInfAndSts")))
    if not found:
        raise MessageError("it says no status, neither of the order nor of a payment", line_of(message.body))
    return found


def _statuses(body: etree._Element, group: etree._Element) -> Iterator[Status]:
    said, code = reason_of(group, "StsRsnInf"), text(group, "GrpSts")
    original = text(group, "OrgnlMsgId")
    if code:
        yield _status(group, Level.GROUP, code, original, None, said)
    for part in every(body, "OrgnlPmtInfAndSts"):
        yield from _part(part, original, code, said)
    for payment in every(body, "TxInfAndSts"):
        yield from _payment(payment, original, None, code, said)


def _part(part: etree._Element, original: str | None, above: str | None, why: Reason) -> Iterator[Status]:
    own, code = reason_of(part, "StsRsnInf"), text(part, "PmtInfSts")
    information = text(part, "OrgnlPmtInfId")
    said = _inherited(own, why, code or above, above)
    if code:
        yield _status(part, Level.PAYMENT_INFORMATION, code, original, information, said)
    for payment in every(part, "TxInfAndSts"):
        yield from _payment(payment, original, information, code or above, said)


def _payment(
    payment: etree._Element, original: str | None, information: str | None, above: str | None, why: Reason
) -> Iterator[Status]:
    code = text(payment, "TxSts")
    if code:
        said = _inherited(reason_of(payment, "StsRsnInf"), why, code, above)
        yield _status(payment, Level.PAYMENT, code, original, information, said)


def _inherited(own: Reason, above: Reason, code: str | None, code_above: str | None) -> Reason:
    """The own reason, or, of what was refused with the whole, that of the whole."""
    is_silent = own == Reason(None, None) and code_above in {code, None}
    return above if is_silent else own


def _status(
    element: etree._Element, level: Level, code: str, original: str | None, information: str | None, why: Reason
) -> Status:
    end_to_end_id = text(element, "OrgnlEndToEndId")
    instruction_id = text(element, "OrgnlInstrId")
    given = first(element, "OrgnlTxRef", "Amt", "InstdAmt")
    return Status(
        level=level,
        code=code,
        kind=_KINDS.get(code, StatusKind.OTHER),
        reference=text(element, "AcctSvcrRef") or instruction_id or information or original,
        original_message_id=original,
        payment_information_id=information,
        instruction_id=instruction_id,
        end_to_end_id=None if end_to_end_id == NOT_PROVIDED else end_to_end_id,
        amount=None if given is None else amount(given),
        reason=why,
    )
