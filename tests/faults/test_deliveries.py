"""Platforms deliver while ingest is killed: each delivery twice, in any order, by an old and a new secret."""

import asyncio
import hashlib
import hmac
from collections import Counter
from random import Random
from typing import Any

import httpx
import orjson
import pytest

from tests.faults import load as loads
from tests.faults.arena import FULL, SEED, Arena, Run
from tests.faults.conftest import quick

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(300)]

DELIVERIES_COUNT = 600 if FULL else 150
SENDERS_COUNT = 8
KILLS_COUNT = 3 if FULL else 1
PAUSE_SECONDS = 0.05
NOT_TAKEN = {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}
#: A chat whose deliveries say what the load's events say, by their type in a header.
DOCUMENT = """
connector: arena
title: A chat under faults
documentation: [https://chat.example.org/webhooks]
channel: chat
recognised_by: [{headers: [X-Chat-Event]}]
signature: {scheme: hmac, header: X-Chat-Signature}
delivery_id: headers["x-chat-delivery"]
retries: {id: same, said: "Until it is taken."}
event: headers["x-chat-event"]
source: body.source
mappings:
  - on: [chat.message.v1]
    activities:
      - {type: chat.message.v1, id: body.id, time: body.time, actor: body.data.actor, object: body.data.object}
  - on: [activity.retracted.v1]
    activities:
      - {retract: body.data.target.id, id: body.id, time: body.time, actor: body.data.actor}
  - on: [activity.restored.v1]
    activities:
      - {restore: body.data.target.id, id: body.id, time: body.time, actor: body.data.actor}
"""


class Chat:
    """A chat that is connected, and delivers until it is answered 200."""

    def __init__(self, run: Run, path: str, secret: str) -> None:
        self.run = run
        self.url = f"http://127.0.0.1:{run.arena.door.port}{path}"
        self.secret = secret
        self.outcomes = Counter[str]()

    async def deliver(self, http: httpx.AsyncClient, number: int, event: dict[str, Any]) -> None:
        raw = orjson.dumps(event)
        while True:
            mac = hmac.new(self.secret.encode(), raw, hashlib.sha256).hexdigest()
            headers = {"X-Chat-Event": event["type"], "X-Chat-Delivery": str(number), "X-Chat-Signature": mac}
            try:
                answer = await http.post(self.url, content=raw, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if answer.status_code == httpx.codes.OK:
                break
            assert answer.status_code in NOT_TAKEN, answer.text
            await asyncio.sleep(PAUSE_SECONDS)
        told = answer.json()
        self.outcomes["again" if told["again"] else told["outcome"]] += 1
        if told["receipt_id"] not in self.run.receipts:
            self.run.receipts[told["receipt_id"]] = told["events"]
            self.run._sent += told["events"]


@quick
async def test_deliveries_while_ingest_dies(platform_under_faults: Arena) -> None:
    """What is answered 200 counts once, whatever dies; nothing is lost, and nothing counts twice."""
    arena = platform_under_faults
    async with (
        arena.run("40 deliveries, ingest killed", count=0) as run,
        httpx.AsyncClient(
            base_url=arena.state.service_urls["ingest"], headers={"Authorization": f"Bearer {run.key}"}, timeout=60
        ) as engineer,
    ):
        connected = await engineer.post("/v1/connectors", json={"name": "chat", "document": DOCUMENT})
        assert connected.status_code == httpx.codes.CREATED, connected.text
        made = connected.json()
        chat = Chat(run, made["path"], made["secret"])
        rng = Random(f"{SEED} deliveries {run.load.community}")
        events = loads.build(run.load.community, rng, DELIVERIES_COUNT).events
        run.load.add(*events)
        # Each once more, and all in any order.
        waiting = [*enumerate(events), *enumerate(events)]
        rng.shuffle(waiting)
        killed_at = sorted(rng.sample(range(len(waiting) // 5, len(waiting) * 4 // 5), KILLS_COUNT))

        async def sender() -> None:
            async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
                while waiting:
                    await chat.deliver(http, *waiting.pop())

        async def rotated() -> None:
            answer = await engineer.post("/v1/connectors/chat/rotate", json={"overlap_hours": 1})
            assert answer.status_code == httpx.codes.OK, answer.text
            chat.secret = answer.json()["secret"]

        async def killed() -> None:
            for left in reversed(killed_at):
                while len(waiting) > left:
                    await asyncio.sleep(0.002)
                await run.count_in_flight()
                arena.workers["ingest"].kill()
                await arena.workers.ready("ingest")
                await rotated()
            run.recovers()

        await asyncio.gather(killed(), *(sender() for _ in range(SENDERS_COUNT)))
        kept = await run.databases.rows(
            "ingest", "select outcome, count(*) from deliveries where community = $1 group by 1"
        )
        assert {row[0]: row[1] for row in kept} == {"mapped": len(events)}
        # One that died after its commit and before it answered is there when it is delivered again.
        assert chat.outcomes["mapped"] <= len(events)
        assert chat.outcomes.total() == 2 * len(events)
