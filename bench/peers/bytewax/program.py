"""A Bytewax dataflow that sums points per member, with recovery from its snapshots."""

import os

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSinkMessage
from bytewax.connectors.kafka import operators as kafka
from bytewax.dataflow import Dataflow
from confluent_kafka import OFFSET_BEGINNING

BROKERS = [os.environ["PEER_KAFKA"]]
LOGIN = {
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": os.environ["PEER_KAFKA_USER"],
    "sasl.password": os.environ["PEER_KAFKA_PASSWORD"],
}


def points_of(message):
    """Member and points of an award."""
    data = orjson.loads(message.value)["data"]
    return data["member_id"], data["points"]


def add(total, points):
    """The member's total, to be kept and to be sent."""
    total = (total or 0) + points
    return total, total


flow = Dataflow("points")
awards = kafka.input(
    "awards",
    flow,
    brokers=BROKERS,
    topics=[os.environ["PEER_TOPIC"]],
    starting_offset=OFFSET_BEGINNING,
    batch_size=1_000,
    add_config=LOGIN,
)
totals = op.stateful_map("total", op.map("points", awards.oks, points_of), add)
messages = op.map("message", totals, lambda total: KafkaSinkMessage(total[0].encode(), str(total[1]).encode()))
kafka.output("totals", messages, brokers=BROKERS, topic=os.environ["PEER_OUTPUT"], add_config=LOGIN)
