"""`plaudit journal`: entries by hand, proposed by one and booked once another confirms them."""

import json
from typing import Any
from uuid import uuid4

import click
from rich.console import Console

from plaudit.calls import every_item, request
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.periods import APPROVE, READ, WRITE, to_work, who
from plaudit.places import Where
from plaudit.terminal import plain

journal_argument = click.argument("journal_id", metavar="JOURNAL", type=click.UUID)


@click.group()
def journal() -> None:
    """Book by hand on the community's accounts of money. Whoever proposes it does not confirm it."""


@journal.command("list", epilog="Example: plaudit journal list --state proposed --community demo")
@to_work
@json_option
@click.option("--state", type=click.Choice(["proposed", "posted", "withdrawn"]), help="Only those in this state")
def list_journals(where: Where, as_json: bool, state: str | None) -> None:
    """List entries by hand, newest first."""
    place = where.place()
    with place.access("plaudit journal", READ, ("rewards",)) as key:
        said = {"state": state} if state else {}
        found = list(every_item(f"{place.url('rewards')}/v1/journals", key, **said))
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("journal", "state", "month", "reason", "lines", "proposed by", "decided by")
    for one in found:
        lines = ", ".join(f"{line['account']} {line['amount']:,} {line['currency']}" for line in one["lines"])
        people = (who(one["proposed"]), who(one["decided"]))
        cells = (one["journal_id"], one["state"], one["month"] or "", one["reason"], lines, *people)
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@journal.command(
    "propose",
    epilog='Example: plaudit journal propose --reason "bank charges" --line bank:EUR:1250'
    ' --line bank_charges:EUR:-1250 --month 2026-10 --key "$MAKER"',
)
@to_work
@json_option
@click.option("--reason", required=True, help="Why it is booked: finance sees it")
@click.option(
    "--line",
    "lines",
    metavar="ACCOUNT:CURRENCY:AMOUNT",
    multiple=True,
    required=True,
    help="Minor units, credit above 0 and debit below; all lines of a currency sum to 0",
)
@click.option("--month", metavar="MONTH", help="Into which open month it is dated; else when it is confirmed")
@click.option("--amends", metavar="TRANSFER", type=click.UUID, help="The transfer of money that it corrects")
@click.option("--name", help="Names the proposal: made again by the same name it is the same one")
def propose(
    where: Where,
    as_json: bool,
    reason: str,
    lines: tuple[str, ...],
    month: str | None,
    amends: str | None,
    name: str | None,
) -> None:
    """Propose lines that another person has booked."""
    body: dict[str, Any] = {"reason": reason, "lines": [_line(line) for line in lines]}
    body |= {"month": month} if month else {}
    body |= {"amends": str(amends)} if amends else {}
    place = where.place()
    with place.access("plaudit journal", WRITE, ("rewards",)) as key:
        headers = {"Idempotency-Key": name or uuid4().hex}
        found = request("POST", f"{place.url('rewards')}/v1/journals", key, json=body, headers=headers)
    _said(found, as_json)


@journal.command(
    "confirm", epilog='Example: plaudit journal confirm 5ea96c72-334c-587d-89c3-d177db83474e --key "$APPROVER"'
)
@to_work
@json_option
@journal_argument
def confirm_journal(where: Where, as_json: bool, journal_id: str) -> None:
    """Have a JOURNAL booked that somebody else proposed."""
    _settle(where, as_json, journal_id, "confirm", APPROVE)


@journal.command(
    "withdraw", epilog='Example: plaudit journal withdraw 5ea96c72-334c-587d-89c3-d177db83474e --key "$MAKER"'
)
@to_work
@json_option
@journal_argument
def withdraw_journal(where: Where, as_json: bool, journal_id: str) -> None:
    """Withdraw a JOURNAL that waits."""
    _settle(where, as_json, journal_id, "withdraw", WRITE)


def _settle(where: Where, as_json: bool, journal_id: str, verb: str, scopes: tuple[str, ...]) -> None:
    place = where.place()
    with place.access("plaudit journal", scopes, ("rewards",)) as key:
        found = request("POST", f"{place.url('rewards')}/v1/journals/{journal_id}/{verb}", key)
    _said(found, as_json)


def _said(found: Any, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo(f"Journal {found['journal_id']} is {found['state']}")
    if found["transfer_id"] is not None:
        click.echo(f"It is booked as transfer {found['transfer_id']}")


def _line(said: str) -> dict[str, Any]:
    account, _, rest = said.partition(":")
    currency, _, amount = rest.partition(":")
    try:
        return {"account": account, "currency": currency, "amount": int(amount)}
    except ValueError as error:
        raise click.UsageError(f"--line is ACCOUNT:CURRENCY:AMOUNT, as bank:EUR:1250, and not {said}") from error
