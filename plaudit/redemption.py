"""`plaudit redemption`: what was redeemed, its receipts, and refunds of what was confirmed."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.programme.asking import show
from plaudit.services_asked import Asking
from plaudit.terminal import plain
from shared.contracts.texts import written_out

to_work = where_options(URL, KEY, COMMUNITY)
redemption_argument = click.argument("redemption", metavar="REDEMPTION")
refund_argument = click.argument("refund", metavar="REFUND")
READ, WRITE = ("rewards:read",), ("rewards:write",)
#: A manager, or whoever approves for finance.
APPROVE = ("points:approve",)
PAGE_COUNT = 500
REDEMPTION_STATES = ("reserved", "confirmed", "partly_refunded", "refunded", "cancelled", "expired")
#: What happened to a redemption, in words.
STEPS = {
    "reserved": "set aside",
    "confirmed": "spent",
    "rest_back": "the rest is back",
    "refunded": "given back",
    "cancelled": "called off",
    "expired": "its time was over",
}
STATES = ("waiting", "asking", "done", "declined", "withdrawn")
_ask = Asking("plaudit redemption", "rewards")


@click.group()
def redemption() -> None:
    """See what was redeemed, with receipts; give points back for what was confirmed."""


@redemption.command("list", epilog="Example: plaudit redemption list --state reserved --member forum:ada")
@to_work
@json_option
@click.option("--state", type=click.Choice(REDEMPTION_STATES), help="Only these")
@click.option("--member", help="Only those of this member: an id, or an identity like forum:ada")
def list_redemptions(where: Where, as_json: bool, state: str | None, member: str | None) -> None:
    """List redemptions, newest first, 500 at most."""
    params = {"limit": PAGE_COUNT, "state": state, "member": member}
    params = {name: value for name, value in params.items() if value is not None}
    found = _ask(where, "GET", "/v1/redemptions", READ, params=params)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("redemption", "reward", "whose", "points", "state", "chosen")
    for one in found["items"]:
        whose = one["member_name"] or one["member_id"]
        cells = (
            *(one["redemption_id"], one["title"], whose, f"{one['points']:,}", one["state"]),
            one["created_at"][:16].replace("T", " "),
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@redemption.command("show", epilog="Example: plaudit redemption show 0198c7f6-2a51-7e0c-8d4e-5b1f0a7c9d21")
@to_work
@json_option
@redemption_argument
def show_redemption(where: Where, as_json: bool, redemption: str) -> None:
    """Show the receipt of a REDEMPTION: each step with its time, its points and its transfer."""
    wanted = quote(redemption, safe="")
    found = _ask(where, "GET", f"/v1/redemptions/{wanted}", READ)
    receipt = _ask(where, "GET", f"/v1/members/{found['member_id']}/redemptions/{wanted}", READ)
    show(receipt, as_json=as_json, words=receipt_lines)


def receipt_lines(receipt: Mapping[str, Any]) -> list[str]:
    """A receipt in words, a line for each step; times are UTC."""
    lines = [f"{receipt['title']}, {receipt['points']:,} points: {receipt['state'].replace('_', ' ')}"]
    for step in receipt["steps"]:
        words = STEPS.get(step["event"], step["event"])
        transfer = f"  transfer {step['transfer_id']}" if step["transfer_id"] else ""
        lines.append(f"  {step['at'][:19].replace('T', ' ')}  {words}, {step['points']:,} points{transfer}")
    if receipt["fulfilment"] is not None:
        lines.append(f"  handing it over: {receipt['fulfilment'].replace('_', ' ')}")
    if receipt["needs_address"]:
        lines.append("  it waits for its member to say where it is sent")
    if receipt["refunded_points"]:
        lines.append(f"  {receipt['refunded_points']:,} points are back")
    return [written_out(line) for line in lines]


def _refunds(redemption: str) -> str:
    return f"/v1/redemptions/{quote(redemption, safe='')}/refunds"


def refund_lines(one: Mapping[str, Any]) -> list[str]:
    """A refund in words: what became of it, and what to do next."""
    said = {
        "done": f"{one['points']:,} points are back",
        "waiting": f"{one['points']:,} points wait for another person, who runs:\n"
        f"  plaudit redemption approve-refund {one['redemption_id']} {one['refund_id']}",
        "asking": f"its provider is asked to take it back; then {one['points']:,} points are",
        "declined": f"its provider does not take it back: {one['answer']}",
        "withdrawn": "withdrawn: nothing was given back by it",
    }[one["state"]]
    return [written_out(line) for line in f"refund {one['refund_id']}: {said}".splitlines()]


@redemption.command(
    "refund",
    epilog="Example: plaudit redemption refund 0198c7f6-2a51-7e0c-8d4e-5b1f0a7c9d21 --points 20 --reason broken",
)
@to_work
@json_option
@redemption_argument
@click.option("--points", type=click.IntRange(1), help="How many go back; without it all that are not back yet")
@click.option("--reason", required=True, help="Why: it stays with the refund")
@click.option("--returned", is_flag=True, help="What was handed out came back: there is one more of the reward")
@click.option("--whatever-its-provider-says", is_flag=True, help="Refund a gift card without asking its provider")
@click.option("--idempotency-key", help="The same key is the same refund, whatever happens on the way")
def refund(
    where: Where,
    as_json: bool,
    redemption: str,
    points: int | None,
    reason: str,
    returned: bool,
    whatever_its_provider_says: bool,
    idempotency_key: str | None,
) -> None:
    """Give points of a REDEMPTION back that were spent, as a whole or in part.

    Above an amount another person approves it. Nobody refunds their own.
    """
    body: dict[str, Any] = {
        "reason": reason,
        "goods": "returned" if returned else "kept",
        "ask_provider": not whatever_its_provider_says,
    }
    if points is not None:
        body["points"] = points
    headers = {"Idempotency-Key": idempotency_key or uuid4().hex}
    made = _ask(where, "POST", _refunds(redemption), WRITE, json=body, headers=headers)
    show(made, as_json=as_json, words=refund_lines)


@redemption.command("refunds", epilog="Example: plaudit redemption refunds --state waiting")
@to_work
@json_option
@click.option("--state", type=click.Choice(STATES), help="Only these")
@click.option("--redemption", help="Only those of this redemption")
def list_refunds(where: Where, as_json: bool, state: str | None, redemption: str | None) -> None:
    """List refunds, newest first, 500 at most."""
    params = {"limit": PAGE_COUNT, "state": state, "redemption_id": redemption}
    params = {name: value for name, value in params.items() if value is not None}
    found = _ask(where, "GET", "/v1/refunds", READ, params=params)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("refund", "redemption", "reward", "whose", "points", "state")
    for one in found["items"]:
        whose = one["member_name"] or one["member_id"]
        cells = (one["refund_id"], one["redemption_id"], one["title"], whose, f"{one['points']:,}", one["state"])
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@redemption.command(
    "approve-refund",
    epilog="Example: plaudit redemption approve-refund 0198c7f6-2a51-7e0c-8d4e-5b1f0a7c9d21 "
    "5b0d6c1e-3f5a-5c1d-9a27-64c1a0d3f6b8",
)
@to_work
@json_option
@redemption_argument
@refund_argument
def approve_refund(where: Where, as_json: bool, redemption: str, refund: str) -> None:
    """Approve a REFUND of a REDEMPTION that somebody else asked for."""
    _decide(where, as_json, redemption, refund=refund, verb="approve")


@redemption.command(
    "withdraw-refund",
    epilog="Example: plaudit redemption withdraw-refund 0198c7f6-2a51-7e0c-8d4e-5b1f0a7c9d21 "
    "5b0d6c1e-3f5a-5c1d-9a27-64c1a0d3f6b8",
)
@to_work
@json_option
@redemption_argument
@refund_argument
def withdraw_refund(where: Where, as_json: bool, redemption: str, refund: str) -> None:
    """Withdraw a REFUND of a REDEMPTION that is not done yet."""
    _decide(where, as_json, redemption, refund=refund, verb="withdraw")


def _decide(where: Where, as_json: bool, redemption: str, *, refund: str, verb: str) -> None:
    scopes = APPROVE if verb == "approve" else WRITE
    decided = _ask(where, "POST", f"{_refunds(redemption)}/{quote(refund, safe='')}/{verb}", scopes)
    show(decided, as_json=as_json, words=refund_lines)
