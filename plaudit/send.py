"""`plaudit send`: a reward for each person on a list, made as a draft, handed in, approved and followed."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import click
from rich.console import Console

from plaudit.calls import request
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.programme.asking import show
from plaudit.services_asked import Asking
from plaudit.terminal import plain
from shared.contracts.texts import written_out

to_work = where_options(URL, KEY, COMMUNITY)
send_argument = click.argument("send", metavar="SEND")
READ, WRITE = ("rewards:read",), ("rewards:write",)
MAKE = ("rewards:write", "messages:write")
SENDS = "/v1/sends"
FILE_MAX_BYTES = 1_000_000
PAGE_COUNT = 500
LINE_STATES = ("waiting", "given", "offered", "failed", "expired", "cancelled")
_ask = Asking("plaudit send", "rewards")


@click.group()
def send() -> None:
    """Send a reward to each person on a list, and see what became of each."""


def _one(send: str) -> str:
    return f"{SENDS}/{quote(send, safe='')}"


@send.command("make", epilog="Example: plaudit send make thanks.csv --reward book-voucher --title 'Thank you'")
@to_work
@json_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reward", required=True, help="What each gets: an id of the catalogue")
@click.option("--title", required=True, help="What it is for: they read it")
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, help="So long it can be taken")
@click.option("--language", help="Of the mails to who is no member yet, as in it")
@click.option("--idempotency-key", help="The same key is the same send, whatever happens on the way")
def make_send(
    where: Where,
    as_json: bool,
    file: Path,
    reward: str,
    title: str,
    days: int,
    language: str | None,
    idempotency_key: str | None,
) -> None:
    """Make a draft of the table FILE: nothing goes before `plaudit send submit`.

    FILE is CSV with the columns email, member and reward: each line has an email or a member (an id, or like
    forum:ada). What is wrong with it is said line by line, and then nothing is made.
    """
    place = where.place()
    with place.access("plaudit send", MAKE, ("ingest", "rewards")) as key:
        table = {"csv": _text(file), "days": days} | ({"language": language} if language else {})
        people = request("POST", f"{place.url('ingest')}/v1/recipients/table", key, json=table)
        body = {
            "title": title,
            "reward_id": reward,
            "claims_end_at": (datetime.now(UTC) + timedelta(days=days)).isoformat(),
            "lines": [
                {name: one[name] for name in ("member_id", "recipient_id", "reward_id", "line")}
                for one in people["lines"]
            ],
        }
        headers = {"Idempotency-Key": idempotency_key or uuid4().hex}
        made = request("POST", f"{place.url('rewards')}{SENDS}", key, json=body, headers=headers)
    show(made, as_json=as_json, words=send_lines)


def _text(file: Path) -> str:
    if file.stat().st_size > FILE_MAX_BYTES:
        raise click.ClickException(f"{file} has more than {FILE_MAX_BYTES:,} bytes: divide it")
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException(f"{file} is no text in UTF-8") from None


def send_lines(one: Mapping[str, Any]) -> list[str]:
    """A send in words: how far it is, and what to do next."""
    counts = ", ".join(f"{count:,} {state}" for state, count in one["lines"].items() if count)
    lines = [
        written_out(f"{one['title']} ({one['send_id']}): {one['state']}"),
        f"  {one['lines_count']:,} lines, worth {one['points']:,} points: {counts}",
    ]
    lines += [
        f"  of {need['reward_id']} {need['left_count']:,} are left, and {need['needed_count']:,} are needed"
        for need in one["needs"]
        if need["left_count"] is not None and need["left_count"] < need["needed_count"]
    ]
    if one["state"] == "draft":
        lines.append(f"next: plaudit send submit {one['send_id']}")
    if one["state"] == "waiting":
        lines.append(f"another person: plaudit send approve {one['send_id']}")
    if one["lines"]["failed"]:
        lines.append(f"what failed is tried again by: plaudit send retry {one['send_id']}")
    return lines


@send.command("list", epilog="Example: plaudit send list --community demo")
@to_work
@json_option
def list_sends(where: Where, as_json: bool) -> None:
    """List sends, newest first, 500 at most."""
    found = _ask(where, "GET", SENDS, READ, params={"limit": PAGE_COUNT})
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("send", "title", "state", "given", "lines", "failed")
    for one in found["items"]:
        counts = (f"{one['lines']['given']:,}", f"{one['lines_count']:,}", f"{one['lines']['failed']:,}")
        table.add_row(*(plain(cell) for cell in (one["send_id"], one["title"], one["state"], *counts)))
    Console().print(table)


@send.command("show", epilog="Example: plaudit send show 0198c7f6-2a51-7e0c-8d4e-5b1f0a7c9d21")
@to_work
@json_option
@send_argument
def show_send(where: Where, as_json: bool, send: str) -> None:
    """Show how far a SEND is, and what is lacking."""
    show(_ask(where, "GET", _one(send), READ), as_json=as_json, words=send_lines)


@send.command("lines", epilog="Example: plaudit send lines 0198c7f6-2a51-7e0c-8d4e-5b1f0a7c9d21 --state failed")
@to_work
@json_option
@send_argument
@click.option("--state", type=click.Choice(LINE_STATES), help="Only these")
def show_lines(where: Where, as_json: bool, send: str, state: str | None) -> None:
    """List who is on the list of a SEND, and what became of each, 500 at most."""
    params = {"limit": PAGE_COUNT} | ({"state": state} if state else {})
    found = _ask(where, "GET", f"{_one(send)}/lines", READ, params=params)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("line", "who", "reward", "state", "why")
    for one in found["items"]:
        who = one["member_name"] or one["member_id"] or "by mail"
        cells = (str(one["line"]), who, one["reward_id"], one["state"], one["why"] or "")
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@send.command("submit", epilog="Example: plaudit send submit 0198c7f6-2a51-7e0c-8d4e-5b1f0a7c9d21 --wait 60")
@to_work
@json_option
@send_argument
@click.option("--wait", "seconds", type=click.IntRange(0, 3_600), default=0, help="Wait so long until it is done")
def submit_send(where: Where, as_json: bool, send: str, seconds: int) -> None:
    """Hand a SEND in: it goes, or waits for another person where it is worth much."""
    done = _ask(where, "POST", f"{_one(send)}/submit", WRITE)
    ends = time.monotonic() + seconds
    while done["state"] == "approved" and time.monotonic() < ends:
        time.sleep(1)
        done = _ask(where, "GET", _one(send), READ)
        click.echo(f"{done['lines_count'] - done['lines']['waiting']:,} of {done['lines_count']:,}", err=True)
    show(done, as_json=as_json, words=send_lines)


@send.command("approve", epilog="Example: plaudit send approve 0198c7f6-2a51-7e0c-8d4e-5b1f0a7c9d21")
@to_work
@json_option
@send_argument
def approve_send(where: Where, as_json: bool, send: str) -> None:
    """Approve a SEND that somebody else made."""
    show(_ask(where, "POST", f"{_one(send)}/approve", WRITE), as_json=as_json, words=send_lines)


@send.command("cancel", epilog="Example: plaudit send cancel 0198c7f6-2a51-7e0c-8d4e-5b1f0a7c9d21")
@to_work
@json_option
@send_argument
def cancel_send(where: Where, as_json: bool, send: str) -> None:
    """Call a SEND off: what was given stays, nobody else gets anything."""
    show(_ask(where, "POST", f"{_one(send)}/cancel", WRITE), as_json=as_json, words=send_lines)


@send.command("retry", epilog="Example: plaudit send retry 0198c7f6-2a51-7e0c-8d4e-5b1f0a7c9d21")
@to_work
@json_option
@send_argument
def retry_send(where: Where, as_json: bool, send: str) -> None:
    """Try the lines of a SEND that failed once more: nobody gets a thing twice."""
    show(_ask(where, "POST", f"{_one(send)}/retry", WRITE), as_json=as_json, words=send_lines)
