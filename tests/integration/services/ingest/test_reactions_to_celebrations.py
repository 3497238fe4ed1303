"""Members react to celebrations and see them: each once, as an event of theirs to whose celebration it is."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.ingest.reactions.handlers import keep_in_order, on_celebrations
from services.ingest.reactions.store import load_reactables
from shared.contracts.facts import CELEBRATED
from shared.contracts.facts.celebrations import SOURCE
from tests.integration.services.ingest.conftest import Community, problem
from tests.integration.services.ingest.test_check_ins import member
from tests.waiting import until

pytestmark = pytest.mark.stack


async def celebrated(community: Community, whose: str, *, days_ago: float = 0) -> str:
    """The id of a celebration that recognition told of."""
    celebration, at = str(uuid4()), datetime.now(UTC) - timedelta(days=days_ago)
    fact = CELEBRATED.examples[0] | {
        "id": celebration,
        "community": community.name,
        "time": at.isoformat(),
        "data": CELEBRATED.examples[0]["data"] | {"celebration_id": celebration, "member_id": whose},
    }
    async with community.begin() as tx:
        await on_celebrations(tx, [CELEBRATED.adapter.validate_python(fact)])
    return celebration


async def outcomes(community: Community, event_id: str, count: int = 1) -> list[str]:
    async def received() -> Any:
        named = {"source": SOURCE, "event_id": event_id}
        items = (await community.client.get("/v1/receipts/of-event", params=named)).json()["items"]
        return items if len(items) >= count else None

    return [one["outcome"] for one in await until(received)]


async def test_a_reaction_is_one_event_however_often_it_is_given_taken_back_and_given_again(
    community: Community,
) -> None:
    ada, _ = await member(community, "ada")
    grace, shows = await member(community, "grace")
    celebration = await celebrated(community, ada)

    async def react(is_given: bool = True, reaction: str = "heart") -> Any:
        body = {"celebration_id": celebration, "reaction": reaction, "is_given": is_given}
        return await community.client.post("/v1/celebration-reactions", json=body, headers=shows)

    answers = await asyncio.gather(*(react() for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    for is_given in (False, False, True):
        assert (await react(is_given)).json()["is_given"] is is_given
    event_id = f"{celebration}/{grace}/heart"
    assert await outcomes(community, event_id) == ["accepted"]
    assert await outcomes(community, f"{event_id}/2") == ["accepted"]
    assert await outcomes(community, f"{event_id}/3") == ["accepted"]
    # It is theirs, to whose celebration it is, and nobody else came of it.
    assert {one["member_id"] for one in await community.members()} == {ada, grace}
    problem(await react(reaction="nonsense"), 422)

    other, old = str(uuid4()), await celebrated(community, ada, days_ago=91)
    for unknown in (other, old):
        body = {"celebration_id": unknown, "reaction": "heart"}
        answer = await community.client.post("/v1/celebration-reactions", json=body, headers=shows)
        assert problem(answer, 404)["type"].endswith(":unknown-celebration")
    body = {"celebration_id": celebration, "reaction": "heart"}
    assert "token" in problem(await community.client.post("/v1/celebration-reactions", json=body), 422)["detail"]


async def test_what_was_seen_is_an_event_each_and_what_is_old_or_of_whoever_was_forgotten_goes(
    community: Community,
) -> None:
    ada, _ = await member(community, "ada")
    grace, shows = await member(community, "grace")
    ids = [await celebrated(community, ada) for _ in range(2)]

    async def see(*celebrations: str) -> Any:
        body = {"celebration_ids": celebrations}
        return await community.client.post("/v1/celebrations-seen", json=body, headers=shows)

    assert (await see(*ids, ids[0], str(uuid4()))).json() == {"new_count": 2}
    assert (await see(*ids)).json() == {"new_count": 0}
    assert await outcomes(community, f"{ids[1]}/{grace}/seen") == ["accepted"]
    problem(await see(str(uuid4())), 404)

    await community.pool.execute(
        "update reactables set celebrated_at = celebrated_at - interval '1 year' where celebration_id = $1", ids[0]
    )
    async with community.begin() as tx:
        assert not await keep_in_order(tx)
        since = datetime.now(UTC) - timedelta(days=4000)
        left = await load_reactables(tx.conn, community=community.name, celebration_ids=ids, since=since)
        kept = await tx.conn.fetchval("select count(*) from reactions where community = $1", community.name)
    assert (list(left), kept) == ([ids[1]], 1)
