"""`plaudit nomination`: rounds in which members are nominated and voted for."""

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
READ, TAKE_PART, RUN = ("recognition:read",), ("events:write",), ("recognition:write",)
SHOWN_MAX_COUNT = 200
DAY = click.DateTime(formats=["%Y-%m-%d"])
_ask = Asking("plaudit nomination", "ingest")


@click.group()
def nomination() -> None:
    """Declare rounds of nominations, nominate and vote in them. MEMBER is an id or like forum:ada."""


def _round(round_id: str, verb: str = "") -> str:
    return f"/v1/nomination-rounds/{quote(round_id, safe='')}{verb}"


@nomination.command("list", epilog="Example: plaudit nomination list --limit 10")
@to_work
@json_option
@click.option("--limit", type=click.IntRange(1, SHOWN_MAX_COUNT), default=50, show_default=True, help="So many")
def list_rounds(where: Where, as_json: bool, limit: int) -> None:
    """List rounds, newest first."""
    items = _ask(where, "GET", "/v1/nomination-rounds", READ, params={"limit": limit})["items"]
    if as_json:
        click.echo(json.dumps(items))
        return
    if not items:
        click.echo("there was no round yet")
        return
    table = listing("what", "state", "votes from", "ends", "wins", "id")
    for one in items:
        cells = (one["title"], one["state"], one["votes_from"][:10], one["ends_at"][:16], str(one["winners"]))
        table.add_row(*(plain(cell) for cell in (*cells, one["round_id"])))
    Console().print(table)


@nomination.command("show", epilog="Example: plaudit nomination show 0195f3f4-9b21-7c13-8d5e-6f7a8b9c0d1e")
@to_work
@json_option
@click.argument("round_id", metavar="ROUND")
def show_round(where: Where, as_json: bool, round_id: str) -> None:
    """Show a round with who is nominated, and the counts where they are shown."""
    show(_ask(where, "GET", _round(round_id), READ), as_json=as_json, words=round_lines)


def round_lines(found: Mapping[str, Any]) -> list[str]:
    """A round in words."""
    lines = [written_out(f"{found['title']}: {found['state']}"), f"votes from {found['votes_from'][:10]}"]
    for one in found["nominations"]:
        name = one["nominee"]["name"] or one["nominee"]["member_id"]
        votes = "" if one["votes"] is None else f", {one['votes']:,} votes"
        won = ", chosen" if one["has_won"] else ""
        lines.append(written_out(f"{one['nomination_id']} {name}{votes}{won}: {one['citation'] or ''}"))
    return lines


@nomination.command(
    "declare",
    epilog=(
        'Example: plaudit nomination declare "Helper of the year" --from 2030-01-01 --votes-from 2030-01-15 '
        "--until 2030-01-31"
    ),
)
@to_work
@json_option
@click.option("--from", "starts_on", type=DAY, required=True, help="From this day on members are nominated")
@click.option("--votes-from", type=DAY, required=True, help="From this day on votes are given")
@click.option("--until", "ends_on", type=DAY, required=True, help="The last day of votes")
@click.option("--about", metavar="TEXT", help="What it is about")
@click.option("--winners", type=click.IntRange(1, 100), default=1, show_default=True, help="So many win")
@click.option("--nominators", metavar="AUDIENCE", help="Who may nominate; without it every member")
@click.option("--voters", metavar="AUDIENCE", help="Who may vote; without it every member")
@click.option("--live", is_flag=True, help="Everybody sees the counts before the end")
@click.option("--needs-yes", is_flag=True, help="Only who said yes is voted for")
@click.option("--idempotency-key", metavar="KEY", help="Names this command: given again, it is the same")
@click.argument("title")
def declare(where: Where, as_json: bool, idempotency_key: str | None, **wanted: Any) -> None:
    """Declare a round called TITLE, in days of the community's."""
    days = {name: wanted[name].date().isoformat() for name in ("starts_on", "votes_from", "ends_on")}
    headers = {"Idempotency-Key": idempotency_key or uuid4().hex}
    done = _ask(where, "POST", "/v1/nomination-rounds", RUN, json=wanted | days, headers=headers)
    show(done, as_json=as_json, words=lambda made: [f"declared as {made['round_id']}"])


@nomination.command(
    "cancel",
    epilog='Example: plaudit nomination cancel 0195f3f4-9b21-7c13-8d5e-6f7a8b9c0d1e "Its days were wrong."',
)
@to_work
@json_option
@click.argument("round_id", metavar="ROUND")
@click.argument("reason")
def cancel(where: Where, as_json: bool, round_id: str, reason: str) -> None:
    """Have a round come to nothing; REASON goes into the audit log."""
    done = _ask(where, "POST", _round(round_id, "/cancel"), RUN, json={"reason": reason})
    show(done, as_json=as_json, words=lambda _: ["given up"])


@nomination.command(
    "make",
    epilog=(
        "Example: plaudit nomination make 0195f3f4-9b21-7c13-8d5e-6f7a8b9c0d1e forum:ada forum:grace "
        '"She stayed with every newcomer."'
    ),
)
@to_work
@json_option
@click.option("--idempotency-key", metavar="KEY", help="Names this command: given again, it is the same")
@click.argument("round_id", metavar="ROUND")
@click.argument("nominator", metavar="MEMBER")
@click.argument("nominee", metavar="MEMBER")
@click.argument("citation")
def make(
    where: Where,
    as_json: bool,
    idempotency_key: str | None,
    round_id: str,
    nominator: str,
    nominee: str,
    citation: str,
) -> None:
    """Have a first MEMBER nominate a second one; CITATION says why."""
    body = {"nominator": nominator, "nominee": nominee, "citation": citation}
    headers = {"Idempotency-Key": idempotency_key or uuid4().hex}
    done = _ask(where, "POST", _round(round_id, "/nominations"), TAKE_PART, json=body, headers=headers)
    show(done, as_json=as_json, words=lambda made: [f"nominated as {made['nomination_id']}"])


@nomination.command(
    "vote", epilog="Example: plaudit nomination vote forum:ada 0195f3f4-9c32-7d24-9e6f-7a8b9c0d1e2f"
)
@to_work
@json_option
@click.argument("who", metavar="MEMBER")
@click.argument("nomination_id", metavar="NOMINATION")
def vote(where: Where, as_json: bool, who: str, nomination_id: str) -> None:
    """Have a MEMBER vote for a nomination, in place of whom they voted for before."""
    path = f"/v1/nominations/{quote(nomination_id, safe='')}/vote"
    done = _ask(where, "POST", path, TAKE_PART, json={"member": who})
    show(done, as_json=as_json, words=lambda _: ["voted"])


@nomination.command(
    "answer", epilog="Example: plaudit nomination answer forum:grace 0195f3f4-9c32-7d24-9e6f-7a8b9c0d1e2f accept"
)
@to_work
@json_option
@click.argument("who", metavar="MEMBER")
@click.argument("nomination_id", metavar="NOMINATION")
@click.argument("said", type=click.Choice(["accept", "decline"]))
def answer(where: Where, as_json: bool, who: str, nomination_id: str, said: str) -> None:
    """Have a nominated MEMBER say whether they stand."""
    path = f"/v1/nominations/{quote(nomination_id, safe='')}/{said}"
    done = _ask(where, "POST", path, TAKE_PART, json={"member": who})
    show(done, as_json=as_json, words=lambda made: [made["said"]])
