"""Locks are taken in one order: whatever happens at once, nobody waits in a circle."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.rewards.lots.handlers.upkeep import expire_points, mature_points
from services.rewards.redemptions.handlers.ending import expire_reservations
from tests.integration.services.rewards.finance import work

pytestmark = pytest.mark.stack

MEMBERS = [f"m{number}" for number in range(60)]
ROUNDS = 6


def deadlocks(stack: Any) -> list[str]:
    log = Path(stack.state.directory) / "logs" / "postgres.log"
    return [line for line in log.read_text(errors="replace").splitlines() if "deadlock detected" in line]


async def test_runs_reversals_redemptions_and_timers_at_once_never_wait_in_a_circle(
    world: Any, clients: Any, stack: Any
) -> None:
    """Members that are new, known and both; batches in any order; every handler that locks members."""
    before = len(deadlocks(stack))
    world.configure(
        payouts_per_piece_max_count=7,
        points_lifetime_seconds=86_400,
        reservation_ttl_seconds=1,
        points_hold_seconds=0,
    )
    await world.publish()
    await world.join(*MEMBERS)
    maker, approver = await clients(), await clients()
    chance = random.Random(7)
    now = datetime.now(UTC)
    ibans = ("NL91ABNA0417164300", "FR1420041010050500013M02606", "AT611904300234573201")
    for place, name in enumerate(MEMBERS[::2]):
        body = {"name": name, "iban": ibans[place % 3]}
        assert (await maker.put(f"/v1/payees/{world.uuid(name)}", json=body)).status_code == 200
    given: list[tuple[str, str, int]] = []

    async def award(number: int) -> None:
        names = chance.sample(MEMBERS, 40)
        facts = []
        for name in names:
            points = chance.randrange(100, 900)
            key = f"{number} {name} {uuid4().hex[:6]}"
            given.append((key, name, points))
            facts.append(world.award(key, name, points, at=now - timedelta(seconds=chance.randrange(80_000))))
        # Some are taken back at once: what says so may come first.
        soon = [given.pop() for _ in range(number % 2 * 12)]
        taken = [world.award(f"not {key}", name, -points, amends=key) for key, name, points in soon]
        chance.shuffle(taken)
        await asyncio.gather(world.give(*facts), world.give(*taken[:6]), world.give(*taken[6:]))

    async def retract(number: int) -> None:
        chosen = [given.pop(chance.randrange(len(given))) for _ in range(min(25, len(given)))]
        await world.give(*(world.award(f"not {key}", name, -points, amends=key) for key, name, points in chosen))

    async def pay(number: int) -> None:
        answer = await maker.post("/v1/payout-runs", headers={"Idempotency-Key": uuid4().hex})
        assert answer.status_code in (201, 202), answer.text
        run = f"/v1/payout-runs/{answer.json()['run_id']}"
        approved = await approver.post(f"{run}/approve")
        assert approved.status_code in (200, 202, 409), approved.text
        if number % 2:
            assert (await maker.post(f"{run}/cancel")).status_code in (200, 202, 409)
            return
        if (await maker.post(f"{run}/file")).status_code == 200:
            wanted = {"run": answer.json()["run_id"], "state": "submitted"}
            listed = await maker.get("/v1/payouts", params=wanted)
            ids = [payout["payout_id"] for payout in listed.json()["items"]][:9]
            if ids:
                proposed = await maker.post(f"{run}/outcome", json={"state": "returned", "payout_ids": ids})
                outcome = proposed.json()["outcome"]["outcome_id"]
                assert (await approver.post(f"{run}/outcomes/{outcome}/confirm")).status_code == 200

    async def redeem(number: int) -> None:
        for name in chance.sample(MEMBERS, 8):
            body = {"member_id": world.uuid(name), "reward_id": chance.choice(["sticker", "shirt"])}
            made = await maker.post("/v1/redemptions", json=body, headers={"Idempotency-Key": uuid4().hex})
            if made.status_code == 201 and chance.random() < 0.5:
                await maker.post(f"/v1/redemptions/{made.json()['redemption_id']}/cancel")

    async def details(number: int) -> None:
        for name in chance.sample(MEMBERS, 6):
            body = {"name": f"{name} {number}", "iban": chance.choice(ibans)}
            assert (await maker.put(f"/v1/payees/{world.uuid(name)}", json=body)).status_code == 200

    async def timers(number: int) -> None:
        for run in (expire_points, mature_points, expire_reservations):
            async with world.begin() as tx:
                await run(tx)
        await work(world)

    async def again_and_again(work: Callable[[int], Awaitable[None]]) -> None:
        for number in range(ROUNDS):
            await work(number)

    await award(-1)
    world.later = timedelta(hours=1)
    everything = (award, award, retract, retract, pay, pay, redeem, redeem, details, timers, timers)
    async with asyncio.timeout(300):
        await asyncio.gather(*map(again_and_again, everything))

    assert deadlocks(stack)[before:] == []
    assert (await world.check()).differences == 0
