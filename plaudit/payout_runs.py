"""`plaudit payout-runs`: make, look at, approve, file and give up payout runs, with how far each is."""

import json
import time
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from plaudit.bank_files import file_command
from plaudit.calls import request
from plaudit.listing import listing
from plaudit.places import ADMIN_KEY, COMMUNITY, KEY, URL, Where, where_options
from plaudit.provider_payouts import PAYING
from plaudit.terminal import plain
from shared.currencies import decimal_amount

PAUSE_SECONDS = 1.0
RUNS_MAX_COUNT = 1_000

to_pay = where_options(URL, KEY, ADMIN_KEY, COMMUNITY)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script")
run_argument = click.argument("run", type=click.UUID)


@click.group("payout-runs")
def payout_runs() -> None:
    """Make, look at, approve, file and give up payout runs. Whoever makes one does not approve it."""


payout_runs.add_command(file_command)


@payout_runs.command("preview", epilog="Example: plaudit payout-runs preview --json")
@to_pay
@json_option
def preview(where: Where, as_json: bool) -> None:
    """Say what runs would pay if they were made now: one by bank in each currency, and one by each provider.

    What would wait is beside it, with the reasons. Nothing is kept; a schedule would prepare these runs.
    """
    place = where.place()
    with place.access("plaudit payout-runs", ("payouts:read",), ("rewards",)) as key:
        found = request("GET", f"{place.url('rewards')}/v1/payout-run-previews", key)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("by", "currency", "paid", "amount", "held", "held amount", "not fitting")
    for rail in found["items"]:
        would = rail["would"]
        cells = [""] * 5 if would is None else _would(would)
        table.add_row(*map(plain, (rail["provider"] or "bank", rail["currency"], *cells)))
    Console().print(table)
    for rail in found["items"]:
        name = f"{rail['provider'] or 'bank'} in {rail['currency']}"
        if rail["would"] is None:
            click.echo(f"{name}: no run can be made: {plain(rail['not_made'])}")
            continue
        if rail["would"]["stopped"]:
            click.echo(f"{name}: it would not go on: {plain(rail['would']['stopped'])}")
        for held in rail["would"]["held_for"]:
            click.echo(f"{name}: {held['payouts_count']} would wait: {plain(held['reason'])}")


def _payouts(count: int) -> str:
    return "1 payout" if count == 1 else f"{count:,} payouts"


def _would(would: dict[str, Any]) -> list[str]:
    """What a run would pay and what would wait in it, and how many would not fit, as cells."""
    cells = []
    for name in ("paid", "held"):
        amount = decimal_amount(would[name]["amount_minor"], would["currency"])
        cells += [str(would[name]["payouts_count"]), str(amount)]
    return [*cells, str(would["left_payable_count"] + would["left_held_count"])]


@payout_runs.command("make", epilog='Example: plaudit payout-runs make --name week-2026-W05 --key "$MAKER"')
@to_pay
@json_option
@click.option("--name", required=True, help="Names the run: made again by the same name it is the same run")
@click.option(
    "--all",
    "is_all",
    is_flag=True,
    help="Make further runs, NAME-2, NAME-3 and so on, until nobody is left who can be paid; a file each",
)
@click.option(
    "--by",
    "provider",
    type=click.Choice(PAYING),
    help="Pay those who want to be paid by this provider; else by bank",
)
@click.option(
    "--currency",
    metavar="CODE",
    help="Pay in this one, as JPY, whoever chose it, at the rate in force; where not said, in that of the price",
)
def make(where: Where, as_json: bool, name: str, is_all: bool, provider: str | None, currency: str | None) -> None:
    """Compute what is owed to whom. Whoever waits longest comes first.

    A run has a file, and no more in it than its bank takes: with --all what is over goes into further runs.
    """
    place = where.place()
    with place.access("plaudit payout-runs", ("payouts:write", "payouts:read"), ("rewards",)) as key:
        for number in range(1, (RUNS_MAX_COUNT if is_all else 1) + 1):
            named = name if number == 1 else f"{name}-{number}"
            url = f"{place.url('rewards')}/v1/payout-runs"
            wanted = {"provider": provider, "currency": currency.upper() if currency else None}
            wanted = {field: value for field, value in wanted.items() if value}
            body = {"json": wanted} if wanted else {}
            answer = request("POST", url, key, headers={"Idempotency-Key": named}, **body)
            run = _followed(f"{url}/{answer['run_id']}", key, answer)
            # One with nobody in it has nothing that fits: neither has the next.
            is_last = not is_all or run["complete"] or not run["payouts"] or run["stopped"] is not None
            _print(run, as_json, is_last=is_last)
            if is_last:
                return
    raise click.ClickException(f"after {RUNS_MAX_COUNT} runs members are left still: begin with another name")


@payout_runs.command(
    "approve",
    epilog="Example: plaudit payout-runs approve 5ea96c72-334c-587d-89c3-d177db83474e"
    ' --seal "$SEAL" --key "$APPROVER"',
)
@to_pay
@json_option
@run_argument
@click.option("--seal", help="The seal of the run as you saw it: when it has another one, nothing is approved")
def approve(where: Where, as_json: bool, run: str, seal: str | None) -> None:
    """Approve a RUN that somebody else made."""
    body = {"json": {"seal": seal}} if seal else {}
    _do(where, as_json, f"/{run}/approve", scope="payouts:approve", **body)


@payout_runs.command(
    "write", epilog='Example: plaudit payout-runs write 5ea96c72-334c-587d-89c3-d177db83474e --key "$MAKER"'
)
@to_pay
@json_option
@run_argument
def write(where: Where, as_json: bool, run: str) -> None:
    """Write the bank file of an approved RUN, and submit its payouts."""
    _do(where, as_json, f"/{run}/file", scope="payouts:write")


@payout_runs.command(
    "cancel", epilog='Example: plaudit payout-runs cancel 5ea96c72-334c-587d-89c3-d177db83474e --key "$MAKER"'
)
@to_pay
@json_option
@run_argument
def cancel(where: Where, as_json: bool, run: str) -> None:
    """Give up a RUN whose bank file is not written yet."""
    _do(where, as_json, f"/{run}/cancel", scope="payouts:write")


@payout_runs.command(
    "show",
    epilog="Example: plaudit payout-runs show 5ea96c72-334c-587d-89c3-d177db83474e",
)
@to_pay
@json_option
@run_argument
def show(where: Where, as_json: bool, run: str) -> None:
    """Show a RUN, and wait while it is worked at."""
    place = where.place()
    with place.access("plaudit payout-runs", ("payouts:read",), ("rewards",)) as key:
        _print(_followed(f"{place.url('rewards')}/v1/payout-runs/{run}", key, {}), as_json)


@payout_runs.command(
    "fees", epilog="Example: plaudit payout-runs fees 5ea96c72-334c-587d-89c3-d177db83474e --json"
)
@to_pay
@json_option
@run_argument
def fees(where: Where, as_json: bool, run: str) -> None:
    """Say what a RUN by a provider would cost: what would leave, what members would get, and the fee."""
    place = where.place()
    with place.access("plaudit payout-runs", ("payouts:read",), ("rewards",)) as key:
        found = request("GET", f"{place.url('rewards')}/v1/payout-runs/{run}/fees", key)
    if as_json:
        click.echo(json.dumps(found))
        return
    cost = found["cost"]
    if cost is None:
        click.echo(plain(f"not quoted: {found['not_quoted']}"))
        return
    leaves, fee = (
        f"{decimal_amount(cost[name], cost['leaves_currency'])} {cost['leaves_currency']}"
        for name in ("leaves_minor", "fee_minor")
    )
    gets = f"{decimal_amount(cost['gets_minor'], cost['gets_currency'])} {cost['gets_currency']}"
    rate = f", at {cost['rate']}" if cost["rate"] else ""
    until = f", until {cost['expires_at']}" if cost["expires_at"] else ""
    click.echo(
        plain(
            f"{_payouts(cost['payouts_count'])}: {leaves} leave, members get {gets}, {fee} are fees{rate}{until}"
        )
    )


def _do(where: Where, as_json: bool, path: str, *, scope: str, **options: Any) -> None:
    place = where.place()
    url = f"{place.url('rewards')}/v1/payout-runs"
    with place.access("plaudit payout-runs", (scope, "payouts:read"), ("rewards",)) as key:
        answer = request("POST", f"{url}{path}", key, **options)
        _print(_followed(f"{url}/{answer['run_id']}", key, answer), as_json)


def _followed(url: str, key: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The run once nobody works at it any more, or nothing goes on: until then a bar shows how far it is."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        while True:
            run: dict[str, Any] = answer if "progress" in answer else request("GET", url, key)
            progress = run["progress"]
            if progress is None or run["stopped"] is not None:
                return run
            bar.update(
                task, description=run["state"], completed=progress["done_count"], total=progress["total_count"]
            )
            time.sleep(PAUSE_SECONDS)
            answer = {}


def _print(run: dict[str, Any], as_json: bool, *, is_last: bool = True) -> None:
    if as_json:
        click.echo(json.dumps(run))
        return
    click.echo(f"payout run {run['run_id']} is {run['state']}, with the seal {run['seal'] or '(none)'}")
    rate = run["exchange"]
    if rate is not None:
        less = f", less {rate['spread_basis_points'] / 100:g} %" if rate["spread_basis_points"] else ""
        said = f"1 {rate['price_currency']} is {rate['rate']} {rate['currency']}{less}"
        click.echo(f"{said}, by the rate of {rate['rate_day']}")
    if run["stopped"] is not None:
        click.echo(f"it is stopped: {plain(run['stopped'])}")
    table = listing("payouts", "count", "points", f"minor units of {run['currency']}")
    for state_sum in run["payouts"]:
        table.add_row(*map(str, (state_sum[name] for name in ("state", "count", "points", "amount_minor"))))
    Console().print(table)
    if is_last and (run["left_payable_count"] or run["left_held_count"]):
        click.echo(
            f"{run['left_payable_count']} members who can be paid and {run['left_held_count']} without bank "
            "details did not fit: make another run"
        )
