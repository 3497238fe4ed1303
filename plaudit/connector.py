"""`plaudit connector`: what connectors there are, whether their cases hold, and what becomes of a delivery.

Needs no stack: a connector is a text file, and a delivery is another.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.text import Text

from connectors.cases import failures
from connectors.listing import Listed, becomes
from connectors.shipped import connector as shipped_connector
from connectors.shipped import files as shipped_files
from plaudit.importers.export_commands import export_options, opened, options_of, reconcile
from plaudit.importers.exports import check_settings
from plaudit.importers.records import SourceError
from plaudit.importers.trials import Tried, tried
from plaudit.listing import listing
from plaudit.platforms import COMMANDS
from shared.contracts.texts import written_out


@click.group(epilog="Example: plaudit connector try delivery.json")
def connector() -> None:
    """Connect platforms that deliver live; show connectors, test them, and try deliveries without a stack."""


for _command in COMMANDS:
    connector.add_command(_command)


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
    found = opened(name)
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
        one = opened(name)
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
@click.option(
    "--connector", "name", metavar="FILE|NAME", help="Take it for a delivery to this one, or its export."
)
@export_options
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON a file, for a script.")
def try_command(
    files: Sequence[Path],
    name: str | None,
    sets: Sequence[str],
    columns: Sequence[str],
    encoding: str | None,
    as_json: bool,
) -> None:
    """Say what would become of deliveries and exports. Nothing is sent, and no signature is checked.

    A delivery is a file with its body, or {"headers": {…}, "body": {…}}; an export a file, a folder or a zip.
    Which connector it is for is recognised. The exit code is 1 when anything is invalid or unmapped.
    """
    known = [opened(name)] if name is not None else [shipped_connector(one) for one in shipped_files()]
    try:
        options = options_of(sets, columns, encoding)
        check_settings(known, options.settings)
    except SourceError as error:
        raise click.ClickException(str(error)) from None
    is_good = True
    for file in files:
        one = tried(file, known, options, is_given=name is not None)
        is_good &= one.is_good
        if as_json:
            print(written_out(orjson.dumps(one.as_document()).decode()))
        else:
            _print(one)
    if not is_good:
        sys.exit(1)


connector.add_command(reconcile)


def _print(one: Tried) -> None:
    reason = f": {one.reason}" if one.reason else ""
    click.echo(written_out(f"{one.file}  {one.connector or '-'}  {one.outcome}{reason}"))
    for activity in one.activities:
        data = activity["data"]
        said = [activity["type"], activity["id"], activity["time"].isoformat()]
        said += [
            f"{part}={data[part]['id']}" for part in ("actor", "object", "in_reply_to", "target") if part in data
        ]
        click.echo(written_out("    " + "  ".join(said)))
    if one.unshown_count:
        click.echo(f"    … and {one.unshown_count:,} more")
    for place, why in one.others:
        click.echo(written_out(f"    {place}: {why}"))
