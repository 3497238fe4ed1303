"""Events that meet a rule: which those are, whether each of them counts, and the badges for them.

A number is a function of the set of events and of the rule as the version in force words it. An event that was
taken back does not count; of several that say so or restore it, the last by event time, then id, holds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

import orjson

from services.recognition.celebrations.domain import Celebration, Ladder
from services.recognition.thresholds.domain import (
    NO_PROGRAMME,
    Grant,
    Held,
    Threshold,
    ThresholdKey,
    Thresholds,
    gathered,
    grant_id,
)
from shared.conditions.compiling import compile_condition
from shared.conditions.errors import ConditionError
from shared.conditions.evaluation import Condition, context_of, holds
from shared.contracts.activities import RESTORED_TYPE, TARGETING_TYPES
from shared.contracts.activities.told import told_data
from shared.contracts.backfill import is_backfill
from shared.contracts.drawing import is_held_out
from shared.contracts.own_acts import MEMBER_ATTRIBUTE, other_member
from shared.contracts.programme import Milestone, Slot

PROGRAMS_MAX_COUNT = 2_000
SLOT_MINUTES = 15
#: What of an accepted event is kept to be counted.
_KEPT = ("id", "source", "type", "time", "member", "objectmember", "replymember", "bots", "day")

T = TypeVar("T")
MemberKey = tuple[str, str]  # community, member id
EventKey = tuple[str, str]  # community, uid


class CountedCampaign(NamedTuple):
    """What of a campaign decides which events of its rules count: its days, and who is held out."""

    community: str
    id: str
    starts: str
    ends: str
    holdout_percent: int

    def takes(self, event: Mapping[str, Any], member_id: str) -> bool:
        """Whether the event is of its days, by the day of its community, and its member not held out.

        By lot goes whose act it is, whoever that is merged into later: so a number stays what the events make it.
        """
        day = event.get("day") or event["time"].astimezone(UTC).date()
        return self.starts <= str(day) <= self.ends and not (
            self.holdout_percent and is_held_out(self.community, self.id, member_id, percent=self.holdout_percent)
        )


@dataclass(frozen=True, slots=True)
class CountedRule:
    """What of a rule decides which events meet it; `key` is the same for rules that say the same."""

    types: tuple[str, ...]
    to: Slot
    when: str | None
    own: bool = False
    #: Whether it is kept when events met it, too: streaks go by that.
    dated: bool = False
    #: Whether it is counted of all members together, too.
    joint: bool = False
    #: Whether each event is kept with its moment: quests go by that.
    timed: bool = False
    #: Of which it is: then only what it may give points for counts.
    campaign: CountedCampaign | None = None
    #: What is kept of each event where levels count it: with whom, on or about what, how much; of `all` nobody's.
    detail: str | None = None

    @classmethod
    def of(cls, rule: Mapping[str, Any]) -> "CountedRule":
        """Read a rule of a programme's document."""
        types = tuple(sorted(set(rule["on"])))
        campaign = rule.get("campaign")
        return cls(
            types,
            rule.get("to", "actor"),
            rule.get("when"),
            rule.get("own", False),
            rule.get("dated", False),
            rule.get("joint", False),
            rule.get("timed", False),
            # A name alone is one that limits go by.
            campaign=CountedCampaign(**campaign) if isinstance(campaign, Mapping) else None,
            detail=rule.get("detail"),
        )

    @property
    def key(self) -> str:
        said: list[Any] = [self.types, self.to, self.when, self.own, *(["dated"] if self.dated else [])]
        said += ["joint"] if self.joint else []
        said += ["timed"] if self.timed else []
        if self.campaign is not None:
            said.append(self.campaign._asdict())
        if self.detail is not None:
            said.append(f"detail {self.detail}")
        return sha256(orjson.dumps(said)).hexdigest()[:16]

    def member_of(self, event: Mapping[str, Any]) -> str | None:
        """The member for whom the event meets this rule; None where it does not.

        As for points: what is no person meets none, nor does what one did to one's own, unless the rule says
        `own`.
        """
        if event["type"] not in self.types:
            return None
        attribute = MEMBER_ATTRIBUTE[self.to]
        member_id: str | None = event.get(attribute)
        if member_id is None or attribute in event.get("bots", "").split():
            return None
        if not self.own and member_id == other_member(event, self.to):
            return None
        if self.when is not None:
            condition = _condition(self.when)
            if condition is None or holds(condition, context_of(event, condition.variables)) is not True:
                return None
        return member_id if self.campaign is None or self.campaign.takes(event, member_id) else None


@lru_cache(PROGRAMS_MAX_COUNT)
def _condition(when: str) -> Condition | None:
    """The compiled condition; None for one that never was one, which nothing meets."""
    try:
        return compile_condition(when)
    except ConditionError:
        return None


class Counter(NamedTuple):
    """A rule that is counted in a community, and the uid up to which events of before are: None is all of them."""

    id: str
    rule: CountedRule
    counted_up_to: str | None

    def counts(self, event_uid: str) -> bool:
        """Whether an event that changes now is in the number, or will come into it with those of before."""
        return self.counted_up_to is None or event_uid <= self.counted_up_to


@dataclass(frozen=True)
class Plan:
    """What is counted in a community, and what the version asks for whose badges stand.

    `counter_by_rule` has the counter of each of that version's counted rules.
    """

    counters: tuple[Counter, ...] = ()
    thresholds: Thresholds = NO_PROGRAMME
    effective_from: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    day: date | None = None
    counter_by_rule: Mapping[str, str] = field(default_factory=dict)
    #: What the version in force asks for, whose events of before may not be counted yet.
    in_force: Thresholds = NO_PROGRAMME

    @property
    def read_counters(self) -> set[str]:
        """The counters that criteria of badges read, themselves or by the dates of a streak."""
        read = self.thresholds.reads.events | self.thresholds.streak_rules
        return {self.counter_by_rule[rule] for rule in read if rule in self.counter_by_rule}

    @property
    def level_counters(self) -> set[str]:
        """The counters that levels read which ask for more than points."""
        of_levels = self.thresholds.of_levels
        return {self.counter_by_rule[rule] for rule in of_levels if rule in self.counter_by_rule}

    @cached_property
    def milestones_by_counter(self) -> Mapping[str, tuple[Ladder, ...]]:
        """The milestones of each member, by the counter that they go by."""
        return self._by_counter(self.thresholds.milestones.by_events)

    @cached_property
    def joint_by_counter(self) -> Mapping[str, tuple[Ladder, ...]]:
        """The milestones of all members together, by the counter that they go by."""
        return self._by_counter(self.thresholds.milestones.together)

    @cached_property
    def years_by_counter(self) -> Mapping[str, tuple[Milestone, ...]]:
        """The anniversaries, by the counter of since when they are."""
        return self._by_counter(self.thresholds.milestones.years)

    def _by_counter(self, by_rule: Mapping[str, tuple[T, ...]]) -> dict[str, tuple[T, ...]]:
        found: dict[str, tuple[T, ...]] = {}
        for rule, ones in by_rule.items():
            if (counter := self.counter_by_rule.get(rule)) is not None:
                found[counter] = (*found.get(counter, ()), *ones)
        return found

    @property
    def quest_counters(self) -> dict[str, str]:
        """The counters that quests go by, by rule."""
        counters = self.counter_by_rule
        return {rule: counters[rule] for rule in sorted(self.thresholds.quest_rules) if rule in counters}


NO_PLAN = Plan()


def counter_by_rule(rules: Mapping[str, CountedRule], counters: tuple[Counter, ...]) -> dict[str, str]:
    """The counter of each rule, by its id, of those there are."""
    by_key = {counter.rule.key: counter.id for counter in counters}
    return {rule_id: by_key[rule.key] for rule_id, rule in rules.items() if rule.key in by_key}


class Cause(NamedTuple):
    """The event that changes a number: itself counted, or what takes it back or restores it."""

    event_uid: str
    event_time: datetime
    day: date | None
    traceparent: str | None
    is_backfill: bool = False

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Cause":
        return cls(event["uid"], event["time"], event.get("day"), event.get("traceparent"), is_backfill(event))


class Change(NamedTuple):
    """An event that counts from now on (1), or no more (-1)."""

    community: str
    event_uid: str
    event: Mapping[str, Any]
    by: int
    cause: Cause

    @classmethod
    def of_before(cls, community: str, uid: str, counted: "CountedEvent", by: int) -> "Change | None":
        """The change that an event of before is by itself; None for one that did not come yet."""
        event = counted.event
        if event is None:
            return None
        return cls(community, uid, event, by, Cause(uid, event["time"], event.get("day"), None, is_backfill=True))


class Heard(NamedTuple):
    """Which events count from now on or no more, and what is counted in their communities."""

    changes: Sequence[Change]
    plans: Mapping[str, Plan]


def celebration_of(change: Change, member_id: str, version: int) -> Celebration:
    """What is celebrated where an event reaches a milestone, whichever that is."""
    cause = change.cause
    return Celebration(
        community=change.community,
        member_id=member_id,
        kind="milestone",
        name="",
        title="",
        event_time=cause.event_time,
        version=version,
        day=cause.day,
        event_uid=cause.event_uid,
        traceparent=cause.traceparent,
    )


class Act(NamedTuple):
    """What a member did of a dated counter: in which quarter of an hour (UTC), and whether it counts (1, -1)."""

    key: MemberKey
    counter: str
    slot: datetime
    by: int


def day_of(event: Mapping[str, Any]) -> date:
    """The day of its community that an event is of, as it says or goes without saying."""
    said: date | str | None = event.get("day")
    if said is None:
        day: date = event["time"].astimezone(UTC).date()
        return day
    return said if isinstance(said, date) else date.fromisoformat(said)


def slot_of(moment: datetime) -> datetime:
    """The quarter of an hour (UTC) that a moment is in: every date of every zone begins with one since 1972."""
    at = moment.astimezone(UTC)
    return at.replace(minute=at.minute // SLOT_MINUTES * SLOT_MINUTES, second=0, microsecond=0)


@dataclass(slots=True)
class CountedEvent:
    """What is known of an event: itself, once it came, and what was said last of whether it counts."""

    event: Mapping[str, Any] | None = None
    counts: bool = True
    said_at: datetime | None = None
    said_id: str | None = None
    said_by: str | None = None

    @property
    def happened_at(self) -> datetime | None:
        """When it happened; None before it came."""
        return None if self.event is None else self.event["time"]

    def hear(self, fact: Mapping[str, Any]) -> int:
        """Take in the event, or what is said of it; 1 if it counts from now on, -1 if no more, 0 for no change."""
        if fact["type"] not in TARGETING_TYPES:
            if self.event is not None:
                return 0
            self.event = kept(fact)
            return int(self.counts)
        said = (fact["time"], fact["id"], fact["uid"])
        if self.said_at is not None and said <= (self.said_at, self.said_id, self.said_by):
            return 0
        before, self.counts = self.counts, fact["type"] == RESTORED_TYPE
        self.said_at, self.said_id, self.said_by = said
        return 0 if self.event is None else int(self.counts) - int(before)


def kept(event: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of an accepted event: what rules may ask, and whatever came, no more than should have."""
    found = {name: event[name] for name in _KEPT if name in event}
    return found | {"data": told_data(event["data"])}


def concerned(fact: Mapping[str, Any]) -> EventKey:
    """The event that a fact is, or says something of."""
    is_targeting = fact["type"] in TARGETING_TYPES
    return (fact["community"], fact["targetuid"] if is_targeting else fact["uid"])


@dataclass(slots=True)
class OwnCounts:
    """What a member has itself of the numbers of a person; `turns` are those of badges granted to it."""

    counts: dict[str, int] = field(default_factory=dict)
    turns: dict[ThresholdKey, int] = field(default_factory=dict)
    last_event_uid: str | None = None

    def add(self, counter: str, by: int, cause: Cause) -> None:
        """Change a number."""
        self.counts[counter] = self.counts.get(counter, 0) + by
        self.last_event_uid = cause.event_uid


class Group(NamedTuple):
    """Members who are one person: who stays, and what each of them has itself, the head too."""

    community: str
    head_id: str
    own: Mapping[str, OwnCounts]


@dataclass(slots=True)
class CountingMember:
    """A member's numbers by counter, and the badges that stand for them. `version` is the one `standing` follows.

    `turns` is how often each badge was granted: a grant's id follows from it, so that the same history makes the
    same grants in whatever order events came.
    """

    community: str
    member_id: str
    counts: dict[str, int] = field(default_factory=dict)
    standing: dict[ThresholdKey, Held] = field(default_factory=dict)
    turns: dict[ThresholdKey, int] = field(default_factory=dict)
    last_event_uid: str | None = None
    version: int = 0

    @classmethod
    def of_group(
        cls,
        group: Group,
        before: Iterable["CountingMember"],
        *,
        plan: Plan,
        cause: str,
        at: datetime,
        day: date | None,
    ) -> tuple["CountingMember", list[Grant]]:
        """The numbers of members who are one person from `at` on, and what that grants and takes back.

        `before` are the rows of all of them as they were grouped until then; `day` is what facts say of that day.
        """
        standing, surplus = gathered(
            group.head_id, group.own, [(member.member_id, member.standing) for member in before]
        )
        own = [group.own[group.head_id], *(own for _, own in sorted(group.own.items()))]
        member = cls(
            group.community,
            group.head_id,
            standing=standing,
            turns=dict(group.own[group.head_id].turns),
            last_event_uid=next((one.last_event_uid for one in own if one.last_event_uid is not None), None),
            version=plan.thresholds.version,
        )
        known = {counter.id for counter in plan.counters}
        for one in group.own.values():
            for counter, count in one.counts.items():
                if count and counter in known:
                    member.counts[counter] = member.counts.get(counter, 0) + count
        return member, [
            *(
                member._changed(one.key, one.held.title, cause, at, day, one.held.grant_id, one.member_id)
                for one in surplus
            ),
            *member._bring(plan, time=at, day=day),
        ]

    def add(self, counter: str, by: int, cause: Cause, plan: Plan) -> list[Grant]:
        """Change a number; return what that grants and takes back. `follow` comes first for another version."""
        before = self.counts.get(counter, 0)
        now = before + by
        self.counts[counter] = now
        if not now:
            del self.counts[counter]
        self.last_event_uid = cause.event_uid
        grants: list[Grant] = []
        for rule_id, ladder in plan.thresholds.by_events.items():
            if plan.counter_by_rule.get(rule_id) == counter:
                low, high = ladder.reached(before), ladder.reached(now)
                grants += [self._grant(step, cause.event_time, cause.day) for step in ladder.steps[low:high]]
                grants += [
                    self._take_back(step.key, cause.event_time, cause.day)
                    for step in reversed(ladder.steps[high:low])
                ]
        return grants

    def follow(self, plan: Plan) -> list[Grant]:
        """Bring what stands in line with the plan's version; the same version changes nothing."""
        if self.version == plan.thresholds.version:
            return []
        self.version = plan.thresholds.version
        known = {counter.id for counter in plan.counters}
        self.counts = {counter: count for counter, count in self.counts.items() if counter in known}
        return self._bring(plan, time=plan.effective_from, day=plan.day)

    def _bring(self, plan: Plan, *, time: datetime, day: date | None) -> list[Grant]:
        """Take back what stands and is not due, and grant what is due and does not stand."""
        due = {
            step.key: step
            for rule_id, ladder in plan.thresholds.by_events.items()
            for step in ladder.steps[: ladder.reached(self.counts.get(plan.counter_by_rule.get(rule_id, ""), 0))]
        }
        return [
            *(self._take_back(key, time, day) for key in sorted(self.standing.keys() - due.keys())),
            *(self._grant(due[key], time, day) for key in sorted(due.keys() - self.standing.keys())),
        ]

    def _grant(self, step: Threshold, time: datetime, day: date | None) -> Grant:
        turn = self.turns[step.key] = self.turns.get(step.key, 0) + 1
        grant = self._changed(step.key, step.title, f"events {turn}", time, day)
        self.standing[step.key] = Held(grant.grant_id, step.title)
        return grant

    def _take_back(self, key: ThresholdKey, time: datetime, day: date | None) -> Grant:
        held = self.standing.pop(key)
        if held.member_id is not None:
            return self._changed(
                key, held.title, f"back {held.grant_id}", time, day, held.grant_id, held.member_id
            )
        return self._changed(key, held.title, f"events {self.turns[key]} back", time, day, held.grant_id)

    def _changed(
        self,
        key: ThresholdKey,
        title: str,
        cause: str,
        time: datetime,
        day: date | None,
        reverses: str | None = None,
        holder: str | None = None,
    ) -> Grant:
        holder = holder or self.member_id
        return Grant(
            community=self.community,
            grant_id=grant_id(self.community, holder, key, cause),
            member_id=holder,
            key=key,
            title=title,
            award_id=None,
            event_time=time,
            version=self.version,
            reverses=reverses,
            day=day,
            event_uid=self.last_event_uid,
        )
