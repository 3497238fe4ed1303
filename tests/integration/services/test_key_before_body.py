"""Who may not call is told so before a body is read, by every operation that asks who calls."""

import importlib
from typing import Any

import asyncpg
import pytest
from starlette.types import Message

from shared.access_keys import KeyRing
from shared.http import Connected
from shared.service import ServiceSpec, describe
from shared.services import SERVICES
from tests.integration.services.test_undeclared import operations
from tests.integration.services.test_who_may import documented
from tests.integration.services.world import World, authorization
from tools.authority import ANYBODY

pytestmark = pytest.mark.stack

MEBIBYTE = 1_048_576


@pytest.fixture(params=SERVICES)
def spec(request: pytest.FixtureRequest) -> ServiceSpec:
    made: ServiceSpec = importlib.import_module(f"services.{request.param}.main").SPEC
    return made


@pytest.fixture
def world(pool: asyncpg.Pool, spec: ServiceSpec) -> World:
    return World(pool, spec)


async def _nothing(*_: Any) -> list[str]:
    return []


@pytest.fixture
async def app(spec: ServiceSpec, world: World) -> Any:
    made = describe(spec, world.settings)
    made.state.connected = Connected(
        settings=world.settings,
        pool=world.pool,
        keys=KeyRing(world.pool, world.settings),
        begin=world.begin,
        send=_nothing,
        not_ready=_nothing,
    )
    return made


async def asked(app: Any, method: str, path: str, headers: dict[str, str]) -> tuple[int, int]:
    """The status of the answer to a request with a body of a mebibyte, and how many bytes of that were read."""
    status = read = 0

    async def receive() -> Message:
        nonlocal read
        read += MEBIBYTE
        return {"type": "http.request", "body": b"[" * MEBIBYTE, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    sent = {"content-type": "application/json", "content-length": str(MEBIBYTE), **headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    await app(scope, receive, send)
    return status, read


async def test_a_body_is_not_read_of_whom_nobody_knows_or_who_may_not(
    app: Any, spec: ServiceSpec, world: World
) -> None:
    page = documented(spec.name)
    may_nothing = {
        name.lower(): value for name, value in (await authorization(world.pool, world.community)).items()
    }
    tried = 0
    for operation in operations(spec.name):
        if page[operation.name].lets_in(ANYBODY):
            continue
        tried += 1
        for headers in ({}, {"authorization": "Bearer plk_nobodys_secret"}, {"authorization": "Basic eDp5"}):
            found = await asked(app, operation.method, operation.path, headers)
            assert found == (401, 0), (operation, headers)
        if page[operation.name].scope:
            assert await asked(app, operation.method, operation.path, may_nothing) == (403, 0), operation
    assert tried
