"""Where members live is kept as members.v1 tells it, and where a member's streaks stand is found when asked."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import uuid4

from services.recognition.counts import store as counts_store
from services.recognition.counts.domain import NO_PLAN
from services.recognition.hands.domain import Giver, cleaned
from services.recognition.hands.handlers import find_person
from services.recognition.metrics import STREAK_FREEZES
from services.recognition.streaks import store
from services.recognition.streaks.domain.dates import Calendar, Move
from services.recognition.streaks.domain.freezes import (
    FREEZES_LEFT_MAX_COUNT,
    Freeze,
    FreezesEnoughError,
    UnknownStreakError,
)
from services.recognition.streaks.domain.persons import PersonCalendar, person_calendar
from services.recognition.streaks.domain.standing import Day, Earning, Rhythm, Standing, picture, standing
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Due
from shared.audit import Did
from shared.contracts.facts import (
    FIXED_BY_HAND,
    STREAK_FREEZE_GIVEN,
    MemberIdentified,
    StreakFreezeData,
    StreakFreezeGiven,
)
from shared.contracts.programme import Streak
from shared.followed_communities import load_calendar
from shared.followed_members import Followed
from shared.followed_members.store import MemberKey
from shared.merges import load_group
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.topics import BY_HAND
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
    # Of whom nothing was told before nothing is replaced.
    if said := {key: moves for key, moves in said.items() if moves or key not in followed.first_told}:
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
    group = await load_group(conn, community=community, head_id=member_id)
    merges = await store.load_merges_of(conn, community=community, groups={member_id: group})
    person = person_calendar(
        await load_calendar(conn, community=community),
        await store.load_zones(conn, community=community, member_ids=group),
        head_id=member_id,
        merges=merges.get(member_id, {}),
    )
    streaks = [] if in_force is None else in_force.recognition.streaks
    whole = {counter.id for counter in plan.counters if counter.counted_up_to is None}
    counters = {
        streak.id: [plan.counter_by_rule[rule] for rule in streak.rules if rule in plan.counter_by_rule]
        for streak in streaks
    }
    given = await store.load_freezes(conn, community=community, member_ids=group)
    acts = await counts_store.load_acts(
        conn,
        community=community,
        member_ids=group,
        counters={counter for of_streak in counters.values() for counter in of_streak},
    )
    return person.head, [
        _found(
            streak,
            [of_member for counter in counters[streak.id] for of_member in acts.get(counter, {}).items()],
            person,
            now,
            len(whole.intersection(counters[streak.id])) == len(set(streak.rules)),
            [at for of_member in given.values() for at in of_member.get(streak.id, ())],
        )
        for streak in streaks
    ]


def _found(
    streak: Streak,
    acts: Iterable[tuple[str, Iterable[datetime]]],
    person: PersonCalendar,
    now: datetime,
    is_whole: bool,
    given: Iterable[datetime],
) -> StreakFound:
    rhythm = Rhythm.of(streak)
    days = person.dates_of((member_id, [act for act in moments if act <= now]) for member_id, moments in acts)
    earning = None if streak.freezes is None else Earning(streak.freezes.every, streak.freezes.hold)
    found = standing(days, calendar=person, as_of=now, rhythm=rhythm, freezes=given, earning=earning)
    shown = picture(days, calendar=person, as_of=now, rhythm=rhythm, found=found, count_days=SHOWN_DAYS_COUNT)
    return StreakFound(streak, found, shown, is_whole)


async def give_freeze(
    tx: Transaction, *, community: str, member_id: str, streak_id: str, reason: str, by: Giver
) -> Freeze:
    """Give a member a freeze of a streak, and say why: it is there from now on until a period takes it.

    Raises NobodyThereError, NoWordsError, UnknownStreakError, and FreezesEnoughError.
    """
    words = cleaned(reason)
    person = await find_person(tx, community=community, member_id=member_id, by=by.person_id)
    await store.lock_giving(tx.conn, community=community, member_id=person.member_id)
    # Whoever gave one meanwhile may have begun later than this did, and have been through before.
    given = await store.load_freezes(tx.conn, community=community, member_ids=person.group)
    moments = [at for of_member in given.values() for of_streak in of_member.values() for at in of_streak]
    now = max([tx.now, *moments])
    _, found = await find_streaks(tx.conn, community=community, member_id=person.member_id, now=now)
    standings = {one.streak.id: one.standing for one in found}
    if streak_id not in standings:
        raise UnknownStreakError(tuple(standings))
    if standings[streak_id].left >= FREEZES_LEFT_MAX_COUNT:
        raise FreezesEnoughError(FREEZES_LEFT_MAX_COUNT)
    freeze = Freeze(community, str(uuid4()), person.member_id, streak_id, tx.now, by, words)
    await _keep_freeze(tx, freeze)
    told: StreakFreezeData = {
        "freeze_id": freeze.freeze_id,
        "member_id": freeze.member_id,
        "streak": streak_id,
        "given_at": tx.now,
    }
    tx.tell(
        BY_HAND,
        STREAK_FREEZE_GIVEN,
        fact_id=freeze.freeze_id,
        community=community,
        subject=freeze.member_id,
        data=told,
    )
    STREAK_FREEZES.inc()
    left = standings[streak_id].left
    tx.did(
        Did(
            "streak.freeze",
            "streak",
            streak_id,
            member_id=freeze.member_id,
            before={"freezes_left": left},
            after={"freezes_left": left + 1, "freeze_id": freeze.freeze_id},
        )
    )
    return freeze


async def _keep_freeze(tx: Transaction, freeze: Freeze) -> None:
    await store.add_freeze(tx.conn, freeze)
    key = (freeze.community, freeze.member_id)
    in_force = await thresholds_store.load_thresholds(tx.conn, communities={freeze.community})
    if any(one.thresholds.reads.streaks for one in in_force.values()):
        # Badges go by the longest run.
        await thresholds_store.put_due(tx.conn, due={key: Due(tx.now)})


async def forget_freezes(tx: Transaction, followed: Followed) -> None:
    """Forget why freezes were given to those who were erased."""
    erased: dict[str, list[str]] = {}
    for one in followed.erased:
        erased.setdefault(one["community"], []).append(one["data"]["member_id"])
    for community, member_ids in sorted(erased.items()):
        await store.forget_reasons(tx.conn, community=community, member_ids=member_ids)


async def on_freezes_told(tx: Transaction, facts: list[StreakFreezeGiven]) -> None:
    """After a restore: take in the freezes that were given, without why."""
    for fact in facts:
        data = fact["data"]
        await _keep_freeze(
            tx,
            Freeze(
                fact["community"],
                data["freeze_id"],
                data["member_id"],
                data["streak"],
                data["given_at"],
                Giver(None, ""),
                None,
            ),
        )


READ_BACK = (ReadBack((BY_HAND,), FIXED_BY_HAND, on_freezes_told, kinds=(STREAK_FREEZE_GIVEN.name,)),)
