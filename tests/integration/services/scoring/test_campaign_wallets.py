"""Campaigns that a wallet pays: they award no more than it was told to hold, whatever comes at once."""

import asyncio
from typing import Any

import pytest

from services.scoring.campaigns.handlers.limiting import on_wallets
from shared.contracts.facts import WALLET_CAMPAIGN_CHANGED
from tests.integration.services.scoring.test_campaign_budgets import awarded, programme, publish, spent, turns_told
from tests.integration.services.scoring.test_campaign_portions import posts

__all__ = ["publish"]
pytestmark = pytest.mark.stack


async def limit(world: Any, revision: int, points: int | None) -> None:
    data = {"campaign_id": "spring", "revision": revision, "free_points": 0}
    data |= {} if points is None else {"limit_points": points}
    fact = world.fact("wallet.campaign_changed.v1", f"limit {revision}", data)
    await world.handle(on_wallets, WALLET_CAMPAIGN_CHANGED.adapter.validate_python(fact))


async def test_a_campaign_awards_what_its_wallet_holds_and_goes_on_when_more_comes_in(
    world: Any, publish: Any, clients: Any
) -> None:
    await publish(programme("{points: 1000}"))
    await world.score(*posts(world, "before", 4, members="abcd"))
    before = (await spent(world))["all"]
    assert before > 0
    await limit(world, 2, before + 12)
    # What was told late is known to be older.
    await limit(world, 1, 900)
    await world.score(*posts(world, "few", 4, members="efgh"))
    assert (await spent(world))["all"] == before + 12
    client = await clients("programmes:read")
    (shown,) = (await client.get("/v1/campaigns")).json()["items"]
    assert (shown["state"], shown["wallet_points"], shown["budget_points"]) == ("exhausted", before + 12, 1000)
    assert (shown["left_points"], (await turns_told(world))[-1]["data"]["what"]) == (0, "exhausted")
    await limit(world, 3, before + 40)
    (shown,) = (await client.get("/v1/campaigns")).json()["items"]
    assert (shown["state"], shown["left_points"]) == ("running", 28)
    await world.score(*posts(world, "more", 8, members="ijklmnop"))
    assert (await spent(world))["all"] == before + 40
    # Nothing pays it any more: its own budget holds.
    await limit(world, 4, None)
    await world.score(*posts(world, "last", 4, members="qrst"))
    assert (await spent(world))["all"] > before + 40
    assert await spent(world) == await awarded(world)


async def test_no_wallet_is_passed_by_workers_at_once_while_more_comes_in(world: Any, publish: Any) -> None:
    await publish(programme("{points: 5000}"))
    await limit(world, 1, 30)

    async def work(number: int) -> None:
        await world.score(*posts(world, f"w{number}", 5, members=[f"m{number} {n}" for n in range(5)]))

    await asyncio.gather(*(work(number) for number in range(8)), limit(world, 2, 60), limit(world, 3, 90))
    reached = (await spent(world))["all"]
    assert reached <= 90
    await asyncio.gather(*(work(number) for number in range(8, 14)))
    assert (await spent(world))["all"] == 90
    # What is withdrawn is called back from who had been handed it out.
    await limit(world, 4, 200)
    await work(14)
    handed = (await spent(world))["all"]
    await limit(world, 5, handed)
    await asyncio.gather(*(work(number) for number in range(15, 19)))
    assert (await spent(world))["all"] == handed
    assert await spent(world) == await awarded(world)
