"""What a client says of when it wrote a record is any number of 64 bits, and never stops who reads it."""

from datetime import UTC, datetime

import pytest

from services.ingest.events.domain.admission import Limits
from services.ingest.events.domain.receipts import event_count
from services.ingest.lanes.domain import LaneRecord, read_record, written_at

LIMITS = Limits(1_000, 65_536, 300, 1990)


def test_a_moment_is_what_it_is() -> None:
    assert written_at(1_790_000_000_000) == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("timestamp_ms", [-(2**63), -(10**17), -2, -1, 0, 253_402_300_800_000, 10**17, 2**63 - 1])
def test_what_is_no_date_gives_a_receipt_all_the_same(timestamp_ms: int) -> None:
    record = LaneRecord("engagement.lane.acme.forum.v1", 0, 7, b"{}")
    at = written_at(timestamp_ms)
    reading = read_record(record, community="acme", at=at, received_at=datetime.now(UTC), limits=LIMITS)
    assert event_count("acme", reading.receipt_id) == 0
