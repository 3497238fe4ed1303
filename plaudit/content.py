"""`plaudit content`: the best content, what nobody judged yet, and why one is as good as it is said to be."""

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
WORD = "plaudit content"
READ = ("points:read",)

#: Why a judgement weighs nothing.
WHY = {
    "retracted": "taken back",
    "own": "their own",
    "bot": "by a bot",
    "no_author": "nobody is named whose it is",
    "seen": "an answer judges nothing",
    "no_weight": "its kind weighs nothing",
    "not_trusted": "nobody trusts who judged yet",
    "too_many": "beyond the twentieth on one author in 30 days",
}


@click.group()
def content() -> None:
    """Look at content: how good others found it, and what nobody judged."""


@content.command("best", epilog="Example: plaudit content best --by month --day 2026-03-01 --channel forum")
@to_work
@json_option
@click.option("--by", type=click.Choice(("week", "month")), default="week", show_default=True)
@click.option("--day", metavar="YYYY-MM-DD", help="A day of it [default: today]")
@click.option("--channel", help="Only where it stands in this channel")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="How many")
def best(where: Where, as_json: bool, by: str, day: str | None, channel: str | None, limit: int) -> None:
    """List the best content of a week or month, the best first."""
    wanted = {"by": by, "day": day, "channel": channel, "limit": str(limit)}
    place = where.place()
    with place.access(WORD, READ, ("scoring",)) as key:
        found = request("GET", f"{place.url('scoring')}/v1/content/best", key, params=_given(wanted))
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("content", "channel", "author", "quality", "by", "id", whole="id", border=None)
    for one in found["items"]:
        row = (one["object_id"], one["channel"], _author(one), f"{one['quality']:.3f}", one["weighed"])
        table.add_row(*(plain(str(cell)) for cell in (*row, one["content_id"])))
    Console().print(table)
    click.echo(f"made from {found['starts_on']} to {found['ends_on']}")


@content.command("unjudged", epilog="Example: plaudit content unjudged --days 7")
@to_work
@json_option
@click.option(
    "--days", type=click.IntRange(1, 366), default=30, show_default=True, help="Made within so many days"
)
@click.option("--channel", help="Only where it stands in this channel")
def unjudged(where: Where, as_json: bool, days: int, channel: str | None) -> None:
    """List what nobody judged yet, the oldest first."""
    place = where.place()
    with place.access(WORD, READ, ("scoring",)) as key:
        wanted = _given({"days": str(days), "channel": channel})
        items = every_item(f"{place.url('scoring')}/v1/content/unjudged", key, **wanted)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("made", "content", "channel", "author", "id", whole="id")
    for one in items:
        row = ((one["made_at"] or "")[:10], one["object_id"], one["channel"], _author(one), one["content_id"])
        table.add_row(*(plain(str(cell)) for cell in row))
    Console().print(table)


@content.command("show", epilog="Example: plaudit content show 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b")
@to_work
@json_option
@click.argument("content_id", type=click.UUID)
def show(where: Where, as_json: bool, content_id: Any) -> None:
    """Say how good CONTENT_ID is, by whose judgements, and what each weighs."""
    place = where.place()
    with place.access(WORD, READ, ("scoring",)) as key:
        url = f"{place.url('scoring')}/v1/content/{content_id}"
        found = request("GET", url, key)
        judged = request("GET", f"{url}/judgements", key)
    if as_json:
        click.echo(json.dumps(found | {"judgements": judged["items"]}))
        return
    prior = found["prior_votes"]
    click.echo(written_out(f"{found['object_id']} in {found['channel']}, by {_author(found)}"))
    made_of = f"({prior / 2:g} + {found['votes_for']:g}) / ({prior} + {found['votes']:g})"
    click.echo(f"quality {found['quality']:.4f} = {made_of}")
    table = listing("judge", "when", "what", "for", "trust", "turn", "weight", "")
    for one in judged["items"]:
        why = WHY.get(one["why_nothing"] or "", "")
        row = (
            *(one["judge_name"] or one["judge_id"], one["at"], one["kind"], f"{one['percent_for']} %"),
            *(f"{one['trust']:.3f}", one["turn"], f"{one['weight']:g}", why),
        )
        table.add_row(*(plain(str(cell)) for cell in row))
    Console().print(table)
    if judged["next"]:
        click.echo(f"There are more; GET /v1/content/{content_id}/judgements lists them all")


@content.command("restate", epilog="Example: plaudit content restate")
@to_work
@json_option
def restate(where: Where, as_json: bool) -> None:
    """Have all judgements weighed anew, by the trust in their judges that there is now."""
    place = where.place()
    with place.access(WORD, ("programmes:write",), ("scoring",)) as key:
        found = request("POST", f"{place.url('scoring')}/v1/content/restatements", key)
    click.echo(json.dumps(found) if as_json else f"{found['pairs']:,} pairs of members are weighed anew")


def _given(wanted: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in wanted.items() if value is not None}


def _author(one: dict[str, Any]) -> str:
    return str(one["author_name"] or one["author_id"] or "nobody known")
