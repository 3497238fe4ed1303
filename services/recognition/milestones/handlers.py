"""Anniversaries are celebrated when their day begins where the member lives, by a timer."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from services.recognition.celebrations.domain import Celebration, MemberKey
from services.recognition.celebrations.handlers import celebrate
from services.recognition.celebrations.store import ledger, numbers
from services.recognition.counts import store as counts_store
from services.recognition.counts.domain import NO_PLAN, Plan
from services.recognition.metrics import ANNIVERSARIES_LOOKED_AT
from services.recognition.milestones import store
from services.recognition.milestones.domain import Anniversary, looked_at
from services.recognition.streaks import store as streaks_store
from services.recognition.streaks.domain.persons import person_calendar
from services.recognition.turns.handlers import take_turn
from services.recognition.turns.store import Work
from shared.calendars import Calendar as CommunityCalendar
from shared.contracts.programme import Milestone
from shared.followed_communities import load_calendar
from shared.merges import load_groups, lock_persons
from shared.transaction import Transaction

#: Members who are looked at in one transaction.
PIECE_COUNT = 500
KEEP_EVERY_SECONDS = 5.0


async def keep_moved(tx: Transaction, moved: Collection[MemberKey]) -> None:
    """Have those looked at again who said where they live: their days begin at another moment."""
    if moved:
        heads = await lock_persons(tx.conn, keys=moved)
        await numbers.put_moved(tx.conn, keys={(key[0], heads.get(key, key[1])) for key in moved})


async def keep_anniversaries(tx: Transaction) -> bool:
    """Celebrate years of a community that are over; a timer calls this while it returns True.

    Whoever is due is found by an index: nobody else is looked at.
    """
    due = await numbers.load_due_communities(tx.conn, now=tx.now)

    async def work(_: Work, community: str) -> bool:
        return await _keep(tx, community=community)

    return await take_turn(tx, [(Work.ANNIVERSARIES, one) for one in due], work=work)


async def _keep(tx: Transaction, *, community: str) -> bool:
    member_ids = await numbers.load_due(tx.conn, community=community, now=tx.now, limit_count=PIECE_COUNT)
    # Merges before whose years they are, as whoever brings persons together or apart takes these locks.
    await lock_persons(tx.conn, keys=[(community, member_id) for member_id in member_ids])
    head_ids = await numbers.take_due(tx.conn, community=community, now=tx.now, member_ids=member_ids)
    if head_ids:
        await _look_at(tx, community=community, head_ids=head_ids)
    ANNIVERSARIES_LOOKED_AT.inc(len(head_ids))
    # Whom another has locked just now is due at the next turn.
    return len(head_ids) == PIECE_COUNT


async def _look_at(tx: Transaction, *, community: str, head_ids: list[str]) -> None:
    plan = (await counts_store.load_plans(tx.conn, communities=[community])).get(community, NO_PLAN)
    by_counter = plan.years_by_counter
    keys = [(community, head_id) for head_id in head_ids]
    groups = {key[1]: group for key, group in (await load_groups(tx.conn, keys=keys)).items()}
    members = [member_id for group in groups.values() for member_id in group]
    firsts = await store.load_firsts(tx.conn, community=community, groups=groups, counters=by_counter.keys())
    zones = await streaks_store.load_zones(tx.conn, community=community, member_ids=members)
    merges = await streaks_store.load_merges_of(tx.conn, community=community, groups=groups)
    highest = await ledger.load_numbers(
        tx.conn,
        community=community,
        names={one.id for ones in by_counter.values() for one in ones},
        member_ids=members,
    )
    calendar = await load_calendar(tx.conn, community=community)
    celebrated: list[Celebration] = []
    looked: dict[str, tuple[Mapping[str, datetime], datetime]] = {}
    for head_id, group in groups.items():
        of_member = firsts.get(head_id, {})
        reached: dict[str, int] = {}
        for (member_id, name), number in highest.items():
            if member_id in group:
                reached[name] = max(number, reached.get(name, 0))
        # The date is that of where they lived who did it, and it begins where the person lives now.
        person = person_calendar(calendar, zones, head_id=head_id, merges=merges.get(head_id, {}))
        now_due, again = looked_at(
            _dated(by_counter, {name: person.date_for(*first) for name, first in of_member.items()}),
            person.head,
            now=tx.now,
            highest=reached,
        )
        celebrated += [_celebration(one, community, head_id, plan, calendar) for one in now_due]
        looked[head_id] = ({name: first.at for name, first in of_member.items()}, again)
    await numbers.set_looked_at(tx.conn, community=community, looked=looked)
    await celebrate(tx, celebrations=celebrated)


def _dated(
    by_counter: Mapping[str, tuple[Milestone, ...]], firsts: Mapping[str, date]
) -> list[tuple[Milestone, date]]:
    return [(one, firsts[counter]) for counter, ones in by_counter.items() if counter in firsts for one in ones]


def _celebration(
    one: Anniversary, community: str, member_id: str, plan: Plan, calendar: CommunityCalendar
) -> Celebration:
    return Celebration(
        community=community,
        member_id=member_id,
        kind="milestone",
        name=one.milestone.id,
        title=one.milestone.titled(one.years),
        event_time=one.begins_at,
        version=plan.thresholds.version,
        number=one.years,
        day=calendar.said_day(one.begins_at),
    )
