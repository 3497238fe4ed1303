"""What a consumer loop tells of itself while it runs: to Prometheus, to the broker, and to its own database."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg
import uuid_utils
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.consumer.client import tell_position
from shared.consumer.meter import Meter
from shared.outbox import OutboxRelay
from shared.pipeline.store import put_report
from shared.postgres import TRANSIENT, begin
from shared.telemetry import CONSUMER_LAG, CONSUMER_STALLED, EVENT_AGES

LAG_REPORT_SECONDS = 5.0
PIPELINE_REPORT_SECONDS = 2.0


@dataclass
class Monitors:
    """Tells how it goes: `lags` and `positions` by partition, and how long nothing was finished that waits.

    `sleep` ends early when the loop stops; then `should_stop` says so.
    """

    topics: Collection[str]
    pool: asyncpg.Pool
    relay: OutboxRelay
    client: AIOKafkaConsumer
    position_seconds: float
    lags: Callable[[], Mapping[TopicPartition, int]]
    positions: Callable[[], Mapping[TopicPartition, int]]
    stalled_seconds: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    should_stop: Callable[[], bool]
    meter: Meter = field(default_factory=Meter)
    worker_id: str = field(default_factory=lambda: str(uuid_utils.uuid7()))
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def run(self) -> None:
        """Tell all of it until the loop stops."""
        await asyncio.gather(self._tell_lag(), self._tell_position(), self._tell_database())

    async def _tell_lag(self) -> None:
        """How much waits, for Prometheus."""
        while await self._goes_on(LAG_REPORT_SECONDS):
            lags = Counter(dict.fromkeys(self.topics, 0))
            for partition, waiting in self.lags().items():
                lags[partition.topic] += waiting
            for topic, lag in lags.items():
                CONSUMER_LAG.labels(topic).set(lag)
            CONSUMER_STALLED.set(self.stalled_seconds())

    async def _tell_position(self) -> None:
        """Where the loop stands, as Kafka's committed offset, when it has moved."""
        told: dict[TopicPartition, int] = {}
        while await self._goes_on(self.position_seconds):
            now = dict(self.positions())
            if now and now != told:  # between two assignments it stands nowhere
                told = now if await tell_position(self.client, now) else {}

    async def _tell_database(self) -> None:
        """Rates, ages and what waits, for whoever shows the pipeline."""
        while await self._goes_on(PIPELINE_REPORT_SECONDS):
            now = datetime.now(UTC)
            report = self.meter.report(
                at=now.timestamp(),
                lags=self.lags(),
                topics=self.topics,
                ages=EVENT_AGES.counts,
                outbox_pending=self.relay.pending_count,
            )
            # The next report says more than this one would have.
            with contextlib.suppress(*TRANSIENT, asyncpg.InterfaceError):
                async with begin(self.pool) as conn:
                    await put_report(
                        conn, worker_id=self.worker_id, started_at=self.started_at, report=report, now=now
                    )

    async def _goes_on(self, seconds: float) -> bool:
        await self.sleep(seconds)
        return not self.should_stop()
