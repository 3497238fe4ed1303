"""What the Kafka client gets wrong, put right as this is imported: before the client is used."""

from collections.abc import Mapping
from typing import Any

import aiokafka.conn
import aiokafka.consumer.consumer
from aiokafka import TopicPartition
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.errors import KafkaConnectionError


class Connection(AIOKafkaConnection):
    """The client's connection, for uvloop: its transports say RuntimeError when they are closed, not OSError.

    The client catches only the latter. Anything else ends its background tasks, and nobody is told: the consumer
    stands still (aiokafka issue 1038).
    """

    def send(self, request: Any, expect_response: bool = True) -> Any:
        """Send a request; raises KafkaConnectionError when the connection is closed."""
        try:
            return super().send(request, expect_response)
        except RuntimeError as error:
            self.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"connection at {self.host}:{self.port}: {error}") from error


class OffsetsFetcher(Fetcher):
    """The consumer's fetcher, for offsets of many topics that it has not met: all are looked up at once.

    The client looks up the first that it does not know, pauses for 100 ms and begins again: 3 s for 30 topics.
    """

    async def _proc_offset_requests(self, timestamps: Mapping[TopicPartition, int]) -> Any:
        # Of those alone that are not known: what is asked for is looked up ever after, also when it is gone.
        for topic in {
            place.topic for place in timestamps if self._client.cluster.leader_for_partition(place) is None
        }:
            self._client.add_topic(topic)
        return await super()._proc_offset_requests(timestamps)  # it waits for what is being looked up


# Where the client takes its classes from.
aiokafka.conn.AIOKafkaConnection = Connection
aiokafka.consumer.consumer.Fetcher = OffsetsFetcher
