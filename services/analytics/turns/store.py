"""The SQL of when communities were looked at, and for what."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from shared.postgres import Connection


class Turns(StrEnum):
    """What communities are looked at for: the table that says when each was."""

    CAMPAIGNS = "effect_checks"
    GOALS = "goal_checks"
    DIGEST = "digest_checks"
    SCORECARD = "scorecard_checks"
    NETWORK = "network_checks"
    RESPONSES = "response_checks"
    ALERTS = "alert_checks"


async def lock_due(conn: Connection, turns: Turns, *, before: datetime, limit_count: int) -> list[str]:
    """Communities that were not looked at since then, for this transaction alone; who waited longest first."""
    await conn.execute(
        f"insert into {turns} (community) select distinct community from programmes on conflict do nothing"  # noqa: S608 -- an enum's
    )
    rows = await conn.fetch(
        f"""
        select community from {turns} where checked_at is null or checked_at < $1
        order by checked_at nulls first, community limit $2 for update skip locked
        """,  # noqa: S608 -- an enum's
        before,
        limit_count,
    )
    return [row["community"] for row in rows]


async def set_checked(conn: Connection, turns: Turns, *, communities: Sequence[str], at: datetime) -> None:
    """Note when communities were looked at."""
    await conn.execute(
        f"update {turns} set checked_at = $2 where community = any($1::text[])",  # noqa: S608 -- an enum's
        communities,
        at,
    )
