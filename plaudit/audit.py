"""`plaudit audit`: who did what in a community, and who read whose data."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import httpx
from rich.console import Console
from rich.text import Text

from plaudit.calls import REQUEST_SECONDS, Refused, request
from plaudit.listing import listing
from plaudit.places import ADMIN_KEY, COMMUNITY, KEY, URL, Where, where_options
from plaudit.terminal import plain
from shared.contracts.texts import written_out
from shared.services import SERVICES

PAGE_COUNT = 100
SHOWN_MAX_COUNT = 10_000
#: Of a list of values the first are shown: --json has all.
VALUES_SHOWN_COUNT = 4


@click.command(
    epilog="Example: plaudit audit --command payout_run.approve --from 2026-05-01T00:00:00Z --csv may.csv"
)
@where_options(URL, KEY, ADMIN_KEY, COMMUNITY)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a script")
@click.option("--csv", "csv_file", type=click.Path(dir_okay=False, path_type=Path), help="Write all of it as CSV")
@click.option(
    "--kind", type=click.Choice(["command", "read"]), help="Commands alone, or reads of personal data alone"
)
@click.option("--service", type=click.Choice(SERVICES), help="Only in this service")
@click.option("--command", help="Only this, as payee.set")
@click.option("--person", help="Only by the person with this id")
@click.option("--credential", help="Only by this access key, or token")
@click.option("--object", "object_", help="Only of the object with this id")
@click.option("--member", help="Only what concerns this member: an id or an identity, as forum:ada")
@click.option("--trace", help="Only what came by this trace: the second part of a traceparent")
@click.option("--from", "since", help="Only from this moment on, as 2026-05-01T00:00:00Z")
@click.option("--to", "until", help="Only before this moment")
@click.option(
    "--limit",
    type=click.IntRange(1, SHOWN_MAX_COUNT),
    default=PAGE_COUNT,
    show_default=True,
    help="Show the newest so many; --csv has all",
)
def audit(
    where: Where,
    as_json: bool,
    csv_file: Path | None,
    limit: int,
    object_: str | None,
    since: str | None,
    until: str | None,
    **filters: str | None,
) -> None:
    """Show who did what, newest first: commands of every service, and who read members' personal data."""
    if as_json and csv_file:
        raise click.UsageError("--json and --csv are two ways to write it: say one of them.")
    asked = {"object": object_, "from": since, "to": until, **filters}
    wanted = {name: value for name, value in asked.items() if value is not None}
    place = where.place()
    with place.access("plaudit audit", ("audit:read",), ("analytics",)) as key:
        if csv_file:
            write_csv(f"{place.url('analytics')}/v1/audit.csv", key, wanted, csv_file)
            return
        entries = _entries(f"{place.url('analytics')}/v1/audit", key, wanted, limit)
    if as_json:
        click.echo(json.dumps(entries))
        return
    table = listing("at (UTC), service", "who, credential", "what, of", "from → to")
    for entry in entries:
        table.add_row(*_row(entry))
    Console().print(table)
    if len(entries) == limit:
        click.echo(f"the newest {limit}; --limit shows more, --csv writes all", err=True)


def _entries(url: str, key: str, wanted: Mapping[str, str], limit: int) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while len(entries) < limit:
        size = min(PAGE_COUNT, limit - len(entries))
        page = request("GET", url, key, params={**wanted, **after, "limit": size})
        entries += page["items"]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    return entries


def _row(entry: Mapping[str, Any]) -> tuple[Text, ...]:
    who = entry["person_name"] or entry["person_id"] or "nobody's key"
    kind, id_ = entry["object"]["kind"], entry["object"]["id"]
    # What a list showed has no id of its own.
    of = (kind,) if id_ == entry["command"] else (kind, id_)
    at = entry["at"][:19].replace("T", " ")
    return (
        _lines(at, entry["service"]),
        _lines(who, entry["credential"]),
        _lines(entry["command"], *of),
        _lines(*changes(entry["before"] or {}, entry["after"] or {})),
    )


def _lines(*texts: str) -> Text:
    return Text("\n").join(map(plain, texts))


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What is otherwise after than before, a line each; what has no value is left out."""
    lines = []
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if old == new or (new is None and name not in before):
            continue
        came_from = f"{_value(old)} → " if name in before else ""
        lines.append(f"{name}: {came_from}{_value(new)}" if name in after else f"{name}: {_value(old)}")
    return lines


def _value(value: Any) -> str:
    if isinstance(value, list):
        shown = " ".join(map(str, value[:VALUES_SHOWN_COUNT]))
        left = len(value) - VALUES_SHOWN_COUNT
        return f"{shown} and {left} more" if left > 0 else shown or "none"
    return "none" if value is None else str(value)


def write_csv(url: str, key: str, wanted: Mapping[str, str], file: Path) -> None:
    """Write the table to the file as it comes; a file that is there already is kept, and so is nothing of half."""
    if file.exists():
        raise click.ClickException(f"{file} is there already: name another, or take it away")
    part = file.with_name(f"{file.name}.part")
    headers = {"Authorization": f"Bearer {key}"}
    try:
        with (
            httpx.stream("GET", url, params=dict(wanted), headers=headers, timeout=REQUEST_SECONDS) as answer,
            part.open("wb") as written,
        ):
            if answer.is_error:
                answer.read()
                raise Refused(answer)
            for piece in answer.iter_bytes():
                written.write(piece)
        part.rename(file)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise click.ClickException(f"{url} does not answer, or broke off: {error}") from error
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    click.echo(f"written to {written_out(str(file))}", err=True)
