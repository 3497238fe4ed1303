"""Which failures of Kafka pass by themselves."""

from aiokafka.errors import KafkaError, KafkaTimeoutError


def is_transient(error: KafkaError) -> bool:
    """Whether a failure passes by itself.

    After any other the idempotent producer's sequence numbers no longer fit the broker's: only a new
    producer, that is a new process, gets anything through.
    """
    return error.retriable or isinstance(error, KafkaTimeoutError)
