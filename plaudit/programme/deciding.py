"""Versions, and what becomes of those that wait for another person."""

import json
from typing import Any

import click
from rich.console import Console

from plaudit.calls import every_item
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import Where
from plaudit.programme.asking import ask, change_lines, show, to_work, version_argument
from plaudit.terminal import plain


@click.command("list", epilog="Example: plaudit programme list --community demo")
@to_work
@json_option
def list_programmes(where: Where, as_json: bool) -> None:
    """List the versions of a community's programme, and what became of each."""
    place = where.place()
    with place.access("plaudit programme", ("programmes:read",), ("scoring",)) as key:
        items = every_item(f"{place.url('scoring')}/v1/programmes", key)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("version", "state", "by", "approved by", "in effect from", "note", "money")
    for item in items:
        approved = item["decided_by"] if item["state"] == "published" else None
        money = "; ".join(line.strip() for line in change_lines(item["money_changes"]))
        note = item["note"] or (f"as version {item['restores']} again" if item["restores"] else None)
        note = f"sent back: {item['reason']}" if item["reason"] else note
        state = item["state"].replace("_", " ")
        row = (item["version"], state, item["published_by"], approved, item["effective_from"], note, money)
        table.add_row(*(plain(str(cell or "")) for cell in row))
    Console().print(table)


@click.command("approve", epilog='Example: plaudit programme approve 3 --key "$APPROVER"')
@to_work
@json_option
@version_argument
def approve_programme(where: Where, as_json: bool, version: int) -> None:
    """Approve a VERSION that another person proposed, with a key of your own: it takes effect then."""
    approved = ask(where, "POST", f"/v1/programmes/{version}/approve", scopes=("programmes:approve",))
    show(approved, as_json=as_json, words=_approved)


def _approved(approved: Any) -> list[str]:
    name = f"{approved['programme_id']} version {approved['version']}"
    return [*change_lines(approved["money_changes"]), f"{name} is in effect from {approved['effective_from']}"]


@click.command(
    "send-back", epilog='Example: plaudit programme send-back 3 --reason "The cap is too low" --key "$APPROVER"'
)
@to_work
@json_option
@click.option("--reason", metavar="TEXT", required=True, help="What to change")
@version_argument
def send_programme_back(where: Where, as_json: bool, reason: str, version: int) -> None:
    """Send a VERSION back that another person proposed: it never takes effect, and its draft is open again."""
    path = f"/v1/programmes/{version}/send-back"
    back = ask(where, "POST", path, scopes=("programmes:approve",), json={"reason": reason})
    show(back, as_json=as_json, words=lambda _: [f"{back['programme_id']} version {version} is sent back"])


@click.command("withdraw", epilog="Example: plaudit programme withdraw 3")
@to_work
@json_option
@version_argument
def withdraw_programme(where: Where, as_json: bool, version: int) -> None:
    """Withdraw a VERSION that is proposed or scheduled: it never takes effect."""
    withdrawn = ask(where, "POST", f"/v1/programmes/{version}/withdraw", scopes=("programmes:write",))
    show(withdrawn, as_json=as_json, words=_withdrawn)


def _withdrawn(withdrawn: Any) -> list[str]:
    done = f"{withdrawn['programme_id']} version {withdrawn['version']} is withdrawn"
    replaced_by = withdrawn["replaced_by"]
    if withdrawn["replacement_state"] == "proposed":
        done = f"version {replaced_by} takes its place, as before it, once another person has approved that"
    elif replaced_by is not None:
        done += f"; what is before it goes on, as version {replaced_by}"
    return [done]
