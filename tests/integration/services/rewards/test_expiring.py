"""Points that expire: members are written to before, once for each day, and see which do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.rewards.expiring.handlers import warn_of_expiry
from services.rewards.lots.handlers.upkeep import expire_points
from services.rewards.programmes.handlers import on_programmes
from tests.integration.services.rewards.finance import CATALOGUE

pytestmark = pytest.mark.stack

DAY_SECONDS = 86_400


@pytest.fixture
async def lasting(world: Any) -> Any:
    """Points last ten days here, and members are told three before they expire."""
    world.configure(points_lifetime_seconds=10 * DAY_SECONDS)
    document = {
        "programme": "demo",
        "rewards": {"catalogue": CATALOGUE, "expiry": {"warn_days": 3}},
    }
    await world.handle(on_programmes, world.programme_fact(1, document))
    await world.join("ada", "bob")
    now = datetime.now(UTC)
    await world.give(
        world.award("soon", "ada", 100, at=now - timedelta(days=8)),
        world.award("as soon", "ada", 20, at=now - timedelta(days=8, seconds=1)),
        world.award("later", "ada", 50, at=now - timedelta(days=2)),
        world.award("bob's", "bob", 40, at=now - timedelta(days=8)),
    )
    return world


async def warn(world: Any) -> list[tuple[str, str, str]]:
    """What members are to be written, of what nobody was asked for before."""
    async with world.begin() as tx:
        await warn_of_expiry(tx)
    world.messages.clear()
    await world.published()
    return [
        (one["member_id"], one["values"]["points"], one["request_id"])
        for one in world.messages
        if one["kind"] == "points_expire"
    ]


async def test_a_member_is_told_once_for_each_day(lasting: Any, by_hand: Any) -> None:
    told = await warn(lasting)
    assert {(member, points) for member, points, _ in told} >= {(lasting.uuid("bob"), "40")}
    assert sum(int(points) for member, points, _ in told if member == lasting.uuid("ada")) == 120
    assert await warn(lasting) == []
    # What comes later to that day is of the same message; what is of another day has one of its own.
    lasting.later = timedelta(days=6)
    assert [(member, points) for member, points, _ in await warn(lasting)] == [(lasting.uuid("ada"), "50")]
    # A database that has forgotten it asks for the same messages, which ingest knows.
    lasting.later = timedelta(0)
    await by_hand("update lots set is_warned = false where community = $1")
    assert await warn(lasting) == told


async def test_what_is_used_or_owed_is_not_warned_of(lasting: Any, api: Any) -> None:
    await lasting.give(lasting.award("taken", "bob", -40, at=datetime.now(UTC)))
    told = await warn(lasting)
    assert {member for member, _, _ in told} == {lasting.uuid("ada")}


async def test_a_member_sees_what_expires_when(lasting: Any, api: Any, all_pages: Any) -> None:
    url = f"/v1/members/{lasting.uuid('ada')}/expiring-points"
    found = await all_pages(api, url, limit=1)
    assert sum(one["points"] for one in found) == 170
    assert found == sorted(found, key=lambda one: one["expires_at"])
    assert all(one["last_day"] < one["expires_at"] for one in found)
    assert (await api.get("/v1/members/0e6c1f0a-6d3f-5b0e-9a51-6f5c1d2e3f41/expiring-points")).status_code == 404


async def test_what_is_listed_is_what_expires(lasting: Any, api: Any, all_pages: Any) -> None:
    """Some is reserved, some owed: what expires first pays that, and no more is listed than is available."""
    ada, now = lasting.uuid("ada"), datetime.now(UTC)
    await lasting.give(lasting.award("for ever", "ada", 500, at=now - timedelta(days=4)))
    # 7 of those that expire first are owed by an award that was used and taken back.
    body = {"member_id": ada, "reward_id": "sticker"}
    assert (await api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "r"})).status_code == 201
    await lasting.give(lasting.award("less", "ada", -7, "as soon", total=13))
    await lasting.give(lasting.award("below", "ada", -100, at=now))
    balance = await lasting.balance("ada")
    url = f"/v1/members/{ada}/expiring-points"
    listed = await all_pages(api, url, limit=1)
    assert listed == (await api.get(url)).json()["items"]
    assert sum(one["points"] for one in listed) == balance["available"]
    told = {(points, request_id) for member, points, request_id in await warn(lasting) if member == ada}
    assert {points for points, _ in told} <= {str(one["points"]) for one in listed}

    expired = 0
    for one in listed:
        lasting.later = datetime.fromisoformat(one["expires_at"]) - datetime.now(UTC) + timedelta(hours=1)
        async with lasting.begin() as tx:
            await expire_points(tx)
        expired += one["points"]
        assert (await lasting.balance("ada"))["expired"] == expired
    lasting.later = timedelta(0)


async def test_without_days_in_the_programme_nobody_is_told(world: Any) -> None:
    world.configure(points_lifetime_seconds=10 * DAY_SECONDS)
    await world.publish()
    await world.give(world.award("soon", "ada", 100, at=datetime.now(UTC) - timedelta(days=8)))
    assert await warn(world) == []
