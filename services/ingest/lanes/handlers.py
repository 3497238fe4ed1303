"""What platforms wrote to their lanes goes the way of all events, or is told as rejected."""

import time
from collections.abc import Sequence
from typing import Any

from services.ingest.events.domain.admission import Limits, Refusal, Request, doer, raw_fact
from services.ingest.lanes.domain import LaneRecord, read_record, written_at
from services.ingest.metrics import LANE_EVENTS
from services.ingest.settings import Settings
from services.ingest.shares.domain import Buckets, Share
from shared.contracts.facts import REJECTED_EVENT, RejectedData
from shared.telemetry import new_traceparent
from shared.topics import LANE_PREFIX, RAW, REJECTED, community_of_lane, record_key
from shared.transaction import Transaction

REASON_MAX_CHARS = 1_000


class LanePace:
    """How much came by each community's lanes lately: beyond its share they are not read until it is there again.

    The share is as large as that of the community at the front door, and beside it.
    """

    def __init__(self) -> None:
        self._buckets = Buckets()
        self._share: Share | None = None

    def take(self, settings: Settings, community: str, event_count: int, byte_count: int) -> None:
        """Count what came by a lane of the community."""
        self._share = Share.of(
            settings.community_events_per_second,
            settings.community_bytes_per_second,
            settings.share_burst_seconds,
        )
        now = time.monotonic()
        bucket = self._buckets.of(community, self._share, now, settings.shares_max_count)
        bucket.refill(self._share, now)
        bucket.take(event_count, byte_count)

    def is_closed(self, topic: str) -> bool:
        """Whether the topic is a lane that is not to be read for the moment."""
        if self._share is None or not topic.startswith(LANE_PREFIX):
            return False
        bucket = self._buckets.known(community_of_lane(topic))
        if bucket is None:
            return False
        bucket.refill(self._share, time.monotonic())
        return not bucket.is_open


LANE_PACE = LanePace()


async def on_lane_records(tx: Transaction[Settings], records: Sequence[Any]) -> None:
    """Admit the events of Kafka's records for the communities of their lanes, whatever they claim."""
    limits = Limits(
        tx.settings.events_max_count,
        tx.settings.event_max_bytes,
        tx.settings.future_tolerance_seconds,
        tx.settings.earliest_year,
    )
    for record in records:
        community = community_of_lane(record.topic)
        reading = read_record(
            LaneRecord(record.topic, record.partition, record.offset, record.value),
            community=community,
            at=written_at(record.timestamp),
            received_at=tx.now,
            limits=limits,
        )
        request = Request(community, reading.receipt_id, received_at=tx.now, traceparent=new_traceparent())
        for index, event, _ in reading.events:
            key = record_key(community, doer(event["data"]))
            tx.publish(RAW, key, raw_fact(request, index, event))
        for refusal in reading.refusals:
            _tell_refusal(tx, refusal, request=request, lane=record.topic)
        LANE_PACE.take(tx.settings, community, max(1, len(reading.events)), len(record.value or b""))
        LANE_EVENTS.labels("taken").inc(len(reading.events))
        LANE_EVENTS.labels("refused").inc(len({refusal.index for refusal in reading.refusals}))


def _tell_refusal(tx: Transaction[Settings], refusal: Refusal, *, request: Request, lane: str) -> None:
    data: RejectedData = {
        "receipt_id": request.receipt_id,
        "receipt_index": refusal.index,
        "event_source": f"/plaudit/lanes/{lane}",
        "event_id": f"{request.receipt_id}/{refusal.index}",
        "outcome": "rejected",
        "reason": f"{refusal.field} {refusal.detail}".strip().replace("\0", "")[:REASON_MAX_CHARS],
    }
    tx.tell(
        REJECTED,
        REJECTED_EVENT,
        fact_id=f"{request.receipt_id}/{refusal.index}{refusal.field}",
        community=request.community,
        subject=request.receipt_id,
        data=data,
        traceparent=request.traceparent,
    )
