"""What points were worth at a moment is asked later: what became of them since then changes nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.rewards.liability.domain.figures import UseSum, figures_of
from services.rewards.liability.domain.valuing import VintageFigures
from services.rewards.liability.store.figures import Span, load_lot_sums, load_use_sums
from services.rewards.lots.handlers.upkeep import expire_points
from services.rewards.redemptions.handlers.ending import expire_reservations
from tests.integration.services.rewards.finance import Finance, filed
from tests.integration.services.rewards.upkeep import run_out

pytestmark = pytest.mark.stack

STICKER = 30


async def figures_at(finance: Finance, moment: datetime) -> VintageFigures:
    """The figures of everything as one vintage, of a moment."""
    world, first = finance.world, datetime(2000, 1, 1, tzinfo=UTC)
    span = Span([first], moment)
    async with world.pool.acquire() as conn:
        lots = await load_lot_sums(conn, span, community=world.community, timeout_seconds=60)
        uses = await load_use_sums(conn, span, community=world.community, timeout_seconds=60)
    (found,) = figures_of([first.date()], lots, uses, complete_count=1)
    assert all(isinstance(use, UseSum) for use in uses)
    return found


async def redeem(finance: Finance, key: str, member: str = "eve") -> str:
    body = {"member_id": finance.world.uuid(member), "reward_id": "sticker"}
    made = await finance.maker.post("/v1/redemptions", json=body, headers={"Idempotency-Key": key})
    assert made.status_code == 201, made.text
    return str(made.json()["redemption_id"])


async def end(finance: Finance, redemption_id: str, verb: str, **body: Any) -> None:
    path = f"/v1/redemptions/{redemption_id}/{verb}"
    headers = {"Idempotency-Key": f"{verb}-{redemption_id}"}
    answer = await finance.approver.post(path, json=body or None, headers=headers)
    assert answer.is_success, answer.text


async def say(finance: Finance, run: Any, state: str) -> None:
    """The bank says of all payouts of a run that went to it what became of them."""
    ids = [
        one["payout_id"]
        for one in (await finance.payouts(run)).values()
        if one["state"] in ("submitted", "returned")
    ]
    said = await finance.outcome(run, state, payout_ids=ids, **({"reason": "MS03"} if state == "returned" else {}))
    assert said.is_success, said.text


def now(world: Any) -> datetime:
    return datetime.now(UTC) + world.later


async def test_what_was_used_by_a_moment_stays_that_whatever_came_after(finance: Finance) -> None:
    world = finance.world
    world.configure(reservation_ttl_seconds=3 * 3_600)
    run = await filed(finance)
    keys = (
        "confirmed later",
        "cancelled later",
        "in part later",
        "over later",
        "confirmed",
        "in part",
        "cancelled",
    )
    made = {key: await redeem(finance, key.replace(" ", "-")) for key in keys}
    await end(finance, made["confirmed"], "confirm")
    await end(finance, made["in part"], "confirm", points=7)
    await end(finance, made["cancelled"], "cancel")

    moment = now(world)
    before = await figures_at(finance, moment)
    paid = sum(one["points"] for one in (await finance.payouts(run)).values() if one["state"] == "submitted")
    assert paid > 0
    assert (before.reserved, before.redeemed, before.expired) == (4 * STICKER, paid + STICKER + 7, 0)

    world.later += timedelta(hours=1)
    await end(finance, made["confirmed later"], "confirm")
    await end(finance, made["cancelled later"], "cancel")
    await end(finance, made["in part later"], "confirm", points=11)
    await end(finance, made["confirmed"], "refunds", points=STICKER, reason="broken")
    await end(finance, made["in part"], "refunds", points=3, reason="broken")
    await redeem(finance, "of-later", "bob")
    await say(finance, run, "returned")
    between, then = now(world), await figures_at(finance, now(world))
    # Bob's 500 are over a while later, less what waits.
    await world.pool.execute(
        "update lots set expires_at = $3 where community = $1 and award_id = $2",
        world.community,
        world.uuid("award b"),
        between + timedelta(hours=1),
    )
    world.later += timedelta(hours=4)
    for timer in (expire_reservations, expire_points):
        async with world.begin() as tx:
            await run_out(tx, timer)

    assert await figures_at(finance, moment) == before
    assert await figures_at(finance, between) == then
    assert (then.reserved, then.redeemed, then.expired) == (2 * STICKER, STICKER + 11 + 4, 0)
    last = await figures_at(finance, now(world))
    assert (last.reserved, last.redeemed) == (0, STICKER + 11 + 4)
    assert last.expired >= 470
    assert last.issued == then.issued == before.issued


async def test_what_a_bank_sent_back_and_that_was_wrong_is_used_again_from_then_on(finance: Finance) -> None:
    world = finance.world
    run = await filed(finance)
    moments = [now(world)]
    for state in ("returned", "corrected"):
        world.later += timedelta(hours=1)
        await say(finance, run, state)
        moments.append(now(world))
    redeemed = [(await figures_at(finance, moment)).redeemed for moment in moments]
    assert redeemed[0] == redeemed[2] > redeemed[1] == 0
