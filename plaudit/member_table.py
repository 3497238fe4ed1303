"""`plaudit member import`: members of a table, each row one person on several channels."""

import json
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any, cast

import click
from plaudit_client import Plaudit, PlauditError, UnreachableError
from plaudit_client.types.ingest import IdentitiesDeclared

from plaudit.places import ADMIN_KEY, COMMUNITY, KEY, URL, Where, where_options
from plaudit.terminal import plain
from shared.member_table import AT_ONCE_COUNT, TableError, TableRow, faults_by_row, table_rows

#: Asked about by one request.
FORESEEN_COUNT = 2_000
WRITES = ("members:read", "members:write")
to_ask = where_options(URL, KEY, ADMIN_KEY, COMMUNITY)


class _Counts:
    """What became of the rows."""

    def __init__(self) -> None:
        self.declared = self.refused = 0
        self.foreseen: Counter[str] = Counter()

    def refuse(self, line: int, why: str) -> None:
        self.refused += 1
        click.echo(f"line {line}: {plain(why)}", err=True)


@click.command(
    "import",
    epilog="Example: plaudit member import people.csv",
)
@to_ask
@click.option("--dry-run", is_flag=True, help="Say what would become of the rows, and declare nobody")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a script")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
def import_members(where: Where, dry_run: bool, as_json: bool, path: str) -> None:
    """Declare the members of a CSV FILE, or - for what is piped in: a row is one person.

    The first line names the columns: channels, as `forum` or `code@git.example.org`, and perhaps `name`, the name
    to show. Commas, semicolons or tabs separate. A cell is the id there; an empty one says nothing.
    Rows that are refused are printed with their line and why, the others are declared; then the command ends with
    1. Doing it again changes nothing.
    """
    place = where.place()
    counts = _Counts()
    with (
        click.open_file(path, encoding="utf-8-sig") as table,
        place.access("plaudit member", WRITES, ("ingest",)) as key,
        Plaudit(place.url("ingest"), key) as client,
    ):
        rows = table_rows(table)
        try:
            while some := list(islice(rows, FORESEEN_COUNT if dry_run else AT_ONCE_COUNT)):
                for row in some:
                    if row.member is None:
                        counts.refuse(row.line, row.fault)
                (_foresee if dry_run else _declare)(
                    client, [row for row in some if row.member is not None], counts
                )
        except TableError as error:
            raise click.ClickException(f"The table {plain(str(error))}.") from error
        except (PlauditError, UnreachableError) as error:
            raise click.ClickException(
                f"{plain(str(error))}\n{counts.declared:,} rows were declared; begin again, they stay."
            ) from error
    _show(counts, dry_run=dry_run, as_json=as_json)
    if counts.refused:
        raise SystemExit(1)


def _show(counts: _Counts, *, dry_run: bool, as_json: bool) -> None:
    said = {name: counts.foreseen[name] for name in ("new", "changed", "known")}
    if as_json:
        done = said if dry_run else {"declared": counts.declared}
        click.echo(json.dumps({**done, "refused": counts.refused}))
    elif dry_run:
        click.echo(
            f"Nobody was declared. {said['new']:,} members would be new and {said['changed']:,} changed,"
            f" {said['known']:,} are so already, {counts.refused:,} rows would be refused."
        )
    else:
        click.echo(f"{counts.declared:,} members were declared, {counts.refused:,} rows refused.")


def _foresee(client: Plaudit, rows: Sequence[TableRow], counts: _Counts) -> None:
    """Ask what would become of some rows."""
    while rows:
        members = [cast("IdentitiesDeclared", row.member) for row in rows]
        try:
            answer = client.ingest.post_members_declare_preview(members=members)
        except PlauditError as error:
            rows = _without_wrong(rows, error, counts)
            continue
        for item in answer["items"]:
            if refused := item["refused"]:
                counts.refuse(rows[item["index"]].line, f"{refused['title']}: {refused['detail']}")
            else:
                counts.foreseen[str(item["becomes"])] += 1
        return


def _declare(client: Plaudit, rows: Sequence[TableRow], counts: _Counts) -> None:
    """Declare some rows; those that are not valid are left out and said, and the rest is sent again."""
    while rows:
        members = [cast("IdentitiesDeclared", row.member) for row in rows]
        try:
            answer = client.ingest.post_members_declare(members=members)
        except PlauditError as error:
            rows = _without_wrong(rows, error, counts)
            continue
        counts.declared += answer["declared"]
        for item in answer["items"]:
            if refused := item["refused"]:
                counts.refuse(rows[item["index"]].line, f"{refused['title']}: {refused['detail']}")
        return


def _without_wrong(rows: Sequence[TableRow], error: PlauditError, counts: _Counts) -> list[TableRow]:
    """The rows that are valid; the others are said. Raises what was refused for another reason."""
    wrong: dict[int, str] = faults_by_row(cast("Sequence[dict[str, Any]]", error.errors))
    if not wrong:
        raise error
    for index, why in wrong.items():
        counts.refuse(rows[index].line, why)
    return [row for index, row in enumerate(rows) if index not in wrong]
