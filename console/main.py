"""The console's process: `python -m console.main`."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from console.app import create_app
from console.asking import Services
from console.settings import Settings
from console.sign_in.sessions import Sessions
from console.sign_in.store import TRANSIENT, Database
from shared import spans
from shared.http.process import serve_until_stopped
from shared.http.server import HttpServer
from shared.retries import Pauses, until_it_passes

SWEEP_EVERY_SECONDS = 600.0
PAUSES = Pauses(first_seconds=0.2, longest_seconds=5.0)

log = logging.getLogger(__name__)


def main() -> None:
    """Serve pages until SIGTERM or SIGINT."""
    settings = Settings()
    spans.begin(settings)
    try:
        serve_until_stopped(
            "console",
            lambda: running(settings),
            log_level=settings.log_level,
            metrics_host=settings.http_host,
            metrics_port=settings.metrics_port,
        )
    finally:
        spans.end()


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[HttpServer]:
    """The console, for as long as the block lasts; its `port` is where it listens."""
    database = await until_it_passes(
        lambda: Database.connected(settings),
        is_transient=lambda error: isinstance(error, (*TRANSIENT, RuntimeError)),
        pauses=PAUSES,
        on_failure=lambda error, _: log.info("waiting for its database: %r", error),
    )
    services = Services.connected(
        settings.service_urls, ask_seconds=settings.ask_seconds, answer_max_bytes=settings.answer_max_bytes
    )
    app = create_app(settings, database, services)
    server = HttpServer(app, settings)
    sweeping = asyncio.create_task(_sweep(app.state.console.sessions))
    try:
        await server.start()
        yield server
    finally:
        sweeping.cancel()
        app.state.stopping.set()
        await server.stop()
        await services.client.aclose()
        await database.close()


async def _sweep(sessions: Sessions) -> None:
    while True:
        try:
            await sessions.sweep()
        except TRANSIENT as error:
            log.warning("what has ended stays until next time: %r", error)
        await asyncio.sleep(SWEEP_EVERY_SECONDS)


if __name__ == "__main__":
    main()
