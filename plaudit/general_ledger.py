"""`plaudit general-ledger`: days handed to finance once, by which accounts, and the trial balance."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
import httpx
from rich.console import Console

from plaudit.calls import request
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.services_asked import Asking
from plaudit.terminal import plain

READ, WRITE, APPROVE = ("payouts:read",), ("payouts:write",), ("payouts:approve",)
MAPPINGS, EXPORTS = "account-mappings", "journal-exports"

to_work = where_options(URL, KEY, COMMUNITY)
mapping_argument = click.argument("mapping", type=click.UUID)
day_type = click.DateTime(["%Y-%m-%d"])
name_option = click.option(
    "--name", help="Names the request: made again by the same name it is the same one [default: a new one]"
)
grain_option = click.option("--grain", type=click.Choice(["day", "month"]), default="day", show_default=True)
_ask = Asking("plaudit general-ledger", "rewards", "/v1/finance/")


@click.group("general-ledger")
def general_ledger() -> None:
    """Hand days to the general ledger of finance, once, and decide by two people to which accounts."""


def _table(heads: tuple[str, ...], items: list[Any]) -> None:
    table = listing(*heads)
    for one in items:
        table.add_row(*(plain("" if one[head] is None else str(one[head])) for head in heads))
    Console().print(table)


@general_ledger.command(
    "trial-balance", epilog="Example: plaudit general-ledger trial-balance 2026-10-01 2026-10-31"
)
@to_work
@json_option
@click.argument("first", type=day_type)
@click.argument("last", type=day_type)
def trial_balance(where: Where, as_json: bool, first: Any, last: Any) -> None:
    """Show what accounts had, took and gave, and have, from day FIRST to LAST: debit positive.

    Ends with 1 when a currency does not sum to zero.
    """
    span = {"from": str(first.date()), "to": str(last.date())}
    found = _ask(where, "GET", "trial-balance", READ, params=span)
    if as_json:
        click.echo(json.dumps(found))
    else:
        _table(("account", "currency", "opening", "debit", "credit", "closing"), found["accounts"])
    if any(one["opening"] or one["closing"] or one["debit"] != one["credit"] for one in found["totals"]):
        raise SystemExit(1)


@general_ledger.command(
    "journal", epilog="Example: plaudit general-ledger journal 2026-10-01 2026-10-31 --grain month"
)
@to_work
@json_option
@grain_option
@click.argument("first", type=day_type)
@click.argument("last", type=day_type)
def journal(where: Where, as_json: bool, grain: str, first: Any, last: Any) -> None:
    """Show the journal from day FIRST to LAST as an export would have it; nothing is kept.

    Ends with 1 when some of it is mapped to no account.
    """
    span = {"from": str(first.date()), "to": str(last.date()), "grain": grain}
    found = _ask(where, "GET", "journal", READ, params=span)
    if as_json:
        click.echo(json.dumps(found))
    else:
        _table(("day", "event", "account", "number", "currency", "amount"), found["lines"])
    for one in found["unmapped"]:
        click.echo(f"No mapping names {one['account']} of {one['event']} on {one['day']}.", err=True)
    if found["unmapped"]:
        raise SystemExit(1)


@general_ledger.command("export", epilog="Example: plaudit general-ledger export 2026-10-31 --first 2026-10-01")
@to_work
@json_option
@grain_option
@name_option
@click.option("--first", type=day_type, help="The first day of the first export; later ones go on by themselves")
@click.argument("last", type=day_type)
def export(where: Where, as_json: bool, grain: str, name: str | None, first: Any, last: Any) -> None:
    """Hand the days since the last export to finance, until LAST: they get the next number, once."""
    body = {"last_day": str(last.date()), "grain": grain}
    if first is not None:
        body["first_day"] = str(first.date())
    headers = {"Idempotency-Key": name or uuid4().hex}
    made = _ask(where, "POST", EXPORTS, WRITE, json=body, headers=headers)
    said = f"Export {made['number']}: {made['first_day']} to {made['last_day']}, {made['lines_count']} lines."
    click.echo(json.dumps(made) if as_json else f"{said} plaudit general-ledger download {made['number']}")


@general_ledger.command("exports", epilog="Example: plaudit general-ledger exports --json")
@to_work
@json_option
def exports(where: Where, as_json: bool) -> None:
    """List which days were handed over, newest first."""
    items = _ask.every(where, EXPORTS, READ)
    if as_json:
        click.echo(json.dumps(items))
    else:
        _table(("number", "first_day", "last_day", "grain", "lines_count", "made_by", "made_at"), items)


@general_ledger.command("download", epilog="Example: plaudit general-ledger download 12 --for-xero --to october")
@to_work
@click.option("--for-xero", is_flag=True, help="As Xero's template of manual journals, in files of 300 lines")
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Into this directory")
@click.argument("number", type=click.IntRange(1))
def download(where: Where, for_xero: bool, to: Path, number: int) -> None:
    """Write the files of export NUMBER; one that is there already is not written over."""
    place = where.place()
    with place.access(_ask.purpose, READ, (_ask.service,)) as key:
        url = f"{place.url('rewards')}/v1/finance/{EXPORTS}/{number}"
        parts = request("GET", url, key)["xero_files_count"] if for_xero else 1
        to.mkdir(parents=True, exist_ok=True)
        for part in range(1, parts + 1):
            asked = {"format": "xero", "part": str(part)} if for_xero else {"format": "csv"}
            file = to / (f"journal-{number}-xero-{part}.csv" if for_xero else f"journal-{number}.csv")
            answer = httpx.get(f"{url}/file", params=asked, headers={"Authorization": f"Bearer {key}"}, timeout=60)
            if not answer.is_success:
                raise click.ClickException(answer.json()["detail"])
            try:
                with file.open("xb") as written:
                    written.write(answer.content)
            except FileExistsError as error:
                raise click.ClickException(f"{file} is there already.") from error
            click.echo(str(file))


@general_ledger.group("mapping")
def mapping() -> None:
    """Propose, approve, withdraw and list which accounts of finance's chart ours are."""


@mapping.command("list", epilog="Example: plaudit general-ledger mapping list")
@to_work
@json_option
def list_mappings(where: Where, as_json: bool) -> None:
    """List mappings, newest first."""
    items = _ask.every(where, MAPPINGS, READ)
    if as_json:
        click.echo(json.dumps(items))
        return
    for one in items:
        one["accounts"] = ", ".join(f"{row['account']} {row['event']} {row['number']}" for row in one["accounts"])
    _table(("mapping_id", "effective_from", "state", "proposed_by", "accounts"), items)


@mapping.command(
    "propose",
    epilog="Example: plaudit general-ledger mapping propose 2026-01-01 accounts.txt",
)
@to_work
@json_option
@name_option
@click.option("--tax-rate", default="Tax Exempt", show_default=True, help="Its name in Xero, for every line")
@click.argument("effective_from", type=day_type)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def propose(where: Where, as_json: bool, name: str | None, tax_rate: str, effective_from: Any, file: Path) -> None:
    """Propose the mapping in FILE from the day EFFECTIVE_FROM on; another person approves it.

    Each line has our account, the event or * for every event, and finance's number: bank * 1800.
    """
    accounts = []
    for number, line in enumerate(file.read_text().splitlines(), 1):
        words = line.split()
        if len(words) not in (0, 3):
            raise click.ClickException(f"Line {number} is not account, event and number: {line.strip()}")
        if words:
            accounts.append(dict(zip(("account", "event", "number"), words, strict=True)))
    body = {"effective_from": str(effective_from.date()), "accounts": accounts, "tax_rate": tax_rate}
    headers = {"Idempotency-Key": name or uuid4().hex}
    _show(_ask(where, "POST", MAPPINGS, WRITE, json=body, headers=headers), as_json=as_json)


@mapping.command(
    "approve",
    epilog='Example: plaudit general-ledger mapping approve 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --key "$OMAR"',
)
@to_work
@json_option
@mapping_argument
def approve(where: Where, as_json: bool, mapping: Any) -> None:
    """Put a MAPPING in force that another person proposed, with a key of your own."""
    _show(_ask(where, "POST", f"{MAPPINGS}/{mapping}/approve", APPROVE), as_json=as_json)


@mapping.command(
    "withdraw",
    epilog="Example: plaudit general-ledger mapping withdraw 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b",
)
@to_work
@json_option
@mapping_argument
def withdraw(where: Where, as_json: bool, mapping: Any) -> None:
    """Have a proposed MAPPING never come into force."""
    _show(_ask(where, "POST", f"{MAPPINGS}/{mapping}/withdraw", WRITE), as_json=as_json)


def _show(entry: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(entry))
        return
    said = f"{len(entry['accounts'])} accounts from {entry['effective_from']} on"
    if entry["state"] == "proposed":
        waits = f"plaudit general-ledger mapping approve {entry['mapping_id']} --key …"
        click.echo(f"{said}: wait until another person approves them: {waits}")
    else:
        click.echo(f"{said}: {entry['state']} ({entry['mapping_id']})")
