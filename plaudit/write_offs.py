"""`plaudit debt write-off` and `plaudit debt policy`: what two people decide of debts."""

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

WRITE_OFFS, POLICIES = "debt-write-offs", "finance/clawback-policies"
STATES = click.Choice(["proposed", "approved", "withdrawn"])
write_off_argument = click.argument("write_off_id", metavar="WRITE_OFF", type=click.UUID)
policy_argument = click.argument("policy_id", metavar="POLICY", type=click.UUID)
_ask = Asking("plaudit debt", "rewards", "/v1/")


@click.group("write-off")
def write_off() -> None:
    """Let members keep what they owe. Whoever proposes it does not approve it."""


@click.group("policy")
def policy() -> None:
    """Say what becomes of used points that are taken back. Whoever proposes it does not approve it."""


@write_off.command("list", epilog="Example: plaudit debt write-off list --state proposed --community demo")
@to_work
@json_option
@click.option("--state", type=STATES, help="Only those in this state")
def list_write_offs(where: Where, as_json: bool, state: str | None) -> None:
    """List debts that are written off, or owed again, newest first."""
    said = {"state": state} if state else {}
    found = _ask.every(where, "debt-write-offs", READ, **said)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("write-off", "state", "member", "points", "booked", "reason", "proposed by", "decided by")
    for one in found:
        what = "owed again" if one["reverses"] and one["state"] == "approved" else one["state"]
        booked = "" if one["booked_points"] is None else f"{one['booked_points']:,}"
        cells = (one["write_off_id"], what, one["name"] or one["member_id"], f"{one['points']:,}", booked)
        people = (one["proposed_by"], one["decided_by"] or "")
        table.add_row(*(plain(cell) for cell in (*cells, one["reason"], *people)))
    Console().print(table)


@write_off.command(
    "propose",
    epilog="Example: plaudit debt write-off propose 0d9b6cfd-3b54-4ab0-93b0-46e1b0f0d50b --points 250"
    ' --reason "used in good faith" --key "$MIA"',
)
@to_work
@json_option
@click.argument("member", type=click.UUID)
@click.option("--points", type=click.IntRange(1), required=True, help="At most what is owed")
@click.option("--reason", required=True, help="Why: it stays with what is decided, until the member is erased")
@click.option("--name", help="Names the proposal: made again by the same name it is the same one")
def propose_write_off(
    where: Where, as_json: bool, member: Any, points: int, reason: str, name: str | None
) -> None:
    """Propose to write off so many points of what MEMBER owes; another person approves it."""
    body = {"member_id": str(member), "points": points, "reason": reason}
    _show_write_off(_ask(where, "POST", WRITE_OFFS, WRITE, json=body, headers=_key(name)), as_json=as_json)


@write_off.command(
    "reverse",
    epilog="Example: plaudit debt write-off reverse 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b"
    ' --reason "the wrong member" --key "$MIA"',
)
@to_work
@json_option
@write_off_argument
@click.option("--reason", required=True, help="Why: it stays with what is decided, until the member is erased")
@click.option("--name", help="Names the proposal: made again by the same name it is the same one")
def reverse_write_off(where: Where, as_json: bool, write_off_id: Any, reason: str, name: str | None) -> None:
    """Propose that what was written off is owed again; another person approves it."""
    path = f"{WRITE_OFFS}/{write_off_id}/reverse"
    _show_write_off(_ask(where, "POST", path, WRITE, json={"reason": reason}, headers=_key(name)), as_json=as_json)


@write_off.command(
    "approve",
    epilog='Example: plaudit debt write-off approve 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --key "$OMAR"',
)
@to_work
@json_option
@write_off_argument
def approve_write_off(where: Where, as_json: bool, write_off_id: Any) -> None:
    """Have booked what another person proposed: what is owed then, at most what was proposed."""
    _show_write_off(_ask(where, "POST", f"{WRITE_OFFS}/{write_off_id}/approve", APPROVE), as_json=as_json)


@write_off.command(
    "withdraw", epilog="Example: plaudit debt write-off withdraw 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b"
)
@to_work
@json_option
@write_off_argument
def withdraw_write_off(where: Where, as_json: bool, write_off_id: Any) -> None:
    """Have a proposal come to nothing."""
    _show_write_off(_ask(where, "POST", f"{WRITE_OFFS}/{write_off_id}/withdraw", WRITE), as_json=as_json)


def _show_write_off(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(one))
        return
    points = one["points"] if one["booked_points"] is None else one["booked_points"]
    what = "owed again" if one["reverses"] else "written off"
    click.echo(f"{points:,} points of {one['name'] or one['member_id']}, {what}: {one['state']}.")
    if one["state"] == "proposed":
        click.echo(f"Another person approves it: plaudit debt write-off approve {one['write_off_id']} --key …")


@policy.command("list", epilog="Example: plaudit debt policy list --json")
@to_work
@json_option
@click.option("--state", type=STATES, help="Only those in this state")
def list_policies(where: Where, as_json: bool, state: str | None) -> None:
    """List what becomes of used points that are taken back, from which day on; newest first."""
    said = {"state": state} if state else {}
    found = _ask.every(where, "finance/clawback-policies", READ, **said)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("policy", "from", "what becomes of them", "below", "state", "proposed by", "decided by")
    for one in found:
        cells = (one["policy_id"], one["effective_from"], one["treatment"], str(one["below_points"] or ""))
        people = (one["proposed_by"], one["decided_by"] or "")
        table.add_row(*(plain(cell) for cell in (*cells, one["state"], *people)))
    Console().print(table)


@policy.command(
    "propose",
    epilog='Example: plaudit debt policy propose 2026-01-01 --treatment keep_below --below 20 --key "$MIA"',
)
@to_work
@json_option
@click.argument("since", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--treatment", type=click.Choice(["owe", "keep_below", "keep"]), required=True)
@click.option("--below", type=click.IntRange(1), help="With keep_below: fewer points than so many are kept")
@click.option("--name", help="Names the proposal: made again by the same name it is the same one")
def propose_policy(
    where: Where, as_json: bool, since: Any, treatment: str, below: int | None, name: str | None
) -> None:
    """Propose what becomes of used points that are taken back from DAY on; another person approves it."""
    body: dict[str, Any] = {"effective_from": str(since.date()), "treatment": treatment}
    body |= {} if below is None else {"below_points": below}
    _show_policy(_ask(where, "POST", POLICIES, WRITE, json=body, headers=_key(name)), as_json=as_json)


@policy.command(
    "approve", epilog='Example: plaudit debt policy approve 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --key "$OMAR"'
)
@to_work
@json_option
@policy_argument
def approve_policy(where: Where, as_json: bool, policy_id: Any) -> None:
    """Put an entry in force that another person proposed."""
    _show_policy(_ask(where, "POST", f"{POLICIES}/{policy_id}/approve", APPROVE), as_json=as_json)


@policy.command("withdraw", epilog="Example: plaudit debt policy withdraw 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b")
@to_work
@json_option
@policy_argument
def withdraw_policy(where: Where, as_json: bool, policy_id: Any) -> None:
    """Have a proposed entry never come into force."""
    _show_policy(_ask(where, "POST", f"{POLICIES}/{policy_id}/withdraw", WRITE), as_json=as_json)


def _show_policy(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(one))
        return
    below = f" {one['below_points']:,} points" if one["below_points"] else ""
    click.echo(f"From {one['effective_from']} on: {one['treatment']}{below}: {one['state']} ({one['policy_id']}).")
    if one["state"] == "proposed":
        click.echo(f"Another person approves it: plaudit debt policy approve {one['policy_id']} --key …")


def _key(name: str | None) -> dict[str, str]:
    return {"Idempotency-Key": name or uuid4().hex}
