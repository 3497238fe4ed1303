"""The SQL of workers' reports."""

from datetime import datetime, timedelta

import orjson

from shared.pipeline.domain import WorkerReport
from shared.postgres import Connection

#: A worker that has said nothing for so long is not there any more.
SILENT = timedelta(seconds=15)


async def put_report(
    conn: Connection, *, worker_id: str, started_at: datetime, report: WorkerReport, now: datetime
) -> None:
    """Store what a worker says of itself, instead of what it said before; forget those that are gone."""
    await conn.execute(
        """
        with gone as (delete from worker_reports where reported_at < $5 and worker_id <> $1::uuid)
        insert into worker_reports (worker_id, started_at, reported_at, report)
        values ($1::uuid, $2, $3, $4::jsonb)
        on conflict (worker_id) do update set reported_at = excluded.reported_at, report = excluded.report
        """,
        worker_id,
        started_at,
        now,
        orjson.dumps(report).decode(),
        now - SILENT,
    )


async def load_reports(conn: Connection, *, now: datetime) -> list[tuple[datetime, WorkerReport]]:
    """What the workers say that are there, each with its time."""
    rows = await conn.fetch(
        "select reported_at, report::text as report from worker_reports where reported_at >= $1", now - SILENT
    )
    return [(row["reported_at"], orjson.loads(row["report"])) for row in rows]
