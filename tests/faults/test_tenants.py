"""A tenant is the fault: what it writes is made to stop everybody, and nobody else notices."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest
from plaudit_client import AsyncPlaudit

from services.scoring.programmes.domain.reading import document_sha256
from tests.faults import load as loads
from tests.faults.arena import FULL, Arena
from tests.faults.conftest import quick
from tests.faults.reconcile import Databases
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(240)]

TWENTY = f"[{', '.join(map(str, range(20)))}]"
NAMES = "abcdefgh"
LOOPS = (
    "".join(f"{TWENTY}. // loop {name}\n all( // {name}\n {name}, " for name in NAMES)
    + "a >= 0"
    + ")" * len(NAMES)
)
REGEX = r"data.channel.matches('(\\w{250}){3}$')"
DOUBLED = f'size(["ab"]{".map(a, a + a)" * 40}) == 1'
MEDIUM = f"[{', '.join(map(str, range(400)))}].exists(one, one == -size(data.channel))"
HOSTILE = [LOOPS, *[REGEX] * 20, DOUBLED, *[MEDIUM] * 100]
VERSIONS_COUNT = 40
EVENTS_COUNT = 2_000 if FULL else 400
#: How long scoring may take to say that it is ready, while all of that goes on.
ANSWER_SECONDS = 5.0


def rules(*conditions: str) -> list[dict[str, Any]]:
    cheap = {"id": "cheap", "title": "Wrote", "on": ["chat.message.v1"], "points": 1}
    return [
        cheap,
        *(
            {"id": f"rule-{number}", "title": "R", "on": ["chat.message.v1"], "points": 1, "when": condition}
            for number, condition in enumerate(conditions)
        ),
    ]


class Tenant:
    """A community whose programme was published before conditions were judged."""

    def __init__(self, arena: Arena, key: str, community: str) -> None:
        self.arena = arena
        self.key = key
        self.databases = Databases(arena.state, community)
        self.community = community

    async def publishes_unchecked(self) -> None:
        """Put versions where the service has them, each with as many rules as there may be."""
        conn = await self.arena.admin("scoring")
        try:
            programme = await conn.fetchval(
                "select programme_id from programme_heads where community = $1", self.community
            )
            await conn.executemany(
                """
                insert into programme_versions (community, version, programme_id, title, effective_from,
                    published_at, published_by, source_text, document, document_sha256)
                values ($1, $2, $3, 'Hostile', now() - interval '1 hour', now(), 'test', '', $4, $5)
                """,
                [
                    (
                        self.community,
                        number,
                        programme,
                        orjson.dumps(document).decode(),
                        # Nobody has signed them: scoring tells them anew, and every reader takes them.
                        document_sha256(document),
                    )
                    for number in range(2, VERSIONS_COUNT + 1)
                    if (document := self._document(programme, number))
                ],
            )
            await conn.execute(
                "update programme_heads set version = $2 where community = $1", self.community, VERSIONS_COUNT
            )
        finally:
            await conn.close()

    def _document(self, programme: str, number: int) -> dict[str, Any]:
        conditions = [f"{condition} // {number}" for condition in HOSTILE]
        return {"programme": programme, "title": "Hostile", "rules": rules(*conditions)}

    async def sends(self) -> None:
        """Send events, each of which meets every rule."""
        events = [loads.message(f"hostile-{n}", datetime.now(UTC), f"h{n % 20}", "h") for n in range(EVENTS_COUNT)]
        async with AsyncPlaudit(self.arena.state.service_urls["ingest"], self.key) as client:
            await client.send(events)

    async def has_programmes_checked(self) -> Counter[int]:
        """Send dry runs and publications of the same, all at once; the statuses of the answers."""
        text = orjson.dumps({"programme": "messages", "title": "Hostile", "rules": rules(*HOSTILE)})
        url = f"{self.arena.state.service_urls['scoring']}/v1/programmes"
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        async with httpx.AsyncClient(trust_env=False, timeout=120, headers=headers) as http:
            answers = await asyncio.gather(
                *(http.post(url, content=text, params={"dry_run": number % 2 == 0}) for number in range(6))
            )
        return Counter(answer.status_code for answer in answers)


@asynccontextmanager
async def scoring_answers(arena: Arena) -> AsyncIterator[None]:
    """Within this, scoring says again and again that it is ready, and takes little time for it."""
    longest = 0.0
    url = f"{arena.workers['scoring'].url}/readyz"

    async def ask() -> None:
        nonlocal longest
        async with httpx.AsyncClient(trust_env=False, timeout=4 * ANSWER_SECONDS) as http:
            while True:
                started = time.monotonic()
                answer = await http.get(url)
                longest = max(longest, time.monotonic() - started)
                assert answer.status_code == httpx.codes.OK, answer.text
                await asyncio.sleep(0.05)

    asking = asyncio.create_task(ask())
    try:
        yield
        assert not asking.done(), asking.exception()
        assert longest < ANSWER_SECONDS
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


@quick
async def test_a_tenant_with_hostile_programmes_under_load(platform_under_faults: Arena) -> None:
    """Its rules are declined and its checks refused; the quiet tenant's events come through as ever."""
    arena = platform_under_faults
    community = f"hostile-{uuid.uuid4().hex[:10]}"
    async with arena.run("35 hostile tenant beside a quiet one") as run:
        tenant = Tenant(arena, await arena.community(community), community)
        await tenant.publishes_unchecked()
        await run.moment()
        async with scoring_answers(arena):
            sending = asyncio.gather(tenant.sends(), tenant.has_programmes_checked())
            run.recovers()
            _, statuses = await sending
            await run.recovery_done()
        assert set(statuses) <= {422, 503}, statuses
        assert statuses[422] >= 1

        async def all_scored() -> bool:
            scored = "select count(*) from activities where community = $1 and scored"
            return bool((await tenant.databases.rows("scoring", scored))[0][0] == EVENTS_COUNT)

        await until(all_scored, 120)
    reasons = await tenant.databases.rows(
        "scoring", "select rule_id, reason, count(*) from declined where community = $1 group by 1, 2"
    )
    of_loops = {row["reason"]: row["count"] for row in reasons if row["rule_id"] == "rule-0"}
    assert of_loops == {"too_slow": EVENTS_COUNT}
    assert sum(row["count"] for row in reasons) == EVENTS_COUNT * len(HOSTILE)
    awards = await tenant.databases.rows(
        "scoring", "select rule_id, count(*) from awards where community = $1 group by 1"
    )
    assert [tuple(row) for row in awards] == [("cheap", EVENTS_COUNT)]
