"""Awards are counted again and again, some at a time: what somebody changes by hand shows."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from services.rewards.recounts.handlers import recount_awards
from shared.recounts.domain import BEGINNING
from tests.integration.services.rewards.finance import ByHand

pytestmark = pytest.mark.stack


@pytest.fixture
def minute() -> datetime:
    """A minute of long ago in which no other test's awards were told."""
    return datetime(1980, 1, 1, tzinfo=UTC) + timedelta(minutes=uuid4().int % 10_000_000)


async def recounted(world: Any) -> int:
    """Count every award again; in how many turns."""
    turns = 0
    await world.pool.execute("update recount_rounds set recounted_until = $1", BEGINNING)
    while True:
        async with world.begin() as tx:
            await recount_awards(tx)
        turns += 1
        if await world.pool.fetchval("select recounted_until from recount_rounds") == BEGINNING:
            return turns


async def counted(world: Any, minute: datetime) -> tuple[int, int] | None:
    row = await world.pool.fetchrow(
        "select facts, points from recounted_minutes where starts_at = $1 and kind = 'spendable'", minute
    )
    return None if row is None else (row["facts"], row["points"])


async def test_what_was_booked_is_counted_by_the_minute_in_which_it_was_told(world: Any, minute: datetime) -> None:
    await world.give(
        world.award("a", "ada", 10, at=minute),
        world.award("b", "bob", 7, at=minute + timedelta(seconds=59)),
        world.award("c", "bob", 5, at=minute + timedelta(seconds=60)),
    )
    await world.give(world.award("-a", "ada", -4, "a", total=6, at=minute + timedelta(seconds=30)))

    await recounted(world)

    assert await counted(world, minute) == (3, 13)
    assert await counted(world, minute + timedelta(minutes=1)) == (1, 5)
    shown = {
        name: REGISTRY.get_sample_value("plaudit_recounted_awards", {"of": "spendable", "sum": name})
        for name in ("facts", "points", "digest")
    }
    assert all(value is not None for value in shown.values()), shown
    assert (REGISTRY.get_sample_value("plaudit_recount_round_seconds", {"of": "awards"}) or -1) >= 0


@pytest.mark.parametrize(
    ("sql", "left"),
    [
        ("delete from transfers where community = $1 and cause_id = $2", (1, 7)),
        ("update transfers set told_points = told_points + 1 where community = $1 and cause_id = $2", (2, 18)),
        (
            "update transfers set told_at = told_at - interval '1 day' where community = $1 and cause_id = $2",
            (1, 7),
        ),
    ],
)
async def test_one_row_changed_by_hand_shows_with_the_next_round(
    world: Any,
    by_hand: ByHand,
    minute: datetime,
    caplog: pytest.LogCaptureFixture,
    sql: str,
    left: tuple[int, int],
) -> None:
    await world.give(world.award("a", "ada", 10, at=minute), world.award("b", "ada", 7, at=minute))
    await recounted(world)
    assert await counted(world, minute) == (2, 17)
    caplog.clear()

    await by_hand(sql, world.uuid("award a"))
    await recounted(world)

    assert await counted(world, minute) == left
    kept, added = [
        await world.pool.fetchrow(
            f"select sum(facts) as facts, sum(points) as points, sum(digest) as digest from {table}"
        )
        for table in ("recounted_sums", "recounted_minutes")
    ]
    assert kept == added
    assert f"{minute}" in caplog.text


async def test_a_turn_counts_no_more_rows_than_it_may(world: Any, minute: datetime) -> None:
    await world.give(
        *(world.award(f"{number}", "ada", 1, at=minute + timedelta(minutes=number)) for number in range(6))
    )
    await recounted(world)

    world.configure(recount_max_count=2)
    assert await recounted(world) >= 3

    assert [await counted(world, minute + timedelta(minutes=number)) for number in range(6)] == [(1, 1)] * 6
