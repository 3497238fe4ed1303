"""`plaudit webhook …`: facts are delivered to other systems; endpoints, their secrets, what was delivered."""

import json
import time
from collections.abc import Mapping
from typing import Any

import click

from plaudit.asking import confirmed
from plaudit.calls import every_item, request
from plaudit.places import ADMIN_KEY, COMMUNITY, KEY, URL, Place, Where, where_options
from shared.contracts.texts import written_out
from shared.webhooks.offered import OFFERED, TELLERS

PURPOSE = "plaudit webhook"
#: Whoever has facts delivered must be allowed to read them: the key has what its person may.
SCOPES = ("webhooks:write", "webhooks:read", *sorted({str(one.scope) for one in OFFERED.values()}))
SHOWN_COUNT = 20
TEST_SECONDS = 20.0
LOOK_EVERY_SECONDS = 0.5
to_ask = where_options(URL, KEY, ADMIN_KEY, COMMUNITY)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")
name_argument = click.argument("name")
types_option = click.option(
    "--type", "types", metavar="TYPE", multiple=True, help="A fact that it gets, as in `list --types`; repeat."
)
service_option = click.option(
    "--service", type=click.Choice(TELLERS), help="Only facts that it tells. [default: all of them]"
)


@click.group("webhook")
def webhook() -> None:
    """Have facts delivered to other systems, and see what was."""


@webhook.command("list", epilog="Example: plaudit webhook list")
@to_ask
@click.option("--types", "of_types", is_flag=True, help="List the facts that may be delivered instead.")
@json_option
def list_command(where: Where, of_types: bool, as_json: bool) -> None:
    """List webhooks, and what waits for each."""
    place = where.place()
    with _access(place) as key:
        if of_types:
            types = request("GET", f"{place.url('ingest')}/v1/webhook-types", key)["items"]
            _print_types(types, as_json=as_json)
            return
        items = every_item(f"{place.url('ingest')}/v1/webhook-endpoints", key)
        lanes = {
            service: request("GET", f"{place.url(service)}/v1/webhook-lanes", key)["items"] for service in TELLERS
        }
    if as_json:
        click.echo(json.dumps([item | {"lanes": _lanes_of(item, lanes)} for item in items]))
        return
    if not items:
        click.echo("There is no webhook.")
    for item in items:
        _print_endpoint(item, _lanes_of(item, lanes))


@webhook.command(
    "add", epilog="Example: plaudit webhook add warehouse https://example.org/plaudit --type points.awarded.v1"
)
@to_ask
@name_argument
@click.argument("address", metavar="URL")
@types_option
@json_option
def add_command(where: Where, name: str, address: str, types: tuple[str, ...], as_json: bool) -> None:
    """Have facts delivered to URL as NAME, and print the secret that signs them, this once."""
    if not types:
        raise click.UsageError(
            "Say which facts: --type points.awarded.v1; `plaudit webhook list --types` has them."
        )
    body = {"name": name, "url": address, "types": list(types)}
    _print_made(_ask(where.place(), "POST", "/v1/webhook-endpoints", body), as_json=as_json)


@webhook.command("show", epilog="Example: plaudit webhook show warehouse")
@to_ask
@name_argument
@json_option
def show_command(where: Where, name: str, as_json: bool) -> None:
    """Show NAME: where it leads, what it gets, how each service does with it."""
    place = where.place()
    with _access(place) as key:
        item = request("GET", f"{place.url('ingest')}/v1/webhook-endpoints/{name}", key)
        lanes = {
            service: request("GET", f"{place.url(service)}/v1/webhook-lanes", key)["items"] for service in TELLERS
        }
    of_it = _lanes_of(item, lanes)
    if as_json:
        click.echo(json.dumps(item | {"lanes": of_it}))
        return
    _print_endpoint(item, of_it)
    for kind in item["types"]:
        click.echo(f"    {kind}")
    for service, lane in of_it.items():
        last = lane["last_delivered_at"]
        said = f"{lane['waiting']:,} wait, {lane['held']:,} held, last {last[:19] + 'Z' if last else 'never'}"
        failing = f", takes nothing since {lane['failing_since'][:19]}Z" if lane["failing_since"] else ""
        click.echo(f"    {service:<12} {said}{failing}")


@webhook.command("change", epilog="Example: plaudit webhook change warehouse --type points.awarded.v1")
@to_ask
@name_argument
@click.option("--to", "address", metavar="URL", help="Where it leads from now on.")
@types_option
def change_command(where: Where, name: str, address: str | None, types: tuple[str, ...]) -> None:
    """Have NAME lead elsewhere, or get other facts."""
    body: dict[str, Any] = ({"url": address} if address else {}) | ({"types": list(types)} if types else {})
    if not body:
        raise click.UsageError("Say what is to change: --to, or --type.")
    changed = _ask(where.place(), "PATCH", f"/v1/webhook-endpoints/{name}", body)
    click.echo(written_out(f"{name} gets {len(changed['types'])} kinds of facts at {changed['url']}"))


@webhook.command("rotate", epilog="Example: plaudit webhook rotate warehouse --overlap-hours 48")
@to_ask
@name_argument
@click.option("--overlap-hours", type=click.IntRange(0, 720), help="How long both sign. [default: 24]")
@json_option
def rotate_command(where: Where, name: str, overlap_hours: int | None, as_json: bool) -> None:
    """Put a new secret of NAME in force, and print it; the one before signs beside it for a while."""
    path = f"/v1/webhook-endpoints/{name}/rotate"
    _print_made(_ask(where.place(), "POST", path, {"overlap_hours": overlap_hours}), as_json=as_json)


@webhook.command("test", epilog="Example: plaudit webhook test warehouse")
@to_ask
@name_argument
@json_option
def test_command(where: Where, name: str, as_json: bool) -> None:
    """Deliver a fact that says nothing to NAME, and say what became of it."""
    place = where.place()
    with _access(place) as key:
        base = place.url("ingest")
        delivery = request("POST", f"{base}/v1/webhook-endpoints/{name}/test", key)["delivery_id"]
        until = time.monotonic() + TEST_SECONDS
        became = request("GET", f"{base}/v1/webhook-deliveries/{delivery}", key)
        while not became["why"] and became["state"] == "waiting" and time.monotonic() < until:
            time.sleep(LOOK_EVERY_SECONDS)
            became = request("GET", f"{base}/v1/webhook-deliveries/{delivery}", key)
    if as_json:
        click.echo(json.dumps(became))
    else:
        click.echo(written_out(f"{became['state']}: {became['why'] or became['status'] or 'not tried yet'}"))
    if became["state"] != "delivered":
        raise SystemExit(1)


@webhook.command("disable", epilog="Example: plaudit webhook disable warehouse")
@to_ask
@name_argument
def disable_command(where: Where, name: str) -> None:
    """Deliver nothing to NAME for now; what is told meanwhile it never gets."""
    _ask(where.place(), "PATCH", f"/v1/webhook-endpoints/{name}", {"enabled": False})
    click.echo(f"Nothing is delivered to {name}.")


@webhook.command("enable", epilog="Example: plaudit webhook enable warehouse")
@to_ask
@name_argument
def enable_command(where: Where, name: str) -> None:
    """Deliver to NAME again, first what waited."""
    _ask(where.place(), "PATCH", f"/v1/webhook-endpoints/{name}", {"enabled": True})
    click.echo(f"{name} is delivered to again.")


@webhook.command("deliveries", epilog="Example: plaudit webhook deliveries warehouse --state failed")
@to_ask
@name_argument
@click.option(
    "--state", type=click.Choice(["waiting", "delivered", "failed", "held"]), help="Only those that are so."
)
@service_option
@click.option(
    "--limit", type=click.IntRange(1, 500), default=SHOWN_COUNT, show_default=True, help="So many a service."
)
@json_option
def deliveries_command(
    where: Where, name: str, state: str | None, service: str | None, limit: int, as_json: bool
) -> None:
    """Show what was delivered to NAME last, and what waits."""
    place = where.place()
    with _access(place) as key:
        endpoint = request("GET", f"{place.url('ingest')}/v1/webhook-endpoints/{name}", key)
        wanted = {"endpoint_id": endpoint["endpoint_id"], "limit": limit} | ({"state": state} if state else {})
        items = [
            item | {"service": one}
            for one in ([service] if service else TELLERS)
            for item in request("GET", f"{place.url(one)}/v1/webhook-deliveries", key, params=wanted)["items"]
        ]
    items.sort(key=lambda item: str(item["made_at"]), reverse=True)
    if as_json:
        click.echo(json.dumps(items))
        return
    for item in items:
        became = f"{item['state']}: {item['why']}" if item["why"] else item["state"]
        click.echo(f"{item['delivery_id']}  {item['service']}")
        click.echo(written_out(f"    {item['made_at'][:19]}Z  {item['type']}  {became}"))


@webhook.command("replay", epilog="Example: plaudit webhook replay warehouse --state failed --state held")
@to_ask
@name_argument
@click.argument("delivery", required=False, type=click.UUID)
@click.option(
    "--state",
    "states",
    type=click.Choice(["delivered", "failed", "held"]),
    multiple=True,
    help="Those that are so; repeat. [default: failed and held]",
)
@service_option
def replay_command(
    where: Where, name: str, delivery: object, states: tuple[str, ...], service: str | None
) -> None:
    """Deliver again to NAME: DELIVERY of a --service, or all that failed or is held; each with the id it had."""
    place = where.place()
    if delivery is not None and service is None:
        raise click.UsageError("Say whose DELIVERY is: --service, as `plaudit webhook deliveries` shows it.")
    with _access(place) as key:
        endpoint = request("GET", f"{place.url('ingest')}/v1/webhook-endpoints/{name}", key)
        if delivery is not None:
            request("POST", f"{place.url(str(service))}/v1/webhook-deliveries/{delivery}/replay", key)
            click.echo("It is on its way again.")
            return
        body = {"endpoint_id": endpoint["endpoint_id"], "states": list(states) or ["failed", "held"]}
        count = sum(
            request("POST", f"{place.url(one)}/v1/webhook-deliveries/replay", key, json=body)["deliveries"]
            for one in ([service] if service else TELLERS)
        )
    click.echo(f"{count:,} are on their way again.")


@webhook.command("remove", epilog="Example: plaudit webhook remove warehouse --yes")
@to_ask
@name_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove_command(where: Where, name: str, yes: bool) -> None:
    """Deliver nothing to NAME any more; what waits for it, and its log, go."""
    confirmed(f"Remove {name}, and what waits for it?", yes)
    _ask(where.place(), "DELETE", f"/v1/webhook-endpoints/{name}")
    click.echo(f"{name} is removed.")


def _access(place: Place) -> Any:
    return place.access(PURPOSE, SCOPES, TELLERS)


def _ask(place: Place, method: str, path: str, body: Any = None) -> Any:
    with _access(place) as key:
        return request(method, f"{place.url('ingest')}{path}", key, json=body)


def _lanes_of(item: Mapping[str, Any], lanes: Mapping[str, Any]) -> dict[str, Any]:
    """How each service does with an endpoint; one that has not heard of it yet is left out."""
    return {
        service: lane
        for service, of_service in lanes.items()
        for lane in of_service
        if lane["endpoint_id"] == item["endpoint_id"]
    }


def _print_types(types: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(types))
        return
    for one in types:
        click.echo(f"{one['type']:<34}  {one['service']:<12} {one['scope']}")


def _print_endpoint(item: Mapping[str, Any], lanes: Mapping[str, Any]) -> None:
    waiting = sum(lane["waiting"] for lane in lanes.values())
    why = f" ({item['disabled_why'].replace('_', ' ')}, {item['disabled_by']})" if item["disabled_why"] else ""
    state = "on" if item["enabled"] else f"off{why}"
    click.echo(written_out(f"{item['name']}  {state}  {len(item['types'])} kinds of facts, {waiting:,} wait"))
    click.echo(written_out(f"    {item['url']}"))


def _print_made(made: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(made))
        return
    click.echo(written_out(f"{made['name']}  {made['url']}"))
    click.echo(f"secret  {made['secret']}   (shown this once)")
