"""A record's headers say which mode of CloudEvents' binding for Kafka it is in."""

from datetime import UTC, datetime

import orjson
import pytest

from services.ingest.costs.domain import Costs
from services.ingest.events.domain.admission import Limits
from services.ingest.lanes.domain import LaneRecord, Reading, Terms, read_record

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
EVENT = {
    "specversion": "1.0",
    "id": "m-1",
    "source": "https://chat.example.org",
    "type": "chat.message.v1",
    "time": "2026-01-31T12:00:00Z",
    "data": {"channel": "chat", "actor": {"id": "ada"}},
}
DATA = orjson.dumps(EVENT["data"])
BINARY = tuple((f"ce_{name}", str(value).encode()) for name, value in EVENT.items() if name != "data")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def reading(value: bytes, *headers: tuple[str, bytes | None]) -> Reading:
    terms = Terms(Limits(100, 65_536, 300, 1990), Costs({}, 0.5), 1_000)
    record = LaneRecord("engagement.lane.acme.chat.v1", 0, 7, value, headers)
    return read_record(record, community="acme", at=NOW, received_at=NOW, terms=terms)


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (orjson.dumps(EVENT), ()),
        (orjson.dumps(EVENT), (("content-type", b"application/cloudevents+json; charset=utf-8"),)),
        (orjson.dumps([EVENT]), (("content-type", b"application/cloudevents-batch+json"), ("other", b"\xff"))),
        (DATA, BINARY),
        (DATA, (*BINARY, ("content-type", b"application/json"), ("ce_partitionkey", b"ada"), ("ce_x", None))),
        # Who writes whole events and names their attributes beside them says them twice: the value counts.
        (orjson.dumps(EVENT), (*BINARY, ("content-type", b"application/cloudevents+json"))),
    ],
    ids=["plain", "structured", "batch", "binary", "binary-typed", "both"],
)
def test_every_mode_is_the_same_event(value: bytes, headers: tuple[tuple[str, bytes | None], ...]) -> None:
    read = reading(value, *headers)
    assert read.refusals == []
    assert [event["id"] for _, event, _ in read.events] == ["m-1"]


@pytest.mark.parametrize(
    ("value", "headers", "said"),
    [
        (orjson.dumps(EVENT), (("content-type", b"application/avro"),), "application/avro"),
        (DATA, (*BINARY, ("ce_subject", b"\xff")), "ce_subject is not UTF-8"),
        (DATA, BINARY[:1], "type"),
        (DATA, (*BINARY, *((f"ce_x{number}", b"1") for number in range(64))), "64 headers"),
        (DATA, (*BINARY, ("ce_x", b"x" * 70_000)), "bytes at most"),
        (b"", BINARY, "EOF"),
    ],
    ids=["type", "utf-8", "attributes", "count", "bytes", "nothing"],
)
def test_what_is_in_none_is_refused_with_a_reason(
    value: bytes, headers: tuple[tuple[str, bytes | None], ...], said: str
) -> None:
    read = reading(value, *headers)
    assert read.events == []
    assert said in " ".join(f"{refusal.field} {refusal.detail}" for refusal in read.refusals)


def test_an_attribute_is_read_as_it_stands_and_headers_count_in_the_share() -> None:
    headers = (*(one for one in BINARY if one[0] != "ce_id"), ("ce_id", "größe 100%41".encode()))
    read = reading(DATA, *headers, ("traceparent", TRACE.encode()))
    assert read.events[0][1]["id"] == "größe 100%41"
    assert read.traceparent == TRACE
    record = LaneRecord("t", 0, 0, b"12", (("ab", b"123"), ("c", None)))
    assert record.bytes == 8
