"""`plaudit provider-payouts`: payouts that go by a provider, and who is paid by one."""

import json
from collections.abc import Mapping
from typing import Any, Final

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.periods import READ, WRITE, to_work
from plaudit.places import Where
from plaudit.services_asked import Asking
from plaudit.terminal import plain
from shared.currencies import decimal_amount

PAYING: Final = ("sandbox", "paypal", "wise", "stripe")
payout_argument = click.argument("payout", metavar="PAYOUT", type=click.UUID)
member_argument = click.argument("member", metavar="MEMBER")
_ask = Asking("plaudit provider-payouts", "rewards", "/v1/")


@click.group("provider-payouts")
def provider_payouts() -> None:
    """See to payouts that go by PayPal, Wise, Stripe or the sandbox, and say who is paid there."""


@provider_payouts.command("list", epilog="Example: plaudit provider-payouts list --open")
@to_work
@json_option
@click.option("--open/--over", "is_open", default=None, help="Only those that are on their way; or the others.")
@click.option("--troubled", is_flag=True, help="Only those that people have to put right.")
@click.option("--run", type=click.UUID, help="Only those of this run.")
def list_payouts(where: Where, as_json: bool, is_open: bool | None, troubled: bool, run: Any) -> None:
    """List payouts at providers, the oldest first."""
    wanted = {"troubled": "true"} if troubled else {}
    wanted |= {"open": json.dumps(is_open)} if is_open is not None else {}
    wanted |= {"run": str(run)} if run is not None else {}
    found = _ask.every(where, "remittances", READ, **wanted)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("payout", "member", "provider", "amount", "payout is", "provider says", "since", "trouble")
    for one in found:
        amount = f"{decimal_amount(one['amount_minor'], one['currency'])} {one['currency']}"
        says = "nobody knows" if one["unknown_since"] else one["words"] or "–"
        cells = (
            *(one["payout_id"], one["member_name"] or one["member_id"], one["provider"], amount, one["state"]),
            *(says, one["unknown_since"] or one["created_at"], one["trouble"] or "–"),
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@provider_payouts.command(
    "show", epilog="Example: plaudit provider-payouts show 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b"
)
@to_work
@json_option
@payout_argument
def show(where: Where, as_json: bool, payout: Any) -> None:
    """Show a PAYOUT at its provider, with all that it said."""
    one = _ask(where, "GET", f"remittances/{payout}", READ)
    _show(one, as_json=as_json)
    if as_json:
        return
    for said in one["said"]:
        click.echo(plain(f"  {said['said_at']}  {said['words']} ({said['standing']}) {said['reason']}"))


@provider_payouts.command(
    "ask", epilog="Example: plaudit provider-payouts ask 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b"
)
@to_work
@json_option
@payout_argument
def ask(where: Where, as_json: bool, payout: Any) -> None:
    """Have a PAYOUT's provider asked now how it stands."""
    _show(_ask(where, "POST", f"remittances/{payout}/ask", WRITE), as_json=as_json)


@provider_payouts.command(
    "take-back",
    epilog="Example: plaudit provider-payouts take-back 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b",
)
@to_work
@json_option
@payout_argument
def take_back(where: Where, as_json: bool, payout: Any) -> None:
    """Have a PAYOUT taken back at its provider, where it still can: then it is owed again."""
    _show(_ask(where, "POST", f"remittances/{payout}/cancel", WRITE), as_json=as_json)


@provider_payouts.command(
    "put-right",
    epilog="Example: plaudit provider-payouts put-right 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b"
    ' --note "Confirmed as failed"',
)
@to_work
@json_option
@payout_argument
@click.option("--note", required=True, help="How it was put right.")
def put_right(where: Where, as_json: bool, payout: Any, note: str) -> None:
    """Note that trouble with a PAYOUT was put right, once two people said what became of it."""
    found = _ask(where, "POST", f"remittances/{payout}/acknowledge", WRITE, json={"note": note})
    _show(found, as_json=as_json)


@provider_payouts.command(
    "receiver",
    epilog="Example: plaudit provider-payouts receiver 3a6cb2a5-7e5d-4f34-bd6f-2d8c1a0b9e77 --json",
)
@to_work
@json_option
@member_argument
def receiver(where: Where, as_json: bool, member: str) -> None:
    """Show by which provider a MEMBER is paid; one who is paid by bank has none."""
    _receiver(_ask(where, "GET", f"payees/{member}/receiver", READ), as_json=as_json)


@provider_payouts.command(
    "set-receiver",
    epilog="Example: plaudit provider-payouts set-receiver 3a6cb2a5-7e5d-4f34-bd6f-2d8c1a0b9e77"
    ' --by paypal --name "Zoë Müller" --address zoe@example.org',
)
@to_work
@json_option
@member_argument
@click.option("--by", "provider", required=True, type=click.Choice(PAYING), help="Who pays them.")
@click.option("--name", required=True, help="Whose account it is.")
@click.option("--address", required=True, help="An e-mail address; at Stripe acct_…")
@click.option("--country", help="Where it is held, as DE: a payout policy may ask for it.")
@click.option("--confirm-account", is_flag=True, help="Money came back from it, and it is in order again.")
def set_receiver(
    where: Where,
    as_json: bool,
    member: str,
    provider: str,
    name: str,
    address: str,
    country: str | None,
    confirm_account: bool,
) -> None:
    """Have a MEMBER be paid by a provider from the next run on."""
    said = {"provider": provider, "name": name, "address": address, "confirm_account": confirm_account}
    if country is not None:
        said["country"] = country.upper()
    _receiver(_ask(where, "PUT", f"payees/{member}/receiver", WRITE, json=said), as_json=as_json)


@provider_payouts.command(
    "by-bank", epilog="Example: plaudit provider-payouts by-bank 3a6cb2a5-7e5d-4f34-bd6f-2d8c1a0b9e77"
)
@to_work
@member_argument
def by_bank(where: Where, member: str) -> None:
    """Have a MEMBER be paid by bank again from the next run on."""
    _ask(where, "DELETE", f"payees/{member}/receiver", WRITE)
    click.echo("paid by bank from the next run on")


def _show(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(one))
        return
    says = "nobody knows whether it was paid" if one["unknown_since"] else one["words"] or "nothing was said yet"
    click.echo(plain(f"payout {one['payout_id']} is {one['state']}; {one['provider']}: {says} {one['reason']}"))
    if one["what_to_do"] is not None:
        click.echo(plain(f"trouble: {one['trouble']}. {one['what_to_do']}"))


def _receiver(one: Mapping[str, Any], *, as_json: bool) -> None:
    said = (
        f"{one['member_id']} is paid by {one['provider']}, to {one['address'] or 'an account that was forgotten'}"
    )
    click.echo(json.dumps(one) if as_json else plain(said))
    if one["refused"] is not None and not as_json:
        click.echo(plain(f"nothing is paid there: {one['refused']['reason']}; --confirm-account sets it again"))
