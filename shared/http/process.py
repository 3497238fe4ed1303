"""A process that serves HTTP and nothing else, until it is told to stop."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager

import prometheus_client
import uvloop

from shared.http.server import HttpServer
from shared.starting import what_is_loaded_stays
from shared.telemetry import configure_logging

log = logging.getLogger(__name__)


def serve_until_stopped(
    name: str,
    running: Callable[[], AbstractAsyncContextManager[HttpServer]],
    *,
    log_level: str,
    metrics_host: str,
    metrics_port: int | None,
) -> None:
    """Serve what `running` runs, for as long as its block lasts, until SIGTERM or SIGINT; `name` is for logs."""
    configure_logging(name, log_level)
    what_is_loaded_stays()
    with metrics_served(metrics_host, metrics_port), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_stopped(running))


async def _until_stopped(running: Callable[[], AbstractAsyncContextManager[HttpServer]]) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with running():
        await stopping.wait()


@contextlib.contextmanager
def metrics_served(host: str, port: int | None) -> Iterator[int | None]:
    """Metrics for Prometheus at a port of their own, where the public does not come; yields it. None: nowhere.

    Raises OSError when the port cannot be had.
    """
    if port is None:
        yield None
        return
    try:
        server, thread = prometheus_client.start_http_server(port, host)
    except OSError as error:
        raise OSError(
            f"cannot listen on {host}:{port} for metrics; is another process using it? ({error})"
        ) from error
    log.info("metrics at http://%s:%s/metrics", host, server.server_port)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
