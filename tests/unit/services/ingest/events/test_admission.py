"""Reading requests: whatever comes, it is events, refusals, or one of three errors."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.ingest.events.domain.admission import (
    BATCH_TYPE,
    JSON_TYPE,
    STRUCTURED_TYPE,
    Admission,
    Limits,
    MalformedError,
    TooManyEventsError,
    UnsupportedTypeError,
    admit,
    all_are_plain_and_timely,
    encode,
    time_problem,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LIMITS = Limits(events_max_count=5, event_max_bytes=1_000, future_tolerance_seconds=300, earliest_year=1990)
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "1",
    "source": "s",
    "type": "forum.post.v1",
    "time": "2026-01-31T12:00:00Z",
    "data": {"channel": "forum", "actor": {"id": "ada"}},
}
BINARY = {f"ce-{name}": value for name, value in EVENT.items() if name != "data"} | {"content-type": JSON_TYPE}

TYPES = st.sampled_from(
    ["", JSON_TYPE, BATCH_TYPE, STRUCTURED_TYPE, "text/plain", "application/json; charset=utf-8", ";", "é"]
) | st.text(max_size=10)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.just(EVENT),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*EVENT, "actor", "channel", "attributes"]) | st.text(max_size=5), inner)
    ),
    max_leaves=15,
)


def as_bytes(value: Any) -> bytes:
    """JSON by a lenient writer: with lone surrogates, NaN and huge integers."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


BODIES = st.binary(max_size=50) | JSON.map(as_bytes) | st.lists(JSON, max_size=7).map(as_bytes)
HEADERS = st.dictionaries(
    st.sampled_from([*BINARY, "ce-subject", "ce-", "ce-data"]),
    st.text(max_size=20) | st.sampled_from(["%ff", "%"]),
)


@given(BODIES, TYPES, HEADERS)
@example(b"[" * 100_000, JSON_TYPE, {})
@example(b'{"data":' * 240 + b"1" + b"}" * 240, JSON_TYPE, {})
@example(as_bytes([EVENT, {"data": 10**400}]), BATCH_TYPE, {})
@example(as_bytes(EVENT["data"]), JSON_TYPE, BINARY | {"ce-id": "%ff"})
def test_arbitrary_requests_raise_nothing_but_the_three_errors(
    body: bytes, content_type: str, headers: dict[str, str]
) -> None:
    try:
        admission = admit(body, headers | {"content-type": content_type}, NOW, LIMITS)
    except (MalformedError, UnsupportedTypeError, TooManyEventsError):
        return
    taken = {index for index, _ in admission.events}
    refused = {one.index for one in admission.refusals}
    assert not taken & refused
    assert taken | refused == set(range(len(taken | refused)))
    assert all(one.detail and (not one.field or one.field.startswith("/")) for one in admission.refusals)
    for _, event in admission.events:
        orjson.dumps(event)


NUMBERS = st.sampled_from(["0", "-0", "1.0", "1e2", "0.1", "-0.0", "1E-7", "9223372036854775807", "1e22"]) | (
    st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
).map(repr)
SPELLINGS = st.sampled_from(['"\\u00fc"', '"\u00fc"', '"\\ud83d\\ude00"', '"\\/"', "true"])


@given(NUMBERS | SPELLINGS)
def test_an_event_reads_alike_beside_valid_and_invalid_ones(value: str) -> None:
    """Otherwise the same event, sent again in other company, would be in conflict with itself."""
    event = orjson.dumps(EVENT | {"data": EVENT["data"] | {"attributes": {"tag": "@"}}})
    event = event.replace(b'"@"', value.encode())
    alone = admit(event, {"content-type": JSON_TYPE}, NOW, LIMITS)
    beside = admit(b"[7," + event + b"]", {"content-type": JSON_TYPE}, NOW, LIMITS)
    assert [orjson.dumps(one) for _, one in alone.events] == [orjson.dumps(one) for _, one in beside.events]
    assert len(alone.events) == 1


@given(st.lists(st.sampled_from([EVENT, EVENT | {"id": ""}, EVENT | {"time": "9999-01-01T00:00:00Z"}, 7])))
def test_a_batch_loses_only_what_is_invalid(documents: list[Any]) -> None:
    body = orjson.dumps(documents)
    if len(documents) > LIMITS.events_max_count:
        with pytest.raises(TooManyEventsError, match=f"{len(documents)} events"):
            admit(body, {"content-type": BATCH_TYPE}, NOW, LIMITS)
        return
    admission = admit(body, {"content-type": BATCH_TYPE}, NOW, LIMITS)
    good = [index for index, document in enumerate(documents) if document is EVENT]
    assert [index for index, _ in admission.events] == good
    assert {one.index for one in admission.refusals} == set(range(len(documents))) - set(good)


@pytest.mark.parametrize(
    ("event", "field", "detail"),
    [
        (EVENT | {"Subject": "x"}, "/Subject", "There is no field `Subject` here; did you mean `subject`?"),
        (
            EVENT | {"data": EVENT["data"] | {"length_char": 7}},
            "/data/length_char",
            "There is no field `length_char` here; did you mean `length_chars`?",
        ),
        (
            EVENT | {"data": EVENT["data"] | {"object": {"id": "1", "author": {"id": "a", "handle": "b"}}}},
            "/data/object/author/handle",
            "There is no field `handle` here; known are id, name, bot",
        ),
    ],
)
def test_a_field_that_is_not_known_is_named_with_the_one_that_was_meant(
    event: dict[str, Any], field: str, detail: str
) -> None:
    (refusal,) = admit(orjson.dumps(event), {"content-type": JSON_TYPE}, NOW, LIMITS).refusals
    assert (refusal.field, refusal.detail) == (field, detail)


def test_binary_and_structured_mode_are_the_same_event() -> None:
    structured = admit(orjson.dumps(EVENT), {"content-type": STRUCTURED_TYPE}, NOW, LIMITS)
    binary = admit(orjson.dumps(EVENT["data"]), BINARY, NOW, LIMITS)
    assert binary.events == structured.events
    assert binary.events[0][1]["id"] == "1"


@given(st.lists(st.integers(0, 100), max_size=5))
def test_what_is_too_large_is_refused_and_the_rest_kept(sizes: list[int]) -> None:
    admission = Admission(events=[(index, {"x": "y" * size}) for index, size in enumerate(sizes)])
    encoded = encode(admission, 50)
    large = {index for index, size in enumerate(sizes) if size + len('{"x":""}') > 50}
    assert {one.index for one in admission.refusals} == large
    assert [index for index, _, _ in encoded] == [index for index in range(len(sizes)) if index not in large]
    assert all(orjson.loads(document) == event for _, event, document in encoded)


ZONES = st.timezones()
NEAR = st.timedeltas(timedelta(days=-2), timedelta(days=2))
TIMES = st.datetimes(timezones=ZONES) | st.builds(lambda zone, by: NOW.astimezone(zone) + by, ZONES, NEAR)


@given(TIMES, st.integers(0, 10_000), st.integers(1, 2_100))
@example(datetime(1989, 12, 31, 23, 59, 59, tzinfo=UTC), 300, 1990)
@example(datetime(1990, 1, 1, tzinfo=UTC), 300, 1990)
def test_a_time_has_a_problem_or_is_in_its_range(time: datetime, tolerance: int, earliest: int) -> None:
    limits = LIMITS._replace(future_tolerance_seconds=tolerance, earliest_year=earliest)
    problem = time_problem(time, NOW, limits)
    future = time > NOW + timedelta(seconds=tolerance)
    assert (problem is not None) == (future or time.year < earliest)
    now_and_then = [EVENT | {"time": NOW.replace(year=max(NOW.year, earliest))}, EVENT | {"time": time}]
    timely = all_are_plain_and_timely(now_and_then, NOW.replace(year=max(NOW.year, earliest)), limits)
    if earliest <= NOW.year:
        assert timely == (problem is None)


@given(st.sampled_from(["sequence", "subject", "traceparent"]))
def test_an_event_with_more_than_it_must_have_is_looked_at(name: str) -> None:
    assert all_are_plain_and_timely([EVENT | {"time": NOW}], NOW, LIMITS)
    assert not all_are_plain_and_timely([EVENT | {"time": NOW, name: "x"}], NOW, LIMITS)


@given(st.sampled_from([10, 1_000]), JSON)
def test_whatever_an_extension_holds_it_is_kept_or_refused(size: int, value: Any) -> None:
    name = "x" * size
    body = as_bytes(EVENT | {name: value})
    for given_body in (body, b"[7," + body + b"]"):
        try:
            admission = admit(given_body, {"content-type": JSON_TYPE}, NOW, LIMITS)
        except MalformedError:
            return
        kept = EVENT.keys() if value is None else {*EVENT, name}
        assert [event.keys() for _, event in admission.events] in ([kept], [])
        assert admission.events or any(one.field for one in admission.refusals)
        # What is kept can be written, and read again as it was.
        for _, event, document in encode(admission, LIMITS.event_max_bytes):
            assert orjson.loads(document).get(name) == event.get(name)


@pytest.mark.parametrize(
    ("document", "field", "says"),
    [
        ({}, "/type", "is missing; known are forum.post.v1, "),
        ({name: value for name, value in EVENT.items() if name != "type"}, "/type", "is missing; known are "),
        (EVENT | {"type": None}, "/type", "is missing; known are "),
        (EVENT | {"type": 5}, "/type", "unknown type 5; known are "),
        (EVENT | {"type": "forum.pots.v1"}, "/type", "unknown type 'forum.pots.v1'; known are "),
        (7, "", "is no event: an event is a JSON object with specversion, id, source, type, time and data"),
        (None, "", "is no event: an event is a JSON object"),
        ({name: value for name, value in EVENT.items() if name != "id"}, "/id", "is missing"),
        (EVENT | {"data": {"channel": "forum"}}, "/data/actor", "is missing"),
    ],
)
@pytest.mark.parametrize("in_a_batch", [True, False])
def test_a_refusal_speaks_of_events(document: Any, field: str, says: str, in_a_batch: bool) -> None:
    body = orjson.dumps([document] if in_a_batch else document)
    (refusal,) = admit(body, {"content-type": JSON_TYPE}, NOW, LIMITS).refusals
    assert refusal.field == field
    assert refusal.detail.startswith(says)


def test_an_event_in_headers_without_a_type_is_told_so() -> None:
    headers = {name: value for name, value in BINARY.items() if name != "ce-type"}
    (refusal,) = admit(orjson.dumps(EVENT["data"]), headers, NOW, LIMITS).refusals
    assert (refusal.field, refusal.detail[:10]) == ("/type", "is missing")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"source": "urn:plaudit:ideas"}, "/source"),
        ({"source": "uRN:Plaudit:kudos"}, "/source"),
        ({"data": EVENT["data"] | {"host": "ideas.plaudit"}}, "/data/host"),
        ({"data": EVENT["data"] | {"host": "Surveys.PLAUDIT"}}, "/data/host"),
        ({"data": EVENT["data"] | {"host": "plaudit"}}, "/data/host"),
        (
            {
                "type": "activity.retracted.v1",
                "data": {"channel": "forum", "target": {"source": "urn:plaudit:kudos", "id": "1"}},
            },
            "/data/target/source",
        ),
    ],
)
def test_nobody_sends_what_plaudit_makes_itself(changes: dict[str, Any], place: str) -> None:
    """Such events are believed: a vote is its member's, a suggestion is done."""
    for body, kind in ((EVENT | changes, JSON_TYPE), ([EVENT | changes], BATCH_TYPE)):
        found = admit(as_bytes(body), {"content-type": kind}, NOW, LIMITS)

        assert found.events == []
        assert [(one.field, one.detail[:30]) for one in found.refusals] == [
            (place, "is of events that Plaudit make")
        ]


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "urn:plaudits:ideas"},
        {"source": "urn:example:plaudit:"},
        {"data": EVENT["data"] | {"host": "plaudit.example.org"}},
        {"data": EVENT["data"] | {"host": "notplaudit"}},
        {"type": "activity.retracted.v1", "data": {"channel": "forum", "target": {"source": "/forum", "id": "1"}}},
    ],
)
def test_what_only_resembles_plaudit_s_own_is_taken(changes: dict[str, Any]) -> None:
    assert len(admit(as_bytes(EVENT | changes), {"content-type": JSON_TYPE}, NOW, LIMITS).events) == 1
