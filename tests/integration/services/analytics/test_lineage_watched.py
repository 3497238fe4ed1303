"""Lots that lead to no award are found, and those whose award is only late are not."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.analytics.lineage.domain.watching import FIRST, LOTS_HAVE_AWARDS, Link, Watch
from services.analytics.lineage.handlers import watch_lineage
from services.analytics.lineage.store.watching import find_end
from services.analytics.points.handlers import on_awards
from shared.invariants import INVARIANT_DIFFERENCES

pytestmark = pytest.mark.stack

TABLES = ("payout_lots", "redemption_lots")


@pytest.fixture(params=[1, 10_000], ids=["lot-by-lot", "all-at-once"])
def rows_max_count(request: pytest.FixtureRequest) -> int:
    return int(request.param)


async def look_at_all(world: Any, *, later: timedelta = timedelta()) -> float:
    """Look at every lot once; what is shown then."""
    round_of = "select rounds from lineage_watch"
    # The round under way may have passed what was just added: one more is a whole one.
    until = await world.pool.fetchval(round_of) + 2
    while await world.pool.fetchval(round_of) < until:
        async with world.begin() as tx:
            tx.now += later
            await watch_lineage(tx)
    return float(INVARIANT_DIFFERENCES.labels(LOTS_HAVE_AWARDS)._value.get())


async def orphans(world: Any) -> set[tuple[str, str]]:
    rows = await world.pool.fetch(
        "select link, award_id::text from lineage_orphans where community = $1", world.community
    )
    return {(row["link"], row["award_id"]) for row in rows}


async def add_lot(world: Any, table: str, award_id: str) -> None:
    await world.pool.execute(
        f"insert into {table} values ($1, $2, 0, 0, $3, 5)", world.community, str(uuid4()), award_id
    )


@pytest.fixture
async def empty(world: Any) -> Any:
    """What other tests left leads nowhere, as they made it: it is not looked at here."""
    for table in (*TABLES, "lineage_orphans"):
        await world.pool.execute(f"delete from {table}")
    return world


async def test_a_lot_without_an_award_is_found_and_one_with_an_award_is_not(
    empty: Any, rows_max_count: int
) -> None:
    world = empty
    world.configure(lineage_watch_max_count=rows_max_count)
    await world.handle(on_awards, world.award("1", "1"))
    lost = {table: str(uuid4()) for table in TABLES}
    for table in TABLES:
        await add_lot(world, table, world.award_id("1"))
        await add_lot(world, table, lost[table])

    assert await look_at_all(world) == 0, "it may be on its way"
    assert await orphans(world) == set(lost.items())
    assert await look_at_all(world, later=timedelta(hours=1)) == len(TABLES)


async def test_a_lot_whose_award_comes_late_is_forgotten(empty: Any) -> None:
    world = empty
    await add_lot(world, "payout_lots", world.award_id("1"))
    assert await look_at_all(world, later=timedelta(hours=2)) == 0
    assert await look_at_all(world, later=timedelta(hours=4)) == 1
    await world.handle(on_awards, world.award("1", "1"))
    assert await look_at_all(world, later=timedelta(hours=5)) == 0
    assert await orphans(world) == set()


class Explaining:
    """A connection that keeps how a query would be answered, by indexes wherever that can be."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn
        self.plan = ""

    async def fetchrow(self, query: str, *args: Any) -> None:
        await self._conn.execute("set local enable_seqscan = off; set local enable_sort = off")
        self.plan = "\n".join(row[0] for row in await self._conn.fetch(f"explain {query}", *args))


@pytest.mark.parametrize("link", list(Link))
async def test_the_next_lots_are_read_in_the_order_of_their_index(world: Any, link: Link) -> None:
    async with world.begin() as tx:
        conn: Any = Explaining(tx.conn)
        await find_end(conn, Watch(link, FIRST, 0), rows_max_count=10)
    # Sorted, all lots behind the place would be read for each turn.
    assert f"{link}_pkey" in conn.plan
    assert "Sort" not in conn.plan
