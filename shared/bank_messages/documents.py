"""A bank's message as a tree: what it is, and its elements by their names alone.

Banks declare namespaces of their own, misspell the declaration or leave it out, so names count without them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from lxml import etree

from shared.bank_messages.amounts import AmountError, minor_units

MESSAGE_MAX_BYTES = 32 * 1024 * 1024

#: What a message is, by the element that its document holds.
_MESSAGES: Final = {
    "CstmrPmtStsRpt": "pain.002",
    "BkToCstmrAcctRpt": "camt.052",
    "BkToCstmrStmt": "camt.053",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
}
_VERSIONS: Final = {
    "pain.002": ("001.03", "001.10"),
    "camt.052": ("001.02", "001.04", "001.08"),
    "camt.053": ("001.02", "001.04", "001.08"),
    "camt.054": ("001.02", "001.04", "001.08"),
}
#: xsd:date and xsd:dateTime begin so; ISO 8601 has other ways, such as 2026-W01-1 and 20260105.
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)", re.ASCII)
_NAMED = re.compile(r"([a-z]{4}\.\d{3})\.(\d{3}\.\d{2})")


class MessageError(ValueError):
    """A file is no message of a bank that is read, or not a right one; the message says why, `line` where."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        self.problem = problem
        self.line = line
        super().__init__(problem if line is None else f"line {line}: {problem}")


@dataclass(frozen=True, slots=True)
class Message:
    """A message: `name` is `camt.053.001.08`, or `camt.053` where no version is declared."""

    name: str
    kind: str
    body: etree._Element


def read_message(content: bytes) -> Message:
    """Parse a file without touching anything beside it, and see which message it holds.

    Raises MessageError when it is too large, not XML, declares a document type (and with it entities), or holds a
    message, or a version of one, that is not read.
    """
    if len(content) > MESSAGE_MAX_BYTES:
        raise MessageError(f"it is larger than {MESSAGE_MAX_BYTES // 1024 // 1024} MiB")
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, etree.XMLSyntaxError) else None
        raise MessageError(f"it is not XML: {getattr(error, 'msg', error)}", line) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise MessageError("it declares a document type, which no bank's message does")
    document = root if name_of(root) == "Document" else next(_named(root, "Document"), None)
    if document is None:
        raise MessageError(f"it is {name_of(root)!r}, not a Document of ISO 20022", line_of(root))
    bodies = [child for child in document if isinstance(child.tag, str)]
    declared = etree.QName(document).namespace or ""
    if len(bodies) != 1 or name_of(bodies[0]) not in _MESSAGES:
        raise MessageError(_not_read(declared, [name_of(one) for one in bodies]), line_of(document))
    kind = _MESSAGES[name_of(bodies[0])]
    return Message(_version(kind, declared, document), kind, bodies[0])


def _version(kind: str, declared: str, document: etree._Element) -> str:
    """The name with its version. Only what names another version of it is refused: odd namespaces name none."""
    named = _NAMED.search(declared)
    if named is None or named[1] != kind:
        return kind
    if named[2] not in _VERSIONS[kind]:
        read = ", ".join(f"{kind}.{version}" for version in _VERSIONS[kind])
        raise MessageError(f"it is {kind}.{named[2]}; of {kind}, {read} are read", line_of(document))
    return f"{kind}.{named[2]}"


def _not_read(declared: str, bodies: Sequence[str]) -> str:
    named = _NAMED.search(declared)
    what = f"{named[1]}.{named[2]}" if named else " and ".join(bodies) or "empty"
    return f"it is {what}; what a bank answers is read: {', '.join(_VERSIONS)}"


def name_of(element: etree._Element) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def line_of(element: etree._Element) -> int | None:
    """The line of the file that an element begins on."""
    line: object = element.sourceline
    return line if isinstance(line, int) else None


def _named(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in element if isinstance(child.tag, str) and name_of(child) == name)


def every(element: etree._Element, *path: str) -> list[etree._Element]:
    """The elements at a path of names, in their order."""
    found = [element]
    for name in path:
        found = [child for one in found for child in _named(one, name)]
    return found


def first(element: etree._Element, *path: str) -> etree._Element | None:
    """The first element at a path of names, None when there is none."""
    return next(iter(every(element, *path)), None)


def text(element: etree._Element, *path: str) -> str | None:
    """The text at a path of names without the blanks around it; None where there is none."""
    found = first(element, *path)
    return (found.text or "").strip() or None if found is not None else None


def coded(element: etree._Element, *path: str) -> str | None:
    """A code at a path of names: its own text as in old versions, or that of its `Cd` or `Prtry`."""
    return text(element, *path) or text(element, *path, "Cd") or text(element, *path, "Prtry")


def needed(element: etree._Element, *path: str) -> etree._Element:
    """The element at a path of names. Raises MessageError when it is missing."""
    found = first(element, *path)
    if found is None:
        raise MessageError(f"{name_of(element)} has no {'/'.join(path)}", line_of(element))
    return found


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount in the minor units of its currency."""

    minor: int
    currency: str


def amount(element: etree._Element) -> Amount:
    """An element's amount with the currency that it names. Raises MessageError when it is none."""
    currency = (element.get("Ccy") or "").strip()
    if not currency:
        raise MessageError(f"{name_of(element)} names no currency", line_of(element))
    try:
        return Amount(minor_units((element.text or "").strip(), currency), currency)
    except AmountError as error:
        raise MessageError(f"{name_of(element)}: {error}", line_of(element)) from error


def day(element: etree._Element, *path: str) -> date | None:
    """The day at a path of names, `Dt` or `DtTm`, as written there. Raises MessageError when it is none."""
    written = text(element, *path, "Dt") or text(element, *path, "DtTm")
    if written is None:
        return None
    try:
        if not _DAY.match(written):
            raise ValueError(written)
        return date.fromisoformat(written[:10])
    except ValueError as error:
        raise MessageError(f"{'/'.join(path)}: {written!r} is not a day", line_of(element)) from error


def message_id(message: Message) -> str | None:
    """The id that the bank gave the message."""
    return text(message.body, "GrpHdr", "MsgId")
