"""Dead letters: what can never be processed, kept with its origin and reason, and limited in number."""

import base64
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from shared.dead_letters.domain import community_of
from shared.dead_letters.store import NewLetter, add_letters
from shared.settings import ServiceSettings
from shared.telemetry import BAD_SIGNATURES, DEAD_LETTERS
from shared.topics import LANE_PREFIX, community_of_lane, dead_letter_topic
from shared.traces import trace_id_of
from shared.transaction import Transaction

REASON_MAX_CHARS = 1_000
LIMIT = timedelta(minutes=1)
NAMESPACE = uuid.UUID("6b0f2f8e-7d0c-5a52-9d55-0f6f5a3a7c11")

log = logging.getLogger(__name__)


class TooManyDeadLettersError(Exception):
    """So many invalid records in a minute point at a bug, not at the records."""


@dataclass(frozen=True)
class Rejection:
    """A record that cannot be processed, and why."""

    record: Any
    reason: str
    is_badly_signed: bool = False


class DeadLetters:
    """Writes a service's dead letters, and stops the line when there are too many of them."""

    def __init__(self, service: str, settings: ServiceSettings) -> None:
        self._service = service
        self._topic = dead_letter_topic(service)
        self._limit = settings.dead_letters_max_per_minute
        self._value_max_bytes = settings.dead_letter_value_max_bytes

    async def publish(self, tx: Transaction, rejections: Sequence[Rejection]) -> None:
        """Write the rejected records as messages of the transaction.

        Raises TooManyDeadLettersError when the last minute, with these, has more of them than the limit. That is
        counted in the database: a process that the limit has stopped is started again, and must not begin anew.
        """
        if not rejections:
            return
        if await self._written_lately(tx) + len(rejections) > self._limit:
            reason = rejections[0].reason[:REASON_MAX_CHARS]
            raise TooManyDeadLettersError(
                f"more than {self._limit} invalid records in a minute; the first: {reason}"
            )
        for rejection in rejections:
            record = rejection.record
            log.error(
                "dead letter: %s",
                rejection.reason[:REASON_MAX_CHARS],
                extra={
                    "topic": record.topic,
                    "partition": record.partition,
                    "offset": record.offset,
                    "trace_id": _trace_id(record.value),
                },
            )
            tx.publish(self._topic, record.key or b"", self._fact(rejection, tx.now))
        await add_letters(tx.conn, letters=[self._letter(rejection) for rejection in rejections], now=tx.now)
        await tx.conn.execute(
            "insert into dead_letters_written (topic, written_at, count) values ($1, $2, $3)",
            self._topic.name,
            tx.now,
            len(rejections),
        )

    async def _written_lately(self, tx: Transaction) -> int:
        await tx.conn.execute("delete from dead_letters_written where written_at <= $1", tx.now - LIMIT)
        written: int = await tx.conn.fetchval(
            "select coalesce(sum(count), 0)::bigint from dead_letters_written where topic = $1", self._topic.name
        )
        return written

    def count(self, rejections: Sequence[Rejection]) -> None:
        """Show dead letters whose transaction was committed as a metric."""
        for rejection in rejections:
            DEAD_LETTERS.labels(rejection.record.topic).inc()
            if rejection.is_badly_signed:
                BAD_SIGNATURES.labels(rejection.record.topic).inc()

    def _id(self, record: Any) -> str:
        origin = f"{self._service}|{record.topic}|{record.partition}|{record.offset}"
        return str(uuid.uuid5(NAMESPACE, origin))

    def _letter(self, rejection: Rejection) -> NewLetter:
        record = rejection.record
        key = record.key or b""
        is_lane = record.topic.startswith(LANE_PREFIX)
        return NewLetter(
            letter_id=self._id(record),
            community=community_of_lane(record.topic) if is_lane else community_of(key),
            topic=record.topic,
            partition=record.partition,
            record_offset=record.offset,
            key=key,
            value=record.value[: self._value_max_bytes],
            is_truncated=len(record.value) > self._value_max_bytes,
            reason=rejection.reason[:REASON_MAX_CHARS].replace("\x00", "\N{REPLACEMENT CHARACTER}"),
        )

    def _fact(self, rejection: Rejection, now: datetime) -> dict[str, Any]:
        record = rejection.record
        most = self._value_max_bytes
        return {
            "specversion": "1.0",
            "id": self._id(record),
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


def _trace_id(value: bytes) -> str | None:
    """The trace that a record names, as far as it can be read."""
    try:
        said = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    traceparent = said.get("traceparent") if isinstance(said, dict) else None
    return trace_id_of(traceparent) if isinstance(traceparent, str) else None
