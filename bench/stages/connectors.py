"""Connectors: what mapping a delivery takes, beside reading its body at all."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from bench.context import Context
from bench.measure import compare
from bench.stages.front import per_second
from connectors.cases import delivery_of
from connectors.engine import map_delivery, settings_of
from connectors.shipped import connector, files

#: A mapping takes at most ten times what reading the body takes.
REACH = 0.1
#: What deliveries of a platform have at the median; those of cases say only what their case needs.
BODY_BYTES = {
    "discourse": 1_300,
    "github": 8_000,
    "gitlab": 2_200,
    "intercom": 2_200,
    "mastodon": 1_500,
    "shopify": 7_000,
    "stripe": 2_500,
    "typeform": 3_000,
}
BODY_BYTES_OTHERWISE = 1_000


def as_large_as_usual(body: Mapping[str, Any], size_bytes: int) -> dict[str, Any]:
    """The body with as many fields more as make it so large."""
    missing_bytes = size_bytes - len(orjson.dumps(body))
    field = "neutral sample text"
    more = {f"more_{number:03}": field for number in range(max(0, missing_bytes) // (len(field) + 14))}
    return {**body, "more": more}


async def mapping(context: Context) -> None:
    """Map the deliveries of each connector's cases, beside `orjson.loads` of the same bodies."""
    for name in files():
        found = connector(name)
        settings = settings_of(found)
        deliveries = [
            delivery_of(said)
            for case in found.document.cases
            for said in case.deliveries or [one for one in (case.delivery,) if one is not None]
        ]
        size_bytes = BODY_BYTES.get(name, BODY_BYTES_OTHERWISE)
        deliveries = [replace(one, body=as_large_as_usual(one.body, size_bytes)) for one in deliveries]
        bodies = [orjson.dumps(delivery.body) for delivery in deliveries]

        async def rate() -> float:
            return per_second(lambda: len([map_delivery(found, one, settings) for one in deliveries]))  # noqa: B023

        async def limit() -> float:
            return per_second(lambda: len([orjson.loads(body) for body in bodies]))  # noqa: B023

        await compare(
            context,
            name=f"map deliveries of {name}, {sum(map(len, bodies)) // len(bodies)} bytes each",
            unit="deliveries",
            rate=rate,
            limit_name="orjson.loads of the same bodies",
            limit=limit,
            reach=REACH,
        )
