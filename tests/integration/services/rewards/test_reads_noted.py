"""Who reads a member's data is noted beside the request, once an hour, and told; what shows nothing is not."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from services.rewards.main import SPEC
from services.rewards.settings import Settings
from shared.contracts.facts import AUDIT_FACT
from shared.service import Parts
from shared.topics import AUDIT
from tests.integration.services.process import read, running
from tests.integration.services.world import add_person, authorization
from tests.waiting import until

pytestmark = pytest.mark.stack


@pytest.fixture
async def service(stack: Any) -> AsyncIterator[Parts]:
    async with running(SPEC, Settings(**stack.settings("rewards"))) as parts:
        yield parts


async def reads(pool: asyncpg.Pool, community: str) -> list[tuple[str, str | None]]:
    rows = await pool.fetch(
        "select command, member_id::text from audit_entries where community = $1 and kind = 'read' order by 1, 2",
        community,
    )
    return [(row["command"], row["member_id"]) for row in rows]


async def test_reads_are_noted_once_an_hour_and_told(stack: Any, world: Any, service: Parts) -> None:
    await world.publish()
    await world.join("ada", "bob")
    ada, bob = world.uuid("ada"), world.uuid("bob")
    grace = await add_person(world.pool, world.community)
    keys = [
        await authorization(world.pool, world.community, "rewards:read", "payouts:read", person_id=grace)
        for _ in range(2)
    ]
    url = f"http://127.0.0.1:{service.http.port}"
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        for _ in range(3):
            for key in keys:
                assert (await client.get(f"/v1/members/{ada}/balance", headers=key)).status_code == 200
        headers = {"headers": keys[0]}
        assert (await client.get(f"/v1/members/{bob.upper()}/balance", **headers)).status_code == 200
        assert (await client.get("/v1/payouts", params={"member": ada}, **headers)).status_code == 200
        assert (await client.get("/v1/payouts", **headers)).status_code == 200
        # Nothing was shown.
        assert (await client.get(f"/v1/members/{uuid4()}/balance", **headers)).status_code == 404
        assert (await client.get("/v1/members/nobody/balance", **headers)).status_code == 422
        assert (await client.get(f"/v1/payees/{ada}", **headers)).status_code == 404
        assert (await client.get("/v1/catalogue", **headers)).status_code == 200
        expected = [
            ("GET /v1/members/{member_id}/balance", ada),
            ("GET /v1/members/{member_id}/balance", bob),
            ("GET /v1/payouts", ada),
            ("GET /v1/payouts", None),
        ]

        async def stored() -> bool:
            return len(await reads(world.pool, world.community)) >= len(expected)

        await until(stored)

    found = await reads(world.pool, world.community)
    assert sorted(found, key=str) == sorted(expected, key=str)
    told = [AUDIT_FACT.validate_json(one.value) for one in await read(stack.state, AUDIT, world.community, 4)]
    assert {one["type"] for one in told} == {"personal_data.read.v1"}
    assert {one["data"]["person_id"] for one in told} == {grace}
    assert sorted(((one["data"]["operation"], one["data"].get("member_id")) for one in told), key=str) == sorted(
        expected, key=str
    )


async def test_what_was_read_last_is_stored_when_the_service_stops(stack: Any, world: Any) -> None:
    await world.join("ada")
    key = await authorization(world.pool, world.community, "rewards:read")
    async with running(SPEC, Settings(**stack.settings("rewards"))) as parts:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{parts.http.port}", timeout=60) as client:
            answer = await client.get(f"/v1/members/{world.uuid('ada')}/balance", headers=key)
        assert answer.status_code == 200

    assert await reads(world.pool, world.community) == [
        ("GET /v1/members/{member_id}/balance", world.uuid("ada")),
    ]


async def test_another_process_of_the_hour_stores_the_same_read_no_second_time(stack: Any, world: Any) -> None:
    await world.join("ada")
    key = await authorization(world.pool, world.community, "rewards:read")
    for _ in range(2):
        async with (
            running(SPEC, Settings(**stack.settings("rewards"))) as parts,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{parts.http.port}", timeout=60) as client,
        ):
            assert (await client.get(f"/v1/members/{world.uuid('ada')}/balance", headers=key)).status_code == 200

    hours = await world.pool.fetch(
        "select distinct date_trunc('hour', at) from audit_entries where community = $1", world.community
    )
    assert len(await reads(world.pool, world.community)) == len(hours) > 0
