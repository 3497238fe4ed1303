"""Why an event earned nothing, from the event, the programme version that applied, and what is known of both.

Analytics does not run rules: it says which rules looked at the event, and what each of them asks for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from services.analytics.lineage.domain.trail import EventRecord
from services.analytics.programmes.domain import Version
from shared.contracts.activities import RESTORED_TYPE, RETRACTED_TYPE

Code = Literal[
    "is_retraction",
    "is_restoration",
    "no_programme",
    "no_rule_for_type",
    "nobody_in_slot",
    "condition_or_cap",
    "not_scored_yet",
    "retracted",
]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason why nothing was awarded; `rule_id` names the rule it is about, if it is about one."""

    code: Code
    detail: str
    rule_id: str | None = None


_NOBODY = {
    "actor": "nobody who did it",
    "object_author": "no author of its object",
    "reply_author": "nobody that it answers",
}


def why_nothing(event: EventRecord, version: Version | None) -> list[Reason]:
    """The reasons, most telling first; never empty."""
    if event.type == RETRACTED_TYPE:
        return [Reason("is_retraction", "It takes another event back, and earns nothing itself")]
    if event.type == RESTORED_TYPE:
        return [Reason("is_restoration", "It restores another event, and earns nothing itself")]
    reasons: list[Reason] = []
    if event.retracted_by is not None:
        reasons.append(Reason("retracted", "It was taken back before it earned anything"))
    if version is None:
        reasons.append(Reason("no_programme", "No programme was in force when it was received"))
        return reasons
    name = f"{version.programme_id} version {version.number}"
    rules = [rule for rule in version.rules if event.type in rule.get("on", ())]
    if not rules:
        reasons.append(Reason("no_rule_for_type", f"{name} has no rule for {event.type}"))
    return reasons + [_of_rule(rule, event) for rule in rules]


def _of_rule(rule: Mapping[str, Any], event: EventRecord) -> Reason:
    rule_id = str(rule["id"])
    beneficiary = str(rule.get("to", "actor"))
    # Whom a team has beside the actor is scoring's to know: the log of events has it.
    beneficiary = "actor" if beneficiary in ("team", "contributors") else beneficiary
    if beneficiary not in event.beneficiaries:
        nobody = _NOBODY.get(beneficiary, "nobody there")
        detail = f"It pays the {beneficiary.replace('_', ' ')}, and the event names {nobody}"
        return Reason("nobody_in_slot", detail, rule_id)
    asked = []
    if rule.get("when"):
        asked.append(f"its condition was not met: {rule['when']}")
    if rule.get("daily_cap"):
        asked.append(f"the member had its {rule['daily_cap']} points of that day already")
    if rule.get("limits"):
        asked.append("its limits left no room for it")
    if asked:
        return Reason("condition_or_cap", _sentence(" or ".join(asked)), rule_id)
    return Reason("not_scored_yet", "It asks for nothing more: the award has not arrived yet", rule_id)


def _sentence(text: str) -> str:
    # Not str.capitalize(): that would lower the letters of the condition.
    return text[:1].upper() + text[1:]
