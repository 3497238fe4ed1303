"""`plaudit award`: points by hand, given, taken, approved by another person, and taken back."""

import json
from typing import Any
from uuid import uuid4

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.services_asked import Asking
from plaudit.terminal import plain
from shared.contracts.texts import written_out

to_work = where_options(URL, KEY, COMMUNITY)
award_argument = click.argument("award", type=click.UUID)
who_argument = click.argument("who", metavar="MEMBER")
points_argument = click.argument("points", type=click.IntRange(min=1))
for_option = click.option(
    "--for",
    "reason",
    metavar="REASON",
    required=True,
    help="A reason of the programme's section `manual`",
)
name_option = click.option(
    "--name", help="Names the request: made again by the same name it is the same one [default: a new one]"
)
_ask = Asking("plaudit award", "scoring", "/v1/manual-awards")
READ, WRITE, APPROVE = ("points:read",), ("points:write",), ("points:approve",)


@click.group()
def award() -> None:
    """Give and take points by hand. MEMBER is an id or an identity, like forum:ada."""


def _said(award: Any) -> str:
    points = f"{award['points']:+} points, {award['title']}"
    if award["state"] == "waiting":
        return (
            f"{points}: waits until another person approves it: plaudit award approve {award['manual_id']} --key …"
        )
    by = f", approved by {award['decided_by']}" if award["state"] == "given" and award["decided_by"] else ""
    return f"{points}: {award['state']}{by} ({award['manual_id']})"


def _show(found: Any, *, as_json: bool) -> None:
    click.echo(json.dumps(found) if as_json else written_out(_said(found)))


def _hand(where: Where, *, as_json: bool, who: str, points: int, reason: str, name: str | None) -> None:
    body = {"member": who, "points": points, "reason": reason}
    headers = {"Idempotency-Key": name or uuid4().hex}
    _show(_ask(where, "POST", "", WRITE, json=body, headers=headers), as_json=as_json)


@award.command("give", epilog="Example: plaudit award give forum:ada 20 --for helped-at-the-booth")
@to_work
@json_option
@for_option
@name_option
@who_argument
@points_argument
def give(where: Where, as_json: bool, reason: str, name: str | None, who: str, points: int) -> None:
    """Give a MEMBER so many POINTS. From the programme's amount on another person approves it."""
    _hand(where, as_json=as_json, who=who, points=points, reason=reason, name=name)


@award.command("take", epilog="Example: plaudit award take forum:ada 20 --for given-by-mistake")
@to_work
@json_option
@for_option
@name_option
@who_argument
@points_argument
def take(where: Where, as_json: bool, reason: str, name: str | None, who: str, points: int) -> None:
    """Take so many POINTS from a MEMBER, and never more than they have."""
    _hand(where, as_json=as_json, who=who, points=-points, reason=reason, name=name)


@award.command("list", epilog="Example: plaudit award list --state waiting")
@to_work
@json_option
@click.option("--state", type=click.Choice(["waiting", "given", "declined", "reversed"]), help="Only these")
@click.option("--member", "who", metavar="MEMBER", help="Of this member: an id or an identity")
def list_awards(where: Where, as_json: bool, state: str | None, who: str | None) -> None:
    """List points by hand, newest first."""
    wanted = {name: value for name, value in (("state", state), ("member", who)) if value}
    items = _ask.every(where, "", READ, **wanted)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("award", "points", "for", "member", "state", "by", "decided by", "at")
    for one in items:
        what = (one["manual_id"], f"{one['points']:+}", one["title"], one["member_name"] or one["member_id"])
        became = (one["state"], one["asked_by"], one["decided_by"], one["asked_at"])
        table.add_row(*(plain(str(cell or "")) for cell in (*what, *became)))
    Console().print(table)


@award.command(
    "approve", epilog='Example: plaudit award approve 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --key "$OMAR"'
)
@to_work
@json_option
@award_argument
def approve(where: Where, as_json: bool, award: Any) -> None:
    """Approve an AWARD that another person asked for, with a key of your own."""
    _show(_ask(where, "POST", f"/{award}/approve", APPROVE), as_json=as_json)


@award.command("decline", epilog="Example: plaudit award decline 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b")
@to_work
@json_option
@award_argument
def decline(where: Where, as_json: bool, award: Any) -> None:
    """Have nobody get an AWARD that waits; also who asked for it may."""
    _show(_ask(where, "POST", f"/{award}/decline", APPROVE), as_json=as_json)


@award.command("reverse", epilog="Example: plaudit award reverse 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b")
@to_work
@json_option
@award_argument
def reverse(where: Where, as_json: bool, award: Any) -> None:
    """Take an AWARD back that was given: it amounts to nothing from then on.

    One that took two people waits until another person confirms it, or declines.
    """
    _show(_ask(where, "POST", f"/{award}/reverse", WRITE), as_json=as_json)


@award.command(
    "confirm-reversal",
    epilog='Example: plaudit award confirm-reversal 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --key "$OMAR"',
)
@to_work
@json_option
@award_argument
def confirm_reversal(where: Where, as_json: bool, award: Any) -> None:
    """Take an AWARD back, as another person asked, with a key of your own."""
    _show(_ask(where, "POST", f"/{award}/confirm-reversal", APPROVE), as_json=as_json)
