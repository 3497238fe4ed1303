"""Which rules an event meets: compiled versions of a programme, and the candidates they find.

A candidate is what a rule would give before the daily cap is looked at. What a rule did not give, and
why, is kept beside it: "why did I get nothing" has an answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from services.scoring.limits.domain import CapKey
from services.scoring.rules.domain.conditions import (
    Condition,
    NotEvaluated,
    compile_condition,
    context_of,
    holds,
)
from shared.contracts.facts import AcceptedEvent
from shared.contracts.programme import Programme, Rule, Slot

#: The attribute of an accepted event that says which member a beneficiary is.
MEMBER_ATTRIBUTE: dict[Slot, Literal["member", "objectmember", "replymember"]] = {
    "actor": "member",
    "object_author": "objectmember",
    "reply_author": "replymember",
}

Reason = Literal["condition_false", "condition_failed", "no_beneficiary", "own_activity", "daily_cap", "retracted"]


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its condition compiled and its beneficiary resolved to an event's attribute."""

    id: str
    beneficiary: Slot
    member_attribute: str
    points: int
    daily_cap: int | None
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class CompiledVersion:
    """A published version, ready for matching.

    It scores the events received from `effective_from` until the next does.
    """

    programme_id: str
    number: int
    effective_from: datetime
    rules: dict[str, tuple[CompiledRule, ...]]
    variables: dict[str, frozenset[str]]


class Candidate(NamedTuple):
    """Points that a rule has for a member for an event, before its daily cap; `cap` is None without one.

    The times are the event's in UTC: a parsed time zone is slower to compare and to store.
    """

    event: AcceptedEvent
    event_time: datetime
    received_at: datetime
    version: CompiledVersion
    rule: CompiledRule
    member_id: str
    cap: CapKey | None


class Declined(NamedTuple):
    """Why a rule that listens to the event's type gave nothing, or less than its points."""

    community: str
    event_uid: str
    rule_id: str
    beneficiary: Slot
    reason: Reason
    detail: str


@dataclass(slots=True)
class Matched:
    """What the rules found in a batch, in the order of its events."""

    candidates: list[Candidate] = field(default_factory=list)
    declined: list[Declined] = field(default_factory=list)
    without_version: int = 0


def compile_version(programme: Programme, number: int, effective_from: datetime) -> CompiledVersion:
    """Compile a programme for scoring.

    Raises ConditionError when a condition is not CEL, which a programme that was published cannot have.
    """
    rules: dict[str, list[CompiledRule]] = {}
    for rule in programme.rules:
        compiled = _compile_rule(rule)
        for event_type in dict.fromkeys(rule.on):
            rules.setdefault(event_type, []).append(compiled)
    variables = {
        event_type: frozenset(
            name for rule in of_type if rule.condition is not None for name in rule.condition.variables
        )
        for event_type, of_type in rules.items()
    }
    return CompiledVersion(
        programme.programme,
        number,
        effective_from,
        {event_type: tuple(of_type) for event_type, of_type in rules.items()},
        variables,
    )


def _compile_rule(rule: Rule) -> CompiledRule:
    return CompiledRule(
        id=rule.id,
        beneficiary=rule.to,
        member_attribute=MEMBER_ATTRIBUTE[rule.to],
        points=rule.points,
        daily_cap=rule.daily_cap,
        condition=None if rule.when is None else compile_condition(rule.when),
    )


def version_at(versions: Sequence[CompiledVersion], received_at: datetime) -> CompiledVersion | None:
    """The newest of `versions` (oldest first) that was in effect when an event was received."""
    for version in reversed(versions):
        if version.effective_from <= received_at:
            return version
    return None


def match(events: Iterable[AcceptedEvent], versions: Mapping[str, Sequence[CompiledVersion]]) -> Matched:
    """Find what the rules have for `events`, in their order; `versions` are those of each community."""
    matched = Matched()
    for event in events:
        received_at = event["receivedat"].astimezone(UTC)
        version = version_at(versions.get(event["community"], ()), received_at)
        if version is None:
            matched.without_version += 1
            continue
        rules = version.rules.get(event["type"])
        if rules is not None:
            _match_event(event, received_at, version, rules, matched)
    return matched


def _match_event(
    event: AcceptedEvent,
    received_at: datetime,
    version: CompiledVersion,
    rules: tuple[CompiledRule, ...],
    matched: Matched,
) -> None:
    fields: Any = event
    context: Any = None
    event_time = event["time"].astimezone(UTC)
    for rule in rules:
        member_id = fields.get(rule.member_attribute)
        if member_id is None:
            matched.declined.append(decline(event, rule, "no_beneficiary"))
            continue
        if rule.condition is not None:
            if context is None:
                context = context_of(event, version.variables[event["type"]])
            answer = holds(rule.condition, context)
            if isinstance(answer, NotEvaluated):
                matched.declined.append(decline(event, rule, "condition_failed", answer.reason))
                continue
            if not answer:
                matched.declined.append(decline(event, rule, "condition_false"))
                continue
        # Nobody earns by answering, thanking or reacting to themselves.
        if rule.beneficiary != "actor" and member_id == event["member"]:
            matched.declined.append(decline(event, rule, "own_activity"))
            continue
        cap = None
        if rule.daily_cap is not None:
            cap = CapKey(event["community"], member_id, rule.id, event.get("day") or event_time.date())
        matched.candidates.append(Candidate(event, event_time, received_at, version, rule, member_id, cap))


def decline(event: AcceptedEvent, rule: CompiledRule, reason: Reason, detail: str = "") -> Declined:
    """Why `rule` gives nothing for `event`, or less than its points."""
    return Declined(event["community"], event["uid"], rule.id, rule.beneficiary, reason, detail)
