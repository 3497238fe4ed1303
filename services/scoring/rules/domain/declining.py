"""Why rules that listen to an event gave nothing, or less than their points."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from services.scoring.rules.domain.attributes import Said
from services.scoring.rules.domain.compiling import CompiledRule, CompiledVersion
from services.scoring.rules.domain.values import Met, values_met
from shared.conditions.evaluation import Answer, NotEvaluated, TooSlow
from shared.contracts.facts import AcceptedEvent
from shared.contracts.programme import Slot

Reason = Literal[
    "condition_false",
    "condition_failed",
    "too_slow",
    "no_beneficiary",
    "unearning",
    "bot",
    "campaign",
    "holdout",
    "audience",
    "own_act",
    "twice",
    "points_failed",
    "no_points",
    "quality",
    "limit",
    "cooldown",
    "diminished",
    "floor",
    "budget",
    "pacing",
    "stopped",
    "waiting",
    "retracted",
    "upheld",
    "suspended",
]


class Declined(NamedTuple):
    """Why a rule that listens to the event's type gave nothing, or less than its points.

    `met` are the values of what its condition reads, where that is why; the version is None for what was declined
    before it was kept.
    """

    community: str
    event_uid: str
    rule_id: str
    beneficiary: Slot
    reason: Reason
    detail: str
    programme_version: int | None = None
    met: Mapping[str, Met] | None = None


class Calculated(NamedTuple):
    """What a rule's calculated points came to for an event, before its limits, and the values that it met."""

    community: str
    event_uid: str
    rule_id: str
    beneficiary: Slot
    points: int
    met: Mapping[str, Met]


def not_true(
    event: AcceptedEvent, version: CompiledVersion, rule: CompiledRule, answer: Answer, said: Mapping[str, Said]
) -> Declined:
    reason, detail = _why_not_true(rule, answer, said)
    return decline(event, version, rule, reason, detail)._replace(met=values_met(event, rule.fields) or None)


def _why_not_true(rule: CompiledRule, answer: Answer, said: Mapping[str, Said]) -> tuple[Reason, str]:
    if isinstance(answer, NotEvaluated):
        # The evaluator knows of no members: what it misses under that name may be an attribute.
        for name in rule.attributes:
            if name not in said and answer.reason == f"the event has no field {name}":
                return "condition_failed", f"nothing was known of `member.{name}`"
        return "condition_failed", answer.reason
    if isinstance(answer, TooSlow):
        return "too_slow", answer.detail
    return "condition_false", ""


def decline(
    event: AcceptedEvent, version: CompiledVersion, rule: CompiledRule, reason: Reason, detail: str = ""
) -> Declined:
    """Why `rule` gives nothing for `event`, or less than its points."""
    return Declined(event["community"], event["uid"], rule.id, rule.beneficiary, reason, detail, version.number)
