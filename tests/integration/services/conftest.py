"""A service on a real database: its handlers in transactions, its API in this process.

The conftest.py of each service says which: by the fixtures `spec`, `scopes` and `world`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from shared.access_keys import KeyRing
from shared.http import Connected
from shared.postgres import copy, create_pool
from shared.service import ServiceSpec, describe
from tests.integration.services.world import World, authorization


@pytest.fixture(params=[1, copy.COPY_MIN_COUNT], ids=["copied", "inserted"])
def new_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a test of a few rows as if they were many, and as the few that they are: see copy_new."""
    monkeypatch.setattr(copy, "COPY_MIN_COUNT", request.param)


@pytest.fixture
async def pool(stack: Any, spec: ServiceSpec) -> AsyncIterator[asyncpg.Pool]:
    made = await create_pool(spec.name, spec.settings(**stack.settings(spec.name)))
    yield made
    await made.close()


async def _nothing_to_send(_: Sequence[tuple[str, bytes, bytes]]) -> None:
    raise AssertionError("only ingest's front door sends records itself, and that is tested as a whole process")


async def _always_ready() -> list[str]:
    return []


def application(spec: ServiceSpec, world: World) -> FastAPI:
    """The service's API on the world's database."""
    app = describe(spec, world.settings)
    app.state.connected = Connected(
        settings=world.settings,
        pool=world.pool,
        keys=KeyRing(world.pool, world.settings),
        begin=world.begin,
        send=_nothing_to_send,
        not_ready=_always_ready,
        told=world.told,
    )
    return app


@pytest.fixture
async def clients(
    spec: ServiceSpec, scopes: Sequence[str], world: World
) -> AsyncIterator[Callable[..., Awaitable[httpx.AsyncClient]]]:
    """Makes clients of the API, each of a person of its own unless one is named, with a key of its own.

    The key has all `scopes` where none are named, and the person every role.
    """
    app = application(spec, world)
    async with AsyncExitStack() as made:

        async def client(*wanted: str, person_id: str | None = None) -> httpx.AsyncClient:
            opened = httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url=f"http://{spec.name}",
                headers=await authorization(world.pool, world.community, *(wanted or scopes), person_id=person_id),
            )
            return await made.enter_async_context(opened)

        yield client


@pytest.fixture
async def api(clients: Callable[..., Awaitable[httpx.AsyncClient]]) -> httpx.AsyncClient:
    return await clients()
