"""`plaudit export`: a community's figures as a star schema, in Parquet, in CSV, and as a database to be asked."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from plaudit.calls import PAGE_MAX_COUNT, request
from plaudit.figures import days_options
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from shared.reports.domain import Column, Kind, Sheet
from shared.reports.files import write_sheet

SCOPE = ("analytics:read",)
DATABASE: Final = "plaudit.duckdb"
MANIFEST: Final = "export.json"
DEFAULT_DAYS = 30
EXAMPLE: Final = "select channel, sum(events) as events from activity group by 1 order by 2 desc"
MEMORY_MAX_MB = 256
ROWS_COUNT = 2_000
_KINDS: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    Kind.DAY: date.fromisoformat,
    Kind.COUNT: int,
    Kind.TEXT: str,
}


class Fact(NamedTuple):
    """A table of facts: where its rows come from, and its columns."""

    name: str
    path: str
    columns: Sequence[Column]


FACTS: Final = (
    Fact(
        "activity",
        "activity-days",
        (
            Column("day", Kind.DAY),
            Column("channel", Kind.TEXT),
            Column("type", Kind.TEXT),
            Column("events", Kind.COUNT),
        ),
    ),
    Fact(
        "member_activity",
        "member-days",
        (
            Column("day", Kind.DAY),
            Column("member_id", Kind.TEXT),
            Column("of_member_id", Kind.TEXT),
            Column("channel", Kind.TEXT),
            Column("events", Kind.COUNT),
        ),
    ),
    Fact(
        "rule_points",
        "rule-days",
        (
            Column("day", Kind.DAY),
            Column("rule_id", Kind.TEXT),
            Column("points", Kind.COUNT),
            Column("awards", Kind.COUNT),
            Column("taken_back", Kind.COUNT),
            Column("amendments", Kind.COUNT),
        ),
    ),
)
#: What facts are looked at by, as DuckDB makes it of them: by name, its columns and where they come from.
DIMENSIONS: Final = {
    "days": (
        "select d::date as day, date_trunc('week', d)::date as iso_week, date_trunc('month', d)::date as month,"
        " year(d)::bigint as year, isodow(d)::bigint as weekday"
        " from generate_series($first::date, $last::date, interval 1 day) s(d) order by 1"
    ),
    "channels": (
        "select channel from (select channel from activity union select channel from member_activity) order by 1"
    ),
    "types": "select type, min(channel) as channel from activity group by 1 order by 1",
    "rules": "select distinct rule_id from rule_points order by 1",
    "members": (
        "select member_id, min(day) as first_day, max(day) as last_day, count(distinct day) as active_days"
        " from member_activity group by 1 order by 1"
    ),
}
_DIMENSION_KINDS: Final = {"DATE": Kind.DAY, "VARCHAR": Kind.TEXT, "BIGINT": Kind.COUNT}


@click.command("export", epilog="Example: plaudit export --out figures --from 2026-01-01 --to 2026-03-31")
@where_options(URL, KEY, COMMUNITY)
@json_option
@days_options
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="The folder for it")
def export(where: Where, as_json: bool, since: str | None, until: str | None, out: Path) -> None:
    """Write figures as a star schema: tables as Parquet and CSV, and a database for `plaudit query`.

    A key that reads is enough. What was broken off goes on where it was when it is asked for again.
    """
    last = date.fromisoformat(until) if until else datetime.now(UTC).date()
    first = date.fromisoformat(since) if since else last - timedelta(days=DEFAULT_DAYS - 1)
    if last < first:
        raise click.ClickException(f"{last} is before {first}: --to is the last day")
    out.mkdir(parents=True, exist_ok=True)
    place = where.place()
    span = {"from": first.isoformat(), "to": last.isoformat()}
    with place.access("plaudit export", SCOPE, ("analytics",)) as key:
        _begin(out, {"url": place.url("analytics"), "community": place.community, **span})
        for fact in FACTS:
            _fetch(out, fact, f"{place.url('analytics')}/v1/exports/{fact.path}", key, span)
    tables = {fact.name: _tables(out, fact.name, Sheet(fact.columns, _spooled(out, fact))) for fact in FACTS}
    tables |= _dimensions(out, span)
    (out / MANIFEST).write_text(
        json.dumps({**json.loads((out / MANIFEST).read_text()), "tables": tables}, indent=1)
    )
    for fact in FACTS:
        for path in _spool(out, fact):
            path.unlink()
    if as_json:
        click.echo(json.dumps(tables))
        return
    for name, table in tables.items():
        click.echo(f"{name}: {table['rows']} rows, SHA-256 of its Parquet {table['sha256']}")
    click.echo(f"Ask it: plaudit query --from {out} {json.dumps(EXAMPLE)}")


def _begin(out: Path, asked: Mapping[str, Any]) -> None:
    """Note what is exported; what another export left on its way is of no use to this one."""
    manifest = out / MANIFEST
    known = json.loads(manifest.read_text()) if manifest.exists() else {}
    if {name: known.get(name) for name in asked} == asked and "tables" not in known:
        return
    for fact in FACTS:
        for path in _spool(out, fact):
            path.unlink(missing_ok=True)
    manifest.write_text(json.dumps(asked, indent=1))


def _spool(out: Path, fact: Fact) -> tuple[Path, Path]:
    """Rows that came, and how far they are."""
    return out / f"{fact.name}.rows", out / f"{fact.name}.place"


def _fetch(out: Path, fact: Fact, url: str, key: str, span: Mapping[str, str]) -> None:
    """Append page by page; after each the place is noted, so that nothing is twice there when it goes on."""
    rows, place = _spool(out, fact)
    known = json.loads(place.read_text()) if place.exists() else {"after": None, "bytes": 0, "is_over": False}
    with rows.open("ab") as file:
        file.truncate(known["bytes"])
        while not known["is_over"]:
            params = {"limit": PAGE_MAX_COUNT, **span} | ({"after": known["after"]} if known["after"] else {})
            page = request("GET", url, key, params=params)
            for one in page["items"]:
                file.write(json.dumps([one[column.name] for column in fact.columns]).encode() + b"\n")
            file.flush()
            known = {"after": page["next"], "bytes": file.tell(), "is_over": page["next"] is None}
            written = place.with_suffix(".new")
            written.write_text(json.dumps(known))
            written.replace(place)


def _spooled(out: Path, fact: Fact) -> Iterator[Sequence[Any]]:
    kinds = [_KINDS[column.kind] for column in fact.columns]
    with _spool(out, fact)[0].open("rb") as file:
        for line in file:
            yield [kind(cell) for kind, cell in zip(kinds, json.loads(line), strict=True)]


def _tables(out: Path, name: str, sheet: Sheet) -> dict[str, Any]:
    """A table as Parquet, and as CSV of the same rows."""
    parquet = out / f"{name}.parquet"
    count = write_sheet(parquet, sheet)
    write_sheet(out / f"{name}.csv", Sheet(sheet.columns, _rows_of(parquet)))
    return {"rows": count, "sha256": hashlib.sha256(parquet.read_bytes()).hexdigest()}


def _rows_of(parquet: Path) -> Iterator[Sequence[Any]]:
    import duckdb  # noqa: PLC0415 -- 100 ms

    with duckdb.connect(":memory:", config={"threads": 1, "memory_limit": f"{MEMORY_MAX_MB}MB"}) as conn:
        yield from _pieces(conn.execute("select * from read_parquet($path)", {"path": str(parquet)}))


def _pieces(found: Any) -> Iterator[Sequence[Any]]:
    while piece := found.fetchmany(ROWS_COUNT):
        yield from piece


def _dimensions(out: Path, span: Mapping[str, str]) -> dict[str, Any]:
    """Everything in one database, dimensions made of the facts there, and these as tables too."""
    import duckdb  # noqa: PLC0415 -- 100 ms

    (out / DATABASE).unlink(missing_ok=True)
    tables = {}
    with duckdb.connect(str(out / DATABASE), config={"memory_limit": f"{MEMORY_MAX_MB}MB"}) as conn:
        for fact in FACTS:
            conn.execute(
                f"create table {fact.name} as select * from read_parquet($path)",  # noqa: S608
                {"path": str(out / f"{fact.name}.parquet")},
            )
        for name, sql in DIMENSIONS.items():
            values = {"first": span["from"], "last": span["to"]} if "$first" in sql else {}
            conn.execute(f"create table {name} as {sql}", values)
            kinds = conn.execute(
                "select column_name, data_type from duckdb_columns() where table_name = $n order by column_index",
                {"n": name},
            ).fetchall()
            columns = [Column(column, _DIMENSION_KINDS[kind]) for column, kind in kinds]
            rows = _pieces(conn.execute(f"select * from {name}"))  # noqa: S608 -- a name of ours
            tables[name] = _tables(out, name, Sheet(columns, rows))
    return tables
