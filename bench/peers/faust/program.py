"""A Faust agent that sums points per member into a table. What is durable is the table's changelog topic."""

import os

import faust
import orjson

app = faust.App(
    os.environ["PEER_GROUP"],
    broker="kafka://" + os.environ["PEER_KAFKA"],
    broker_credentials=faust.SASLCredentials(
        username=os.environ["PEER_KAFKA_USER"],
        password=os.environ["PEER_KAFKA_PASSWORD"],
        mechanism="SCRAM-SHA-512",
    ),
    store="memory://",
    processing_guarantee="at_least_once",
    topic_partitions=int(os.environ["PEER_PARTITIONS"]),
    topic_replication_factor=1,
    consumer_auto_offset_reset="earliest",
    stream_wait_empty=False,
    broker_session_timeout=10,
    broker_heartbeat_interval=3,
    web_enabled=False,
    datadir=os.environ["PEER_DIRECTORY"],
    autodiscover=False,
)
points = app.topic(os.environ["PEER_TOPIC"], key_serializer="raw", value_serializer="raw")
totals = app.Table("totals", default=int, partitions=int(os.environ["PEER_PARTITIONS"]))


@app.agent(points)
async def count(stream):
    """Add each award to its member's total."""
    async for value in stream:
        data = orjson.loads(value)["data"]
        totals[data["member_id"]] += data["points"]


if __name__ == "__main__":
    app.main()
