"""A table of members as people keep them in spreadsheets: a row is one person, a column is a channel or the name.

The command reads it from a file and the console from a form; what it says is declared at ingest's API.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from shared.contracts.identities import NotAnIdentityError, read_identity

#: As many as one request takes.
AT_ONCE_COUNT: Final = 200
NAME_COLUMN: Final = "name"
#: How many separators of a kind the first line has decides; a spreadsheet writes what its language writes.
_SEPARATORS: Final = ",;\t"


class TableError(ValueError):
    """The table cannot be read, from `line` on; the message says why."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class TableRow(NamedTuple):
    """A row as it is declared (the body of a member), or what is wrong with it."""

    line: int
    member: Mapping[str, Any] | None
    fault: str = ""


def table_rows(lines: Iterable[str]) -> Iterator[TableRow]:
    """The rows of a table; those in which every cell is blank are left out.

    Raises TableError where the first line names no channel or one column twice, or the table cannot be read.
    """
    following = iter(lines)
    first = next(following, "")
    reader = csv.reader(_again(first, following), delimiter=max(_SEPARATORS, key=first.count))
    try:
        columns = [column.strip() for column in next(reader, [])]
        channels = _channels(columns)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _row(reader.line_num, columns, channels, cells)
    except (csv.Error, UnicodeError) as error:
        raise TableError(reader.line_num, f"cannot be read beyond line {reader.line_num}: {error}") from error


def faults_by_row(errors: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """Which members of a request are not valid, from 0, each with what is wrong: by the pointers of its answer."""
    found: dict[int, str] = {}
    for one in errors:
        first, _, rest = str(one.get("field", "")).removeprefix("/members/").partition("/")
        with suppress(ValueError):
            found.setdefault(int(first), f"{rest}: {one.get('detail')}")
    return found


def _again(first: str, following: Iterator[str]) -> Iterator[str]:
    yield first
    yield from following


def _channels(columns: Sequence[str]) -> dict[str, dict[str, str]]:
    """What each column but that of names says of its ids: on which channel they are, and where."""
    if repeated := sorted({column for column in columns if columns.count(column) > 1}):
        raise TableError(1, f"has two columns {repeated[0]}")
    found: dict[str, dict[str, str]] = {}
    for column in columns:
        if column == NAME_COLUMN:
            continue
        try:
            identity = read_identity(f"{column}:1")
        except NotAnIdentityError as error:
            raise TableError(
                1,
                f"has a column {column!r}, which is neither `name` nor a channel, as forum or"
                f" code@git.example.org: an identity {error}",
            ) from error
        found[column] = {"channel": identity.channel, "id": ""}
        if identity.host:
            found[column]["host"] = identity.host
    if not found:
        raise TableError(1, "has a first line that names no channel, such as forum: name,forum,chat")
    return found


def _row(
    line: int, columns: Sequence[str], channels: Mapping[str, Mapping[str, str]], cells: Sequence[str]
) -> TableRow:
    if len(cells) != len(columns):
        return TableRow(line, None, f"has {len(cells)} cells where the first line names {len(columns)} columns")
    said = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
    identities = [{**channel, "id": said[column]} for column, channel in channels.items() if said[column]]
    if not identities:
        return TableRow(line, None, "names nobody: each cell of a channel is empty")
    member: dict[str, Any] = {"identities": identities}
    if said.get(NAME_COLUMN):
        member["name"] = said[NAME_COLUMN]
    return TableRow(line, member)
