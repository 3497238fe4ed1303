"""The SQL of alerts, each as it was told last."""

from collections.abc import Sequence

import orjson
from asyncpg import Record

from services.analytics.alerts.domain import Alert, AlertKey, AlertName, AlertPlace, AlertState
from shared.postgres import Connection

#: Alerts of a community that are looked at: 50 goals, the scorecard's indicators, tables, and goals that are gone.
ALERTS_MAX_COUNT = 1_000


async def load_alerts(conn: Connection, *, community: str) -> dict[AlertKey, Alert]:
    """A community's alerts by their keys, at most ALERTS_MAX_COUNT: those told last, and all that stand first."""
    rows = await conn.fetch(
        """
        select * from alerts where community = $1
        order by state = 'raised' desc, told_at desc, name, about limit $2
        """,
        community,
        ALERTS_MAX_COUNT,
    )
    return {alert.key: alert for alert in map(_alert, rows)}


async def page_of_alerts(
    conn: Connection, *, community: str, state: AlertState | None, before: AlertPlace | None, limit_count: int
) -> list[Alert]:
    """Alerts, those told last first."""
    rows = await conn.fetch(
        """
        select * from alerts
        where community = $1 and ($2::text is null or state = $2)
            and ($3::timestamptz is null or told_at < $3 or told_at = $3 and (name, about) > ($4, $5))
        order by told_at desc, name, about limit $6
        """,
        community,
        state,
        *(before or (None, None, None)),
        limit_count,
    )
    return [_alert(row) for row in rows]


async def put_alerts(conn: Connection, *, community: str, alerts: Sequence[Alert]) -> None:
    """Keep alerts as they are told now."""
    await conn.executemany(
        """
        insert into alerts (community, name, about, state, grade, since, told_on, told_at, content)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (community, name, about) do update
        set state = excluded.state, grade = excluded.grade, since = excluded.since, told_on = excluded.told_on,
            told_at = excluded.told_at, content = excluded.content
        """,
        [
            (
                community,
                *alert.key,
                alert.state,
                alert.grade,
                alert.since,
                alert.told_on,
                alert.told_at,
                orjson.dumps(alert.values).decode(),
            )
            for alert in alerts
        ],
    )


def _alert(row: Record) -> Alert:
    return Alert(
        AlertKey(AlertName(row["name"]), row["about"]),
        AlertState(row["state"]),
        row["grade"],
        row["since"],
        row["told_on"],
        row["told_at"],
        orjson.loads(row["content"]),
    )
