"""Points that were taken back after they were used: who owes them, since when, and what pays them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.rewards.debts.handlers import tidy_debts
from tests.integration.services.rewards.test_redeeming import redeem

pytestmark = pytest.mark.stack


async def test_who_owes_points_is_listed_until_what_comes_in_has_paid(
    world: Any, api: Any, all_pages: Any
) -> None:
    await world.publish()
    await world.join("ada", "bob", "eve")
    await world.give(world.award("a", "ada", 400), world.award("b", "bob", 30), world.award("e", "eve", 30))
    assert (await redeem(api, world, "ada", "shirt")).status_code == 201
    assert (await redeem(api, world, "bob")).status_code == 201
    assert await all_pages(api, "/v1/debts", limit=100) == []

    await world.give(
        world.award("a taken", "ada", -400, "a", total=0),
        world.award("b taken", "bob", -10, "b", total=20),
        # The first that is known of a member: their account begins below zero.
        world.award("new", "new", -7),
    )

    found = {one["member_id"]: one for one in await all_pages(api, "/v1/debts", limit=1)}
    assert {member: (one["points"], one["days_0_to_30"]) for member, one in found.items()} == {
        world.uuid("ada"): (400, 400),
        world.uuid("bob"): (10, 10),
        world.uuid("new"): (7, 7),
    }
    assert (found[world.uuid("ada")]["name"], found[world.uuid("ada")]["is_older"]) == ("Ada", False)
    assert found[world.uuid("ada")]["since"] == datetime.now(UTC).date().isoformat()
    # What comes in pays it first, and only what is above it can be used.
    await world.give(world.award("more", "ada", 350), world.award("much", "bob", 25))
    assert {one["member_id"]: one["points"] for one in await all_pages(api, "/v1/debts", limit=100)} == {
        world.uuid("ada"): 50,
        world.uuid("new"): 7,
    }
    assert (await redeem(api, world, "bob")).status_code == 409
    assert await world.balance("bob") == {"available": 15, "reserved": 30}
    async with world.begin() as tx:
        await tidy_debts(tx)
    assert await world.count("debt_accounts") == 2
    await world.give(world.award("b taken again", "bob", -20, "b", revision=2, total=0))
    assert {one["member_id"] for one in await all_pages(api, "/v1/debts", limit=100)} == {
        world.uuid("ada"),
        world.uuid("bob"),
        world.uuid("new"),
    }
    assert (await world.check()).differences == 0
