"""Facts are delivered to an endpoint that fails now and then, while the services that tell them are killed."""

import asyncio
from collections import defaultdict
from random import Random
from typing import Any

import httpx
import orjson
import pytest
from plaudit_client import AsyncPlaudit

from tests.faults import load as loads
from tests.faults.arena import FULL, SEED, Arena
from tests.faults.conftest import quick
from tests.receiver import Received, receiving
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(300)]

EVENTS_COUNT = 600 if FULL else 150
EVENTS_PER_REQUEST = 10
KILLS_COUNT = 3 if FULL else 1
FAILING_SHARE = 0.1
TELLERS = ("ingest", "scoring")


@quick
async def test_webhooks_while_their_services_die(platform_under_faults: Arena) -> None:
    """Every fact is delivered, and one that is delivered twice has the same id both times."""
    arena = platform_under_faults
    async with arena.run("42 webhooks, their services killed", count=0) as run, receiving() as receiver:
        rng = Random(f"{SEED} webhooks {run.load.community}")

        failed = set[str]()

        def answer(one: Received) -> int:
            # Once each: the pause after that is five minutes.
            if one.headers["webhook-id"] in failed or rng.random() >= FAILING_SHARE:
                return 204
            failed.add(one.headers["webhook-id"])
            return 503

        receiver.answer = answer
        wanted = {
            "name": "house",
            "url": receiver.url(),
            "types": ["engagement.accepted.v1", "points.awarded.v1"],
        }
        headers = {"Authorization": f"Bearer {run.key}"}
        async with httpx.AsyncClient(
            base_url=arena.state.service_urls["ingest"], headers=headers, timeout=60
        ) as http:
            added = await http.post("/v1/webhook-endpoints", json=wanted)
            assert added.status_code == httpx.codes.CREATED, added.text
        events = loads.build(run.load.community, rng, EVENTS_COUNT).events
        url = f"http://127.0.0.1:{arena.door.port}"
        async with AsyncPlaudit(url, run.key) as client:
            client._reached = True

            async def sent(*some: dict[str, Any]) -> None:
                run.load.add(*some)
                for receipt in await client.send_batch([orjson.dumps(one) for one in some]):
                    run.receipts[receipt.receipt_id] = receipt.accepted
                    run._sent += receipt.accepted

            # 1. From when on both have heard of it, all that they tell is delivered.
            first, rest = events[:20], events[20:]

            async def heard() -> bool:
                if first:
                    await sent(first.pop())
                return {one.fact["source"] == "/plaudit/scoring" for one in receiver.got} == {True, False}

            await until(heard)
            known = {row[0] for row in await run.databases.rows("scoring", AWARDS)}
            # 2. Meanwhile they die.
            killed = [service for service in TELLERS for _ in range(KILLS_COUNT)]
            kill_at = {rng.randrange(len(rest) // 5, len(rest) * 4 // 5): service for service in killed}
            for start in range(0, len(rest), EVENTS_PER_REQUEST):
                await sent(*rest[start : start + EVENTS_PER_REQUEST])
                for at, service in kill_at.items():
                    if start <= at < start + EVENTS_PER_REQUEST:
                        await run.count_in_flight()
                        arena.workers[service].kill()
                await asyncio.sleep(0)
            await sent(*first)
        await arena.workers.ready()
        run.recovers()
        await arena.settled()

        # 3. What a dead process had claimed is another's after a while; failed then, it would wait for minutes.
        async def nothing_waits() -> bool:
            for service in TELLERS:
                await run.databases.rows(service, MAKE_DUE)
            found = [await run.databases.rows(service, WAITING) for service in TELLERS]
            return all(rows[0][0] == 0 for rows in found)

        await until(nothing_waits)
        awards = {row[0] for row in await run.databases.rows("scoring", AWARDS)} - known
        got = {one.fact["id"] for one in receiver.got}
        assert len(awards) > 0
        assert not {str(award) for award in awards} - got
        assert not {event["id"] for event in rest} - got
        names = defaultdict(set)
        for one in receiver.got:
            names[one.fact["source"], one.fact["type"], one.fact["id"]].add(one.headers["webhook-id"])
        assert {len(ids) for ids in names.values()} == {1}
        assert len({next(iter(ids)) for ids in names.values()}) == len(names)


AWARDS = "select award_id from awards where community = $1"
WAITING = "select count(*) from webhook_deliveries where community = $1 and state = 'waiting'"
MAKE_DUE = """
    update webhook_deliveries set due_at = now()
    where community = $1 and state = 'waiting' and tries > 1 and due_at > now() + interval '1 minute'
"""
