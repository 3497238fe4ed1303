"""A FastStream subscriber that takes batches and adds them to totals in PostgreSQL; acknowledged afterwards."""

import os
from collections import Counter

import asyncpg
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker
from faststream.security import SASLScram512

login = SASLScram512(username=os.environ["PEER_KAFKA_USER"], password=os.environ["PEER_KAFKA_PASSWORD"])
broker = KafkaBroker(os.environ["PEER_KAFKA"], security=login, logger=None)
app = FastStream(broker)
pools = []


@app.on_startup
async def connect():
    """Open the database; the table of totals is there."""
    pools.append(await asyncpg.create_pool(os.environ["PEER_POSTGRES"], min_size=1, max_size=2))


@broker.subscriber(
    os.environ["PEER_TOPIC"],
    group_id=os.environ["PEER_GROUP"],
    auto_offset_reset="earliest",
    batch=True,
    max_records=2_000,
    ack_policy=AckPolicy.NACK_ON_ERROR,
)
async def count(facts: list[dict]):
    """Add a batch of awards to their members' totals."""
    sums = Counter()
    for fact in facts:
        sums[fact["data"]["member_id"]] += fact["data"]["points"]
    members = sorted(sums)
    await pools[0].execute(
        """
        insert into peer_totals (grp, member, points)
        select $1, * from unnest($2::text[], $3::bigint[])
        on conflict (grp, member) do update set points = peer_totals.points + excluded.points
        """,
        os.environ["PEER_GROUP"],
        members,
        [sums[member] for member in members],
    )
