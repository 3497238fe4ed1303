"""Members of whom something changed are looked at again, and all of them once badges ask for something else.

Locks are taken in this order: programmes, merges, who is due, deciding, members, numbers of limited badges, then
numbers of holders.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.recognition.badges.domain.deciding import BadgeMember, Change, Criteria, MemberKey, Number, change_of
from services.recognition.badges.handlers import numbering
from services.recognition.badges.store import by_hand as by_hand_store
from services.recognition.badges.store import standing as store
from services.recognition.badges.store.standing import Sweep
from services.recognition.boards.handlers import following as boards
from services.recognition.counts import store as counts_store
from services.recognition.counts.domain import NO_PLAN
from services.recognition.metrics import BACKFILLED_MEMBERS, BACKFILLS, LOOKED_AT_MEMBERS
from services.recognition.quests import store as quests_store
from services.recognition.streaks.domain.persons import PersonCalendar, person_calendar
from services.recognition.streaks.domain.standing import Earning, Rhythm, standing
from services.recognition.streaks.store import load_freezes, load_merges_of, load_zones
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Due, Grant
from services.recognition.thresholds.handlers import Traced, make_grants
from services.recognition.totals import store as totals_store
from services.recognition.turns.handlers import take_turn
from services.recognition.turns.store import Work
from shared.conditions.criteria import Values
from shared.consumer import Subscription
from shared.contracts.facts import AUDIENCE_FACT, AudienceFact
from shared.contracts.programme import Streak
from shared.followed_audiences import on_audiences as follow
from shared.followed_communities import load_calendar
from shared.merges import lock_persons
from shared.postgres import Connection
from shared.topics import AUDIENCES
from shared.transaction import Transaction

#: Members who are looked at in one transaction. What comes meanwhile waits for its end, and for the grants that it
#: tells: beside pieces of 2,000 an event took five times as long to its points, beside these 1.6 times.
PIECE_COUNT = 500
KEEP_EVERY_SECONDS = 0.5
KIND: Final = "badge"
#: While so many facts wait to be published, those of the past wait: they are behind one another there.
WAITING_MAX_COUNT = 5_000
_LATER = timedelta(days=3)


async def on_audiences(tx: Transaction, facts: list[AudienceFact]) -> None:
    """Keep in which audiences members are; whoever entered or left one is looked at again."""
    await follow(tx, facts)
    await boards.follow_audiences(tx, facts)
    in_force = await thresholds_store.load_thresholds(tx.conn, communities={fact["community"] for fact in facts})
    reads = {community: found.thresholds.reads.audiences for community, found in in_force.items()}
    due = {
        (fact["community"], fact["data"]["member_id"]): Due(tx.now)
        for fact in facts
        if fact["data"]["audience"] in reads.get(fact["community"], ())
    }
    if due:
        await thresholds_store.put_due(tx.conn, due=due)


FOLLOWED_AUDIENCES = Subscription(AUDIENCES, AUDIENCE_FACT, on_audiences)


async def keep_badges(tx: Transaction) -> bool:
    """Look at members of a community of whom something changed, or at all whose badges ask for others by now.

    A timer calls this while it returns True. In pieces: what is committed is not done again, whatever ends.
    """
    due = await store.load_due_communities(tx.conn)
    stale: list[str] = []
    if not await thresholds_store.is_more_waiting(tx.conn, than=WAITING_MAX_COUNT):
        stale = await store.load_stale(tx.conn)

    async def work(kind: Work, community: str) -> bool:
        if kind is Work.BADGES_ANEW:
            return await _sweep(tx, community)
        return await _some(tx, community)

    waiting = [*((Work.BADGES, one) for one in due), *((Work.BADGES_ANEW, one) for one in stale)]
    return await take_turn(tx, waiting, work=work)


async def _some(tx: Transaction, community: str) -> bool:
    """Look at members of a community of whom something changed; whether there was any."""
    # Programmes before members who are due: whoever takes a badge by hand holds the one, and adds to the other.
    await thresholds_store.lock_programmes_shared(tx.conn, communities=[community])
    # Nobody merges members meanwhile: whoever does has them looked at again, behind the same lock as this.
    await lock_persons(tx.conn, keys=[(community, store.BEFORE_ALL)])
    due = await store.take_due(tx.conn, community=community, limit_count=PIECE_COUNT)
    criteria = await criteria_in_force(tx.conn, community=community)
    await decide(tx, community=community, due=due, criteria=criteria)
    LOOKED_AT_MEMBERS.inc(len(due))
    return bool(due)


async def criteria_in_force(conn: Connection, *, community: str) -> Criteria:
    """What the badges ask for, of the version whose events are all counted."""
    plan = (await counts_store.load_plans(conn, communities=[community])).get(community, NO_PLAN)
    return await store.find_criteria(conn, community=community, plan=plan)


async def _sweep(tx: Transaction, community: str) -> bool:
    """Look at the next members of a community by a version that asks for something else; whether any may be."""
    await thresholds_store.lock_programmes_shared(tx.conn, communities=[community])
    # Before deciding, as whoever is due: a merge may wait between two who decide in another order.
    await lock_persons(tx.conn, keys=[(community, store.BEFORE_ALL)])
    if not await thresholds_store.may_decide(tx.conn, kind=KIND, community=community):
        return False
    criteria = await criteria_in_force(tx.conn, community=community)
    before = await store.find_sweep(tx.conn, community=community)
    signature = criteria.signature
    if before is None or before.version != criteria.version:
        is_same = (before is not None and before.is_done and before.criteria == signature) or (
            before is None and not criteria.asked
        )
        sweep = Sweep(community, criteria.version, signature, None, is_same, 0, 0, tx.now, tx.now)
        if is_same:
            await store.put_sweep(tx.conn, sweep)
            return True
        before = sweep._replace(ended_at=None)
    members = await store.page_of_members(
        tx.conn,
        community=community,
        audiences=criteria.reads.audiences,
        after=before.after_member,
        limit_count=PIECE_COUNT,
    )
    due = Due(criteria.effective_from, criteria.day, is_backfill=True)
    grants = await decide(tx, community=community, due=dict.fromkeys(members, due), criteria=criteria)
    is_done = len(members) < PIECE_COUNT
    await store.put_sweep(
        tx.conn,
        before._replace(
            after_member=members[-1] if members else before.after_member,
            is_done=is_done,
            members=before.members + len(members),
            grants=before.grants + grants,
            ended_at=tx.now if is_done else None,
        ),
    )
    BACKFILLED_MEMBERS.inc(len(members))
    if is_done:
        BACKFILLS.inc()
    return True


async def decide(tx: Transaction, *, community: str, due: Mapping[str, Due], criteria: Criteria) -> int:
    """Have these members hold what they have what it takes for, and no more; how many grants that led to."""
    if not due:
        return 0
    heads = await lock_persons(tx.conn, keys=[(community, member_id) for member_id in due])
    # In a piece of all members may be who is due, too: nobody decides by what was so before this.
    await thresholds_store.lock_deciding(tx.conn, kind=KIND, community=community)
    of_heads: dict[str, Due] = {}
    for member_id, one in due.items():
        head_id = heads.get((community, member_id), member_id)
        of_heads[head_id] = of_heads[head_id].and_then(one) if head_id in of_heads else one
    groups = await store.load_groups(tx.conn, community=community, head_ids=of_heads) if heads else {}
    known = _Known(
        criteria,
        await load_values(tx.conn, community=community, criteria=criteria, head_ids=of_heads, groups=groups),
        await _withheld(tx.conn, community=community, head_ids=of_heads, groups=groups),
    )
    # Most hold what they are to hold: only the others are locked, and looked at once more.
    keys = [(community, head_id) for head_id in of_heads]
    standing = await store.load_members(tx.conn, keys=keys)
    concerned = {key for key in keys if known.change(standing.get(key) or BadgeMember(*key)) != Change()}
    people = {head_id: groups.get(head_id, [head_id]) for head_id in of_heads}
    limits = criteria.limits
    line = await numbering.load_line(tx, community=community, badges=limits, people=people) if limits else set()
    if not concerned and not line:
        return 0
    # With all who are one person where badges are limited: a number may be of any of them.
    locked = {(community, one) for _, head_id in concerned for one in people[head_id]} if limits else concerned
    members = await store.lock_members(tx.conn, keys=locked)
    changes = {key: known.change(members[key]) for key in sorted(concerned)}
    numbers = await numbering.settle(
        tx,
        community=community,
        limits=limits,
        wanted=[
            (asked.badge.id, key[1])
            for key, change in changes.items()
            for asked, _ in change.grants
            if asked.badge.id in limits
        ],
        line=line,
        people=people,
    )
    grants: list[Traced] = []
    for key, change in changes.items():
        when = of_heads[key[1]]
        grants += [
            Traced(grant, is_backfill=when.is_backfill)
            for grant in _changed(members, key, change, when, known, numbers)
        ]
    await store.set_members(tx.conn, members=members.values())
    await make_grants(tx, grants=grants)
    return len(grants)


@dataclass(frozen=True, slots=True)
class _Known:
    criteria: Criteria
    values: Mapping[str, Values]
    withheld: Mapping[str, set[str]]

    def change(self, member: BadgeMember) -> Change:
        member_id = member.member_id
        return change_of(
            member.standing, self.values[member_id], self.criteria, withheld=self.withheld.get(member_id, ())
        )


def _changed(
    members: Mapping[MemberKey, BadgeMember],
    key: MemberKey,
    change: Change,
    due: Due,
    known: _Known,
    numbers: Mapping[tuple[str, str], Number | None],
) -> list[Grant]:
    community, member_id = key
    member, version = members[key], known.criteria.version
    grants = [member.take_back(one, due, version=version) for one in change.taken_back]
    for asked, step in change.grants:
        met = known.values[member_id].of(asked.criterion.reads)
        if asked.badge.id not in known.criteria.limits:
            grants.append(member.grant(step, due, version=version, met=met))
        elif (number := numbers[asked.badge.id, member_id]) is not None:
            holder, edition = members[community, number.member_id], number.edition
            grants.append(
                member.grant_numbered(step, due, version=version, met=met, edition=edition, holder=holder)
            )
    return grants


async def _withheld(
    conn: Connection, *, community: str, head_ids: Collection[str], groups: Mapping[str, list[str]]
) -> dict[str, set[str]]:
    """The badges that people took from whoever is one person with each head."""
    of_members = {member_id: head_id for head_id, group in groups.items() for member_id in group}
    found: dict[str, set[str]] = {}
    withheld = await by_hand_store.load_withheld(conn, community=community, member_ids=[*head_ids, *of_members])
    for member_id, badges in withheld.items():
        found.setdefault(of_members.get(member_id, member_id), set()).update(badges)
    return found


async def load_values(
    conn: Connection,
    *,
    community: str,
    criteria: Criteria,
    head_ids: Collection[str],
    groups: Mapping[str, list[str]],
) -> dict[str, Values]:
    """What members have of what badges read; heads have all that is of those who are merged into them."""
    reads, keys = criteria.reads, [(community, head_id) for head_id in head_ids]
    totals = {}
    if reads.points or reads.earned_points or reads.awards or reads.scores:
        totals = await totals_store.load_members(conn, keys=keys)
    counts = await counts_store.load_members(conn, keys=keys) if reads.events else {}
    audiences = {}
    if reads.audiences:
        audiences = await store.load_audiences(conn, community=community, member_ids=head_ids)
    quests = await quests_store.load_members(conn, keys=keys) if reads.quests else {}
    streaks: dict[str, dict[str, int]] = {}
    if criteria.streaks:
        streaks = await _longest(conn, community=community, criteria=criteria, head_ids=head_ids, groups=groups)
    counter_of = {rule: criteria.counters[rule] for rule in reads.events if rule in criteria.counters}
    found: dict[str, Values] = {}
    for key in keys:
        total, counted = totals.get(key), counts.get(key)
        found[key[1]] = Values(
            0 if total is None else total.points,
            None
            if counted is None
            else {rule: counted.counts.get(counter, 0) for rule, counter in counter_of.items()},
            None if total is None else total.awards_by_rule,
            None if total is None else total.scores,
            streaks.get(key[1]),
            audiences.get(key[1], frozenset()),
            0 if total is None else total.earned_points,
            dict.fromkeys(quests[key].standing, 1) if key in quests else None,
        )
    return found


async def _longest(
    conn: Connection,
    *,
    community: str,
    criteria: Criteria,
    head_ids: Collection[str],
    groups: Mapping[str, list[str]],
) -> dict[str, dict[str, int]]:
    """The longest run of each streak that is read, by member: it follows from what was done, whenever asked."""
    counters = {
        streak.id: [criteria.counters[rule] for rule in streak.rules if rule in criteria.counters]
        for streak in criteria.streaks
    }
    people = {head_id: groups.get(head_id, [head_id]) for head_id in head_ids}
    acts = await store.load_acts(
        conn,
        community=community,
        member_ids=[one for group in people.values() for one in group],
        counters={counter for of_streak in counters.values() for counter in of_streak},
    )
    given = await load_freezes(
        conn, community=community, member_ids=[one for group in people.values() for one in group]
    )
    merges = await load_merges_of(conn, community=community, groups=people)
    zones = await load_zones(
        conn, community=community, member_ids=[one for group in people.values() for one in group]
    )
    calendar = await load_calendar(conn, community=community)
    found: dict[str, dict[str, int]] = {}
    for head_id, group in people.items():
        done = {
            streak.id: [
                (one, acts[one][counter])
                for one in group
                for counter in counters[streak.id]
                if counter in acts.get(one, {})
            ]
            for streak in criteria.streaks
        }
        if any(done.values()):
            person = person_calendar(calendar, zones, head_id=head_id, merges=merges.get(head_id, {}))
            found[head_id] = {
                streak.id: _run(
                    streak,
                    done[streak.id],
                    person,
                    [at for one in group for at in given.get(one, {}).get(streak.id, ())],
                )
                for streak in criteria.streaks
            }
    return found


def _run(
    streak: Streak,
    done: Collection[tuple[str, Collection[datetime]]],
    person: PersonCalendar,
    given: Collection[datetime],
) -> int:
    if not done:
        return 0
    days = person.dates_of(done)
    earning = None if streak.freezes is None else Earning(streak.freezes.every, streak.freezes.hold)
    # As of when all of it is over: that a day is not over yet makes no run shorter.
    as_of = max(act for _, moments in done for act in moments) + _LATER
    rhythm = Rhythm.of(streak)
    return standing(days, calendar=person, as_of=as_of, rhythm=rhythm, freezes=given, earning=earning).longest
