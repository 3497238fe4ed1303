"""Staff, the departed and the hidden, by hand and by rule; and ids that are nobody's."""

from typing import Any

import httpx
import pytest

from tests.integration.services.ingest.conftest import Community, event, handle, problem, raw_fact
from tests.integration.services.ingest.test_bots import admin, reconsidered

pytestmark = pytest.mark.stack
__all__ = ["admin"]


async def declared(admin: httpx.AsyncClient, community: Community, **standings: Any) -> None:
    body = {"id": community.name, "title": "Acme", "standings": standings}
    answer = await admin.post("/v1/communities", json=body)
    assert answer.status_code == 201, answer.text


async def said(community: Community, identity: str, **marks: bool) -> dict[str, Any]:
    answer = await community.client.put(f"/v1/members/{identity}/standing", json=marks)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_who_is_said_to_be_staff_is_on_no_board_at_once_and_earns_as_the_community_says(
    admin: httpx.AsyncClient, community: Community
) -> None:
    await declared(admin, community, staff={"earns": False}, departed={"ranks": True})
    await handle(community, raw_fact(community.name, event(1, "ada")))
    ada = await said(community, "forum:ada", staff=True)
    assert (ada["standing"], ada["earns"], ada["ranks"]) == ({"staff": "hand"}, False, False)
    later = await handle(community, raw_fact(community.name, event(2, "ada"), receiptindex=2))
    assert later.events[0]["unearning"] == "member"
    ada = await said(community, "forum:ada", staff=False, departed=True)
    assert (ada["standing"], ada["earns"], ada["ranks"]) == ({"departed": "hand"}, True, True)
    later = await handle(community, raw_fact(community.name, event(3, "ada"), receiptindex=3))
    assert "unearning" not in later.events[0]


async def test_a_word_by_hand_outweighs_platforms_and_patterns(community: Community) -> None:
    one = event(1, "ci[bot]")
    one["data"]["actor"]["bot"] = True
    await handle(community, raw_fact(community.name, one))
    member = await said(community, "forum:ci[bot]", bot=False)
    assert member["bot_by"] is None
    again = event(2, "ci[bot]")
    again["data"]["actor"]["bot"] = True
    later = await handle(community, raw_fact(community.name, again, receiptindex=2))
    assert "bots" not in later.events[0]
    assert (await said(community, "forum:ci[bot]", bot=True))["bot_by"] == "hand"


async def test_patterns_say_who_is_staff_from_the_first_event_on_and_new_ones_of_everybody(
    admin: httpx.AsyncClient, community: Community
) -> None:
    await declared(admin, community, staff={"patterns": ["*@acme.example"]})
    facts = [
        raw_fact(community.name, event(n, who), receiptindex=n)
        for n, who in enumerate(("ada@acme.example", "bob", "eve-acme"))
    ]
    published = await handle(community, *facts)
    newest = {one["data"]["member_id"]: one["data"] for one in published.members}
    assert sorted(one.get("off_boards", False) for one in newest.values()) == [False, False, True]
    change = {"revision": 1, "standings": {"hidden": {"patterns": ["eve-*"]}}}
    assert (await admin.patch(f"/v1/communities/{community.name}", json=change)).status_code == 200
    await reconsidered(community)
    standing = {one["identities"][0]["id"]: one["standing"] for one in await community.members()}
    assert standing == {"ada@acme.example": {}, "bob": {}, "eve-acme": {"hidden": "pattern"}}


@pytest.mark.parametrize("nobody", ["null", "Anonymous", "-1", "[object Object]", "undefined\u200b"])
async def test_what_stands_for_no_id_is_nobody(community: Community, nobody: str) -> None:
    answer = await community.client.post("/v1/events", json=[event(1, nobody), event(2, "ada")])
    assert answer.status_code == 202, answer.text
    (error,) = answer.json()["rejected"]
    assert (error["index"], error["field"]) == (0, "/data/actor/id")
    # Somebody answered whom nobody knows: the event counts, for who did it.
    published = await handle(
        community,
        raw_fact(community.name, event(3, "ada", object={"id": "t", "author": {"id": nobody.strip("\u200b")}})),
    )
    assert "objectmember" not in published.events[0]
    body = {"identities": [{"channel": "forum", "id": nobody}]}
    said = problem(await community.client.put("/v1/members/identities", json=body), 422)
    assert said["errors"][0]["field"] == "/identities/0/id"
