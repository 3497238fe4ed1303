"""Results that were kept before they were of a kind of period are of the kind that their days say."""

from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared.postgres import database_url, role_name

pytestmark = pytest.mark.stack

MIGRATIONS = Path(__file__).parents[4] / "services" / "recognition" / "migrations"
#: What a board is of now, the days of results, and what they are of from then on.
BOARDS = {"ever": "all_time", "week": "week", "long": "quarter"}
KEPT = [
    ("ever", "2026-10-01", "2026-10-01", "all_time"),
    ("ever", "2026-09-01", "2026-09-30", "month"),
    ("week", "2026-10-05", "2026-10-11", "week"),
    ("week", "2026-10-12", "2026-10-12", "week"),
    ("long", "2026-10-01", "2026-12-31", "quarter"),
    ("long", "2026-02-01", "2026-02-28", "month"),
    ("long", "2026-07-01", "2026-09-30", "quarter"),
    ("long", "2025-01-01", "2025-12-31", "year"),
    ("gone", "2026-07-02", "2026-07-02", "day"),
]


def migration(name: str) -> str:
    (found,) = MIGRATIONS.glob(f"*_{name}.sql")
    return found.read_text(encoding="utf-8")


async def test_results_of_before_are_of_the_kind_that_their_days_say(stack: Any) -> None:
    owner = await asyncpg.connect(database_url(stack.state.postgres_admin_url, role_name("recognition")))
    changes = owner.transaction()
    await changes.start()
    try:
        # Tables of before, seen by this transaction alone.
        await owner.execute("create schema before; set local search_path = before")
        await owner.execute("create table suspensions (community text, stands boolean)")
        await owner.execute(migration("boards_declared"))
        for board, period in BOARDS.items():
            await owner.execute(
                """
                insert into boards (community, board_id, place, declared, version, since, is_whole, is_filled,
                                    filled_up_to, final_up_to, cut_up_to, look_at)
                values ('c', $1, 0, jsonb_build_object('period', $2::text), 1, now(), true, true,
                        gen_random_uuid(), now(), now(), now())
                """,
                board,
                period,
            )
        for board, starts_on, ends_on, _ in KEPT:
            days = date.fromisoformat(starts_on), date.fromisoformat(ends_on)
            await owner.execute(
                "insert into board_cuts values ('c', $1, $2, $3, 'T', now(), true, true, 1)", board, *days
            )
            await owner.execute(
                "insert into board_results values ('c', $1, $2, 1, gen_random_uuid(), 1, 5, now())", board, days[0]
            )
        await owner.execute(migration("boards_results_of_periods"))
        rows = await owner.fetch(
            """
            select board_id, starts_on, ends_on, period from board_cuts
            join board_results using (community, board_id, period, starts_on)
            """
        )
    finally:
        await changes.rollback()
        await owner.close()
    found = [(row["board_id"], f"{row['starts_on']}", f"{row['ends_on']}", row["period"]) for row in rows]
    assert sorted(found) == sorted(KEPT)
