"""Events change numbers, and numbers badges; a version that counts something new has the events of before counted.

Locks are taken in this order: programmes, events, members, numbers of holders.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from services.recognition.counts import store
from services.recognition.counts.domain import (
    NO_PLAN,
    Act,
    Cause,
    Change,
    CountedEvent,
    Counter,
    CountingMember,
    EventKey,
    Group,
    MemberKey,
    OwnCounts,
    Plan,
    concerned,
    day_of,
    slot_of,
)
from services.recognition.deeds import store as deeds_store
from services.recognition.deeds.domain import Deed
from services.recognition.metrics import COUNTED_EVENTS
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Due
from services.recognition.thresholds.handlers import Traced, make_grants
from shared.contracts.activities import TARGETING_TYPES
from shared.followed_communities import load_calendar
from shared.merges import lock_persons
from shared.transaction import Transaction

#: Events of before, or members, in one transaction.
PIECE_COUNT = 2_000
KEEP_COUNTING_EVERY_SECONDS = 0.5


async def on_events(tx: Transaction, facts: list[Any]) -> None:
    """Count events for whoever met a rule by them, and no more those that were taken back."""
    facts = [fact for fact in facts if fact["type"] not in TARGETING_TYPES or "targetuid" in fact]
    communities = {fact["community"] for fact in facts}
    await thresholds_store.lock_programmes_shared(tx.conn, communities=communities)
    changes = await _heard(tx, facts)
    plans = await store.load_plans(tx.conn, communities=communities)
    await _count(tx, changes, plans=plans)


async def _heard(tx: Transaction, facts: Sequence[Mapping[str, Any]]) -> list[Change]:
    new: dict[EventKey, CountedEvent] = {}
    changes: list[Change] = []
    if not any(fact["type"] in TARGETING_TYPES for fact in facts):
        # Nearly always all are new, and nothing was said of them before they came.
        changes = _changes(facts, new)
        if len(new) == len(facts) and await store.add_new_events(tx.conn, events=new):
            return changes
    known = await store.lock_events(tx.conn, keys={concerned(fact) for fact in facts})
    changes = _changes(facts, known)
    await store.put_events(tx.conn, events=known)
    return changes


def _changes(facts: Sequence[Mapping[str, Any]], known: dict[EventKey, CountedEvent]) -> list[Change]:
    changes: list[Change] = []
    for fact in facts:
        key = concerned(fact)
        counted = known.setdefault(key, CountedEvent())
        by = counted.hear(fact)
        if by and counted.event is not None:
            changes.append(Change(*key, counted.event, by, Cause.of(fact)))
    return changes


async def _count(tx: Transaction, changes: Sequence[Change], *, plans: Mapping[str, Plan]) -> None:
    """Change the numbers of the members that these events count for."""
    await _add(
        tx,
        [
            (counter, change)
            for change in changes
            for counter in plans.get(change.community, NO_PLAN).counters
            if counter.counts(change.event_uid)
        ],
        plans=plans,
    )


async def _add(tx: Transaction, counted: Sequence[tuple[Counter, Change]], *, plans: Mapping[str, Plan]) -> None:
    steps = [
        ((change.community, member_id), counter.id, change)
        for counter, change in counted
        if (member_id := counter.rule.member_of(change.event)) is not None
    ]
    if not steps:
        return
    dated_ids = {counter.id for counter, _ in counted if counter.rule.dated}
    dated = [step for step in steps if step[1] in dated_ids]
    # Whoever is one person with others is counted in the row of who stays. Its lock is that of what each has, too.
    heads = await lock_persons(tx.conn, keys={key for key, _, _ in steps})
    members = await store.lock_members(tx.conn, keys={(key[0], heads.get(key, key[1])) for key, _, _ in steps})
    own = await store.load_own(tx.conn, keys=heads) if heads else {}
    grants: list[Traced] = []
    due: dict[tuple[str, str], Due] = {}
    read = {key[0]: plans.get(key[0], NO_PLAN).read_counters for key, _, _ in steps}
    for key, counter_id, change in steps:
        plan = plans.get(change.community, NO_PLAN)
        if key in own:
            own[key].add(counter_id, change.by, change.cause)
        head = (key[0], heads.get(key, key[1]))
        member = members[head]
        if counter_id in read[change.community]:
            cause = change.cause
            changed = Due(cause.event_time, cause.day, cause.is_backfill)
            due[head] = due[head].and_then(changed) if head in due else changed
        # What a new version grants at once to all is of the past, whenever each is looked at.
        grants += [Traced(grant, is_backfill=True) for grant in member.follow(plan)]
        grants += [
            Traced(grant, change.cause.traceparent, change.cause.is_backfill)
            for grant in member.add(counter_id, change.by, change.cause, plan)
        ]
    await store.add_acts(
        tx.conn,
        acts=[Act(key, counter_id, slot_of(change.event["time"]), change.by) for key, counter_id, change in dated],
    )
    await store.set_members(tx.conn, members=members.values())
    if own:
        await store.put_own(tx.conn, own=own)
    await make_grants(tx, grants=grants)
    await _keep_deeds(tx, steps, counted=counted, heads=heads, plans=plans)
    if due:
        await thresholds_store.put_due(tx.conn, due=due)
    COUNTED_EVENTS.inc(len(steps))


async def _keep_deeds(
    tx: Transaction,
    steps: Sequence[tuple[MemberKey, str, Change]],
    *,
    counted: Sequence[tuple[Counter, Change]],
    heads: Mapping[MemberKey, str],
    plans: Mapping[str, Plan],
) -> None:
    """Keep what members did that quests go by, and have them looked at again whose it is."""
    timed_ids = {counter.id for counter, _ in counted if counter.rule.timed}
    timed = [step for step in steps if step[1] in timed_ids]
    if not timed:
        return
    # What came and was taken back in one batch is as it was said last.
    last = {
        Deed(*key, counter_id, change.event_uid, change.event["time"], day_of(change.event)): change.by
        for key, counter_id, change in timed
    }
    await deeds_store.delete_deeds(tx.conn, deeds=[deed for deed, by in last.items() if by < 0])
    await deeds_store.add_deeds(tx.conn, deeds=[deed for deed, by in last.items() if by > 0])
    read = {community: set(plan.quest_counters.values()) for community, plan in plans.items()}
    due: dict[MemberKey, Due] = {}
    for key, counter_id, change in timed:
        if counter_id in read.get(key[0], ()):
            head = (key[0], heads.get(key, key[1]))
            changed = Due(change.cause.event_time, change.cause.day, change.cause.is_backfill)
            due[head] = due[head].and_then(changed) if head in due else changed
    if due:
        await deeds_store.put_due(tx.conn, due=due)


async def regroup(tx: Transaction, *, community: str, groups: Mapping[str, Sequence[str]]) -> None:
    """Have members be the persons that `groups` say, by who stays: each with the numbers of all of its members.

    Nobody counts events of the community for members meanwhile: the lock of merges is held.
    """
    keys = {(community, member_id) for group in groups.values() for member_id in group}
    before = await store.load_members(tx.conn, keys=keys)
    own = await store.load_own(tx.conn, keys=keys)
    for key in keys:
        member = before.get(key)
        if key not in own:
            # Who was alone until now: what there is is its own.
            own[key] = OwnCounts() if member is None else OwnCounts(dict(member.counts), {}, member.last_event_uid)
        if member is not None:
            own[key].turns = dict(member.turns)
    plan = (await store.load_plans(tx.conn, communities=[community])).get(community, NO_PLAN)
    day = (await load_calendar(tx.conn, community=community)).said_day(tx.now)
    members: list[CountingMember] = []
    grants: list[Traced] = []
    for head_id, group in sorted(groups.items()):
        member, changes = CountingMember.of_group(
            Group(community, head_id, {member_id: own[(community, member_id)] for member_id in group}),
            before.values(),
            plan=plan,
            cause=f"merges {tx.now.isoformat()}",
            at=tx.now,
            day=day,
        )
        members.append(member)
        grants += [Traced(grant) for grant in changes]
    await store.delete_members(tx.conn, community=community, member_ids=[member_id for _, member_id in keys])
    await store.lock_members(tx.conn, keys={(community, member.member_id) for member in members})
    await store.set_members(tx.conn, members=members)
    joint = [(community, member_id) for group in groups.values() if len(group) > 1 for member_id in group]
    await store.put_own(tx.conn, own={key: own[key] for key in joint})
    await make_grants(tx, grants=grants)


async def keep_counting(tx: Transaction) -> bool:
    """Bring a community's numbers and badges in line with its version; a timer calls this while it returns True.

    In pieces, so that the events of a large community fill no memory and keep nobody waiting.
    """
    await thresholds_store.put_due_in_force(tx.conn, now=tx.now)
    behind = await store.lock_behind(tx.conn)
    if behind is None:
        return False
    community = behind.community
    await thresholds_store.lock_programme(tx.conn, community)
    plan = (await store.load_plans(tx.conn, communities=[community])).get(community, NO_PLAN)
    # 1. What the version counts, and nobody counted yet.
    counted = {counter.rule.key for counter in plan.counters}
    wanted = {rule.key: rule for rule in behind.rules.values()}
    new = [
        Counter(f"{key}.{behind.wanted}", rule, store.BEFORE_ALL)
        for key, rule in sorted(wanted.items())
        if key not in counted
    ]
    if new:
        await store.add_counters(tx.conn, community=community, counters=new)
        plan = (await store.load_plans(tx.conn, communities=[community]))[community]
    # 2. The events of before; until all of them are in, the badges stand by the version before.
    for counter in plan.counters:
        if counter.counted_up_to is not None and counter.rule.key in wanted:
            await _count_before(tx, community, counter=counter, plan=plan)
            return True
    # 3. From now on the badges stand by this version.
    if behind.version != behind.wanted:
        ids = [counter.id for counter in plan.counters if counter.rule.key in wanted]
        await store.set_version(tx.conn, community=community, version=behind.wanted, counters=ids)
        return True
    # 4. The members, one piece after the other; whom an event counts for meanwhile follows by that.
    members = await store.page_of_members(
        tx.conn, community=community, after=behind.evaluated_up_to, limit_count=PIECE_COUNT
    )
    stale = [member for member in members if member.version != plan.thresholds.version]
    await store.drop_acts(
        tx.conn,
        community=community,
        head_ids=[member.member_id for member in members],
        counters=[counter.id for counter in plan.counters],
    )
    await deeds_store.drop_deeds(
        tx.conn,
        community=community,
        head_ids=[member.member_id for member in members],
        counters=[counter.id for counter in plan.counters],
    )
    grants = [Traced(grant, is_backfill=True) for member in stale for grant in member.follow(plan)]
    await store.set_members(tx.conn, members=stale)
    is_whole = len(members) == PIECE_COUNT
    await store.set_evaluated(tx.conn, community=community, up_to=members[-1].member_id if is_whole else None)
    await make_grants(tx, grants=grants)
    return True


async def _count_before(tx: Transaction, community: str, *, counter: Counter, plan: Plan) -> None:
    """Count a piece of the events of before."""
    page = await store.page_of_events(
        tx.conn, community=community, after=counter.counted_up_to or store.BEFORE_ALL, limit_count=PIECE_COUNT
    )
    changes = [
        Change(community, uid, event, 1, Cause(uid, event["time"], event.get("day"), None, is_backfill=True))
        for uid, one in page
        if one.counts and (event := one.event) is not None
    ]
    await _add(tx, [(counter, change) for change in changes], plans={community: plan})
    up_to = page[-1][0] if len(page) == PIECE_COUNT else None
    await store.set_counted(tx.conn, community=community, counter=counter.id, up_to=up_to)
