"""A Quix Streams application that sums points per member, with its exactly-once guarantee."""

import os

from quixstreams import Application
from quixstreams.kafka.configuration import ConnectionConfig

app = Application(
    broker_address=ConnectionConfig(
        bootstrap_servers=os.environ["PEER_KAFKA"],
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username=os.environ["PEER_KAFKA_USER"],
        sasl_password=os.environ["PEER_KAFKA_PASSWORD"],
    ),
    consumer_group=os.environ["PEER_GROUP"],
    auto_offset_reset="earliest",
    processing_guarantee="exactly-once",
    state_dir=os.environ["PEER_DIRECTORY"],
    consumer_extra_config={"session.timeout.ms": 10_000},
    loglevel="WARNING",
)
points = app.topic(os.environ["PEER_TOPIC"], key_deserializer="str", value_deserializer="json")
totals = app.topic(os.environ["PEER_OUTPUT"], key_serializer="str", value_serializer="json")


def count(fact, state):
    """Add an award to its member's total."""
    total = state.get("total", 0) + fact["data"]["points"]
    state.set("total", total)
    return total


app.dataframe(points).apply(count, stateful=True).to_topic(totals)

if __name__ == "__main__":
    app.run()
