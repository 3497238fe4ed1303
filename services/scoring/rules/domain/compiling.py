"""Versions of a programme as they are matched: rules compiled, with what limits and paces them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar

from services.scoring.limits.domain.claims import Pace, Terms
from services.scoring.limits.domain.declared import all_of, over_rule
from services.scoring.limits.domain.nesting import heaviest_first
from services.scoring.limits.domain.pacing import WHOLE_SHARE, shares_by_factor
from services.scoring.limits.domain.windows import Holder, Kind, Limit
from services.scoring.rules.domain.attributes import for_rules
from services.scoring.rules.domain.audiences import (
    CompiledAudience,
    compile_audiences,
    declared_audiences,
    name_of,
)
from services.scoring.rules.domain.campaigns import CompiledCampaign, campaigns_of
from services.scoring.rules.domain.conditions import Judged, judge, unjudged
from services.scoring.rules.domain.counters import declared_counters
from services.scoring.rules.domain.counters import name_of as counter_name
from services.scoring.rules.domain.kinds import kinds_of, own_types
from services.scoring.rules.domain.qualities import DECLARED as QUALITIES
from services.scoring.rules.domain.values import Path, fields_of_all
from services.scoring.rules.domain.worth import Worth, worth_of
from shared.conditions.errors import ConditionError
from shared.conditions.evaluation import Condition, compiled
from shared.contracts.own_acts import MEMBER_ATTRIBUTE
from shared.contracts.programme import (
    GRACE_COUNT,
    SPENDABLE,
    TURNS_MAX_COUNT,
    AudienceMeasure,
    Programme,
    Quality,
    Signals,
    Slot,
    opening,
)
from shared.contracts.programme.rules import Rule
from shared.contracts.programme.worth import CONTRIBUTORS

#: What all conditions on one type of event may take here, in steps of some 20 ns; the others are evaluated apart.
IN_PROCESS_STEPS_MAX_COUNT = 10_000

#: What is read of a version's conditions, in characters, before they are evaluated.
JUDGED_MAX_CHARS = 20_000

_COUNTING = (Kind.POINTS, Kind.COUNT, Kind.FIRST)


class RuleKey(NamedTuple):
    """A rule of one version of a community's programme, as it is asked for the person in a slot."""

    community: str
    version: int
    rule_id: str
    slot: Slot = "actor"


@dataclass(frozen=True, slots=True)
class Lasting:
    """When points of a rule can be used, counted from the event: not before, and not after."""

    score: str | None
    pending: timedelta | None
    lifetime: timedelta | None

    def terms(self, event_time: datetime) -> Terms:
        """What holds for points of an event."""
        return Terms(
            self.score,
            None if self.pending is None else event_time + self.pending,
            None if self.lifetime is None else event_time + self.lifetime,
        )


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule for the person in one slot: with its condition, its limits, and the slot as an event's attribute.

    A condition that may take long is Judged only: it is evaluated apart, in another process, and asked for once as
    for the slot `asked_as`. `points` are given, or taken, at most; what they come to for an event is its `worth`,
    where they are not the same for all. `place` is the how manieth of the rule's slots it is; one that `is_maybe`
    there is passed over where it is not. Where it is `shared_by` attributes, whoever these name divide the points.

    `variables` are what is read of an event here (None: nothing is evaluated), `attributes` what is read of the
    member, among them the `audiences` and `counters`; where it is for members of some alone, `only_for` has their
    names, and `campaign_for` those of its campaign.
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
    audiences: tuple[CompiledAudience, ...] = ()
    counters: tuple[AudienceMeasure, ...] = ()
    only_for: tuple[str, ...] = ()
    campaign_for: tuple[str, ...] = ()
    fields: tuple[Path, ...] = ()
    asked_as: Slot = "actor"
    place: int = 0
    is_for_several: bool = False
    is_maybe: bool = False
    shared_by: tuple[str, ...] = ()
    variables: tuple[str, ...] | None = None
    data_fields: frozenset[str] | None = None
    holder: Holder = Holder.MEMBER
    worth: Worth | None = None
    pace: Pace | None = None
    lasting: Lasting | None = None
    campaign: CompiledCampaign | None = None


@dataclass(frozen=True, slots=True)
class CompiledVersion:
    """A published version, ready for matching.

    It scores the events received from `effective_from` until the next does. `asks` has the types of event with
    conditions that are evaluated apart, `reads` those with conditions that read attributes of members. What others
    read of an event is `variables`, and `data_fields` of its data (None: all).
    """

    programme_id: str
    number: int
    effective_from: datetime
    rules: dict[str, tuple[CompiledRule, ...]]
    variables: dict[str, frozenset[str]]
    asks: frozenset[str]
    reads: frozenset[str] = frozenset()
    data_fields: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    audiences: tuple[CompiledAudience, ...] = ()
    has_counters: bool = False
    quality: Quality | None = None
    #: Whoever has one of these levels is trusted to judge.
    judging_levels: tuple[str, ...] = ()
    signals: Signals | None = None

    @property
    def behaviours(self) -> tuple[CompiledAudience, ...]:
        """The audiences that are by behaviour."""
        return tuple(audience for audience in self.audiences if audience.is_by_behaviour) if self.audiences else ()

    @property
    def is_counting(self) -> bool:
        """Whether what members did before is asked when an event is scored."""
        return bool(self.behaviours) or self.has_counters


class InForce(Protocol):
    """Something about a version: its number and from when it is in effect."""

    @property
    def number(self) -> int: ...

    @property
    def effective_from(self) -> datetime: ...


VersionT = TypeVar("VersionT", bound=InForce)


def compile_version(programme: Programme, number: int, effective_from: datetime) -> CompiledVersion:
    """Compile a programme for scoring: of its conditions those that take next to no time for an event."""
    judged = _judged(programme)
    cheap = _cheap(programme, judged)
    limits = all_of(programme)
    by_weight = heaviest_first(limit for limit in limits if limit.kind in _COUNTING)
    audiences = compile_audiences(programme, for_rules(programme))
    counters = {counter_name(one.id): one for one in programme.counters or ()}
    declared = readable(programme)
    campaigns = campaigns_of(programme)
    rules: dict[str, list[CompiledRule]] = {}
    for rule in programme.rules:
        condition = judged.get(rule.id)
        is_cheap = condition is not None and rule.id in cheap
        worth = worth_of(rule, declared)
        only_for = tuple(name_of(audience_id) for audience_id in rule.audiences or ())
        campaign = campaigns.get(rule.campaign or "")
        campaign_for = (
            () if campaign is None else tuple(name_of(audience_id) for audience_id in campaign.audiences)
        )
        read = {
            *(() if condition is None else condition.attributes),
            *(() if worth is None else worth.attributes),
            *only_for,
            *campaign_for,
        }
        over = over_rule(limits, rule.id)
        beneficiaries = rule.beneficiaries
        for place, (slot, points, is_as_said) in enumerate(beneficiaries):
            compiled_rule = CompiledRule(
                id=rule.id,
                beneficiary=slot,
                member_attribute=MEMBER_ATTRIBUTE[slot],
                points=abs(points),
                condition=_compiled(condition) if condition is not None and is_cheap else condition,
                own=rule.own,
                limits=tuple(over),
                is_by_object=any(limit.by_object for limit in over),
                is_heaviest_first=rule.id in by_weight,
                grace_seconds=(rule.grace_minutes or 0) * 60,
                grace_count=(rule.grace_count or GRACE_COUNT) if rule.grace_minutes else 0,
                attributes=tuple(sorted(read)),
                audiences=tuple(audience for audience in audiences if audience.name in read),
                counters=tuple(one for name, one in counters.items() if name in read),
                only_for=only_for,
                campaign_for=campaign_for,
                fields=() if condition is None else condition.fields,
                asked_as=slot if read else beneficiaries[0].slot,
                place=place,
                is_for_several=len(beneficiaries) > 1,
                is_maybe=slot in CONTRIBUTORS and place > 0,
                shared_by=() if rule.split is None else tuple(MEMBER_ATTRIBUTE[one.slot] for one in beneficiaries),
                variables=_variables(condition if is_cheap else None, worth),
                data_fields=fields_of_all(
                    one.data_fields for one in (condition if is_cheap else None, worth) if one is not None
                ),
                holder=over[0].holder if over else Holder.MEMBER,
                worth=worth if worth is None else worth.for_points(is_calculated=is_as_said),
                pace=_pace(rule, over),
                lasting=_lasting(rule),
                campaign=campaign,
            )
            for event_type in dict.fromkeys(rule.on):
                rules.setdefault(event_type, []).append(compiled_rule)
    variables = {
        event_type: frozenset(name for rule in of_type if not rule.attributes for name in rule.variables or ())
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
        {
            event_type: fields_of_all(
                rule.data_fields for rule in of_type if not rule.attributes and rule.variables is not None
            )
            for event_type, of_type in rules.items()
        },
        audiences,
        any(rule.counters for of_type in rules.values() for rule in of_type),
        programme.quality,
        opening(programme.recognition.levels, "judge"),
        programme.signals,
    )


def readable(programme: Programme) -> dict[str, str]:
    """What conditions of a programme may read as a member's: attributes, audiences, counters and quality."""
    return {
        **for_rules(programme),
        **declared_audiences(one.id for one in programme.audiences or ()),
        **declared_counters(one.id for one in programme.counters or ()),
        **(QUALITIES if programme.quality else {}),
    }


def _variables(condition: Judged | None, worth: Worth | None) -> tuple[str, ...] | None:
    """What is read of an event to match a rule here; None where nothing is evaluated."""
    if condition is None and worth is None:
        return None
    of_condition = () if condition is None else condition.variables
    return tuple(sorted({*of_condition, *(() if worth is None else worth.variables)}))


def _pace(rule: Rule, over: Sequence[Limit]) -> Pace | None:
    kinds = {limit.kind for limit in over}
    if kinds.isdisjoint((Kind.COOLDOWN, Kind.DIMINISHING, Kind.FLOOR)):
        return None
    shares: tuple[int, ...] | None = None
    if (diminishing := rule.diminishing) is not None:
        percents, factor = diminishing.percents, diminishing.factor
        by_turn = (percent * WHOLE_SHARE // 100 for percent in percents or ())
        shares = tuple(by_turn) if factor is None else shares_by_factor(factor, TURNS_MAX_COUNT)
    return Pace(
        None if rule.cooldown is None else rule.cooldown.minutes * 60,
        shares,
        (rule.floor or 0) if Kind.FLOOR in kinds else None,
        rule.points < 0,
    )


def _lasting(rule: Rule) -> Lasting | None:
    score = None if rule.score in (None, SPENDABLE) else rule.score
    if score is None and rule.pending_days is None and rule.expire_days is None:
        return None
    pending, lifetime = (
        None if days is None else timedelta(days=days) for days in (rule.pending_days, rule.expire_days)
    )
    return Lasting(score, pending, lifetime)


def _judged(programme: Programme) -> dict[str, Judged]:
    """The conditions by rule, the shorter ones judged; the others count as without a bound.

    Reading takes some microseconds a character, and a batch waits for it.
    """
    judged: dict[str, Judged] = {}
    left = JUDGED_MAX_CHARS
    declared, own = readable(programme), own_types(programme.events.types)
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
    steps_of = {
        # What reads attributes is asked for each of whom the rule is for.
        rule.id: judged[rule.id].steps * (len(rule.beneficiaries) if judged[rule.id].attributes else 1)
        for rule in programme.rules
        if rule.id in judged
    }
    for rule in sorted((rule for rule in programme.rules if rule.id in judged), key=lambda one: steps_of[one.id]):
        steps = steps_of[rule.id]
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
