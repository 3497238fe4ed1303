"""Recognition dies between deciding that somebody gets a word and telling it: they get it, and once."""

import asyncio
from collections import Counter
from datetime import UTC, datetime

import orjson
import pytest
from plaudit_client import AsyncPlaudit

from shared.topics import MESSAGES, NUDGES
from tests.faults import load as loads
from tests.faults import points, reconcile
from tests.faults.arena import PROGRAMMES, Arena
from tests.faults.points import Matches
from tests.faults.wires import Direction, Link, Trap
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(300)]

#: So many reach their milestone before each kill.
PEOPLE_COUNT = 4
SECTION = """
  milestones:
    - {id: first, title: "{n} messages", rule: message, at: [1]}
  nudges:
    per_week: 20
    of:
      - {id: thanks, title: Thanks, kind: thanks, milestone: first, wished: [chat.message.v1], holdout_percent: 0}
"""
DECIDED = "select nudge_id, member_id, held_out from nudges where community = $1"


def _decides(link: Link) -> bool:
    return any("insert into nudges" in sql for sql in link.transaction)


def decided_not_committed(link: Link, direction: Direction, message: bytes) -> bool:
    """Who gets a word is decided, and the database has not heard that it stands."""
    commit = direction == "to server" and message[:1] in (b"B", b"Q") and link.statement.startswith("COMMIT")
    return commit and link.user == points.role_name("recognition") and _decides(link)


def decided_not_told(link: Link, direction: Direction, message: bytes) -> bool:
    """What was decided stands, and the process that is to tell it has not heard so."""
    committed = direction == "to client" and message[:1] == b"C" and b"COMMIT" in message
    return committed and link.user == points.role_name("recognition") and _decides(link)


async def test_a_nudge_is_told_once_whatever_dies_between_deciding_and_telling(
    platform_under_faults: Arena,
) -> None:
    arena = platform_under_faults
    worker = await arena.workers.restart("recognition", nudges_settle_seconds="0")
    await arena.workers.ready("recognition")
    kills: list[Matches] = [decided_not_committed, decided_not_told, points.published_not_deleted("recognition")]
    try:
        async with arena.run("44 nudges, recognition killed between deciding and telling", count=0) as run:
            await arena.publish(run.key, (PROGRAMMES / "messages.yaml").read_text().rstrip() + SECTION)
            await arena.settled()
            async with AsyncPlaudit(f"http://127.0.0.1:{arena.door.port}", run.key) as client:
                client._reached = True
                for number, matches in enumerate(kills):
                    names = [f"w{number}-{which}" for which in range(PEOPLE_COUNT)]
                    events = [loads.message(name, datetime.now(UTC), name, "reader") for name in names]
                    run.load.add(*events)
                    trap = arena.postgres.arm(Trap(matches, worker.kill))
                    for receipt in await client.send_batch([orjson.dumps(one) for one in events]):
                        run.receipts[receipt.receipt_id] = receipt.accepted
                        run._sent += receipt.accepted
                    await run.sprung(trap)
                    await arena.workers.ready("recognition")
            await asyncio.gather(*run.probes)
            # The probes' people wrote too.
            writers = {one["data"]["actor"]["id"] for one in run.load.unique.values()}

            async def all_are_decided() -> bool:
                return len(await run.databases.rows("recognition", DECIDED)) >= len(writers)

            await until(all_are_decided)
            await arena.settled()
            rows = await run.databases.rows("recognition", DECIDED)
            community = run.load.community
            found = [await reconcile.records(arena.state, topic) for topic in (NUDGES, MESSAGES)]
            told, asked = ([one for one in facts if one["community"] == community] for facts in found)
    finally:
        await arena.workers.restart("recognition")
        await arena.workers.ready("recognition")
    # Each member who wrote has one.
    by_member = Counter(str(row["member_id"]) for row in rows)
    assert set(by_member.values()) == {1}
    assert by_member.keys() == {run.load.member_of(name) for name in writers}
    held_out = {str(row["nudge_id"]): row["held_out"] for row in rows}
    # A relay that dies may publish twice: then the same, under one id.
    said = {(one["data"]["nudge_id"], one["data"]["held_out"]) for one in told if "nudge_id" in one["data"]}
    assert said == set(held_out.items())
    wanted = {one["data"]["request_id"] for one in asked if one["data"]["kind"] == "nudge_thanks"}
    assert wanted == {nudge_id for nudge_id, is_out in held_out.items() if not is_out}
