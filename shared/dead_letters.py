"""Dead letters: what can never be processed, kept with its origin and reason, and limited in number."""

import base64
import logging
import time
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.settings import ServiceSettings
from shared.telemetry import DEAD_LETTERS
from shared.topics import dead_letter_topic
from shared.transaction import Transaction

REASON_MAX_CHARS = 1_000
LIMIT_SECONDS = 60.0
NAMESPACE = uuid.UUID("6b0f2f8e-7d0c-5a52-9d55-0f6f5a3a7c11")

log = logging.getLogger(__name__)


class TooManyDeadLetters(Exception):
    """So many invalid records in a minute point at a bug, not at the records."""


@dataclass(frozen=True)
class Rejection:
    """A record that cannot be processed, and why."""

    record: Any
    reason: str


class DeadLetters:
    """Writes a service's dead letters, and stops the line when there are too many of them."""

    def __init__(self, service: str, settings: ServiceSettings) -> None:
        self._service = service
        self._topic = dead_letter_topic(service)
        self._limit = settings.dead_letters_max_per_minute
        self._value_max_bytes = settings.dead_letter_value_max_bytes
        self._written: deque[float] = deque(maxlen=self._limit + 1)

    def publish(self, tx: Transaction, rejections: Sequence[Rejection]) -> None:
        """Write the rejected records as messages of the transaction.

        Raises TooManyDeadLetters when the last minute, with these, has more of them than the limit.
        """
        if not rejections:
            return
        since = time.monotonic() - LIMIT_SECONDS
        recent = sum(1 for moment in self._written if moment > since)
        if recent + len(rejections) > self._limit:
            reason = rejections[0].reason[:REASON_MAX_CHARS]
            raise TooManyDeadLetters(f"more than {self._limit} invalid records in a minute; the first: {reason}")
        for rejection in rejections:
            record = rejection.record
            log.error(
                "dead letter: %s",
                rejection.reason[:REASON_MAX_CHARS],
                extra={"topic": record.topic, "partition": record.partition, "offset": record.offset},
            )
            tx.publish(self._topic, record.key or b"", self._fact(rejection, tx.now))

    def count(self, rejections: Sequence[Rejection]) -> None:
        """Count dead letters whose transaction was committed; a batch tried again is not counted again."""
        self._written.extend([time.monotonic()] * len(rejections))
        for rejection in rejections:
            DEAD_LETTERS.labels(rejection.record.topic).inc()

    def _fact(self, rejection: Rejection, now: datetime) -> dict[str, Any]:
        record = rejection.record
        most = self._value_max_bytes
        origin = f"{self._service}|{record.topic}|{record.partition}|{record.offset}"
        return {
            "specversion": "1.0",
            "id": str(uuid.uuid5(NAMESPACE, origin)),
            "source": f"/plaudit/{self._service}",
            "type": "record.dead_lettered.v1",
            "time": now,
            "community": "unknown",
            "data": {
                "service": self._service,
                "topic": record.topic,
                "partition": record.partition,
                "offset": record.offset,
                "key_base64": base64.b64encode(record.key or b"").decode(),
                "value_base64": base64.b64encode(record.value[:most]).decode(),
                "value_truncated": len(record.value) > most,
                "reason": rejection.reason[:REASON_MAX_CHARS],
            },
        }
