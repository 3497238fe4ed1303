"""`plaudit message`: what is sent to members, in which words, and what became of each."""

import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from plaudit.calls import every_item, request
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.terminal import plain
from shared.contracts.texts import written_out

to_work = where_options(URL, KEY, COMMUNITY)
WORD = "plaudit message"
READS, WRITES = ("messages:read",), ("messages:read", "messages:write")
CHANNELS = ("mail", "slack", "discord")


@click.group()
def message() -> None:
    """Say what is sent to members, look at words, try them, and see what became of each message."""


@message.command("list", epilog="Example: plaudit message list --state unknown")
@to_work
@json_option
@click.option("--state", help="Only those in this state, such as sent, unknown, dropped")
@click.option("--kind", help="Only of this kind, such as badge")
@click.option("--member", metavar="MEMBER", help="Only to this member: an id, or channel:id")
def list_(where: Where, as_json: bool, state: str | None, kind: str | None, member: str | None) -> None:
    """List messages, the newest first."""
    place = where.place()
    wanted = {name: value for name, value in {"state": state, "kind": kind, "member": member}.items() if value}
    with place.access(WORD, READS, ("ingest",)) as key:
        items = every_item(f"{place.url('ingest')}/v1/messages", key, **wanted)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("asked for", "kind", "way", "state", "why", "id", whole="id")
    for one in items:
        row = (one["requested_at"][:19], one["kind"], one["channel"], one["state"], one["why"] or "")
        table.add_row(*(plain(str(cell)) for cell in (*row, one["message_id"])))
    Console().print(table)


@message.command("show", epilog="Example: plaudit message show 8f4c8d0e-57b4-5d0c-9a0e-3d3f5c1b7a03")
@to_work
@json_option
@click.argument("message_id", type=click.UUID)
def show(where: Where, as_json: bool, message_id: Any) -> None:
    """Say what became of MESSAGE_ID, and why."""
    place = where.place()
    with place.access(WORD, READS, ("ingest",)) as key:
        found = request("GET", f"{place.url('ingest')}/v1/messages/{message_id}", key)
    _print(found, as_json)


@message.command("again", epilog="Example: plaudit message again 8f4c8d0e-57b4-5d0c-9a0e-3d3f5c1b7a03")
@to_work
@json_option
@click.argument("message_id", type=click.UUID)
def again(where: Where, as_json: bool, message_id: Any) -> None:
    """Send MESSAGE_ID again, where it failed, came back, or nobody knows whether it went."""
    place = where.place()
    with place.access(WORD, WRITES, ("ingest",)) as key:
        found = request("POST", f"{place.url('ingest')}/v1/messages/{message_id}/again", key)
    _print(found, as_json)


@message.command("settings", epilog="Example: plaudit message settings")
@to_work
@json_option
def settings(where: Where, as_json: bool) -> None:
    """Say what goes which way, and when."""
    place = where.place()
    with place.access(WORD, READS, ("ingest",)) as key:
        found = request("GET", f"{place.url('ingest')}/v1/messages/settings", key)
    _print_settings(found, as_json)


@message.command("turn", epilog="Example: plaudit message turn badge --by mail --by slack")
@to_work
@json_option
@click.argument("kind")
@click.option("--by", "ways", type=click.Choice(CHANNELS), multiple=True, help="A way; none turns it off")
def turn(where: Where, as_json: bool, kind: str, ways: tuple[str, ...]) -> None:
    """Have messages of KIND go by these ways, and by no other; without any they go no more."""
    place = where.place()
    with place.access(WORD, WRITES, ("ingest",)) as key:
        url = f"{place.url('ingest')}/v1/messages/settings"
        now = request("GET", url, key)
        kinds = {one["kind"]: one["goes"] for one in now["kinds"] if one["goes"]} | {kind: list(ways)}
        body = {
            "revision": now["revision"],
            "kinds": {name: goes for name, goes in kinds.items() if goes},
            **{name: now[name] for name in ("sender_name", "reply_to", "day_max_count", "quiet", "digest_at")},
        }
        found = request("PUT", url, key, json=body)
    _print_settings(found, as_json)


@message.command("room", epilog="Example: plaudit message room slack --forget")
@to_work
@click.argument("channel", type=click.Choice(("slack", "discord")))
@click.option("--forget", is_flag=True, help="Post there no more")
def room(where: Where, channel: str, forget: bool) -> None:
    """Say where the room of CHANNEL is: its incoming webhook, from standard input.

    So no list of processes, and no history of a shell, has what lets anybody post there.
    """
    place = where.place()
    with place.access(WORD, WRITES, ("ingest",)) as key:
        url = f"{place.url('ingest')}/v1/messages/rooms/{channel}"
        if forget:
            request("DELETE", url, key)
        else:
            request("PUT", url, key, json={"url": sys.stdin.readline().strip()})
    click.echo(f"{channel}: forgotten" if forget else f"{channel}: kept, sealed")


@message.command("templates", epilog="Example: plaudit message templates")
@to_work
@json_option
def templates(where: Where, as_json: bool) -> None:
    """List the words of every kind and language."""
    place = where.place()
    with place.access(WORD, READS, ("ingest",)) as key:
        items = request("GET", f"{place.url('ingest')}/v1/messages/templates", key)["items"]
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("kind", "language", "subject", "whose")
    for one in items:
        row = (one["kind"], one["language"], one["subject"], "own" if one["revision"] else "Plaudit's")
        table.add_row(*(plain(str(cell)) for cell in row))
    Console().print(table)


@message.command("preview", epilog="Example: plaudit message preview badge --language it --file badge.md")
@to_work
@json_option
@click.argument("kind")
@click.option("--language", default="en", show_default=True)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Words to look at: the subject in the first line, then an empty one, then the text",
)
@click.option("--keep", is_flag=True, help="Keep them from now on")
def preview(where: Where, as_json: bool, kind: str, language: str, file: Path | None, keep: bool) -> None:
    """Show how messages of KIND read, with examples of what is filled in."""
    words = None if file is None else _words(file)
    if keep and words is None:
        raise click.UsageError("--keep takes --file: what is to be kept")
    place = where.place()
    with place.access(WORD, WRITES if keep else READS, ("ingest",)) as key:
        base = f"{place.url('ingest')}/v1/messages"
        body = {"kind": kind, "language": language} | ({} if words is None else {"words": words})
        found = request("POST", f"{base}/previews", key, json=body)
        if keep:
            request("PUT", f"{base}/templates/{kind}/{language}", key, json=words)
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo(written_out(found["subject"]))
    click.echo()
    for line in found["text"].splitlines():
        click.echo(written_out(line))
    if keep:
        click.echo("\nThese are the words from now on")


@message.command("try", epilog="Example: plaudit message try badge --to me@example.org")
@to_work
@json_option
@click.argument("kind")
@click.option("--to", required=True, metavar="ADDRESS", help="A mail address of your own")
@click.option("--language", default="en", show_default=True)
def try_(where: Where, as_json: bool, kind: str, to: str, language: str) -> None:
    """Send a message of KIND to an address of your own, with examples of what is filled in."""
    place = where.place()
    with place.access(WORD, WRITES, ("ingest",)) as key:
        wanted = {"kind": kind, "to": to, "language": language}
        found = request("POST", f"{place.url('ingest')}/v1/messages/trials", key, json=wanted)
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo(f"It goes in a moment; what becomes of it: plaudit message show {found['message_id']}")


@message.command("bounce", epilog="Example: plaudit message bounce -")
@to_work
@json_option
@click.argument("file", type=click.File("r", encoding="utf-8", errors="replace"))
def bounce(where: Where, as_json: bool, file: Any) -> None:
    """Hand in FILE, a mail that came back (- for standard input): whom it names is written to no more."""
    place = where.place()
    with place.access(WORD, WRITES, ("ingest",)) as key:
        found = request("POST", f"{place.url('ingest')}/v1/messages/bounces", key, json={"content": file.read()})
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo(f"{found['messages']} messages came back; {found['stopped']} addresses are written to no more")


def _words(file: Path) -> dict[str, str]:
    subject, _, body = file.read_text().partition("\n")
    return {"subject": subject.strip(), "body": body.strip()}


def _print(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found))
        return
    for name in ("message_id", "kind", "channel", "state", "why", "said", "due_at", "settled_at", "tries_count"):
        if found[name] is not None:
            click.echo(f"{name:>12}  {written_out(str(found[name]))}")


def _print_settings(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("kind", "goes by", "what it is")
    for one in found["kinds"]:
        table.add_row(*(plain(cell) for cell in (one["kind"], ", ".join(one["goes"]) or "-", one["title"])))
    Console().print(table)
    quiet = found["quiet"]
    click.echo(f"quiet: {quiet['begins']} to {quiet['ends']}" if quiet else "quiet: never")
    click.echo(
        f"digests at {found['digest_at']}; {found['day_max_count']} messages to one member in a day at most"
    )
    for one in found["rooms"]:
        gone = f"gone since {one['gone_at'][:19]}: {one['gone_why']}" if one["gone_at"] else "kept, sealed"
        click.echo(f"room of {one['channel']}: {plain(gone)}")
    if not found["mail_is_set_up"]:
        click.echo("No mail is sent here yet: PLAUDIT_SMTP_HOST says which server takes it")
