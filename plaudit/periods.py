"""`plaudit period`: months of the books, closed and opened again by two people."""

import json
from typing import Any

import click
from rich.console import Console

from plaudit.calls import every_item, request
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.terminal import plain

to_work = where_options(URL, KEY, COMMUNITY)
READ = ("payouts:read",)
WRITE = ("payouts:write", "payouts:read")
APPROVE = ("payouts:approve", "payouts:read")
month_argument = click.argument("month", metavar="MONTH")


@click.group()
def period() -> None:
    """Close months of the books, and open them again. Whoever proposes it does not confirm it."""


@period.command("list", epilog="Example: plaudit period list --community demo")
@to_work
@json_option
def list_periods(where: Where, as_json: bool) -> None:
    """List the months of the books, newest first, each with whether it is closed."""
    place = where.place()
    with place.access("plaudit period", READ, ("rewards",)) as key:
        found = list(every_item(f"{place.url('rewards')}/v1/periods", key))
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("month", "state", "proposed by", "decided by", "last block")
    for one in found:
        block = f"{one['block']['number']}:{one['block']['hash'][:12]}" if one["block"] else ""
        cells = (one["month"], one["state"], who(one["proposed"]), who(one["decided"]), block)
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@period.command("show", epilog="Example: plaudit period show 2026-10 --community demo")
@to_work
@json_option
@month_argument
def show_period(where: Where, as_json: bool, month: str) -> None:
    """Show what was on the accounts before a MONTH and at its end. Ends with 1 when that does not balance."""
    place = where.place()
    with place.access("plaudit period", READ, ("rewards",)) as key:
        found = request("GET", f"{place.url('rewards')}/v1/periods/{month}", key)
    if as_json:
        click.echo(json.dumps(found))
    else:
        table = listing("account", "currency", "before", "change", "at its end")
        for one in found["figures"]:
            sums = (one["before"], one["after"] - one["before"], one["after"])
            table.add_row(plain(one["kind"]), one["currency"], *(f"{amount:,}" for amount in sums))
        Console().print(table)
        _say(found)
        if found["checked_at"] is not None:
            right = "found nothing wrong" if found["check_balanced"] else "found something WRONG"
            click.echo(f"The last check of the ledger, {found['checked_at']}, {right}")
    if not found["balanced"]:
        raise click.ClickException("The month does not balance.")


@period.command("close", epilog='Example: plaudit period close 2026-10 --key "$MAKER"')
@to_work
@json_option
@month_argument
def close(where: Where, as_json: bool, month: str) -> None:
    """Propose to close a MONTH that is over: from now on nothing is booked into it, and it is added up."""
    _decide(where, as_json, month, "close", WRITE)


@period.command("reopen", epilog='Example: plaudit period reopen 2026-10 --reason "late charges" --key "$MAKER"')
@to_work
@json_option
@month_argument
@click.option("--reason", required=True, help="Why it is opened again: finance sees it")
def reopen(where: Where, as_json: bool, month: str, reason: str) -> None:
    """Propose to open the newest closed MONTH again; it stays closed until another person confirms it."""
    _decide(where, as_json, month, "reopen", WRITE, json={"reason": reason})


@period.command("confirm", epilog='Example: plaudit period confirm 2026-10 --key "$APPROVER"')
@to_work
@json_option
@month_argument
def confirm_period(where: Where, as_json: bool, month: str) -> None:
    """Confirm what another person proposed of a MONTH. Look at `plaudit period show` first."""
    _decide(where, as_json, month, "confirm", APPROVE)


@period.command("withdraw", epilog='Example: plaudit period withdraw 2026-10 --key "$MAKER"')
@to_work
@json_option
@month_argument
def withdraw_period(where: Where, as_json: bool, month: str) -> None:
    """Withdraw what was proposed of a MONTH."""
    _decide(where, as_json, month, "withdraw", WRITE)


def _decide(where: Where, as_json: bool, month: str, deed: str, scopes: tuple[str, ...], **more: Any) -> None:
    place = where.place()
    with place.access("plaudit period", scopes, ("rewards",)) as key:
        found = request("POST", f"{place.url('rewards')}/v1/periods/{month}/{deed}", key, **more)
    if as_json:
        click.echo(json.dumps(found))
    else:
        _say(found)


def _say(found: Any) -> None:
    click.echo(f"The month {found['month']} is {found['state']}")
    if found["block"] is not None:
        click.echo(f"Its entries are in the chain until {found['block']['number']}:{found['block']['hash']}")
    if found["state"] in ("closing", "reopening"):
        click.echo(f"Another person than {plain(who(found['proposed']))} confirms it")


def who(deed: Any) -> str:
    """Who did something; nothing where nobody did."""
    return "" if deed is None else str(deed["person_name"] or deed["credential"])
