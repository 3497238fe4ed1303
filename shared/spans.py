"""Spans: what a process did for a trace, told to an OpenTelemetry collector where an operator names one.

Without one nothing of its SDK is imported, and a request or a batch pays for a look at a variable.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Final, Protocol

from shared.settings import ServiceSettings
from shared.telemetry import new_traceparent
from shared.traces import Span, SpanKind, continued_trace, ids_of

#: Which traces are told follows from the last 56 bits of their ids, which are random: all services choose alike.
_CHOOSING_DIGITS: Final = 14
_CHOICES: Final = 16**_CHOOSING_DIGITS


class Sender(Protocol):
    """What spans go to; it never waits for the collector."""

    def send(self, span: Span) -> None:
        """Have the span sent with others."""

    def close(self) -> None:
        """Send what waits, as far as the collector takes it within seconds."""


#: The span of the request that is being answered, as a traceparent; None where spans are off or there is none.
SERVED: ContextVar[str | None] = ContextVar("served", default=None)

_sender: Sender | None = None
_share = 0.0
#: What stands around work of which nobody is told; a generator would cost each request some microseconds.
_NOTHING: Final = nullcontext()


def begin(settings: ServiceSettings) -> None:
    """Tell spans from now on, if the settings name a collector."""
    global _sender, _share  # noqa: PLW0603 -- a process has one collector, as it has one log
    if settings.traces_endpoint:
        from shared.otlp import OtlpSender  # noqa: PLC0415 -- whoever has no collector does not pay for its library

        _share = settings.traces_share
        _sender = OtlpSender(settings.traces_endpoint, waiting_max_count=settings.spans_waiting_max_count)


def end() -> None:
    """Send what waits and tell no more."""
    global _sender
    sender, _sender = _sender, None
    if sender is not None:
        sender.close()


def are_told() -> bool:
    """Whether there is a collector."""
    return _sender is not None


def is_told(traceparent: str) -> bool:
    """Whether spans of a valid traceparent's trace are told: there is a collector, and it is of the share."""
    if _sender is None:
        return False
    return int(traceparent[35 - _CHOOSING_DIGITS : 35], 16) < _share * _CHOICES


def tell(span: Span) -> None:
    """Tell of a span that has ended, if its trace is told."""
    if _sender is not None and is_told(span.traceparent):
        _sender.send(span)


def exemplar(traceparent: str | None) -> dict[str, str] | None:
    """The exemplar of a trace that is told, for a histogram; None for another, or none."""
    if traceparent is None or not is_told(traceparent):
        return None
    trace_id, span_id = ids_of(traceparent)
    return {"trace_id": trace_id, "span_id": span_id}


def goes_on(said: str | None) -> str:
    """A traceparent of its own in the trace of the request that is answered, which came with what is `said`.

    No two have the same, so what carries a command's came of it.
    """
    return continued_trace(SERVED.get() or said, new_traceparent())


def span_within(service: str, name: str, kind: SpanKind, traceparent: str) -> AbstractContextManager[None]:
    """Tell what is done within as a span below the request's; `traceparent` is from `goes_on`."""
    return _NOTHING if _sender is None else _told_within(service, name, kind, traceparent)


@contextmanager
def _told_within(service: str, name: str, kind: SpanKind, traceparent: str) -> Iterator[None]:
    began_ns, failed = time.time_ns(), True
    try:
        yield
        failed = False
    finally:
        tell(
            Span(
                service,
                name,
                kind,
                traceparent,
                SERVED.get(),
                began_ns,
                time.time_ns(),
                failed=failed,
            )
        )
