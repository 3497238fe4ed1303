"""`plaudit idea`: what members suggest, votes for it, and how it goes on."""

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
READ, SUGGEST, RUN = ("recognition:read",), ("events:write",), ("recognition:write",)
SHOWN_MAX_COUNT = 200
STATES = ("new", "planned", "done", "declined", "joined")
_ask = Asking("plaudit idea", "ingest")


@click.group()
def idea() -> None:
    """See what members suggest, vote for them, and go on with it. MEMBER is an id or like forum:ada."""


def _path(idea_id: str, verb: str = "") -> str:
    return f"/v1/ideas/{quote(idea_id, safe='')}{verb}"


@idea.command("list", epilog="Example: plaudit idea list --state new")
@to_work
@json_option
@click.option("--state", type=click.Choice(STATES), help="Those in this state alone")
@click.option("--newest", is_flag=True, help="The newest first, not those with most votes")
@click.option("--member", "who", metavar="MEMBER", help="What this member suggested")
@click.option("--limit", type=click.IntRange(1, SHOWN_MAX_COUNT), default=50, show_default=True, help="So many")
def list_ideas(where: Where, as_json: bool, state: str | None, newest: bool, who: str | None, limit: int) -> None:
    """List what members suggest, what most want first, with what others do not see."""
    wanted = {"limit": limit, "sort": "newest" if newest else "votes", "state": state, "member": who}
    params = {name: value for name, value in wanted.items() if value is not None}
    items = _ask(where, "GET", "/v1/ideas", READ, params=params)["items"]
    if as_json:
        click.echo(json.dumps(items))
        return
    if not items:
        click.echo("nobody suggested anything yet")
        return
    table = listing("votes", "what", "state", "who", "when", "seen", "id")
    for one in items:
        cells = (
            f"{one['votes']:,}",
            one["title"] or "",
            one["state"],
            str(one["author"]["name"] or one["author"]["member_id"]),
            one["made_at"][:10],
            one["seen"].replace("_", " "),
            one["idea_id"],
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@idea.command("show", epilog="Example: plaudit idea show 0195f3f4-7d28-7c31-8f0a-3b5d7c9e1f22")
@to_work
@json_option
@click.argument("idea_id", metavar="ID")
def show_idea(where: Where, as_json: bool, idea_id: str) -> None:
    """Show a suggestion, and how it went on; ID is what `plaudit idea list` shows."""
    show(_ask(where, "GET", _path(idea_id), READ), as_json=as_json, words=idea_lines)


def idea_lines(found: Mapping[str, Any]) -> list[str]:
    """A suggestion in words."""
    lines = [written_out(found["title"] or "without words"), f"{found['state']}, {found['votes']:,} votes"]
    if found["text"]:
        lines.append(written_out(found["text"]))
    if found["joined_to"]:
        lines.append(f"joined to {found['joined_to']}")
    for move in found["moves"]:
        lines.append(written_out(f"{move['moved_at'][:10]} {move['state']}: {move['note'] or 'why is not known'}"))
    return lines


def done_lines(done: Mapping[str, Any]) -> list[str]:
    """What a suggestion is now, in words."""
    return [f"{done['idea_id']} is {done['state']}, with {done['votes']:,} votes"]


@idea.command(
    "suggest", epilog='Example: plaudit idea suggest forum:ada "A dark theme" --text "At night it is bright."'
)
@to_work
@json_option
@click.option("--text", metavar="TEXT", help="More of it")
@click.option("--idempotency-key", metavar="KEY", help="Names this command: given again, it is the same")
@click.option("--of-answer", "is_answer", is_flag=True, help="MEMBER is an id that `plaudit survey words` shows")
@click.argument("author", metavar="MEMBER")
@click.argument("title")
def suggest(
    where: Where,
    as_json: bool,
    text: str | None,
    idempotency_key: str | None,
    is_answer: bool,
    author: str,
    title: str,
) -> None:
    """Suggest something for a MEMBER: TITLE is what it is, in a line."""
    body = {"answer" if is_answer else "author": author, "title": title, "text": text}
    headers = {"Idempotency-Key": idempotency_key or uuid4().hex}
    done = _ask(where, "POST", "/v1/ideas", SUGGEST, json=body, headers=headers)
    show(done, as_json=as_json, words=done_lines)


@idea.command("vote", epilog="Example: plaudit idea vote forum:grace 0195f3f4-7d28-7c31-8f0a-3b5d7c9e1f22")
@to_work
@json_option
@click.option("--withdraw", is_flag=True, help="Withdraw the vote")
@click.argument("who", metavar="MEMBER")
@click.argument("idea_id", metavar="ID")
def vote(where: Where, as_json: bool, withdraw: bool, who: str, idea_id: str) -> None:
    """Have a MEMBER vote for a suggestion, once."""
    path = _path(idea_id, "/withdraw" if withdraw else "/vote")
    show(_ask(where, "POST", path, SUGGEST, json={"member": who}), as_json=as_json, words=done_lines)


@idea.command(
    "move",
    epilog='Example: plaudit idea move 0195f3f4-7d28-7c31-8f0a-3b5d7c9e1f22 planned "It comes in spring."',
)
@to_work
@json_option
@click.argument("idea_id", metavar="ID")
@click.argument("state", type=click.Choice(STATES[:-1]))
@click.argument("note")
def move(where: Where, as_json: bool, idea_id: str, state: str, note: str) -> None:
    """Have a suggestion go on; NOTE says why, and its author and those who voted for it are told."""
    body = {"state": state, "note": note}
    show(_ask(where, "POST", _path(idea_id, "/move"), RUN, json=body), as_json=as_json, words=done_lines)


@idea.command(
    "join",
    epilog=(
        "Example: plaudit idea join 0195f3f4-7d28-7c31-8f0a-3b5d7c9e1f22 "
        '0195f3f4-8a10-7b02-9c4d-5e6f7a8b9c0d "Both ask for a dark theme."'
    ),
)
@to_work
@json_option
@click.argument("idea_id", metavar="ID")
@click.argument("to", metavar="OTHER")
@click.argument("note")
def join(where: Where, as_json: bool, idea_id: str, to: str, note: str) -> None:
    """Join a suggestion to an OTHER that says the same and goes on with the votes of both."""
    body = {"to": to, "note": note}
    show(_ask(where, "POST", _path(idea_id, "/join"), RUN, json=body), as_json=as_json, words=done_lines)
