"""What leads nowhere is found, whichever link of lineage it is, and what is only late is not."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.analytics.lineage.domain.watching import INVARIANTS, QUALITY_RULE, Link, Watch
from services.analytics.lineage.handlers import watch_lineage
from services.analytics.lineage.store.watching import find_end
from services.analytics.points.handlers import on_awards
from shared.invariants import INVARIANT_DIFFERENCES
from shared.pipeline.store import put_report

pytestmark = pytest.mark.stack

Make = Callable[[Any], Awaitable[None]]
AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(params=[1, 10_000], ids=["row-by-row", "all-at-once"])
def rows_max_count(request: pytest.FixtureRequest) -> int:
    return int(request.param)


async def look_at_all(world: Any, *, later: timedelta = timedelta()) -> dict[Link, int]:
    """Look at every row once; what is shown then, of what is not as it must be."""
    round_of = "select rounds from lineage_watch"
    # The round under way may have passed what was just added: one more is a whole one.
    until = await world.pool.fetchval(round_of) + 2
    while await world.pool.fetchval(round_of) < until:
        async with world.begin() as tx:
            tx.now += later
            await watch_lineage(tx)
    shown = {link: int(INVARIANT_DIFFERENCES.labels(name)._value.get()) for link, name in INVARIANTS.items()}
    return {link: count for link, count in shown.items() if count}


async def orphans(world: Any) -> set[tuple[str, ...]]:
    rows = await world.pool.fetch("select link, key from lineage_orphans")
    return {(row["link"], *row["key"]) for row in rows}


async def put(world: Any, table: str, **columns: Any) -> None:
    names = ["community", *columns]
    places = ", ".join(f"${place}" for place in range(1, len(names) + 1))
    await world.pool.execute(
        f"insert into {table} ({', '.join(names)}) values ({places})", world.community, *columns.values()
    )


async def put_award(world: Any, award_id: str, *, event_uid: str, **columns: Any) -> None:
    said = {"rule_id": "post", "slot": "actor", "programme_id": "p", "programme_version": 1, **columns}
    member_id = str(uuid4())
    await put(
        world,
        "awards",
        award_id=award_id,
        event_uid=event_uid,
        member_id=member_id,
        event_time=AT,
        awarded_at=AT,
        points=5,
        **said,
    )


async def put_grant(world: Any, grant_id: str, **columns: Any) -> None:
    said = {"member_id": str(uuid4()), "kind": "badge", "name": "b", "title": "B", "event_time": AT}
    await put(world, "grants", grant_id=grant_id, granted_at=AT, **said, **columns)


async def put_event(world: Any, uid: str) -> None:
    said = {"event_time": AT, "channel": "forum", "type": "forum.post.v1", "source": "s", "event_id": uid}
    await put(world, "events", event_uid=uid, received_at=AT, **said)


async def put_payout(world: Any, payout_id: str) -> None:
    said = {"run_id": str(uuid4()), "member_id": str(uuid4()), "points": 5, "amount_minor": 5, "currency": "EUR"}
    await put(
        world, "payouts", payout_id=payout_id, end_to_end_id=uuid4().hex, state="approved", changed_at=AT, **said
    )


async def put_redemption(world: Any, redemption_id: str) -> None:
    said = {"member_id": str(uuid4()), "reward_id": "mug", "points": 5, "state": "reserved", "changed_at": AT}
    await put(world, "redemptions", redemption_id=redemption_id, **said)


async def put_lot(world: Any, table: str, id_: str, award_id: str) -> None:
    await world.pool.execute(f"insert into {table} values ($1, $2, 0, 0, $3, 5)", world.community, id_, award_id)


@pytest.fixture
async def empty(world: Any) -> Any:
    """What other tests left leads nowhere, as they made it: it is not looked at here."""
    for table in (*Link, "events", "payouts", "redemptions", "awards_by_hand", "lineage_orphans"):
        await world.pool.execute(f"delete from {table}")
    await world.pool.execute("update lineage_watch set behind_at = null")
    return world


async def test_what_leads_to_what_caused_it_is_no_orphan(empty: Any, rows_max_count: int) -> None:
    world = empty
    world.configure(lineage_watch_max_count=rows_max_count)
    event, award, grant, payout, redemption = (str(uuid4()) for _ in range(5))
    by_hand, with_grant, of_content, amendment = (str(uuid4()) for _ in range(4))
    await put_event(world, event)
    await put_award(world, award, event_uid=event)
    await put_award(world, amendment, event_uid=str(uuid4()), amends=award)
    await put_grant(world, grant, award_id=award)
    await put_grant(world, str(uuid4()), event_uid=event)
    await put_grant(world, str(uuid4()), reverses=grant)
    await put_grant(world, str(uuid4()))
    await put_award(world, with_grant, event_uid=grant)
    await put_award(world, by_hand, event_uid=str(uuid4()))
    await put(world, "awards_by_hand", award_id=by_hand, person_id=str(uuid4()))
    await put_award(world, of_content, event_uid=str(uuid4()), rule_id=QUALITY_RULE)
    await put_payout(world, payout)
    await put_lot(world, "payout_lots", payout, award)
    await put_redemption(world, redemption)
    await put_lot(world, "redemption_lots", redemption, award)

    assert await look_at_all(world) == {}
    assert await look_at_all(world, later=2 * HOUR) == {}
    assert await orphans(world) == set()


async def test_every_link_that_leads_nowhere_is_found(empty: Any, rows_max_count: int) -> None:
    world = empty
    world.configure(lineage_watch_max_count=rows_max_count)
    event, award, payout, redemption = (str(uuid4()) for _ in range(4))
    await put_event(world, event)
    await put_award(world, award, event_uid=event)
    await put_payout(world, payout)
    await put_redemption(world, redemption)
    awards = [str(uuid4()) for _ in range(2)]
    await put_award(world, awards[0], event_uid=str(uuid4()))
    await put_award(world, awards[1], event_uid=event, amends=str(uuid4()))
    grants = [str(uuid4()) for _ in range(3)]
    await put_grant(world, grants[0], award_id=str(uuid4()))
    await put_grant(world, grants[1], event_uid=str(uuid4()))
    await put_grant(world, grants[2], reverses=str(uuid4()))
    lots = [
        ("payout_lots", payout, str(uuid4())),
        ("payout_lots", str(uuid4()), award),
        ("redemption_lots", redemption, str(uuid4())),
        ("redemption_lots", str(uuid4()), award),
    ]
    for table, id_, award_id in lots:
        await put_lot(world, table, id_, award_id)

    assert await look_at_all(world) == {}, "they may be on their way"
    assert await orphans(world) == {
        *(("awards", one, world.community) for one in awards),
        *(("grants", world.community, one) for one in grants),
        *((table, world.community, id_, "0", "0") for table, id_, _ in lots),
    }
    assert await look_at_all(world, later=HOUR) == {
        Link.AWARDS: 2,
        Link.GRANTS: 3,
        Link.PAYOUT_LOTS: 2,
        Link.REDEMPTION_LOTS: 2,
    }


async def test_a_lot_whose_award_comes_late_is_forgotten(empty: Any) -> None:
    world = empty
    payout = str(uuid4())
    await put_payout(world, payout)
    await put_lot(world, "payout_lots", payout, world.award_id("1"))
    assert await look_at_all(world, later=2 * HOUR) == {}
    assert await look_at_all(world, later=4 * HOUR) == {Link.PAYOUT_LOTS: 1}
    await world.handle(on_awards, world.award("1", "1"))
    await world.pool.execute("update awards set rule_id = $1", QUALITY_RULE)
    assert await look_at_all(world, later=5 * HOUR) == {}
    assert await orphans(world) == set()


async def test_nothing_is_said_until_an_hour_after_the_last_record_that_waited_for_long(empty: Any) -> None:
    world = empty
    await put_award(world, str(uuid4()), event_uid=str(uuid4()))
    topic = {"per_second": 1.0, "lag": 9, "oldest_seconds": 601.0}
    names = ("engagement.events.v1", "points.awarded.v1", "recognition.granted.v1", "redemptions.v1", "payouts.v1")
    worker = str(uuid4())

    async def says(oldest_seconds: float, *, later: timedelta) -> None:
        topics = {name: {**topic, "oldest_seconds": 0.0} for name in names}
        topics["points.awarded.v1"]["oldest_seconds"] = oldest_seconds
        async with world.begin() as tx:
            report: Any = {"topics": topics, "recent": [], "ages": {}, "outbox_pending": 0}
            await put_report(tx.conn, worker_id=worker, started_at=tx.now, report=report, now=tx.now + later)

    await says(601.0, later=2 * HOUR)
    assert await look_at_all(world) == {}
    assert await look_at_all(world, later=2 * HOUR) == {}
    await says(600.0, later=3 * HOUR - timedelta(minutes=1))
    assert await look_at_all(world, later=3 * HOUR - timedelta(minutes=1)) == {}
    await says(0.0, later=3 * HOUR + timedelta(minutes=1))
    assert await look_at_all(world, later=3 * HOUR + timedelta(minutes=1)) == {Link.AWARDS: 1}


class Explaining:
    """A connection that keeps how a query would be answered, by indexes wherever that can be."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn
        self.plan = ""

    async def fetchval(self, query: str, *args: Any) -> None:
        await self._conn.execute("set local enable_seqscan = off; set local enable_sort = off")
        self.plan = "\n".join(row[0] for row in await self._conn.fetch(f"explain {query}", *args))


AFTER = {
    Link.AWARDS: (str(uuid4()), "c"),
    Link.GRANTS: ("c", str(uuid4())),
    Link.PAYOUT_LOTS: ("c", str(uuid4()), "0", "0"),
    Link.REDEMPTION_LOTS: ("c", str(uuid4()), "0", "0"),
}


@pytest.mark.parametrize("is_begun", [False, True])
@pytest.mark.parametrize("link", list(Link))
async def test_the_next_rows_are_read_in_the_order_of_their_index(world: Any, link: Link, is_begun: bool) -> None:
    async with world.begin() as tx:
        conn: Any = Explaining(tx.conn)
        await find_end(conn, Watch(link, AFTER[link] if is_begun else None, 0), rows_max_count=10)
    # Sorted, all rows behind the place would be read for each turn.
    assert f"{link}_pkey" in conn.plan
    assert "Sort" not in conn.plan
