"""`plaudit guidelines`: what was reported, decided and appealed against, and who is suspended."""

import json
from typing import Any
from uuid import uuid4

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
who_argument = click.argument("who", metavar="MEMBER")
STATES = ("waiting", "open", "appealed", "upheld", "dismissed", "overturned", "withdrawn")
DECISION_REASONS = ("against_guidelines", "within_guidelines", "mistaken", "edited")
RULING_REASONS = ("confirmed", "new_facts", "mistaken", "too_hard")
note_option = click.option("--note", help="For who moderates; the member does not see it")
_ask = Asking("plaudit guidelines", "scoring", "/v1")
READ, WRITE = ("guidelines:read",), ("guidelines:write",)


@click.group()
def guidelines() -> None:
    """Decide what was reported, and appeals. MEMBER is an id or an identity, like forum:ada."""


def _said(case: Any) -> str:
    what = f"{case['channel']}:{case['object_id']}"
    about = f" about {case['member_name'] or case['member_id']}" if case["member_id"] else ""
    work = "; points are still being worked out" if case["is_being_worked_out"] else ""
    counted = f"{case['reports']} reports, due {case['due_at']}"
    return f"{case['state']}: {what}{about}, {counted}{work} ({case['case_id']})"


def _show(found: Any, *, as_json: bool) -> None:
    click.echo(json.dumps(found) if as_json else written_out(_said(found)))


@guidelines.command("cases", epilog="Example: plaudit guidelines cases --state upheld")
@to_work
@json_option
@click.option("--state", type=click.Choice(STATES), default="waiting", show_default=True, help="Only these")
@click.option("--member", "who", metavar="MEMBER", help="About this member: an id or an identity")
def cases(where: Where, as_json: bool, state: str, who: str | None) -> None:
    """List what was reported, what is to be decided first on top."""
    wanted = {"state": state} | ({"member": who} if who else {})
    items = _ask.every(where, "/guideline-cases", READ, **wanted)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("case", "state", "about", "member", "category", "reports", "due", whole="case")
    for one in items:
        what = (one["case_id"], one["state"], f"{one['channel']}:{one['object_id']}")
        more = (one["member_name"] or one["member_id"], one["category"], one["reports"], one["due_at"][:10])
        table.add_row(*(plain(str(cell if cell is not None else "")) for cell in (*what, *more)))
    Console().print(table)


@guidelines.command("show", epilog="Example: plaudit guidelines show 7e4b1c52-9d0a-4c1b-8a35-1f2e3d4c5b6a")
@to_work
@json_option
@case_argument
def show(where: Where, as_json: bool, case: Any) -> None:
    """Show a CASE: what was said in it, and the history of both sides."""
    found = _ask(where, "GET", f"/guideline-cases/{case}", READ)
    if as_json:
        click.echo(json.dumps(found))
        return
    lines = [
        _said(found),
        f"reversed: {found['reversed']['points']} points of {found['reversed']['awards']} awards",
    ]
    for word in found["said"]:
        what = " ".join(str(word[name]) for name in ("outcome", "category", "reason", "note") if word[name])
        gone = " (taken back)" if word["is_retracted"] else ""
        lines.append(f"{word['said_at']} {word['kind']} by {word['by_name'] or word['by_member']}: {what}{gone}")
    for one in found["reporters"]:
        history = f"{one['reports']} reports, {one['upheld']} upheld, {one['dismissed']} dismissed"
        lines.append(f"reported by {one['name'] or one['member_id']}: {history}")
    lines += [f"before: {_said(one)}" for one in found["others"]]
    for line in lines:
        click.echo(written_out(line))


@guidelines.command(
    "decide", epilog="Example: plaudit guidelines decide 7e4b1c52-9d0a-4c1b-8a35-1f2e3d4c5b6a upheld"
)
@to_work
@json_option
@case_argument
@click.argument("outcome", type=click.Choice(["upheld", "dismissed"]))
@click.option("--reason", type=click.Choice(DECISION_REASONS), help="[default: as the outcome says]")
@click.option("--category", help="Another than it was reported for")
@note_option
def decide(
    where: Where,
    as_json: bool,
    case: Any,
    outcome: str,
    reason: str | None,
    category: str | None,
    note: str | None,
) -> None:
    """Uphold what was reported, or dismiss it. Upheld, the points of the content are reversed."""
    by_itself = "against_guidelines" if outcome == "upheld" else "within_guidelines"
    body = {"outcome": outcome, "reason": reason or by_itself, "category": category, "note": note}
    _show(_ask(where, "POST", f"/guideline-cases/{case}/decide", WRITE, json=body), as_json=as_json)


@guidelines.command(
    "appeal", epilog="Example: plaudit guidelines appeal 7e4b1c52-9d0a-4c1b-8a35-1f2e3d4c5b6a overturned"
)
@to_work
@json_option
@case_argument
@click.argument("outcome", type=click.Choice(["upheld", "changed", "overturned"]))
@click.option("--reason", type=click.Choice(RULING_REASONS), help="[default: as the outcome says]")
@note_option
def appeal(where: Where, as_json: bool, case: Any, outcome: str, reason: str | None, note: str | None) -> None:
    """Decide an appeal: the decision is upheld, changed (without penalty and suspension) or overturned."""
    by_itself = "confirmed" if outcome == "upheld" else "too_hard" if outcome == "changed" else "mistaken"
    body = {"outcome": outcome, "reason": reason or by_itself, "note": note}
    _show(_ask(where, "POST", f"/guideline-cases/{case}/rule", WRITE, json=body), as_json=as_json)


@guidelines.command("suspended", epilog="Example: plaudit guidelines suspended")
@to_work
@json_option
def suspended(where: Where, as_json: bool) -> None:
    """List who is suspended now."""
    items = _ask(where, "GET", "/suspensions", READ)["items"]
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("suspension", "member", "since", "until", whole="suspension")
    for one in items:
        cells = (
            one["suspension_id"],
            one["member_name"] or one["member_id"],
            one["starts_at"][:10],
            (one["ends_at"] or "")[:10],
        )
        table.add_row(*(plain(str(cell or "")) for cell in cells))
    Console().print(table)


@guidelines.command("suspend", epilog="Example: plaudit guidelines suspend forum:mallory --days 7 --for spam")
@to_work
@json_option
@who_argument
@click.option("--days", type=click.IntRange(1, 1096), help="[default: until it is lifted]")
@click.option("--for", "reason", metavar="CATEGORY", required=True, help="A category of the guidelines")
@click.option("--name", help="Names the request: made again by the same name it is the same one")
def suspend(where: Where, as_json: bool, who: str, days: int | None, reason: str, name: str | None) -> None:
    """Suspend a MEMBER from now on: they earn nothing and stand on no board."""
    headers = {"Idempotency-Key": name or uuid4().hex}
    body = {"member": who, "days": days, "reason": reason}
    _show_suspension(_ask(where, "POST", "/suspensions", WRITE, json=body, headers=headers), as_json=as_json)


@guidelines.command("lift", epilog="Example: plaudit guidelines lift c3a1c9d2-1f5e-5b7a-8d0b-2a3b4c5d6e7f")
@to_work
@json_option
@click.argument("suspension", type=click.UUID)
def lift(where: Where, as_json: bool, suspension: Any) -> None:
    """End a SUSPENSION now. What was done during it earned nothing, and does not later."""
    _show_suspension(_ask(where, "POST", f"/suspensions/{suspension}/lift", WRITE), as_json=as_json)


def _show_suspension(found: Any, *, as_json: bool) -> None:
    until = found["ends_at"] or "somebody lifts it"
    line = f"{found['member_id']} is suspended from {found['starts_at']} until {until} ({found['suspension_id']})"
    click.echo(json.dumps(found) if as_json else written_out(line))
