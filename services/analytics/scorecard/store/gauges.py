"""What indicators measure, as a timer counted it."""

from collections.abc import Mapping
from datetime import datetime
from math import inf
from typing import Any

import orjson

from services.analytics.scorecard.domain.reading import (
    INDICATORS,
    Gauge,
    Measured,
)
from shared.contracts.figures import IndicatorName
from shared.postgres import Connection

#: How a value is written that is beyond all that was seen: JSON knows no infinity.
_BEYOND = "beyond"


async def is_large(conn: Connection, *, community: str, more_than_count: int) -> bool:
    """Whether more members than that took part in a community."""
    found: bool = await conn.fetchval(
        """
        select count(*) > $2::int
        from (select from retention_people where community = $1 limit $2::int + 1) first
        """,
        community,
        more_than_count,
    )
    return found


async def find_gauges(conn: Connection, *, community: str, terms: str) -> Mapping[IndicatorName, Gauge] | None:
    """What indicators measure by these terms; None where that was not counted."""
    kept = await conn.fetchval(
        "select gauges from scorecard_gauges where community = $1 and terms = $2", community, terms
    )
    if kept is None:
        return None
    said = orjson.loads(kept)
    if any(indicator.name not in said for indicator in INDICATORS):
        return None
    return {
        name: Gauge(_read(now), _read(before), [_read(one) for one in weeks])
        for name, (now, before, weeks) in said.items()
    }


async def put_gauges(
    conn: Connection, *, community: str, terms: str, measured: Mapping[IndicatorName, Gauge], at: datetime
) -> None:
    """Keep what indicators measure by these terms, in the place of what was kept before."""
    said = {
        name: [_written(gauge.now), _written(gauge.before), [_written(one) for one in gauge.weeks]]
        for name, gauge in measured.items()
    }
    await conn.execute(
        """
        insert into scorecard_gauges (community, terms, gauges, measured_at) values ($1, $2, $3, $4)
        on conflict (community) do update
        set terms = excluded.terms, gauges = excluded.gauges, measured_at = excluded.measured_at
        """,
        community,
        terms,
        orjson.dumps(said).decode(),
        at,
    )


def _written(one: Measured) -> list[Any]:
    return [_BEYOND if one.value == inf else one.value, one.cases, one.number]


def _read(said: list[Any]) -> Measured:
    value, cases, number = said
    return Measured(inf if value == _BEYOND else value, cases, number)
