"""`plaudit query`: SQL over figures that were exported, which it can read and nothing else."""

import json
import threading
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from plaudit.figures_export import DATABASE, EXAMPLE
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.terminal import plain
from shared.spreadsheets import csv_lines

PIECE_COUNT = 1_000
#: Nothing but the export is read, nothing is written, and none of that can be changed by what is asked.
BOUNDS: Final = (
    "set temp_directory = ''",
    "set enable_external_access = false",
    "set autoinstall_known_extensions = false",
    "set lock_configuration = true",
)


@click.command("query", epilog=f"Example: plaudit query --from figures {json.dumps(EXAMPLE)}")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, of which no cell is a formula.")
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="The folder of an export",
)
@click.option(
    "--seconds", type=click.IntRange(1, 3_600), default=30, show_default=True, help="How long it may take"
)
@click.option(
    "--memory-mb", type=click.IntRange(16, 16_384), default=512, show_default=True, help="What memory it may take"
)
@click.option(
    "--rows", type=click.IntRange(1, 10_000_000), default=10_000, show_default=True, help="Rows shown at most"
)
@click.argument("sql")
def query(as_json: bool, as_csv: bool, source: Path, seconds: int, memory_mb: int, rows: int, sql: str) -> None:
    """Ask SQL (of DuckDB) about figures that `plaudit export` wrote: `select` alone, of its tables alone.

    The tables: days, channels, types, rules, members; activity, member_activity, rule_points (docs/data.md). Ends
    with 1 where the question is wrong or takes more than it may.
    """
    import duckdb  # noqa: PLC0415 -- 100 ms

    if as_json and as_csv:
        raise click.UsageError("--json or --csv, not both")
    database = source / DATABASE
    if not database.exists():
        raise click.ClickException(f"{source} has no {DATABASE}: plaudit export --out {source} makes it")
    try:
        with duckdb.connect(str(database), read_only=True, config={"memory_limit": f"{memory_mb}MB"}) as conn:
            for bound in BOUNDS:
                conn.execute(bound)
            _check(conn, sql)
            over = threading.Timer(seconds, conn.interrupt)
            over.start()
            try:
                conn.execute(sql)
                headings = [column[0] for column in conn.description or ()]
                _print(headings, _pieces(conn, rows), as_json=as_json, as_csv=as_csv)
                if conn.fetchone() is not None:
                    click.echo(f"There are more than {rows} rows: --rows shows more.", err=True)
            finally:
                over.cancel()
    except duckdb.InterruptException as error:
        raise click.ClickException(
            f"It took longer than {seconds} s: ask for less, or give it more --seconds"
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise click.ClickException(
            f"It took more than {memory_mb} MB: ask for less, or give it more --memory-mb"
        ) from error
    except duckdb.Error as error:
        raise click.ClickException(str(error)) from error


def _check(conn: Any, sql: str) -> None:
    """One statement that asks. Raises ClickException for anything else."""
    import duckdb  # noqa: PLC0415 -- 100 ms

    statements = conn.extract_statements(sql)
    asks = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
    if len(statements) != 1 or statements[0].type not in asks:
        raise click.ClickException("Ask one question, a select: nothing can be changed here")


def _pieces(conn: Any, rows: int) -> Iterator[Sequence[Sequence[Any]]]:
    left = rows
    while left and (piece := conn.fetchmany(min(left, PIECE_COUNT))):
        left -= len(piece)
        yield piece


def _print(
    headings: Sequence[str], pieces: Iterator[Sequence[Sequence[Any]]], *, as_json: bool, as_csv: bool
) -> None:
    if as_csv:
        click.echo(csv_lines([headings]), nl=False)
        for piece in pieces:
            click.echo(csv_lines(piece), nl=False)
        return
    if as_json:
        between = "["
        for piece in pieces:
            for row in piece:
                click.echo(between + json.dumps(dict(zip(headings, map(_jsonable, row), strict=True))), nl=False)
                between = ",\n"
        click.echo("[]" if between == "[" else "]")
        return
    table = listing(*headings)
    for piece in pieces:
        for row in piece:
            table.add_row(*(plain("–" if cell is None else str(cell)) for cell in row))
    Console().print(table)


def _jsonable(cell: Any) -> Any:
    if isinstance(cell, date | datetime):
        return cell.isoformat()
    if isinstance(cell, Decimal):
        return int(cell) if cell == cell.to_integral_value() else float(cell)
    return cell if cell is None or isinstance(cell, bool | int | float | str) else str(cell)
