"""`plaudit payout on-file`: what finance attests of who is paid, never the contents."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.periods import READ, WRITE, to_work
from plaudit.places import Where
from plaudit.services_asked import Asking
from plaudit.terminal import plain

KINDS = ("tax_form", "age")
_ask = Asking("plaudit payout", "rewards", "/v1/")
day = click.DateTime(["%Y-%m-%d"])


@click.group("on-file")
def on_file() -> None:
    """Note a payee's tax form, or how old they are. Whoever notes it does not approve the run."""


@on_file.command("list", epilog="Example: plaudit payout on-file list --kind tax_form --json")
@to_work
@json_option
@click.option("--kind", type=click.Choice(KINDS), help="Only of this kind")
@click.option("--member", help="Only of this member: an id or an identity")
def list_on_file(where: Where, as_json: bool, kind: str | None, member: str | None) -> None:
    """List what is on file of payees, newest first."""
    said = {name: value for name, value in (("kind", kind), ("member", member)) if value}
    found = _ask.every(where, "payee-attestations", READ, **said)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("attestation", "member", "what", "from", "until", "noted by", "withdrawn by")
    for one in found:
        cells = (one["attestation_id"], one["member_name"] or one["member_id"], _what(one))
        days = (one["received_on"] or "", one["valid_until"] or "")
        people = (_who(one["noted"]), _who(one["withdrawn"]))
        table.add_row(*(plain(cell) for cell in (*cells, *days, *people)))
    Console().print(table)


@on_file.command(
    "tax-form",
    epilog="Example: plaudit payout on-file tax-form 7f1c5a52-0f5e-5d1c-9d6e-5b8b3d2f8f10 W-9"
    ' --received 2026-01-12 --until 2028-12-31 --key "$MIA"',
)
@to_work
@json_option
@click.argument("member")
@click.argument("form")
@click.option("--received", type=day, required=True, help="When it came")
@click.option("--until", type=day, help="The last day on which it holds; for ever without")
@click.option("--country", help="For which country it counts, by two letters; for any without")
def note_tax_form(
    where: Where, as_json: bool, member: str, form: str, received: Any, until: Any, country: str | None
) -> None:
    """Note that FORM of MEMBER is on file: what it is called, nothing of what is in it."""
    body = {
        "kind": "tax_form",
        "form": form,
        "received_on": str(received.date()),
        "valid_until": str(until.date()) if until else None,
        "country": country.upper() if country else None,
    }
    _show(_ask(where, "POST", _payee(member), WRITE, json=body), as_json=as_json)


@on_file.command(
    "age", epilog='Example: plaudit payout on-file age 7f1c5a52-0f5e-5d1c-9d6e-5b8b3d2f8f10 18 --key "$MIA"'
)
@to_work
@json_option
@click.argument("member")
@click.argument("years", type=click.IntRange(1, 150))
def note_age(where: Where, as_json: bool, member: str, years: int) -> None:
    """Note that you have seen that MEMBER is YEARS old at least."""
    _show(_ask(where, "POST", _payee(member), WRITE, json={"kind": "age", "age_years": years}), as_json=as_json)


@on_file.command(
    "withdraw", epilog="Example: plaudit payout on-file withdraw 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b"
)
@to_work
@json_option
@click.argument("attestation_id", metavar="ATTESTATION", type=click.UUID)
def withdraw_attestation(where: Where, as_json: bool, attestation_id: Any) -> None:
    """Say that it holds no more: payouts that need it wait."""
    _show(_ask(where, "POST", f"payee-attestations/{attestation_id}/withdraw", WRITE), as_json=as_json)


def _payee(member: str) -> str:
    return f"payees/{quote(member, safe='')}/attestations"


def _what(one: Mapping[str, Any]) -> str:
    if one["kind"] == "age":
        return f"{one['age_years']} years at least"
    where = f" ({one['country']})" if one["country"] else ""
    return f"tax form {one['form']}".strip() + where


def _who(deed: Mapping[str, Any] | None) -> str:
    return "" if deed is None else str(deed["person_name"] or deed["credential"])


def _show(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(one))
        return
    until = f" until {one['valid_until']}" if one["valid_until"] else ""
    ended = " holds no more" if one["withdrawn"] else " is on file"
    name = one["member_name"] or one["member_id"]
    click.echo(f"{_what(one)} of {name}{ended}{until} ({one['attestation_id']}).")
