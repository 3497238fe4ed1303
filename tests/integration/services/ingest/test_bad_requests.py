"""Everything a client can send that is wrong gets a precise problem+json, and never a 500."""

import asyncio
import gzip
from typing import Any

import httpx
import orjson
import pytest

from shared.service import Parts
from tests.integration.services.ingest.conftest import BATCH_TYPE, EVENT, Community, event
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack

JSON = "application/json"


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem that an answer is, checked to be a proper one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    assert found["title"]
    assert found["instance"] == answer.request.url.path
    return found


def changed(**more: Any) -> dict[str, Any]:
    return EVENT | more


def data(**more: Any) -> dict[str, Any]:
    return EVENT | {"data": EVENT["data"] | more}


INVALID: dict[str, tuple[Any, str, str]] = {
    "no id": ({key: value for key, value in EVENT.items() if key != "id"}, "/id", "Field required"),
    "no type": ({key: value for key, value in EVENT.items() if key != "type"}, "", "discriminator"),
    "a number as id": (changed(id=7), "/id", "valid string"),
    "an empty id": (changed(id=""), "/id", "at least 1 character"),
    "a long id": (changed(id="x" * 256), "/id", "at most 255 characters"),
    "NUL in the id": (changed(id="a\x00b"), "/id", "pattern"),
    "a line break in the id": (changed(id="a\nb"), "/id", "pattern"),
    "an unknown type": (changed(type="forum.poem.v1"), "/type", "unknown type 'forum.poem.v1'"),
    "an unknown version": (changed(type="forum.post.v99"), "/type", "unknown type 'forum.post.v99'"),
    "a list as type": (changed(type=["forum.post.v1"]), "/type", "unknown type"),
    "null as type": (changed(type=None), "/type", "unknown type"),
    "another specversion": (changed(specversion="0.3"), "/specversion", "'1.0'"),
    "an unknown attribute": (changed(sorce="x"), "/sorce", "Extra inputs"),
    "an unknown field": (data(colour="red"), "/data/colour", "Extra inputs"),
    "an unknown field of the actor": (data(actor={"id": "a", "age": 7}), "/data/actor/age", "Extra inputs"),
    "a time without a zone": (changed(time="2026-01-31T12:00:00"), "/time", "timezone"),
    "a day as time": (changed(time="2026-01-31"), "/time", ""),
    "no date": (changed(time="yesterday"), "/time", "valid datetime"),
    "the year 0001": (changed(time="0001-01-01T00:00:00Z"), "/time", "before 1970"),
    "the year 0001 far east": (changed(time="0001-01-01T00:00:00+14:00"), "/time", "before 1970"),
    "the year 9999": (changed(time="9999-12-31T23:59:59Z"), "/time", "in the future"),
    "the year 9999 far west": (changed(time="9999-12-31T23:59:59-14:00"), "/time", "in the future"),
    "the year 99999": (changed(time="99999-01-01T00:00:00Z"), "/time", "valid datetime"),
    "data that is a list": (changed(data=[]), "/data", "an object"),
    "no actor": (changed(data={"channel": "forum"}), "/data/actor", "Field required"),
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
    "a number": (7, "", "an object"),
    "a text": ("event", "", "an object"),
    "null": (None, "", "an object"),
    "an array in the array": ([], "", "an object"),
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
    assert [one["index"] for one in receipt["items"]] == [0, 2]
    assert receipt["counts"] == {"accepted": 2, "duplicate": 0, "conflict": 0, "pending": 0}


async def test_a_request_without_a_valid_event_is_refused(community: Community) -> None:
    answer = await community.client.post("/v1/events", json=changed(id=7))
    found = problem(answer, 422)
    assert found["errors"] == [{"field": "/id", "detail": "Input should be a valid string", "index": 0}]
    assert "location" not in answer.headers


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
    ("content_type", "body"),
    [
        (None, b"{}"),
        ("text/plain", b"{}"),
        ("application/xml", b"<event/>"),
        ("application/json; charset=latin-1", b"{}"),
        ("application/cloudevents+json; charset=utf-16", b"{}"),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("application/json, application/json", b"{}"),
        ("\xff/\xfe", b"{}"),
    ],
)
async def test_another_content_type_is_refused(
    community: Community, content_type: str | None, body: bytes
) -> None:
    headers = {"content-type": content_type.encode("latin-1")} if content_type else {}
    found = problem(await community.client.post("/v1/events", content=body, headers=headers), 415)
    assert BATCH_TYPE in found["detail"]


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


async def test_a_compressed_body_is_refused(community: Community) -> None:
    headers = {"content-type": JSON, "content-encoding": "gzip"}
    found = problem(
        await community.client.post("/v1/events", content=gzip.compress(orjson.dumps(EVENT)), headers=headers), 415
    )
    assert found["detail"] == "Send the body uncompressed"


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
        ({"ce-mood": "good"}, 422, "/mood"),
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


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("Bearer", 401),
        ("Bearer plk_nobody_knows", 401),
        ("Basic YTpi", 401),
        ("Bearer \xff\xfe", 401),
        ("x" * 10_000, 401),
    ],
)
async def test_without_a_known_key_nothing_is_taken(community: Community, header: str | None, status: int) -> None:
    del community.client.headers["authorization"]
    headers = {"authorization": header.encode("latin-1")} if header is not None else {}
    for method, path in (("POST", "/v1/events"), ("GET", "/v1/members")):
        answer = await community.client.request(method, path, headers=headers)
        problem(answer, status)
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_revoked_key_and_a_missing_scope(community: Community) -> None:
    revoked = await authorization(community.pool, community.name, "events:write", revoked=True)
    problem(await community.client.post("/v1/events", json=EVENT, headers=revoked), 401)
    reader = await authorization(community.pool, community.name, "receipts:read")
    found = problem(await community.client.post("/v1/events", json=EVENT, headers=reader), 403)
    assert found["detail"] == "This needs 'events:write'; the key has receipts:read"
    problem(await community.client.get("/v1/members", headers=reader), 403)


async def test_a_body_over_the_limit_is_refused_by_its_length(community: Community, front_door: Parts) -> None:
    limit = front_door._settings.body_max_bytes
    for line in (b"POST /v1/events", b"PUT /v1/members/identities"):
        for length in (str(limit + 1), "9" * 18, "9" * 19):
            reader, writer = await raw(community, front_door, line, b"content-length: " + length.encode())
            answer = await asyncio.wait_for(reader.readuntil(b"}"), 5)
            writer.close()
            assert answer.startswith(b"HTTP/1.1 413 "), answer
            assert b"application/problem+json" in answer


async def raw(community: Community, front_door: Parts, line: bytes, *headers: bytes) -> tuple[Any, Any]:
    """A connection on which a request with a JSON body has begun: its reader and writer."""
    assert front_door.http is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", front_door.http.port)
    authorization = b"authorization: " + community.client.headers["authorization"].encode()
    head = [line + b" HTTP/1.1", b"host: x", b"content-type: application/json", authorization, *headers]
    writer.write(b"\r\n".join(head) + b"\r\n\r\n")
    await writer.drain()
    return reader, writer


@pytest.mark.parametrize("line", [b"POST /v1/events", b"PUT /v1/members/identities"])
@pytest.mark.parametrize("header", [b"transfer-encoding: chunked", b"content-length: 100"])
async def test_a_body_that_comes_too_slowly_is_given_up(
    community: Community, front_door: Parts, line: bytes, header: bytes
) -> None:
    reader, writer = await raw(community, front_door, line, header)
    writer.write(b"1\r\n[\r\n")
    answer = await asyncio.wait_for(reader.readuntil(b"}"), 5)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer
    assert b"A body must arrive in 1.0 s" in answer


@pytest.mark.parametrize("line", [b"POST /v1/events", b"PUT /v1/members/identities"])
async def test_a_body_without_a_length_is_refused_once_it_is_too_large(
    community: Community, front_door: Parts, line: bytes
) -> None:
    reader, writer = await raw(community, front_door, line, b"transfer-encoding: chunked")
    answer = asyncio.create_task(reader.readuntil(b"}"))
    limit = front_door._settings.body_max_bytes
    for _ in range(limit // 2**16 + 2):
        writer.write(b"10000\r\n" + b" " * 2**16 + b"\r\n")
        await writer.drain()
    found = await asyncio.wait_for(answer, 5)
    writer.close()
    assert found.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in found


async def test_a_client_that_goes_away_is_no_error_of_the_service(
    community: Community, front_door: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    for line in (b"POST /v1/events", b"PUT /v1/members/identities"):
        _reader, writer = await raw(community, front_door, line, b"content-length: 10")
        writer.write(b"[")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    assert (await community.client.get("/livez")).status_code == 200
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize(
    ("body", "field", "detail"),
    [
        (b"{", "", "at character 1"),
        (b"\xff", "", ""),
        (b'{"identities": []}', "/identities", "at least 1"),
        (b'{"identities": [{"channel": "forum"}]}', "/identities/0/id", "Field required"),
        (b'{"identities": [{"channel": "smoke", "id": "a"}]}', "/identities/0/channel", "Input should be"),
        (b'{"identities": [{"channel": "forum", "id": "a\\u0000"}]}', "/identities/0/id", "pattern"),
        (b'{"identities": [{"channel": "forum", "id": "\\ud800"}]}', "/identities/0/id", ""),
        (b'{"identities": [{"channel": "forum", "id": 7}]}', "/identities/0/id", "valid string"),
        (b'{"identities": [{"channel": "forum", "id": "a"}], "name": ""}', "/name", "at least 1"),
        (b'{"identities": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "", ""),
        (b"7", "body", ""),
        (b"", "body", "Field required"),
    ],
)
async def test_an_invalid_declaration_is_refused_at_its_place(
    community: Community, body: bytes, field: str, detail: str
) -> None:
    answer = await community.client.put("/v1/members/identities", content=body, headers={"content-type": JSON})
    assert answer.status_code in (400, 422), answer.text
    errors = problem(answer, answer.status_code).get("errors") or [{"field": "", "detail": ""}]
    assert errors[0]["field"] == field
    assert detail in errors[0]["detail"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/v1/receipts/none", 404),
        ("/v1/receipts/%00", 404),
        ("/v1/receipts/r0000000000000000000000000000-1234567", 404),
        ("/v1/members?limit=0", 422),
        ("/v1/members?limit=501", 422),
        ("/v1/members?limit=many", 422),
        ("/v1/members?after=garbage", 422),
        ("/v1/members?after=WyJhIl0", 422),  # ["a"], no UUID
        ("/v1/members?after=WzFd", 422),  # [1]
        ("/v1/members?after=WyJcdTAwMDAiXQ", 422),  # a NUL
        ("/v1/receipts/r0000000000000000000000000000-1?after=WzEwOTk1MTE2Mjc3NzZd", 422),  # 2**40
    ],
)
async def test_paths_and_parameters_that_are_wrong(community: Community, path: str, status: int) -> None:
    found = problem(await community.client.get(path), status)
    assert status == 404 or found["errors"] or "cannot be stored" in found["detail"]


async def test_another_method_is_told_which_there_is(community: Community) -> None:
    answer = await community.client.get("/v1/events")
    assert problem(answer, 405)["detail"] == "It takes POST"
    problem(await community.client.delete("/v1/members"), 405)


async def test_the_route_of_every_event_is_measured_by_its_name(community: Community) -> None:
    await community.post(event(1))
    text = (await community.client.get("/metrics")).text
    line = 'plaudit_http_requests_total{method="POST",route="/v1/events",status="202"}'
    assert line in text
    assert "post-1" not in text


async def test_many_and_large_headers(community: Community) -> None:
    many = {f"x-{number}": "y" * 100 for number in range(500)}
    assert (await community.client.post("/v1/events", json=EVENT, headers=many)).status_code == 202
