"""`plaudit decision`: what was noted and decided on figures, and what indicators aim at."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.programme.asking import show
from plaudit.services_asked import Asking
from plaudit.terminal import plain
from shared.contracts.figures import FIGURE_NAMES, INDICATOR_NAMES
from shared.contracts.texts import written_out

to_work = where_options(URL, KEY, COMMUNITY)
LOOK, DECIDE = ("analytics:read",), ("programmes:write",)
SHOWN_MAX_COUNT = 200
DAY = click.DateTime(formats=["%Y-%m-%d"])
STATES = ("stands", "kept", "changed", "dropped", "withdrawn")
_ask_ingest = Asking("plaudit decision", "ingest")
_ask_analytics = Asking("plaudit decision", "analytics")


@click.group()
def decision() -> None:
    """Write down what is decided on a figure, look at it again, and say what indicators aim at."""


def _path(decision_id: str, verb: str = "") -> str:
    return f"/v1/decisions/{quote(decision_id, safe='')}{verb}"


@decision.command("list", epilog="Example: plaudit decision list --figure answered_in_time --due")
@to_work
@json_option
@click.option("--figure", type=click.Choice(FIGURE_NAMES), metavar="FIGURE", help="On this figure alone")
@click.option("--state", type=click.Choice(STATES), help="Those in this state alone")
@click.option("--due", is_flag=True, help="Those alone that are to be looked at again by now")
@click.option("--limit", type=click.IntRange(1, SHOWN_MAX_COUNT), default=50, show_default=True, help="So many")
def list_decisions(
    where: Where, as_json: bool, figure: str | None, state: str | None, due: bool, limit: int
) -> None:
    """List what was noted and decided, the newest first, with the figure as it was then and is now."""
    wanted = {"limit": limit, "figure": figure, "state": state, "due": "true" if due else None}
    params = {name: value for name, value in wanted.items() if value is not None}
    items = _ask_ingest(where, "GET", "/v1/decisions", LOOK, params=params)["items"]
    beside = {"limit": SHOWN_MAX_COUNT} | ({} if figure is None else {"figure": figure})
    known = {
        one["decision_id"]: one
        for one in _ask_analytics(where, "GET", "/v1/decided-figures", LOOK, params=beside)["items"]
    }
    for one in items:
        found = known.get(one["decision_id"])
        one["value_now"] = None if found is None else found["value_now"]
    if as_json:
        click.echo(json.dumps(items))
        return
    if not items:
        click.echo("nothing was decided yet")
        return
    table = listing("what", "figure", "then", "now", "look again", "state", "id")
    for one in items:
        cells = (
            (one["text"] or "")[:60],
            one["figure"] if one["about"] is None else f"{one['figure']} {one['about']}",
            _amount(one["value"]),
            _amount(one["value_now"]),
            one["review_on"] or "–",
            one["state"],
            one["decision_id"],
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


def _amount(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


@decision.command("show", epilog="Example: plaudit decision show 0195f3f4-9b21-7c13-8d5e-6f7a8b9c0d1e")
@to_work
@json_option
@click.argument("decision_id", metavar="DECISION")
def show_decision(where: Where, as_json: bool, decision_id: str) -> None:
    """Show a decision, and what its reviews came to."""
    show(_ask_ingest(where, "GET", _path(decision_id), LOOK), as_json=as_json, words=decision_lines)


def decision_lines(found: Mapping[str, Any]) -> list[str]:
    """A decision in words."""
    about = "" if found["about"] is None else f" {found['about']}"
    lines = [
        written_out(
            f"{found['figure']}{about}, {_amount(found['value'])} on {found['seen_on']}: {found['state']}"
        ),
        written_out(found["text"] or "what was written is not kept any more"),
    ]
    if found["review_on"]:
        lines.append(f"to be looked at again on {found['review_on']}")
    lines += [written_out(f"{one['outcome']}: {one['text'] or ''}") for one in found["reviews"]]
    return lines


@decision.command(
    "make",
    epilog=(
        'Example: plaudit decision make answered_in_time "Two of us answer on Saturdays." --value 0.62 '
        "--review-on 2030-02-28"
    ),
)
@to_work
@json_option
@click.option("--value", type=click.FloatRange(min=0), help="As it was seen: a share of 1, a number, or seconds")
@click.option("--goal", "about", metavar="GOAL", help="Which goal, of the figure goal")
@click.option("--review-on", type=DAY, metavar="DAY", help="When to look again: you are written to then")
@click.option("--note", is_flag=True, help="A note: something is to be known, and nothing is done")
@click.option("--idempotency-key", metavar="KEY", help="Names this command: given again, it is the same")
@click.argument("figure", type=click.Choice(FIGURE_NAMES), metavar="FIGURE")
@click.argument("text")
def make(where: Where, as_json: bool, note: bool, idempotency_key: str | None, **wanted: Any) -> None:
    """Write down TEXT, what is seen and done, on a FIGURE, such as answered_in_time or active_members."""
    day = wanted.pop("review_on")
    said = {"kind": "note" if note else "decision", "review_on": None if day is None else day.date().isoformat()}
    headers = {"Idempotency-Key": idempotency_key or uuid4().hex}
    done = _ask_ingest(where, "POST", "/v1/decisions", DECIDE, json=wanted | said, headers=headers)
    show(done, as_json=as_json, words=lambda made: [f"written down as {made['decision_id']}"])


@decision.command(
    "review",
    epilog='Example: plaudit decision review 0195f3f4-9b21-7c13-8d5e-6f7a8b9c0d1e kept "It is 0.81 now."',
)
@to_work
@json_option
@click.option("--review-on", type=DAY, metavar="DAY", help="When to look once more")
@click.argument("decision_id", metavar="DECISION")
@click.argument("outcome", type=click.Choice(["kept", "changed", "dropped"]))
@click.argument("text")
def review(where: Where, as_json: bool, decision_id: str, outcome: str, text: str, review_on: Any) -> None:
    """Say what became of a decision; TEXT says why."""
    day = None if review_on is None else review_on.date().isoformat()
    body = {"outcome": outcome, "text": text, "review_on": day}
    done = _ask_ingest(where, "POST", _path(decision_id, "/review"), DECIDE, json=body)
    show(done, as_json=as_json, words=lambda made: [made["state"]])


@decision.command(
    "withdraw",
    epilog='Example: plaudit decision withdraw 0195f3f4-9b21-7c13-8d5e-6f7a8b9c0d1e "It was another figure."',
)
@to_work
@json_option
@click.argument("decision_id", metavar="DECISION")
@click.argument("reason")
def withdraw(where: Where, as_json: bool, decision_id: str, reason: str) -> None:
    """Take a note or decision back: what was written is gone; REASON goes into the audit log."""
    done = _ask_ingest(where, "POST", _path(decision_id, "/withdraw"), DECIDE, json={"reason": reason})
    show(done, as_json=as_json, words=lambda _: ["taken back"])


@decision.command("aim", epilog='Example: plaudit decision aim answered_in_time 0.7 "We are two, not five."')
@to_work
@json_option
@click.option("--from", "starts_on", type=DAY, metavar="DAY", help="From this day on [default: today]")
@click.argument("indicator", type=click.Choice(INDICATOR_NAMES), metavar="INDICATOR")
@click.argument("objective", type=click.FloatRange(min=0))
@click.argument("reason")
def aim(where: Where, as_json: bool, indicator: str, objective: float, reason: str, starts_on: Any) -> None:
    """Have an INDICATOR of the scorecard aim at an OBJECTIVE: a share of 1, a number, or seconds."""
    day = None if starts_on is None else starts_on.date().isoformat()
    body = {"objective": objective, "reason": reason, "starts_on": day}
    done = _ask_ingest(where, "PUT", f"/v1/objectives/{indicator}", DECIDE, json=body)
    show(done, as_json=as_json, words=lambda made: [f"aims at {made['objective']:g} from {made['starts_on']} on"])
