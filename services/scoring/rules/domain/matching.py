"""Which rules an event meets: the candidates that compiled versions find in a batch.

A candidate is what a rule would give before limits are looked at. What a rule did not give, and
why, is kept beside it: "why did I get nothing" has an answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from services.scoring.limits.domain.claims import Heads, Pace, head_of
from services.scoring.limits.domain.holders import holder_id
from services.scoring.limits.domain.windows import Holder, Kind
from services.scoring.rules.domain.attributes import AttributeRead, Known, Said, reads_of, values_of
from services.scoring.rules.domain.audiences import id_of, said_for
from services.scoring.rules.domain.compiling import CompiledRule, CompiledVersion, RuleKey, version_at
from services.scoring.rules.domain.conditions import Judged
from services.scoring.rules.domain.declining import Calculated, Declined, Reason, decline, not_true
from services.scoring.rules.domain.qualities import at_best, is_quality, shown_name
from services.scoring.rules.domain.values import values_met
from shared.conditions.evaluation import Answer, NotEvaluated, context_of, holds
from shared.contracts.facts import AcceptedEvent
from shared.contracts.own_acts import is_making, other_member

#: What conditions that are evaluated apart say of events, by rule and uid of the event.
Answers = Mapping[RuleKey, Mapping[str, Answer]]


class Candidate(NamedTuple):
    """Points that a rule has for a member for an event, before its limits.

    `limited_id` is whose limits are over it: whom the member is merged into, or the same, or everybody by an id of
    their own. `windows` are those of its limits, and `bounds` how much fits into each; `pace` is the rule's, as
    far as it is over the event. The times are the event's in UTC: a parsed time zone is slower to compare and to
    store.
    """

    event: AcceptedEvent
    event_time: datetime
    received_at: datetime
    version: CompiledVersion
    rule: CompiledRule
    member_id: str
    limited_id: str
    windows: tuple[bytes, ...]
    bounds: tuple[int, ...]
    points: int
    pace: Pace | None = None


@dataclass(slots=True)
class Matched:
    """What the rules found in a batch, in the order of its events."""

    candidates: list[Candidate] = field(default_factory=list)
    declined: list[Declined] = field(default_factory=list)
    without_version: int = 0
    read: list[AttributeRead] = field(default_factory=list)
    calculated: list[Calculated] = field(default_factory=list)

    def add(self, other: "Matched") -> None:
        """Append what was found in the events that follow."""
        self.candidates += other.candidates
        self.declined += other.declined
        self.without_version += other.without_version
        self.read += other.read
        self.calculated += other.calculated


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
            _Event(event, received_at, version, answers, known, heads, matched).match(rules)
    return matched


class _Event:
    """An event while its rules are matched, with what they have asked of it so far."""

    __slots__ = ("answers", "bots", "context", "event", "event_time", "fields", "got", "heads", "known", "matched",
                 "received_at", "said", "unearning", "version")  # fmt: skip

    def __init__(
        self,
        event: AcceptedEvent,
        received_at: datetime,
        version: CompiledVersion,
        answers: Answers,
        known: Known,
        heads: Heads,
        matched: Matched,
    ) -> None:
        self.event, self.received_at, self.version = event, received_at, version
        self.answers, self.known, self.heads, self.matched = answers, known, heads, matched
        self.fields: Any = event
        self.event_time = event["time"].astimezone(UTC)
        self.bots = event["bots"].split() if "bots" in event else ()
        self.unearning = event["unearning"].split() if "unearning" in event else ()
        self.context: Any = None
        #: What the condition said of the rule whose slots have their turn, and who had theirs.
        self.said: Answer | None = None
        self.got: set[str] = set()

    def match(self, rules: tuple[CompiledRule, ...]) -> None:
        """Find what the rules have for the event."""
        declined = self.matched.declined
        for rule in rules:
            if rule.place == 0:
                self.said = None
                if self.got:
                    self.got = set()
            member_id = self.fields.get(rule.member_attribute)
            if member_id is None and rule.is_maybe:
                continue
            if member_id is None or self.bots or self.unearning:
                reason = self._why_nobody(rule, member_id)
                if reason is not None:
                    declined.append(decline(self.event, self.version, rule, reason))
                    continue
            person_id = head_of(self.heads, self.event["community"], member_id) if self.heads else member_id
            if rule.is_for_several:
                if person_id in self.got:
                    declined.append(decline(self.event, self.version, rule, "twice"))
                    continue
                self.got.add(person_id)
            outside = None if rule.campaign is None else self._outside(rule, person_id)
            found = outside or self._found(rule, member_id, person_id)
            if isinstance(found, Candidate):
                self.matched.candidates.append(found)
            else:
                declined.append(found)

    def _why_nobody(self, rule: CompiledRule, member_id: str | None) -> Reason | None:
        if member_id is None:
            return "no_beneficiary"
        if rule.member_attribute in self.bots:
            return "bot"
        return "unearning" if rule.member_attribute in self.unearning else None

    def _outside(self, rule: CompiledRule, person_id: str) -> Declined | None:
        if rule.campaign is None:
            return None
        refused = rule.campaign.why_not(self.event, self.event_time, self.received_at, person_id)
        return None if refused is None else decline(self.event, self.version, rule, *refused)

    def _found(self, rule: CompiledRule, member_id: str, person_id: str) -> Candidate | Declined:  # noqa: PLR0911 -- one for each reason
        event, context = self.event, self.context
        said: Mapping[str, Said] = {}
        if rule.attributes:
            said = said_for(event, rule.attributes, rule.audiences, person_id, self.known)
            self.matched.read += reads_of(event, rule.id, rule.attributes, person_id, said)
            for names in (rule.only_for, rule.campaign_for):
                if not names or any(name in said and said[name].value is True for name in names):
                    continue
                which = " or ".join(f"`{id_of(name)}`" for name in names)
                return decline(event, self.version, rule, "audience", f"the member was not in {which}")
            context = context_of(event, rule.variables or (), values_of(said), fields=rule.data_fields)
        elif context is None and rule.variables is not None:
            kind = event["type"]
            variables, fields = self.version.variables[kind], self.version.data_fields[kind]
            context = self.context = context_of(event, variables, fields=fields)
        if rule.condition is not None:
            answer = self._answer(rule, context)
            if answer is not True:
                if answer is False and self._lacks_quality(rule, said):
                    return self._of_quality(rule, said)
                return not_true(event, self.version, rule, answer, said)
        # Nobody earns by answering, thanking, reviewing or reacting to themselves.
        other_id = other_member(event, rule.beneficiary)
        if other_id is not None and self.heads:
            other_id = head_of(self.heads, event["community"], other_id)
        if person_id == other_id and not rule.own:
            return decline(event, self.version, rule, "own_act")
        points = rule.points
        if rule.worth is not None or rule.shared_by:
            found = self._points(rule, person_id, context, said)
            if isinstance(found, Declined):
                return found
            points = found
        at, received_at, version = self.event_time, self.received_at, self.version
        if not rule.limits:
            return Candidate(event, at, received_at, version, rule, member_id, person_id, (), (), points)
        limited_id, windows, bounds, pace = _place(event, at, rule, person_id, other_id)
        return Candidate(
            event, at, received_at, version, rule, member_id, limited_id, windows, bounds, points, pace
        )

    def _points(
        self, rule: CompiledRule, person_id: str, context: Any, said: Mapping[str, Said]
    ) -> int | Declined:
        """What the rule has for a person before limits; where that is calculated, by which values is noted."""
        points = rule.points if rule.worth is None else self._worth(rule, context, said)
        if rule.shared_by and not isinstance(points, Declined):
            points = self._share(rule, person_id, points)
        if rule.worth is None:
            return points
        met = values_met(self.event, rule.worth.fields)
        if isinstance(points, Declined):
            return points._replace(met=met or None)
        community, uid = self.event["community"], self.event["uid"]
        self.matched.calculated.append(Calculated(community, uid, rule.id, rule.beneficiary, points, met))
        return points

    def _worth(self, rule: CompiledRule, context: Any, said: Mapping[str, Said]) -> int | Declined:
        worth: int | NotEvaluated = rule.points if rule.worth is None else rule.worth.of(rule.points, context)
        if isinstance(worth, NotEvaluated):
            return decline(self.event, self.version, rule, "points_failed", worth.reason)
        if not worth and rule.worth is not None and any(map(is_quality, said)):
            best = rule.worth.of(rule.points, self._at_best(rule, said))
            if not isinstance(best, NotEvaluated) and best > 0:
                return self._of_quality(rule, said)
        return worth or decline(self.event, self.version, rule, "no_points")

    def _at_best(self, rule: CompiledRule, said: Mapping[str, Said]) -> Any:
        return context_of(self.event, rule.variables or (), at_best(values_of(said)), fields=rule.data_fields)

    def _lacks_quality(self, rule: CompiledRule, said: Mapping[str, Said]) -> bool:
        """Whether a condition that is false would be true of the best content, judged by whom all trust."""
        condition = rule.condition
        if condition is None or isinstance(condition, Judged) or not any(map(is_quality, said)):
            return False
        return holds(condition, self._at_best(rule, said)) is True

    def _of_quality(self, rule: CompiledRule, said: Mapping[str, Said]) -> Declined:
        met = ", ".join(f"{shown_name(name)} {one.value:.3f}" for name, one in said.items() if is_quality(name))
        return decline(self.event, self.version, rule, "quality", f"as known then: {met}")

    def _share(self, rule: CompiledRule, person_id: str, points: int) -> int | Declined:
        """The person's part of points that all whom the rule is for have together; what remains is the first's."""
        sharing = self._sharing(rule)
        part = share_of(points, len(sharing), sharing.index(person_id))
        return part or decline(
            self.event, self.version, rule, "no_points", f"{points} are divided among {len(sharing)}"
        )

    def _sharing(self, rule: CompiledRule) -> list[str]:
        """The persons whom a rule's points are divided among, each once: all whom the event names who may earn."""
        persons = dict[str, None]()
        for attribute in rule.shared_by:
            member_id = self.fields.get(attribute)
            if member_id is not None and attribute not in self.bots and attribute not in self.unearning:
                head = head_of(self.heads, self.event["community"], member_id) if self.heads else member_id
                persons[head] = None
        return list(persons)

    def _answer(self, rule: CompiledRule, context: Any) -> Answer:
        """What the rule's condition says; where it reads nothing of members the same for all of its slots."""
        if isinstance(rule.condition, Judged):
            key = RuleKey(self.event["community"], self.version.number, rule.id, rule.asked_as)
            return self.answers[key][self.event["uid"]]
        if self.said is not None and not rule.attributes:
            return self.said
        answer: Answer = True if rule.condition is None else holds(rule.condition, context)
        if rule.is_for_several:
            self.said = answer
        return answer


def share_of(points: int, count: int, place: int) -> int:
    """What of points somebody at a place has, where so many divide them: what remains is with the first ones."""
    return points // count + (place < points % count)


def _place(
    event: AcceptedEvent, event_time: datetime, rule: CompiledRule, person_id: str, other_id: str | None
) -> tuple[str, tuple[bytes, ...], tuple[int, ...], Pace | None]:
    """Whose limits are over a candidate, its windows with what fits into each, and its pace."""
    day = event.get("day") or event_time.date()
    week = event.get("week")
    object_id = _object(event, rule) if rule.is_by_object else None
    windows: list[bytes] = []
    bounds: list[int] = []
    pace = rule.pace
    for limit in rule.limits:
        window = limit.window(
            community=event["community"],
            member_id=person_id,
            other_id=other_id,
            object_id=object_id,
            day=day,
            week=week,
            event_time=event_time,
        )
        if window is not None:
            windows.append(window)
            bounds.append(limit.bound)
        elif pace is not None and limit.kind is Kind.COOLDOWN:
            pace = pace._replace(cooldown_seconds=None)
        elif pace is not None and limit.kind is Kind.DIMINISHING:
            pace = pace._replace(shares=None)
    limited_id = person_id
    if rule.holder is not Holder.MEMBER:
        limited_id = holder_id(event["community"], object_id if rule.holder is Holder.OBJECT else None)
    return limited_id, tuple(windows), tuple(bounds), pace if windows else None


def _object(event: AcceptedEvent, rule: CompiledRule) -> str | None:
    """What it was done to, by its channel and id there: what was answered, where the object is only the answer."""
    data = event["data"]
    made, answered = data.get("object"), data.get("in_reply_to")
    is_answer = rule.beneficiary == "reply_author" or is_making(event)
    thing = (answered or made) if is_answer else (made or answered)
    return None if thing is None else f"{data.get('channel')}|{thing['id']}"
