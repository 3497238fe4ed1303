"""`plaudit report`: statements of a year, months' ends, and a member's entries, as files with a digest."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from plaudit.calls import PAGE_MAX_COUNT, request
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.terminal import plain
from shared.currencies import decimal_amount
from shared.reports.building import POINTS, month_end, year_statement
from shared.reports.domain import Amount, Column, Kind, Report, Sheet
from shared.reports.files import FORMATS, as_bytes, write_sheet

to_read = where_options(URL, KEY, COMMUNITY)
MEMBERS, MONTHS = ("rewards:read",), ("payouts:read",)
ENTRY_COLUMNS = (
    Column("recorded_at", Kind.MOMENT),
    Column("event_time", Kind.MOMENT),
    Column("what", Kind.TEXT),
    Column("account", Kind.TEXT),
    Column("currency", Kind.TEXT),
    Column("amount", Kind.AMOUNT),
    Column("transfer_id", Kind.TEXT),
    Column("cause_id", Kind.TEXT),
)
_READ = 1 << 20


class _Out(click.Path):
    """A file to write, of a format that its name ends with."""

    def __init__(self, *endings: str) -> None:
        super().__init__(dir_okay=False, path_type=Path)
        self.endings = endings

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(str(super().convert(value, param, ctx)))
        if path.suffix.removeprefix(".") not in self.endings:
            self.fail(
                f"{path.name}: it ends with none of {', '.join(f'.{one}' for one in self.endings)}", param, ctx
            )
        return path


out_option = click.option(
    "--out", type=_Out(*FORMATS), help="Write it there: .pdf, .csv or .parquet [default: show it]"
)
title_option = click.option(
    "--title", "community_title", default="", help="The community's name, as it stands on the report"
)


@click.group()
def report() -> None:
    """Make statements and months' ends. The same report is the same bytes: its SHA-256 is printed."""


@report.command("statement", epilog="Example: plaudit report statement forum:ada 2026 --out ada-2026.pdf")
@to_read
@json_option
@out_option
@title_option
@click.argument("member")
@click.argument("year", type=click.IntRange(1970, 2199))
def statement(where: Where, as_json: bool, out: Path | None, community_title: str, member: str, year: int) -> None:
    """Make the statement of MEMBER (an id, or an identity as forum:ada) for YEAR."""
    place = where.place()
    with place.access("plaudit report", MEMBERS, ("rewards",)) as key:
        found = request("GET", f"{place.url('rewards')}/v1/members/{member}/statements/{year}", key)
    made = year_statement(found, community=community_title, say=str, language="en")
    _deliver(found, made, out, as_json=as_json)


@report.command("month", epilog="Example: plaudit report month 2026-10 --out october.pdf")
@to_read
@json_option
@out_option
@title_option
@click.argument("month", metavar="MONTH")
def month(where: Where, as_json: bool, out: Path | None, community_title: str, month: str) -> None:
    """Make the end of MONTH for finance; what is not closed is preliminary. Ends with 1 when it does not tie."""
    place = where.place()
    with place.access("plaudit report", MONTHS, ("rewards",)) as key:
        found = request("GET", f"{place.url('rewards')}/v1/finance/month-ends/{month}", key)
    made = month_end(found, community=community_title, say=str, language="en")
    _deliver(found, made, out, as_json=as_json)
    if not found["balanced"]:
        click.echo("It does not tie to the ledger: plaudit ledger check says where.", err=True)
        raise SystemExit(1)


@report.command("entries", epilog="Example: plaudit report entries forum:ada --out ada.parquet")
@to_read
@json_option
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="What was booked from that day on, UTC")
@click.option("--to", "until", type=click.DateTime(["%Y-%m-%d"]), help="What was booked before that day, UTC")
@click.option("--out", type=_Out("csv", "parquet"), required=True, help="Write them there: .csv or .parquet")
@click.argument("member")
def entries(
    where: Where, as_json: bool, since: datetime | None, until: datetime | None, out: Path, member: str
) -> None:
    """Write every entry on the accounts of MEMBER, newest first: page by page, however many there are."""
    place = where.place()
    span = {"from": since, "to": until}
    params = {name: f"{moment:%Y-%m-%d}T00:00:00Z" for name, moment in span.items() if moment is not None}
    with place.access("plaudit report", MEMBERS, ("rewards",)) as key:
        url = f"{place.url('rewards')}/v1/members/{member}/statement"
        count = write_sheet(out, Sheet(ENTRY_COLUMNS, _entries(url, key, params)))
    _written(out, as_json=as_json, rows=count)


def _entries(url: str, key: str, params: dict[str, str]) -> Iterator[Sequence[Any]]:
    after: str | None = None
    while True:
        page = request(
            "GET", url, key, params={"limit": PAGE_MAX_COUNT} | params | ({"after": after} if after else {})
        )
        for one in page["items"]:
            moments = (datetime.fromisoformat(one[name]) for name in ("recorded_at", "event_time"))
            yield [
                *moments,
                *(one[name] for name in ("kind", "account", "currency", "amount", "transfer_id", "cause_id")),
            ]
        after = page["next"]
        if after is None:
            return


def _deliver(found: Any, made: Report, out: Path | None, *, as_json: bool) -> None:
    if out is not None:
        out.write_bytes(as_bytes(made, out.suffix.removeprefix(".")))
        _written(out, as_json=as_json)
    elif as_json:
        click.echo(json.dumps(found))
    else:
        _show(made)


def _written(out: Path, *, as_json: bool, rows: int | None = None) -> None:
    digest = hashlib.sha256()
    with out.open("rb") as file:
        while piece := file.read(_READ):
            digest.update(piece)
    said = {"file": str(out), "bytes": out.stat().st_size, "sha256": digest.hexdigest()}
    if rows is not None:
        said["rows"] = rows
    how_many = "" if rows is None else f", {rows} rows"
    click.echo(
        json.dumps(said) if as_json else f"{out}: {said['bytes']} bytes{how_many}, SHA-256 {said['sha256']}"
    )


def _show(made: Report) -> None:
    click.echo(made.title)
    for line in made.lines:
        click.echo(line)
    for table in made.tables:
        click.echo(f"\n{table.title}")
        if not table.rows:
            click.echo(table.empty)
            continue
        shown = listing(*table.headings)
        for row in (*table.rows, *([table.total] if table.total else [])):
            shown.add_row(*(plain(_cell(cell)) for cell in row))
        Console().print(shown)


def _cell(cell: str | Amount | int) -> str:
    if not isinstance(cell, Amount):
        return str(cell)
    return str(cell.value if cell.currency == POINTS else decimal_amount(cell.value, cell.currency))
