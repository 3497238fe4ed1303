"""What a client says of when it wrote a record is any number of 64 bits, and never stops who reads it."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from services.ingest.costs.domain import Costs
from services.ingest.events.domain.admission import Limits, raw_key
from services.ingest.events.domain.receipts import event_count
from services.ingest.lanes.domain import LaneRecord, Reading, Terms, read_record, written_at

TERMS = Terms(Limits(1_000, 65_536, 300, 1990), Costs((), 1), 100)


def test_a_moment_is_what_it_is() -> None:
    assert written_at(1_790_000_000_000) == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("timestamp_ms", [-(2**63), -(10**17), -2, -1, 0, 253_402_300_800_000, 10**17, 2**63 - 1])
def test_what_is_no_date_gives_a_receipt_all_the_same(timestamp_ms: int) -> None:
    record = LaneRecord("engagement.lane.acme.forum.v1", 0, 7, b"{}")
    at = written_at(timestamp_ms)
    reading = read_record(record, community="acme", at=at, received_at=datetime.now(UTC), terms=TERMS)
    assert event_count("acme", reading.receipt_id) == 0


def test_a_record_whose_events_count_as_too_many_is_told_as_such() -> None:
    """One event alone always may."""
    costs = Costs([{"chat.message.v1": 200}], 0.25)
    terms = Terms(Limits(1_000, 65_536, 300, 1990), costs, 60)
    now = datetime.now(UTC)

    def read(count: int) -> Reading:
        events = [message(number) for number in range(count)]
        record = LaneRecord("engagement.lane.acme.forum.v1", 0, 7, orjson.dumps(events))
        return read_record(record, community="acme", at=now, received_at=now, terms=terms)

    one, two = read(1), read(2)
    assert (len(one.events), one.cost, one.is_too_dear) == (1, 50, False)
    assert (two.events, two.cost, two.is_too_dear) == ([], 1, True)
    assert "2 events that count as 100" in two.refusals[0].detail


def message(number: int) -> dict[str, Any]:
    data = {"channel": "chat", "actor": {"id": "ada"}}
    return {
        "specversion": "1.0",
        "id": str(number),
        "source": "urn:chat",
        "type": "chat.message.v1",
        "time": "2026-01-31T12:00:00Z",
        "data": data,
    }


def test_both_doors_give_a_record_the_key_of_one_spelling() -> None:
    """An address of a channel that does not mind its case is one person's, by HTTP and by a lane."""
    events = [
        message(1) | {"data": {"channel": "support", "actor": {"id": spelt}}}
        for spelt in ("Ada@Example.org", "ada@example.org")
    ]
    assert {raw_key("acme", one) for one in events} == {b"acme|support|ada@example.org"}
