"""The gateway's process: `python -m console.gateway.main`."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

import uvloop

from console.gateway.app import create_app
from console.gateway.documents import load_documents
from console.gateway.forwarding import Forwarder
from console.gateway.settings import Settings
from shared.http.server import HttpServer
from shared.starting import what_is_loaded_stays
from shared.telemetry import configure_logging


def main() -> None:
    """Pass requests on until SIGTERM or SIGINT."""
    settings = Settings()
    configure_logging("gateway", settings.log_level)
    what_is_loaded_stays()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with running(settings):
        await stopping.wait()


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[HttpServer]:
    """The gateway, for as long as the block lasts; its `port` is where it listens."""
    forwarder = Forwarder(settings)
    server = HttpServer(create_app(settings, load_documents(settings.documents), forwarder), settings)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()
        await forwarder.close()


if __name__ == "__main__":
    main()
