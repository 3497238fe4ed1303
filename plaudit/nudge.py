"""`plaudit nudge`: the nudges of the programme, what each does, and who got which and why."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.services_asked import Asking
from plaudit.terminal import plain

to_work = where_options(URL, KEY, COMMUNITY)
RECOGNITION, ANALYTICS = ("recognition:read",), ("analytics:read",)
SHOWN_MAX_COUNT = 200
VERDICTS = {
    "more": "helps",
    "fewer": "does harm",
    "too_small_to_tell": "too small to tell",
    "nothing_yet": "nothing to compare yet",
}
_ask_recognition = Asking("plaudit nudge", "recognition")
_ask_analytics = Asking("plaudit nudge", "analytics")


@click.group()
def nudge() -> None:
    """See the nudges of the programme, what each does, and who got which and why."""


@nudge.command("list", epilog="Example: plaudit nudge list --community demo")
@to_work
@json_option
def list_nudges(where: Where, as_json: bool) -> None:
    """List the nudges of the programme in force."""
    found = _ask_recognition(where, "GET", "/v1/nudges", RECOGNITION)
    if as_json:
        click.echo(json.dumps(found))
        return
    if not found["nudges"]:
        click.echo("the programme in force has no nudges")
        return
    table = listing("nudge", "title", "kind", "message", "held out", "wished", "within")
    for one in found["nudges"]:
        cells = (
            one["nudge"],
            one["title"],
            one["kind"],
            one["message_kind"],
            f"{one['holdout_percent']} %",
            ", ".join(one["wished"]),
            f"{one['within_days']} days",
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)
    click.echo(f"one member gets at most {found['per_week']} within seven days")


@nudge.command("effect", epilog="Example: plaudit nudge effect --from 2026-01-01")
@to_work
@json_option
@click.option("--from", "first", metavar="DAY", help="Of those decided from this day on; 30 days, if not given")
@click.option("--to", "last", metavar="DAY", help="Until this day; today, if not given")
def show_effect(where: Where, as_json: bool, first: str | None, last: str | None) -> None:
    """Show what each nudge does: who got it beside who was held out, in percentage points."""
    wanted = {name: value for name, value in (("from", first), ("to", last)) if value}
    items = _ask_analytics(where, "GET", "/v1/lift/nudges", ANALYTICS, params=wanted)["items"]
    if as_json:
        click.echo(json.dumps(items))
        return
    if not items:
        click.echo("nobody had an occasion for a nudge in these days")
        return
    table = listing("nudge", "sent", "did it", "held out did it", "difference", "so it")
    for one in items:
        cells = (
            one["nudge"],
            str(one["sent"]),
            _arm(one["treated"]),
            _arm(one["held_out"]),
            _difference(one),
            VERDICTS[one["verdict"]],
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


def _arm(arm: Mapping[str, Any]) -> str:
    return f"{arm['did']} of {arm['settled']}"


def _difference(one: Mapping[str, Any]) -> str:
    if one["difference_points"] is None:
        return ""
    return f"{one['difference_points']:+.2f} ({one['low_points']:+.2f} … {one['high_points']:+.2f})"


@nudge.command("who", epilog="Example: plaudit nudge who --member forum:ada")
@to_work
@json_option
@click.option("--member", "who", metavar="MEMBER", help="Of this member: an id or an identity, like forum:ada")
@click.option("--nudge", "name", metavar="NUDGE", help="Of this nudge alone")
@click.option("--limit", type=click.IntRange(1, SHOWN_MAX_COUNT), default=50, show_default=True, help="So many")
def list_decisions(where: Where, as_json: bool, who: str | None, name: str | None, limit: int) -> None:
    """List who got which nudge by what, and who was held out, newest first."""
    if who and name:
        raise click.UsageError("Name a member or a nudge, not both.")
    path = f"/v1/members/{quote(who, safe='')}/nudges" if who else "/v1/nudge-decisions"
    wanted = {"nudge": name} if name else {}
    items = _ask_recognition(where, "GET", path, RECOGNITION, params={"limit": limit} | wanted)["items"]
    if as_json:
        click.echo(json.dumps(items))
        return
    if not items:
        click.echo("nobody yet")
        return
    table = listing("when", "who", "nudge", "became", "by")
    for one in items:
        by = one["event_uid"] or one["celebration_id"] or "the day"
        became = "held out" if one["held_out"] else "asked for"
        cells = (one["decided_at"][:16], one["member_name"] or one["member_id"], one["nudge"], became, by)
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)
