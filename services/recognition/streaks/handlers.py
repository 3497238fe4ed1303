"""Where members live is kept as members.v1 tells it, and where a member's streaks stand is found when asked."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from services.recognition.counts import store as counts_store
from services.recognition.counts.domain import NO_PLAN
from services.recognition.streaks import store
from services.recognition.streaks.domain.dates import Calendar, Move, calendar_of
from services.recognition.streaks.domain.standing import Day, Earning, Rhythm, Standing, picture, standing
from services.recognition.thresholds import store as thresholds_store
from shared.contracts.facts import MemberIdentified
from shared.contracts.programme import Streak
from shared.followed_communities import load_calendar
from shared.followed_members import Followed
from shared.followed_members.store import MemberKey
from shared.merges import load_group
from shared.postgres import Connection
from shared.transaction import Transaction

#: Thirteen weeks.
SHOWN_DAYS_COUNT = 91


class StreakFound(NamedTuple):
    """A streak of the programme, where it stands for a member, and what became of the last dates."""

    streak: Streak
    standing: Standing
    days: Sequence[tuple[date, Day]]
    #: Whether events of before this version are counted: until then there may be more.
    is_whole: bool


async def keep_zones(tx: Transaction, followed: Followed) -> set[MemberKey]:
    """Keep the zones of those who were told of; of who was erased none. Returns who said any."""
    said = {(one["community"], one["data"]["member_id"]): _moves(one) for one in followed.identified}
    said |= {(one["community"], one["data"]["member_id"]): [] for one in followed.erased}
    if said:
        await store.put_zones(tx.conn, said=said)
    return {key for key, moves in said.items() if moves}


def _moves(member: MemberIdentified) -> list[Move]:
    return [
        # What is said of a moment that was moves no date of before.
        Move(max(fact["since"], fact["said_at"]), fact["value"])
        for fact in member["data"].get("dated", ())
        if fact["kind"] == "time_zone" and isinstance(fact["value"], str)
    ]


async def find_streaks(
    conn: Connection, *, community: str, member_id: str, now: datetime
) -> tuple[Calendar, list[StreakFound]]:
    """A member's calendar, and where they stand with each streak of the version in force."""
    in_force = await thresholds_store.find_recognition(conn, community=community)
    plan = (await counts_store.load_plans(conn, communities=[community])).get(community, NO_PLAN)
    calendar = calendar_of(
        await load_calendar(conn, community=community),
        await store.load_zones(conn, community=community, member_id=member_id),
    )
    streaks = [] if in_force is None else in_force.recognition.streaks
    whole = {counter.id for counter in plan.counters if counter.counted_up_to is None}
    counters = {
        streak.id: [plan.counter_by_rule[rule] for rule in streak.rules if rule in plan.counter_by_rule]
        for streak in streaks
    }
    acts = await counts_store.load_acts(
        conn,
        community=community,
        member_ids=await load_group(conn, community=community, head_id=member_id),
        counters={counter for of_streak in counters.values() for counter in of_streak},
    )
    return calendar, [
        _found(
            streak,
            {slot for counter in counters[streak.id] for slot in acts.get(counter, ())},
            calendar,
            now,
            len(whole.intersection(counters[streak.id])) == len(set(streak.rules)),
        )
        for streak in streaks
    ]


def _found(
    streak: Streak, acts: Iterable[datetime], calendar: Calendar, now: datetime, is_whole: bool
) -> StreakFound:
    rhythm = Rhythm.of(streak)
    days = {calendar.date_of(act) for act in acts if act <= now}
    earning = None if streak.freezes is None else Earning(streak.freezes.every, streak.freezes.hold)
    found = standing(days, calendar=calendar, as_of=now, rhythm=rhythm, earning=earning)
    shown = picture(days, calendar=calendar, as_of=now, rhythm=rhythm, found=found, count_days=SHOWN_DAYS_COUNT)
    return StreakFound(streak, found, shown, is_whole)
