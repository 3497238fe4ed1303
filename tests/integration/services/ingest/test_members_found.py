"""Members are found by words of a name, by how a handle begins, and by what they are; no name is in an address."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.services.ingest.conftest import Community, event, handle, raw_fact

pytestmark = pytest.mark.stack


async def found(community: Community, **sought: Any) -> list[str]:
    """The handles of those who are found, in their order, read in pages of one."""
    handles: list[str] = []
    after: dict[str, Any] = {}
    while True:
        answer = await community.client.post("/v1/members/search", json=sought, params={"limit": 1, **after})
        assert answer.status_code == 200, answer.text
        handles += [one["identities"][0]["id"] for one in answer.json()["items"]]
        if answer.json()["next"] is None:
            return handles
        after = {"after": answer.json()["next"]}


async def test_members_are_found_by_name_handle_and_mark(community: Community) -> None:
    people = {"ada.l": "Ada Lovelace", "kofi": "Kofi Brandt", "ci_1": "Adam <the> bot.of/us", "100%": None}
    for number, (handle_, name) in enumerate(people.items(), 1):
        fact = raw_fact(community.name, event(number, handle_, name), receiptindex=number)
        await handle(community, fact | {"time": datetime(2026, 1, 31, 12, number, tzinfo=UTC)})
    newest_first = list(reversed(people))
    assert await found(community) == newest_first
    assert await found(community, text="ADA") == ["ci_1", "ada.l"]
    assert await found(community, text="love ad") == ["ada.l"]
    for text in ("<the", "us", "of bot", "bot.of/us"):
        assert await found(community, text=text) == ["ci_1"]
    assert await found(community, text="kof") == await found(community, text="forum:KOFI") == ["kofi"]
    assert await found(community, text="chat:kofi") == []
    # What LIKE and the words of a search take for operators is text.
    assert await found(community, text="10%") == []
    assert await found(community, text="100%") == ["100%"]
    assert await found(community, text="ci_1") == ["ci_1"]
    assert await found(community, text="cix1") == await found(community, text="& | !") == []

    for name, marks in {"ci_1": {"bot": True}, "kofi": {"staff": True, "hidden": True}}.items():
        said = await community.client.put(f"/v1/members/forum:{name}/standing", json=marks)
        assert said.status_code == 200, said.text
    assert await found(community, mark="bot") == await found(community, text="ad", mark="bot") == ["ci_1"]
    assert await found(community, mark="staff") == await found(community, mark="hidden") == ["kofi"]
    assert await found(community, mark="person") == await found(community, mark="unverified")
    body = {"identities": [{"channel": "forum", "id": "kofi", "email_sha256": "a" * 64, "email_verified": True}]}
    assert (await community.client.put("/v1/members/identities", json=body)).status_code == 200
    assert await found(community, mark="unverified") == ["100%", "ada.l"]

    counts = (await community.client.get("/v1/members/counts")).json()["items"]
    assert {one["mark"]: one["count"] for one in counts} == {
        None: 4,
        "person": 3,
        "bot": 1,
        "staff": 1,
        "departed": 0,
        "hidden": 1,
        "unverified": 2,
    }
    assert (await community.client.post("/v1/members/search", json={"text": "a"})).status_code == 422
    read = await community.pool.fetchval(
        "select count(*) from audit_entries where community = $1 and kind = 'read' and object_id like '%ADA%'",
        community.name,
    )
    assert read == 0
