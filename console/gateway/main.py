"""The gateway's process: `python -m console.gateway.main`."""

import contextlib
from collections.abc import AsyncIterator

from console.gateway.addresses import Connections
from console.gateway.app import create_app
from console.gateway.documents import load_documents
from console.gateway.forwarding import Forwarder
from console.gateway.settings import Settings
from shared import spans
from shared.http.process import serve_until_stopped
from shared.http.server import HttpServer


def main() -> None:
    """Pass requests on until SIGTERM or SIGINT."""
    settings = Settings()
    spans.begin(settings)
    try:
        serve_until_stopped(
            "gateway",
            lambda: running(settings),
            log_level=settings.log_level,
            metrics_host=settings.http_host,
            metrics_port=settings.metrics_port,
        )
    finally:
        spans.end()


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[HttpServer]:
    """The gateway, for as long as the block lasts; its `port` is where it listens."""
    forwarder = Forwarder(settings)
    connections = Connections(settings.address_connections_max_count, settings.proxies)
    app = create_app(settings, load_documents(settings.documents), forwarder)
    server = HttpServer(app, settings, connections)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()
        await forwarder.close()


if __name__ == "__main__":
    main()
