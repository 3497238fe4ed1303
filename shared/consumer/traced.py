"""The spans of a batch: one for each trace that its messages of a topic carry."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared import spans
from shared.telemetry import new_traceparent
from shared.traces import Span, SpanKind, continued_trace, trace_id_of

#: The header of a record that says which span its message was told in. The message itself keeps what began it all.
HEADER: Final = "traceparent"


@dataclass(slots=True)
class _Consumed:
    record: Any
    parent: str
    traceparent: str
    count: int = 1


class BatchSpans:
    """What a batch does for each trace in each of its topics, from now until its transaction has committed.

    Of more spans than `max_count` the first are told.
    """

    def __init__(self, service: str, decoded: Iterable[tuple[Any, Any]], *, max_count: int) -> None:
        self._service = service
        self._began_ns = time.time_ns()
        self._consumed: dict[tuple[str, str], _Consumed] = {}
        for record, message in decoded:
            cause = message.get("traceparent") if isinstance(message, dict) else None
            if cause is None:
                continue
            known = self._consumed.get((record.topic, cause))
            if known is not None:
                known.count += 1
            elif len(self._consumed) < max_count and trace_id_of(cause) is not None and spans.is_told(cause):
                parent = _told_in(record, trace_id_of(cause)) or cause
                traceparent = continued_trace(parent, new_traceparent())
                self._consumed[record.topic, cause] = _Consumed(record, parent, traceparent)

    @property
    def carried(self) -> Mapping[tuple[str, str], str]:
        """The spans' traceparents, by the topic that is consumed and what its messages and their facts carry."""
        return {key: consumed.traceparent for key, consumed in self._consumed.items()}

    @property
    def exemplar(self) -> dict[str, str] | None:
        """One of the traces, for how long the batch took."""
        first = next(iter(self._consumed.values()), None)
        return None if first is None else spans.exemplar(first.traceparent)

    def tell(self) -> None:
        """Tell of them all, once the transaction has committed."""
        ended_ns = time.time_ns()
        for consumed in self._consumed.values():
            record = consumed.record
            spans.tell(
                Span(
                    self._service,
                    f"process {record.topic}",
                    SpanKind.CONSUMER,
                    consumed.traceparent,
                    consumed.parent,
                    self._began_ns,
                    ended_ns,
                    {
                        "messaging.system": "kafka",
                        "messaging.operation.type": "process",
                        "messaging.destination.name": record.topic,
                        "messaging.destination.partition.id": str(record.partition),
                        "messaging.kafka.offset": record.offset,
                        "messaging.consumer.group.name": f"plaudit-{self._service}",
                        "messaging.batch.message_count": consumed.count,
                    },
                )
            )


def _told_in(record: Any, trace_id: str | None) -> str | None:
    """The span that the record's header names, if that is of the same trace."""
    for name, value in record.headers or ():
        if name == HEADER and value is not None:
            said = value.decode("latin-1")
            return said if trace_id_of(said) == trace_id else None
    return None
