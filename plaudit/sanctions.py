"""`plaudit payout sanctions`: lists of names that keep payouts back until two people have looked."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.periods import APPROVE, READ, WRITE, to_work
from plaudit.places import Where
from plaudit.services_asked import Asking
from plaudit.terminal import plain

LISTS = "v1/finance/sanctions-lists"
list_argument = click.argument("list_id", metavar="LIST", type=click.UUID)
_ask = Asking("plaudit payout", "rewards", "/")


@click.group("sanctions")
def sanctions() -> None:
    """Load lists of names. A payout to a name like one of them waits until two people let it pass."""


@sanctions.command(
    "load",
    epilog="Example: plaudit payout sanctions load list.csv --title 'EU, 26 November 2026' --key \"$MIA\"",
)
@to_work
@json_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--title", required=True, help="What list it is, and of when")
@click.option("--name", help="Names the loading: made again by the same name it is the same one")
def load(where: Where, as_json: bool, file: Path, title: str, name: str | None) -> None:
    """Load FILE, a table (CSV) with the columns id, name, birth_date and country; another person approves it."""
    headers = {"Idempotency-Key": name or uuid4().hex, "Content-Type": "text/csv"}
    said = {"content": file.read_bytes(), "headers": headers, "params": {"title": title}}
    _show(_ask(where, "POST", LISTS, WRITE, **said), as_json=as_json)


@sanctions.command("list", epilog="Example: plaudit payout sanctions list --json")
@to_work
@json_option
@click.option("--state", type=click.Choice(["proposed", "approved", "withdrawn"]), help="Only those in this state")
def list_lists(where: Where, as_json: bool, state: str | None) -> None:
    """List the lists that were loaded, newest first; of those approved the last is in force."""
    found = _ask.every(where, LISTS, READ, **({"state": state} if state else {}))
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("list", "title", "names", "sha256", "state", "loaded by", "decided by", "all looked at")
    for one in found:
        cells = (one["list_id"], one["title"], f"{one['entries_count']:,}", one["sha256"][:12], one["state"])
        people = (one["proposed_by"], one["decided_by"] or "", one["looked_at"] or "")
        table.add_row(*(plain(cell) for cell in (*cells, *people)))
    Console().print(table)


@sanctions.command(
    "entries", epilog="Example: plaudit payout sanctions entries 5ea96c72-334c-587d-89c3-d177db83474e --json"
)
@to_work
@json_option
@list_argument
def entries(where: Where, as_json: bool, list_id: Any) -> None:
    """List the names of LIST, as its file has them."""
    found = _ask.every(where, f"{LISTS}/{list_id}/entries", READ)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("id", "name", "born", "country")
    for one in found:
        cells = (one["entry_id"], one["name"], one["birth_date"] or "", one["country"] or "")
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@sanctions.command(
    "approve",
    epilog='Example: plaudit payout sanctions approve 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --key "$OMAR"',
)
@to_work
@json_option
@list_argument
def approve(where: Where, as_json: bool, list_id: Any) -> None:
    """Put LIST in force, in place of the whole list before; another person loaded it."""
    _show(_ask(where, "POST", f"{LISTS}/{list_id}/approve", APPROVE), as_json=as_json)


@sanctions.command(
    "withdraw", epilog="Example: plaudit payout sanctions withdraw 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b"
)
@to_work
@json_option
@list_argument
def withdraw(where: Where, as_json: bool, list_id: Any) -> None:
    """Have LIST never come into force; its names are forgotten."""
    _show(_ask(where, "POST", f"{LISTS}/{list_id}/withdraw", WRITE), as_json=as_json)


def _show(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(one))
        return
    click.echo(f"{one['title']}, {one['entries_count']:,} names: {one['state']} ({one['list_id']}).")
    if one["state"] == "proposed":
        click.echo(f"Another person approves it: plaudit payout sanctions approve {one['list_id']} --key …")
