"""Structured logs and the metrics that every service has; trace ids travel from the request to the payout."""

import logging
import secrets
import sys
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from itertools import accumulate

import prometheus_client
from prometheus_client import REGISTRY, Gauge, Histogram, Metric
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from pythonjsonlogger.orjson import OrjsonFormatter

from shared.contracts.texts import written_out

AGE_BUCKETS_SECONDS = (
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1,
    2.5,
    5,
    10,
    30,
    60,
    300,
    3600,
    86_400,
    604_800,
    2_592_000,
)

CONSUMED_RECORDS = prometheus_client.Counter(
    "plaudit_consumer_records_total", "Records taken and committed", ["topic"]
)
CONSUMED_BATCHES = prometheus_client.Counter("plaudit_consumer_batches_total", "Batches committed")
BATCH_SECONDS = Histogram(
    "plaudit_consumer_batch_seconds",
    "From the first decoded record of a batch to its commit",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
CONSUMER_RETRIES = prometheus_client.Counter(
    "plaudit_consumer_retries_total", "Batches tried again after a transient failure"
)
CONSUMER_LAG = Gauge("plaudit_consumer_lag_records", "Records not yet consumed", ["topic"])
CONSUMER_STALLED = Gauge(
    "plaudit_consumer_stalled_seconds", "How long records have waited with no batch finished; 0 when none wait"
)
OFFSET_CONFLICTS = prometheus_client.Counter(
    "plaudit_consumer_offset_conflicts_total", "Batches given up because another worker had moved the offset"
)
DEAD_LETTERS = prometheus_client.Counter(
    "plaudit_dead_letters_total", "Records that could never be processed", ["topic"]
)
BAD_SIGNATURES = prometheus_client.Counter(
    "plaudit_bad_signatures_total", "Records put aside because no trusted key has signed them", ["topic"]
)
CREDENTIALS_REFUSED = prometheus_client.Counter(
    "plaudit_credentials_refused_total", "Requests with an access key or token that lets nobody in", ["reason"]
)
PUBLIC_READS_REFUSED = prometheus_client.Counter(
    "plaudit_public_reads_refused_total", "Requests with a publishable key that were refused", ["reason"]
)
SIGNATURES_OUTDATED = Gauge(
    "plaudit_signatures_outdated", "Facts of this service that its present key has not signed yet"
)
OUTBOX_PENDING = Gauge("plaudit_outbox_pending_rows", "Messages committed and not yet acknowledged by the broker")
OUTBOX_PUBLISHED = prometheus_client.Counter(
    "plaudit_outbox_published_total", "Messages acknowledged by the broker"
)
OUTBOX_RETRIES = prometheus_client.Counter(
    "plaudit_outbox_retries_total", "Publishing tried again after a failure"
)
FENCED = Gauge("plaudit_fenced", "1 while the service does not know all that it told, and takes no command")
FORGOTTEN_FACTS = Gauge(
    "plaudit_forgotten_facts", "Facts of this service's own that its database does not know yet"
)
ERASURES_OBEYED = prometheus_client.Counter(
    "plaudit_erasures_obeyed_total", "Members who were erased, of whom this service forgot what it kept"
)
READ_BACK_FACTS = prometheus_client.Counter(
    "plaudit_read_back_facts_total", "Facts of this service's own that were read back", ["topic"]
)
SPANS_ENDED = prometheus_client.Counter(
    "plaudit_spans_ended_total", "Spans of told traces that were given to the sender"
)
SPANS_SENT = prometheus_client.Counter("plaudit_spans_sent_total", "Spans that the collector of traces took")
HTTP_REQUESTS = prometheus_client.Counter(
    "plaudit_http_requests_total", "Requests answered", ["method", "route", "status"]
)
HTTP_SECONDS = Histogram(
    "plaudit_http_request_seconds",
    "From the request's first byte to the answer's last",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


class EventAges(Collector):
    """A histogram by stage that takes a whole batch at once: the library's costs a call for every event."""

    NAME = "plaudit_event_age_seconds"
    HELP = "From the receipt of an event to the stage that acted on it"

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}

    def observe(self, stage: str, received: Iterable[datetime], now: datetime) -> None:
        """Count how old events are, in seconds, at a `stage` (award, grant, ledger, analytics, payout)."""
        counts = self._counts.setdefault(stage, [0] * (len(AGE_BUCKETS_SECONDS) + 1))
        at = now.timestamp()
        total = 0.0
        # Events of one request were received at the same moment. A parsed moment's own time zone is asked again
        # at every comparison, which costs four times as much as one change to the standard library's.
        for moment, number in Counter([moment.astimezone(UTC) for moment in received]).items():
            age = at - moment.timestamp()
            counts[bisect_left(AGE_BUCKETS_SECONDS, age)] += number
            total += age * number
        self._sums[stage] = self._sums.get(stage, 0.0) + total

    @property
    def counts(self) -> Mapping[str, Sequence[int]]:
        """How many events were how old since the process started, by stage: one more count than buckets."""
        return self._counts

    def describe(self) -> Iterable[Metric]:
        """What the metric is, without values."""
        return [HistogramMetricFamily(self.NAME, self.HELP, labels=["stage"])]

    def collect(self) -> Iterable[Metric]:
        """The values, as Prometheus scrapes them."""
        family = HistogramMetricFamily(self.NAME, self.HELP, labels=["stage"])
        bounds = [*map(str, AGE_BUCKETS_SECONDS), "+Inf"]
        for stage, counts in self._counts.items():
            buckets = list(zip(bounds, accumulate(counts), strict=True))
            family.add_metric([stage], buckets, self._sums[stage])
        return [family]


EVENT_AGES = EventAges()
REGISTRY.register(EVENT_AGES)
observe_ages = EVENT_AGES.observe


def new_traceparent() -> str:
    """A fresh W3C trace context. https://www.w3.org/TR/trace-context/"""
    digits = secrets.token_hex(24)
    return f"00-{digits[:32]}-{digits[32:]}-01"


def with_rfc3339_times(formatter: logging.Formatter) -> logging.Formatter:
    """The formatter, with times as in 2026-01-31T12:00:00.123Z (RFC 3339), whatever the zone here is."""
    formatter.converter = time.gmtime
    formatter.default_time_format = "%Y-%m-%dT%H:%M:%S"
    formatter.default_msec_format = "%s.%03dZ"
    return formatter


#: The trace of the request that is being answered, 32 hexadecimal digits; None where it came with none.
TRACE_ID: ContextVar[str | None] = ContextVar("trace_id", default=None)


def _traced(record: logging.LogRecord) -> bool:
    """Put the trace of the request on what is logged while it is answered, unless the record names another."""
    trace_id = TRACE_ID.get()
    if trace_id is not None and not hasattr(record, "trace_id"):
        record.trace_id = trace_id
    return True


class _WrittenOut(OrjsonFormatter):
    """Writes out what JSON leaves as it is: directions, C1 controls and what else a terminal would obey."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line of JSON that means the same."""
        return written_out(super().format(record))


def configure_logging(service: str, level: str) -> None:
    """Write one JSON object a line to standard error: time, level, logger, service, message and what is given.

    What is logged while a request is answered that came with a trace has its `trace_id`.
    """
    handler = logging.StreamHandler(sys.stderr)
    formatter = _WrittenOut(
        "{asctime}{levelname}{name}{message}",
        style="{",
        rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        static_fields={"service": service},
    )
    handler.setFormatter(with_rfc3339_times(formatter))
    handler.addFilter(_traced)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # These speak at INFO of every heartbeat and every request.
    for noisy in ("aiokafka", "faust", "mode", "uvicorn.access", "httpx"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))
