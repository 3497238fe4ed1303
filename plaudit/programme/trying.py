"""`plaudit programme what-if`: what a draft would have given for one event, beside what it earned."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from plaudit.people import json_option
from plaudit.places import Where
from plaudit.programme.asking import ask, said, show, to_work
from plaudit.programme.backtesting import Since, draft_of
from plaudit.programme.explaining import REASONS
from shared.contracts.texts import written_out

SCOPES = ("programmes:read", "programmes:write", "points:read", "members:read")


@click.command("what-if", epilog="Example: plaudit programme what-if draft.yaml --event UID --community demo")
@to_work
@json_option
@click.option("--event", required=True, metavar="UID", help="The event, by its uid")
@click.option(
    "--received",
    type=Since(),
    help="When it was received, where it earned nothing: 3d, a time  [default: its own time]",
)
@click.argument("draft")
def try_event(where: Where, as_json: bool, event: str, received: Any, draft: str) -> None:
    """Say of an event what each rule of a DRAFT, a file or the id of a stored draft, would have given, or why not.

    Nothing is given. `plaudit programme explain` says what an event earned in force, `plaudit programme backtest`
    what a draft would have given for all events.
    """
    body: dict[str, Any] = {"event_uid": event, **draft_of(draft)}
    body.pop("title", None)
    if received is not None:
        body["received_at"] = received.isoformat()
    found = ask(where, "POST", "/v1/programmes/what-if", scopes=SCOPES, json=body)
    show(found, as_json=as_json, words=lambda one: [written_out(line) for line in what_if_lines(one)])


def what_if_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """A trial in words: the answer, then each rule with what it comes to."""
    points, before = found["points"], found["points_in_force"]
    yield f"{found['event_type']} of {found['event_time']}: {points:,} points by the draft, {before:,} in force"
    for rule in found["rules"]:
        if rule["listens"]:
            yield from _rule_lines(rule)
    silent = [rule["rule_id"] for rule in found["rules"] if not rule["listens"]]
    if silent:
        yield f"not for events of this type: {', '.join(silent)}"
    yield from _in_force_alone(found)


def _rule_lines(rule: Mapping[str, Any]) -> Iterator[str]:
    before = rule["points_in_force"]
    for given in rule["gives"]:
        who = given["member_name"] or given["member_id"]
        score = "" if given["score"] == "points" else f" of {given['score']}"
        to = f"{rule['rule_id']} to the {given['beneficiary']} {who}"
        yield f"  {given['points']:+}{score} {to}, in force {before:+}"
    for one in rule["declined"]:
        reason = REASONS.get(one["reason"], one["reason"])
        detail = f" ({one['detail']})" if one["detail"] else ""
        amount = "less" if rule["gives"] else "0"
        yield f"  {amount:>2} {rule['rule_id']} to the {one['beneficiary']}: {reason}{detail}, in force {before:+}"
    if rule["condition"]:
        yield f"      {rule['title']}: asks {rule['condition']}"
    if rule["points_by"]:
        yield f"      {rule['title']}: calculated by {rule['points_by']}"
    met = ", ".join(f"{name} is {said(value)}" for name, value in rule["met"].items())
    if met:
        yield f"      met: {met}"
    for read in rule["attributes"]:
        value = "nothing" if read["since"] is None else f"{said(read['value'])}, so since {read['since']}"
        yield f"      read {read['written']} of {read['member_id']}: {value}"
    for limit in rule["limits"]:
        yield f"      under a limit: {limit}; what other events take of it is not counted here"


def _in_force_alone(found: Mapping[str, Any]) -> Iterator[str]:
    """What the event earned by rules that the draft has no more."""
    ids = {rule["rule_id"] for rule in found["rules"]}
    gone: dict[str, int] = {}
    for award in found["in_force"]["awards"]:
        if award["rule_id"] not in ids:
            gone[award["rule_id"]] = gone.get(award["rule_id"], 0) + award["points"]
    for rule_id, points in gone.items():
        yield f"  in force alone: {points:+} {rule_id}"
