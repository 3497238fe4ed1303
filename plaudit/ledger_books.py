"""Commands of `plaudit ledger`: the trial balance, the chain of blocks verified, and the books as a file."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from plaudit.beancount import NotAgreedError, Sides, beancount_lines
from plaudit.blocks import BrokenChainError, Link, links_in, verified
from plaudit.calls import PAGE_MAX_COUNT, every_item, request
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.terminal import plain

to_work = where_options(URL, KEY, COMMUNITY)
READ = ("payouts:read",)


@click.command("balances", epilog="Example: plaudit ledger balances --at 2026-10-31T23:00:00Z --community demo")
@to_work
@json_option
@click.option("--at", metavar="MOMENT", help="By what was booked until then, as 2026-10-31T23:00:00Z; else now")
def balances(where: Where, as_json: bool, at: str | None) -> None:
    """Show the trial balance: what is on every kind of account, which sums to zero in each currency."""
    place = where.place()
    with place.access("plaudit ledger", READ, ("rewards",)) as key:
        url = f"{place.url('rewards')}/v1/ledger/accounts"
        found = request("GET", url, key, params={"at": at} if at else {})
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("account", "whose", "currency", "debit", "credit")
    for one in found["accounts"]:
        whose = "the community's" if one["account_id"] else f"{one['accounts_count']:,} members'"
        value = f"{abs(one['amount']):,}"
        sides = (value, "") if one["amount"] < 0 else ("", value)
        table.add_row(*(plain(cell) for cell in (one["kind"], whose, one["currency"], *sides)))
    Console().print(table)
    click.echo(f"As of {found['at']}; points, and money in minor units")
    for one in found["totals"]:
        click.echo(f"{one['currency']}: all accounts sum to {one['total']:,}")
    if any(one["total"] for one in found["totals"]):
        raise click.ClickException("The ledger does not sum to zero.")


@click.command("verify", epilog="Example: plaudit ledger verify ledger.jsonl --kept 12:3f1c...")
@to_work
@json_option
@click.option("--kept", metavar="NUMBER:HASH", help="A block as you kept it: it has to be in the chain")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(where: Where, as_json: bool, kept: str | None, file: Path | None) -> None:
    """Compute every hash of the chain again: of the ledger as it is now, or of a FILE that was exported before.

    A FILE is verified on this machine alone. Keep the last block's number and hash somewhere else, and say them
    with --kept the next time: whoever changes the past has to change every block since.
    """
    held = _kept(kept)
    last, entries, is_kept = None, 0, held is None
    try:
        if file is not None:
            with file.open(encoding="utf-8") as lines:
                for last in verified(links_in(lines)):
                    entries += len(last.lines)
                    is_kept = is_kept or held == (last.number, last.hash)
        else:
            place = where.place()
            with place.access("plaudit ledger", READ, ("rewards",)) as key:
                for last in verified(_links(place.url("rewards"), key)):
                    entries += len(last.lines)
                    is_kept = is_kept or held == (last.number, last.hash)
    except BrokenChainError as error:
        raise click.ClickException(f"The chain does not hold: {error}.") from error
    if not is_kept:
        raise click.ClickException(f"The chain does not hold: it has no block {kept}, which you kept.")
    if as_json:
        said = {"blocks": last.number if last else 0, "entries": entries, "hash": last.hash if last else None}
        click.echo(json.dumps(said))
    elif last is None:
        click.echo("The chain has no block yet")
    else:
        click.echo(f"The chain holds: {last.number:,} blocks with {entries:,} entries")
        click.echo(f"Keep this elsewhere: --kept {last.number}:{last.hash}")


@click.command("export", epilog="Example: plaudit ledger export books.beancount --as beancount --community demo")
@to_work
@click.option(
    *("--as", "form"),
    type=click.Choice(["blocks", "beancount"]),
    default="blocks",
    show_default=True,
    help="The chain, a JSON line for each block; or a ledger that bean-check takes, with its balances",
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(where: Where, form: str, file: Path) -> None:
    """Write all that was booked and chained until now to a FILE, which must not be there yet."""
    if file.exists():
        raise click.ClickException(f"{file} is there already; choose another name.")
    place = where.place()
    with place.access("plaudit ledger", READ, ("rewards",)) as key:
        url = place.url("rewards")
        at = datetime.now(UTC).isoformat()
        waits = request("GET", f"{url}/v1/ledger/chain", key)
        if waits["waiting_count"]:
            raise click.ClickException(
                f"{waits['waiting_count']:,} entries wait for their block, which takes a second or so: try again."
            )
        try:
            links = verified(_links(url, key))
            if form == "blocks":
                lines: Iterator[str] = (link.as_json() for link in links)
            else:
                lines = beancount_lines(links, _sides(url, key, at), at=datetime.fromisoformat(at))
            count = _write(file, lines)
        except BrokenChainError as error:
            raise click.ClickException(f"The chain does not hold: {error}. Nothing was written.") from error
        except NotAgreedError as error:
            raise click.ClickException(f"{error}. Nothing was written.") from error
    click.echo(f"{file}: {count:,} lines")


def _write(file: Path, lines: Iterator[str]) -> int:
    """Write lines to a file that is whole or not there; return how many they are."""
    part = file.with_name(f"{file.name}.part")
    count = 0
    try:
        with part.open("w", encoding="utf-8") as written:
            for count, line in enumerate(lines, 1):  # noqa: B007 -- how many they were
                written.write(f"{line}\n")
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return count


def _kept(said: str | None) -> tuple[int, str] | None:
    if said is None:
        return None
    number, _, value = said.partition(":")
    if not number.isdecimal() or not value:
        raise click.UsageError("--kept is a block's number and its hash, as 12:3f1c...")
    return int(number), value


def _links(url: str, key: str) -> Iterator[Link]:
    """Every block there is, from the first on, as the service reads it now."""
    after = None
    while True:
        params: dict[str, Any] = {"limit": PAGE_MAX_COUNT} | ({"after": after} if after else {})
        page = request("GET", f"{url}/v1/ledger/blocks", key, params=params)
        for one in page["items"]:
            block = request("GET", f"{url}/v1/ledger/blocks/{one['number']}", key)
            yield Link(*(block[name] for name in Link._fields))
        after = page["next"]
        if after is None:
            return


def _sides(url: str, key: str, at: str) -> Sides:
    """What was on every account at a moment, as the books say it: members' and the community's."""
    sums = request("GET", f"{url}/v1/ledger/accounts", key, params={"at": at})["accounts"]
    sides = {one["account_id"]: one["amount"] for one in sums if one["account_id"]}
    for one in sums:
        if one["account_id"] is None:
            said = {"kind": one["kind"], "currency": one["currency"], "at": at}
            for account in every_item(f"{url}/v1/ledger/member-accounts", key, **said):
                sides[account["account_id"]] = account["amount"]
    return sides
