"""Spans on their way to an OpenTelemetry collector: OTLP over HTTP, by OpenTelemetry's own library.

Imported where there is a collector and nowhere else. https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

import logging
import threading
from collections.abc import Sequence
from importlib import metadata
from typing import Any, Final

import requests
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from shared.telemetry import SPANS_ENDED, SPANS_SENT
from shared.traces import Span, ids_of

#: The path that the specification gives to traces.
PATH: Final = "/v1/traces"
#: How long one request to the collector may take; a thread of its own waits.
REQUEST_SECONDS: Final = 2.0
#: How long a process that stops waits for what is sent last; the library would wait half a minute.
CLOSE_SECONDS: Final = 5.0
#: Spans are sent together: so many, or after so long.
TOGETHER_MAX_COUNT: Final = 512
TOGETHER_MS: Final = 1_000
_KINDS: Final = {
    "server": trace.SpanKind.SERVER,
    "consumer": trace.SpanKind.CONSUMER,
    "producer": trace.SpanKind.PRODUCER,
    "internal": trace.SpanKind.INTERNAL,
}


class _Unread(requests.Session):
    """Has of an answer its status and headers: the rest may be endless, and would all be kept in memory."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        answer = super().send(request, **{**kwargs, "stream": True})
        answer.close()
        return answer


class _Counted(OTLPSpanExporter):
    """Counts what the collector took: it is not spoken of in the logs when it takes nothing."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = super().export(spans)
        if result is SpanExportResult.SUCCESS:
            SPANS_SENT.inc(len(spans))
        return result


class _GivenIds(IdGenerator):
    """Ids that the caller has chosen: they are in facts and headers before the span has ended."""

    trace_id = span_id = 0

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id


class OtlpSender:
    """Sends spans of the process's services; of `waiting_max_count` that wait the oldest give way to new ones."""

    def __init__(self, endpoint: str, *, waiting_max_count: int) -> None:
        # Of a collector that is away it would speak at every batch and every span.
        for talkative in ("opentelemetry.sdk", "opentelemetry.exporter"):
            logging.getLogger(talkative).setLevel(logging.CRITICAL)
        self._ids = _GivenIds()
        # Whoever names the path as well means the same.
        url = endpoint.rstrip("/").removesuffix(PATH) + PATH
        self._processor = BatchSpanProcessor(
            _Counted(endpoint=url, timeout=REQUEST_SECONDS, session=_Unread()),
            max_queue_size=waiting_max_count,
            schedule_delay_millis=TOGETHER_MS,
            max_export_batch_size=min(TOGETHER_MAX_COUNT, waiting_max_count),
        )
        self._tracers: dict[str, trace.Tracer] = {}

    def send(self, span: Span) -> None:
        """Have the span sent with others."""
        SPANS_ENDED.inc()
        trace_id, span_id = ids_of(span.traceparent)
        self._ids.trace_id, self._ids.span_id = int(trace_id, 16), int(span_id, 16)
        made = self._tracer(span.service).start_span(
            span.name,
            context=_context(span.parent),
            kind=_KINDS[span.kind],
            attributes=span.attributes,
            links=[trace.Link(_named(one)) for one in span.links],
            start_time=span.began_ns,
        )
        if span.failed:
            made.set_status(trace.Status(trace.StatusCode.ERROR))
        made.end(span.ended_ns)

    def close(self) -> None:
        """Send what waits, as far as the collector takes it within seconds."""
        closing = threading.Thread(target=self._processor.shutdown, name="traces-close", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)

    def _tracer(self, service: str) -> trace.Tracer:
        if service not in self._tracers:
            provider = TracerProvider(
                sampler=ALWAYS_ON,
                resource=Resource(
                    {SERVICE_NAME: f"plaudit-{service}", SERVICE_VERSION: metadata.version("plaudit")}
                ),
                id_generator=self._ids,
                shutdown_on_exit=False,
            )
            provider.add_span_processor(self._processor)
            self._tracers[service] = provider.get_tracer("plaudit")
        return self._tracers[service]


def _context(parent: str | None) -> Context:
    """The context in which a span has this parent; one without any for None."""
    if parent is None:
        return Context()
    return trace.set_span_in_context(trace.NonRecordingSpan(_named(parent)), Context())


def _named(traceparent: str) -> trace.SpanContext:
    trace_id, span_id = ids_of(traceparent)
    return trace.SpanContext(
        int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED)
    )
