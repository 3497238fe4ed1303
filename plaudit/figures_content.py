"""`plaudit figures` of content: what members know and are interested in, and what is read."""

from urllib.parse import quote

import click

from plaudit.figures_asking import get, show, to_ask
from plaudit.people import json_option
from plaudit.places import Where


@click.command("known-for", epilog="Example: plaudit figures known-for forum:ada")
@to_ask
@json_option
@click.argument("who")
@click.option("--topic", help="Show what this topic is known from instead")
def known_for(where: Where, as_json: bool, who: str, topic: str | None) -> None:
    """Show what a member knows and is interested in, by topic; WHO is an identity like forum:ada, or an id."""
    path = f"members/{quote(who, safe='')}"
    if topic is not None:
        items = get(where, f"{path}/topic-sources", whole=True, topic=topic)
        shown = [[one["event_id"], one["how"], one["channel"], one["at"][:10]] for one in items]
        show(items, as_json, ("message", "how", "channel", "when"), shown)
        return
    found = get(where, f"{path}/topics")
    if found["unwanted"] and not as_json:
        click.echo("They want no part in figures: nothing is worked out of them.")
        return
    rows = [
        [one["topic"], one["answers"], "", "", one["last_at"][:10], f"{one['weight']:.2f}"]
        for one in found["expertise"]
    ] + [
        [one["topic"], "", one["wrote"], one["read"], one["last_at"][:10], f"{one['weight']:.2f}"]
        for one in found["interests"]
    ]
    show(found, as_json, ("topic", "answers", "wrote", "read", "last", "weight"), rows)


@click.command("read", epilog="Example: plaudit figures read --day 2026-01-15 --channel forum")
@to_ask
@json_option
@click.option("--day", metavar="DAY", help="A day of the month, like 2026-01-15 [default: today]")
@click.option("--channel", help="Only what was read there")
def read(where: Where, as_json: bool, day: str | None, channel: str | None) -> None:
    """Show what is read in a month, what moves most of its readers first."""
    asked = {name: value for name, value in (("day", day), ("channel", channel)) if value is not None}
    items = get(where, "read-content", whole=True, **asked)
    rows = [
        [
            one["item_id"],
            one["channel"],
            one["reads"],
            one["readers"],
            one["responders"],
            f"{100 * one['resonance']:.1f} %",
        ]
        for one in items
    ]
    show(items, as_json, ("content", "channel", "reads", "readers", "responded", "resonance"), rows)
