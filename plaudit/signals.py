"""`plaudit signals`: awards that are held because friends may hand points to one another, released and denied."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.services_asked import Asking
from plaudit.terminal import plain
from shared.contracts.texts import written_out

to_work = where_options(URL, KEY, COMMUNITY)
case_argument = click.argument("case", type=click.UUID)
cases_argument = click.argument("cases", metavar="CASE…", type=click.UUID, nargs=-1, required=True)
note_option = click.option("--note", help="For whoever looks later; the member never reads it")
STATES = ("held", "release_asked", "marked", "released", "denied", "gone")
READ, WRITE, APPROVE = ("points:read",), ("points:write",), ("points:approve",)
_ask = Asking("plaudit signals", "scoring", "/v1/signals")


@click.group()
def signals() -> None:
    """See awards that are held, and release or deny them."""


@signals.command("list", epilog="Example: plaudit signals list --state marked")
@to_work
@json_option
@click.option("--state", type=click.Choice(STATES), help="Only these [default: what waits for somebody]")
@click.option("--member", "who", metavar="MEMBER", help="Of this member: an id or an identity, like forum:ada")
def list_cases(where: Where, as_json: bool, state: str | None, who: str | None) -> None:
    """List cases of held awards, the strongest first."""
    wanted = {name: value for name, value in (("state", state), ("member", who)) if value}
    items = _ask.every(where, "", READ, **wanted)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("case", "member", "score", "held", "state", "found", "since", whole="case")
    for one in items:
        found = ", ".join(signal["signal"] for signal in one["signals"])
        who_is = one["member_name"] or one["member_id"]
        row = (one["case_id"], who_is, f"{one['score_percent']} %", one["held_points"], one["state"], found)
        table.add_row(*(plain(str(cell)) for cell in (*row, one["opened_at"][:10])))
    Console().print(table)


@signals.command("show", epilog="Example: plaudit signals show 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b")
@to_work
@json_option
@case_argument
def show_case(where: Where, as_json: bool, case: Any) -> None:
    """Show what was found in a CASE, who gave whom how much, and what is held."""
    found = _ask(where, "GET", f"/{case}", READ)
    for line in [json.dumps(found)] if as_json else case_lines(found):
        click.echo(line)


def case_lines(one: Mapping[str, Any]) -> list[str]:
    """A case in words."""
    who = one["member_name"] or one["member_id"]
    lines = [
        written_out(f"{who}: {one['state']}, score {one['score_percent']} %"),
        f"{one['held_points']:,} points of {one['held_awards']:,} awards, {one['starts_on']} to {one['ends_on']}",
    ]
    if one["worth"] is not None:
        lines.append(f"worth: {one['worth']['minor']:,} minor units of {one['worth']['currency']}")
    lines += [f"  {signal['signal']} {signal['score_percent']} %: {signal['words']}" for signal in one["signals"]]
    for pair in one["pairs"]:
        giver = pair["giver_name"] or pair["giver_id"]
        receiver = pair["receiver_name"] or pair["receiver_id"]
        lines.append(
            written_out(f"  {giver} to {receiver}: {pair['points']:,} points, {pair['back_points']:,} came back")
        )
    if one["ring_case_ids"]:
        lines.append(f"also in it: {' '.join(one['ring_case_ids'])}")
    if one["decided_by"] is not None:
        note = f" ({one['note']})" if one["note"] else ""
        lines.append(written_out(f"{one['decided_by']}, {one['decided_at']}: {one['reason']}{note}"))
    return lines


@signals.command(
    "release", epilog="Example: plaudit signals release 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --because honest"
)
@to_work
@json_option
@note_option
@click.option("--because", type=click.Choice(["honest", "same_place"]), required=True, help="Why")
@cases_argument
def release(where: Where, as_json: bool, note: str | None, because: str, cases: Sequence[Any]) -> None:
    """Give what CASES hold; several at once, as those of a ring. Much of it takes another person's `approve`."""
    _decide(where, "release", cases, because, note, as_json=as_json)


@signals.command(
    "deny", epilog="Example: plaudit signals deny 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --because traded"
)
@to_work
@json_option
@note_option
@click.option(
    "--because",
    type=click.Choice(["traded", "one_person", "automated"]),
    required=True,
    help="Why; the member reads it",
)
@cases_argument
def deny(where: Where, as_json: bool, note: str | None, because: str, cases: Sequence[Any]) -> None:
    """Give nobody what CASES hold; several at once, as those of a ring."""
    _decide(where, "deny", cases, because, note, as_json=as_json)


@signals.command(
    "approve", epilog='Example: plaudit signals approve 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --key "$OMAR"'
)
@to_work
@json_option
@case_argument
def approve(where: Where, as_json: bool, case: Any) -> None:
    """Approve that a CASE is released, as another person asked, with a key of your own."""
    _show([_ask(where, "POST", f"/{case}/approve", APPROVE)], as_json=as_json)


def _decide(
    where: Where, decision: str, cases: Sequence[Any], because: str, note: str | None, *, as_json: bool
) -> None:
    body = {"case_ids": [str(case) for case in cases], "decision": decision, "reason": because, "note": note}
    _show(_ask(where, "POST", "/decisions", WRITE, json=body), as_json=as_json)


def _show(cases: Sequence[Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(cases))
        return
    for one in cases:
        more = f": another person approves it: plaudit signals approve {one['case_id']} --key …"
        click.echo(f"{one['case_id']}: {one['state']}" + (more if one["state"] == "release_asked" else ""))
