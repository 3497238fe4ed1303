"""`plaudit measure`: texts are measured again by another model, and what was written in an event is shown."""

import json

import click
from rich.console import Console

from plaudit.calls import request
from plaudit.listing import listing
from plaudit.places import ADMIN_KEY, COMMUNITY, KEY, URL, Where, where_options
from plaudit.terminal import plain

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script")
to_ask = where_options(URL, KEY, ADMIN_KEY, COMMUNITY)


@click.group()
def measure() -> None:
    """Measure texts again, see how far that is, and what was written in an event."""


@measure.command("again", epilog="Example: plaudit measure again")
@to_ask
@json_option
def again(where: Where, as_json: bool) -> None:
    """Measure the texts again that another model measured. Asking twice does no harm."""
    place = where.place()
    with place.access("plaudit measure", ("communities:write",), ("ingest",)) as key:
        _show(request("POST", f"{place.url('ingest')}/v1/measurings", key), as_json)


@measure.command("state", epilog="Example: plaudit measure state")
@to_ask
@json_option
def state(where: Where, as_json: bool) -> None:
    """Show by which model texts are measured, and how many another one measured."""
    place = where.place()
    with place.access("plaudit measure", ("communities:write",), ("ingest",)) as key:
        _show(request("GET", f"{place.url('ingest')}/v1/measurings", key), as_json)


@measure.command("text", epilog="Example: plaudit measure text 92c6a35f-6a65-5dca-ad51-e3e58b2562ff")
@to_ask
@json_option
@click.argument("event_uid", metavar="EVENT", type=click.UUID)
def text(where: Where, as_json: bool, event_uid: object) -> None:
    """Show what was written in an event, by its uid, while it is kept; that you read it is in the audit."""
    place = where.place()
    with place.access("plaudit measure", ("members:read",), ("ingest",)) as key:
        found = request("GET", f"{place.url('ingest')}/v1/texts/{event_uid}", key)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("what", "is", border=None)
    for name, value in {**found["fields"], **found["extensions"], **(found["measures"] or {})}.items():
        table.add_row(plain(name), plain("" if value is None else str(value)))
    Console().print(table)


def _show(found: dict[str, object], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found))
        return
    since = found["started_at"]
    going = "not being measured again" if since is None else f"being measured again since {since}"
    click.echo(
        f"{found['texts_count']} texts, {found['outdated_count']} of another model than {found['model']}: {going}"
    )
