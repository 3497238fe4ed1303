"""`plaudit payout schedule`: when payout runs are prepared. Another person approves that, and each of the runs."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.periods import APPROVE, READ, WRITE, to_work
from plaudit.places import Where
from plaudit.services_asked import Asking
from plaudit.terminal import plain

SCHEDULES = "payout-schedules"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
schedule_argument = click.argument("schedule_id", metavar="SCHEDULE", type=click.UUID)
_ask = Asking("plaudit payout", "rewards", "/v1/")


@click.group("schedule")
def schedule() -> None:
    """Have payout runs prepared. Whoever proposes a schedule approves neither it nor its runs."""


@schedule.command("list", epilog="Example: plaudit payout schedule list --json")
@to_work
@json_option
@click.option("--state", type=click.Choice(["proposed", "approved", "withdrawn"]), help="Only those in this state")
def list_schedules(where: Where, as_json: bool, state: str | None) -> None:
    """List when payout runs are prepared; newest first."""
    found = _ask.every(where, SCHEDULES, READ, **({"state": state} if state else {}))
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("schedule", "when", "from", "next", "last", "state", "proposed by", "decided by")
    for one in found:
        following = one["next_times"][0]["at"] if one["next_times"] else ""
        last = one["last_time"]
        past = f"{last['day']}: {last['state']}" if last else ""
        people = (one["proposed_by"], one["decided_by"] or "")
        cells = (one["schedule_id"], _when(one), one["effective_from"], following, past, _state(one), *people)
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)
    stopped = next((one["runs_stopped"] for one in found if one["runs_stopped"]), None)
    if stopped is not None:
        click.echo(f"Runs do not go on just now: {stopped}.")


@schedule.command(
    "propose",
    epilog='Example: plaudit payout schedule propose 2026-01-01 --every month --on 28 --at 09:00 --key "$MIA"',
)
@to_work
@json_option
@click.argument("since", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--every", type=click.Choice(["week", "month", "quarter"]), required=True, help="How often")
@click.option(
    "--on",
    "on_day",
    type=click.IntRange(1, 31),
    required=True,
    help="The day of the week, Monday is 1, or of the month; where that is shorter, its last day",
)
@click.option("--month", "month_of_quarter", type=click.IntRange(1, 3), help="Which month of each quarter")
@click.option("--at", default="09:00", show_default=True, help="When clocks of the community show this")
@click.option("--name", help="Names the proposal: made again by the same name it is the same one")
def propose_schedule(
    where: Where,
    as_json: bool,
    since: Any,
    every: str,
    on_day: int,
    month_of_quarter: int | None,
    at: str,
    name: str | None,
) -> None:
    """Propose when payout runs are prepared, from DAY on; another person approves it."""
    body = {
        "effective_from": str(since.date()),
        "every": every,
        "on_day": on_day,
        "month_of_quarter": month_of_quarter,
        "at": at,
    }
    headers = {"Idempotency-Key": name or uuid4().hex}
    _show(_ask(where, "POST", SCHEDULES, WRITE, json=body, headers=headers), as_json=as_json)


@schedule.command(
    "approve",
    epilog='Example: plaudit payout schedule approve 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --key "$OMAR"',
)
@to_work
@json_option
@schedule_argument
def approve_schedule(where: Where, as_json: bool, schedule_id: Any) -> None:
    """Put a schedule in force that another person proposed. Its runs are approved one by one."""
    _show(_ask(where, "POST", f"{SCHEDULES}/{schedule_id}/approve", APPROVE), as_json=as_json)


@schedule.command(
    "withdraw", epilog="Example: plaudit payout schedule withdraw 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b"
)
@to_work
@json_option
@schedule_argument
def withdraw_schedule(where: Where, as_json: bool, schedule_id: Any) -> None:
    """Have a proposed schedule never come into force."""
    _show(_ask(where, "POST", f"{SCHEDULES}/{schedule_id}/withdraw", WRITE), as_json=as_json)


@schedule.command("stop", epilog="Example: plaudit payout schedule stop 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b")
@to_work
@json_option
@schedule_argument
def stop_schedule(where: Where, as_json: bool, schedule_id: Any) -> None:
    """Have no more runs prepared. Runs that there are stay."""
    _show(_ask(where, "POST", f"{SCHEDULES}/{schedule_id}/stop", WRITE), as_json=as_json)


@schedule.command("times", epilog="Example: plaudit payout schedule times 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b")
@to_work
@json_option
@schedule_argument
def list_times(where: Where, as_json: bool, schedule_id: Any) -> None:
    """List the times of a schedule that have come, and what became of each; newest first."""
    found = _ask.every(where, f"{SCHEDULES}/{schedule_id}/times", READ)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("day", "at", "by", "state", "run", "why not", "missed before")
    nothing = {"provider": None, "currency": "", "run_id": None}
    for one in found:
        runs = one["runs"] or [nothing | {"state": one["state"], "reason": one["reason"]}]
        for run in runs:
            by = f"{run['provider'] or 'bank'} {run['currency']}".strip() if one["runs"] else ""
            cells = (one["day"], one["at"], by, run["state"], run["run_id"] or "", run["reason"] or "")
            table.add_row(*(plain(cell) for cell in (*cells, f"{one['missed_count']:,}")))
    Console().print(table)


def _when(one: Mapping[str, Any]) -> str:
    at = f"at {one['at']} {one['time_zone']}"
    if one["every"] == "week":
        return f"every {WEEKDAYS[one['on_day'] - 1]} {at}"
    if one["every"] == "quarter":
        return f"day {one['on_day']} of month {one['month_of_quarter']} of each quarter {at}"
    return f"day {one['on_day']} of each month {at}"


def _state(one: Mapping[str, Any]) -> str:
    return "stopped" if one["stopped_at"] else str(one["state"])


def _show(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(one))
        return
    click.echo(f"{_when(one).capitalize()}, from {one['effective_from']}: {_state(one)} ({one['schedule_id']}).")
    if one["state"] == "proposed":
        click.echo(f"Another person approves it: plaudit payout schedule approve {one['schedule_id']} --key …")
    for following in one["next_times"][:1]:
        click.echo(f"The next run is prepared at {following['at']}.")
    if one["runs_stopped"]:
        click.echo(f"Runs do not go on just now: {one['runs_stopped']}.")
