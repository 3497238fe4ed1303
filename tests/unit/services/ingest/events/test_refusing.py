"""What of a refusal is kept, and how two events differ, field by field."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from services.ingest.events.domain.admission import JSON_TYPE, Limits, admit
from services.ingest.events.domain.refusing import counts_of, refused_events
from services.ingest.refused.domain import (
    Cause,
    Difference,
    Reason,
    actor_of,
    as_sent,
    content_of,
    differences,
    written,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LIMITS = Limits(events_max_count=50, event_max_bytes=900, future_tolerance_seconds=300, earliest_year=1990)
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "post-1",
    "source": "https://forum.example.org",
    "type": "forum.post.v1",
    "time": "2026-01-31T11:00:00Z",
    "data": {"channel": "forum", "actor": {"id": "ada"}},
}


def test_each_is_kept_as_it_came_with_its_cause() -> None:
    sent = [
        EVENT,
        EVENT | {"time": "2126-01-31T11:00:00Z", "source": "https://Forum.example.org/"},
        EVENT | {"type": "webinar.attended.v1"},
        EVENT | {"data": EVENT["data"] | {"text": "x" * 1_000}},
        7,
        EVENT | {"id": 7},
    ]
    found = refused_events("acme", admit(orjson.dumps(sent), {"content-type": JSON_TYPE}, NOW, LIMITS))
    assert [(one.place, one.cause, one.event_uid is None) for one in found] == [
        (1, Cause.NOT_VALID, False),
        (2, Cause.UNKNOWN_TYPE, False),
        (4, Cause.NOT_VALID, True),
        (5, Cause.NOT_VALID, True),
    ]
    assert [orjson.loads(one.content) for one in found] == [sent[one.place] for one in found]


def test_sources_of_a_request_are_counted_by_name_up_to_a_number() -> None:
    sent = [EVENT | {"source": f"/s{number}", "time": "soon"} for number in range(30)]
    read = admit(orjson.dumps(sent), {"content-type": JSON_TYPE}, NOW, LIMITS)
    counts = {one.source: one.events for one in counts_of("acme", NOW, read)}
    assert (len(counts), sum(counts.values()), counts[""]) == (11, 30, 20)
    assert [(one.source, one.events) for one in counts_of("acme", NOW, None)] == [("", 1)]


@pytest.mark.parametrize(
    ("content", "text", "whole"),
    [
        (b"{}", "{}", True),
        (b"\xff{", "\\xff{", False),
        (b"x" * 30, "x" * 20, False),
        ("ü".encode() * 10, "ü" * 10, True),
    ],
    ids=["json", "no-utf-8", "long", "utf-8"],
)
def test_of_much_the_beginning_is_kept(content: bytes, text: str, whole: bool) -> None:
    kept = content_of(written(content, [Reason("/x", "is wrong")] * 30, max_bytes=20))
    assert (kept.text, kept.is_whole, len(kept.reasons)) == (text, whole, 20)


@pytest.mark.parametrize(
    "event",
    [None, 7, {}, {"data": []}, {"data": {"actor": {"id": 7}, "channel": "forum"}}]
    + [{"data": {"channel": "forum", "actor": {"id": wrong}}} for wrong in ("", "a\0", "x" * 300)],
)
def test_who_is_nobody_is_looked_for_nowhere(event: Any) -> None:
    assert actor_of("acme", event) is None


def test_events_differ_field_by_field() -> None:
    stands = as_sent(EVENT | {"data": {"channel": "forum", "actor": {"id": "ada"}, "personal": {"company": "A"}}})
    came = EVENT | {
        "data": {"channel": "forum", "actor": {"id": "ada", "name": "Ada"}, "tags": ["a/b"], "a~/b": 1}
    }
    assert differences(stands, came) == [
        Difference("/data/actor/name", None, "Ada"),
        Difference("/data/a~0~1b", None, 1),
        Difference("/data/company", "A", None),
        Difference("/data/tags", None, ["a/b"]),
    ]
    assert differences(stands, stands) == []
