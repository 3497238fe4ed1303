"""Ingest, restored from a backup: its webhooks are there, lose nothing, and what comes twice is known by id."""

import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from services.ingest.main import SPEC
from services.ingest.settings import Settings
from shared.service import ServiceSpec
from shared.webhooks import domain, noting
from tests.integration.services.backups import backup, restore
from tests.integration.services.ingest.conftest import SCOPES, Community, event
from tests.integration.services.process import running
from tests.integration.services.world import authorization
from tests.receiver import Received, receiving
from tests.waiting import until

pytestmark = pytest.mark.stack

ACCEPTED = "engagement.accepted.v1"


@asynccontextmanager
async def desk(
    settings: Settings, name: str, headers: dict[str, str], spec: ServiceSpec = SPEC
) -> AsyncIterator[Community]:
    """Ingest as a process, ready, and the community in it."""
    base = f"http://127.0.0.1:{settings.http_port}"
    async with running(spec, settings) as parts, httpx.AsyncClient(base_url=base, timeout=60) as client:

        async def is_ready() -> bool:
            return (await client.get("/readyz")).status_code == 200

        await until(is_ready)
        client.headers.update(
            headers or await authorization(parts.pool, name, *SCOPES, "webhooks:write", "webhooks:read")
        )
        headers.update({"authorization": client.headers["authorization"]})
        yield Community(name, client, parts)


async def test_none_is_lost_and_what_is_doubled_is_known_by_its_id(
    stack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noting, "BELIEVED_SECONDS", 0.0)
    monkeypatch.setattr(domain, "REST_FIRST_SECONDS", 0.01)
    monkeypatch.setattr(domain, "PAUSES_SECONDS", (0.02,) * 7)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = Settings(**stack.settings("ingest") | {"http_port": port})
    name, headers = f"c{uuid4().hex[:12]}", dict[str, str]()
    async with receiving() as receiver:

        def ids(path: str) -> dict[str, set[str]]:
            """By the event that was told, under which ids it came."""
            found: dict[str, set[str]] = {}
            for one in receiver.of(path):
                found.setdefault(orjson.loads(one.body)["id"], set()).add(one.headers["webhook-id"])
            return found

        async def came(path: str, *numbers: int) -> None:
            async def all_of_them() -> bool:
                return set(ids(path)) >= {f"post-{number}" for number in numbers}

            await until(all_of_them)

        async def add(place: Community, endpoint: str) -> None:
            body = {"name": endpoint, "url": receiver.url(f"/{endpoint}"), "types": [ACCEPTED]}
            answer = await place.client.post("/v1/webhook-endpoints", json=body)
            assert answer.status_code == 201, answer.text

        def refuses_the_second(one: Received) -> int:
            return 503 if orjson.loads(one.body)["id"] == "post-2" else 204

        async with desk(settings, name, headers) as place:
            await add(place, "old")
            receiver.answer = refuses_the_second
            await place.outcomes(event(1))
            await came("/old", 1)
            await place.outcomes(event(2))
            await came("/old", 2)
            saved = await backup(stack.state, "ingest", tmp_path)
            # What comes now the backup does not know: a delivery that was made, facts, and another endpoint.
            receiver.answer = lambda _: 204
            await place.outcomes(event(3))
            await came("/old", 3)
            await add(place, "new")
            await place.outcomes(event(4))
            await came("/new", 4)
            await came("/old", 4)
        before = Counter(one.headers["webhook-id"] for one in receiver.got)
        await restore(stack.state, "ingest", saved)
        async with desk(settings, name, headers) as place:

            async def both() -> Any:
                answer = await place.client.get("/v1/webhook-endpoints")
                found = {one["name"]: one["endpoint_id"] for one in answer.json()["items"]}
                return found if len(found) == 2 else None

            endpoints = await until(both)
            assert endpoints.keys() == {"old", "new"}
            # Nothing was sent by itself: whether it was made nobody knows here.
            assert Counter(one.headers["webhook-id"] for one in receiver.got) == before
            await place.outcomes(event(5))
            await came("/old", 5)
            await came("/new", 5)
            replayed = {}
            for endpoint, endpoint_id in endpoints.items():
                wanted = {"endpoint_id": endpoint_id, "states": ["failed", "held"]}
                answer = await place.client.post("/v1/webhook-deliveries/replay", json=wanted)
                assert answer.status_code == 202, answer.text
                replayed[endpoint] = answer.json()["deliveries"]
            # Of an endpoint that the backup does not know nothing of that time is held: docs/webhooks.md says so.
            assert replayed == {"old": 3, "new": 0}
            await came("/old", 1, 2, 3, 4, 5)
            await came("/new", 4, 5)

            async def nothing_is_held() -> bool:
                answer = await place.client.get("/v1/webhook-deliveries")
                return {one["state"] for one in answer.json()["items"]} == {"delivered"}

            await until(nothing_is_held)
        # Whatever came more than once came under one id.
        assert all(len(found) == 1 for path in ("/old", "/new") for found in ids(path).values())
        after = Counter(orjson.loads(one.body)["id"] for one in receiver.of("/old"))
        assert [after[f"post-{number}"] for number in (1, 3, 4, 5)] == [1, 2, 2, 1]
