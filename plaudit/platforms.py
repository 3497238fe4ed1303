"""`plaudit connector add …`: platforms deliver live; secrets are rotated, deliveries seen and mapped again."""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from plaudit.asking import confirmed
from plaudit.calls import every_item, request
from plaudit.places import ADMIN_KEY, COMMUNITY, KEY, URL, Place, Where, where_options
from shared.contracts.texts import written_out

PURPOSE = "plaudit connector"
SCOPES = ("connectors:write", "receipts:read")
SHOWN_COUNT = 20
LOOK_EVERY_SECONDS = 1.0
to_ask = where_options(URL, KEY, ADMIN_KEY, COMMUNITY)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")
name_argument = click.argument("name")
secret_option = click.option(
    "--secret-file",
    metavar="FILE|-",
    help="Where the secret is that the platform shows; - reads it from the standard input. [default: one is made]",
)


@click.command(
    "add",
    epilog="Example: plaudit connector add forum --connector discourse --set address=https://forum.example.org",
)
@to_ask
@name_argument
@click.option("--connector", help="One of `plaudit connector list`. [default: the one of that name]")
@click.option(
    "--file",
    "document",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A connector of your own instead, as `plaudit connector test` checks it.",
)
@click.option(
    "--set", "settings", metavar="SETTING=VALUE", multiple=True, help="A setting of the connector; repeat."
)
@secret_option
@json_option
def add_command(
    where: Where,
    name: str,
    connector: str | None,
    document: Path | None,
    settings: tuple[str, ...],
    secret_file: str | None,
    as_json: bool,
) -> None:
    """Connect a platform as NAME: print where it delivers to, the secret, and what to do there."""
    if connector and document:
        raise click.UsageError("Say --connector or --file, not both.")
    body: dict[str, Any] = {"name": name, "settings": [_setting(one) for one in settings]}
    if document is not None:
        body["document"] = document.read_text(encoding="utf-8-sig")
    else:
        body["connector"] = connector or name
    if secret_file is not None:
        body["secret"] = _secret(secret_file)
    place = where.place()
    made = _ask(place, "POST", "/v1/connectors", body)
    _print_made(place, made, as_json=as_json)


@click.command("connected", epilog="Example: plaudit connector connected")
@to_ask
@json_option
def connected_command(where: Where, as_json: bool) -> None:
    """List the platforms that are connected, and how many deliveries of each had which outcome."""
    place = where.place()
    with place.access(PURPOSE, SCOPES, ("ingest",)) as key:
        items = every_item(f"{place.url('ingest')}/v1/connectors", key)
    if as_json:
        click.echo(json.dumps(items))
        return
    if not items:
        click.echo("No platform is connected.")
    # In lines, which are read in the narrowest window: why something was refused is a sentence.
    for item in items:
        name = item["name"] if item["enabled"] else f"{item['name']} (not enabled)"
        counts = ", ".join(f"{count:,} {outcome.replace('_', ' ')}" for outcome, count in item["counts"].items())
        click.echo(written_out(f"{name}  {item['connector']}  {counts}"))
        if item["last_delivery_at"]:
            click.echo(f"    last {item['last_delivery_at'][:19]}Z")
        if item["refused_at"]:
            click.echo(written_out(f"    refused {item['refused_at'][:19]}Z: {item['refused_why']}"))


@click.command("rotate", epilog="Example: plaudit connector rotate forum --overlap-hours 48")
@to_ask
@name_argument
@secret_option
@click.option(
    "--overlap-hours", type=click.IntRange(0, 720), help="How long the old secret lets in, too. [default: 24]"
)
@json_option
def rotate_command(
    where: Where, name: str, secret_file: str | None, overlap_hours: int | None, as_json: bool
) -> None:
    """Put a new secret of NAME in force. Give it to the platform while the old one still lets in."""
    body: dict[str, Any] = {"overlap_hours": overlap_hours}
    if secret_file is not None:
        body["secret"] = _secret(secret_file)
    place = where.place()
    made = _ask(place, "POST", f"/v1/connectors/{name}/rotate", body)
    _print_made(place, made, as_json=as_json)


@click.command("deliveries", epilog="Example: plaudit connector deliveries forum --outcome unmapped")
@to_ask
@name_argument
@click.option(
    "--outcome",
    type=click.Choice(["mapped", "no_engagement", "unmapped", "invalid"]),
    help="Only those that have it.",
)
@click.option("--limit", type=click.IntRange(1, 500), default=SHOWN_COUNT, show_default=True, help="So many.")
@json_option
def deliveries_command(where: Where, name: str, outcome: str | None, limit: int, as_json: bool) -> None:
    """Show what NAME delivered last, and what became of it."""
    wanted: dict[str, Any] = {"limit": limit} | ({"outcome": outcome} if outcome else {})
    items = _ask(where.place(), "GET", f"/v1/connectors/{name}/deliveries", params=wanted)["items"]
    if as_json:
        click.echo(json.dumps(items))
        return
    for item in items:
        became = item["reason"] or f"{len(item['event_uids'])} in receipt {item['receipt_id']}"
        what = f"{item['event'] or '-'}  {item['outcome']}: {became}"
        click.echo(written_out(f"{item['delivery_id']}  {item['received_at'][:19]}Z  {what}"))


@click.command("replay", epilog="Example: plaudit connector replay forum")
@to_ask
@name_argument
@click.argument("delivery", required=False, type=click.UUID)
@json_option
def replay_command(where: Where, name: str, delivery: object, as_json: bool) -> None:
    """Map deliveries of NAME again that are unmapped or invalid: DELIVERY, or all of them, and wait for that."""
    place = where.place()
    with place.access(PURPOSE, SCOPES, ("ingest",)) as key:
        url = f"{place.url('ingest')}/v1/connectors/{name}"
        if delivery is not None:
            became = request("POST", f"{url}/deliveries/{delivery}/replay", key)
            said = f"{became['outcome']}: {became['reason'] or became['receipt_id']}"
            click.echo(json.dumps(became) if as_json else written_out(said))
            return
        queued = request("POST", f"{url}/replay", key)["queued"]
        shown = request("GET", url, key)
        with click.progressbar(length=queued, label="mapped again", file=sys.stderr, hidden=as_json) as bar:
            while shown["replaying"]:
                bar.update(max(0, queued - shown["replaying"] - bar.pos))
                time.sleep(LOOK_EVERY_SECONDS)
                shown = request("GET", url, key)
            bar.update(queued - bar.pos)
    if as_json:
        click.echo(json.dumps({"queued": queued, "counts": shown["counts"]}))
        return
    left = shown["counts"]["unmapped"] + shown["counts"]["invalid"]
    click.echo(f"{queued} mapped again; {left} are still unmapped or invalid")


@click.command("remove", epilog="Example: plaudit connector remove forum --yes")
@to_ask
@name_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove_command(where: Where, name: str, yes: bool) -> None:
    """Remove NAME, and what is known of its deliveries. What came of them stays."""
    confirmed(f"Remove {name}, and forget its deliveries?", yes)
    _ask(where.place(), "DELETE", f"/v1/connectors/{name}")
    click.echo(f"{name} is not connected any more.")


COMMANDS = (
    add_command,
    connected_command,
    rotate_command,
    deliveries_command,
    replay_command,
    remove_command,
)


def _ask(place: Place, method: str, path: str, body: Any = None, **options: Any) -> Any:
    with place.access(PURPOSE, SCOPES, ("ingest",)) as key:
        return request(method, f"{place.url('ingest')}{path}", key, json=body, **options)


def _setting(said: str) -> dict[str, str]:
    name, sign, value = said.partition("=")
    if not sign:
        raise click.BadParameter(f"{said!r} is no SETTING=VALUE", param_hint="--set")
    return {"name": name, "value": value}


def _secret(where: str) -> str:
    try:
        text = sys.stdin.read() if where == "-" else Path(where).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise click.BadParameter(f"{where} cannot be read: {error}", param_hint="--secret-file") from error
    secret = text.strip()
    if not secret:
        raise click.BadParameter("There is nothing in it.", param_hint="--secret-file")
    return secret


def _print_made(place: Place, made: Mapping[str, Any], *, as_json: bool) -> None:
    address = f"{place.url('ingest').rstrip('/')}{made['path']}"
    if as_json:
        click.echo(json.dumps(dict(made) | {"address": address}))
        return
    click.echo(f"address  {address}")
    if made["secret"]:
        click.echo(f"secret   {made['secret']}   (shown this once)")
    elif made["waits_for_secret"]:
        given = f"plaudit connector rotate {made['name']} --secret-file -"
        click.echo(f"secret   the platform makes it. Give it here: {given}")
    for step in made["steps"]:
        click.echo(written_out(f"  - {step}"))
