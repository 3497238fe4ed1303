"""`plaudit liability`: what points are worth, how that moved, and the policy that two people decide."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.services_asked import Asking
from plaudit.terminal import plain

READ, WRITE, APPROVE = ("payouts:read",), ("payouts:write",), ("payouts:approve",)
POLICIES = "liability-policies"

to_work = where_options(URL, KEY, COMMUNITY)
policy_argument = click.argument("policy", type=click.UUID)
day_type = click.DateTime(["%Y-%m-%d"])
_ask = Asking("plaudit liability", "rewards", "/v1/finance/")


@click.group()
def liability() -> None:
    """See what points are worth, day by day, and decide by two people by which policy."""


@liability.command("show", epilog="Example: plaudit liability show --day 2026-11-30")
@to_work
@json_option
@click.option("--day", type=day_type, help="At the end of this day, which was taken; now without it")
def show(where: Where, as_json: bool, day: Any) -> None:
    """Show liability and breakage by vintage: the points that were earned in the same month or year."""
    found = _ask(where, "GET", "liability" if day is None else f"liability/days/{day.date()}", READ)
    if as_json:
        click.echo(json.dumps(found))
        return
    currency = found["policy"]["currency"]
    click.echo(
        f"{found['day']}: {found['liability_minor']:,} minor units of {currency} are owed for "
        f"{found['outstanding_points']:,} points, of which {found['still_expected_points']} "
        f"are expected to be used; breakage {found['breakage_minor']:,}."
    )
    for caution in found["cautions"]:
        click.echo(f"Caution: {caution.replace('_', ' ')}.", err=True)
    table = listing(
        "vintage", "issued", "redeemed", "expired", "outstanding", "expected", "by", "owed", "breakage"
    )
    for one in found["vintages"]:
        points = (one[f"{name}_points"] for name in ("issued", "redeemed", "expired", "outstanding"))
        expected = (one["still_expected_points"], one["estimated_by"])
        money = (f"{one[name]:,}" for name in ("liability_minor", "breakage_minor"))
        table.add_row(*(plain(str(cell)) for cell in (one["vintage"], *points, *expected, *money)))
    Console().print(table)


@liability.command("days", epilog="Example: plaudit liability days --json")
@to_work
@json_option
def days(where: Where, as_json: bool) -> None:
    """List what points were worth at the end of each day, newest first."""
    items = _ask.every(where, "liability/days", READ)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("day", "outstanding", "expected", "owed", "breakage", "currency")
    for one in items:
        cells = (one["day"], one["outstanding_points"], one["still_expected_points"])
        money = (f"{one['liability_minor']:,}", f"{one['breakage_minor']:,}", one["currency"])
        table.add_row(*(plain(str(cell)) for cell in (*cells, *money)))
    Console().print(table)


@liability.command("movement", epilog="Example: plaudit liability movement 2026-10-31 2026-11-30")
@to_work
@json_option
@click.argument("opening", type=day_type)
@click.argument("closing", type=day_type)
def movement(where: Where, as_json: bool, opening: Any, closing: Any) -> None:
    """Say how what is owed moved from the end of day OPENING to the end of day CLOSING."""
    span = {"from": str(opening.date()), "to": str(closing.date())}
    found = _ask(where, "GET", "liability/movement", READ, params=span)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("what", "points", f"minor units of {found['currency']}")
    for name in ("opening", "earned", "used", "expired", "estimate", "closing"):
        points, minor = found.get(f"{name}_points"), found.get(f"{name}_minor")
        table.add_row(plain(name), *(plain("" if cell is None else f"{cell:,}") for cell in (points, minor)))
    Console().print(table)


@liability.command("lots", epilog="Example: plaudit liability lots --json")
@to_work
@json_option
def lots(where: Where, as_json: bool) -> None:
    """List awards with points left, and what they were worth on the last day taken."""
    items = _ask.every(where, "liability/lots", READ)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("award", "member", "vintage", "left", "expected", "owed", "expires")
    for one in items:
        cells = (one["award_id"], one["member_id"], one["vintage"], one["left_points"])
        worth = (one["still_expected_points"], one["liability_minor"], one["expires_at"] or "")
        table.add_row(*(plain(str(cell)) for cell in (*cells, *worth)))
    Console().print(table)


@liability.command(
    "defer",
    epilog="Example: plaudit liability defer --price-minor 8000 --points 9 --expected 0.8 --minor-per-point 1.2",
)
@to_work
@json_option
@click.option("--price-minor", type=click.IntRange(1), required=True, help="Of the sale, in minor units")
@click.option("--points", type=click.IntRange(1), required=True, help="That come with it")
@click.option("--minor-per-point", required=True, help="What a point that is used is worth by itself")
@click.option("--expected", required=True, help="Which part of them will be used, from 0 to 1")
def defer(where: Where, as_json: bool, price_minor: int, points: int, minor_per_point: str, expected: str) -> None:
    """Compute what of a sale is deferred for its points (IFRS 15); nothing is kept."""
    asked = {
        "price_minor": price_minor,
        "points": points,
        "minor_per_point": minor_per_point,
        "expected_redemption": expected,
    }
    found = _ask(where, "GET", "deferral", READ, params=asked)
    click.echo(
        json.dumps(found)
        if as_json
        else f"{found['deferred_minor']:,} deferred, {found['revenue_minor']:,} earned at once; "
        f"{found['minor_per_point']} minor units a point."
    )


@liability.group("policy")
def policy() -> None:
    """Propose, approve, withdraw and list what points are worth, and from which day on."""


@policy.command("list", epilog="Example: plaudit liability policy list")
@to_work
@json_option
def list_policies(where: Where, as_json: bool) -> None:
    """List policy entries, newest first."""
    items = _ask.every(where, POLICIES, READ)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing(
        "policy", "from", "a point", "currency", "basis", "estimate", "expected", "state", "proposed by"
    )
    for one in items:
        worth = (one["effective_from"], one["minor_per_point"], one["currency"], one["basis"])
        rest = (one["estimate"], one["expected_redemption"], one["state"], one["proposed_by"])
        table.add_row(*(plain(str(cell)) for cell in (one["policy_id"], *worth, *rest)))
    Console().print(table)


@policy.command(
    "propose",
    epilog="Example: plaudit liability policy propose 2026-01-01 --minor-per-point 1 "
    "--expected 0.8 --currency EUR",
)
@to_work
@json_option
@click.argument("effective_from", type=day_type)
@click.option("--minor-per-point", required=True, help="What a point is worth, in minor units, like 0.95")
@click.option("--expected", required=True, help="Which part of the points that are left will be used, from 0 to 1")
@click.option("--currency", required=True, help="Three letters, like EUR")
@click.option("--basis", type=click.Choice(["cost", "deferral"]), default="cost", show_default=True)
@click.option("--estimate", type=click.Choice(["rate", "ladder"]), default="rate", show_default=True)
@click.option("--vintage", type=click.Choice(["month", "year"]), default="month", show_default=True)
@click.option(
    "--name", help="Names the request: made again by the same name it is the same one [default: a new one]"
)
def propose(where: Where, as_json: bool, effective_from: Any, name: str | None, **said: str) -> None:
    """Propose what points are worth from the day EFFECTIVE_FROM on; another person approves it."""
    body = {
        "effective_from": str(effective_from.date()),
        "currency": said["currency"],
        "basis": said["basis"],
        "minor_per_point": said["minor_per_point"],
        "estimate": said["estimate"],
        "expected_redemption": said["expected"],
        "vintage_unit": said["vintage"],
    }
    headers = {"Idempotency-Key": name or uuid4().hex}
    _show_policy(_ask(where, "POST", POLICIES, WRITE, json=body, headers=headers), as_json=as_json)


@policy.command(
    "approve",
    epilog='Example: plaudit liability policy approve 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --key "$OMAR"',
)
@to_work
@json_option
@policy_argument
def approve(where: Where, as_json: bool, policy: Any) -> None:
    """Put a POLICY entry in force that another person proposed, with a key of your own."""
    _show_policy(_ask(where, "POST", f"{POLICIES}/{policy}/approve", APPROVE), as_json=as_json)


@policy.command(
    "withdraw", epilog="Example: plaudit liability policy withdraw 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b"
)
@to_work
@json_option
@policy_argument
def withdraw(where: Where, as_json: bool, policy: Any) -> None:
    """Have a proposed POLICY entry never come into force."""
    _show_policy(_ask(where, "POST", f"{POLICIES}/{policy}/withdraw", WRITE), as_json=as_json)


def _show_policy(entry: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(entry))
        return
    worth = (
        f"{entry['minor_per_point']} minor units of {entry['currency']} a point from {entry['effective_from']} on"
    )
    if entry["state"] == "proposed":
        waits = f"plaudit liability policy approve {entry['policy_id']} --key …"
        click.echo(f"{worth}: waits until another person approves it: {waits}")
    else:
        click.echo(f"{worth}: {entry['state']} ({entry['policy_id']})")
