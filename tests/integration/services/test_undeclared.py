"""What an operation does not declare is refused, and nothing happens: of every operation of every service."""

import importlib
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

import asyncpg
import httpx
import pytest

from services.scoring.programmes.api.models import JSON_EXAMPLE
from shared.access_keys import SCOPES
from shared.service import ServiceSpec
from shared.services import SERVICES
from tests.contract.test_openapi import examples_of
from tests.integration.services.world import World
from tools.schemas import openapi_document

#: The same in every process that collects these tests.
NOBODY = "0e6c1f0a-6d3f-5b0e-9a51-6f5c1d2e3f40"

pytestmark = pytest.mark.stack

UNDECLARED = "not_declared"
UNKNOWN_FIELD = "urn:plaudit:problem:unknown-field"
#: What a programme has in it is answered by the reader of programmes, with line and column.
INVALID_PROGRAMME = "urn:plaudit:problem:invalid-programme"
#: What stands in paths; anything else there is a UUID.
PATH_VALUES = {"community": "acme", "version": "1", "key_id": "k", "receipt_id": "r", "language": "en"}
PATH_VALUES |= {
    "provider": "sandbox",
    "month": "2026-10",
    "year": "2026",
    "key_name": "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
}
FORM, XML, CSV = "application/x-www-form-urlencoded", "application/xml", "text/csv"
NO_VALID_EVENT = "urn:plaudit:problem:no-valid-event"


class Operation(NamedTuple):
    """An operation as OpenAPI has it, with a request that it would take."""

    name: str
    method: str
    path: str
    parameters: Sequence[str]
    media_type: str | None
    body: Any

    async def ask(self, api: httpx.AsyncClient, **more: Any) -> httpx.Response:
        """The answer to its request, but for what is given."""
        headers = {"Idempotency-Key": uuid4().hex}
        request: dict[str, Any] = {"headers": headers} | ({} if self.body is None else {"json": self.body}) | more
        if self.media_type is not None:
            headers["Content-Type"] = self.media_type
        return await api.request(self.method, self.path, **request)


def operations(service: str) -> Iterator[Operation]:
    for path, methods in openapi_document(service)["paths"].items():
        filled = re.sub(r"{(\w+)}", lambda found: PATH_VALUES.get(found[1], str(uuid4())), path)
        for method, operation in methods.items():
            parameters = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
            media = operation.get("requestBody", {}).get("content", {})
            # A form is what mail programs send whoever clicks, XML what banks answer, CSV what somebody brings:
            # they have no fields of ours.
            media_type = next((one for one in ("application/json", FORM, XML, CSV) if one in media), None)
            assert media_type or not media
            is_json = media_type == "application/json"
            body = next(examples_of(service, media["application/json"])) if is_json else None
            yield Operation(f"{method.upper()} {path}", method.upper(), filled, parameters, media_type, body)


#: The services that have operations with a body.
WITH_BODIES = [service for service in SERVICES if any(one.body is not None for one in operations(service))]


@pytest.fixture(params=SERVICES)
def spec(request: pytest.FixtureRequest) -> ServiceSpec:
    made: ServiceSpec = importlib.import_module(f"services.{request.param}.main").SPEC
    return made


@pytest.fixture
def scopes() -> Sequence[str]:
    return SCOPES


@pytest.fixture
def world(pool: asyncpg.Pool, spec: ServiceSpec) -> World:
    return World(pool, spec)


#: What may be given more than once, for what is asked of several at once.
SEVERAL_TIMES = {f"GET /v1/members/{{member_id}}/offered-rewards {name}" for name in ("reward_id", "tag")}
#: What the door refuses is counted, and kept to be mended.
REFUSALS = ("outcome_hours", "refused_events")


async def rows(pool: asyncpg.Pool) -> dict[str, int]:
    """How many rows each table of the service has, its outbox among them."""
    tables = await pool.fetch("select tablename from pg_tables where schemaname = 'public'")
    return {
        row["tablename"]: await pool.fetchval(f"select count(*) from {row['tablename']}")
        for row in tables
        if row["tablename"] not in REFUSALS
    }


def problem(answer: httpx.Response) -> tuple[int, str, list[str]]:
    """The status, type and fields of a problem; of another answer its status alone."""
    if answer.headers.get("content-type") != "application/problem+json":
        return answer.status_code, "", []
    found = answer.json()
    return answer.status_code, found["type"], list(dict.fromkeys(error["field"] for error in found["errors"]))


async def test_a_parameter_that_is_not_declared_is_refused(api: Any, pool: Any, spec: ServiceSpec) -> None:
    before, found = await rows(pool), {}
    for operation in operations(spec.name):
        found[operation.name] = problem(await operation.ask(api, params={UNDECLARED: "1"}))

    assert found == dict.fromkeys(found, (422, UNKNOWN_FIELD, [UNDECLARED]))
    assert len(found) >= 6
    assert await rows(pool) == before


async def test_a_parameter_that_is_declared_is_taken_once(api: Any, pool: Any, spec: ServiceSpec) -> None:
    before, found, expected = await rows(pool), {}, {}
    for operation in operations(spec.name):
        for name in operation.parameters:
            twice = f"{operation.name} {name}"
            found[twice] = problem(await operation.ask(api, params=[(name, "1"), (name, "2")]))
            is_several = twice in SEVERAL_TIMES
            expected[twice] = (200, "", []) if is_several else (422, "urn:plaudit:problem:invalid-request", [name])

    assert found == expected
    assert len(found) >= 2
    assert await rows(pool) == before


@pytest.mark.parametrize("spec", WITH_BODIES, indirect=True)
async def test_a_field_that_is_not_declared_is_refused(api: Any, pool: Any, spec: ServiceSpec) -> None:
    before, found, expected = await rows(pool), {}, {}
    for operation in operations(spec.name):
        if not isinstance(operation.body, dict):  # a text that is completed has no fields
            continue
        body = operation.body | {UNDECLARED: [1, 2]}
        found[operation.name] = problem(await operation.ask(api, json=body))
        kind = {"POST /v1/programmes": INVALID_PROGRAMME, "POST /v1/events": NO_VALID_EVENT}
        expected[operation.name] = (422, kind.get(operation.name, UNKNOWN_FIELD), [f"/{UNDECLARED}"])

    assert found == expected
    assert found
    assert await rows(pool) == before


async def test_an_operation_without_a_body_takes_none(api: Any, pool: Any, spec: ServiceSpec) -> None:
    before, found, expected = await rows(pool), {}, {}
    for operation in operations(spec.name):
        if operation.body is None and operation.media_type is None:
            found[operation.name] = problem(await operation.ask(api, json={UNDECLARED: "all"}))
            expected[operation.name] = (422, UNKNOWN_FIELD, [f"/{UNDECLARED}"])

    assert found == expected
    assert found
    assert await rows(pool) == before


@pytest.mark.parametrize("spec", sorted(set(WITH_BODIES) - {"scoring"}), indirect=True)
async def test_a_field_is_given_once(api: Any, pool: Any, spec: ServiceSpec) -> None:
    before, found, expected = await rows(pool), {}, {}
    for operation in operations(spec.name):
        # An event is no command, and its last one counts; the reader of programmes has its own way to say it.
        if not operation.body or not isinstance(operation.body, dict) or operation.path == "/v1/events":
            continue
        name = next(iter(operation.body))
        body = httpx.Request("POST", "http://x", json=operation.body).content
        twice = b'{"%s": null, ' % name.encode() + body[1:]
        found[operation.name] = problem(await operation.ask(api, content=twice, json=None))
        expected[operation.name] = (422, "urn:plaudit:problem:invalid-request", [f"/{name}"])

    assert found == expected
    assert found
    assert await rows(pool) == before


@pytest.mark.parametrize(
    ("spec", "operation", "body", "field", "said"),
    [
        ("scoring", "POST /v1/programmes?dryrun=true", "programme", "dryrun", "did you mean `dry_run`?"),
        ("scoring", "POST /v1/programmes?effective-from=x", "programme", "effective-from", "`effective_from`?"),
        ("recognition", "GET /v1/leaderboard?periode=week", None, "periode", "did you mean `period`?"),
        ("rewards", f"GET /v1/members/{NOBODY}/balance?on=now", None, "on", "known are at"),
        ("rewards", "GET /v1/payouts?run_id=x", None, "run_id", "did you mean `run`?"),
        (
            "rewards",
            "POST /v1/redemptions",
            {"member_id": NOBODY, "reward_id": "s", "quantity": 3},
            "/quantity",
            "",
        ),
        ("ingest", "GET /v1/members?channel=forum&handle=ada", None, "handle", "known are"),
        ("ingest", "POST /v1/events?dry_run=true", [], "dry_run", "known are wait"),
        ("ingest", "DELETE /v1/communities/acme/keys/k?key_id=j", None, "key_id", "known are even_unknown"),
    ],
    indirect=["spec"],
)
async def test_what_was_passed_over_is_named(
    api: Any, pool: Any, operation: str, body: Any, field: str, said: str
) -> None:
    before, (method, path) = await rows(pool), operation.split(" ")
    headers = {"Idempotency-Key": uuid4().hex, "Content-Type": "application/json"}

    answer = await api.request(method, path, json=JSON_EXAMPLE if body == "programme" else body, headers=headers)

    assert problem(answer) == (422, UNKNOWN_FIELD, [field])
    assert said in answer.json()["errors"][0]["detail"]
    assert await rows(pool) == before
