"""What accounts took and gave, of any moment: by quarters of an hour what their entries say one by one."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.rewards.books.handlers import fold
from services.rewards.chain.handlers import chain
from services.rewards.ledger.domain.turnovers import QUARTER, Turnover, quarter_of
from services.rewards.ledger.store.turnovers import fold_turnovers, load_turnovers
from tests.integration.services.rewards.finance import ByHand, Finance, filed

pytestmark = pytest.mark.stack

#: What stood on accounts before a moment, by nothing but entries.
BY_ENTRIES = """
    select a.kind, a.currency, case when a.owner is null then a.account_id::text end as account_id,
           coalesce(-sum(e.amount) filter (where e.amount < 0), 0)::bigint as debit,
           coalesce(sum(e.amount) filter (where e.amount > 0), 0)::bigint as credit
    from entries e join accounts a using (community, account_id)
    where e.community = $1 and e.recorded_at < $2 group by 1, 2, 3
"""


class Booked:
    """What was booked in a community at chosen times."""

    def __init__(self, finance: Finance) -> None:
        self.finance, self.world = finance, finance.world
        #: A quarter that began an hour or more ago, and moments around and within it.
        self.quarter = quarter_of(datetime.now(UTC)) - 5 * QUARTER
        edges = [
            timedelta(0),
            timedelta(microseconds=1),
            QUARTER / 2,
            QUARTER - timedelta(microseconds=1),
            QUARTER,
        ]
        self.moments = [
            *(self.quarter + edge for edge in edges),
            self.quarter - timedelta(days=40),
            datetime.now(UTC) + timedelta(days=1),
        ]

    async def give(self, at: datetime, *awards: Any) -> None:
        self.world.later = at - datetime.now(UTC)
        try:
            await self.world.give(*awards)
        finally:
            self.world.later = timedelta(0)

    async def load(self, before: datetime) -> list[Turnover]:
        async with self.world.begin() as tx:
            return await load_turnovers(tx.conn, community=self.world.community, before=before, timeout_seconds=60)

    async def check(self) -> None:
        """They are what entries say at every moment, and the check of the ledger finds nothing."""
        for moment in self.moments:
            rows = await self.world.pool.fetch(BY_ENTRIES, self.world.community, moment)
            found = await self.load(moment)
            assert {one[:3]: one[4:] for one in found} == {tuple(row)[:3]: tuple(row)[3:] for row in rows}, moment
        assert (await self.world.check()).differences == 0

    async def parts(self) -> int:
        parts: int = await self.world.pool.fetchval(
            "select count(*) from turnovers where community = $1", self.world.community
        )
        return parts


@pytest.fixture
def booked(finance: Finance) -> Booked:
    return Booked(finance)


async def test_they_are_what_entries_say_at_every_moment_while_parts_are_folded(booked: Booked) -> None:
    world = booked.world
    for number, offset in enumerate((timedelta(0), QUARTER / 3, QUARTER * 2 / 3, QUARTER, -QUARTER / 3)):
        await booked.give(booked.quarter + offset, world.award(f"at {number}", f"member {number % 3}", 7 + number))
    await booked.finance.outcome(await filed(booked.finance), "settled")
    await booked.check()
    members = {one[:2]: one.accounts_count for one in await booked.load(booked.moments[-1]) if not one.account_id}
    declared = await world.pool.fetch(
        "select kind, currency, count(*) from accounts where community = $1 and owner is not null group by 1, 2",
        world.community,
    )
    assert members == {tuple(row)[:2]: row["count"] for row in declared}

    before = await booked.parts()
    async with world.begin() as tx:
        # Other communities have parts of their own.
        assert await fold_turnovers(tx.conn, limit=100_000) >= before
        # Who books or folds meanwhile waits for nobody.
        async with asyncio.timeout(10):
            await booked.give(booked.quarter + QUARTER / 2, world.award("meanwhile", "member 1", 3))
            await booked.check()
    await booked.check()
    async with world.begin() as tx:
        await fold(tx)
        await fold_turnovers(tx.conn, limit=100_000)
        assert await fold_turnovers(tx.conn, limit=1_000) == 0
    assert await booked.parts() < before
    await booked.check()


async def test_the_check_names_the_quarter_that_is_not_what_was_booked(booked: Booked) -> None:
    world = booked.world
    await booked.give(booked.quarter, world.award("one", "ada", 7))
    async with world.begin() as tx:
        await fold(tx)
    await world.pool.execute(
        "update turnovers set credit = credit + 1 where community = $1 and starts_at = $2 and kind = 'available'",
        world.community,
        booked.quarter,
    )
    found = (await booked.finance.approver.get("/v1/ledger/check")).json()
    assert found["balanced"] is False
    (off,) = found["turnover_differences"]
    assert datetime.fromisoformat(off.pop("starts_at")) == booked.quarter
    assert off == {
        "kind": "available",
        "currency": "PTS",
        "account_id": None,
        "debit": 0,
        "credit": 8,
        "entries_debit": 0,
        "entries_credit": 7,
    }


async def test_a_month_whose_turnovers_are_not_its_entries_is_not_confirmed(
    booked: Booked, by_hand: ByHand
) -> None:
    now = datetime.now(UTC)
    month = (now.replace(day=1) - timedelta(days=1)).replace(hour=12)
    await booked.give(month, booked.world.award("then", "ada", 900))
    await by_hand("update turnovers set debit = debit * 2, credit = credit * 2 where community = $1")
    async with booked.world.begin() as tx:
        while await chain(tx):
            pass
    path = f"/v1/periods/{month:%Y-%m}"
    assert (await booked.finance.maker.post(f"{path}/close")).status_code == 200
    refused = await booked.finance.approver.post(f"{path}/confirm")
    assert refused.json()["type"] == "urn:plaudit:problem:rows-altered"
