"""Which failures pass by themselves, whoever failed: the same work is then tried again."""

from aiokafka.errors import KafkaError

from shared.kafka.failures import is_transient as is_transient_of_kafka
from shared.postgres import TRANSIENT


def is_transient(error: Exception) -> bool:
    """Whether a failure of Kafka or PostgreSQL passes by itself; any other is a bug, or ends the process."""
    return is_transient_of_kafka(error) if isinstance(error, KafkaError) else isinstance(error, TRANSIENT)
