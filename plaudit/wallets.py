"""`plaudit wallet`: budgets of points and money, filled, allotted and assigned by two people."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
from rich.console import Console

from plaudit.audit import write_csv
from plaudit.calls import every_item, request
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.periods import APPROVE, READ, WRITE, to_work, who
from plaudit.places import Where
from plaudit.terminal import plain

wallet_argument = click.argument("wallet_id", metavar="WALLET", type=click.UUID)
decision_argument = click.argument("decision_id", metavar="DECISION", type=click.UUID)
KINDS = ("fund", "withdraw", "transfer", "assign", "unassign", "thaw", "close")
SPENDS = ("payouts", "redemptions", "campaign")


@click.group()
def wallet() -> None:
    """Budgets of points and money. What is in one is decided by two people, and never exceeded."""


@wallet.command("list", epilog="Example: plaudit wallet list --community demo")
@to_work
@json_option
def list_wallets(where: Where, as_json: bool) -> None:
    """List wallets, oldest first, with what is left in each. Amounts are points or minor units."""
    place = where.place()
    with place.access("plaudit wallet", READ, ("rewards",)) as key:
        found = list(every_item(f"{place.url('rewards')}/v1/wallets", key))
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("wallet", "title", "for", "state", "currency", "left", "set aside", "spent")
    for one in found:
        state = f"{one['state']}, low" if one["is_low"] else one["state"]
        amounts = (f"{one[name]:,}" for name in ("available", "reserved", "spent"))
        cells = (one["wallet_id"], one["title"], one["purpose"], state, one["currency"], *amounts)
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@wallet.command("show", epilog="Example: plaudit wallet show 5ea96c72-334c-587d-89c3-d177db83474e --json")
@to_work
@json_option
@wallet_argument
def show(where: Where, as_json: bool, wallet_id: str) -> None:
    """Show WALLET: what is left in it, set aside and spent, and what its campaign awarded that it lacks."""
    place = where.place()
    with place.access("plaudit wallet", READ, ("rewards",)) as key:
        found = request("GET", f"{place.url('rewards')}/v1/wallets/{wallet_id}", key)
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo(f"{found['title']}: {found['state']}{', low' if found['is_low'] else ''}")
    for name, text in (
        ("available", "left"),
        ("reserved", "set aside"),
        ("spent", "spent"),
        ("unpaid_points", "lacks of its campaign"),
    ):
        if found[name] or name != "unpaid_points":
            click.echo(f"  {text}: {found[name]:,} {found['currency']}")


@wallet.command("moves", epilog="Example: plaudit wallet moves 5ea96c72-334c-587d-89c3-d177db83474e --json")
@to_work
@json_option
@wallet_argument
@click.option("--csv", "csv_file", type=click.Path(dir_okay=False, path_type=Path), help="Write all of it as CSV")
def list_moves(where: Where, as_json: bool, wallet_id: str, csv_file: Path | None) -> None:
    """List what came into WALLET, left it, was set aside, spent and came back, newest first."""
    if as_json and csv_file:
        raise click.UsageError("--json and --csv are two ways to write it: say one of them.")
    place = where.place()
    with place.access("plaudit wallet", READ, ("rewards",)) as key:
        if csv_file:
            write_csv(f"{place.url('rewards')}/v1/wallets/{wallet_id}/moves.csv", key, {}, csv_file)
            return
        found = list(every_item(f"{place.url('rewards')}/v1/wallets/{wallet_id}/moves", key))
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("when", "what", "amount", "for", "cause or other wallet", "by")
    for one in found:
        other = one["cause_id"] or one["to_wallet_id"] or ""
        cells = (
            one["moved"]["at"],
            one["kind"],
            f"{one['amount']:,}",
            one["used_for"] or "",
            other,
            who(one["moved"]),
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@wallet.command("decisions", epilog="Example: plaudit wallet decisions --state proposed --community demo")
@to_work
@json_option
@click.option(
    "--state", type=click.Choice(["proposed", "confirmed", "withdrawn"]), help="Only those in this state"
)
def list_decisions(where: Where, as_json: bool, state: str | None) -> None:
    """List what was proposed of wallets, newest first, and who decided it."""
    said = {"state": state} if state else {}
    place = where.place()
    with place.access("plaudit wallet", READ, ("rewards",)) as key:
        found = list(every_item(f"{place.url('rewards')}/v1/wallet-decisions", key, **said))
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("decision", "state", "wallet", "what", "amount", "reason", "proposed by", "decided by")
    for one in found:
        amount = "" if one["amount"] is None else f"{one['amount']:,} {one['currency']}"
        people = (who(one["proposed"]), who(one["decided"]))
        cells = (
            one["decision_id"],
            one["state"],
            one["wallet_title"],
            one["kind"],
            amount,
            one["reason"],
            *people,
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@wallet.command(
    "make",
    epilog='Example: plaudit wallet make --title "Community 2026" --currency EUR --low 50000 --key "$MAKER"',
)
@to_work
@json_option
@click.option("--title", required=True, help="What it is called")
@click.option("--currency", required=True, metavar="CODE", help="ISO 4217's code, or PTS for points")
@click.option("--purpose", type=click.Choice(["community", "department", "campaign"]), default="community")
@click.option("--campaign", metavar="ID", help="The campaign that it is for")
@click.option("--parent", metavar="WALLET", type=click.UUID, help="The wallet that allots to it")
@click.option("--low", type=int, metavar="AMOUNT", help="Below this, in minor units, its owners are told")
@click.option(
    "--owner", "owners", metavar="PERSON", multiple=True, type=click.UUID, help="Who is told; repeatable"
)
@click.option("--name", help="Names the request: made again by the same name it is the same wallet")
def make(
    where: Where,
    as_json: bool,
    title: str,
    currency: str,
    purpose: str,
    campaign: str | None,
    parent: str | None,
    low: int | None,
    owners: tuple[str, ...],
    name: str | None,
) -> None:
    """Make an empty wallet."""
    body: dict[str, Any] = {"title": title, "currency": currency, "purpose": purpose}
    body |= {"owners": [str(owner) for owner in owners]} if owners else {}
    for field, value in (("campaign_id", campaign), ("parent_id", parent), ("low_amount", low)):
        body |= {} if value is None else {field: value if isinstance(value, int) else str(value)}
    found = _post(where, "/v1/wallets", body, name=name)
    click.echo(json.dumps(found) if as_json else f"Wallet {found['wallet_id']} is {found['state']} and empty")


@wallet.command(
    "freeze", epilog='Example: plaudit wallet freeze 5ea96c72-334c-587d-89c3-d177db83474e --reason "a leak"'
)
@to_work
@json_option
@wallet_argument
@click.option("--reason", required=True, help="Why nothing is to be spent from it")
def freeze(where: Where, as_json: bool, wallet_id: str, reason: str) -> None:
    """Have nothing more set aside of WALLET until two people open it again."""
    place = where.place()
    with place.access("plaudit wallet", WRITE, ("rewards",)) as key:
        url = f"{place.url('rewards')}/v1/wallets/{wallet_id}/freeze"
        found = request("POST", url, key, json={"reason": reason})
    click.echo(json.dumps(found) if as_json else f"Wallet {found['wallet_id']} is {found['state']}")


@wallet.command(
    "propose",
    epilog="Example: plaudit wallet propose 5ea96c72-334c-587d-89c3-d177db83474e fund --amount 500000"
    ' --reason "The budget of 2026" --key "$MAKER"',
)
@to_work
@json_option
@wallet_argument
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--reason", required=True, help="Why: finance sees it")
@click.option("--amount", type=int, help="Points or minor units, of fund, withdraw and transfer")
@click.option(
    "--to", "to_wallet", metavar="WALLET", type=click.UUID, help="Where a transfer goes, in the same tree"
)
@click.option("--spends", type=click.Choice(SPENDS), help="What assign has paid from it")
@click.option("--reward", metavar="ID", help="Only redemptions of this reward")
@click.option("--unit-cost", type=int, help="Minor units of one redemption, where the wallet holds money")
@click.option("--name", help="Names the proposal: made again by the same name it is the same one")
def propose(
    where: Where,
    as_json: bool,
    wallet_id: str,
    kind: str,
    reason: str,
    amount: int | None,
    to_wallet: str | None,
    spends: str | None,
    reward: str | None,
    unit_cost: int | None,
    name: str | None,
) -> None:
    """Propose what is done with WALLET; another person confirms it."""
    said = {
        "amount": amount,
        "to_wallet_id": None if to_wallet is None else str(to_wallet),
        "spends": spends,
        "reward_id": reward,
        "unit_cost": unit_cost,
    }
    body = {"kind": kind, "reason": reason} | {field: value for field, value in said.items() if value is not None}
    _said(_post(where, f"/v1/wallets/{wallet_id}/decisions", body, name=name), as_json)


@wallet.command(
    "confirm", epilog='Example: plaudit wallet confirm 5ea96c72-334c-587d-89c3-d177db83474e --key "$APPROVER"'
)
@to_work
@json_option
@decision_argument
def confirm(where: Where, as_json: bool, decision_id: str) -> None:
    """Have done what somebody else proposed as DECISION."""
    _settle(where, as_json, decision_id, "confirm", APPROVE)


@wallet.command(
    "withdraw", epilog='Example: plaudit wallet withdraw 5ea96c72-334c-587d-89c3-d177db83474e --key "$MAKER"'
)
@to_work
@json_option
@decision_argument
def withdraw(where: Where, as_json: bool, decision_id: str) -> None:
    """Have a DECISION that waits come to nothing."""
    _settle(where, as_json, decision_id, "withdraw", WRITE)


def _post(where: Where, path: str, body: Any, *, name: str | None) -> Any:
    place = where.place()
    with place.access("plaudit wallet", WRITE, ("rewards",)) as key:
        headers = {"Idempotency-Key": name or uuid4().hex}
        return request("POST", f"{place.url('rewards')}{path}", key, json=body, headers=headers)


def _settle(where: Where, as_json: bool, decision_id: str, verb: str, scopes: tuple[str, ...]) -> None:
    place = where.place()
    with place.access("plaudit wallet", scopes, ("rewards",)) as key:
        found = request("POST", f"{place.url('rewards')}/v1/wallet-decisions/{decision_id}/{verb}", key)
    _said(found, as_json)


def _said(found: Any, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo(f"Decision {found['decision_id']} is {found['state']}")
