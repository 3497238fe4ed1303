"""What a request may say: what its operation declares, once; with the name that was meant where one is near."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from shared.followed_members import find_owner
from shared.http import Problem, RequestBody
from shared.http.app import Api, create_app
from shared.http.bodies import LOCATED_MAX_BYTES, UNKNOWN_MAX_COUNT
from shared.http.problem_types import MISSING_ACCESS_KEY
from shared.settings import ServiceSettings

UNKNOWN_FIELD = "urn:plaudit:problem:unknown-field"
INVALID_REQUEST = "urn:plaudit:problem:invalid-request"

router = APIRouter()


class Identity(RequestBody):
    """Within a body."""

    channel: str
    id: str


class Named(RequestBody):
    """A body with others in it."""

    payout_ids: list[str] = Field([])
    identities: list[Identity] = Field([], max_length=3)
    named_by: Identity | None = None


async def _caller() -> None:
    raise Problem(MISSING_ACCESS_KEY)


async def _span(from_: Annotated[str, Query(alias="from")] = "", to: str = "") -> str:
    return f"{from_}-{to}"


@router.get("/v1/list")
async def get_list(
    span: Annotated[str, Depends(_span)], dry_run: bool = False, tag: Annotated[list[str] | None, Query()] = None
) -> str:
    """Echo the parameters, of which `tag` takes several values."""
    return f"{span} {dry_run} {tag}"


@router.post("/v1/command")
async def post_command(body: Named) -> Named:
    """Echo the body."""
    return body


@router.post("/v1/optional")
async def post_optional(body: Named | None = None) -> Named | None:
    """Echo the body, if there is one."""
    return body


@router.post("/v1/bare")
async def post_bare() -> str:
    """Take nothing."""
    return "done"


@router.post("/v1/text", openapi_extra={"requestBody": {"content": {"text/plain": {}}}})
async def post_text(request: Request) -> str:
    """Echo a body that the route reads itself."""
    return (await request.body()).decode()


@router.post("/v1/locked")
async def post_locked(caller: Annotated[None, Depends(_caller)], body: Named) -> None:
    """Let nobody in."""


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Api("test", "A test.", [router], {}, find_owner, {}, {}), ServiceSettings())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


def refused(answer: httpx.Response, kind: str) -> dict[str, str]:
    """What is wrong, by field."""
    assert answer.status_code == 422, answer.text
    found = answer.json()
    assert found["type"] == kind
    return {error["field"]: error["detail"] for error in found["errors"]}


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("dryrun=true", "dryrun", "did you mean `dry_run`?"),
        ("dry-run=true", "dry-run", "did you mean `dry_run`?"),
        ("DRY_RUN=true", "DRY_RUN", "did you mean `dry_run`?"),
        ("dry_run", None, ""),
        ("form=1", "form", "did you mean `from`?"),
        ("from_=1", "from_", "did you mean `from`?"),
        ("tags=a", "tags", "did you mean `tag`?"),
        ("period=week", "period", "known are dry_run, tag, from, to"),
        ("span=1", "span", "known are dry_run, tag, from, to"),
        ("from=1&at", "at", "known are dry_run, tag, from, to"),
        ("=1", "", "known are"),
        ("%66orm=1", "form", "did you mean `from`?"),
        ("to%00=1", "to\ufffd", "did you mean `to`?"),
        ("%ff=1", "\ufffd", "known are"),
        ("t%E2%80%AEo%1B[1m=1", "t\ufffdo\ufffd[1m", "known are"),
    ],
)
async def test_a_parameter_that_is_not_declared(
    http: httpx.AsyncClient, query: str, field: str | None, said: str
) -> None:
    answer = await http.get(f"/v1/list?{query}")
    if field is None:
        assert refused(answer, INVALID_REQUEST)  # there is such a parameter, and its value is no truth value
        return
    (found,) = refused(answer, UNKNOWN_FIELD).items()
    assert found[0] == field
    assert found[1].endswith(said) or said in found[1]


async def test_what_is_declared_is_taken(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/list?from=a&to=b&dry_run=true&tag=x&tag=y")
    assert answer.json() == "a-b True ['x', 'y']"
    assert (await http.get("/v1/list?")).status_code == 200


async def test_a_parameter_of_one_value_is_given_once(http: httpx.AsyncClient) -> None:
    found = refused(await http.get("/v1/list?from=a&from=a&dry_run=1&dry_run=1&tag=x&tag=x"), INVALID_REQUEST)
    assert found == dict.fromkeys(("from", "dry_run"), "It takes one value; give it once")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/v1/key"])
async def test_every_services_own_operations_are_no_exception(http: httpx.AsyncClient, path: str) -> None:
    assert refused(await http.get(f"{path}?x=1"), UNKNOWN_FIELD) == {
        "x": "There is no parameter `x` here; it takes none"
    }


@pytest.mark.parametrize("path", ["/v1/command", "/v1/optional"])
@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"payout_id": ["a"]}, "/payout_id", "did you mean `payout_ids`?"),
        ({"payoutIds": ["a"]}, "/payoutIds", "did you mean `payout_ids`?"),
        ({"quantity": 3}, "/quantity", "known are payout_ids, identities, named_by"),
        (
            {"identities": [{"channel": "c", "id": "i"}, {"channel": "c", "id": "i", "chanel": "c"}]},
            "/identities/1/chanel",
            "did you mean `channel`?",
        ),
        ({"named_by": {"channel": "c", "id": "i", "handle": "h"}}, "/named_by/handle", "known are channel, id"),
        ({"a/b~c": 1}, "/a~1b~0c", "known are"),
    ],
)
async def test_a_field_that_is_not_known(
    http: httpx.AsyncClient, path: str, body: Any, field: str, said: str
) -> None:
    (found,) = refused(await http.post(path, json=body), UNKNOWN_FIELD).items()
    assert found[0] == field
    assert said in found[1]


async def test_all_that_is_wrong_with_a_body_is_said_at_once(http: httpx.AsyncClient) -> None:
    body = {"payout_id": [], "identities": [{"chanel": "c", "id": 7}]}
    found = refused(await http.post("/v1/command", json=body), UNKNOWN_FIELD)
    assert list(found) == ["/identities/0/channel", "/identities/0/id", "/identities/0/chanel", "/payout_id"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b'{"payout_ids": ["a"], "payout_ids": []}', ["/payout_ids"]),
        (b'{"payout_ids": ["a"], "payout\\u005fids": []}', ["/payout_ids"]),
        (b'{"identities": [{"id": "a", "channel": "c", "id": "b"}]}', ["/identities/0/id"]),
        (b'{"x": [[{"y": {"z": 1, "z": 2}}]], "x": 1}', ["/x", "/x/0/0/y/z"]),
        (b'{"x": 1,' + b" " * LOCATED_MAX_BYTES + b'"x": 1}', [""]),
    ],
    ids=["list", "written otherwise", "within", "two", "large"],
)
async def test_a_field_is_given_once(http: httpx.AsyncClient, body: bytes, fields: list[str]) -> None:
    answer = await http.post("/v1/command", content=body, headers={"content-type": "application/json"})
    assert refused(answer, INVALID_REQUEST) == dict.fromkeys(fields, "It is given twice; give it once")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b'{"payout_ids": ["a"], "all": true}', ["/payout_ids", "/all"]),
        (b"[1]", ["body"]),
        (b"null", ["body"]),
        (b"payout_ids=a", ["body"]),
        (b"\xff", ["body"]),
        (b"[" * 100_000, ["body"]),
    ],
    ids=["object", "list", "null", "form", "bytes", "deep"],
)
async def test_an_operation_that_takes_no_body_refuses_one(
    http: httpx.AsyncClient, body: bytes, fields: list[str]
) -> None:
    assert list(refused(await http.post("/v1/bare", content=body), UNKNOWN_FIELD)) == fields


@pytest.mark.parametrize("body", [b"", b"{}", b" {\n} \n"])
async def test_a_body_that_says_nothing_is_none(http: httpx.AsyncClient, body: bytes) -> None:
    assert (await http.post("/v1/bare", content=body)).json() == "done"


async def test_a_body_in_pieces_is_looked_at_too(http: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"all"'
        yield b": true}"

    assert list(refused(await http.post("/v1/bare", content=pieces()), UNKNOWN_FIELD)) == ["/all"]


async def test_a_route_that_reads_its_body_itself_gets_it(http: httpx.AsyncClient) -> None:
    assert (await http.post("/v1/text", content=b'{"a": 1, "a": 2}')).json() == '{"a": 1, "a": 2}'


async def test_what_is_said_back_is_bounded(http: httpx.AsyncClient) -> None:
    long = "x" * 50_000
    assert len((await http.get(f"/v1/list?{long}=1")).content) < 1_000
    assert len((await http.post("/v1/bare", json={long: 1})).content) < 1_000
    assert len((await http.post("/v1/command", json={long: 1})).content) < 1_000
    many = "&".join(f"x{number}" for number in range(5_000))
    assert len(refused(await http.get(f"/v1/list?{many}"), UNKNOWN_FIELD)) == 100
    fields = {f"x{number}": 1 for number in range(5_000)}
    assert len(refused(await http.post("/v1/bare", json=fields), UNKNOWN_FIELD)) == 100
    count = UNKNOWN_MAX_COUNT + len(Named.model_fields)
    assert refused(await http.post("/v1/command", json=fields), INVALID_REQUEST) == {
        "body": f"It has more than {count} fields"
    }


async def test_who_may_not_call_learns_nothing_of_the_body(http: httpx.AsyncClient) -> None:
    assert (await http.post("/v1/locked", json={"x": 1})).status_code == 401


async def test_json_that_is_none_is_told_as_before(http: httpx.AsyncClient) -> None:
    for body in (b"{", b'{"a": 1, "a"', b"{" * 100_000):
        answer = await http.post("/v1/command", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400
