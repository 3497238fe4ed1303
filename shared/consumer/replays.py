"""Dead letters are sent through again: each in a transaction of its own, by its partition's owner.

The record goes to the same handler as it did the first time, and what it says has counted or not: nothing counts
twice. One that is refused again waits again, with the reason of now. A bug that one meets ends no process here:
the line has gone on without the record, and whoever asked is told.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
from aiokafka import TopicPartition

from shared.consumer.batch import Batch
from shared.consumer.dead_letters import REASON_MAX_CHARS
from shared.consumer.own_failures import OWN
from shared.consumer.subscription import Lanes, Preparation, Subscription
from shared.dead_letters import DeadLetter, store
from shared.failures import is_transient
from shared.postgres import begin
from shared.settings import ServiceSettings
from shared.topics import dead_letter_topic
from shared.transaction import InvalidMessageError, Transaction

LOOK_SECONDS = 1.0
AT_ONCE_MAX_COUNT = 20
DELETE_MAX_COUNT = 1_000
CLEAN_EVERY_SECONDS = 600.0

log = logging.getLogger(__name__)


class ReplayedRecord(NamedTuple):
    """A dead letter's record, as its handler met it the first time."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()


class Replays:
    """Sends dead letters through again."""

    def __init__(
        self,
        service: str,
        pool: asyncpg.Pool,
        settings: ServiceSettings,
        *,
        subscriptions: Mapping[str, Subscription],
        lanes: Lanes | None,
        preparation: Preparation,
        validate: Mapping[str, Callable[[bytes], Any]],
    ) -> None:
        self._service = service
        self._pool = pool
        self._settings = settings
        self._subscriptions = subscriptions
        self._lanes = lanes
        self._preparation = preparation
        self._validate = validate
        self._clean_at = 0.0

    async def run(
        self,
        busy: asyncio.Lock,
        *,
        positions: Callable[[], Mapping[TopicPartition, int]],
        wake: Callable[[int], None],
        sleep: Callable[[float], Awaitable[None]],
        should_stop: Callable[[], bool],
    ) -> None:
        """Send through again what somebody asked for, between batches, until the loop stops."""
        while not should_stop():
            await sleep(LOOK_SECONDS)
            try:
                for letter in await self._asked(positions()):
                    async with busy:
                        stands = positions().get(TopicPartition(letter.topic, letter.partition))
                        if stands is not None and not should_stop():
                            wake(await self.send_through(letter, standing_at=stands))
                await self._delete_old()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("dead letters are looked for again later: %r", error)

    async def _asked(self, partitions: Mapping[TopicPartition, int]) -> list[DeadLetter]:
        """The next letters that somebody asked for, of partitions that this worker has."""
        if not partitions:
            return []
        async with self._pool.acquire() as conn:
            return await store.load_asked(conn, partitions=partitions, limit=AT_ONCE_MAX_COUNT)

    async def send_through(self, letter: DeadLetter, *, standing_at: int) -> int:
        """Process a letter again; returns how many messages were committed with it.

        Nothing happens when the partition is not this worker's any more: its offset is not `standing_at`.
        Raises what passes by itself; then the letter is tried again.
        """
        try:
            async with asyncio.timeout(self._settings.batch_seconds):
                return await self._process(letter, standing_at=standing_at)
        except InvalidMessageError as invalid:
            reason = invalid.reason
        except OWN as error:
            reason = f"it fails again: {type(error).__name__} {error}".rstrip()
        except Exception as error:
            if is_transient(error):
                raise
            log.exception("a replay broke", extra={"topic": letter.topic, "offset": letter.record_offset})
            reason = f"replaying it broke: {type(error).__name__}"
        async with begin(self._pool) as conn:
            await store.set_refused(conn, letter_id=letter.letter_id, reason=_shown(reason))
        return 0

    async def _delete_old(self) -> None:
        """Delete dead letters that their topic does not keep any more either, once in a while."""
        if time.monotonic() < self._clean_at:
            return
        self._clean_at = time.monotonic() + CLEAN_EVERY_SECONDS
        kept = timedelta(milliseconds=dead_letter_topic(self._service).retention_ms)
        async with begin(self._pool) as conn:
            await store.delete_letters(conn, before=datetime.now(UTC) - kept, limit=DELETE_MAX_COUNT)

    async def _process(self, letter: DeadLetter, *, standing_at: int) -> int:
        message, handler = await self._decoded(letter)
        async with begin(self._pool) as conn:
            # 1. The offset's row: while it is locked, nobody else processes records of the partition.
            stands = await conn.fetchval(
                "select next_offset from consumer_offsets where topic = $1 and partition = $2 for update",
                letter.topic,
                letter.partition,
            )
            if stands != standing_at:
                return 0
            now = datetime.now(UTC)
            # 2. That it went through, unless somebody decided otherwise meanwhile.
            if not await store.set_replayed(conn, letter_id=letter.letter_id, now=now):
                return 0
            # 3. What comes of it, and the messages about that.
            tx = Transaction(conn, now, service=self._service, settings=self._settings)
            await handler(tx, [message])
            return await tx.store_outbox()

    async def _decoded(
        self, letter: DeadLetter
    ) -> tuple[Any, Callable[[Transaction[Any], list[Any]], Awaitable[None]]]:
        """The letter's message and its handler. Raises InvalidMessageError when it is none still."""
        record = ReplayedRecord(
            letter.topic,
            letter.partition,
            letter.record_offset,
            int(letter.dead_at.timestamp() * 1000),
            letter.key,
            letter.value,
        )
        batch = Batch()
        batch.decode([record], self._validate)
        if batch.rejections:
            raise InvalidMessageError(batch.rejections[0].reason)
        ((_, message),) = batch.decoded
        subscription = self._subscriptions.get(letter.topic)
        if subscription is not None:
            if subscription.prepare is not None:
                await subscription.prepare(self._preparation, [message])
            return message, subscription.handler
        if self._lanes is not None and letter.topic.startswith(self._lanes.prefix):
            # The handler takes what was chosen, and there may be no room for it now.
            if not await self._lanes.choose(self._preparation, [message]):
                raise InvalidMessageError("its community has no room for it just now")
            return message, self._lanes.handler
        raise InvalidMessageError(f"{self._service} does not read {letter.topic} any more")


def _shown(reason: str) -> str:
    return reason[:REASON_MAX_CHARS].replace("\x00", "\N{REPLACEMENT CHARACTER}")
