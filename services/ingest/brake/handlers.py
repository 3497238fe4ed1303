"""The brake at work: it asks the broker how far scoring is while events come in."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from prometheus_client import Gauge

from services.ingest.brake.domain import Backlog, Offsets, Pace
from services.ingest.metrics import PACE, SCORED_AGE
from services.ingest.settings import Settings
from shared.broker import Broker
from shared.topics import EVENTS

#: The group in which scoring says where it stands.
GROUP = "plaudit-scoring"
#: So often the broker is asked, and for so long after the last event came.
EVERY_SECONDS = 0.1
AFTERWARDS_SECONDS = 5.0
#: The broker may take this long to answer; then nothing is known.
ANSWER_SECONDS = 2.0
AGAIN_SECONDS = 1.0

#: Where the log ends, and up to where it is scored.
Ask = Callable[[], Awaitable[tuple[Offsets, Offsets]]]

log = logging.getLogger(__name__)


class Brake:
    """Knows how late events are scored, and at which part of their shares all are let in."""

    def __init__(self, age: Gauge, pace: Gauge) -> None:
        self._age = age
        self._gauge = pace
        self._gauge.set(1)
        self._pace = Pace()
        self._backlog = Backlog()
        self._wanted_until = 0.0
        self._settings: Settings | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def part(self) -> float:
        """The part of their shares that all are let in at: 1 unless events are scored late."""
        return self._pace.part

    def watch(self, settings: Settings) -> None:
        """Say that events came: from now on, and for a while, it is looked how late they are scored."""
        if settings.scored_age_max_seconds == 0:
            return
        self._wanted_until = time.monotonic() + AFTERWARDS_SECONDS
        if self._watching is None or self._watching.done() or settings is not self._settings:
            if self._watching is not None:
                self._watching.cancel()
            self._settings = settings
            self._watching = asyncio.create_task(self._watch(settings))

    async def close(self) -> None:
        """Look no more."""
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self, settings: Settings) -> None:
        while self._is_wanted():
            try:
                async with asking(settings.broker) as ask:
                    while self._is_wanted():
                        async with asyncio.timeout(ANSWER_SECONDS):
                            ends, scored = await ask()
                        self._see(settings, self._backlog.age_seconds(time.monotonic(), ends, scored))
                        await asyncio.sleep(EVERY_SECONDS)
            except (KafkaError, TimeoutError, OSError) as error:
                log.warning("nobody says how far events are scored; asked again: %r", error)
                self._backlog.forget()
                self._see(settings, 0.0)
                await asyncio.sleep(AGAIN_SECONDS)

    def _is_wanted(self) -> bool:
        return time.monotonic() < self._wanted_until or self._pace.part < 1

    def _see(self, settings: Settings, age_seconds: float) -> None:
        is_late = age_seconds > settings.scored_age_max_seconds
        self._pace.see(time.monotonic(), is_late=is_late, least=settings.late_share_min)
        self._age.set(age_seconds)
        self._gauge.set(self._pace.part)


@asynccontextmanager
async def asking(broker: Broker) -> AsyncIterator[Ask]:
    """Ask the broker, within this, where the log of events ends and up to where scoring has said it is.

    Nothing is known of scoring when it has said nothing yet. Raises KafkaError when the broker does not answer.
    """
    consumer, admin = AIOKafkaConsumer(**broker.options), AIOKafkaAdminClient(**broker.options)
    partitions = [TopicPartition(EVENTS.name, number) for number in range(EVENTS.partitions)]
    try:
        await consumer.start()
        await admin.start()
        coordinator = await admin.find_coordinator(GROUP)

        async def ask() -> tuple[Offsets, Offsets]:
            # In this order: what was scored in between does not look as if it waited.
            ends = await consumer.end_offsets(partitions)
            told = await admin.list_consumer_group_offsets(GROUP, coordinator)
            scored = {one.partition: told[one].offset for one in partitions if one in told}
            return {one.partition: end for one, end in ends.items()}, scored

        yield ask
    finally:
        await admin.close()
        await consumer.stop()


BRAKE = Brake(SCORED_AGE, PACE)
