"""`plaudit event`: send events by hand, see what became of them, and begin from an example of each type."""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
import orjson
from rich.console import Console

from plaudit.calls import every_item, request
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Place, Where, where_options
from plaudit.terminal import plain
from shared.contracts.activities import TYPES
from shared.contracts.texts import written_out
from shared.traces import trace_id_of

to_work = where_options(URL, KEY, COMMUNITY)
PURPOSE = "plaudit event"
SEND = ("events:write", "receipts:read")
READ = ("receipts:read",)
#: What ingest waits for at most before it answers; also the most that is waited for here.
WAIT_MAX_SECONDS = 10
#: Events of one request; ingest's own limit is 1,000 as it comes.
BATCH_MAX_COUNT = 500
#: What is read of a file: larger ones are for `plaudit import`.
INPUT_MAX_BYTES = 16 * 1024 * 1024
TRACE_ID = re.compile(r"[0-9a-f]{32}")
TAKEN = frozenset({"accepted", "duplicate"})


@click.group()
def event() -> None:
    """Send events by hand, and see what became of them."""


@event.command("send", epilog="Example: plaudit event send reply.json")
@to_work
@json_option
@click.argument("file", metavar="FILE|-")
@click.option(
    "--wait",
    "seconds",
    type=click.IntRange(1, WAIT_MAX_SECONDS),
    default=WAIT_MAX_SECONDS,
    show_default=True,
    help="Wait so many seconds for what becomes of them",
)
def send_events(where: Where, as_json: bool, file: str, seconds: int) -> None:
    """Send the events of FILE, CloudEvents in JSON: one, a list of them, or one a line; - reads standard input.

    Prints what became of each, with the uid by which `plaudit programme explain` says what it earned. The exit
    status is 1 where one was not taken; sending the same again is safe. Whole histories are for `plaudit import`.
    """
    events = events_in(_content(file))
    place = where.place()
    found: list[dict[str, Any]] = []
    with place.access(PURPOSE, SEND, ("ingest",)) as key:
        batches = iter(events)
        while batch := list(islice(batches, BATCH_MAX_COUNT)):
            found += _sent(place, key, batch, seconds, first=len(found))
    if as_json:
        click.echo(json.dumps(found))
    else:
        _show(found)
    if any(one["outcome"] not in TAKEN for one in found):
        raise SystemExit(1)


def events_in(content: bytes) -> list[Any]:
    """The events of a file: a JSON object, an array of them, or an object a line.

    Raises ClickException for what is none of these, and for a file without any.
    """
    try:
        found = orjson.loads(content)
        events = found if isinstance(found, list) else [found]
    except orjson.JSONDecodeError as error:
        events = list(_lines(content, error))
    if not events:
        raise click.ClickException(
            "There is no event in it. `plaudit event example TYPE` prints one to begin with."
        )
    for place, one in enumerate(events, 1):
        if not isinstance(one, Mapping):
            raise click.ClickException(f"Event {place} is no JSON object.")
    return events


def _lines(content: bytes, whole: orjson.JSONDecodeError) -> Iterator[Any]:
    """An event a line. What is wrong in the first is said of the whole file: it may have been meant as one."""
    lines = [(number, line) for number, line in enumerate(content.splitlines(), 1) if line.strip()]
    for place, (number, line) in enumerate(lines):
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError as error:
            if place == 0:
                where = f"line {whole.lineno}, column {whole.colno}"
                raise click.ClickException(f"It is no JSON: {where}: {whole.msg}") from None
            raise click.ClickException(f"Line {number} is no JSON: column {error.colno}: {error.msg}") from None


def _content(file: str) -> bytes:
    try:
        with sys.stdin.buffer if file == "-" else Path(file).open("rb") as stream:
            content = stream.read(INPUT_MAX_BYTES + 1)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None
    if len(content) > INPUT_MAX_BYTES:
        raise click.ClickException(
            f"{file} has more than {INPUT_MAX_BYTES} bytes: `plaudit import cloudevents {file}` reads it in pieces"
        )
    return content


def _sent(
    place: Place, key: str, batch: Sequence[Mapping[str, Any]], seconds: int, *, first: int
) -> list[dict[str, Any]]:
    """Send one request; each event with its outcome in the order they were sent, counted from `first`."""
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    answer = request(
        "POST",
        f"{place.url('ingest')}/v1/events",
        key,
        content=orjson.dumps(batch),
        headers=headers,
        params={"wait": seconds},
    )
    told = {one["index"]: one for one in answer.get("items", ())}
    for one in answer["rejected"]:
        said = ": ".join(filter(None, (one["field"], one["detail"])))
        told[one["index"]] = {"event_uid": "", **told.get(one["index"], {}), "outcome": "refused", "reason": said}
    return [
        {
            "index": first + index,
            "id": one.get("id"),
            "type": one.get("type"),
            "receipt_id": answer["receipt_id"],
            **{
                name: told.get(index, {}).get(name, other)
                for name, other in (("event_uid", ""), ("outcome", "pending"), ("reason", None))
            },
        }
        for index, one in enumerate(batch)
    ]


def _show(found: Sequence[Mapping[str, Any]]) -> None:
    table = listing("event", "type", "became", "uid", whole="uid")
    for one in found:
        table.add_row(*(plain(cell or "") for cell in (one["id"], one["type"], one["outcome"], one["event_uid"])))
    Console().print(table)
    for one in found:
        if one["reason"]:
            click.echo(written_out(f"Event {one['index'] + 1}, {one['outcome']}: {one['reason']}"))
    if waiting := sum(one["outcome"] == "pending" for one in found):
        receipt = found[-1]["receipt_id"]
        click.echo(f"Of {waiting} it is not known yet; look again: plaudit event receipt {receipt}")
    if first := next((one["event_uid"] for one in found if one["outcome"] in TAKEN), None):
        click.echo(f"What it earned, and why: plaudit programme explain {first}")


@event.command("receipt", epilog="Example: plaudit event receipt r01a21bc02dcb909ba594cc6a2f0499d4fdc50353481c-2")
@to_work
@json_option
@click.argument("receipt_id", metavar="RECEIPT")
def show_receipt(where: Where, as_json: bool, receipt_id: str) -> None:
    """Say what became of each event of a request, by its RECEIPT."""
    place = where.place()
    with place.access(PURPOSE, READ, ("ingest",)) as key:
        items = every_item(f"{place.url('ingest')}/v1/receipts/{receipt_id}", key)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("event", "became", "uid", whole="uid")
    for one in items:
        became = f"{one['outcome']}: {one['reason']}" if one["reason"] else one["outcome"]
        table.add_row(*(plain(cell) for cell in (one["index"] + 1, became, one["event_uid"])))
    Console().print(table)


@event.command("trace", epilog="Example: plaudit event trace 4bf92f3577b34da6a3ce929d0e0e4736")
@to_work
@json_option
@click.argument("trace", metavar="TRACE")
def show_trace(where: Where, as_json: bool, trace: str) -> None:
    """Find the events that came by TRACE: a traceparent, or its second part, as a platform's own logs have it.

    It is known for 30 days, unless PLAUDIT_TRACES_KEPT_DAYS says otherwise.
    """
    trace_id = trace_id_of(trace.strip()) or trace.strip()
    if TRACE_ID.fullmatch(trace_id) is None:
        raise click.ClickException(
            f"'{plain(trace)}' is no trace: it has 32 digits and small letters from a to f, "
            "or is a traceparent such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01."
        )
    place = where.place()
    with place.access(PURPOSE, READ, ("ingest",)) as key:
        items = every_item(f"{place.url('ingest')}/v1/traces/{trace_id}", key)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("received (UTC)", "became", "uid", whole="uid")
    for one in items:
        became = f"{one['outcome']}: {one['reason']}" if one["reason"] else one["outcome"]
        at = one["received_at"][:19].replace("T", " ")
        table.add_row(*(plain(cell) for cell in (at, became, one["event_uid"])))
    Console().print(table)
    click.echo(f"What one earned, and why: plaudit programme explain {items[0]['event_uid']}")


@event.command("example", epilog="Example: plaudit event example forum.reply.v1 --now | plaudit event send -")
@click.argument("type_name", metavar="[TYPE]", required=False)
@click.option("--now", "is_new", is_flag=True, help="One that happened now, with an id of its own")
def print_example(type_name: str | None, *, is_new: bool) -> None:
    """Print an event of TYPE to begin with; without one, the types that there are."""
    if type_name is None:
        for kind in TYPES:
            click.echo(kind.name)
        return
    found = next((kind for kind in TYPES if kind.name == type_name), None)
    if found is None:
        raise click.ClickException(
            f"There is no type '{type_name}'. `plaudit event example` lists those that are built in; "
            "those that a programme declares are in it."
        )
    own = {"id": str(uuid4()), "time": datetime.now(UTC).isoformat()} if is_new else {}
    click.echo(orjson.dumps({**found.examples[0], **own}, option=orjson.OPT_INDENT_2))
