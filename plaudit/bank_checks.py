"""`plaudit bank check`, `differences`, `look` and `explain`: ledger, payouts and bank side by side, day by day."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.periods import READ, WRITE, to_work
from plaudit.places import Where
from plaudit.services_asked import Asking
from plaudit.terminal import plain
from shared.currencies import decimal_amount

item_argument = click.argument("item_id", metavar="ITEM", type=click.UUID)
_ask = Asking("plaudit bank", "rewards", "/v1/")


@click.command("check", epilog='Example: plaudit bank check 2026-01-31 --key "$MAKER"')
@to_work
@json_option
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
def check(where: Where, as_json: bool, day: Any) -> None:
    """Compare what ledger, payouts and bank say of a DAY that is over; ends with 1 when something differs.

    Each day is checked by itself, too: this does it now.
    """
    found = _ask(where, "POST", "bank-checks", WRITE, json={"day": str(day.date())})
    if as_json:
        click.echo(json.dumps(found))
    else:
        _show_days(found["days"])
        if found["differences"]:
            _show_items(found["differences"])
    if any(one["differences_count"] for one in found["days"]):
        sys.exit(1)


@click.command("checks", epilog="Example: plaudit bank checks --json")
@to_work
@json_option
def checks(where: Where, as_json: bool) -> None:
    """List the days that were checked, with what ledger, payouts and bank say of each; newest first."""
    found = _ask.every(where, "bank-checks", READ)
    if as_json:
        click.echo(json.dumps(found))
        return
    _show_days(found)


@click.command("differences", epilog="Example: plaudit bank differences --state open")
@to_work
@json_option
@click.option("--state", type=click.Choice(["open", "explained", "gone"]), help="Only those in this state")
def differences(where: Where, as_json: bool, state: str | None) -> None:
    """List payouts of which ledger, payouts and bank do not say the same, with who looks at each; newest first."""
    found = _ask.every(where, "bank-check-items", READ, **({"state": state} if state else {}))
    if as_json:
        click.echo(json.dumps(found))
        return
    _show_items(found)


@click.command("look", epilog='Example: plaudit bank look 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --key "$MAKER"')
@to_work
@json_option
@item_argument
def look(where: Where, as_json: bool, item_id: Any) -> None:
    """Say that you look at a difference."""
    _show(_ask(where, "POST", f"bank-check-items/{item_id}/look", WRITE), as_json=as_json)


@click.command(
    "explain",
    epilog="Example: plaudit bank explain 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b"
    ' --reason "The bank booked its charges with it"',
)
@to_work
@json_option
@item_argument
@click.option("--reason", required=True, help="Why ledger, payouts and bank differ")
def explain(where: Where, as_json: bool, item_id: Any, reason: str) -> None:
    """Say why the three differ: it waits no more, and no money moves."""
    found = _ask(where, "POST", f"bank-check-items/{item_id}/explain", WRITE, json={"reason": reason})
    _show(found, as_json=as_json)


def _show_days(days: list[Any]) -> None:
    table = listing("day", "currency", "payouts", "ledger", "payouts say", "bank", "differ")
    for one in days:
        amounts = (_amount(one, name) for name in ("ledger_minor", "payouts_minor", "bank_minor"))
        cells = (one["day"], one["currency"], f"{one['payouts_count']:,}", *amounts)
        table.add_row(*(plain(cell) for cell in (*cells, f"{one['differences_count']:,}")))
    Console().print(table)


def _show_items(items: list[Any]) -> None:
    table = listing("item", "day", "payout", "ledger", "payouts say", "bank", "state", "looked at by", "hours")
    for one in items:
        amounts = (_amount(one, name) for name in ("ledger_minor", "payouts_minor", "bank_minor"))
        looker = one["looked"]["person_name"] or one["looked"]["credential"] if one["looked"] else ""
        cells = (one["item_id"], one["day"], one["payout_id"], *amounts, one["state"], looker)
        table.add_row(*(plain(cell) for cell in (*cells, f"{one['age_seconds'] // 3600:,}")))
    Console().print(table)


def _amount(one: Mapping[str, Any], name: str) -> str:
    minor = one[name]
    return "" if minor is None else f"{decimal_amount(minor, one['currency'])} {one['currency']}"


def _show(one: Mapping[str, Any], *, as_json: bool) -> None:
    click.echo(json.dumps(one) if as_json else f"{one['item_id']} of {one['day']} is {one['state']}")
