"""`plaudit kudos`: who thanked whom, thanks given for a member, and what one may give yet."""

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
READ, WRITE = ("recognition:read",), ("events:write",)
SHOWN_MAX_COUNT = 200
_ask = Asking("plaudit kudos", "ingest")


@click.group()
def kudos() -> None:
    """See who thanked whom, and thank for a member. MEMBER is an id or like forum:ada."""


@kudos.command("list", epilog="Example: plaudit kudos list --member forum:ada")
@to_work
@json_option
@click.option("--member", "who", metavar="MEMBER", help="What this member gave or got")
@click.option("--limit", type=click.IntRange(1, SHOWN_MAX_COUNT), default=50, show_default=True, help="So many")
def list_kudos(where: Where, as_json: bool, who: str | None, limit: int) -> None:
    """List the wall, newest first, with what others do not see."""
    wanted = {"limit": limit, **({"member": who} if who else {})}
    items = _ask(where, "GET", "/v1/kudos", READ, params=wanted)["items"]
    if as_json:
        click.echo(json.dumps(items))
        return
    if not items:
        click.echo("nobody was thanked yet")
        return
    table = listing("when", "who", "whom", "what for", "value", "state", "id")
    for one in items:
        cells = (
            one["given_at"][:10],
            _name(one["giver"]),
            _name(one["receiver"]),
            one["message"] or "",
            one["value_title"] or "",
            one["state"].replace("_", " "),
            one["event_uid"],
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


def _name(one: Mapping[str, Any]) -> str:
    return str(one["name"] or one["member_id"])


@kudos.command(
    "give", epilog='Example: plaudit kudos give forum:ada forum:grace "Thank you for staying." --value patience'
)
@to_work
@json_option
@click.option("--value", metavar="VALUE", help="Which of the programme's values it is for")
@click.option("--idempotency-key", metavar="KEY", help="Names this command: given again, it is the same")
@click.argument("giver", metavar="MEMBER")
@click.argument("receiver", metavar="MEMBER")
@click.argument("message")
def give_kudos(
    where: Where,
    as_json: bool,
    value: str | None,
    idempotency_key: str | None,
    giver: str,
    receiver: str,
    message: str,
) -> None:
    """Have a first MEMBER thank a second one, with a MESSAGE, within what they may give in the month."""
    body = {"giver": giver, "receiver": receiver, "value": value, "message": message}
    headers = {"Idempotency-Key": idempotency_key or uuid4().hex}
    given = _ask(where, "POST", "/v1/kudos", WRITE, json=body, headers=headers)
    show(given, as_json=as_json, words=given_lines)


def given_lines(given: Mapping[str, Any]) -> list[str]:
    """What was given, in words."""
    left, until = given["allowance"]["left"], given["allowance"]["ends_on"]
    return [f"given as {given['event_uid']}", f"they may give {left:,} more until {until}"]


@kudos.command("take-back", epilog="Example: plaudit kudos take-back 6c1c1d5e-0f43-5d0b-9a52-1f0d2c3b4a59")
@to_work
@json_option
@click.argument("event_uid", metavar="ID")
def take_back(where: Where, as_json: bool, event_uid: str) -> None:
    """Take kudos back that were given here; ID is what `plaudit kudos list` shows."""
    path = f"/v1/kudos/{quote(event_uid, safe='')}/take-back"
    show(_ask(where, "POST", path, WRITE), as_json=as_json, words=lambda _: ["taken back"])


@kudos.command("allowance", epilog="Example: plaudit kudos allowance forum:ada")
@to_work
@json_option
@click.argument("who", metavar="MEMBER")
def show_allowance(where: Where, as_json: bool, who: str) -> None:
    """Show what a MEMBER may give in this month, and for which values."""
    found = _ask(where, "GET", "/v1/kudos/allowance", WRITE, params={"member": who})
    show(found, as_json=as_json, words=allowance_lines)


def allowance_lines(found: Mapping[str, Any]) -> list[str]:
    """An allowance in words."""
    lines = [f"{found['left']:,} of {found['per_month']:,} left until {found['ends_on']}"]
    if found["pair_per_month"] is not None:
        lines.append(f"at most {found['pair_per_month']:,} to one member")
    if found["mutual_per_month"] is not None:
        lines.append(f"at most {found['mutual_per_month']:,} to somebody who thanked them in the month")
    return lines + [written_out(f"for {one['title']} ({one['value']})") for one in found["values"]]
