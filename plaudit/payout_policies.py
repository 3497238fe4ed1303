"""`plaudit payout policy`, `waits` and `findings`: what two people decide of payouts, and who waits for it."""

import json
from collections.abc import Mapping
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
from shared.spreadsheets import csv_lines

POLICIES = "finance/payout-policies"
CHECKS = (
    *("country", "shared_account", "sanctions_list"),
    *("tax_form", "minimum_age", "yearly_stop", "yearly_warning"),
)
policy_argument = click.argument("policy_id", metavar="POLICY", type=click.UUID)
_ask = Asking("plaudit payout", "rewards", "/v1/")


@click.group("policy")
def policy() -> None:
    """Say how long points wait and what keeps payouts back. Whoever proposes it does not approve it."""


@policy.command("list", epilog="Example: plaudit payout policy list --json")
@to_work
@json_option
@click.option("--state", type=click.Choice(["proposed", "approved", "withdrawn"]), help="Only those in this state")
def list_policies(where: Where, as_json: bool, state: str | None) -> None:
    """List what holds for payouts, from which day on; newest first."""
    said = {"state": state} if state else {}
    found = _ask.every(where, "finance/payout-policies", READ, **said)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing(
        "policy", "from", "currency", "days", "paid from", "countries", "state", "proposed by", "decided by"
    )
    for one in found:
        cells = (one["policy_id"], one["effective_from"], one["currency"], str(one["holding_days"]))
        more = (f"{one['minimum_minor']:,}", " ".join(one["countries"] or ["all"]), one["state"])
        people = (one["proposed_by"], one["decided_by"] or "")
        table.add_row(*(plain(cell) for cell in (*cells, *more, *people)))
    Console().print(table)


@policy.command(
    "propose",
    epilog="Example: plaudit payout policy propose 2026-01-01 --currency EUR --days 14 --minimum 1000"
    ' --country DE --country IT --key "$MIA"',
)
@to_work
@json_option
@click.argument("since", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--currency", required=True, help="Each currency has its own policy")
@click.option(
    "--days",
    "holding_days",
    type=click.IntRange(0, 90),
    default=0,
    help="Points wait so many days after they were earned",
)
@click.option("--minimum", type=click.IntRange(0), default=0, help="Nothing is paid below so many minor units")
@click.option(
    "--country", "countries", multiple=True, help="Accounts may be in it, by two letters; all without one"
)
@click.option(
    "--warn-above", type=click.IntRange(0), help="Finance is told above so many minor units a year of a person"
)
@click.option(
    "--stop-above", type=click.IntRange(0), help="Payouts wait above so many minor units a year of a person"
)
@click.option(
    "--stop-shared", is_flag=True, help="Payouts wait to accounts of several persons, or the payer's own"
)
@click.option(
    "--tax-form",
    "tax_forms",
    multiple=True,
    metavar="COUNTRY=MINOR",
    help="Above so many minor units a year payouts to accounts in COUNTRY wait for a tax form on file",
)
@click.option(
    "--minimum-age", type=click.IntRange(1, 150), help="Payouts wait to whom nobody attested so many years"
)
@click.option("--name", help="Names the proposal: made again by the same name it is the same one")
def propose_policy(
    where: Where,
    as_json: bool,
    since: Any,
    currency: str,
    holding_days: int,
    minimum: int,
    countries: tuple[str, ...],
    warn_above: int | None,
    stop_above: int | None,
    stop_shared: bool,
    tax_forms: tuple[str, ...],
    minimum_age: int | None,
    name: str | None,
) -> None:
    """Propose what holds for payouts from DAY on; another person approves it."""
    body = {
        "effective_from": str(since.date()),
        "currency": currency,
        "holding_days": holding_days,
        "minimum_minor": minimum,
        "countries": list(countries) or None,
        "warn_above_minor": warn_above,
        "stop_above_minor": stop_above,
        "stops_shared_accounts": stop_shared,
        "tax_forms": [_tax_form(said) for said in tax_forms],
        "minimum_age": minimum_age,
    }
    headers = {"Idempotency-Key": name or uuid4().hex}
    _show_policy(_ask(where, "POST", POLICIES, WRITE, json=body, headers=headers), as_json=as_json)


def _tax_form(said: str) -> dict[str, Any]:
    country, _, above = said.partition("=")
    if not above.isdecimal():
        raise click.BadParameter(f"{said!r} is not COUNTRY=MINOR, such as US=60000", param_hint="--tax-form")
    return {"country": country.upper(), "above_minor": int(above)}


@policy.command(
    "approve", epilog='Example: plaudit payout policy approve 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --key "$OMAR"'
)
@to_work
@json_option
@policy_argument
def approve_policy(where: Where, as_json: bool, policy_id: Any) -> None:
    """Put an entry in force that another person proposed."""
    _show_policy(_ask(where, "POST", f"{POLICIES}/{policy_id}/approve", APPROVE), as_json=as_json)


@policy.command("withdraw", epilog="Example: plaudit payout policy withdraw 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b")
@to_work
@json_option
@policy_argument
def withdraw_policy(where: Where, as_json: bool, policy_id: Any) -> None:
    """Have a proposed entry never come into force."""
    _show_policy(_ask(where, "POST", f"{POLICIES}/{policy_id}/withdraw", WRITE), as_json=as_json)


@click.group("clearance")
def clearance() -> None:
    """Let a person pass a check that keeps their payouts back. Whoever proposes it does not approve it."""


@clearance.command("list", epilog="Example: plaudit payout clearance list --state proposed")
@to_work
@json_option
@click.option("--state", type=click.Choice(["proposed", "approved", "withdrawn"]), help="Only those in this state")
def list_clearances(where: Where, as_json: bool, state: str | None) -> None:
    """List whom which check lets pass, newest first."""
    said = {"state": state} if state else {}
    found = _ask.every(where, "payout-clearances", READ, **said)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("clearance", "member", "check", "as long as", "reason", "state", "proposed by", "decided by")
    for one in found:
        cells = (one["clearance_id"], one["member_name"] or one["member_id"], one["check"], one["basis"])
        people = (one["proposed_by"], one["decided_by"] or "")
        table.add_row(*(plain(cell) for cell in (*cells, one["reason"], one["state"], *people)))
    Console().print(table)


@clearance.command(
    "propose",
    epilog="Example: plaudit payout clearance propose 5ea96c72-334c-587d-89c3-d177db83474e --check country"
    ' --reason "they moved" --key "$MIA"',
)
@to_work
@json_option
@click.argument("payout_id", metavar="PAYOUT", type=click.UUID)
@click.option("--check", type=click.Choice(CHECKS), required=True, help="What keeps it back")
@click.option("--reason", required=True, help="For finance alone; it goes when the member is erased")
@click.option("--name", help="Names the proposal: made again by the same name it is the same one")
def propose_clearance(
    where: Where, as_json: bool, payout_id: Any, check: str, reason: str, name: str | None
) -> None:
    """Propose that a check lets the member of PAYOUT pass; another person approves it."""
    body, headers = {"check": check, "reason": reason}, {"Idempotency-Key": name or uuid4().hex}
    found = _ask(where, "POST", f"payouts/{payout_id}/clearances", WRITE, json=body, headers=headers)
    _show_clearance(found, as_json=as_json)


@clearance.command(
    "approve",
    epilog='Example: plaudit payout clearance approve 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --key "$OMAR"',
)
@to_work
@json_option
@click.argument("clearance_id", metavar="CLEARANCE", type=click.UUID)
def approve_clearance(where: Where, as_json: bool, clearance_id: Any) -> None:
    """Let pass what another person proposed: the next run pays."""
    _show_clearance(_ask(where, "POST", f"payout-clearances/{clearance_id}/approve", APPROVE), as_json=as_json)


@clearance.command(
    "withdraw", epilog="Example: plaudit payout clearance withdraw 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b"
)
@to_work
@json_option
@click.argument("clearance_id", metavar="CLEARANCE", type=click.UUID)
def withdraw_clearance(where: Where, as_json: bool, clearance_id: Any) -> None:
    """Have a proposal come to nothing."""
    _show_clearance(_ask(where, "POST", f"payout-clearances/{clearance_id}/withdraw", WRITE), as_json=as_json)


def _show_clearance(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(one))
        return
    name = one["member_name"] or one["member_id"]
    click.echo(f"{name} passes {one['check']} ({one['basis']}): {one['state']} ({one['clearance_id']}).")
    if one["state"] == "proposed":
        click.echo(f"Another person approves it: plaudit payout clearance approve {one['clearance_id']} --key …")


@click.command("totals", epilog="Example: plaudit payout totals 2026 --csv")
@to_work
@json_option
@click.argument("year", type=click.IntRange(2000, 9998))
@click.option("--csv", "as_csv", is_flag=True, help="As a table for spreadsheets, amounts in minor units")
def totals(where: Where, as_json: bool, year: int, as_csv: bool) -> None:
    """List what each person was paid in YEAR, with everybody who is merged into them."""
    found = _ask.every(where, f"payout-totals/{year}", READ)
    columns = ("member_id", "member_name", "year", "currency", "paid_count", "paid_minor", "on_its_way_minor")
    if as_csv:
        click.echo(csv_lines([columns, *([one[name] for name in columns] for one in found)]), nl=False)
        return
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("member", "currency", "payouts", "paid", "on its way")
    for one in found:
        numbers = [f"{one[name]:,}" for name in ("paid_count", "paid_minor", "on_its_way_minor")]
        table.add_row(
            *(plain(cell) for cell in (one["member_name"] or one["member_id"], one["currency"], *numbers))
        )
    Console().print(table)


def _what(finding: Mapping[str, Any]) -> str:
    if finding["list_id"]:
        named = "; ".join(f"{one['name']} ({one['entry_id']})" for one in finding["entries"])
        return f"{finding['payee_name']} is like {named or 'a name of a list that is not kept any more'}"
    if finding["minimum_age"]:
        return f"nobody attested {finding['minimum_age']} years"
    if finding["country"] and finding["total_minor"] is None:
        return str(finding["country"])
    if finding["is_payer"]:
        return "the programme pays from it"
    if finding["others_count"]:
        return f"{finding['others_count']:,} more have the account"
    where = f" ({finding['country']})" if finding["country"] else ""
    return f"{finding['total_minor']:,} in {finding['year']}, above {finding['limit_minor']:,}{where}"


@click.command("waits", epilog="Example: plaudit payout waits --community demo")
@to_work
@json_option
def waits(where: Where, as_json: bool) -> None:
    """List members whose points are not paid yet: until when they wait, or how much is missing."""
    found = _ask.every(where, "payout-waits", READ)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("member", "points", "wait", "until", "missing points", "missing", "currency")
    for one in found:
        until = one["payable_from"] or ""
        numbers = (f"{one['available_points']:,}", f"{one['waiting_points']:,}", until)
        missing = (f"{one['missing_points']:,}", f"{one['missing_minor']:,}", one["currency"])
        table.add_row(*(plain(cell) for cell in (one["member_name"] or one["member_id"], *numbers, *missing)))
    Console().print(table)


@click.command("findings", epilog="Example: plaudit payout findings --waiting --community demo")
@to_work
@json_option
@click.option("--check", type=click.Choice(CHECKS), help="Only what this one found")
@click.option("--waiting", is_flag=True, help="Only what keeps a payout back just now")
def findings(where: Where, as_json: bool, check: str | None, waiting: bool) -> None:
    """List what checks found of payouts, exactly, newest first."""
    said = ({"check": check} if check else {}) | ({"waits": "true"} if waiting else {})
    found = _ask.every(where, "payout-findings", READ, **said)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("payout", "member", "check", "what was found", "payout is", "found")
    for one in found:
        what = _what(one)
        cells = (one["payout_id"], one["member_name"] or one["member_id"], one["check"], what)
        table.add_row(*(plain(cell) for cell in (*cells, one["state"], one["found_at"])))
    Console().print(table)


def _show_policy(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(one))
        return
    said = f"{one['currency']}: {one['holding_days']} days, from {one['minimum_minor']:,} minor units on"
    click.echo(f"From {one['effective_from']} on, {said}: {one['state']} ({one['policy_id']}).")
    if one["state"] == "proposed":
        click.echo(f"Another person approves it: plaudit payout policy approve {one['policy_id']} --key …")
