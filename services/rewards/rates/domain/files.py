"""Rates as central banks publish them: the ECB's XML and CSV, and a table of currency and rate.

Of a file with several days the newest counts. Nothing beside the file is touched: a document type is refused.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from lxml import etree

FILE_MAX_BYTES: Final = 1024 * 1024
CURRENCIES_MAX_COUNT: Final = 200
#: The rates of files of the ECB are units of each currency that a euro is.
ECB_BASE: Final = "EUR"
#: Digits before and after the point that a rate is written with.
UNITS_WHOLE_DIGITS: Final = 12
UNITS_DECIMALS: Final = 12
_UNITS: Final = re.compile(rf"\d{{1,{UNITS_WHOLE_DIGITS}}}(\.\d{{1,{UNITS_DECIMALS}}})?", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
#: How the ECB writes that a currency has no rate on a day.
_NONE: Final = ("", "N/A")
#: The days of a table by the ECB, as its file of a day and its file of all days write them.
_DAYS: Final = ("%d %B %Y", "%Y-%m-%d")
_XML: Final = b"<"


class RateFileError(ValueError):
    """A file is none of rates, or not a right one: the message says why, `line` where it is known."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


@dataclass(frozen=True, slots=True)
class RateFile:
    """What a file says: units of each currency that one unit of `base` is, on a day."""

    base: str
    day: date
    units: Mapping[str, Decimal]


def read_rates(content: bytes) -> RateFile:
    """The rates of a file, XML or CSV. Raises RateFileError."""
    if len(content) > FILE_MAX_BYTES:
        raise RateFileError(f"it is larger than {FILE_MAX_BYTES:,} bytes: take the file of one day")
    content = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    return _xml(content) if content.startswith(_XML) else _table(content)


def read_units(text: str) -> Decimal:
    """A rate as it is written, with a point. Raises ValueError for what is none, or not above 0."""
    if not _UNITS.fullmatch(text) or not (units := Decimal(text)):
        raise ValueError(f"{text[:40]!r} is no rate: write it like 1.0956, above 0")
    return units


def _xml(content: bytes) -> RateFile:
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, etree.XMLSyntaxError) else None
        raise RateFileError("it is not XML, nor a table", line) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise RateFileError("it declares a document type, which no file of rates does")
    days = [one for one in root.iter("{*}Cube") if one.get("time") is not None]
    if not days:
        raise RateFileError("it has no Cube with a time, as files of the ECB have")
    newest = max(days, key=lambda one: _day(one.get("time", ""), _line(one)))
    found = [
        (one.get("currency", ""), one.get("rate", ""), _line(one)) for one in newest if isinstance(one.tag, str)
    ]
    return RateFile(ECB_BASE, _day(newest.get("time", ""), _line(newest)), _units(iter(found), base=ECB_BASE))


def _table(content: bytes) -> RateFile:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise RateFileError("it is not text in UTF-8") from error
    try:
        rows = [
            (number, [cell.strip() for cell in row])
            for number, row in enumerate(csv.reader(io.StringIO(text), strict=True), 1)
            if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        raise RateFileError("it is no table: a quote is not closed") from error
    if not rows or rows[0][1][0].lower() != "date":
        raise RateFileError("its first line begins with Date, and names the currencies", 1)
    headings = rows[0][1][1:]
    if len(rows) == 1:
        raise RateFileError("it has no line with a day and rates")
    days = [(_day(cells[0], number), number, cells[1:]) for number, cells in rows[1:]]
    day, number, cells = max(days)
    if len(cells) > len(headings):
        raise RateFileError(f"it has {len(cells)} rates for {len(headings)} currencies", number)
    named = zip(headings, cells, strict=False)
    # The ECB ends each line with a comma.
    found = ((currency, rate, number) for currency, rate in named if currency or rate)
    return RateFile(ECB_BASE, day, _units((one for one in found if one[1] not in _NONE), base=ECB_BASE))


def _units(found: Iterator[tuple[str, str, int | None]], *, base: str) -> Mapping[str, Decimal]:
    units: dict[str, Decimal] = {}
    for currency, rate, line in found:
        if not _CURRENCY.fullmatch(currency):
            raise RateFileError(f"{currency[:20]!r} is no currency of three letters", line)
        if currency in units or currency == base:
            raise RateFileError(f"{currency} has two rates", line)
        try:
            units[currency] = read_units(rate)
        except ValueError as error:
            raise RateFileError(f"{currency}: {error}", line) from error
        if len(units) > CURRENCIES_MAX_COUNT:
            raise RateFileError(f"it has more than {CURRENCIES_MAX_COUNT} currencies", line)
    if not units:
        raise RateFileError("it has no rate")
    return units


def _day(text: str, line: int | None) -> date:
    for written in _DAYS:
        try:
            return datetime.strptime(text, written).date()  # noqa: DTZ007 -- a day has no zone
        except ValueError:
            continue
    raise RateFileError(f"{text[:40]!r} is no day: write 2026-01-31 or 31 January 2026", line)


def _line(element: etree._Element) -> int | None:
    line: object = element.sourceline
    return line if isinstance(line, int) else None
