"""Numbered exports: days that were handed to finance once, and the files that they are written as."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from services.rewards.approvals.domain import Author
from services.rewards.general_ledger.domain.journal import JournalLine
from shared.currencies import decimal_amount

#: Lines that Xero takes in a file of manual journals.
XERO_LINES_MAX_COUNT = 300
CSV_HEADINGS = ("export", "day", "event", "account", "number", "debit", "credit", "currency", "text")
XERO_HEADINGS = ("*Narration", "*Date", "Description", "*AccountCode", "*TaxRate", "*Amount")


class Grain(StrEnum):
    """Whether the journal has lines for each day, or for each month."""

    DAY = "day"
    MONTH = "month"


class UnknownExportError(Exception):
    """There is no such export; `number` is what was asked for."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class ExportRefusedError(Exception):
    """These days cannot be exported; the message says why and which can."""


class ExportPlace(NamedTuple):
    """Where a page of exports ended."""

    number: int


@dataclass(frozen=True, slots=True)
class Export:
    """Days that were handed to finance, from one to another, by the number that says that they were."""

    community: str
    number: int
    first_day: date
    last_day: date
    grain: Grain
    tax_rate: str
    lines_count: int
    made_at: datetime
    made_by: Author

    @property
    def place(self) -> ExportPlace:
        """Where it stands among the exports: newest first."""
        return ExportPlace(self.number)


def next_days(last_exported: date | None, first: date | None, last: date, *, over: date) -> tuple[date, date]:
    """The days of the next export: from the one after the last that was exported, or from `first`, to `last`.

    `over` is the newest day that is over. Raises ExportRefusedError when days would be handed over twice or left
    out, or are not over.
    """
    wanted = first if last_exported is None else last_exported + timedelta(days=1)
    if wanted is None:
        raise ExportRefusedError("nothing was exported yet: say from which day on")
    if first is not None and first != wanted:
        raise ExportRefusedError(
            f"the days up to {last_exported} are exported already: the next begins on {wanted.isoformat()}"
        )
    if last < wanted:
        raise ExportRefusedError(f"it would end on {last.isoformat()}, before it begins on {wanted.isoformat()}")
    if last > over:
        raise ExportRefusedError(f"{last.isoformat()} is not over: the last day that is, is {over.isoformat()}")
    return wanted, last


def csv_rows(export: Export, lines: Sequence[JournalLine]) -> Iterator[Sequence[object]]:
    """The export as rows of a table; amounts are numbers of their currency."""
    yield CSV_HEADINGS
    for line in lines:
        value = decimal_amount(abs(line.amount), line.currency)
        sides = (value, None) if line.amount > 0 else (None, value)
        yield (
            export.number,
            line.day,
            line.event,
            line.account,
            line.number,
            *sides,
            line.currency,
            _text(export, line),
        )


def xero_parts(lines: Sequence[JournalLine]) -> list[list[JournalLine]]:
    """The lines in parts of XERO_LINES_MAX_COUNT at most, with whole journals: of a day, event and currency."""
    parts: list[list[JournalLine]] = [[]]
    for _, group in groupby(lines, key=lambda line: (line.day, line.event, line.currency)):
        whole = list(group)
        if parts[-1] and len(parts[-1]) + len(whole) > XERO_LINES_MAX_COUNT:
            parts.append([])
        parts[-1] += whole
    return parts


def xero_rows(export: Export, lines: Sequence[JournalLine]) -> Iterator[Sequence[object]]:
    """Lines as Xero's template of manual journals has them: debit positive, days as dd/mm/yyyy."""
    yield XERO_HEADINGS
    for line in lines:
        value = decimal_amount(line.amount, line.currency)
        day = line.day.strftime("%d/%m/%Y")
        yield (f"{_text(export, line)} {line.currency}", day, line.account, line.number, export.tax_rate, value)


def _text(export: Export, line: JournalLine) -> str:
    return f"Plaudit {export.number}: {line.event} {line.day.isoformat()}"
