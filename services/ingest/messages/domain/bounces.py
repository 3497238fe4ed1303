"""What comes back: delivery status notifications (RFC 3464) and complaints (RFC 5965)."""

from collections.abc import Iterator
from email import policy
from email.message import Message
from email.parser import BytesParser
from enum import StrEnum
from typing import Final, NamedTuple

PARTS_MAX_COUNT: Final = 50
RECIPIENTS_MAX_COUNT: Final = 100


class Came(StrEnum):
    """What came back of a message."""

    NOT_DELIVERED = "not_delivered"
    DELAYED = "delayed"
    COMPLAINT = "complaint"


class Bounce(NamedTuple):
    """What came back of one recipient; `message_id` as the header of what was sent had it, without brackets."""

    came: Came
    recipient: str | None
    status: str | None
    message_id: str | None


def read_bounces(content: bytes) -> list[Bounce]:
    """What a returned message says of each recipient; nothing where it is no report."""
    message = BytesParser(policy=policy.compat32).parsebytes(content)
    parts = [part for part, _ in zip(message.walk(), range(PARTS_MAX_COUNT), strict=False)]
    sent = _id_of_what_was_sent(parts)
    found: list[Bounce] = []
    for part in parts:
        if part.get_content_type() == "message/delivery-status":
            found.extend(_failed(part, sent))
        elif part.get_content_type() == "message/feedback-report":
            fields = next(_groups(part), None)
            if fields is not None:
                found.append(Bounce(Came.COMPLAINT, _address(fields.get("Original-Rcpt-To")), None, sent))
    return found[:RECIPIENTS_MAX_COUNT]


def _failed(part: Message, sent: str | None) -> Iterator[Bounce]:
    for fields in _groups(part):
        action = str(fields.get("Action", "")).strip().lower()
        status = str(fields.get("Status", "")).strip().split(" ")[0] or None
        if action not in ("failed", "delayed"):
            continue
        recipient = _address(fields.get("Original-Recipient")) or _address(fields.get("Final-Recipient"))
        # A failure that may pass by itself (4.x.x) stops no address.
        is_final = action == "failed" and not (status or "5").startswith("4")
        yield Bounce(Came.NOT_DELIVERED if is_final else Came.DELAYED, recipient, status, sent)


def _groups(part: Message) -> Iterator[Message]:
    """The groups of fields of a report; Python reads each as a message of its own, or all as a text."""
    payload = part.get_payload()
    if isinstance(payload, list):
        # The first group is of the report itself.
        yield from (one for one in payload[: RECIPIENTS_MAX_COUNT + 1] if isinstance(one, Message))
    elif isinstance(payload, str):
        for text in payload.replace("\r\n", "\n").split("\n\n")[: RECIPIENTS_MAX_COUNT + 1]:
            yield BytesParser(policy=policy.compat32).parsebytes(text.encode("utf-8", "replace"))


def _address(field: object) -> str | None:
    """The address of `rfc822; ada@example.org`."""
    text = str(field or "").strip()
    address = text.partition(";")[2].strip() if ";" in text else text
    return address.strip("<>").lower() or None


def _id_of_what_was_sent(parts: list[Message]) -> str | None:
    """The Message-ID in the copy, or in the headers of it, that comes with a report."""
    for part in parts:
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) and payload else None
            if inner is None and isinstance(payload, str):
                inner = BytesParser(policy=policy.compat32).parsebytes(payload.encode("utf-8", "replace"))
            if isinstance(inner, Message) and inner.get("Message-ID"):
                return str(inner["Message-ID"]).strip().strip("<>")
    return None
