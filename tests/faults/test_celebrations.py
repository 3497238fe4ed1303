"""Milestones are reached while recognition dies at its worst moments, and what came is sent again."""

import asyncio
from collections import Counter, defaultdict
from random import Random
from typing import Any

import orjson
import pytest
from plaudit_client import AsyncPlaudit

from shared.topics import CELEBRATIONS
from tests.faults import load as loads
from tests.faults import points, reconcile
from tests.faults.arena import FULL, PROGRAMMES, SEED, Arena
from tests.faults.conftest import quick
from tests.faults.load import Load
from tests.faults.wires import Trap

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(300)]

EVENTS_COUNT = 1_500 if FULL else 400
EVENTS_PER_REQUEST = 10
OWN = (1, 2, 3, 5, 8)
ALL = (50, 100, 200, 1_000)
SECTION = f"""
  milestones:
    - {{id: mine, title: "{{n}} messages", rule: message, at: {list(OWN)}}}
    - {{id: ours, title: "Our message number {{n}}", rule: message, at: {list(ALL)}, together: true}}
"""
CELEBRATED = "select celebration_id, member_id, name, number from celebrations where community = $1"
#: Member (None for all together), milestone and number.
Reached = tuple[str | None, str, int]


def reached(load: Load) -> tuple[set[Reached], set[Reached]]:
    """What has to be celebrated, whatever order it was counted in, and what may be.

    A number falls by what is taken back, and where it stood highest depends on what was heard first.
    """
    unique = load.unique
    gone = loads.who_took_back(unique.values())
    for_good, at_most = Counter[str | None](), Counter[str | None]()
    for event_id, event in unique.items():
        if "target" not in event["data"]:
            for who in (load.member_of(event["data"]["actor"]["id"]), None):
                at_most[who] += 1
                for_good[who] += event_id not in gone

    def numbers(counts: Counter[str | None]) -> set[Reached]:
        mine = {(who, "mine", one) for who, count in counts.items() if who for one in OWN if one <= count}
        return mine | {(None, "ours", one) for one in ALL if one <= counts[None]}

    return numbers(for_good), numbers(at_most)


def whose(data: dict[str, Any]) -> Reached:
    """What a fact celebrates."""
    return None if data.get("together") else data["member_id"], data["name"], data["number"]


@quick
async def test_milestones_while_recognition_dies(platform_under_faults: Arena) -> None:
    """Each is celebrated once and for ever, whatever is killed, published twice and sent again."""
    arena = platform_under_faults
    async with arena.run("43 milestones, recognition killed", count=0) as run:
        text = (PROGRAMMES / "messages.yaml").read_text()
        await arena.publish(run.key, text.rstrip() + SECTION)
        await arena.settled()
        rng = Random(f"{SEED} milestones {run.load.community}")
        events = loads.build(run.load.community, rng, EVENTS_COUNT).events
        kills = [
            points.batch_under_way("recognition", rng.randint(1, 4)),
            points.batch_committed("recognition"),
            points.published_not_deleted("recognition"),
        ]

        async def sent(client: AsyncPlaudit, some: list[dict[str, Any]]) -> None:
            for start in range(0, len(some), EVENTS_PER_REQUEST):
                part = [orjson.dumps(one) for one in some[start : start + EVENTS_PER_REQUEST]]
                for receipt in await client.send_batch(part):
                    run.receipts[receipt.receipt_id] = receipt.accepted
                    run._sent += receipt.accepted

        run.load.add(*events)
        async with AsyncPlaudit(f"http://127.0.0.1:{arena.door.port}", run.key) as client:
            client._reached = True
            for number, matches in enumerate(kills):
                trap = arena.postgres.arm(Trap(matches, arena.workers["recognition"].kill))
                await sent(client, events[number :: len(kills)])
                await run.sprung(trap)
                await arena.workers.ready("recognition")
            # All of it once more, in another order.
            await sent(client, rng.sample(events, len(events)))
        await arena.workers.ready()
        await asyncio.gather(*run.probes)
        await arena.settled()
        await run.load_members()

        must, may = reached(run.load)
        rows = await run.databases.rows("recognition", CELEBRATED)
        ours = [row for row in rows if row["name"] in ("mine", "ours")]
        kept = {
            str(row["celebration_id"]): (
                None if row["name"] == "ours" else str(row["member_id"]),
                row["name"],
                row["number"],
            )
            for row in ours
        }
        assert len(set(kept.values())) == len(kept)
        assert must <= set(kept.values()) <= may
        assert must, "the load is too small to reach anything"
        # What was told is what is kept: twice at most where a relay died, and then the same.
        told = defaultdict(set)
        for fact in await reconcile.records(arena.state, CELEBRATIONS):
            if fact["community"] == run.load.community and fact["data"]["kind"] == "milestone":
                told[fact["data"]["celebration_id"]].add(whose(fact["data"]))
        assert dict(told) == {celebration_id: {what} for celebration_id, what in kept.items()}
