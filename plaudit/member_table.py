"""`plaudit member import`: members of a table, each row one person on several channels."""

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import IO, Any, NamedTuple

import click
from plaudit_client import Plaudit, PlauditError, UnreachableError
from plaudit_client.types.ingest import IdentitiesDeclared, IdentityDeclared

from plaudit.places import ADMIN_KEY, COMMUNITY, KEY, URL, Where, where_options
from plaudit.terminal import plain
from shared.contracts.identities import NotAnIdentityError, read_identity

#: As many as one request takes.
AT_ONCE_COUNT = 200
NAME_COLUMN = "name"
WRITES = ("members:read", "members:write")
to_ask = where_options(URL, KEY, ADMIN_KEY, COMMUNITY)


class _Row(NamedTuple):
    """A row as it is declared, or what is wrong with it."""

    line: int
    member: IdentitiesDeclared | None
    fault: str = ""


class _Counts:
    """What became of the rows."""

    def __init__(self) -> None:
        self.declared = self.refused = 0

    def refuse(self, line: int, why: str) -> None:
        self.refused += 1
        click.echo(f"line {line}: {plain(why)}", err=True)


@click.command(
    "import",
    epilog="Example: plaudit member import people.csv",
)
@to_ask
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a script")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
def import_members(where: Where, as_json: bool, path: str) -> None:
    """Declare the members of a CSV FILE, or - for what is piped in: a row is one person.

    The first line names the columns: channels, as `forum` or `code@git.example.org`, and `name`, the name to show,
    if there are any to say. A cell is the id there; an empty one says nothing. Rows that are refused are printed
    with their line and why, the others are declared; then the command ends with 1. Doing it again changes nothing.
    """
    place = where.place()
    counts = _Counts()
    with (
        click.open_file(path, encoding="utf-8-sig") as table,
        place.access("plaudit member", WRITES, ("ingest",)) as key,
        Plaudit(place.url("ingest"), key) as client,
    ):
        rows = _rows(table)
        try:
            while some := list(islice(rows, AT_ONCE_COUNT)):
                for row in some:
                    if row.member is None:
                        counts.refuse(row.line, row.fault)
                _declare(client, [row for row in some if row.member is not None], counts)
        except (PlauditError, UnreachableError) as error:
            raise click.ClickException(
                f"{plain(str(error))}\n{counts.declared:,} rows were declared; begin again, they stay."
            ) from error
    if as_json:
        click.echo(json.dumps({"declared": counts.declared, "refused": counts.refused}))
    else:
        click.echo(f"{counts.declared:,} members were declared, {counts.refused:,} rows refused.")
    if counts.refused:
        raise SystemExit(1)


def _declare(client: Plaudit, rows: Sequence[_Row], counts: _Counts) -> None:
    """Declare some rows; those that are not valid are left out and said, and the rest is sent again."""
    while rows:
        try:
            answer = client.ingest.post_members_declare(members=[row.member for row in rows if row.member])
        except PlauditError as error:
            wrong = _wrong_rows(error)
            if not wrong:
                raise
            for index, why in wrong.items():
                counts.refuse(rows[index].line, why)
            rows = [row for index, row in enumerate(rows) if index not in wrong]
            continue
        counts.declared += answer["declared"]
        for item in answer["items"]:
            if refused := item["refused"]:
                counts.refuse(rows[item["index"]].line, f"{refused['title']}: {refused['detail']}")
        return


def _wrong_rows(error: PlauditError) -> dict[int, str]:
    """The rows of a request that are not valid, each with what is wrong, by the pointers of the answer."""
    wrong: dict[int, str] = {}
    for one in error.errors:
        first, _, rest = str(one.get("field", "")).removeprefix("/members/").partition("/")
        with suppress(ValueError):
            wrong.setdefault(int(first), f"{rest}: {one.get('detail')}")
    return wrong


def _rows(table: IO[str]) -> Iterator[_Row]:
    reader = csv.reader(table)
    try:
        columns = [column.strip() for column in next(reader, [])]
        channels = _channels(columns)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _row(reader.line_num, columns, channels, cells)
    except (csv.Error, UnicodeError) as error:
        raise click.ClickException(f"The table cannot be read beyond line {reader.line_num}: {error}") from error


def _channels(columns: Sequence[str]) -> dict[str, IdentityDeclared]:
    """What each column but that of names says of its ids: on which channel they are, and where."""
    if repeated := sorted({column for column in columns if columns.count(column) > 1}):
        raise click.ClickException(f"There are two columns {plain(repeated[0])}.")
    found: dict[str, IdentityDeclared] = {}
    for column in columns:
        if column == NAME_COLUMN:
            continue
        try:
            identity = read_identity(f"{column}:1")
        except NotAnIdentityError as error:
            raise click.ClickException(
                f"The column {plain(column)!r} is neither `name` nor a channel, as forum or code@git.example.org: "
                f"an identity {error}"
            ) from error
        found[column] = {"channel": identity.channel, "id": ""}
        if identity.host:
            found[column]["host"] = identity.host
    if not found:
        raise click.ClickException("The first line names no channel, such as forum: name,forum,chat")
    return found


def _row(line: int, columns: Sequence[str], channels: dict[str, IdentityDeclared], cells: Sequence[str]) -> _Row:
    if len(cells) != len(columns):
        return _Row(line, None, f"has {len(cells)} cells where the first line names {len(columns)} columns")
    said: dict[str, Any] = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
    identities: list[IdentityDeclared] = [
        {**channel, "id": said[column]} for column, channel in channels.items() if said[column]
    ]
    if not identities:
        return _Row(line, None, "names nobody: each cell of a channel is empty")
    member: IdentitiesDeclared = {"identities": identities}
    if said.get(NAME_COLUMN):
        member["name"] = said[NAME_COLUMN]
    return _Row(line, member)
