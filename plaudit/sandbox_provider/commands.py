"""`plaudit sandbox-provider`: run it, tell it what to do, and see its orders."""

import json
import os
from pathlib import Path
from typing import Any

import click
import httpx

from plaudit.people import json_option
from plaudit.places import COMMUNITY, DEFAULT_STACK, Where, where_options
from plaudit.sandbox_provider.orders import Behaviour, Cancels, Hooks
from plaudit.stack.ports import USUAL
from plaudit.stack.state import SANDBOX, find_state

PORT = USUAL[SANDBOX]
SECONDS = 30.0


def _address(_context: click.Context, _option: click.Parameter, said: str | None) -> str:
    """Where the sandbox is: as was said, else that of the local stack, else at the usual port."""
    if said is not None:
        return said
    state = find_state(os.environ.get("PLAUDIT_STACK") or DEFAULT_STACK)
    if state is None or SANDBOX not in state.ports:
        return f"http://127.0.0.1:{PORT}"
    return state.sandbox_url


url_option = click.option(
    "--sandbox-url",
    callback=_address,
    help=f"Where the sandbox is [default: the local stack's (PLAUDIT_STACK), or port {PORT} of this machine]",
)


@click.group("sandbox-provider")
def sandbox_provider() -> None:
    """A provider of gift cards that sells nothing: to try redemptions on, and what happens when one fails."""


@sandbox_provider.command("run", epilog="Example: plaudit sandbox-provider run --api-key try-this")
@click.option("--port", type=click.IntRange(1, 65_535), default=PORT, show_default=True)
@click.option(
    "--api-key", envvar="PLAUDIT_SANDBOX_API_KEY", required=True, help="What whoever orders has to show."
)
def run_sandbox(port: int, api_key: str) -> None:
    """Run it on this machine, until it is interrupted; its orders end with it."""
    from plaudit.sandbox_provider.main import serve  # noqa: PLC0415 -- for this alone

    serve(port, api_key)


@sandbox_provider.command("connect", epilog="Example: plaudit sandbox-provider connect --stack trial")
@where_options(COMMUNITY)
@json_option
def connect(where: Where, as_json: bool) -> None:
    """Connect a community to the sandbox of its local stack, and have its webhooks come there."""
    from plaudit.sandbox_provider.connecting import connect_sandbox  # noqa: PLC0415 -- for this alone

    place = where.place()
    if place.state is None:
        raise click.ClickException("a sandbox is part of a local stack: say which, --stack NAME")
    with place.access("plaudit sandbox-provider", ("rewards:read", "rewards:write"), ("rewards",)) as key:
        made = connect_sandbox(place.state, key)
    click.echo(json.dumps(made) if as_json else f"connected; its webhooks go to {made['webhook_path']}")


@sandbox_provider.command(
    "tell", epilog="Example: plaudit sandbox-provider tell --next time_out_after --next deliver --webhooks twice"
)
@url_option
@json_option
@click.option(
    "--always",
    type=click.Choice([one.value for one in Behaviour]),
    help="What becomes of every order from now on.",
)
@click.option(
    "--next",
    "following",
    type=click.Choice([one.value for one in Behaviour]),
    multiple=True,
    help="What becomes of the next orders, one after the other.",
)
@click.option("--webhooks", type=click.Choice([one.value for one in Hooks]), help="How webhooks come.")
@click.option(
    "--cancels",
    type=click.Choice([one.value for one in Cancels]),
    help="What becomes of a delivered order that whoever ordered wants cancelled.",
)
@click.option("--hang-seconds", type=float, help="How long it hangs where it times out.")
@click.option("--surcharge-minor", type=int, help="What it charges beyond its price, in minor units.")
@click.option("--kept-minor", type=int, help="What it keeps of the price of what it takes back.")
@click.option("--says-refunds/--hides-refunds", default=None, help="Whether it says what it refunds.")
def tell(
    sandbox_url: str,
    as_json: bool,
    always: str | None,
    following: tuple[str, ...],
    webhooks: str | None,
    cancels: str | None,
    hang_seconds: float | None,
    surcharge_minor: int | None,
    kept_minor: int | None,
    says_refunds: bool | None,
) -> None:
    """Tell it what becomes of orders."""
    said = {
        "always": always,
        "next": list(following) or None,
        "webhooks": webhooks,
        "cancels": cancels,
        "hang_seconds": hang_seconds,
        "surcharge_minor": surcharge_minor,
        "kept_minor": kept_minor,
        "says_refunds": says_refunds,
    }
    body = {name: value for name, value in said.items() if value is not None}
    answer = _asked("PUT", f"{sandbox_url}/control/behaviour", body)
    if as_json:
        click.echo(json.dumps(answer))
        return
    after = ", ".join(answer["next"])
    click.echo(
        f"{f'next {after}, then ' if after else ''}always {answer['always']}; webhooks {answer['webhooks']}"
    )


@sandbox_provider.command(
    "webhooks",
    epilog="Example: plaudit sandbox-provider webhooks --to http://127.0.0.1:8104/v1/provider-webhooks/... "
    "--secret whsec_...",
)
@url_option
@click.option("--to", "target", required=True, help="Where webhooks go: what connecting the account answered.")
@click.option("--secret", "secrets", multiple=True, required=True, help="What signs them; the newest first.")
def webhooks(sandbox_url: str, target: str, secrets: tuple[str, ...]) -> None:
    """Say where webhooks go, and what signs them."""
    answer = _asked("PUT", f"{sandbox_url}/control/webhooks", {"url": target, "secrets": list(secrets)})
    click.echo(f"webhooks go to {answer['url']}, signed by {answer['secrets_count']}")


@sandbox_provider.command("products", epilog="Example: plaudit sandbox-provider products --file products.json")
@url_option
@click.option(
    "--file",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="JSON with the list `products`, as GET /v1/products answers it.",
)
def products(sandbox_url: str, source: Path) -> None:
    """Say what it has from now on, instead of what it had: to see what a refresh finds."""
    try:
        said = json.loads(source.read_bytes())
    except ValueError as error:
        raise click.ClickException(f"{source} is no JSON: {error}") from error
    answer = _asked("PUT", f"{sandbox_url}/control/products", said)
    click.echo(f"it has {answer['products_count']} products")


@sandbox_provider.command("rates", epilog="Example: plaudit sandbox-provider rates --rate USD=1.2 --spread 100")
@url_option
@json_option
@click.option(
    "--rate", "said_rates", metavar="CODE=UNITS", multiple=True, help="Units of a currency that a euro is."
)
@click.option("--spread", type=int, help="What it puts on what it takes, in hundredths of a percent.")
@click.option("--quote-seconds", type=float, help="How long its quotes hold from now on.")
def rates(
    sandbox_url: str, as_json: bool, said_rates: tuple[str, ...], spread: int | None, quote_seconds: float | None
) -> None:
    """Say at what rates it quotes from now on, and for how long; quotes that it gave stay as they are."""
    pairs = [one.partition("=") for one in said_rates]
    if not all(units for _, _, units in pairs):
        raise click.ClickException("a rate is written CODE=UNITS: --rate USD=1.0956")
    said = {
        "rates": {name: units for name, _, units in pairs},
        "spread_basis_points": spread,
        "quote_seconds": quote_seconds,
    }
    body = {name: value for name, value in said.items() if value is not None}
    answer = _asked("PUT", f"{sandbox_url}/control/rates", body)
    if as_json:
        click.echo(json.dumps(answer))
        return
    shown = ", ".join(f"{name} {units}" for name, units in answer["rates"].items())
    spread_percent = answer["spread_basis_points"] / 100
    click.echo(f"1 EUR is {shown}; {spread_percent:g} % on it; quotes hold {answer['quote_seconds']:g} s")


@sandbox_provider.command("orders", epilog="Example: plaudit sandbox-provider orders --json")
@url_option
@json_option
def orders(sandbox_url: str, as_json: bool) -> None:
    """List its orders: how each stands, and how often it was placed."""
    found = _asked("GET", f"{sandbox_url}/control/orders", None)
    if as_json:
        click.echo(json.dumps(found))
        return
    for order in found["orders"]:
        what = f"{order['product_id']} {order['face_minor']} {order['currency']}"
        click.echo(f"{order['order_id']}  {order['standing']:<10} placed {order['placed_count']}×  {what}")


@sandbox_provider.command("change", epilog="Example: plaudit sandbox-provider change ORDER reversed")
@url_option
@click.argument("order_id", metavar="ORDER")
@click.argument("standing", type=click.Choice(["delivered", "failed", "cancelled", "reversed"]))
def change(sandbox_url: str, order_id: str, standing: str) -> None:
    """Have an order stand otherwise: deliver, fail or cancel what is pending, reverse what was delivered."""
    changed = _asked("POST", f"{sandbox_url}/control/orders/{order_id}/{standing}", None)
    click.echo(f"{changed['order_id']} is {changed['standing']}")


@sandbox_provider.command("payouts", epilog="Example: plaudit sandbox-provider payouts --json")
@url_option
@json_option
def payouts(sandbox_url: str, as_json: bool) -> None:
    """List its payouts: how each stands, and how often it was asked for."""
    found = _asked("GET", f"{sandbox_url}/control/payouts", None)
    if as_json:
        click.echo(json.dumps(found))
        return
    for paid in found["payouts"]:
        what = f"{paid['amount_minor']} {paid['currency']}"
        click.echo(f"{paid['payout_id']}  {paid['standing']:<10} asked for {paid['asked_count']}×  {what}")


@sandbox_provider.command(
    "change-payout", epilog="Example: plaudit sandbox-provider change-payout PAYOUT returned"
)
@url_option
@click.argument("payout_id", metavar="PAYOUT")
@click.argument("standing", type=click.Choice(["paid", "unclaimed", "returned", "failed", "cancelled"]))
def change_payout(sandbox_url: str, payout_id: str, standing: str) -> None:
    """Have a payout stand otherwise, by the sandbox's id: pay what is pending, return what was paid."""
    changed = _asked("POST", f"{sandbox_url}/control/payouts/{payout_id}/{standing}", None)
    click.echo(f"{changed['payout_id']} is {changed['standing']}")


def _asked(method: str, url: str, body: Any) -> Any:
    try:
        answer = httpx.request(method, url, json=body, timeout=SECONDS)
        found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise click.ClickException(
            f"no sandbox answers at {url}: `plaudit sandbox-provider run` starts one"
        ) from error
    if answer.is_error:
        raise click.ClickException(f"the sandbox refuses: {found.get('reason', answer.status_code)}")
    return found
