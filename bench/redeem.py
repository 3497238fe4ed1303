"""How long choosing a reward takes, at a fixed rate: `python -m bench.redeem --stack NAME`.

On a stack that runs a community of its own is made, with members who have points and a reward. Then so many are
chosen a second, whether the ones before were answered or not; each is timed from when it was due, so a service
that falls behind is not spared. The limit is the p99 of the promise, divided by the machine's factor.
"""

import asyncio
import time
from datetime import UTC, datetime
from statistics import quantiles
from typing import Any
from uuid import uuid4

import click
import httpx

from bench.factor import measure
from plaudit.access import local_people, temporary_key
from plaudit.calls import request
from plaudit.stack import StackState, load_state
from plaudit.stack.idle import wait_until_idle

P99_LIMIT_MS = 100.0
EVENTS_PER_REQUEST = 100
REWARD = {"id": "mug", "kind": "merchandise", "title": "Mug", "points": 1, "stock": 1_000_000}
PROGRAMME = b"""\
programme: redeem
title: Redeem
rules: [{id: answer, title: Answered, on: [forum.reply.v1], points: 100000}]
"""


@click.command()
@click.option("--stack", required=True, help="A stack that runs")
@click.option("--rate", default=50, show_default=True, type=click.IntRange(1), help="Choices a second")
@click.option("--seconds", default=20, show_default=True, type=click.IntRange(1))
@click.option("--members", default=200, show_default=True, type=click.IntRange(1), help="Who choose in turns")
def redeem(stack: str, rate: int, seconds: int, members: int) -> None:
    """Choose rewards at a rate, and say how long that takes."""
    state = load_state(stack)
    if state is None:
        raise click.ClickException(f"there is no stack {stack}: PLAUDIT_STACK={stack} plaudit up")
    community = f"redeem-{uuid4().hex[:8]}"
    office, urls = local_people(state).office, state.service_urls
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json={"id": community, "title": "Redeem"})
    scopes = ("programmes:write", "events:write", "rewards:read", "rewards:write")
    before = measure().factor
    with temporary_key(state, community, "bench", scopes, urls) as key:
        asyncio.run(_prepare(state, key, members=members))
        took = asyncio.run(_choose(urls["rewards"], key, rate=rate, seconds=seconds, members=members))
    factor = (before + measure().factor) / 2
    refused = sum(1 for ms, ok in took if not ok)
    times = quantiles([ms for ms, _ in took], n=1000)
    limit = P99_LIMIT_MS / factor
    click.echo(f"{len(took)} choices at {rate} a second, {refused} not made; factor {factor:.2f}")
    click.echo(
        f"p50 {times[499]:.1f} ms, p95 {times[949]:.1f} ms, p99 {times[989]:.1f} ms; limit of p99 {limit:.1f} ms"
    )
    if refused or times[989] > limit:
        raise click.ClickException("the limit is not kept")


async def _prepare(state: StackState, key: str, *, members: int) -> None:
    urls = state.service_urls
    request(
        "POST",
        f"{urls['scoring']}/v1/programmes",
        key,
        content=PROGRAMME,
        headers={"Content-Type": "application/yaml"},
    )
    request("POST", f"{urls['rewards']}/v1/catalogue/rewards", key, json=REWARD)
    await wait_until_idle(state)
    for first in range(0, members, EVENTS_PER_REQUEST):
        some = range(first, min(members, first + EVENTS_PER_REQUEST))
        request("POST", f"{urls['ingest']}/v1/events", key, json=[_event(number) for number in some])
    await wait_until_idle(state)


def _event(number: int) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"redeem-{number}",
        "source": "https://forum.example.org",
        "type": "forum.reply.v1",
        "time": datetime.now(UTC).isoformat(),
        "data": {"channel": "forum", "actor": {"id": f"m{number}"}, "length_chars": 90},
    }


async def _choose(url: str, key: str, *, rate: int, seconds: int, members: int) -> list[tuple[float, bool]]:
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as http:

        async def one(number: int, due: float) -> tuple[float, bool]:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            body = {"member_id": f"forum:m{number % members}", "reward_id": REWARD["id"]}
            try:
                answer = await http.post("/v1/redemptions", json=body, headers={"Idempotency-Key": uuid4().hex})
                is_made = answer.status_code == httpx.codes.CREATED
            except httpx.TransportError:
                is_made = False
            return (time.perf_counter() - due) * 1000, is_made

        # Connections and plans are there before anything is measured.
        for number in range(rate):
            await one(number, time.perf_counter())
        began = time.perf_counter() + 1
        return list(
            await asyncio.gather(*(one(number, began + number / rate) for number in range(rate * seconds)))
        )


if __name__ == "__main__":
    redeem()
