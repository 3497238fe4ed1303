"""`plaudit celebrations`: what members and the community reached, and the milestones that there are."""

import json
from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.services_asked import Asking
from plaudit.terminal import plain

to_work = where_options(URL, KEY, COMMUNITY)
READ = ("recognition:read",)
KINDS = ("milestone", "badge", "level", "quest")
SHOWN_MAX_COUNT = 200
_ask = Asking("plaudit celebrations", "recognition")


@click.group()
def celebrations() -> None:
    """See what was celebrated, and the milestones of the programme."""


@celebrations.command("list", epilog="Example: plaudit celebrations list --kind milestone --member forum:ada")
@to_work
@json_option
@click.option("--kind", type=click.Choice(KINDS), help="Only of this kind")
@click.option("--member", "who", metavar="MEMBER", help="Of this member: an id or an identity, like forum:ada")
@click.option("--limit", type=click.IntRange(1, SHOWN_MAX_COUNT), default=50, show_default=True, help="So many")
def list_celebrations(where: Where, as_json: bool, kind: str | None, who: str | None, limit: int) -> None:
    """List what was celebrated, newest first, and how many reacted and saw it."""
    wanted = {name: value for name, value in (("kind", kind), ("member", who)) if value}
    items = _ask(where, "GET", "/v1/celebrations", READ, params={"limit": limit} | wanted)["items"]
    if as_json:
        click.echo(json.dumps(items))
        return
    if not items:
        click.echo("nothing was celebrated yet")
        return
    table = listing("when", "who", "what", "kind", "reactions", "seen")
    for one in items:
        reacted = sum(said["members"] for said in one["reactions"])
        kind_shown = "the community's" if one["together"] else one["kind"]
        cells = (one["celebrated_at"][:10], _who(one), one["title"], kind_shown, reacted, one["seen_count"])
        table.add_row(*(plain(str(cell)) for cell in cells))
    Console().print(table)


def _who(one: Mapping[str, Any]) -> str:
    return one["member_name"] or one["member_id"] or "somebody who left"


@celebrations.command("milestones", epilog="Example: plaudit celebrations milestones --community demo")
@to_work
@json_option
def list_milestones(where: Where, as_json: bool) -> None:
    """List the milestones of the programme in force, and how far all members are together."""
    found = _ask(where, "GET", "/v1/milestones", READ)
    if as_json:
        click.echo(json.dumps(found))
        return
    if not found["milestones"]:
        click.echo("the programme in force has no milestones")
        return
    table = listing("milestone", "title", "goes by", "at", "now")
    for one in found["milestones"]:
        at = "each year" if one["at"] is None else ", ".join(f"{number:,}" for number in one["at"])
        now = "" if one["now"] is None else f"{one['now']:,}"
        table.add_row(*(plain(cell) for cell in (one["name"], one["title"], goes_by(one), at, now)))
    Console().print(table)


def goes_by(one: Mapping[str, Any]) -> str:
    """What a milestone counts, in words."""
    if one["since"] == "joined":
        return "years since one joined"
    if one["since"] == "first":
        return f"years since the first {one['rule']}"
    if one["rule"] is None:
        return "points"
    return f"{one['rule']}, all together" if one["together"] else str(one["rule"])
