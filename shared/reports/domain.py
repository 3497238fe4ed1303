"""What a report is: tables for people, and one sheet of the same for machines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple


class Kind(Enum):
    """What a column of a sheet holds."""

    TEXT = "text"
    DAY = "day"
    #: In UTC.
    MOMENT = "moment"
    COUNT = "count"
    #: Points, or minor units of the currency that the row names. In CSV it is a number of that currency.
    AMOUNT = "amount"


class Column(NamedTuple):
    """A column of a sheet."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows for machines, in pieces as they come: as many cells as columns. One of the columns is `currency`."""

    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Amount:
    """Points (PTS), or minor units of a currency, as they stand in a table for people."""

    value: int
    currency: str


#: What stands in a table: a name, points or money, or how many of something there are.
Cell = str | Amount | int


@dataclass(frozen=True, slots=True)
class Table:
    """A table for people: the first column names the row, the others are numbers. `total` is its last line."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] | None = None
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A report in a language (`en`, `it`): `lines` stand under its title.

    `lacking` is what a PDF says before it names letters that no font of it has.
    """

    name: str
    title: str
    language: str
    lines: Sequence[str]
    tables: Sequence[Table]
    sheet: Sheet
    lacking: str
