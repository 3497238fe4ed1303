"""Members' levels are looked at where something changed or a moment came, and all of them by a new version.

Locks are taken in this order: programmes, merges, whose levels are due, numbers of holders.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.recognition.counts import store as counts_store
from services.recognition.counts.domain import NO_PLAN, Plan
from services.recognition.levels import store
from services.recognition.levels.domain.courses import Did, Spell
from services.recognition.levels.domain.ladder import Hold, Ladder, Life, Surroundings
from services.recognition.levels.domain.standing import LevelMember, Looked, moment_of, signature_of
from services.recognition.levels.domain.walk import Reached, reached
from services.recognition.levels.store import Sweep
from services.recognition.metrics import LEVELS_LOOKED_AT
from services.recognition.tallies import store as tallies_store
from services.recognition.tallies.domain import PERSON
from services.recognition.tallies.store import Next
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Grant
from services.recognition.thresholds.handlers import Traced, make_grants
from services.recognition.turns.handlers import take_turn
from services.recognition.turns.store import Work
from shared.calendars import Calendar
from shared.followed_communities import load_calendar
from shared.merges import load_groups, load_heads, lock_persons
from shared.postgres import Connection
from shared.transaction import Transaction

KEEP_EVERY_SECONDS = 0.5
#: Members who are looked at in one transaction, in bunches of so many; of how much they did it is no more.
MEMBERS_MAX_COUNT = 500
BUNCH_COUNT = 25
ROWS_MAX_COUNT = 50_000
_WAITING_MAX_COUNT = 5_000
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Scene:
    """What is the same for all members of a community whose levels are looked at."""

    community: str
    ladder: Ladder
    calendar: Calendar
    surroundings: Surroundings
    counters: Mapping[str, str]
    looked: Looked

    @property
    def at(self) -> int:
        """The moment, in seconds."""
        return int(self.looked.at.timestamp())


async def keep_levels(tx: Transaction) -> bool:
    """Look at members of a community whose levels are due, or at all whose levels ask for others by now.

    A timer calls this while it returns True. In pieces: what is committed is not done again, whatever ends.
    """
    due = await tallies_store.load_due_communities(tx.conn, now=tx.now)
    stale: list[str] = []
    if not await thresholds_store.is_more_waiting(tx.conn, than=_WAITING_MAX_COUNT):
        stale = await store.load_stale(tx.conn)

    async def work(kind: Work, community: str) -> bool:
        if kind is Work.LEVELS_ANEW:
            return await _sweep(tx, community)
        return await _some(tx, community)

    waiting = [*((Work.LEVELS, one) for one in due), *((Work.LEVELS_ANEW, one) for one in stale)]
    return await take_turn(tx, waiting, work=work)


async def _some(tx: Transaction, community: str) -> bool:
    """Look at those of a community who are due, up to its part; whether there was any."""
    await thresholds_store.lock_programmes_shared(tx.conn, communities=[community])
    # Nobody merges members meanwhile; whoever does waits before it looks at who is due, as this does.
    await lock_persons(tx.conn, keys=[(community, store.BEFORE_ALL)])
    scene = await scene_of(tx.conn, community=community, now=tx.now)
    members, rows = MEMBERS_MAX_COUNT, ROWS_MAX_COUNT
    while members > 0 and rows > 0:
        due = await tallies_store.lock_due(
            tx.conn, community=community, now=tx.now, limit_count=min(members, BUNCH_COUNT)
        )
        if not due:
            break
        rows -= await look(tx, scene, due={one.member_id: one.is_backfill for one in due})
        members -= len(due)
    return members < MEMBERS_MAX_COUNT


async def scene_of(conn: Connection, *, community: str, now: datetime) -> Scene:
    """What levels of a community ask for, by the version whose events are all counted."""
    plan: Plan = (await counts_store.load_plans(conn, communities=[community])).get(community, NO_PLAN)
    calendar = await load_calendar(conn, community=community)
    version = plan.thresholds.version
    counters = {
        name: plan.counter_by_rule[name] for name in plan.thresholds.of_levels & plan.counter_by_rule.keys()
    }
    names = {counter: name for name, counter in sorted(counters.items())}
    of_all = await tallies_store.load_tallies_of_all(conn, community=community, counters=names)
    days: dict[int, date] = {}

    def day_of(at: int) -> date:
        if at not in days:
            days[at] = calendar.day_of(moment_of(at))
        return days[at]

    return Scene(
        community,
        await store.find_ladder(conn, community=community, version=version),
        calendar,
        Surroundings(
            day_of,
            lambda day: int(calendar.start_of(day).timestamp()),
            {name: of_all[counter] for name, counter in counters.items() if counter in of_all},
        ),
        counters,
        Looked(now, calendar.said_day(now), version),
    )


async def look(tx: Transaction, scene: Scene, *, due: Mapping[str, bool]) -> int:
    """Have these members hold the levels that they reached; of how many rows what they did was read.

    `due` says of each whether only what is past led to that.
    """
    community = scene.community
    heads = await lock_persons(tx.conn, keys=[(community, member_id) for member_id in due])
    backfills: dict[str, bool] = {}
    for member_id, is_backfill in due.items():
        head_id = heads.get((community, member_id), member_id)
        backfills[head_id] = backfills.get(head_id, True) and is_backfill
    # Whoever changes something of them from now on waits, and has them looked at again.
    await tallies_store.lock_members(tx.conn, community=community, member_ids=backfills)
    lives, rows = await load_lives(tx.conn, scene, head_ids=backfills)
    members = await store.load_members(tx.conn, keys=[(community, head_id) for head_id in backfills])
    grants: list[Traced] = []
    changed: list[LevelMember] = []
    following: list[Next] = [Next(member_id, None, False) for member_id in due if member_id not in backfills]
    for head_id, is_backfill in backfills.items():
        found = reached(scene.ladder, lives[head_id], scene.surroundings, at=scene.at)
        member = members.get((community, head_id)) or LevelMember(community, head_id)
        before = (dict(member.standing), dict(member.since))
        granted = member.align(found, scene.ladder, scene.looked)
        if (member.standing, member.since) != before:
            changed.append(member)
        grants += [Traced(_dated(grant, scene), tx.traceparent, is_backfill=is_backfill) for grant in granted]
        following.append(_next(head_id, found, scene))
    if changed:
        await store.put_members(tx.conn, members=changed)
    await tallies_store.put_next(tx.conn, community=community, following=following)
    await make_grants(tx, grants=grants)
    LEVELS_LOOKED_AT.inc(len(backfills))
    return rows


def _dated(grant: Grant, scene: Scene) -> Grant:
    """The grant with the day of the community that it is of."""
    if grant.reverses is not None:
        return grant
    return Grant(
        grant.community,
        grant.grant_id,
        grant.member_id,
        grant.key,
        grant.title,
        None,
        grant.event_time,
        grant.version,
        day=scene.calendar.said_day(grant.event_time),
        by_hand=grant.by_hand,
    )


def _next(head_id: str, found: Reached, scene: Scene) -> Next:
    moments = [] if found.next_at is None else [moment_of(found.next_at)]
    if found.is_near:
        # What all did is known by days that are over.
        moments.append(scene.calendar.start_of(scene.calendar.day_of(scene.looked.at) + _A_DAY))
    return Next(head_id, min(moments, default=None), found.was_near)


async def load_lives(conn: Connection, scene: Scene, *, head_ids: Collection[str]) -> tuple[dict[str, Life], int]:
    """All of members that levels read, of whoever is one person with each; and how many rows that were."""
    community = scene.community
    found = await load_groups(conn, keys=[(community, head_id) for head_id in head_ids])
    groups = {head_id: group for (_, head_id), group in found.items()}
    everybody = [member_id for group in groups.values() for member_id in group]
    kept = await tallies_store.load_tallies(
        conn, community=community, member_ids=everybody, counters=set(scene.counters.values())
    )
    people = {
        one.what.removeprefix(PERSON)
        for by_counter in kept.values()
        for tallies in by_counter.values()
        for one in tallies
        if one.what.startswith(PERSON)
    }
    persons = await load_heads(conn, keys=[(community, one) for one in people]) if people else {}
    whats = {f"{PERSON}{member_id}": f"{PERSON}{head_id}" for (_, member_id), head_id in persons.items()}
    known = await store.load_known(conn, community=community, member_ids=everybody)
    suspensions = await store.load_suspensions(conn, community=community, member_ids=everybody)
    holds: dict[str, list[Hold]] = {}
    for lock in await store.load_locks(conn, community=community, member_ids=everybody):
        holds.setdefault(lock.member_id, []).append(lock.hold)
    lives: dict[str, Life] = {}
    rows = 0
    for head_id, group in groups.items():
        done: dict[str, list[Did]] = {}
        for name, counter in scene.counters.items():
            done[name] = [
                Did(int(one.slot.timestamp()), whats.get(one.what, one.what), one.events)
                for member_id in group
                for one in kept.get(member_id, {}).get(counter, ())
            ]
            rows += len(done[name])
        since = [known[member_id] for member_id in group if member_id in known]
        lives[head_id] = Life(
            done,
            int(min(since).timestamp()) if since else None,
            [_spell(*spell) for member_id in group for spell in suspensions.get(member_id, ())],
            [hold for member_id in group for hold in holds.get(member_id, ())],
        )
    return lives, rows


def _spell(since: datetime, until: datetime | None) -> Spell:
    return Spell(int(since.timestamp()), None if until is None else int(until.timestamp()))


async def _sweep(tx: Transaction, community: str) -> bool:
    """Look at the next members of a community by a version that asks for something else."""
    await thresholds_store.lock_programmes_shared(tx.conn, communities=[community])
    await lock_persons(tx.conn, keys=[(community, store.BEFORE_ALL)])
    scene = await scene_of(tx.conn, community=community, now=tx.now)
    signature = signature_of(scene.ladder, scene.counters.items())
    before = await store.find_sweep(tx.conn, community=community)
    if before is None or before.version != scene.looked.version:
        is_same = not scene.ladder.rungs if before is None else before.is_done and before.levels == signature
        before = Sweep(community, scene.looked.version, signature, None, is_same)
        if is_same:
            await store.put_sweep(tx.conn, before)
            return True
    rows = ROWS_MAX_COUNT
    looked = 0
    while rows > 0 and looked < MEMBERS_MAX_COUNT and not before.is_done:
        members = await store.page_of_members(
            tx.conn, community=community, after=before.after_member, limit_count=BUNCH_COUNT
        )
        if members:
            rows -= await look(tx, scene, due=dict.fromkeys(members, True))
            looked += len(members)
            before = before._replace(after_member=members[-1])
        before = before._replace(is_done=len(members) < BUNCH_COUNT)
    await store.put_sweep(tx.conn, before)
    return True
