"""The process of a rebuild: analytics built anew in a database of its own, beside the one that runs.

`plaudit rebuild start` makes the database and starts it (docs/rebuild.md).
"""

import argparse
import asyncio
import logging
import os
import signal
from collections.abc import Sequence

import prometheus_client
import uvloop

from services.analytics.main import SPEC
from services.analytics.rebuilding import store
from services.analytics.rebuilding.handlers.reading import AnotherReadsError, Databases, Reader
from services.analytics.settings import Settings
from shared.postgres import role_name
from shared.starting import what_is_loaded_stays
from shared.telemetry import configure_logging

#: The timers that count, and forget; those that tell somebody something do not run.
COUNTING = (
    *("count-retention", "settle-questions", "count-sentiment", "count-ties", "count-content"),
    "forget-audit",
)
#: It leaves processor and disk to whatever else wants them.
NICENESS = 10

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command: read until told to end, or SIGTERM; exit code 1 where another process reads already."""
    parser = argparse.ArgumentParser(
        prog="python -m services.analytics.rebuild",
        description="Builds analytics anew in another database, beside the one that runs.",
        epilog="Example: python -m services.analytics.rebuild --database plaudit_analytics_rebuilt",
    )
    parser.add_argument("--database", required=True, help="the database that is built")
    parser.add_argument("--metrics-port", type=int, help="where Prometheus finds its metrics; none: nowhere")
    said = parser.parse_args(arguments)
    settings = Settings()
    configure_logging("analytics-rebuild", settings.log_level)
    os.nice(NICENESS)
    if said.metrics_port is not None:
        prometheus_client.start_http_server(said.metrics_port, settings.http_host)
    what_is_loaded_stays()
    raise SystemExit(uvloop.run(rebuild(settings, database=said.database)))


async def rebuild(settings: Settings, *, database: str) -> int:
    """Read into a database until told to end, or stopped; returns the process's exit code."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    pool = await store.connected(settings, database=database)
    own = await store.connect_for(settings, database=database)
    try:
        reader = Reader(
            settings,
            Databases(pool, own, role_name(SPEC.name)),
            subscriptions=SPEC.subscriptions,
            timers=[timer for timer in SPEC.timers if timer.name in COUNTING],
        )
        await reader.run(stopping.is_set)
    except AnotherReadsError:
        log.critical("another process reads for this rebuild already")
        return 1
    finally:
        await own.close()
        await pool.close()
    return 0


if __name__ == "__main__":
    main()
