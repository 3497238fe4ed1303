"""Which rules an event meets: compiled versions of a programme, and the candidates they find.

A candidate is what a rule would give before limits are looked at. What a rule did not give, and
why, is kept beside it: "why did I get nothing" has an answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from services.scoring.limits.domain.claims import Heads, head_of
from services.scoring.limits.domain.declared import limits_of
from services.scoring.limits.domain.nesting import heaviest_first
from services.scoring.limits.domain.windows import Limit
from services.scoring.rules.domain.attributes import (
    AttributeRead,
    Known,
    Said,
    for_rules,
    reads_of,
    said_of,
    values_of,
)
from services.scoring.rules.domain.conditions import Judged, judge, unjudged
from services.scoring.rules.domain.kinds import kinds_of, own_types
from services.scoring.rules.domain.values import Met, Path, values_met
from shared.conditions.errors import ConditionError
from shared.conditions.evaluation import (
    Answer,
    Condition,
    NotEvaluated,
    TooSlow,
    compiled,
    context_of,
    holds,
)
from shared.contracts.facts import AcceptedEvent
from shared.contracts.own_acts import MEMBER_ATTRIBUTE, is_making, other_member
from shared.contracts.programme import GRACE_COUNT, Programme, Slot

#: What all conditions on one type of event may take here, in steps of some 20 ns; the others are evaluated apart.
IN_PROCESS_STEPS_MAX_COUNT = 10_000

#: What is read of a version's conditions, in characters, before they are evaluated.
JUDGED_MAX_CHARS = 20_000

Reason = Literal[
    "condition_false",
    "condition_failed",
    "too_slow",
    "no_beneficiary",
    "unearning",
    "bot",
    "own_act",
    "limit",
    "waiting",
    "retracted",
]


class RuleKey(NamedTuple):
    """A rule of one version of a community's programme."""

    community: str
    version: int
    rule_id: str


#: What conditions that are evaluated apart say of events, by rule and uid of the event.
Answers = Mapping[RuleKey, Mapping[str, Answer]]


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its condition, its limits, and its beneficiary resolved to an event's attribute.

    A condition that may take long is Judged only: it is evaluated apart, in another process.
    """

    id: str
    beneficiary: Slot
    member_attribute: str
    points: int
    condition: Condition | Judged | None
    own: bool = False
    limits: tuple[Limit, ...] = ()
    is_by_object: bool = False
    is_heaviest_first: bool = False
    grace_seconds: int = 0
    grace_count: int = 0
    attributes: tuple[str, ...] = ()
    fields: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledVersion:
    """A published version, ready for matching.

    It scores the events received from `effective_from` until the next does. `asks` has the types of event with
    conditions that are evaluated apart, `reads` those with conditions that read attributes of members.
    """

    programme_id: str
    number: int
    effective_from: datetime
    rules: dict[str, tuple[CompiledRule, ...]]
    variables: dict[str, frozenset[str]]
    asks: frozenset[str]
    reads: frozenset[str] = frozenset()


class InForce(Protocol):
    """Something about a version: its number and from when it is in effect."""

    @property
    def number(self) -> int: ...

    @property
    def effective_from(self) -> datetime: ...


VersionT = TypeVar("VersionT", bound=InForce)


class Candidate(NamedTuple):
    """Points that a rule has for a member for an event, before its limits.

    `person_id` is whom the member is merged into, or the same. `windows` are those of its limits, and `bounds` how
    much fits into each. The times are the event's in UTC: a parsed time zone is slower to compare and to store.
    """

    event: AcceptedEvent
    event_time: datetime
    received_at: datetime
    version: CompiledVersion
    rule: CompiledRule
    member_id: str
    person_id: str
    windows: tuple[bytes, ...]
    bounds: tuple[int, ...]


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


@dataclass(slots=True)
class Matched:
    """What the rules found in a batch, in the order of its events."""

    candidates: list[Candidate] = field(default_factory=list)
    declined: list[Declined] = field(default_factory=list)
    without_version: int = 0
    read: list[AttributeRead] = field(default_factory=list)

    def add(self, other: "Matched") -> None:
        """Append what was found in the events that follow."""
        self.candidates += other.candidates
        self.declined += other.declined
        self.without_version += other.without_version
        self.read += other.read


def compile_version(programme: Programme, number: int, effective_from: datetime) -> CompiledVersion:
    """Compile a programme for scoring: of its conditions those that take next to no time for an event."""
    judged = _judged(programme)
    cheap = _cheap(programme, judged)
    limits = limits_of(programme)
    by_weight = heaviest_first(limits)
    rules: dict[str, list[CompiledRule]] = {}
    for rule in programme.rules:
        condition = judged.get(rule.id)
        compiled_rule = CompiledRule(
            id=rule.id,
            beneficiary=rule.to,
            member_attribute=MEMBER_ATTRIBUTE[rule.to],
            points=rule.points,
            condition=_compiled(condition) if condition is not None and rule.id in cheap else condition,
            own=rule.own,
            limits=tuple(limit for limit in limits if rule.id in limit.rules),
            is_by_object=any(limit.by_object for limit in limits if rule.id in limit.rules),
            is_heaviest_first=rule.id in by_weight,
            grace_seconds=(rule.grace_minutes or 0) * 60,
            grace_count=(rule.grace_count or GRACE_COUNT) if rule.grace_minutes else 0,
            attributes=() if condition is None else condition.attributes,
            fields=() if condition is None else condition.fields,
        )
        for event_type in dict.fromkeys(rule.on):
            rules.setdefault(event_type, []).append(compiled_rule)
    variables = {
        event_type: frozenset(
            name
            for rule in of_type
            if isinstance(rule.condition, Condition) and not rule.attributes
            for name in rule.condition.variables
        )
        for event_type, of_type in rules.items()
    }
    return CompiledVersion(
        programme.programme,
        number,
        effective_from,
        {event_type: tuple(of_type) for event_type, of_type in rules.items()},
        variables,
        frozenset(
            event_type
            for event_type, of_type in rules.items()
            if any(isinstance(rule.condition, Judged) for rule in of_type)
        ),
        frozenset(event_type for event_type, of_type in rules.items() if any(rule.attributes for rule in of_type)),
    )


def _judged(programme: Programme) -> dict[str, Judged]:
    """The conditions by rule, the shorter ones judged; the others count as without a bound.

    Reading takes some microseconds a character, and a batch waits for it.
    """
    judged: dict[str, Judged] = {}
    left = JUDGED_MAX_CHARS
    declared, own = for_rules(programme), own_types(programme.events.types)
    conditions = [
        (len(rule.when), rule.id, rule.when, kinds_of(rule.on, own))
        for rule in programme.rules
        if rule.when is not None
    ]
    for chars, rule_id, condition, event_types in sorted(conditions):
        left -= chars
        judged[rule_id] = judge(condition, event_types, declared) if left >= 0 else unjudged(condition, declared)
    return judged


def _cheap(programme: Programme, judged: Mapping[str, Judged]) -> set[str]:
    """The rules whose conditions are evaluated here: the cheapest, which together take little for any event."""
    taken: dict[str, int] = {}
    cheap: set[str] = set()
    for rule in sorted(
        (rule for rule in programme.rules if rule.id in judged), key=lambda one: judged[one.id].steps
    ):
        steps = judged[rule.id].steps
        if all(taken.get(event_type, 0) + steps <= IN_PROCESS_STEPS_MAX_COUNT for event_type in rule.on):
            cheap.add(rule.id)
            taken.update({event_type: taken.get(event_type, 0) + steps for event_type in rule.on})
    return cheap


def _compiled(judged: Judged) -> Condition | Judged:
    try:
        return Condition(compiled(judged.text), judged.variables)
    except ConditionError:
        return judged  # published by an earlier version of the service: whoever evaluates it says what is wrong


def version_at(versions: Sequence[VersionT], received_at: datetime) -> VersionT | None:
    """The newest of `versions` (oldest first) that was in effect when an event was received."""
    for version in reversed(versions):
        if version.effective_from <= received_at:
            return version
    return None


def match(
    events: Iterable[AcceptedEvent],
    versions: Mapping[str, Sequence[CompiledVersion]],
    answers: Answers = MappingProxyType({}),
    known: Known = MappingProxyType({}),
    heads: Heads = MappingProxyType({}),
) -> Matched:
    """Find what the rules have for `events`, in their order; `versions` are those of each community.

    `answers` has what the conditions say that are evaluated apart, and `known` what was said of the attributes of
    members, for all that asking.py asks and names. Who is merged by `heads` is one person: attributes are those of
    the head, limits are shared, and what one does to the other is an own act. Points are of whoever earned them.
    """
    matched = Matched()
    for event in events:
        received_at = event["receivedat"].astimezone(UTC)
        version = version_at(versions.get(event["community"], ()), received_at)
        if version is None:
            matched.without_version += 1
            continue
        rules = version.rules.get(event["type"])
        if rules is not None:
            _match_event(event, received_at, version, rules, answers, known, heads, matched)
    return matched


def _match_event(
    event: AcceptedEvent,
    received_at: datetime,
    version: CompiledVersion,
    rules: tuple[CompiledRule, ...],
    answers: Answers,
    known: Known,
    heads: Heads,
    matched: Matched,
) -> None:
    fields: Any = event
    context: Any = None
    event_time = event["time"].astimezone(UTC)
    bots = event["bots"].split() if "bots" in event else ()
    unearning = event["unearning"].split() if "unearning" in event else ()
    for rule in rules:
        member_id = fields.get(rule.member_attribute)
        if member_id is None:
            matched.declined.append(decline(event, version, rule, "no_beneficiary"))
            continue
        if rule.member_attribute in bots:
            matched.declined.append(decline(event, version, rule, "bot"))
            continue
        if rule.member_attribute in unearning:
            matched.declined.append(decline(event, version, rule, "unearning"))
            continue
        person_id = head_of(heads, event["community"], member_id)
        if rule.condition is not None:
            answer: Answer
            said = said_of(event, rule.attributes, person_id, known) if rule.attributes else {}
            matched.read += reads_of(event, rule.id, rule.attributes, person_id, said)
            if isinstance(rule.condition, Judged):
                answer = answers[RuleKey(event["community"], version.number, rule.id)][event["uid"]]
            elif rule.attributes:
                answer = holds(rule.condition, context_of(event, rule.condition.variables, values_of(said)))
            else:
                if context is None:
                    context = context_of(event, version.variables[event["type"]])
                answer = holds(rule.condition, context)
            if answer is not True:
                matched.declined.append(_not_true(event, version, rule, answer, said))
                continue
        # Nobody earns by answering, thanking, reviewing or reacting to themselves.
        other_id = other_member(event, rule.beneficiary)
        if other_id is not None:
            other_id = head_of(heads, event["community"], other_id)
        if person_id == other_id and not rule.own:
            matched.declined.append(decline(event, version, rule, "own_act"))
            continue
        windows, bounds = _windows(event, event_time, rule, person_id, other_id) if rule.limits else ((), ())
        matched.candidates.append(
            Candidate(event, event_time, received_at, version, rule, member_id, person_id, windows, bounds)
        )


def _windows(
    event: AcceptedEvent, event_time: datetime, rule: CompiledRule, person_id: str, other_id: str | None
) -> tuple[tuple[bytes, ...], tuple[int, ...]]:
    day = event.get("day") or event_time.date()
    week = event.get("week")
    object_id = _object(event, rule) if rule.is_by_object else None
    windows: list[bytes] = []
    bounds: list[int] = []
    for limit in rule.limits:
        window = limit.window(
            community=event["community"],
            member_id=person_id,
            other_id=other_id,
            object_id=object_id,
            day=day,
            week=week,
        )
        if window is not None:
            windows.append(window)
            bounds.append(limit.bound)
    return tuple(windows), tuple(bounds)


def _object(event: AcceptedEvent, rule: CompiledRule) -> str | None:
    """What it was done to, by its channel and id there: what was answered, where the object is only the answer."""
    data = event["data"]
    made, answered = data.get("object"), data.get("in_reply_to")
    is_answer = rule.beneficiary == "reply_author" or is_making(event)
    thing = (answered or made) if is_answer else (made or answered)
    return None if thing is None else f"{data.get('channel')}|{thing['id']}"


def _not_true(
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
