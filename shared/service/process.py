"""A service's process: a Faust app that hosts the HTTP server, the consumer loop, the relay and the timers.

Faust starts and stops the parts in order, elects a leader for the timers, and takes the signals. No fact
and no money rests on a Faust table or a Faust acknowledgement.
"""

import argparse
import asyncio
import logging
import os
import tempfile
from collections.abc import Sequence
from functools import partial
from typing import Any

import faust
import uvloop
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from faust.worker import Worker

from shared import spans
from shared.broker import Broker
from shared.retries import until_it_passes
from shared.service.ending import Ending
from shared.service.parts import DEPENDENCY_PAUSES, Parts
from shared.service.spec import ServiceSpec
from shared.settings import Role, ServiceSettings
from shared.starting import what_is_loaded_stays
from shared.telemetry import configure_logging

#: How long what elects the timers' leader may take to leave: before the parts stop, and once more after them.
HOST_STOP_SECONDS = 3.0

log = logging.getLogger(__name__)


def run(spec: ServiceSpec, arguments: Sequence[str] | None = None) -> None:
    """The service's command: start the process and stay until SIGTERM or SIGINT, or a bug."""
    parser = argparse.ArgumentParser(
        prog=f"python -m services.{spec.name}.main",
        description=spec.description,
        epilog=f"Example: PLAUDIT_KAFKA=127.0.0.1:9092 python -m services.{spec.name}.main --role api",
    )
    parser.add_argument(
        "--role",
        choices=("all", "api", "worker"),
        default="all",
        help="api: only the HTTP API; worker: only loops, relay and timers; all: both (default)",
    )
    role: Role = parser.parse_args(arguments).role
    settings = spec.settings()
    configure_logging(spec.name, settings.log_level)
    spans.begin(settings)
    event_loop = uvloop.new_event_loop()
    asyncio.set_event_loop(event_loop)
    event_loop.run_until_complete(wait_for_broker(settings.broker))
    parts = Parts(spec, settings, role)
    host = create_host(spec, settings, parts)
    worker = _Worker(host, parts, event_loop, stop_max_seconds=settings.stop_max_seconds)
    worker.spinner = None  # a terminal's animation has no place in a log
    # A batch's thousands of young dicts must not make the collector walk it all again.
    what_is_loaded_stays()
    status = 1
    try:
        worker.execute_from_commandline()
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 1
    except BaseException:
        log.critical("the process ends", exc_info=True)
    finally:
        spans.end()
        # After a crash Faust's consumer thread would keep the process alive, doing nothing.
        logging.shutdown()
        os._exit(status)


class _Worker(Worker):
    """Starts the parts before the host, and stops them whatever becomes of the host."""

    def __init__(
        self, host: faust.App, parts: Parts, loop: asyncio.AbstractEventLoop, *, stop_max_seconds: float
    ) -> None:
        # The parts are the worker's, not the app's: the app starts its own only once its group has settled, which
        # after a kill -9 takes as long as the dead process's session.
        super().__init__(host, parts, loop=loop, quiet=True, override_logging=False, redirect_stdouts=False)
        self._host, self._parts, self._stop_max_seconds = host, parts, stop_max_seconds
        self._ending = Ending()

    async def on_stop(self) -> None:
        """Stop the host within its time, then the parts within that of all."""
        self._ending.within(self._stop_max_seconds, what="the service", status=1)
        # 1. The host's timers begin nothing more. It waits for its thread, which in the middle of a rebalance of
        #    the host's group waits for this loop's answer, and that for ever: for a minute, says the library.
        stopping = asyncio.create_task(self._host.stop())
        await asyncio.wait({stopping}, timeout=HOST_STOP_SECONDS)
        # 2. What holds facts finishes its batch, publishes, and leaves its group.
        await self._parts.stop()
        # 3. All that counts is done.
        self._ending.within(HOST_STOP_SECONDS, what="the host", status=1 if self.crashed else 0)
        await stopping
        await super().on_stop()


async def wait_for_broker(broker: Broker) -> None:
    """Return once Kafka answers: the host gives up at once when it does not."""

    async def answers() -> None:
        client = AIOKafkaClient(**broker.options)
        try:
            await client.bootstrap()
        finally:
            await client.close()

    await until_it_passes(
        answers,
        is_transient=lambda error: isinstance(error, KafkaError),
        pauses=DEPENDENCY_PAUSES,
        on_failure=lambda error, _: log.info("waiting for Kafka: %r", error),
    )


def create_host(spec: ServiceSpec, settings: ServiceSettings, parts: Parts) -> faust.App:
    """The Faust app of a service: lifecycle, signals, and the timers that one leader of the service runs."""
    app: Any = faust.App(
        f"plaudit-{spec.name}-host",
        broker=[f"kafka://{server}" for server in settings.kafka.split(",")],
        broker_credentials=_credentials(settings.broker),
        broker_session_timeout=settings.session_seconds,
        broker_heartbeat_interval=settings.session_seconds / 4,
        web_enabled=False,
        topic_replication_factor=1,
        datadir=tempfile.gettempdir(),
        autodiscover=False,
    )
    for timer in spec.timers if parts.role != "api" else ():
        app.timer(interval=timer.every_seconds, on_leader=True, name=timer.name)(partial(parts.run_timer, timer))
    for errand in spec.errands if parts.role != "api" else ():
        app.timer(interval=errand.every_seconds, on_leader=True, name=errand.name)(
            partial(parts.run_errand, errand)
        )
    return app


def _credentials(broker: Broker) -> faust.SASLCredentials | faust.SSLCredentials | None:
    if broker.user:
        return faust.SASLCredentials(
            username=broker.user,
            password=broker.password,
            mechanism=broker.mechanism,
            ssl_context=broker.ssl_context,
        )
    return faust.SSLCredentials(broker.ssl_context) if broker.tls else None
