"""Events that are wrong, alone, in a batch or in binary mode: each is refused with the place of what is wrong."""

from typing import Any

import orjson
import pytest

from tests.integration.services.ingest.conftest import BATCH_TYPE, EVENT, JSON, Community, event, problem

pytestmark = pytest.mark.stack


def changed(**more: Any) -> dict[str, Any]:
    return EVENT | more


def data(**more: Any) -> dict[str, Any]:
    return EVENT | {"data": EVENT["data"] | more}


INVALID: dict[str, tuple[Any, str, str]] = {
    "no id": ({key: value for key, value in EVENT.items() if key != "id"}, "/id", "is missing"),
    "no type": ({key: value for key, value in EVENT.items() if key != "type"}, "/type", "is missing; known are"),
    "a number as id": (changed(id=7), "/id", "valid string"),
    "an empty id": (changed(id=""), "/id", "at least 1 character"),
    "a long id": (changed(id="x" * 256), "/id", "at most 255 characters"),
    "NUL in the id": (changed(id="a\x00b"), "/id", "pattern"),
    "a line break in the id": (changed(id="a\nb"), "/id", "pattern"),
    "an unknown type": (changed(type="forum.poem.v1"), "/type", "unknown type 'forum.poem.v1'"),
    "an unknown version": (changed(type="forum.post.v99"), "/type", "unknown type 'forum.post.v99'"),
    "a list as type": (changed(type=["forum.post.v1"]), "/type", "unknown type"),
    "null as type": (changed(type=None), "/type", "is missing; known are"),
    "another specversion": (changed(specversion="0.3"), "/specversion", "'1.0'"),
    "an unknown attribute": (changed(sorce="x"), "/sorce", "did you mean `source`?"),
    "an unknown field": (data(colour="red"), "/data/colour", "There is no field `colour` here; known are"),
    "an unknown field of the actor": (data(actor={"id": "a", "age": 7}), "/data/actor/age", "known are id, name"),
    "a time without a zone": (changed(time="2026-01-31T12:00:00"), "/time", "timezone"),
    "a day as time": (changed(time="2026-01-31"), "/time", ""),
    "no date": (changed(time="yesterday"), "/time", "valid datetime"),
    "the year 0001": (changed(time="0001-01-01T00:00:00Z"), "/time", "before 1990"),
    "the year 0001 far east": (changed(time="0001-01-01T00:00:00+14:00"), "/time", "before 1990"),
    "the year 9999": (changed(time="9999-12-31T23:59:59Z"), "/time", "in the future"),
    "the year 9999 far west": (changed(time="9999-12-31T23:59:59-14:00"), "/time", "in the future"),
    "the year 99999": (changed(time="99999-01-01T00:00:00Z"), "/time", "valid datetime"),
    "data that is a list": (changed(data=[]), "/data", "an object"),
    "no actor": (changed(data={"channel": "forum"}), "/data/actor", "is missing"),
    "an unknown channel": (data(channel="smoke"), "/data/channel", "Input should be"),
    "a huge length": (data(length_chars=2**31), "/data/length_chars", "less than or equal"),
    "a negative length": (data(length_chars=-1), "/data/length_chars", "greater than or equal"),
    "a fraction of a length": (data(length_chars=1.5), "/data/length_chars", "valid integer"),
    "too many attributes": (data(attributes={f"a{n}": n for n in range(33)}), "/data/attributes", "at most 32"),
    "a capital attribute": (data(attributes={"Tag": 1}), "/data/attributes/Tag/[key]", "pattern"),
    "a nested attribute": (data(attributes={"tag": {"a": 1}}), "/data/attributes/tag", ""),
    "garbage as traceparent": (changed(traceparent="garbage"), "/traceparent", "pattern"),
    "an oversized event": (
        data(attributes={f"a{n}": "ü" * 1_000 for n in range(32)}, object={"id": "x", "url": "ü" * 1_000}),
        "",
        "one may have 65536",
    ),
    "a number": (7, "", "is no event: an event is a JSON object"),
    "a text": ("event", "", "is no event: an event is a JSON object"),
    "null": (None, "", "is no event: an event is a JSON object"),
    "an array in the array": ([], "", "is no event: an event is a JSON object"),
}


@pytest.mark.parametrize("name", INVALID)
async def test_an_invalid_event_is_named_by_its_place_and_the_others_are_taken(
    community: Community, name: str
) -> None:
    body, field, detail = INVALID[name]
    answer = await community.client.post(
        "/v1/events", content=orjson.dumps([event(1), body, event(2)]), headers={"content-type": BATCH_TYPE}
    )
    assert answer.status_code == 202, answer.text
    taken = answer.json()
    assert taken["accepted"] == 2
    assert {one["index"] for one in taken["rejected"]} == {1}
    assert any(one["field"].startswith(field) and detail in one["detail"] for one in taken["rejected"]), taken
    receipt = await community.receipt(taken["receipt_id"])
    assert [(one["index"], one["outcome"]) for one in receipt["items"]] == [
        (0, "accepted"),
        (1, "refused"),
        (2, "accepted"),
    ]
    others = {"duplicate": 0, "conflict": 0, "rejected": 0, "pending": 0}
    assert receipt["counts"] == {"accepted": 2, "refused": 1, **others}


async def test_a_request_without_a_valid_event_is_refused(community: Community) -> None:
    answer = await community.client.post("/v1/events", json=changed(id=7))
    found = problem(answer, 422)
    assert found["errors"] == [{"field": "/id", "detail": "Input should be a valid string", "index": 0}]
    receipt = (await community.client.get(answer.headers["location"])).json()
    assert [one["outcome"] for one in receipt["items"]] == ["refused"]


MALFORMED: dict[str, bytes] = {
    "an empty body": b"",
    "white space": b"  \n ",
    "half of an object": b'{"specversion": "1.0"',
    "two documents": b"{} {}",
    "invalid UTF-8": b'{"id": "\xff\xfe"}',
    "UTF-16": '{"id": "a"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a lone surrogate": orjson.dumps(EVENT).replace(b'"post-1"', b'"\\ud800"'),
    "NaN": orjson.dumps(EVENT).replace(b'"x"', b"NaN"),
    "infinity": orjson.dumps(EVENT).replace(b'"x"', b"-Infinity"),
    "an open depth bomb": b"[" * 500_000,
    "a closed depth bomb": b"[" * 100_000 + b"]" * 100_000,
    "a depth bomb within the parser's limit of bytes": b'{"a":' * 300 + b"1" + b"}" * 300,
    "a depth bomb in an event": orjson.dumps(EVENT).replace(b'"x"', b"[" * 400 + b"]" * 400),
    "NUL": b"\x00",
    "a control character": b'{"id": "a\x01"}',
    "a trailing comma": b"[{},]",
    "a comment": b"{/**/}",
    "single quotes": b"{'id': 1}",
    "a leading zero": b"[01]",
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_what_is_no_json_is_refused_as_a_whole(community: Community, name: str) -> None:
    answer = await community.client.post("/v1/events", content=MALFORMED[name], headers={"content-type": JSON})
    found = problem(answer, 400)
    assert found["title"] == "The request is not JSON"
    assert "line 1" in found["detail"] or "line 2" in found["detail"], found


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 400, "9" * 5_000])
async def test_a_number_that_nothing_holds_is_refused(community: Community, number: str) -> None:
    body = orjson.dumps(EVENT).replace(b'"x"', number.encode())
    answer = await community.client.post("/v1/events", content=body, headers={"content-type": JSON})
    assert answer.status_code in (400, 422), answer.text
    found = problem(answer, answer.status_code)
    assert found["status"] == 400 or found["errors"][0]["field"].startswith("/data/attributes/tag")


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**25])
async def test_an_integer_beyond_64_bits_is_a_floating_point_number(community: Community, number: int) -> None:
    """As JSON has it: every reader gets the same double."""
    body = orjson.dumps(EVENT).replace(b'"x"', str(number).encode())
    answer = await community.client.post("/v1/events", content=body, headers={"content-type": JSON})
    assert answer.status_code == 202
    await community.receipt(answer.json()["receipt_id"])
    as_float = EVENT | {"data": EVENT["data"] | {"attributes": {"tag": float(number)}}}
    assert await community.outcomes(as_float) == ["duplicate"]


async def test_of_a_key_that_comes_twice_the_last_counts(community: Community) -> None:
    body = orjson.dumps(EVENT).replace(b'"id":"post-1"', b'"id":7,"id":"post-1"', 1)
    answer = await community.client.post("/v1/events", content=body, headers={"content-type": JSON})
    assert answer.status_code == 202


async def test_an_empty_batch_is_refused(community: Community) -> None:
    assert problem(await community.client.post("/v1/events", json=[]), 422)["title"] == "The batch is empty"


async def test_too_many_events_are_refused(community: Community) -> None:
    found = problem(await community.client.post("/v1/events", json=[event(n) for n in range(1_001)]), 413)
    assert "1001 events; one request may hold 1000" in found["detail"]


@pytest.mark.parametrize(
    ("content_type", "body"), [(BATCH_TYPE, EVENT), ("application/cloudevents+json", [EVENT])]
)
async def test_a_batch_and_a_single_event_are_not_mistaken(
    community: Community, content_type: str, body: Any
) -> None:
    answer = await community.client.post(
        "/v1/events", content=orjson.dumps(body), headers={"content-type": content_type}
    )
    assert "array" in problem(answer, 400)["detail"] or "one event" in answer.json()["detail"]


BINARY = {
    "content-type": JSON,
    "ce-specversion": "1.0",
    "ce-id": "post-1",
    "ce-source": "https://forum.example.org",
    "ce-type": "forum.post.v1",
    "ce-time": "2026-01-31T12:00:00Z",
}


async def test_an_event_in_binary_mode_is_the_same_event(community: Community) -> None:
    headers = BINARY | {"ce-id": "post-%31", "ce-subject": "Gr%C3%BC%C3%9Fe%20%25"}
    answer = await community.client.post("/v1/events", content=orjson.dumps(EVENT["data"]), headers=headers)
    assert answer.status_code == 202, answer.text
    await community.receipt(answer.json()["receipt_id"])
    assert await community.outcomes(EVENT | {"subject": "Grüße %"}) == ["duplicate"]


@pytest.mark.parametrize(
    ("headers", "status", "detail"),
    [
        ({"ce-id": "%ff"}, 400, "ce-id"),
        ({"ce-id": "%C3"}, 400, "ce-id"),
        ({"ce-id": ""}, 422, "/id"),
        ({"ce-id": "a%00b"}, 422, "/id"),
        ({"ce-type": "nothing.v1"}, 422, "/type"),
        ({"ce-time": "noon"}, 422, "/time"),
        ({"ce-traceparent": "00-0"}, 422, "/traceparent"),
        ({"ce-": "nothing"}, 422, "/"),
        ({"ce-specversion": "2.0"}, 422, "/specversion"),
        ({"ce-data": "ignored", "ce-source": ""}, 422, "/source"),
    ],
)
async def test_an_invalid_event_in_binary_mode_is_refused(
    community: Community, headers: dict[str, str], status: int, detail: str
) -> None:
    answer = await community.client.post(
        "/v1/events", content=orjson.dumps(EVENT["data"]), headers=BINARY | headers
    )
    found = problem(answer, status)
    assert detail in orjson.dumps(found).decode()
