"""`plaudit connector`: what connectors there are, whether their cases hold, and what becomes of a delivery.

Needs no stack: a connector is a text file, and a delivery is another.
"""

import json
import sys
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.text import Text

from connectors.cases import failures
from connectors.compiled import Connector
from connectors.engine import (
    BODY_MAX_BYTES,
    BodyError,
    Delivery,
    Outcome,
    State,
    checked,
    map_delivery,
    read_body,
    recognise,
    settings_of,
)
from connectors.listing import Listed, becomes
from connectors.reading import ConnectorError, read_connector
from connectors.shipped import connector as shipped_connector
from connectors.shipped import files as shipped_files
from plaudit.listing import listing
from shared.contracts.texts import written_out
from shared.near_names import suggestion


@click.group(epilog="Example: plaudit connector try delivery.json")
def connector() -> None:
    """Show connectors to platforms, test them, and try what becomes of deliveries. Needs no stack."""


@connector.command("list", epilog="Example: plaudit connector list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")
def list_command(as_json: bool) -> None:
    """List the connectors that come with Plaudit."""
    found = [shipped_connector(name) for name in shipped_files()]
    rows: list[dict[str, Any]] = [
        {
            "connector": one.name,
            "title": one.document.title,
            "signature": one.document.signature.scheme,
            "mapped": [listed.event for listed in becomes(one) if listed.activities],
            "cases": len(one.document.cases),
        }
        for one in found
    ]
    if as_json:
        print(json.dumps(rows))
        return
    table = listing("connector", "title", "signature", "types mapped", "cases")
    for row in rows:
        cells = (row["connector"], row["title"], row["signature"], len(row["mapped"]), row["cases"])
        table.add_row(*(Text(str(cell)) for cell in cells))
    Console().print(table)


@connector.command("show", epilog="Example: plaudit connector show discourse")
@click.argument("name", metavar="FILE|NAME")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")
def show_command(name: str, as_json: bool) -> None:
    """Show what a connector makes of each type that its platform sends."""
    found = _opened(name)
    listed = becomes(found)
    if as_json:
        print(json.dumps({"connector": found.name, "types": [one._asdict() for one in listed]}))
        return
    console = Console()
    console.print(
        Text(f"{found.document.title} ({found.name})"), *map(Text, found.document.documentation), sep="\n"
    )
    table = listing("type", "becomes", "why")
    for one in listed:
        table.add_row(Text(one.event), Text(_became(one)), Text(one.why))
    console.print(table)


def _became(one: Listed) -> str:
    return ", ".join(one.activities) or one.state.replace("_", " ")


@connector.command("test", epilog="Example: plaudit connector test my-forum.yaml")
@click.argument("names", metavar="[FILE|NAME]…", nargs=-1)
def test_command(names: Sequence[str]) -> None:
    """Check connectors and run their cases: those in files, or all that come with Plaudit."""
    failed = 0
    for name in names or shipped_files():
        one = _opened(name)
        found = failures(one)
        failed += len(found)
        count = len(one.document.cases)
        click.echo(f"{one.name}: {count - len({each.case for each in found})} of {count} cases hold")
        for each in found:
            click.echo(written_out(f"  {each.case}: {each.detail}"))
    if failed:
        sys.exit(1)


@connector.command("try", epilog="Example: plaudit connector try deliveries/*.json --json | jq .outcome")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--connector", "name", metavar="FILE|NAME", help="Take it for a delivery to this one.")
@click.option(
    "--set", "given", metavar="NAME=VALUE", multiple=True, help="A setting of the connector. Repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON a file, for a script.")
def try_command(files: Sequence[Path], name: str | None, given: Sequence[str], as_json: bool) -> None:
    """Say what would become of deliveries: each file is a body, or {"headers": {…}, "body": {…}}.

    Which connector it is for is recognised by headers and body. Nothing is sent, and no signature is checked. The
    exit code is 1 when one is invalid or unmapped.
    """
    known = [_opened(name)] if name is not None else [shipped_connector(one) for one in shipped_files()]
    settings = _settings(given, known)
    is_good = True
    for file in files:
        used, outcome = _tried(file, known, settings, is_given=name is not None)
        is_good &= outcome.state in {State.MAPPED, State.NO_ENGAGEMENT}
        document = {
            "file": str(file),
            "connector": used,
            "outcome": outcome.state,
            "activities": outcome.activities,
            "reason": outcome.reason,
        }
        if as_json:
            print(written_out(orjson.dumps(document).decode()))
        else:
            _print(document)
    if not is_good:
        sys.exit(1)


def _print(document: Mapping[str, Any]) -> None:
    reason = f": {document['reason']}" if document["reason"] else ""
    click.echo(written_out(f"{document['file']}  {document['connector'] or '-'}  {document['outcome']}{reason}"))
    for activity in document["activities"]:
        data = activity["data"]
        said = [activity["type"], activity["id"], activity["time"].isoformat()]
        said += [
            f"{part}={data[part]['id']}" for part in ("actor", "object", "in_reply_to", "target") if part in data
        ]
        click.echo(written_out("    " + "  ".join(said)))


def _opened(name: str) -> Connector:
    """A connector by name, or from a file."""
    if name in shipped_files():
        return shipped_connector(name)
    path = Path(name)
    if not path.is_file():
        raise click.ClickException(
            f"{name}: there is neither such a file nor such a connector; {suggestion(name, shipped_files())}"
        )
    try:
        return read_connector(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeError) as error:
        raise click.ClickException(f"{name}: {error}") from None
    except ConnectorError as error:
        raise click.ClickException("\n".join(f"{name}: {mistake}" for mistake in error.mistakes)) from None


def _settings(given: Sequence[str], known: Sequence[Connector]) -> dict[str, str]:
    """What is said of settings. Raises ClickException for one that no connector has."""
    settings = {name: value for name, _, value in (one.partition("=") for one in given)}
    names = sorted({name for one in known for name in one.document.settings})
    for setting in settings:
        if setting not in names:
            raise click.ClickException(f"there is no setting `{setting}`; {suggestion(setting, names)}")
    return settings


def _tried(
    file: Path, known: Sequence[Connector], settings: Mapping[str, str], *, is_given: bool
) -> tuple[str | None, Outcome]:
    """Which connector a file is for, and what becomes of it."""
    given = known[0].name if is_given else None
    try:
        headers, body = _delivery(file)
    except BodyError as error:
        return given, Outcome(State.INVALID, reason=str(error))
    except OSError as error:
        return given, Outcome(State.INVALID, reason=error.strerror or str(error))
    found = known if is_given else recognise(known, headers, body)
    if not found:
        return None, Outcome(State.UNMAPPED, reason="no connector recognises it; name one with --connector")
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        return None, Outcome(State.UNMAPPED, reason=f"several recognise it: {names}; name one with --connector")
    [one] = found
    delivery = Delivery(headers, body, datetime.now(UTC))
    return one.name, checked(map_delivery(one, delivery, settings_of(one, settings)))


def _delivery(file: Path) -> tuple[dict[str, str], dict[str, Any]]:
    """Headers, by names in small letters, and body of a file. Raises BodyError or OSError.

    Whoever keeps deliveries often writes a word beside the two, such as the topic.
    """
    if file.stat().st_size > BODY_MAX_BYTES:
        raise BodyError(f"the file is larger than {BODY_MAX_BYTES} bytes")
    read = read_body(file.read_bytes().removeprefix(BOM_UTF8))
    headers, body = read.get("headers"), read.get("body")
    beside = (value for name, value in read.items() if name not in {"headers", "body"})
    if not isinstance(headers, dict) or "body" not in read or any(isinstance(one, dict | list) for one in beside):
        return {}, read
    if not isinstance(body, dict):
        raise BodyError("the body is not a JSON object")
    return {name.lower(): value for name, value in headers.items() if isinstance(value, str)}, body
