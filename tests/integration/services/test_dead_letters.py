"""Dead letters and the pipeline by a service's API: whose they are, and what is decided about them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from services.recognition.main import SPEC
from shared.access_keys import INSTALLATION
from shared.pipeline.domain import RECENT_COUNT
from shared.pipeline.store import put_report
from shared.service import ServiceSpec
from tests.integration.services.commands import Desk, dead_letter
from tests.integration.services.world import World, add_person, authorization

pytestmark = pytest.mark.stack


@pytest.fixture
def spec() -> ServiceSpec:
    return SPEC


@pytest.fixture
def world(pool: asyncpg.Pool, spec: ServiceSpec) -> World:
    return World(pool, spec)


@pytest.fixture
def scopes() -> tuple[str, ...]:
    return ("operations:read", "operations:write")


async def as_of(api: httpx.AsyncClient, world: World, community: str, role: str) -> dict[str, str]:
    person = await add_person(world.pool, community, role)
    return await authorization(world.pool, community, "operations:read", "operations:write", person_id=person)


async def test_a_dead_letter_is_its_communitys_and_the_installations(api: httpx.AsyncClient, world: World) -> None:
    path = await dead_letter(Desk(world, api, api))
    (listed,) = (await api.get("/v1/dead-letters")).json()["items"]
    shown = (await api.get(path)).json()
    assert path.endswith(listed["letter_id"])
    assert (listed["state"], listed["tries"], listed["bytes"]) == ("waiting", 0, 2)
    assert (shown["key"], shown["value"], shown["value_base64"]) == (f"{world.community}|x", "{}", "e30=")

    stranger = await as_of(api, world, f"{world.community}b", "operator")
    assert (await api.get("/v1/dead-letters", headers=stranger)).json()["items"] == []
    for answer in (
        await api.get(path, headers=stranger),
        await api.post(f"{path}/replay", headers=stranger),
        await api.post(f"{path}/discard", json={"reason": "x"}, headers=stranger),
        await api.get(f"/v1/dead-letters/{uuid4()}"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:plaudit:problem:unknown-dead-letter")
    root = await as_of(api, world, INSTALLATION, "operator")
    assert (await api.get(path, headers=root)).json()["letter_id"] == listed["letter_id"]
    # An administrator may look, and decides nothing.
    administrator = await as_of(api, world, world.community, "administrator")
    assert (await api.get(path, headers=administrator)).status_code == 200
    assert (await api.post(f"{path}/replay", headers=administrator)).status_code == 403


async def test_a_decision_is_made_once(api: httpx.AsyncClient, world: World) -> None:
    first, second = [await dead_letter(Desk(world, api, api)) for _ in range(2)]
    asked = await api.post(f"{first}/replay")
    assert (asked.status_code, asked.json()["state"]) == (202, "asked")
    for reason in ("", "   ", "a\x00b", "x" * 301):
        assert (await api.post(f"{second}/discard", json={"reason": reason})).status_code == 422
    done = (await api.post(f"{second}/discard", json={"reason": " corrected by hand "})).json()
    assert (done["state"], done["note"]) == ("discarded", "corrected by hand")
    for path in (first, second):
        again = await api.post(f"{path}/replay")
        assert (again.status_code, again.json()["type"]) == (409, "urn:plaudit:problem:dead-letter-settled")
    waiting = (await api.get("/v1/dead-letters", params={"state": "waiting"})).json()["items"]
    assert waiting == []
    newest = (await api.get("/v1/dead-letters", params={"limit": 1})).json()
    rest = (await api.get("/v1/dead-letters", params={"limit": 1, "after": newest["next"]})).json()
    assert {one["items"][0]["state"] for one in (newest, rest)} == {"asked", "discarded"}


async def test_the_pipeline_is_what_the_workers_that_are_there_say(api: httpx.AsyncClient, world: World) -> None:
    now = datetime.now(UTC)
    await world.pool.execute("delete from worker_reports")
    report: Any = {
        "topics": {"points.awarded.v1": {"per_second": 2.5, "lag": 4, "oldest_seconds": 1.5}},
        "recent": [1.0, 2.5],
        "ages": {"grant": [0, 0, 0, 0, 10, *([0] * 13)]},
        "outbox_pending": 3,
    }
    async with world.pool.acquire() as conn:
        for seconds in (0, 60):
            at = now - timedelta(seconds=seconds)
            await put_report(conn, worker_id=str(uuid4()), started_at=at, report=report, now=at)
    await dead_letter(Desk(world, api, api))

    said = (await api.get("/v1/pipeline")).json()

    assert (said["workers"], said["fenced"], said["outbox_pending"]) == (1, None, 3)
    assert said["topics"] == [{"topic": "points.awarded.v1", "per_second": 2.5, "lag": 4, "oldest_seconds": 1.5}]
    assert said["recent"][-2:] == [1.0, 2.5]
    assert len(said["recent"]) == RECENT_COUNT
    (age,) = said["ages"]
    assert (age["stage"], age["count"]) == ("grant", 10)
    assert 0.1 < age["median_seconds"] < age["p99_seconds"] <= 0.25
    assert said["dead_letters"]["count"] == 1
