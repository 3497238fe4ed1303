"""`plaudit programme explain`: why an event earned what it did."""

from typing import Any, Final

import click

from plaudit.people import json_option
from plaudit.places import Where
from plaudit.programme.asking import ask, said, show, to_work
from shared.contracts.texts import written_out

#: Why a rule gave nothing, or less.
REASONS: Final = {
    "condition_false": "its condition does not hold",
    "condition_failed": "its condition has no answer",
    "too_slow": "its condition took too much of the processor",
    "no_beneficiary": "nobody is there whom it is for",
    "bot": "who is there is no person",
    "unearning": "the community leaves them out",
    "audience": "they are in none of its audiences",
    "own_act": "it is what one did to one's own",
    "twice": "they get it as somebody else already",
    "points_failed": "its points could not be calculated",
    "no_points": "its points came to 0",
    "quality": "who judged was not trusted so far, or it was not so good",
    "limit": "a limit",
    "cooldown": "it gave something shortly before",
    "diminished": "a further one is worth less",
    "floor": "no more is taken than there is",
    "campaign": "it was not in the campaign's time",
    "holdout": "the campaign leaves a share of the members out",
    "budget": "the campaign's budget had no more",
    "pacing": "the campaign spent faster than planned",
    "stopped": "the campaign was stopped",
    "upheld": "a report of what it is about was upheld",
    "suspended": "the member was suspended then",
    "waiting": "its room under limits is being looked for",
    "retracted": "it was taken back",
}


@click.command(
    "explain", epilog="Example: plaudit programme explain 0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b --community demo"
)
@to_work
@json_option
@click.argument("event", type=click.UUID)
def explain_event(where: Where, as_json: bool, event: Any) -> None:
    """Say of an EVENT, by its uid, what each rule gave for it, by which version, and why others gave nothing.

    `GET /v1/receipts/{id}` of ingest and `plaudit admin lineage` have uids.
    """
    found = ask(where, "GET", f"/v1/events/{event}/explanation", scopes=("points:read",))
    show(found, as_json=as_json, words=explanation_lines)


def explanation_lines(found: Any) -> list[str]:
    """An explanation in words, a line for each decision."""
    if not found["scored"]:
        lines = ["it has not been scored: it came before the first version, or it was only taken back"]
    else:
        lines = ["it was scored" + (", and taken back since" if found["retracted"] else "")]
    rules = {(one["programme_version"], one["rule_id"]): one for one in found["rules"]}
    for award in found["awards"]:
        lines += _award_lines(award, rules.get((award["programme_version"], award["rule_id"])))
    for one in found["declined"]:
        lines += _declined_lines(one, rules.get((one["programme_version"], one["rule_id"])))
    for read in found["attributes"]:
        value = "nothing" if read["since"] is None else f"{said(read['value'])}, so since {read['since']}"
        lines.append(f"    rule {read['rule_id']} read {read['written']} of {read['member_id']}: {value}")
    for one in found["calculated"]:
        met = ", ".join(f"{name} is {said(value)}" for name, value in one["met"].items())
        by = f" by {met}" if met else ""
        lines.append(f"    rule {one['rule_id']} came to {one['points']} for the {one['beneficiary']}{by}")
    if found["scored"] and not (found["awards"] or found["declined"]):
        lines.append(
            "  no rule of the version that it came under is for events of its type, or there was none yet"
        )
    return [written_out(line) for line in lines]


def _award_lines(award: Any, rule: Any) -> list[str]:
    by = f"by version {award['programme_version']}, recorded {award['recorded_at']}"
    if award["amends"] is not None:
        return [f"  {award['points']:+} {award['rule_id']} ({award['cause']}): {award['total']} since, {by}"]
    lines = [f"  {award['points']:+} {award['rule_id']} to the {award['beneficiary']} {award['member_id']}, {by}"]
    if rule is not None and rule["condition"]:
        lines.append(f"      {rule['title']}: asks {rule['condition']}")
    return lines


def _declined_lines(declined: Any, rule: Any) -> list[str]:
    reason = REASONS.get(declined["reason"], declined["reason"])
    version = declined["programme_version"]
    by = "" if version is None else f", by version {version}"
    detail = f" ({declined['detail']})" if declined["detail"] else ""
    lines = [f"   0 {declined['rule_id']} to the {declined['beneficiary']}: {reason}{detail}{by}"]
    if rule is not None and rule["condition"]:
        lines.append(f"      {rule['title']}: asks {rule['condition']}")
    met = ", ".join(f"{name} is {said(value)}" for name, value in declined["met"].items())
    return lines + ([f"      met: {met}"] if met else [])
