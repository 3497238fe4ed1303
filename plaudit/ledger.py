"""`plaudit ledger`: whether every point and every cent is where it should be."""

import json
import time
from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console

from plaudit.calls import request
from plaudit.ledger_books import balances, export, verify
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.terminal import plain

READS = ("payouts:read",)
POLL_SECONDS = 0.5
#: What of an answer lists things that are wrong.
FINDINGS = (
    "unbalanced_transfers",
    "balance_differences",
    "lot_differences",
    "sum_differences",
    "turnover_differences",
    "account_differences",
    "use_differences",
    "state_differences",
    "seal_differences",
    "block_differences",
)


@click.group()
def ledger() -> None:
    """Check the ledger, see its balances, verify its chain of blocks, and export the books."""


ledger.add_command(balances)
ledger.add_command(export)
ledger.add_command(verify)


@ledger.command("check", epilog="Example: plaudit ledger check --wait-seconds 600")
@where_options(URL, KEY, COMMUNITY)
@json_option
@click.option("--last", is_flag=True, help="Show what the last check found, and check nothing")
@click.option(
    "--wait-seconds",
    type=click.IntRange(1, 86_400),
    default=600,
    show_default=True,
    help="How long to wait for it; it goes on all the same",
)
def check(where: Where, as_json: bool, last: bool, wait_seconds: int) -> None:
    """Compute every balance again, compare all that stands on the ledger with it, and say what differs.

    Ends with 1 when something is wrong.
    """
    place = where.place()
    with place.access("plaudit ledger", READS, ("rewards",)) as key:
        url = f"{place.url('rewards')}/v1/ledger/checks"
        checks = request("GET" if last else "POST", url, key)
        if not last:
            checks = _awaited(url, key, checks, wait_seconds)
    if checks["last"] is None:
        raise click.ClickException("Nobody has asked for a check yet: leave --last out.")
    if as_json:
        click.echo(json.dumps(checks["last"]))
    else:
        _show(checks)
    if not checks["last"]["balanced"]:
        raise SystemExit(1)


def _awaited(url: str, key: str, checks: Any, wait_seconds: int) -> Any:
    """What is known once no check waits any more; how far it is goes to stderr."""
    until, told = time.monotonic() + wait_seconds, -1
    while checks["asked_at"] is not None:
        if checks["parts_done"] > told and checks["started_at"] is not None:
            told = checks["parts_done"]
            click.echo(f"{told} of {checks['parts_count']} parts are done", err=True)
        if time.monotonic() > until:
            raise click.ClickException(
                f"It is not done after {wait_seconds} s, and goes on: `plaudit ledger check --last` shows it."
            )
        time.sleep(POLL_SECONDS)
        checks = request("GET", url, key)
    if checks["took_too_long"]:
        raise click.ClickException(
            "The service gave it up: it took longer than PLAUDIT_LEDGER_CHECK_SECONDS allows each part."
        )
    return checks


def _show(checks: Mapping[str, Any]) -> None:
    found = checks["last"]
    right = "balances" if found["balanced"] else "is WRONG"
    click.echo(
        f"The ledger {right}: {found['entries_count']:,} entries as of {found['checked_at']}, "
        f"in {checks['took_seconds']:.1f} s."
    )
    if not found["told_compared"]:
        click.echo("Seals were not compared with what was told: the broker does not answer.")
    wrong = [(name, one) for name in FINDINGS for one in found[name]]
    wrong += [("sums", one) for one in found["sums"] if one["total"]]
    if wrong:
        table = listing("what", "which")
        for name, one in wrong:
            which = ", ".join(f"{field} {value}" for field, value in one.items() if value is not None)
            table.add_row(plain(name), plain(which))
        Console().print(table)
