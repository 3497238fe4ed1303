"""A restatement is posted and reversed while scoring dies at its worst moments and events are taken back."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.faults import points
from tests.faults.arena import PROGRAMMES, Arena
from tests.faults.points import Matches
from tests.faults.wires import Direction, Link, Trap
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(600)]

EVENTS_COUNT = 300
#: So that there are many parts to die between.
PART_COUNT = 20


def _posts(link: Link) -> bool:
    return any("restatement_parts" in sql and "is_posted = true" in sql for sql in link.transaction)


def _takes_back(link: Link) -> bool:
    return any("delete from restatement_parts" in sql for sql in link.transaction)


def to_be_committed(link: Link, direction: Direction, message: bytes) -> bool:
    """A part is posted, and the database has not heard that it stands."""
    commit = direction == "to server" and message[:1] in (b"B", b"Q") and link.statement.startswith("COMMIT")
    return commit and link.user == points.role_name("scoring") and _posts(link)


def committed(link: Link, direction: Direction, message: bytes) -> bool:
    """A part is posted for good, and the service has not heard so."""
    return (
        direction == "to client"
        and message[:1] == b"C"
        and b"COMMIT" in message
        and link.user == points.role_name("scoring")
        and _posts(link)
    )


def taken_back(link: Link, direction: Direction, message: bytes) -> bool:
    """A part is taken back, and the database has not heard that this stands."""
    commit = direction == "to server" and message[:1] in (b"B", b"Q") and link.statement.startswith("COMMIT")
    return commit and link.user == points.role_name("scoring") and _takes_back(link)


async def test_a_restatement_posted_and_reversed_while_scoring_is_killed(platform_under_faults: Arena) -> None:
    """In the end all stands in every service as if there had been none, and each award was changed once by it."""
    arena = platform_under_faults
    worker = await arena.workers.restart("scoring", restatement_part_max_count=str(PART_COUNT))
    await arena.workers.ready("scoring")
    try:
        async with arena.run("45 restatement, scoring killed", count=EVENTS_COUNT) as run:
            text = (PROGRAMMES / "messages.yaml").read_text()
            # A version that is to come: what is sent goes on to be scored by the one in force.
            later = text.replace("points: 1\n", "points: 3\n").replace("daily_cap: 10", "daily_cap: 4")
            headers = {"Authorization": f"Bearer {run.key}"}
            async with httpx.AsyncClient(
                base_url=arena.state.service_urls["scoring"], headers=headers, timeout=60, trust_env=False
            ) as http:

                async def ask(method: str, path: str, **options: Any) -> Any:
                    """Ask, again while the service is away."""
                    while True:
                        try:
                            answer = await http.request(method, path, **options)
                        except httpx.TransportError:
                            await asyncio.sleep(0.1)
                            continue
                        if answer.status_code < 500:
                            assert answer.is_success, answer.text
                            return answer.json()
                        await asyncio.sleep(0.1)

                params = {"effective_from": "2090-01-01T00:00:00Z", "note": "More for messages"}
                yaml = {"Content-Type": "application/yaml"}
                await ask("POST", "/v1/programmes", params=params, content=later.encode(), headers=yaml)
                await run.moment(0.3, 0.5)
                body = {"since": "2000-01-01T00:00:00Z", "version": 2, "reason": "Messages are worth more"}
                path = f"/v1/restatements/{(await ask('POST', '/v1/restatements', json=body))['restatement_id']}"

                async def is_in(*states: str) -> Any:
                    found = await ask("GET", path)
                    assert found["state"] != "failed", found
                    return found if found["state"] in states else None

                async def approve() -> bool:
                    """Approve it as often as it came to something else meanwhile."""
                    found = await is_in("submitted", "posting", "posted")
                    if found and found["state"] == "submitted":
                        await _as_another(arena, path)
                        await http.post(f"{path}/approve", json={"digest": found["digest"]})
                    return bool(found) and found["state"] != "submitted"

                await until(lambda: is_in("ready"))
                await ask("POST", f"{path}/submit")
                kills: list[Matches] = [to_be_committed, committed]
                trap = arena.postgres.arm(Trap(kills[0], worker.kill))
                await until(approve)
                await run.sprung(trap)
                await arena.workers.ready("scoring")
                trap = arena.postgres.arm(Trap(kills[1], arena.workers["scoring"].kill))
                await run.sprung(trap)
                await arena.workers.ready("scoring")
                await until(lambda: is_in("posted"))
                rows = await run.databases.rows(
                    "scoring",
                    "select coalesce(amends, award_id) as award_id, rule_id, sum(points) as points"
                    " from awards where community = $1 and restatement_id is not null group by 1, 2",
                )
                told = await run.databases.rows(
                    "scoring",
                    "select count(*) from awards where community = $1 and restatement_id is not null",
                )
                assert len(rows) == told[0][0] > 0
                assert {row["points"] for row in rows if row["rule_id"] == "message"} == {2}
                # It is reversed whole, and scoring dies once more.
                await _as_another(arena, path)
                await ask("POST", f"{path}/reverse")
                trap = arena.postgres.arm(Trap(taken_back, arena.workers["scoring"].kill))
                await _as_another(arena, path)
                await ask("POST", f"{path}/approve-reversal")
                await run.sprung(trap)
                await arena.workers.ready("scoring")
                await until(lambda: is_in("reversed"))
            await run.recovery_done()
    finally:
        await arena.workers.restart("scoring")
        await arena.workers.ready("scoring")


async def _as_another(arena: Arena, path: str) -> None:
    """Have it be asked for by another person than the one whose key there is."""
    conn = await arena.admin("scoring")
    try:
        await conn.execute(
            "update restatements set asked_by_person = gen_random_uuid(), submitted_by_person = gen_random_uuid(),"
            " reversal_asked_by_person = case when reversal_asked_by is not null then gen_random_uuid() end"
            " where restatement_id = $1",
            path.rpartition("/")[2],
        )
    finally:
        await conn.close()
