"""What a service keeps of people and keys, whatever comes again, late, or from a backup of yesterday."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.recognition.main import SPEC
from shared.access_keys import KeyRing, Principal, Refusal, find_person, hash_secret
from shared.access_keys.follower import on_access_keys, on_people
from shared.service import ServiceSpec
from tests.integration.services.world import World, person_fact

pytestmark = pytest.mark.stack

SECRET = "plk_of_the_test"


@pytest.fixture
def spec() -> ServiceSpec:
    return SPEC


@pytest.fixture
def world(pool: asyncpg.Pool) -> World:
    made = World(pool, SPEC)
    made.configure(key_cache_seconds=0.000_001, unknown_key_cache_seconds=0.000_001)
    return made


@pytest.fixture
def secret(world: World) -> str:
    return f"{SECRET}_{world.community}"


def key_fact(world: World, secret: str, **data: Any) -> Any:
    said = {
        "key_id": "k1",
        "person_id": world.uuid("grace"),
        "name": "mine",
        "secret_sha256": hash_secret(secret),
        "scopes": ["recognition:read", "points:read"],
        "expires_at": None,
        "revoked": False,
    }
    return world.fact("access_key.changed.v1", "k1", said | data)


async def who(world: World, secret: str) -> Principal | Refusal:
    return await KeyRing(world.pool, world.settings).principal(secret)


async def test_a_disabled_person_stays_so_when_the_facts_of_yesterday_come_again(
    world: World, secret: str
) -> None:
    grace = world.uuid("grace")
    here = [person_fact(world.community, grace, "manager", revision=number) for number in (1, 2)]
    disabled = person_fact(world.community, grace, "manager", revision=3, disabled=True)
    await world.handle(on_access_keys, key_fact(world, secret))
    assert await who(world, secret) is Refusal.UNKNOWN_KEY  # nobody has told yet whose it is
    await world.handle(on_people, *here)
    assert isinstance(await who(world, secret), Principal)

    await world.handle(on_people, disabled)
    # Ingest's database of yesterday: it tells all anew, and makes a change that has a number of yesterday.
    yesterdays = person_fact(world.community, grace, "manager", "finance_approver", revision=3)
    await world.handle(on_people, *here, yesterdays)

    assert await who(world, secret) is Refusal.DISABLED_PERSON
    await world.handle(on_people, person_fact(world.community, grace, "moderator", revision=4))
    again = await who(world, secret)
    assert isinstance(again, Principal)
    assert (again.person_id, again.roles) == (grace, {"moderator"})


async def test_who_is_disabled_in_one_community_is_so_in_all(world: World, secret: str) -> None:
    grace, other = world.uuid("grace"), f"{world.community}b"
    await world.handle(on_access_keys, key_fact(world, secret))
    await world.handle(on_people, person_fact(world.community, grace, "manager"))
    await world.handle(on_people, person_fact(other, grace, "manager", revision=2, disabled=True))

    assert await who(world, secret) is Refusal.DISABLED_PERSON
    async with world.begin() as tx:
        found = await find_person(tx.conn, community=world.community, person_id=grace)
        assert found is not None
        assert found.disabled
        assert await find_person(tx.conn, community=world.community, person_id=str(uuid4())) is None


async def test_a_key_only_ever_gets_less(world: World, secret: str) -> None:
    await world.handle(on_people, person_fact(world.community, world.uuid("grace"), "moderator"))
    soon = datetime.now(UTC) + timedelta(hours=1)
    past = datetime.now(UTC) - timedelta(seconds=1)
    await world.handle(on_access_keys, key_fact(world, secret, expires_at=soon))
    assert isinstance(await who(world, secret), Principal)
    await world.handle(on_access_keys, key_fact(world, secret, expires_at=past))
    for later in (None, soon):
        await world.handle(on_access_keys, key_fact(world, secret, expires_at=later))
        assert await who(world, secret) is Refusal.EXPIRED_KEY
    await world.handle(on_access_keys, key_fact(world, secret, revoked=True))
    await world.handle(on_access_keys, key_fact(world, secret))
    # Nor does it become anybody else's.
    await world.handle(on_access_keys, key_fact(world, secret, person_id=world.uuid("mallory")))
    row = await world.pool.fetchrow("select * from access_keys where community = $1", world.community)
    assert row is not None
    assert (row["revoked"], str(row["person_id"])) == (True, world.uuid("grace"))
    assert await who(world, secret) is Refusal.UNKNOWN_KEY


async def test_a_key_of_before_opens_nothing_until_it_is_told_whose_it_is(world: World, secret: str) -> None:
    of_before = key_fact(world, secret)
    del of_before["data"]["person_id"], of_before["data"]["expires_at"]
    await world.handle(on_people, person_fact(world.community, world.uuid("grace"), "moderator"))
    await world.handle(on_access_keys, of_before)
    assert await who(world, secret) is Refusal.UNKNOWN_KEY

    await world.handle(on_access_keys, key_fact(world, secret))
    found = await who(world, secret)
    assert isinstance(found, Principal)
    assert found.scopes == {"recognition:read", "points:read"}
