"""What events count as at the door follows the programmes that scoring tells."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.ingest.costs.handlers import costs_of, on_programmes
from services.ingest.main import SPEC
from services.ingest.settings import Settings
from services.ingest.shares.handlers import Believed, KnownOfCommunities
from shared.service import ServiceSpec
from tests.integration.services.world import World
from tests.waiting import until

pytestmark = pytest.mark.stack

MESSAGE = "chat.message.v1"
NOW = datetime.now(UTC)


@pytest.fixture
def spec() -> ServiceSpec:
    return SPEC


@pytest.fixture
def world(pool: asyncpg.Pool) -> World:
    return World(pool, SPEC)


def version(world: World, number: int, rules: int, effective_from: datetime) -> Any:
    document = {"rules": [{"id": f"r{one}", "on": [MESSAGE]} for one in range(rules)]}
    data = {
        "programme_id": "p",
        "version": number,
        "effective_from": effective_from,
        "published_by": "test",
        "document": document,
        "document_sha256": "0" * 64,
    }
    return world.fact("programme.published.v1", f"version {number} {uuid4()}", data)


async def cost(world: World, now: datetime | None = None) -> float:
    found = await costs_of(
        world.pool,  # type: ignore[arg-type]
        communities=[world.community],
        now=now or datetime.now(UTC),
        rule_cost=1,
    )
    return found[world.community].of([MESSAGE])


async def test_the_version_in_force_counts_and_those_to_come(world: World) -> None:
    assert await cost(world) == 1
    await world.handle(on_programmes, version(world, 1, 10, NOW - timedelta(hours=2)))
    assert await cost(world) == 10
    # One that has yet to begin counts at once if it is dearer, and not before if it is not.
    await world.handle(on_programmes, version(world, 2, 3, NOW + timedelta(hours=1)))
    assert await cost(world) == 10
    assert await cost(world, NOW + timedelta(hours=2)) == 3
    await world.handle(on_programmes, version(world, 3, 200, NOW + timedelta(hours=3)))
    assert await cost(world) == 200


async def test_versions_that_are_over_are_forgotten_whatever_comes_again(world: World) -> None:
    first, second = version(world, 1, 50, NOW - timedelta(hours=2)), version(world, 2, 2, NOW - timedelta(hours=1))
    await world.handle(on_programmes, second, first)
    await world.handle(on_programmes, first)
    kept = await world.pool.fetch("select version from programme_rules where community = $1", world.community)
    assert [row["version"] for row in kept] == [2]
    assert await cost(world) == 2


async def test_a_process_asks_again_and_keeps_what_it_knew_while_nobody_answers(world: World) -> None:
    await world.handle(on_programmes, version(world, 1, 10, NOW - timedelta(hours=2)))
    known = KnownOfCommunities(lambda settings: Believed(partial(costs_of, rule_cost=settings.rule_cost), 0.001))
    settings = Settings(rule_cost=1)

    def away() -> Any:
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        await known.of(away, community=world.community, settings=settings)
    for lend in (world.pool.acquire, away, away):
        costs = await known.of(lend, community=world.community, settings=settings)
        assert costs.of([MESSAGE]) == 10
    await world.handle(on_programmes, version(world, 2, 200, NOW - timedelta(hours=1)))

    async def heard() -> bool:
        newest = await known.of(world.pool.acquire, community=world.community, settings=settings)
        return newest.of([MESSAGE]) == 200

    await until(heard)
