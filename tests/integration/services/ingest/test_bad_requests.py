"""Every request that is wrong, whatever it carries, gets a precise problem+json, and never a 500."""

import asyncio
import gzip
from typing import Any

import orjson
import pytest

from shared.service import Parts
from tests.integration.services.ingest.conftest import BATCH_TYPE, EVENT, JSON, Community, event, problem

pytestmark = pytest.mark.stack


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


async def test_a_body_is_taken_compressed_with_gzip(community: Community) -> None:
    headers = {"content-type": JSON, "content-encoding": "gzip"}
    answer = await community.client.post("/v1/events", content=gzip.compress(orjson.dumps(EVENT)), headers=headers)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    identities = {"identities": [{"channel": "forum", "id": "zipped"}]}
    named = await community.client.put(
        "/v1/members/identities", content=gzip.compress(orjson.dumps(identities)), headers=headers
    )
    assert named.status_code == 200, named.text


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
async def test_another_content_encoding_is_refused(community: Community, encoding: str) -> None:
    headers = {"content-type": JSON, "content-encoding": encoding}
    found = problem(await community.client.post("/v1/events", content=b"{}", headers=headers), 415)
    assert found["detail"] == "Send the body uncompressed, or with gzip"


WHOLE = gzip.compress(orjson.dumps(EVENT))


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"{}", 400, "The body is not gzip"),
        (b"", 400, "The compressed body ends before it is whole"),
        (WHOLE[:-9], 400, "The compressed body ends before it is whole"),
        (WHOLE[:-8] + bytes(8), 400, "The body is not gzip"),
        (WHOLE + WHOLE, 400, "Something follows the compressed body: send it as one gzip member"),
        (gzip.compress(bytes(400_000_000), 1), 413, "A body may have 5242880 bytes; send smaller batches"),
    ],
    ids=["plain", "empty", "cut off", "wrong sum", "two members", "a bomb"],
)
async def test_a_compressed_body_is_held_to_what_it_says(
    community: Community, body: bytes, status: int, detail: str
) -> None:
    headers = {"content-type": JSON, "content-encoding": "gzip"}
    for method, path in (("POST", "/v1/events"), ("PUT", "/v1/members/identities")):
        answer = await community.client.request(method, path, content=body, headers=headers)
        assert problem(answer, status)["detail"] == detail


async def test_a_body_over_the_limit_is_refused_by_its_length(community: Community, front_door: Parts) -> None:
    limit = front_door.connected.settings.body_max_bytes
    for line in (b"POST /v1/events", b"PUT /v1/members/identities"):
        for length in (str(limit + 1), "9" * 18, "9" * 19):
            reader, writer = await raw(community, front_door, line, b"content-length: " + length.encode())
            answer = await asyncio.wait_for(reader.readuntil(b"}"), 60)
            writer.close()
            assert answer.startswith(b"HTTP/1.1 413 "), answer
            assert b"application/problem+json" in answer


async def raw(community: Community, front_door: Parts, line: bytes, *headers: bytes) -> tuple[Any, Any]:
    """A connection on which a request with a JSON body has begun: its reader and writer."""
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
    answer = await asyncio.wait_for(reader.readuntil(b"}"), 60)
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
    limit = front_door.connected.settings.body_max_bytes
    for _ in range(limit // 2**16 + 2):
        writer.write(b"10000\r\n" + b" " * 2**16 + b"\r\n")
        await writer.drain()
    found = await asyncio.wait_for(answer, 60)
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
        (b'{"identities": [{"channel": "smoke", "id": "a"}]}', "/identities/0/channel", "There is no channel"),
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
