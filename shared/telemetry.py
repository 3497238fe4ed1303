"""Structured logs and the metrics that every service has; trace ids travel from the request to the payout."""

import logging
import secrets
import sys
from collections.abc import Iterable
from datetime import datetime

from prometheus_client import Counter, Gauge, Histogram
from pythonjsonlogger.orjson import OrjsonFormatter

AGE_BUCKETS_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)

EVENT_AGE_SECONDS = Histogram(
    "plaudit_event_age_seconds",
    "From the receipt of an event to the stage that acted on it",
    ["stage"],
    buckets=AGE_BUCKETS_SECONDS,
)
CONSUMED_RECORDS = Counter("plaudit_consumer_records_total", "Records taken and committed", ["topic"])
CONSUMED_BATCHES = Counter("plaudit_consumer_batches_total", "Batches committed")
BATCH_SECONDS = Histogram(
    "plaudit_consumer_batch_seconds",
    "From the first decoded record of a batch to its commit",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
CONSUMER_RETRIES = Counter("plaudit_consumer_retries_total", "Batches tried again after a transient failure")
CONSUMER_LAG = Gauge("plaudit_consumer_lag_records", "Records not yet consumed", ["topic"])
OFFSET_CONFLICTS = Counter(
    "plaudit_consumer_offset_conflicts_total", "Batches given up because another worker had moved the offset"
)
DEAD_LETTERS = Counter("plaudit_dead_letters_total", "Records that could never be processed", ["topic"])
OUTBOX_PENDING = Gauge("plaudit_outbox_pending_rows", "Messages committed and not yet acknowledged by the broker")
OUTBOX_PUBLISHED = Counter("plaudit_outbox_published_total", "Messages acknowledged by the broker")
OUTBOX_RETRIES = Counter("plaudit_outbox_retries_total", "Publishing tried again after a failure")
HTTP_REQUESTS = Counter("plaudit_http_requests_total", "Requests answered", ["method", "route", "status"])
HTTP_SECONDS = Histogram(
    "plaudit_http_request_seconds",
    "From the request's first byte to the answer's last",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


def observe_ages(stage: str, received: Iterable[datetime], now: datetime) -> None:
    """Record how old events are, in seconds, as they reach `stage` (award, grant, ledger, analytics)."""
    observe = EVENT_AGE_SECONDS.labels(stage).observe
    at = now.timestamp()
    for moment in received:
        observe(at - moment.timestamp())


def new_traceparent() -> str:
    """A fresh W3C trace context. https://www.w3.org/TR/trace-context/"""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def configure_logging(service: str, level: str) -> None:
    """Write one JSON object a line to standard error: time, level, logger, service, message and what is given."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        OrjsonFormatter(
            "{asctime}{levelname}{name}{message}",
            style="{",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            static_fields={"service": service},
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # These speak at INFO of every heartbeat and every request.
    for noisy in ("aiokafka", "faust", "mode", "uvicorn.access", "httpx"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))
