"""What refunds leave of a purchase, as Stripe's connector tells it: it earns as what is left would have."""

from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from connectors.engine import Delivery, map_delivery
from connectors.shipped import connector

RULES = """
programme: demo
title: Demo
rules:
  - {id: bought, title: Bought, on: [shop.purchase.v1], points: 5, daily_cap: 5}
  - {id: much, title: Bought much, on: [shop.purchase.v1], when: data.amount_minor >= 4000, points: 20}
"""
MADE = 1_772_625_600  # 2026-03-04T12:00:00Z
WHOLE = 5_000


def told(world: Any, kind: str, given_back: int, before: int | None, at: int) -> list[Any]:
    """What is in the log of one delivery."""
    charge = {"id": "ch_1", "amount": WHOLE, "amount_captured": WHOLE, "amount_refunded": given_back}
    charge |= {"created": MADE, "captured": True, "currency": "eur", "customer": "cus_7", "payment_intent": "pi_1"}
    data = {"object": charge} | ({} if before is None else {"previous_attributes": {"amount_refunded": before}})
    body = {"id": f"evt_{at}", "object": "event", "type": kind, "created": at, "livemode": True, "data": data}
    outcome = map_delivery(connector("stripe"), Delivery({}, body, datetime.now(UTC)))
    assert outcome.state == "mapped"
    events = []
    for activity in outcome.activities:
        said = activity["data"]
        event = world.event(
            activity["id"],
            said["actor"]["id"],
            None,
            type=activity["type"],
            time=activity["time"],
            data={name: said[name] for name in ("channel", "amount_minor", "currency") if name in said},
        )
        if "target" in said:
            event |= {"targetuid": world.uuid(f"event {said['target']['id']}"), "bots": "member"}
        events.append(event)
    return events


@pytest.mark.parametrize(
    ("sums", "expected"),
    [
        ([0], {"bought": 5, "much": 20}),
        ([0, 500], {"bought": 5, "much": 20}),
        ([0, 500, 2_000], {"bought": 5}),
        ([0, 500, 2_000, 5_000], {}),
        ([0, 5_000, 0], {"bought": 5, "much": 20}),
    ],
    ids=["paid", "little", "in two parts", "all of it", "failed"],
)
async def test_what_is_left_earns_as_if_it_had_been_paid_alone(
    world: Any, sums: list[int], expected: dict[str, int]
) -> None:
    await world.publish(RULES)
    deliveries = [told(world, "charge.succeeded", 0, None, MADE)]
    for number in range(1, len(sums)):
        kind = "charge.refunded" if sums[number] > sums[number - 1] else "charge.updated"
        deliveries.append(told(world, kind, sums[number], sums[number - 1], MADE + 60 * number))
    chance = Random(repr(sums))
    often = [*deliveries, *chance.choices(deliveries, k=2)]
    chance.shuffle(often)
    for events in often:
        await world.score(*events)
    assert await world.totals() == {(world.uuid("cus_7"), rule): points for rule, points in expected.items()}
