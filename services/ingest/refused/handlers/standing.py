"""What stands where an event said otherwise is found in the topics: the database has its hash alone."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.ingest.refused import store
from services.ingest.refused.domain import Refused, Standing
from services.ingest.refused.handlers.keeping import seal_standing
from services.ingest.settings import Settings
from shared.topics import BACKFILL, EVENTS, RAW, Topic
from shared.transaction import Transaction

LOOK_EVERY_SECONDS = 2.0
#: So many at once, all within so long: the transaction waits meanwhile.
LOOKED_MAX_COUNT = 10
LOOK_SECONDS = 5.0
FETCH_WAIT_MS = 200
#: A record lies in its topic between these, as seen from when its request came: it was acknowledged, then judged.
BEFORE = timedelta(seconds=5)
AFTER = timedelta(seconds=60)

log = logging.getLogger(__name__)


async def find_what_stands(tx: Transaction[Settings]) -> None:
    """Timer: find, of events that said otherwise, what stands; keep it beside them, sealed.

    While the broker is away they wait.
    """
    unlooked = await store.lock_unlooked(tx.conn, limit_count=LOOKED_MAX_COUNT)
    if not unlooked:
        return
    try:
        async with asyncio.timeout(LOOK_SECONDS), _reading(tx.settings) as consumer:
            for refused, receipt_id in unlooked:
                standing = None if receipt_id is None else await _find(consumer, refused, receipt_id)
                sealed = None if standing is None else seal_standing(tx.settings, refused, standing)
                await store.set_stands(tx.conn, refused=refused, stands=sealed, at=tx.now)
    except (KafkaError, TimeoutError, OSError) as error:
        log.warning("what stands where events said otherwise was not found; looked for again: %r", error)


async def _find(consumer: AIOKafkaConsumer, refused: Refused, receipt_id: str) -> Standing | None:
    """What stands: as its request had it, while that is kept, else as the log has it, which names nobody."""
    at = datetime.fromtimestamp(int(receipt_id[1:13], 16) / 1000, tz=refused.received_at.tzinfo)
    uid = str(refused.event_uid)
    for topic in (RAW, BACKFILL):
        raw = await _record(
            consumer, topic, uid, at, {"community": refused.community, "receiptid": receipt_id, "id": uid}
        )
        if raw is not None:
            return Standing(raw["data"], is_whole=True)
    told = await _record(consumer, EVENTS, uid, at, {"community": refused.community, "uid": uid})
    if told is None:
        return None
    event = {name: told[name] for name in ("specversion", "id", "source", "type", "time", "data")}
    event["data"].pop("measures", None)
    return Standing(event, is_whole=False)


async def _record(
    consumer: AIOKafkaConsumer, topic: Topic, uid: str, at: datetime, expected: dict[str, str]
) -> dict[str, Any] | None:
    """The first record of a topic with this uid that is as expected, of those written about then."""
    partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
    consumer.assign(partitions)
    # A sender may say that it was in 1970, before which no topic is asked.
    begin, over = (max(0, int((at + by).timestamp() * 1000)) for by in (-BEFORE, AFTER))
    ends = await consumer.end_offsets(partitions)
    found = await consumer.offsets_for_times(dict.fromkeys(partitions, begin))
    unread = {
        place for place in partitions if (offset := found[place]) is not None and offset.offset < ends[place]
    }
    consumer.pause(*(place for place in partitions if place not in unread))
    for place in unread:
        consumer.seek(place, found[place].offset)
    needle = uid.encode()
    while unread:
        for place, records in (await consumer.getmany(*unread, timeout_ms=FETCH_WAIT_MS)).items():
            for record in records:
                if record.value is not None and needle in record.value:
                    fact: dict[str, Any] = orjson.loads(record.value)
                    if all(fact.get(name) == value for name, value in expected.items()):
                        return fact
                if record.timestamp > over:
                    break
            if records[-1].timestamp > over or records[-1].offset + 1 >= ends[place]:
                consumer.pause(place)
                unread.discard(place)
        for place in list(unread):
            if await consumer.position(place) >= ends[place]:
                unread.discard(place)
    return None


@asynccontextmanager
async def _reading(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        **settings.broker.options,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_bytes=settings.fetch_max_bytes,
        max_partition_fetch_bytes=settings.fetch_max_bytes,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
