"""`plaudit gift-card`: accounts at providers, which card a reward is, and orders that somebody has to look at."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.rate import minor_units
from plaudit.services_asked import Asking
from plaudit.terminal import plain
from shared.currencies import decimal_amount

to_work = where_options(URL, KEY, COMMUNITY)
READ, BOTH = ("rewards:read",), ("rewards:read", "rewards:write")
ORDERS = "/v1/provider-orders"
PROVIDERS = ("sandbox", "xoxoday", "tremendous")
#: Those that pay out have accounts, too.
CONNECTED = (*PROVIDERS, "paypal", "wise", "stripe")
FIELDS = (
    *("api_key", "funding_source_id", "client_id", "client_secret", "refresh_token", "email", "webhook_secret"),
    *("webhook_id", "profile_id"),
)
PAGE_COUNT = 500
order_argument = click.argument("redemption", metavar="REDEMPTION")
_ask = Asking("plaudit gift-card", "rewards")


@click.group("gift-card")
def gift_card() -> None:
    """Order gift cards at providers: connect accounts, say which card a reward is, and see to open orders."""


@gift_card.command("providers", epilog="Example: plaudit gift-card providers --community demo")
@to_work
@json_option
def providers(where: Where, as_json: bool) -> None:
    """List the providers, and whether the community has an account there."""
    found = _ask(where, "GET", "/v1/providers", READ)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("provider", "state", "webhooks go to", "last failure")
    for one in found["items"]:
        state = "connected" if one["is_connected"] else "not connected"
        cells = (
            one["provider"],
            state if one["is_available"] else "not reached from here",
            one["webhook_path"] or "–",
            one["last_failure"] or "–",
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@gift_card.command("connect", epilog="Example: plaudit gift-card connect sandbox --set api_key")
@to_work
@json_option
@click.argument("provider", type=click.Choice(CONNECTED))
@click.option(
    "--set", "fields", multiple=True, type=click.Choice(FIELDS), help="Asked for, and not shown while it is typed."
)
@click.option(
    "--public-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="wise: the file with the key in PEM by which it signs webhooks.",
)
def connect(where: Where, as_json: bool, provider: str, fields: tuple[str, ...], public_key: Path | None) -> None:
    """Connect the account at PROVIDER, of gift cards or payouts; each field of --set is asked for."""
    said = {name: click.prompt(name, hide_input=True, err=True) for name in fields}
    if public_key is not None:
        said["webhook_public_key"] = public_key.read_text()
    made = _ask(where, "PUT", f"/v1/providers/{provider}", BOTH, json=said)
    click.echo(json.dumps(made) if as_json else f"connected; its webhooks go to {made['webhook_path']}")


@gift_card.command("end-old-secret", epilog="Example: plaudit gift-card end-old-secret tremendous --json")
@to_work
@json_option
@click.argument("provider", type=click.Choice(CONNECTED))
def end_old_secret(where: Where, as_json: bool, provider: str) -> None:
    """Have webhooks of PROVIDER be refused from now on that its secret of before signed."""
    made = _ask(where, "POST", f"/v1/providers/{provider}/end-old-secret", BOTH)
    click.echo(json.dumps(made) if as_json else "only the newest secret counts")


@gift_card.command("disconnect", epilog="Example: plaudit gift-card disconnect sandbox")
@to_work
@click.argument("provider", type=click.Choice(CONNECTED))
def disconnect(where: Where, provider: str) -> None:
    """Forget what the account at PROVIDER shows; open orders wait until it is connected again."""
    _ask(where, "POST", f"/v1/providers/{provider}/disconnect", BOTH)
    click.echo("disconnected")


def _provider_argument(command: Any) -> Any:
    return click.argument("provider", type=click.Choice(PROVIDERS))(command)


@gift_card.command("refresh", epilog="Example: plaudit gift-card refresh sandbox")
@to_work
@json_option
@_provider_argument
def refresh(where: Where, as_json: bool, provider: str) -> None:
    """Have PROVIDER asked for the cards that it has; `plaudit gift-card products` lists what is other."""
    made = _ask(where, "POST", f"/v1/providers/{provider}/refresh", BOTH)
    click.echo(json.dumps(made) if as_json else f"{provider} is asked at {made['next_at']}")


@gift_card.command("products", epilog="Example: plaudit gift-card products sandbox --differing --json")
@to_work
@json_option
@click.option("--differing", is_flag=True, help="Only those that are other than they were accepted.")
@click.option("--after", metavar="CURSOR", help="What the page before ended with.")
@_provider_argument
def products(where: Where, as_json: bool, differing: bool, after: str | None, provider: str) -> None:
    """List the cards that PROVIDER has, 500 a page, and how they differ from what was accepted."""
    params = (
        {"limit": PAGE_COUNT} | ({"differs": "true"} if differing else {}) | ({"after": after} if after else {})
    )
    stands = _ask(where, "GET", f"/v1/providers/{provider}/refresh", READ)
    found = _ask(where, "GET", f"/v1/providers/{provider}/products", READ, params=params)
    if as_json:
        click.echo(json.dumps(found | {"refresh": stands}))
        return
    table = listing("product", "currency", "is", "what is other", "rewards")
    for one in found["items"]:
        other = "; ".join(f"{part['part']}: {part['before']} → {part['after']}" for part in one["changes"])
        lacking = f" (withdrawn once accepted: {', '.join(one['lacking'])})" if one["lacking"] else ""
        difference = "as accepted" if one["difference"] == "none" else one["difference"]
        cells = (
            one["product_id"],
            one["currency"],
            difference,
            other or "–",
            (", ".join(one["rewards"]) or "–") + lacking,
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)
    failed = f"; it failed at {stands['failed_at']}: {plain(stands['reason'])}" if stands["failed_at"] else ""
    click.echo(f"revision {stands['revision']}, answered at {stands['answered_at'] or 'no time yet'}{failed}")
    if found["next"]:
        click.echo(f"more: --after {found['next']}")


@gift_card.command("accept", epilog="Example: plaudit gift-card accept sandbox sandbox-books EUR --revision 2")
@to_work
@json_option
@_provider_argument
@click.argument("product", metavar="PRODUCT", required=False)
@click.argument("currency", metavar="CURRENCY", required=False)
@click.option("--revision", type=int, required=True, help="Of the list that you looked at.")
@click.option("--all", "every", is_flag=True, help="All that differ, instead of one.")
def accept(
    where: Where,
    as_json: bool,
    provider: str,
    product: str | None,
    currency: str | None,
    revision: int,
    every: bool,
) -> None:
    """Accept a card of PROVIDER as it was found, or --all; rewards whose card is gone are withdrawn."""
    if every == (product is not None) or (product is None) != (currency is None):
        raise click.UsageError("name PRODUCT and CURRENCY, or say --all")
    named = None if every else [{"product_id": product, "currency": currency}]
    body = {"revision": revision, "products": named}
    made = _ask(where, "POST", f"/v1/providers/{provider}/products/accept", BOTH, json=body)
    if as_json:
        click.echo(json.dumps(made))
        return
    click.echo(f"accepted: {made['accepted_count']}")
    if made["withdrawn"]:
        click.echo(f"withdrawn: {', '.join(made['withdrawn'])}")


@gift_card.command("set", epilog="Example: plaudit gift-card set book-card sandbox sandbox-books 10.00 EUR")
@to_work
@json_option
@click.argument("reward", metavar="REWARD")
@click.argument("provider", type=click.Choice(PROVIDERS))
@click.argument("product", metavar="PRODUCT")
@click.argument("amount", metavar="AMOUNT")
@click.argument("currency", metavar="CURRENCY")
def set_card(
    where: Where, as_json: bool, reward: str, provider: str, product: str, amount: str, currency: str
) -> None:
    """Say that REWARD, of the kind gift_card, is PRODUCT of PROVIDER, worth AMOUNT of CURRENCY."""
    card = {
        "provider": provider,
        "product_id": product,
        "face_minor": minor_units(amount, currency),
        "currency": currency,
    }
    made = _ask(where, "PUT", f"/v1/catalogue/rewards/{quote(reward, safe='')}/card", BOTH, json=card)
    click.echo(json.dumps(made) if as_json else f"{reward} is {product} of {provider}, {amount} {currency}")


@gift_card.command("price", epilog="Example: plaudit gift-card price book-card EUR --minor-per-point 0.95")
@to_work
@json_option
@click.argument("reward", metavar="REWARD")
@click.argument("currency", metavar="CURRENCY", required=False)
@click.option("--minor-per-point", help="What a point is worth, in minor units of CURRENCY")
@click.option(
    "--follows",
    type=click.Choice(["rates", "provider"]),
    default="rates",
    show_default=True,
    help="Whether CURRENCY is by the community's exchange rates, or by what its provider quotes",
)
def price(
    where: Where, as_json: bool, reward: str, currency: str | None, minor_per_point: str | None, follows: str
) -> None:
    """Have the price of REWARD follow the rate of CURRENCY, or (without it) be the catalogue's own again."""
    body = {"currency": currency, "minor_per_point": minor_per_point, "follows": follows}
    made = _ask(where, "PUT", f"/v1/catalogue/rewards/{quote(reward, safe='')}/card/price", BOTH, json=body)
    whose = "its provider" if follows == "provider" else "the rate"
    result = f"follows {whose}: it is quoted within seconds" if currency else "is the catalogue's own"
    click.echo(json.dumps(made) if as_json else f"the price of {reward} {result}")


@gift_card.command("quotes", epilog="Example: plaudit gift-card quotes --json")
@to_work
@json_option
def quotes(where: Where, as_json: bool) -> None:
    """List what cards cost now whose price follows a rate, until when, and by which rate."""
    found = _ask(where, "GET", "/v1/catalogue/quotes", READ)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("reward", "card", "costs", "points", "rate", "until")
    for one in found["items"]:
        cells = (
            one["reward_id"],
            f"{decimal_amount(one['face_minor'], one['currency'])} {one['currency']}",
            f"{decimal_amount(one['cost_minor'], one['cost_currency'])} {one['cost_currency']}",
            str(one["points"]),
            one["rate"],
            one["expires_at"],
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


def _state(one: Mapping[str, Any]) -> str:
    if one["trouble"]:
        return str(one["trouble"])
    if one["unknown_since"]:
        return f"unknown since {one['unknown_since']}"
    return str(one["standing"] or ("to be ordered" if one["next_at"] else "over"))


@gift_card.command("orders", epilog="Example: plaudit gift-card orders --troubled --json")
@to_work
@json_option
@click.option("--troubled", is_flag=True, help="Only those that people have to put right.")
@click.option("--all", "every", is_flag=True, help="Those that are over, too.")
def orders(where: Where, as_json: bool, troubled: bool, every: bool) -> None:
    """List the orders that are open, the oldest first, 500 at most."""
    params = (
        {"limit": PAGE_COUNT} | ({} if every else {"open": "true"}) | ({"troubled": "true"} if troubled else {})
    )
    found = _ask(where, "GET", ORDERS, READ, params=params)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("redemption", "provider", "card", "cost", "state", "said last")
    for one in found["items"]:
        card = f"{one['product_id']} {decimal_amount(one['face_minor'], one['currency'])} {one['currency']}"
        cost = one["cost"]
        charged = f"{decimal_amount(cost['charged_minor'], cost['currency'])} {cost['currency']}" if cost else "–"
        cells = (one["redemption_id"], one["provider"], card, charged, _state(one), one["reason"] or "–")
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@gift_card.command("ask", epilog="Example: plaudit gift-card ask 0f4b6a0e-8a43-5d38-9f0c-1f4f6d1c2b3a")
@to_work
@order_argument
def ask(where: Where, redemption: str) -> None:
    """Have the provider asked about an order now."""
    _ask(where, "POST", f"{ORDERS}/{quote(redemption, safe='')}/ask", BOTH)
    click.echo("the provider is asked in a moment")


@gift_card.command("cancel", epilog="Example: plaudit gift-card cancel 0f4b6a0e-8a43-5d38-9f0c-1f4f6d1c2b3a")
@to_work
@order_argument
def cancel(where: Where, redemption: str) -> None:
    """Cancel an order: at once where it was not placed, else if the provider still can."""
    made = _ask(where, "POST", f"{ORDERS}/{quote(redemption, safe='')}/cancel", BOTH)
    click.echo("the provider is asked to cancel it" if made["is_cancel_asked"] else "cancelled")


@gift_card.command(
    "outcome", epilog='Example: plaudit gift-card outcome REDEMPTION not_ordered --reason "Their support says so"'
)
@to_work
@order_argument
@click.argument("outcome", type=click.Choice(["delivered", "not_ordered"]))
@click.option("--reason", required=True, help="How you know; its member reads it where nothing was ordered.")
@click.option("--with-code", is_flag=True, help="The code that was delivered is asked for.")
def outcome(where: Where, redemption: str, outcome: str, reason: str, with_code: bool) -> None:
    """Say what became of an order that nobody knows of; another person confirms it."""
    body = {"outcome": outcome, "reason": reason}
    if with_code:
        body["code"] = click.prompt("code", hide_input=True, err=True)
    _ask(where, "POST", f"{ORDERS}/{quote(redemption, safe='')}/outcome", BOTH, json=body)
    click.echo("noted: another person confirms it")


@gift_card.command("confirm", epilog="Example: plaudit gift-card confirm 0f4b6a0e-8a43-5d38-9f0c-1f4f6d1c2b3a")
@to_work
@order_argument
def confirm(where: Where, redemption: str) -> None:
    """Confirm what another person found out of an order."""
    _ask(where, "POST", f"{ORDERS}/{quote(redemption, safe='')}/outcome/confirm", BOTH)
    click.echo("confirmed")


@gift_card.command("put-right", epilog='Example: plaudit gift-card put-right REDEMPTION --note "Another by hand"')
@to_work
@order_argument
@click.option("--note", required=True, help="How it was put right.")
@click.option(
    "--refunded",
    type=click.IntRange(min=0),
    help="What its provider refunded, in minor units, if it does not say.",
)
def put_right(where: Where, redemption: str, note: str, refunded: int | None) -> None:
    """Note that trouble with an order was put right."""
    said = {"note": note} if refunded is None else {"note": note, "refunded_minor": refunded}
    _ask(where, "POST", f"{ORDERS}/{quote(redemption, safe='')}/acknowledge", BOTH, json=said)
    click.echo("noted")
