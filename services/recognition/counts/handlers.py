"""Events change numbers, and numbers badges; a version that counts something new has the events of before counted.

Locks are taken in this order: programmes, events, what all did, merges, members, since when they have years to
celebrate, whose levels are due, numbers of holders, numbers of all members together.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from services.recognition.celebrations.domain import Celebration, reached
from services.recognition.celebrations.handlers import celebrate, on_reactions
from services.recognition.celebrations.store import numbers
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
    Heard,
    MemberKey,
    OwnCounts,
    Plan,
    celebration_of,
    concerned,
    day_of,
    slot_of,
)
from services.recognition.deeds import store as deeds_store
from services.recognition.deeds.domain import Deed
from services.recognition.metrics import COUNTED_EVENTS
from services.recognition.suspensions import store as suspensions
from services.recognition.suspensions.domain import Spell, Withheld, is_suspended
from services.recognition.tallies import store as tallies_store
from services.recognition.tallies.domain import OF_ALL, Tally, TallyOfAll
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Due
from services.recognition.thresholds.handlers import Traced, make_grants
from services.recognition.turns.handlers import take_turn
from services.recognition.turns.store import Work
from shared.contracts.activities import TARGETING_TYPES
from shared.contracts.facts import GuidelineFact
from shared.followed_communities import load_calendar
from shared.followed_suspensions import keep_suspensions, suspensions_of
from shared.merges import load_groups, load_heads, lock_merges, lock_persons
from shared.transaction import Transaction

#: Events of before, or members, in one transaction.
PIECE_COUNT = 2_000
KEEP_COUNTING_EVERY_SECONDS = 0.5


class Step(NamedTuple):
    """That an event counts for a member by a counter from now on, or no more."""

    key: MemberKey
    counter: str
    change: Change

    def person(self, heads: Mapping[MemberKey, str]) -> MemberKey:
        """Whose number it is: the member's, or of whom they are merged into."""
        return self.key[0], heads.get(self.key, self.key[1])

    @property
    def withheld(self) -> Withheld:
        """What is noted of it where the member is suspended."""
        return Withheld(*self.key, self.change.event_uid, self.counter, self.change.event["time"])


async def on_events(tx: Transaction, facts: list[Any]) -> Heard:
    """Count events for whoever met a rule by them, and no more those that were taken back. Returns which."""
    facts = [fact for fact in facts if fact["type"] not in TARGETING_TYPES or "targetuid" in fact]
    communities = {fact["community"] for fact in facts}
    await thresholds_store.lock_programmes_shared(tx.conn, communities=communities)
    changes = await _heard(tx, facts)
    await on_reactions(tx, [(one.community, one.event_uid, one.event, one.by) for one in changes])
    plans = await store.load_plans(tx.conn, communities=communities)
    await _count(tx, changes, plans=plans)
    return Heard(changes, plans)


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
    met = [
        ((change.community, member_id), counter, change)
        for counter, change in counted
        if (member_id := counter.rule.member_of(change.event)) is not None
    ]
    await _tally_all(tx, met)
    steps = [Step(key, counter.id, change) for key, counter, change in met if counter.rule.detail != OF_ALL]
    if not steps:
        return
    dated_ids = {counter.id for counter, _ in counted if counter.rule.dated}
    # Whoever is one person with others is counted in the row of who stays. Its lock is that of what each has, too.
    heads = await lock_persons(tx.conn, keys={step.key for step in steps})
    # From here on nobody says that somebody was suspended.
    if counting := await _unsuspended(tx, steps, heads=heads):
        await _change(tx, counting, heads=heads, dated_ids=dated_ids, plans=plans)


async def _unsuspended(
    tx: Transaction, steps: Sequence[Step], *, heads: Mapping[MemberKey, str]
) -> Sequence[Step]:
    """The steps that count. What was done while suspended is noted instead, until it is taken back."""
    times = [step.change.event["time"] for step in steps]
    persons = {step.person(heads) for step in steps}
    spells = await suspensions.load_spells(tx.conn, persons=persons, first=min(times), last=max(times))
    taken_back = {(step.change.community, step.change.event_uid) for step in steps if step.change.by < 0}
    noted = await suspensions.load_withheld_of_events(tx.conn, keys=taken_back) if taken_back else set()
    if not spells and not noted:
        return steps
    counting: list[Step] = []
    new: dict[tuple[str, str, str, str], Withheld] = {}
    gone = set()
    for step in steps:
        withheld = step.withheld
        if step.change.by > 0:
            if is_suspended(spells.get(step.person(heads), ()), withheld.happened_at):
                new[withheld[:4]] = withheld
            else:
                counting.append(step)
        elif new.pop(withheld[:4], None) is None:
            if withheld[:4] in noted:
                gone.add(withheld[:4])
            else:
                counting.append(step)
    await suspensions.delete_withheld(tx.conn, keys=gone)
    await suspensions.add_withheld(tx.conn, withheld=new.values())
    return counting


async def _change(
    tx: Transaction,
    steps: Sequence[Step],
    *,
    heads: Mapping[MemberKey, str],
    dated_ids: Collection[str],
    plans: Mapping[str, Plan],
) -> None:
    """Change members' numbers, and their badges by that; persons are locked."""
    dated = [step for step in steps if step.counter in dated_ids]
    members = await store.lock_members(tx.conn, keys={(key[0], heads.get(key, key[1])) for key, _, _ in steps})
    own = await store.load_own(tx.conn, keys=heads) if heads else {}
    grants: list[Traced] = []
    celebrated: list[Celebration] = []
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
        if counter_id in plan.milestones_by_counter and change.by > 0 and not change.cause.is_backfill:
            number = member.counts.get(counter_id, 0)
            like = partial(celebration_of, change, head[1], plan.thresholds.version)
            celebrated += reached(plan.milestones_by_counter[counter_id], number - 1, number, like=like)
    await store.add_acts(
        tx.conn,
        acts=[Act(key, counter, slot_of(change.event["time"]), change.by) for key, counter, change in dated],
    )
    await store.set_members(tx.conn, members=members.values())
    if own:
        await store.put_own(tx.conn, own=own)
    await _look_at_years(tx, dated, heads=heads, plans=plans)
    await _tally(tx, steps, heads=heads, plans=plans)
    await celebrate(tx, celebrations=celebrated)
    await make_grants(tx, grants=grants)
    await _keep_deeds(tx, steps, heads=heads, plans=plans)
    if due:
        await thresholds_store.put_due(tx.conn, due=due)
    joint_ids = {counter.id for plan in plans.values() for counter in plan.counters if counter.rule.joint}
    await _add_joint(tx, [step for step in steps if step.counter in joint_ids], heads=heads, plans=plans)
    COUNTED_EVENTS.inc(len(steps))


async def _tally(
    tx: Transaction,
    steps: Sequence[Step],
    *,
    heads: Mapping[MemberKey, str],
    plans: Mapping[str, Plan],
) -> None:
    """Keep what members did that levels count, and have their levels looked at again."""
    counters = {
        (community, counter.id): counter
        for community, plan in plans.items()
        for counter in plan.counters
        if counter.rule.detail is not None
    }
    tallied = [
        (key, counter, change)
        for key, counter_id, change in steps
        if (counter := counters.get((key[0], counter_id))) is not None
    ]
    if not tallied:
        return
    await tallies_store.add_tallies(
        tx.conn,
        tallies=[
            Tally.of(key, counter.id, str(counter.rule.detail), counter.rule.to, change.event, change.by)
            for key, counter, change in tallied
        ],
    )
    read = {community: plan.level_counters for community, plan in plans.items()}
    due: dict[MemberKey, bool] = {}
    for key, counter, change in tallied:
        if counter.id in read.get(key[0], ()):
            head = (key[0], heads.get(key, key[1]))
            due[head] = due.get(head, True) and change.cause.is_backfill
    await tallies_store.put_due(tx.conn, due=due, at=tx.now)


async def _tally_all(tx: Transaction, met: Sequence[tuple[MemberKey, Counter, Change]]) -> None:
    """Keep how much all did of what levels ask a share of; what is of a day that is over moves who is near."""
    changes = [
        TallyOfAll.of(key, counter.id, change.event, change.by)
        for key, counter, change in met
        if counter.rule.detail == OF_ALL
    ]
    if changes:
        await tallies_store.add_tallies_of_all(tx.conn, tallies=changes)
        for community in sorted({one.community for one in changes}):
            today = (await load_calendar(tx.conn, community=community)).day_of(tx.now)
            if any(one.community == community and one.day < today for one in changes):
                await tallies_store.hasten_near(tx.conn, community=community, at=tx.now)


async def _look_at_years(
    tx: Transaction, dated: Sequence[Step], *, heads: Mapping[MemberKey, str], plans: Mapping[str, Plan]
) -> None:
    """Have those looked at whose years may be counted since another time than was known."""
    of_heads: dict[MemberKey, list[tuple[str, datetime, int]]] = {}
    for key, counter_id, change in dated:
        # A counter that is new has its members looked at once it is all counted.
        if counter_id in plans.get(key[0], NO_PLAN).years_by_counter:
            head = (key[0], heads.get(key, key[1]))
            of_heads.setdefault(head, []).append((counter_id, slot_of(change.event["time"]), change.by))
    if not of_heads:
        return
    firsts = await numbers.lock_firsts(tx.conn, keys=of_heads)
    looked_for = [
        key
        for key, acts in of_heads.items()
        if any(
            by < 0 or (known := firsts.get(key, {}).get(counter_id)) is None or slot < known
            for counter_id, slot, by in acts
        )
    ]
    if looked_for:
        await numbers.put_looked_for(tx.conn, keys=looked_for)


async def _add_joint(
    tx: Transaction, steps: Sequence[Step], *, heads: Mapping[MemberKey, str], plans: Mapping[str, Plan]
) -> None:
    """Add to what all members have together, and celebrate what that reaches. Last: every worker shares the rows.

    So each number is reached by one event, and whose that was is who is named.
    """
    if not steps:
        return
    changes: dict[tuple[str, str], int] = {}
    for key, counter_id, change in steps:
        changes[key[0], counter_id] = changes.get((key[0], counter_id), 0) + change.by
    after = await numbers.add_joint(tx.conn, changes=changes)
    now = {key: after[key] - by for key, by in changes.items()}
    celebrated: list[Celebration] = []
    for key, counter_id, change in steps:
        plan = plans.get(key[0], NO_PLAN)
        before, now[key[0], counter_id] = now[key[0], counter_id], now[key[0], counter_id] + change.by
        if counter_id in plan.joint_by_counter and change.by > 0 and not change.cause.is_backfill:
            like = partial(celebration_of, change, heads.get(key, key[1]), plan.thresholds.version)
            celebrated += reached(plan.joint_by_counter[counter_id], before, before + 1, like=like)
    await celebrate(tx, celebrations=celebrated)


async def _keep_deeds(
    tx: Transaction,
    steps: Sequence[Step],
    *,
    heads: Mapping[MemberKey, str],
    plans: Mapping[str, Plan],
) -> None:
    """Keep what members did that quests go by, and have them looked at again whose it is."""
    timed_ids = {counter.id for plan in plans.values() for counter in plan.counters if counter.rule.timed}
    timed = [step for step in steps if step.counter in timed_ids]
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


async def on_guidelines(tx: Transaction, facts: list[GuidelineFact]) -> None:
    """Keep suspensions: what their members did meanwhile counts for nothing, and they stand on no board.

    What has never been, or ended earlier, gives back exactly what it took.
    """
    told = suspensions_of(facts)
    if not told:
        return
    communities = {fact["community"] for fact in told}
    await thresholds_store.lock_programmes_shared(tx.conn, communities=communities)
    # Nobody counts events for members meanwhile, nor merges them: either knows of it afterwards.
    await lock_merges(tx.conn, communities=communities)
    changed = await keep_suspensions(tx, told)
    heads = await load_heads(tx.conn, keys=changed)
    persons = {(community, heads.get((community, one), one)) for community, one in changed}
    groups = await load_groups(tx.conn, keys=persons)
    for community in sorted({key[0] for key in persons}):
        of_community = {head_id: group for (of, head_id), group in sorted(groups.items()) if of == community}
        await reconsider(tx, community=community, groups=of_community)


async def reconsider(tx: Transaction, *, community: str, groups: Mapping[str, Sequence[str]]) -> None:
    """Have exactly that count for nothing which these persons did while one of them is suspended.

    Nobody counts events of the community for members meanwhile: the lock of merges is held.
    """
    plans = await store.load_plans(tx.conn, communities=[community])
    plan = plans.get(community, NO_PLAN)
    spells = await suspensions.load_spells(tx.conn, persons={(community, head_id) for head_id in groups})
    dated_ids = {counter.id for counter in plan.counters if counter.rule.dated}
    for head_id, group in sorted(groups.items()):
        heads = {(community, member_id): head_id for member_id in group} if len(group) > 1 else {}
        own = spells.get((community, head_id), [])
        async for steps in _freed(tx, community, group=group, spells=own, plan=plan):
            await _change(tx, steps, heads=heads, dated_ids=dated_ids, plans=plans)
        for spell in own:
            async for steps in _taken(tx, community, group=group, spell=spell, plan=plan):
                await _change(tx, steps, heads=heads, dated_ids=dated_ids, plans=plans)


async def _freed(
    tx: Transaction, community: str, *, group: Sequence[str], spells: Sequence[Spell], plan: Plan
) -> AsyncIterator[list[Step]]:
    """What counts again, a piece at a time: it is noted no more."""
    known = {counter.id for counter in plan.counters}
    after = store.BEFORE_ALL
    while page := await suspensions.page_of_withheld(
        tx.conn, community=community, member_ids=group, after=after, limit_count=PIECE_COUNT
    ):
        after = page[-1].event_uid
        freed = [one for one in page if not is_suspended(spells, one.happened_at)]
        await suspensions.delete_withheld(tx.conn, keys=[one[:4] for one in freed])
        events = await store.load_events(tx.conn, community=community, uids={one.event_uid for one in freed})
        steps = [
            Step((community, one.member_id), one.counter, change)
            for one in sorted(freed, key=lambda one: (one.happened_at, one.event_uid, one.counter))
            if one.counter in known
            and (change := Change.of_before(community, one.event_uid, events[one.event_uid], 1)) is not None
        ]
        if steps:
            yield steps


async def _taken(
    tx: Transaction, community: str, *, group: Sequence[str], spell: Spell, plan: Plan
) -> AsyncIterator[list[Step]]:
    """What counted until now and does so no more, a piece at a time: it is noted."""
    after = (spell.starts_at, store.BEFORE_ALL)
    while page := await store.page_of_events_during(
        tx.conn,
        community=community,
        member_ids=group,
        first=spell.starts_at,
        last=spell.ends_at,
        after=after,
        limit_count=PIECE_COUNT,
    ):
        last_uid, last = page[-1]
        assert last.happened_at is not None  # noqa: S101 -- it was found by that
        after = (last.happened_at, last_uid)
        noted = await suspensions.load_withheld_of_events(tx.conn, keys=[(community, uid) for uid, _ in page])
        steps = [
            step
            for uid, event in page
            if event.counts and (change := Change.of_before(community, uid, event, -1)) is not None
            for counter in plan.counters
            if counter.counts(uid)
            # What all did has been done, whoever of them is suspended.
            and counter.rule.detail != OF_ALL
            and (member_id := counter.rule.member_of(change.event)) is not None
            and member_id in group
            and (step := Step((community, member_id), counter.id, change)).withheld[:4] not in noted
        ]
        await suspensions.add_withheld(tx.conn, withheld=[step.withheld for step in steps])
        if steps:
            yield steps


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
    await make_grants(tx, grants=grants, celebrates=False)


async def keep_counting(tx: Transaction) -> bool:
    """Bring a community's numbers and badges in line with its version; a timer calls this while it returns True.

    In pieces, so that the events of a large community fill no memory and keep nobody waiting.
    """
    due = await thresholds_store.load_due_in_force(tx.conn, now=tx.now)
    behind = await store.load_behind(tx.conn)

    async def work(_: Work, community: str) -> bool:
        await thresholds_store.put_due_in_force(tx.conn, communities=[community], now=tx.now)
        return await _catch_up(tx, community)

    return await take_turn(tx, [(Work.COUNTING, one) for one in {*due, *behind}], work=work)


async def _catch_up(tx: Transaction, community: str) -> bool:
    """Bring a piece of a community's numbers and badges in line with its version; whether there was any."""
    await thresholds_store.lock_programme(tx.conn, community)
    behind = await store.lock_behind(tx.conn, community=community)
    if behind is None:
        return False
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
        await suspensions.drop_withheld(tx.conn, community=community, counters=ids)
        await store.set_version(tx.conn, community=community, version=behind.wanted, counters=ids)
        await tallies_store.drop_tallies_of_all(tx.conn, community=community, counters=ids)
        await numbers.keep_joint(tx.conn, community=community, counters=ids)
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
    await tallies_store.drop_tallies(
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
    if plan.years_by_counter:
        dated = [one for one in members if not plan.years_by_counter.keys().isdisjoint(one.counts)]
        await numbers.put_looked_for(tx.conn, keys=[(community, one.member_id) for one in dated])
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
        change
        for uid, one in page
        if one.counts and (change := Change.of_before(community, uid, one, 1)) is not None
    ]
    await _add(tx, [(counter, change) for change in changes], plans={community: plan})
    up_to = page[-1][0] if len(page) == PIECE_COUNT else None
    await store.set_counted(tx.conn, community=community, counter=counter.id, up_to=up_to)
