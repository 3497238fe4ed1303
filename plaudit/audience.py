"""`plaudit audience`: the audiences of the programme in force, who is in them, and who would be."""

import json
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
WORD = "plaudit audience"


@click.group()
def audience() -> None:
    """Look at audiences: members by what is known of them, and by what they did."""


@audience.command("list", epilog="Example: plaudit audience list")
@to_work
@json_option
def list_audiences(where: Where, as_json: bool) -> None:
    """List the audiences of the programme in force, with how many are in each."""
    place = where.place()
    with place.access(WORD, ("programmes:read",), ("scoring",)) as key:
        found = request("GET", f"{place.url('scoring')}/v1/audiences", key)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("audience", "title", "members", "by", "when")
    for one in found["items"]:
        row = (one["id"], one["title"], f"{one['members']:,}", one["by"], one["when"])
        table.add_row(*(plain(cell) for cell in row))
    Console().print(table)
    if found["waiting"]:
        click.echo(f"{found['waiting']:,} members are still to be looked at")


@audience.command("members", epilog="Example: plaudit audience members helpers --at 2026-03-01T00:00:00Z")
@to_work
@json_option
@click.option("--at", metavar="TIME", help="Who was in it then [default: now]")
@click.option("--known-at", metavar="TIME", help="By what was told until then [default: now]")
@click.argument("audience_id", metavar="AUDIENCE")
def members(where: Where, as_json: bool, at: str | None, known_at: str | None, audience_id: str) -> None:
    """List who is in an AUDIENCE, or was."""
    place = where.place()
    wanted = {name: value for name, value in (("at", at), ("known_at", known_at)) if value}
    with place.access(WORD, ("points:read",), ("scoring",)) as key:
        items = every_item(f"{place.url('scoring')}/v1/audiences/{audience_id}/members", key, **wanted)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("member", "since", "decided", "measures")
    for one in items:
        met = ", ".join(f"{name} {value:,}" for name, value in one["met"].items())
        row = (one["member_name"] or one["member_id"], one["since"], one["known_at"], met)
        table.add_row(*(plain(cell) for cell in row))
    Console().print(table)


@audience.command(
    "preview",
    epilog="Example: plaudit audience preview 'member.answers >= 3' --measure answers=awards:accepted:30",
)
@to_work
@json_option
@click.option(
    "--measure",
    "measures",
    metavar="ID=OF[:RULE[:DAYS]]",
    multiple=True,
    help="A number that the condition reads: points, awards, active_days, days_since_first or days_since_last",
)
@click.argument("condition")
def preview(where: Where, as_json: bool, measures: tuple[str, ...], condition: str) -> None:
    """Say how many members a CONDITION over `member` would take, before anything is published."""
    place = where.place()
    body = {"when": condition, "measures": [_measure(text) for text in measures]}
    with place.access(WORD, ("points:read",), ("scoring",)) as key:
        found = request("POST", f"{place.url('scoring')}/v1/audiences/preview", key, json=body)
    if as_json:
        click.echo(json.dumps(found))
        return
    about = "about " if found["is_estimate"] else ""
    click.echo(f"{about}{found['estimated']:,} of {found['members']:,} members, by {found['looked_at']:,} of them")
    for one in found["sample"]:
        met = ", ".join(f"{name} {value:,}" for name, value in one["met"].items())
        click.echo(written_out(f"  {one['member_name'] or one['member_id']}{f': {met}' if met else ''}"))


def _measure(text: str) -> dict[str, Any]:
    """A measure as the API takes it. Raises BadParameter when it is none."""
    name, found, rest = text.partition("=")
    of, _, rest = rest.partition(":")
    rule, _, days = rest.partition(":")
    if not found or not name or not of or (days and not (days.isascii() and days.isdigit())):
        raise click.BadParameter(
            f"{text!r} is no measure; write one like answers=awards:accepted:30", param_hint="--measure"
        )
    measure: dict[str, Any] = {"id": name, "of": of}
    if rule:
        measure["rule"] = rule
    if days:
        measure["days"] = int(days)
    return measure
