"""What the summary counts as it comes: rejections, and redemptions and payouts by the state that they are in."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.analytics.payouts.handlers import on_payouts
from services.analytics.redemptions.handlers import on_redemptions
from services.analytics.rejections.handlers import on_rejected
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

REDEMPTIONS, PAYOUTS = ("reserved", "confirmed"), ("accrued", "approved", "submitted")


def redemption(world: Any, number: int, place: int) -> Any:
    data = {
        "redemption_id": world.uuid(f"redemption {number}"),
        "member_id": world.uuid("ada"),
        "reward_id": "mug",
        "points": 40 + number,
        "state": REDEMPTIONS[place],
    }
    at = NOON + timedelta(seconds=place)
    return world.fact("redemption.changed.v1", f"redemption {number} {place}", data, at)


def payout(world: Any, number: int, place: int) -> Any:
    fact = world.payout(PAYOUTS[place])
    data = {
        **fact["data"],
        "payout_id": world.uuid(f"payout {number}"),
        "points": 10 * number,
        "amount_minor": number,
    }
    return {**fact, "id": f"payout {number} {place}", "time": NOON + timedelta(seconds=place), "data": data}


def rejection(world: Any, number: int) -> Any:
    data = {
        "receipt_id": "r1",
        "receipt_index": number,
        "event_source": "https://forum.example",
        "event_id": f"e{number}",
        "outcome": "rejected",
        "reason": "too old",
    }
    return world.fact("engagement.rejected.v1", f"rejection {number}", data, NOON)


@pytest.mark.usefixtures("new_rows")
@pytest.mark.parametrize("seed", range(2))
async def test_each_counts_in_its_newest_state_whatever_comes_in_which_order(
    world: Any, api: httpx.AsyncClient, seed: int
) -> None:
    chance = random.Random(seed)
    reached = (
        {number: chance.randrange(2) for number in range(1, 6)},
        {n: chance.randrange(3) for n in range(1, 6)},
    )
    makers = (redemption, on_redemptions), (payout, on_payouts)
    for (make, handler), last in zip(makers, reached, strict=True):
        facts = [make(world, number, place) for number, end in last.items() for place in range(end + 1)]
        facts += chance.sample(facts, 3)
        chance.shuffle(facts)
        while facts:
            size = chance.choice((1, 2, 6))
            await world.handle(handler, *facts[:size])
            facts = facts[size:]
    for numbers in ((1, 2), (2, 3), (1, 3)):
        await world.handle(on_rejected, *(rejection(world, number) for number in numbers))

    said = (await api.get("/v1/summary")).json()

    assert said["rejections"] == 3
    of_redemptions, of_payouts = reached
    numbers = Counter(REDEMPTIONS[place] for place in of_redemptions.values())
    assert {one["state"]: (one["number"], one["points"]) for one in said["redemptions"]} == {
        state: (number, sum(40 + one for one, place in of_redemptions.items() if REDEMPTIONS[place] == state))
        for state, number in numbers.items()
    }
    numbers = Counter(PAYOUTS[place] for place in of_payouts.values())
    sums = {state: sum(one for one, place in of_payouts.items() if PAYOUTS[place] == state) for state in numbers}
    assert {(one["state"], one["currency"]): one for one in said["payouts"]} == {
        (state, "EUR"): {
            "state": state,
            "currency": "EUR",
            "number": number,
            "points": 10 * sums[state],
            "amount_minor": sums[state],
        }
        for state, number in numbers.items()
    }
