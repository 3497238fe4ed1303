"""Tables that people send as CSV, read with what is wrong said line by line."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

_DELIMITERS: Final = ",;\t"


class TableRow(NamedTuple):
    """A row: on which line it ends, and its cells by column, without blanks around them."""

    line: int
    cells: Mapping[str, str]


class TableFault(NamedTuple):
    """What is wrong with a line; nothing of the line itself is in it."""

    line: int
    reason: str


def read_table(
    text: str, *, columns: Sequence[str], needed: Sequence[str], rows_max_count: int
) -> tuple[list[TableRow], list[TableFault]]:
    """The rows of a table with a line of headings, and its faults; empty rows are none.

    It is separated by commas, semicolons or tabs: by what its headings have most of. One of the columns `needed`
    is there at least.
    """
    head, _, _ = text.partition("\n")
    delimiter = max(_DELIMITERS, key=head.count)
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter, strict=True)
    try:
        headings = [heading.strip().lower() for heading in next(rows, [])]
        if not set(needed) & set(headings):
            named = " or ".join(f"`{name}`" for name in needed)
            return [], [TableFault(1, f"the first line names the columns, and one of them is {named}")]
        if not set(headings) <= set(columns) or len(set(headings)) < len(headings):
            return [], [TableFault(1, f"the columns are {', '.join(columns)}, each once, and no others")]
        read = list(_rows(rows, headings, rows_max_count=rows_max_count))
    except csv.Error:
        return [], [TableFault(rows.line_num, "it is no line of a table: a quote is not closed")]
    return (
        [one for one in read if isinstance(one, TableRow)],
        [one for one in read if isinstance(one, TableFault)],
    )


def _rows(
    rows: Iterator[list[str]], headings: Sequence[str], *, rows_max_count: int
) -> Iterator[TableRow | TableFault]:
    for place, row in enumerate(rows, 1):
        line = rows.line_num  # type: ignore[attr-defined]
        if not any(cell.strip() for cell in row):
            continue
        if place > rows_max_count:
            yield TableFault(line, f"a table has {rows_max_count:,} lines at most; send the rest as another")
            return
        if len(row) != len(headings):
            yield TableFault(line, f"it has {len(row)} cells, and the headings are {len(headings)}")
            continue
        yield TableRow(line, dict(zip(headings, (cell.strip() for cell in row), strict=True)))
