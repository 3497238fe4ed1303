"""Grants that carry points become awards, once each; what takes a grant back takes its award back.

Locks are taken in this order: levels that members have, the community's head (shared), its book, then the members.
"""

from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import Any, TypeGuard

from services.scoring.awards import store as award_store
from services.scoring.awards.domain.activities import Marks
from services.scoring.awards.domain.awards import Award, amended, award_id, rule_id_of
from services.scoring.awards.handlers.telling import tell
from services.scoring.awards.handlers.voiding import recount
from services.scoring.limits.domain.claims import Word
from services.scoring.metrics import PRIZES
from services.scoring.prizes import store
from services.scoring.prizes.domain import Carried, Prize, amount, terms_of
from services.scoring.programmes.store import versions
from services.scoring.settings import Settings
from services.scoring.voids.domain import Voided
from services.scoring.voids.store import add_voided, find_communities_with_voids, load_standing
from shared.calendars import Calendar
from shared.consumer import Subscription
from shared.contracts.backfill import is_backfill
from shared.contracts.facts import (
    POINTS_AWARDED,
    RECOGNITION_FACT,
    RECOGNITION_GRANTED,
    AwardData,
    PointsAwarded,
    RecognitionFact,
    RecognitionGranted,
)
from shared.contracts.programme import PrizePoints
from shared.followed_communities import load_calendar
from shared.followed_levels import keep_levels
from shared.merges import find_head, load_group
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.topics import POINTS, RECOGNITION
from shared.transaction import Transaction

#: What stands where the type of an event does: by it such an award is told from those of rules.
GRANT_TYPE = RECOGNITION_GRANTED.name


async def on_grants(tx: Transaction[Settings], facts: list[RecognitionFact]) -> None:
    """Keep levels; give what grants and prizes of boards carry in points, and take back what goes with grants.

    What falls into a suspension of the member comes to nothing while that stands.
    """
    await keep_levels(tx, facts)
    by_community: dict[str, list[RecognitionFact]] = {}
    for fact in facts:
        if _reverses(fact) or "points" in fact["data"].get("gives", {}):
            by_community.setdefault(fact["community"], []).append(fact)
    # Nobody works off a suspension meanwhile: it finds what was given, or what is given finds it.
    await versions.lock_heads_for_share(tx.conn, communities=sorted(by_community))
    for community, some in sorted(by_community.items()):
        ids = {_grant_of(fact) for fact in some}
        known = await store.load_prizes(tx.conn, community=community, grant_ids=ids)
        if known or any("gives" in fact["data"] for fact in some):
            await _of_community(tx, community=community, facts=some, ids=ids)


def _reverses(fact: RecognitionFact) -> TypeGuard[RecognitionGranted]:
    return fact["type"] == "recognition.granted.v1" and "reverses" in fact["data"]


def _grant_of(fact: RecognitionFact) -> str:
    """The grant that a fact is about: what it takes back, or itself."""
    if fact["type"] == "recognition.prize_won.v1":
        return fact["data"]["prize_id"]
    return fact["data"].get("reverses") or fact["data"]["grant_id"]


def _carried(fact: RecognitionFact, calendar: Calendar) -> Carried:
    told_at = fact["time"].astimezone(UTC)
    if fact["type"] == "recognition.prize_won.v1":
        won = fact["data"]
        rule_id, at = rule_id_of("board", won["board"]), told_at
        day, points = calendar.day_of(at), won["gives"]["points"]
    else:
        data = fact["data"]
        rule_id, at = rule_id_of(data["kind"], data["id"]), data["event_time"].astimezone(UTC)
        day, points = data.get("day") or at.date(), data["gives"]["points"]
    return Carried(
        _grant_of(fact),
        fact["data"]["member_id"],
        rule_id,
        points,
        at,
        day,
        fact["data"]["programme_version"],
        told_at,
        fact.get("traceparent"),
        is_backfill(fact),
    )


async def _of_community(
    tx: Transaction[Settings], *, community: str, facts: Sequence[RecognitionFact], ids: set[str]
) -> None:
    spent = before = await store.lock_book(tx.conn, community=community)
    known = await store.load_prizes(tx.conn, community=community, grant_ids=ids)
    documents = await versions.load_documents(
        tx.conn, community=community, numbers={fact["data"]["programme_version"] for fact in facts}
    )
    calendar = await load_calendar(tx.conn, community=community)
    for fact in facts:
        grant_id = _grant_of(fact)
        prize = known.get(grant_id)
        if _reverses(fact):
            if prize is not None and not prize.is_reversed:
                known[grant_id] = taken = await _take_back(tx, prize, by=fact)
                spent -= taken.points
        elif prize is None:
            carried = _carried(fact, calendar)
            document = documents.get(carried.version) or {}
            terms = terms_of(document)
            known[grant_id] = prize = await _prize(
                tx.conn, carried, community=community, terms=terms, calendar=calendar, spent=spent
            )
            await store.put_prizes(tx.conn, [prize])
            programme_id = str(document.get("programme", "programme"))
            await _give(tx, prize, carried=carried, calendar=calendar, programme_id=programme_id)
            spent += prize.points
    if spent != before:
        await store.set_spent(tx.conn, community=community, points=spent)


async def _prize(
    conn: Connection, carried: Carried, *, community: str, terms: PrizePoints, calendar: Calendar, spent: int
) -> Prize:
    had = 0
    if terms.limit is not None:
        head_id = await find_head(conn, community=community, member_id=carried.member_id)
        group = await load_group(conn, community=community, head_id=head_id)
        period = calendar.period_of(terms.limit.within, carried.day)
        had = await store.sum_of(
            conn,
            community=community,
            member_ids=group,
            first=period.starts_on,
            before=period.ends_on + timedelta(days=1),
        )
    points, cut = amount(carried.points, terms, spent=spent, had=had)
    grant_id, member_id, rule_id, wanted, event_time, day = carried[:6]
    return Prize(community, grant_id, member_id, rule_id, wanted, points, cut, event_time, day)


async def _give(
    tx: Transaction[Settings], prize: Prize, *, carried: Carried, calendar: Calendar, programme_id: str
) -> None:
    PRIZES.labels("whole" if prize.cut is None else "cut" if prize.points else "nothing").inc()
    if not prize.points:
        return
    made_id = award_id(
        community=prize.community,
        rule_id=prize.rule_id,
        beneficiary="actor",
        event_uid=prize.grant_id,
        member_id=prize.member_id,
        event_time=prize.event_time,
    )
    # Whatever else an award may say, this one does not.
    said: dict[str, Any] = {
        **dict.fromkeys(Award._fields),
        "community": prize.community,
        "award_id": made_id,
        "member_id": prize.member_id,
        "points": prize.points,
        "rule_id": prize.rule_id,
        "beneficiary": "actor",
        "programme_id": programme_id,
        "programme_version": carried.version,
        "event_uid": prize.grant_id,
        "event_type": GRANT_TYPE,
        "event_time": prize.event_time,
        "received_at": carried.told_at,
        "day": calendar.said_day(prize.event_time),
        "week": calendar.said_week(prize.event_time),
        "traceparent": carried.traceparent,
        "is_backfill": carried.is_backfill,
    }
    # Explanations and amendments find its awards by it, as by an event.
    marks = {(prize.community, prize.grant_id): Marks(True, prize.event_time, None)}
    await award_store.put_marks(tx.conn, marks=marks)
    await tell(tx, [Award(**said)])
    await _void(tx, prize, award_id=made_id)


async def _void(tx: Transaction[Settings], prize: Prize, *, award_id: str) -> None:
    """Have an award come to nothing by what stands: its member is suspended at its time."""
    community, event = prize.community, (prize.community, prize.grant_id, prize.event_time)
    if not await find_communities_with_voids(tx.conn, communities=[community]):
        return
    head_id = await find_head(tx.conn, community=community, member_id=prize.member_id)
    standing = await load_standing(tx.conn, contents=(), members=[(community, head_id)], heads={})
    voids = [void for void in standing.members.get((community, head_id), ()) if void.holds_at(prize.event_time)]
    if voids:
        taken = [
            Voided(community, award_id, void.void_id, void.why, prize.member_id, *event[1:]) for void in voids
        ]
        await add_voided(tx.conn, voided=taken)
        await recount(tx, events=[event], award_ids={award_id})


async def _take_back(tx: Transaction[Settings], prize: Prize, *, by: RecognitionGranted) -> Prize:
    taken = prize._replace(is_reversed=True)
    await store.put_prizes(tx.conn, [taken])
    key = (prize.community, prize.grant_id, prize.event_time)
    grant_id = by["data"]["grant_id"]
    word = Word(by["data"]["event_time"], grant_id, grant_id, is_retraction=True, by_member=None)
    # It is kept: what a suspension took of it does not come back when that has never been.
    await award_store.put_marks(tx.conn, marks={key[:2]: Marks(True, prize.event_time, word)})
    found = [
        amended(one, word, by.get("traceparent"), is_backfill(by))
        for one in await award_store.load_earned(tx.conn, events=[key])
    ]
    await tell(tx, [one for one in found if one is not None])
    PRIZES.labels("taken_back").inc()
    return taken


async def on_prizes_told(tx: Transaction[Settings], facts: list[PointsAwarded]) -> None:
    """Take in prizes that were told and that the database has forgotten, so that none is given twice."""
    told = [fact for fact in facts if fact["data"]["event_type"] == GRANT_TYPE]
    for fact in told:
        await store.put_prizes(tx.conn, [_told(fact)])
    if told:
        await store.set_book_anew(tx.conn, communities={fact["community"] for fact in told})
        marks: dict[tuple[str, str], Marks] = {}
        for fact in told:
            data = fact["data"]
            word = None
            if _is_reversed(data):
                word = Word(fact["time"], data["award_id"], data["award_id"], is_retraction=True, by_member=None)
            marks[fact["community"], data["event_uid"]] = Marks(True, data["event_time"].astimezone(UTC), word)
        await award_store.put_marks(tx.conn, marks=dict(sorted(marks.items())))


def _told(fact: PointsAwarded) -> Prize:
    data = fact["data"]
    event_time = data["event_time"].astimezone(UTC)
    points = data["points"] if "amends" not in data else data["total"] - data["points"]
    return Prize(
        fact["community"],
        data["event_uid"],
        data["member_id"],
        data["rule_id"],
        points,
        points,
        None,
        event_time,
        data.get("day") or event_time.date(),
        _is_reversed(data),
    )


def _is_reversed(data: AwardData) -> bool:
    """Whether it says that its grant was taken back: what a suspension took may come again."""
    return data.get("cause") == "retracted"


FOLLOWED_GRANTS = Subscription(RECOGNITION, RECOGNITION_FACT, on_grants)
#: After awards themselves.
READ_BACK = (ReadBack((POINTS,), POINTS_AWARDED.adapter, on_prizes_told),)
