"""Plaudit's own consumer loop at the same work: totals in PostgreSQL, the offsets in the same transaction."""

import asyncio
import os
from collections import Counter
from typing import Any

import uvloop

from shared.consumer import ConsumerLoop, Subscription
from shared.contracts.facts import POINTS_AWARDED
from shared.kafka import create_producer
from shared.outbox import OutboxRelay
from shared.postgres import create_pool
from shared.settings import ServiceSettings
from shared.topics import Topic
from shared.transaction import Transaction

GROUP = os.environ["PEER_GROUP"]
TOPIC = Topic(os.environ["PEER_TOPIC"], "awards", "member", (), (), ())


async def count(tx: Transaction, facts: list[Any]) -> None:
    """Add a batch of awards to their members' totals."""
    sums: Counter[str] = Counter()
    for fact in facts:
        sums[fact["data"]["member_id"]] += fact["data"]["points"]
    members = sorted(sums)
    await tx.conn.execute(
        """
        insert into peer_totals (grp, member, points)
        select $1, * from unnest($2::text[], $3::bigint[])
        on conflict (grp, member) do update set points = peer_totals.points + excluded.points
        """,
        GROUP,
        members,
        [sums[member] for member in members],
    )


async def main() -> None:
    """Consume until killed."""
    settings = ServiceSettings()
    pool = await create_pool("scoring", settings)
    producer = create_producer(settings.broker, request_seconds=settings.publish_seconds)
    await producer.start()
    relay = OutboxRelay(pool, producer, settings)
    await relay.start()
    loop = ConsumerLoop(GROUP, [Subscription(TOPIC, POINTS_AWARDED.adapter, count)], pool, relay, settings)
    await loop.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
