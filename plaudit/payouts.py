"""`plaudit payout`: hold a payout, let held money go on, leave a payout out of its run."""

import json
from typing import Any

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.payee_attestations import on_file
from plaudit.payout_policies import clearance, findings, policy, totals, waits
from plaudit.payout_schedules import schedule
from plaudit.people import json_option
from plaudit.periods import READ, WRITE, to_work, who
from plaudit.places import Where
from plaudit.sanctions import sanctions
from plaudit.services_asked import Asking
from plaudit.terminal import plain

CAUSES = ("under_review", "disputed", "asked", "bank_details", "other")
payout_argument = click.argument("payout_id", metavar="PAYOUT", type=click.UUID)
cause_option = click.option(
    "--cause", type=click.Choice(CAUSES), required=True, help="Why: the member is told the words of it"
)
_ask = Asking("plaudit payout", "rewards")


@click.group()
def payout() -> None:
    """Stop one payout by itself until its bank file is written, and decide what holds for all of them."""


payout.add_command(policy)
payout.add_command(schedule)
payout.add_command(clearance)
payout.add_command(on_file)
payout.add_command(sanctions)
payout.add_command(waits)
payout.add_command(totals)
payout.add_command(findings)


@payout.command(
    "hold",
    epilog="Example: plaudit payout hold 5ea96c72-334c-587d-89c3-d177db83474e --cause under_review"
    ' --note "called on Monday" --key "$MAKER"',
)
@to_work
@json_option
@payout_argument
@cause_option
@click.option("--note", help="For finance alone; it goes when the member is erased")
def hold(where: Where, as_json: bool, payout_id: str, cause: str, note: str | None) -> None:
    """Hold a PAYOUT, and what later runs would pay its member, until somebody releases it."""
    body = {"cause": cause} | ({"note": note} if note else {})
    found = _ask(where, "POST", f"/v1/payouts/{payout_id}/hold", WRITE, json=body)
    _said(found, as_json, f"Hold {found['hold_id']} is {found['state']}: {found['reason']}")


@payout.command(
    "leave-out",
    epilog="Example: plaudit payout leave-out 5ea96c72-334c-587d-89c3-d177db83474e --cause disputed"
    ' --key "$MAKER"',
)
@to_work
@json_option
@payout_argument
@cause_option
def leave_out(where: Where, as_json: bool, payout_id: str, cause: str) -> None:
    """Leave a PAYOUT out of its run, before its approval or after it: the next run computes it anew."""
    found = _ask(where, "POST", f"/v1/payouts/{payout_id}/leave-out", WRITE, json={"cause": cause})
    _said(found, as_json, f"Payout {found['payout_id']} is {found['state']}: {found['reason']}")


@payout.command(
    "release", epilog='Example: plaudit payout release b54a0c1e-93d7-4f28-a6e1-0c7d5f8b2a19 --key "$MAKER"'
)
@to_work
@json_option
@click.argument("hold_id", metavar="HOLD", type=click.UUID)
def release(where: Where, as_json: bool, hold_id: str) -> None:
    """Let money go on that a HOLD keeps back. Whoever does so does not approve the run that pays it."""
    found = _ask(where, "POST", f"/v1/payout-holds/{hold_id}/release", WRITE)
    _said(found, as_json, f"Hold {found['hold_id']} is {found['state']}")


@payout.command("holds", epilog="Example: plaudit payout holds --state standing --community demo")
@to_work
@json_option
@click.option("--state", type=click.Choice(["standing", "released"]), help="Only those in this state")
def list_holds(where: Where, as_json: bool, state: str | None) -> None:
    """List whose money is or was held back, newest first."""
    said = {"state": state} if state else {}
    found = _ask.every(where, "/v1/payout-holds", READ, **said)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("hold", "state", "member", "cause", "note", "by", "since", "released by")
    for one in found:
        name = one["member_name"] or one["member_id"]
        placed = (who(one["placed"]), one["placed"]["at"], who(one["released"]))
        cells = (one["hold_id"], one["state"], name, one["cause"], one["note"] or "", *placed)
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


def _said(found: Any, as_json: bool, words: str) -> None:
    click.echo(json.dumps(found) if as_json else plain(words))
