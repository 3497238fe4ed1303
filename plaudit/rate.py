"""`plaudit rate`: the rates between currencies, and the policy and files that they come from."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.services_asked import Asking
from plaudit.terminal import plain
from shared.currencies import decimal_amount, exponent

READ, WRITE, APPROVE = ("payouts:read",), ("payouts:write",), ("payouts:approve",)
POLICIES, FILES = "rate-policies", "rate-files"
#: Why a rate may not be used.
REFUSED = {"no_rate": "the file has none", "moved_too_far": "too far from the policy's"}

to_work = where_options(URL, KEY, COMMUNITY)
policy_argument = click.argument("policy", type=click.UUID)
_ask = Asking("plaudit rate", "rewards", "/v1/finance/")


@click.group("rate")
def rate() -> None:
    """See rates between currencies, hand in files of a central bank, and decide by two people by which policy."""


@rate.command("show", epilog="Example: plaudit rate show --json")
@to_work
@json_option
def show(where: Where, as_json: bool) -> None:
    """Show the rates in force: units of each currency that one unit of the base is."""
    found = _ask(where, "GET", "rates", READ)
    if as_json:
        click.echo(json.dumps(found))
        return
    policy = found["policy"]
    of = (
        f"of {found['day']}, used until {found['stale_after']}"
        if found["day"]
        else "of no day: there is no file yet"
    )
    click.echo(
        f"Rates against {policy['base']} {of}; spread {policy['spread_basis_points']} hundredths of a percent."
    )
    if found["is_stale"]:
        click.echo("They are too old: nothing is converted. plaudit rate take FILE hands in another.", err=True)
    table = listing("currency", "rate", "in the policy", "")
    for one in found["currencies"]:
        cells = (one["currency"], one["units"] or "–", one["approved_units"], REFUSED.get(one["refused"], ""))
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@rate.command("convert", epilog="Example: plaudit rate convert 10.00 EUR USD")
@to_work
@json_option
@click.argument("amount", metavar="AMOUNT")
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
def convert(where: Where, as_json: bool, amount: str, source: str, target: str) -> None:
    """Say what AMOUNT of SOURCE is worth in TARGET, and what as much of TARGET costs; nothing is kept."""
    asked = {"amount_minor": str(minor_units(amount, source)), "source": source, "target": target}
    found = _ask(where, "GET", "conversion", READ, params=asked)
    if as_json:
        click.echo(json.dumps(found))
        return
    worth = decimal_amount(found["worth_minor"], target)
    click.echo(f"{worth} {target} are given for {amount} {source}, at {found['rate']} of {found['day']}.")
    taken = decimal_amount(found["cost_minor"], source)
    as_much = decimal_amount(found["amount_minor"], target)
    click.echo(f"{taken} {source} are taken for {as_much} {target}.")


def minor_units(amount: str, currency: str) -> int:
    """An amount as people write it, in minor units. Raises UsageError for what is none of the currency."""
    whole, _, fraction = amount.partition(".")
    decimals = exponent(currency)
    digits = whole + fraction
    if not (digits.isascii() and digits.isdecimal()) or len(fraction) > decimals:
        raise click.UsageError(f"{amount} is no amount of {currency}, which has {decimals} decimals")
    return int(whole + fraction.ljust(decimals, "0"))


@rate.command("take", epilog="Example: plaudit rate take eurofxref-daily.xml")
@to_work
@json_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def take(where: Where, as_json: bool, file: Path) -> None:
    """Hand in FILE of a central bank: XML or CSV as the ECB publishes it, the newest of its days."""
    content = file.read_bytes()
    is_xml = content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")
    headers = {"Content-Type": "application/xml" if is_xml else "text/csv"}
    taken = _ask(where, "POST", FILES, WRITE, content=content, headers=headers)
    if as_json:
        click.echo(json.dumps(taken))
        return
    before = "" if taken["is_new"] else " (taken before)"
    click.echo(f"{len(taken['units'])} rates against {taken['base']} of {taken['day']}{before}")


@rate.command("files", epilog="Example: plaudit rate files --json")
@to_work
@json_option
def files(where: Where, as_json: bool) -> None:
    """List the files that were handed in, that of the newest day first."""
    items = _ask.every(where, FILES, READ)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("day", "base", "rates", "handed in", "by")
    for one in items:
        cells = (one["day"], one["base"], len(one["units"]), one["taken_at"], one["taken_by"])
        table.add_row(*(plain(str(cell)) for cell in cells))
    Console().print(table)


@rate.group("policy")
def policy() -> None:
    """Propose, approve, withdraw and list by which rates amounts are converted, and from which day on."""


@policy.command("list", epilog="Example: plaudit rate policy list")
@to_work
@json_option
def list_policies(where: Where, as_json: bool) -> None:
    """List policies of rates, newest first."""
    items = _ask.every(where, POLICIES, READ)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("policy", "from", "source", "base", "currencies", "spread", "days", "state", "proposed by")
    for one in items:
        says = (one["effective_from"], one["source"], one["base"], ", ".join(one["units"]))
        rest = (one["spread_basis_points"], one["max_age_days"], one["state"], one["proposed_by"])
        table.add_row(*(plain(str(cell)) for cell in (one["policy_id"], *says, *rest)))
    Console().print(table)


@policy.command(
    "propose",
    epilog="Example: plaudit rate policy propose 2026-01-01 --rate USD=1.0956 --rate JPY=163.21 --spread 150",
)
@to_work
@json_option
@click.argument("effective_from", type=click.DateTime(["%Y-%m-%d"]))
@click.option(
    "--rate", "rates", multiple=True, required=True, metavar="USD=1.0956", help="Units that one of the base is"
)
@click.option("--base", default="EUR", show_default=True, help="What the rates are against")
@click.option(
    "--source",
    type=click.Choice(["table", "file"]),
    default="file",
    show_default=True,
    help="These rates, or those of files of a central bank within --max-move of these",
)
@click.option(
    "--max-move", type=click.IntRange(0, 5_000), default=500, show_default=True, help="Hundredths of a percent"
)
@click.option(
    "--spread", type=click.IntRange(0, 5_000), default=0, show_default=True, help="Hundredths of a percent"
)
@click.option(
    "--max-age",
    type=click.IntRange(1, 3_660),
    default=7,
    show_default=True,
    help="Days after which rates are too old",
)
@click.option(
    "--name", help="Names the request: made again by the same name it is the same one [default: a new one]"
)
def propose(
    where: Where, as_json: bool, effective_from: Any, rates: tuple[str, ...], name: str | None, **said: Any
) -> None:
    """Propose by which rates amounts are converted from the day EFFECTIVE_FROM on; another person approves it."""
    units: dict[str, str] = {}
    for one in rates:
        currency, is_given, written = one.partition("=")
        if not is_given or currency in units:
            raise click.UsageError(f"--rate {one}: say each currency once, like USD=1.0956")
        units[currency] = written
    body = {
        "effective_from": str(effective_from.date()),
        "base": said["base"],
        "source": said["source"],
        "units": units,
        "max_move_basis_points": said["max_move"],
        "spread_basis_points": said["spread"],
        "max_age_days": said["max_age"],
    }
    headers = {"Idempotency-Key": name or uuid4().hex}
    _show_policy(_ask(where, "POST", POLICIES, WRITE, json=body, headers=headers), as_json=as_json)


@policy.command(
    "approve", epilog='Example: plaudit rate policy approve 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --key "$OMAR"'
)
@to_work
@json_option
@policy_argument
def approve(where: Where, as_json: bool, policy: Any) -> None:
    """Put a POLICY in force that another person proposed, with a key of your own."""
    _show_policy(_ask(where, "POST", f"{POLICIES}/{policy}/approve", APPROVE), as_json=as_json)


@policy.command("withdraw", epilog="Example: plaudit rate policy withdraw 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b")
@to_work
@json_option
@policy_argument
def withdraw(where: Where, as_json: bool, policy: Any) -> None:
    """Have a proposed POLICY never come into force."""
    _show_policy(_ask(where, "POST", f"{POLICIES}/{policy}/withdraw", WRITE), as_json=as_json)


def _show_policy(entry: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(entry))
        return
    says = f"{', '.join(entry['units'])} against {entry['base']} from {entry['effective_from']} on"
    if entry["state"] == "proposed":
        waits = f"plaudit rate policy approve {entry['policy_id']} --key …"
        click.echo(f"{says}: waits until another person approves it: {waits}")
    else:
        click.echo(f"{says}: {entry['state']} ({entry['policy_id']})")
