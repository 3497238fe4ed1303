"""What has to be known before events can be matched: attributes of members, and what dear conditions say."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from services.scoring.limits.domain.claims import Heads, head_of
from services.scoring.rules.domain.attributes import Known, MemberKey, values_of
from services.scoring.rules.domain.audiences import said_for
from services.scoring.rules.domain.compiling import CompiledVersion, RuleKey, version_at
from services.scoring.rules.domain.conditions import Judged
from shared.contracts.facts import AcceptedEvent


@dataclass(frozen=True, slots=True)
class Question:
    """A condition that is evaluated apart, and the events that it is asked of, by uid.

    Where it reads attributes, `members` has those of whoever the points are for, by uid as well.
    """

    condition: Judged
    events: dict[str, AcceptedEvent] = field(default_factory=dict)
    members: dict[str, Mapping[str, Any]] = field(default_factory=dict)


def members_read(
    events: Iterable[AcceptedEvent],
    versions: Mapping[str, Sequence[CompiledVersion]],
    heads: Heads = MappingProxyType({}),
) -> dict[MemberKey, set[str]]:
    """The attributes of members, or of whom they are merged into, that have to be known to match `events`."""
    found: dict[MemberKey, set[str]] = {}
    reading = _types(versions, lambda version: version.reads)
    for event in events if reading else ():
        if (event["community"], event["type"]) not in reading:
            continue
        in_force = version_at(versions[event["community"]], event["receivedat"])
        for rule in () if in_force is None else in_force.rules.get(event["type"], ()):
            fields: Any = event
            if rule.attributes and (member_id := fields.get(rule.member_attribute)) is not None:
                key = MemberKey(event["community"], head_of(heads, event["community"], member_id))
                names = found.setdefault(key, set())
                names.update(rule.attributes)
                for audience in rule.audiences:
                    names.update(audience.attributes)
    return found


def _types(
    versions: Mapping[str, Sequence[CompiledVersion]], of: Callable[[CompiledVersion], Iterable[str]]
) -> set[tuple[str, str]]:
    """Types of event of communities, of which some version says so."""
    return {
        (community, event_type)
        for community, of_community in versions.items()
        for version in of_community
        for event_type in of(version)
    }


def questions(
    events: Iterable[AcceptedEvent],
    versions: Mapping[str, Sequence[CompiledVersion]],
    known: Known = MappingProxyType({}),
    heads: Heads = MappingProxyType({}),
) -> dict[RuleKey, Question]:
    """What has to be evaluated apart before `events` can be matched; `known` and `heads` are as for `match`."""
    asked: dict[RuleKey, Question] = {}
    asking = _types(versions, lambda version: version.asks)
    for event in events if asking else ():
        if (event["community"], event["type"]) not in asking:
            continue
        in_force = version_at(versions[event["community"]], event["receivedat"])
        for rule in () if in_force is None else in_force.rules.get(event["type"], ()):
            fields: Any = event
            if in_force is not None and isinstance(rule.condition, Judged) and rule.member_attribute in fields:
                key = RuleKey(event["community"], in_force.number, rule.id, rule.asked_as)
                question = asked.setdefault(key, Question(rule.condition))
                question.events[event["uid"]] = event
                if rule.attributes:
                    person_id = head_of(heads, event["community"], fields[rule.member_attribute])
                    said = said_for(event, rule.attributes, rule.audiences, person_id, known)
                    question.members[event["uid"]] = values_of(said)
    return asked
