"""`plaudit payout policy`, `waits` and `findings`: what two people decide of payouts, and who waits for it."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import click
from rich.console import Console

from plaudit.calls import every_item, request
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.periods import APPROVE, READ, WRITE, to_work
from plaudit.places import Where
from plaudit.terminal import plain

POLICIES = "finance/payout-policies"
CHECKS = ("country", "yearly_stop", "yearly_warning")
policy_argument = click.argument("policy_id", metavar="POLICY", type=click.UUID)


@click.group("policy")
def policy() -> None:
    """Say how long points wait and what keeps payouts back. Whoever proposes it does not approve it."""


@policy.command("list", epilog="Example: plaudit payout policy list --json")
@to_work
@json_option
@click.option("--state", type=click.Choice(["proposed", "approved", "withdrawn"]), help="Only those in this state")
def list_policies(where: Where, as_json: bool, state: str | None) -> None:
    """List what holds for payouts, from which day on; newest first."""
    place = where.place()
    with place.access("plaudit payout", READ, ("rewards",)) as key:
        said = {"state": state} if state else {}
        found = list(every_item(f"{place.url('rewards')}/v1/finance/payout-policies", key, **said))
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
    }
    headers = {"Idempotency-Key": name or uuid4().hex}
    _show_policy(_ask(where, POLICIES, WRITE, json=body, headers=headers), as_json=as_json)


@policy.command(
    "approve", epilog='Example: plaudit payout policy approve 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --key "$OMAR"'
)
@to_work
@json_option
@policy_argument
def approve_policy(where: Where, as_json: bool, policy_id: Any) -> None:
    """Put an entry in force that another person proposed."""
    _show_policy(_ask(where, f"{POLICIES}/{policy_id}/approve", APPROVE), as_json=as_json)


@policy.command("withdraw", epilog="Example: plaudit payout policy withdraw 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b")
@to_work
@json_option
@policy_argument
def withdraw_policy(where: Where, as_json: bool, policy_id: Any) -> None:
    """Have a proposed entry never come into force."""
    _show_policy(_ask(where, f"{POLICIES}/{policy_id}/withdraw", WRITE), as_json=as_json)


@click.command("waits", epilog="Example: plaudit payout waits --community demo")
@to_work
@json_option
def waits(where: Where, as_json: bool) -> None:
    """List members whose points are not paid yet: until when they wait, or how much is missing."""
    place = where.place()
    with place.access("plaudit payout", READ, ("rewards",)) as key:
        found = list(every_item(f"{place.url('rewards')}/v1/payout-waits", key))
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
    place = where.place()
    with place.access("plaudit payout", READ, ("rewards",)) as key:
        said = ({"check": check} if check else {}) | ({"waits": "true"} if waiting else {})
        found = list(every_item(f"{place.url('rewards')}/v1/payout-findings", key, **said))
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("payout", "member", "check", "what was found", "payout is", "found")
    for one in found:
        what = one["country"] or f"{one['total_minor']:,} in {one['year']}, above {one['limit_minor']:,}"
        cells = (one["payout_id"], one["member_name"] or one["member_id"], one["check"], what)
        table.add_row(*(plain(cell) for cell in (*cells, one["state"], one["found_at"])))
    Console().print(table)


def _ask(where: Where, path: str, scopes: tuple[str, ...], **options: Any) -> Any:
    place = where.place()
    with place.access("plaudit payout", scopes, ("rewards",)) as key:
        return request("POST", f"{place.url('rewards')}/v1/{path}", key, **options)


def _show_policy(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(one))
        return
    said = f"{one['currency']}: {one['holding_days']} days, from {one['minimum_minor']:,} minor units on"
    click.echo(f"From {one['effective_from']} on, {said}: {one['state']} ({one['policy_id']}).")
    if one["state"] == "proposed":
        click.echo(f"Another person approves it: plaudit payout policy approve {one['policy_id']} --key …")
