"""Tables as platforms export them: the header is somewhere, in some language, between some separators.

Rules: a header is the first line in which all columns that a file `has` are found, by one of their names, whatever
stands before it. The separator is the one with which it is found. A line that is a header again begins anew.
"""

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice

from connectors.exports.contents import BadRow, Heading, Reading, Row, UnreadableError, mark_of
from connectors.exports.document import File

SEPARATORS = (",", ";", "\t", "|")
#: A header stands among the first lines, behind what is said of the whole.
HEADER_LINES_MAX_COUNT = 40
LINE_MAX_CHARS = 1024 * 1024
NAMED_MAX_COUNT = 12


class Columns:
    """Which cell of a row is which field, by the names that a file's columns have."""

    def __init__(self, file: File, reading: Reading) -> None:
        said = reading.columns or {}
        self._names = {
            name: {plain(said[name])} if name in said else {plain(one) for one in aliases}
            for name, aliases in file.columns.items()
        }
        self._has = file.has
        self._before = {name: {plain(one) for one in aliases} for name, aliases in file.before.items()}

    def of(self, cells: Sequence[str]) -> dict[str, int]:
        """The place of each column that a line names."""
        found: dict[str, int] = {}
        for place, cell in enumerate(map(plain, cells)):
            for name, names in self._names.items():
                if cell in names:
                    found.setdefault(name, place)
                    break
        return found

    def is_header(self, found: Mapping[str, int]) -> bool:
        return all(name in found for name in self._has)

    def missing(self, found: Mapping[str, int]) -> list[str]:
        return [name for name in self._has if name not in found]

    def before(self, lines: Sequence[Sequence[str]]) -> dict[str, str]:
        """What lines before the header say: below a heading, or beside it."""
        said: dict[str, str] = {}
        for line, cells in enumerate(lines):
            below = lines[line + 1] if line + 1 < len(lines) else ()
            for place, cell in enumerate(map(plain, cells)):
                for name, names in self._before.items():
                    if cell in names and name not in said:
                        values = [one[at] for one, at in ((below, place), (cells, place + 1)) if at < len(one)]
                        value = next((one.strip() for one in values if one.strip()), "")
                        if value:
                            said[name] = value
        return said


def plain(cell: str) -> str:
    """A heading as it is compared: without marks, blanks and cases that do not make it another."""
    return " ".join(unicodedata.normalize("NFKC", cell).strip("\ufeff \t\r\n:*\"'").casefold().split())


class Table:
    """A file's rows, once its header is found. `before` is what stands before it. Raises UnreadableError."""

    def __init__(self, stream: io.BufferedReader, file: File, reading: Reading) -> None:
        self._lines = _Lines(stream, reading)
        self._columns = Columns(file, reading)
        head = list(islice(self._lines, HEADER_LINES_MAX_COUNT))
        found = _header(head, self._columns)
        if found is None:
            raise UnreadableError(_no_header(head, file, self._columns))
        self._separator, self._header, self._places = found
        before = csv.reader(head, delimiter=self._separator, strict=False)
        self.before = self._columns.before(list(islice(before, self._header)))
        self._head = head

    def rows(self) -> Iterator[Row | BadRow | Heading]:
        """Each row behind the header that is not empty: its fields by name; an empty cell is left out."""
        places, header_cells = self._places, 0
        reader = csv.reader(chain(self._head, self._lines), delimiter=self._separator, strict=False)
        number = 0
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                yield BadRow(f"line {reader.line_num}", f"not a readable row ({error}): is a quotation mark open?")
                number += 1
                continue
            number += 1
            if number <= self._header:
                continue
            if (again := self._columns.of(cells)) and self._columns.is_header(again):
                places, header_cells = again, len(cells)
                continue
            yield from self._of_row(f"line {reader.line_num}", cells, places, header_cells)
        yield from self._lines.bad

    def _of_row(
        self, place: str, cells: list[str], places: Mapping[str, int], width: int
    ) -> Iterator[Row | BadRow | Heading]:
        if not any(cell.strip() for cell in cells):
            return
        if not any(cell.strip() for cell in cells[1:]):
            yield Heading(place)
        elif any(cell.strip() for cell in cells[width:]):
            yield BadRow(
                place,
                f"the row has {len(cells)} cells and the header {width}: is a cell with a separator unquoted?",
            )
        elif not all(cell.isascii() or _is_text(cell) for cell in cells):
            yield BadRow(
                place, "a cell holds bytes that are not of the file's encoding: say it, as --encoding cp1252"
            )
        else:
            values = ((name, cells[at].strip()) for name, at in places.items() if at < len(cells))
            yield Row(place, {name: value for name, value in values if value})


class _Lines:
    """The lines of a file as text, none longer than LINE_MAX_CHARS: of those that are only their place is kept."""

    def __init__(self, stream: io.BufferedReader, reading: Reading) -> None:
        mark, marked = mark_of(stream.peek(4)[:4])
        encoding = marked or reading.encoding or "utf-8"
        if marked == "utf-8":
            stream.read(len(mark))
        try:
            # Bytes that are not of the encoding spoil their row, not the rest of the file.
            self._text = io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="")
        except LookupError:
            raise UnreadableError(f"there is no encoding {encoding!r}") from None
        self._number = 0
        self.bad: list[BadRow] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = self._text.readline(LINE_MAX_CHARS + 1)
            self._number += 1
            if len(line) > LINE_MAX_CHARS:
                while line and not line.endswith(("\n", "\r")):
                    line = self._text.readline(LINE_MAX_CHARS)
                if len(self.bad) < 1000:
                    self.bad.append(
                        BadRow(f"line {self._number}", f"the line is longer than {LINE_MAX_CHARS:,} characters")
                    )
                return "\n"
        except UnicodeError as error:
            raise UnreadableError(f"after line {self._number}: {error}; say its encoding (--encoding)") from None
        if not line:
            raise StopIteration
        return line.removeprefix("\ufeff") if self._number == 1 else line


def _header(head: Sequence[str], columns: Columns) -> tuple[str, int, dict[str, int]] | None:
    """The separator, how many rows stand before the header, and which column is where."""
    for separator in SEPARATORS:
        try:
            for number, cells in enumerate(csv.reader(head, delimiter=separator, strict=False)):
                if columns.is_header(found := columns.of(cells)):
                    return separator, number, found
        except csv.Error:
            continue
    return None


def _no_header(head: Sequence[str], file: File, columns: Columns) -> str:
    """What is missing of the header, and what there is."""
    best: list[str] = []
    missing = list(file.has)
    for separator in SEPARATORS:
        try:
            for cells in csv.reader(head, delimiter=separator, strict=False):
                lacks = columns.missing(columns.of(cells))
                if len(lacks) < len(missing) or (not best and len(cells) > 1):
                    best, missing = cells, lacks
        except csv.Error:
            continue
    wanted = "; ".join(f"{name} ({' or '.join(file.columns[name][:3])})" for name in missing)
    there = ", ".join(cell.strip()[:60] for cell in best[:NAMED_MAX_COUNT]) or "no line with several cells"
    return (
        f"no line has all of its columns: {wanted} is not there. Found: {there}. "
        f"Say what it is called here, as --column {missing[0]}=NAME"
    )


def _is_text(cell: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in cell)
