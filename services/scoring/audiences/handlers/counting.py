"""What members did before an event, as rules ask: decided when it is scored, and noted for whoever comes later."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from services.scoring.audiences.domain import DayEarned, counted, decide_at, topics_in, topics_of
from services.scoring.audiences.store import earned as earned_store
from services.scoring.audiences.store import turns
from services.scoring.rules.domain.attributes import Known, MemberKey, Said, Value
from services.scoring.rules.domain.audiences import CompiledAudience
from services.scoring.rules.domain.compiling import CompiledVersion, version_at
from services.scoring.rules.domain.counters import name_of as counter_name
from services.scoring.rules.store import load_attributes
from services.scoring.settings import Settings
from shared.contracts.facts import AcceptedEvent
from shared.contracts.own_acts import members_of
from shared.contracts.programme import AudienceMeasure
from shared.merges import load_groups, load_heads
from shared.postgres import Connection
from shared.transaction import Transaction


async def decided_for(
    conn: Connection,
    *,
    events: Sequence[AcceptedEvent],
    compiled: Mapping[str, Sequence[CompiledVersion]],
    heads: Mapping[tuple[str, str], str],
    awards_max_count: int,
) -> dict[MemberKey, dict[str, list[Said]]]:
    """What members whom events are of, or are for, did until the events' times, as far as rules ask.

    That is whether they are in audiences by behaviour, and their counters, both as attributes. It is decided by
    what they did before this batch. Nothing is looked up where no rule asks.
    """
    asked: dict[MemberKey, list[_Asked]] = {}
    for event in events:
        version = version_at(compiled.get(event["community"], ()), event["receivedat"])
        if version is None or not version.is_counting:
            continue
        for rule in version.rules.get(event["type"], ()):
            behaviours = tuple(audience for audience in rule.audiences if audience.is_by_behaviour)
            member_id = {**event}.get(rule.member_attribute) if behaviours or rule.counters else None
            if isinstance(member_id, str):
                head = heads.get((event["community"], member_id), member_id)
                of_member = asked.setdefault(MemberKey(event["community"], head), [])
                of_member.append(_Asked(event, behaviours, rule.counters))
    if not asked:
        return {}
    wanted = {
        key: {name for one in of_member for audience in one.audiences for name in audience.attributes}
        for key, of_member in asked.items()
    }
    known = await load_attributes(conn, wanted=wanted)
    groups = await load_groups(conn, keys=list(asked))
    measures = (one.measures for of_member in asked.values() for one in of_member)
    earned = await earned_store.load_earned(
        conn,
        groups=groups,
        awards_max_count=awards_max_count,
        topics=topics_in(measure for of_one in measures for measure in of_one),
    )
    found: dict[MemberKey, dict[str, list[Said]]] = {}
    for key, of_member in asked.items():
        by_name = found.setdefault(key, {})
        days = _Days(earned.get(key, ()))
        for one in sorted(of_member, key=lambda one: one.event["time"]):
            for name, value in _values(one, known.get(key, {}), days):
                said = by_name.setdefault(name, [])
                if not said or said[-1].since != one.event["time"]:
                    said.append(Said(one.event["time"], one.event["receivedat"], value))
    return found


class _Asked(NamedTuple):
    """An event of a member, and what a rule asks of what they did before it."""

    event: AcceptedEvent
    audiences: tuple[CompiledAudience, ...]
    counters: tuple[AudienceMeasure, ...]

    @property
    def measures(self) -> tuple[AudienceMeasure, ...]:
        """All that is measured."""
        return (*self.counters, *(measure for audience in self.audiences for measure in audience.measures))


class _Days:
    """What a member did by days, and what counters were on them: many events of a batch are of one day."""

    def __init__(self, earned: Sequence[DayEarned]) -> None:
        self.earned = earned
        self._counted: dict[tuple[AudienceMeasure, date], int] = {}

    def count(self, counter: AudienceMeasure, today: date) -> int:
        """What a counter is on a day."""
        key = (counter, today)
        if key not in self._counted:
            self._counted[key] = counted((counter,), self.earned, today)[counter.id]
        return self._counted[key]


def _values(one: _Asked, known: Mapping[str, Sequence[Said]], days: _Days) -> Iterator[tuple[str, Value]]:
    event = one.event
    today = event.get("day") or event["time"].astimezone(UTC).date()
    for audience in one.audiences:
        decision = decide_at(
            audience,
            said=known,
            earned=days.earned,
            event_time=event["time"],
            received_at=event["receivedat"],
            today=today,
        )
        yield audience.name, decision.is_in
    for counter in one.counters:
        yield counter_name(counter.id), days.count(counter, today)


def with_decided(known: Known, decided: Mapping[MemberKey, Mapping[str, Sequence[Said]]]) -> Known:
    """What is known of members, and what was decided of them."""
    if not decided:
        return known
    return {key: {**known.get(key, {}), **decided.get(key, {})} for key in {*known, *decided}}


async def note_active(
    tx: Transaction[Settings],
    *,
    events: Sequence[AcceptedEvent],
    changed: Collection[tuple[str, str]],
    amended: Collection[tuple[str, str]],
    compiled: Mapping[str, Sequence[CompiledVersion]],
    heads: Mapping[tuple[str, str], str],
) -> None:
    """Have members of events looked at, where what they did decides in which audiences they are.

    Also those of events, by community and uid, of which it `changed` whether they count, and members of whom
    something was `amended`.
    """
    with_behaviours = {
        community
        for community, of_community in compiled.items()
        if any(version.behaviours for version in of_community)
    }
    if not with_behaviours:
        return
    due: dict[MemberKey, datetime] = {}
    for event in events:
        community = event["community"]
        if community in with_behaviours:
            for member_id in members_of(event):
                due[MemberKey(community, heads.get((community, member_id), member_id))] = tx.now
    said_anew = [event for event in changed if event[0] in with_behaviours]
    if said_anew:
        members = {MemberKey(*one) for one in amended}
        members |= await earned_store.load_members_of_topics(tx.conn, events=said_anew)
        of_members = {**heads, **await load_heads(tx.conn, keys=members)}
        due |= {MemberKey(one.community, of_members.get(one, one.member_id)): tx.now for one in members}
    if due:
        await turns.put_due(tx.conn, due=due)


async def note_topics(tx: Transaction[Settings], *, events: Sequence[AcceptedEvent]) -> None:
    """Keep what new events are about, for audiences and counters of interests."""
    topics = [topic for event in events for topic in topics_of(event)]
    if topics:
        await earned_store.add_topics(tx.conn, topics=topics)
