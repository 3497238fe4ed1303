"""Who is no person: by the platform's word and by the community's patterns, before and after they are set."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.ingest.bots import handlers as bots
from services.ingest.bots.handlers import reconsider
from shared.access_keys import INSTALLATION, Scope
from shared.service import Parts
from tests.integration.services.ingest.conftest import Community, Published, event, handle, raw_fact
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack


@pytest.fixture
async def admin(front_door: Parts) -> AsyncIterator[httpx.AsyncClient]:
    headers = await authorization(front_door.pool, INSTALLATION, Scope.COMMUNITIES_WRITE)
    url = f"http://127.0.0.1:{front_door.http.port}"
    async with httpx.AsyncClient(base_url=url, timeout=60, headers=headers) as client:
        yield client


def roles(published: Any) -> list[str | None]:
    return [one.get("bots") for one in published.events]


async def bot_by(community: Community) -> dict[str, str | None]:
    page = (await community.client.get("/v1/members")).json()
    return {one["identities"][0]["id"]: one["bot_by"] for one in page["items"]}


async def test_platforms_and_patterns_say_who_is_a_bot(community: Community) -> None:
    said = event(1, "helper", object={"id": "t", "author": {"id": "ada"}})
    said["data"]["actor"]["bot"] = True
    by_name = event(2, "github:1", "ci[bot]")
    person = event(3, "bob", object={"id": "t", "author": {"id": "helper"}})
    facts = [raw_fact(community.name, one, receiptindex=n) for n, one in enumerate((said, by_name, person))]
    published = await handle(community, *facts)
    assert roles(published) == ["member", "member", "objectmember"]
    handles = {one["member_id"]: one["identities"][0]["id"] for one in await community.members()}
    assert {handles[one["data"]["member_id"]]: one["data"].get("bot_by") for one in published.members} == {
        "helper": "platform",
        "ada": None,
        "github:1": "pattern",
        "bob": None,
    }
    # Known for one, whatever this event says of it.
    later = await handle(community, raw_fact(community.name, event(4, "helper"), receiptindex=9))
    assert roles(later) == ["member"]
    assert later.members == []


async def reconsidered(community: Community) -> list[Any]:
    """What is told of members until nobody of the community is left to look at."""
    told: list[Any] = []
    due = "select count(*) from communities where community = $1 and bots_considered_up_to is not null"
    while await community.pool.fetchval(due, community.name):
        async with community.begin() as tx:
            await reconsider(tx)
            told += Published(tx).members
    return told


async def test_new_patterns_look_at_everybody_again(
    community: Community, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bots, "RECONSIDER_BATCH_COUNT", 2)
    said = event(0, "said")
    said["data"]["actor"]["bot"] = True
    people = [said, *(event(n, who) for n, who in enumerate(("renovate-1", "renovate-2", "ada", "bob"), start=1))]
    await handle(community, *(raw_fact(community.name, one, receiptindex=n) for n, one in enumerate(people)))
    wanted = {"id": community.name, "title": "Acme", "bots": ["renovate*"]}
    declared = await admin.post("/v1/communities", json=wanted)
    assert declared.status_code == 201, declared.text
    await reconsidered(community)
    assert await bot_by(community) == {
        "said": "platform",
        "renovate-1": "pattern",
        "renovate-2": "pattern",
        "ada": None,
        "bob": None,
    }
    published = await handle(community, raw_fact(community.name, event(8, "renovate-2"), receiptindex=8))
    assert roles(published) == ["member"]
    changed = await admin.patch(f"/v1/communities/{community.name}", json={"revision": 1, "bots": []})
    assert changed.json()["bots"] == []
    told = await reconsidered(community)
    assert all("bot_by" not in one["data"] for one in told)
    assert {who for who, by in (await bot_by(community)).items() if by} == {"said"}
