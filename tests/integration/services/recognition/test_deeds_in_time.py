"""A member's first deeds of a window are a range of an index, however many deeds there are."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import asyncpg
import orjson
import pytest

from services.recognition.deeds import store
from services.recognition.deeds.domain import Window
from shared.postgres import database_url, role_name
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

MEMBERS_COUNT = 50
DEEDS_EACH_COUNT = 1_000
TIMES = 5
#: Pages that a window reads at most: some steps down the index, and a page of the table for each deed.
PAGES_MAX_COUNT = 10 + 2 * TIMES
NOTHING = "00000000-0000-0000-0000-000000000000"
FILL = """
    insert into deeds (community, member_id, counter, event_uid, event_time, day)
    select $1, m.member_id, 'c' || n % 2, gen_random_uuid(), $3::timestamptz - n * interval '1 minute',
        ($3::timestamptz - n * interval '1 minute')::date
    from unnest($2::uuid[]) as m(member_id) cross join generate_series(1, $4::int) as n
    order by n
"""


class Explained:
    """A connection that explains what it is asked, as it runs it."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn
        self.plan: Any = None

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        said = await self._conn.fetchval(f"explain (analyze, buffers, format json) {query}", *args)
        self.plan = orjson.loads(said)[0]
        found: list[Any] = await self._conn.fetch(query, *args)
        return found


def nodes(plan: Any) -> list[Any]:
    """The plan's node and all below it."""
    return [plan, *(node for below in plan.get("Plans", ()) for node in nodes(below))]


@pytest.fixture
async def owner(stack: Any) -> AsyncIterator[Any]:
    """A connection of the tables' owner, who alone may analyze them; nothing of it stays."""
    conn = await asyncpg.connect(database_url(stack.state.postgres_admin_url, role_name("recognition")))
    changes = conn.transaction()
    await changes.start()
    yield conn
    await changes.rollback()
    await conn.close()


async def test_windows_of_deeds_are_ranges_of_the_index(world: Any, owner: Any) -> None:
    """Whatever PostgreSQL knows of the table: behind a backfill that is nothing."""
    members = [world.uuid(f"member {number}") for number in range(MEMBERS_COUNT)]
    half = NOON - timedelta(minutes=DEEDS_EACH_COUNT // 2)
    windows = [
        Window(member_id, f"c{number % 2}", half, NOTHING, NOON, date.min, date.max, TIMES)
        for number, member_id in enumerate(members)
    ]
    await owner.execute("delete from pg_statistic where starelid = 'deeds'::regclass")
    await owner.execute(FILL, world.community, members, NOON, DEEDS_EACH_COUNT)
    for knows in (False, True):
        if knows:
            await owner.execute("analyze deeds")
        explained = Explained(owner)
        found = await store.load_first(explained, community=world.community, windows=windows)  # type: ignore[arg-type]
        assert {len(of_window) for of_window in found} == {TIMES}
        assert found[0] == sorted(found[0])
        at_deeds = [node for node in nodes(explained.plan["Plan"]) if node.get("Relation Name") == "deeds"]
        scans = [(node["Node Type"], node["Index Name"]) for node in at_deeds]
        assert scans == [("Index Scan", "deeds_of_community_in_time")], knows
        pages = at_deeds[0]["Shared Hit Blocks"] + at_deeds[0]["Shared Read Blocks"]
        assert pages <= MEMBERS_COUNT * PAGES_MAX_COUNT, knows
