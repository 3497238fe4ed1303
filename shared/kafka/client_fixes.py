"""What the Kafka client gets wrong, put right as this is imported: before the client is used."""

from typing import Any

import aiokafka.conn
from aiokafka.conn import AIOKafkaConnection, CloseReason
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


aiokafka.conn.AIOKafkaConnection = Connection  # where the client takes the class of its connections from
