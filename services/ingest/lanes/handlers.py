"""What platforms wrote to their lanes goes the way of all events, or is told as rejected."""

import asyncio
import time
from collections import deque
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from services.ingest.brake.handlers import BRAKE
from services.ingest.costs.domain import Costs
from services.ingest.costs.handlers import costs_of
from services.ingest.event_types.domain import DeclaredTypes
from services.ingest.event_types.handlers import types_of
from services.ingest.events.domain.admission import Limits, Refusal, Request, raw_fact, raw_key
from services.ingest.events.domain.refusing import counts_of, refused_body, refused_events
from services.ingest.events.store.receipts import add_hours
from services.ingest.lanes.domain import LaneRecord, Reading, Terms, read_record, written_at
from services.ingest.metrics import EVENTS_COST, LANE_EVENTS, REQUESTS_TOO_DEAR
from services.ingest.refused.domain import Request as RefusedRequest
from services.ingest.refused.handlers.keeping import keep
from services.ingest.settings import Settings
from services.ingest.shares.domain import Bucket, Buckets, Share
from shared.consumer import Lanes, Preparation
from shared.contracts.facts import REJECTED_EVENT, RejectedData
from shared.telemetry import new_traceparent
from shared.topics import LANE_PREFIX, RAW, REJECTED, community_of_lane
from shared.traces import continued_trace
from shared.transaction import Transaction

REASON_MAX_CHARS = 1_000

#: Where a record stands: topic, partition, offset.
Place = tuple[str, int, int]


class LaneReader:
    """Reads lanes at the pace of their communities' shares, which are as large as at the front door.

    They are beside those at the door. What is beyond a share waits in the lane; the community of which least came
    lately goes first. A loop has one of its own: what was chosen is remembered for its batch.
    """

    def __init__(self) -> None:
        self._buckets = Buckets()
        self._share: Share
        self._chosen: dict[Place, Reading] = {}

    def is_closed(self, topic: str) -> bool:
        """Whether the topic is a lane that is not to be read for the moment."""
        if not topic.startswith(LANE_PREFIX):
            return False
        bucket = self._buckets.known(community_of_lane(topic))
        if bucket is None:
            return False
        bucket.refill(self._share.slowed(BRAKE.part), time.monotonic())
        return not bucket.is_open

    async def choose(self, preparation: Preparation[Settings], records: Sequence[Any]) -> Sequence[Any]:
        """Those of Kafka's records that the shares have room for, and a transaction."""
        settings = preparation.settings
        now = datetime.now(UTC)
        buckets = self._refilled(settings, {community_of_lane(record.topic) for record in records})
        async with preparation.lend() as conn:
            costs = await costs_of(conn, communities=buckets, now=now, rule_cost=settings.rule_cost)
            declared = await types_of(conn, communities=buckets, now=now)
        waiting: dict[Line, deque[Any]] = {}
        for record in records:
            waiting.setdefault(Line(record.topic, record.partition), deque()).append(record)
        taken: list[Any] = []
        self._chosen, cost = {}, 0.0
        while lines := [line for line in waiting if buckets[line.community].is_open]:
            line = max(lines, key=lambda one: buckets[one.community].events)
            record = waiting[line][0]
            reading = _read(record, settings, costs[line.community], declared[line.community], now)
            if taken and cost + reading.cost > settings.lane_batch_cost_max:
                break
            cost += reading.cost
            buckets[line.community].take(reading.cost, _record(record).bytes)
            self._chosen[_place(record)] = reading
            taken.append(waiting[line].popleft())
            if not waiting[line]:
                del waiting[line]
            await asyncio.sleep(0)
        if taken:
            BRAKE.watch(settings)
        return taken

    async def on_records(self, tx: Transaction[Settings], records: Sequence[Any]) -> None:
        """Admit the events of records that were chosen for the communities of their lanes, whatever they claim."""
        for record in records:
            reading = self._chosen[_place(record)]
            community = community_of_lane(record.topic)
            trace = continued_trace(reading.traceparent, new_traceparent())
            request = Request(community, reading.receipt_id, received_at=tx.now, traceparent=trace)
            for index, event, _ in reading.events:
                tx.publish(RAW, raw_key(community, event), raw_fact(request, index, event))
            for refusal in reading.refusals:
                _tell_refusal(tx, refusal, request=request, lane=record.topic)
            if reading.refusals:
                await _keep_refused(tx, reading, community=community, value=record.value or b"")
            LANE_EVENTS.labels("taken").inc(len(reading.events))
            LANE_EVENTS.labels("refused").inc(len({refusal.index for refusal in reading.refusals}))
            EVENTS_COST.inc(reading.cost)
            if reading.is_too_dear:
                REQUESTS_TOO_DEAR.inc()

    def _refilled(self, settings: Settings, communities: Collection[str]) -> dict[str, Bucket]:
        """The buckets of communities as they are now; they fill more slowly while events are scored late."""
        self._share = Share.of(
            settings.community_events_per_second,
            settings.community_bytes_per_second,
            settings.share_burst_seconds,
        )
        share = self._share.slowed(BRAKE.part)
        now = time.monotonic()
        found = {}
        for community in communities:
            bucket = self._buckets.of(community, share, now, settings.shares_max_count)
            bucket.refill(share, now)
            found[community] = bucket
        return found


def lanes() -> Lanes:
    """The lanes of one loop, and what reads them."""
    reader = LaneReader()
    return Lanes(LANE_PREFIX, reader.on_records, reader.choose, reader.is_closed)


class Line(NamedTuple):
    """A partition of a lane, in which records are taken in their order."""

    topic: str
    partition: int

    @property
    def community(self) -> str:
        """The community that the lane is for."""
        return community_of_lane(self.topic)


def _place(record: Any) -> Place:
    return record.topic, record.partition, record.offset


def _record(record: Any) -> LaneRecord:
    return LaneRecord(record.topic, record.partition, record.offset, record.value or b"", record.headers)


def _read(record: Any, settings: Settings, costs: Costs, declared: DeclaredTypes, now: datetime) -> Reading:
    limits = Limits(
        settings.events_max_count,
        settings.event_max_bytes,
        settings.future_tolerance_seconds,
        settings.earliest_year,
    )
    return read_record(
        _record(record),
        community=community_of_lane(record.topic),
        at=written_at(record.timestamp),
        received_at=now,
        terms=Terms(limits, costs, settings.request_cost_max, declared),
    )


async def _keep_refused(tx: Transaction[Settings], reading: Reading, *, community: str, value: bytes) -> None:
    if reading.admission is None:
        found = [refused_body(value, reading.refusals[0].detail)]
    else:
        found = refused_events(community, reading.admission)
    await add_hours(tx.conn, counts=counts_of(community, tx.now, reading.admission))
    await keep(tx, request=RefusedRequest(community, reading.receipt_id, tx.now), found=found)


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
