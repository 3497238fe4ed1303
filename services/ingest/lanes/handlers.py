"""What platforms wrote to their lanes goes the way of all events, or is told as rejected."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from services.ingest.events.domain.admission import Limits, Refusal, Request, raw_fact
from services.ingest.lanes.domain import LaneRecord, read_record
from services.ingest.metrics import LANE_EVENTS
from services.ingest.settings import Settings
from shared.contracts.facts import REJECTED_EVENT, RejectedData
from shared.telemetry import new_traceparent
from shared.topics import RAW, REJECTED, community_of_lane, record_key
from shared.transaction import Transaction

REASON_MAX_CHARS = 1_000


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
            at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
            received_at=tx.now,
            limits=limits,
        )
        request = Request(community, reading.receipt_id, received_at=tx.now, traceparent=new_traceparent())
        for index, event, _ in reading.events:
            data = event["data"]
            key = record_key(community, f"{data['channel']}|{data['actor']['id']}")
            tx.publish(RAW, key, raw_fact(request, index, event))
        for refusal in reading.refusals:
            _tell_refusal(tx, refusal, request=request, lane=record.topic)
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
