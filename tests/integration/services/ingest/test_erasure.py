"""Somebody is forgotten: what goes, what is not taken any more, and what a restored database does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.ingest.erasure import handlers as erasure
from services.ingest.members.handlers.told import on_members_told
from shared.contracts.facts import MEMBER_ERASED, MEMBER_IDENTIFIED
from shared.contracts.identities import NamedIdentity, identity_hash
from tests.integration.services.ingest.conftest import (
    SCOPES,
    Community,
    event,
    handle,
    problem,
    raw_fact,
)
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack

FORFEIT = {"points": "forfeited"}
TEXT = "What a wonderful, plantedtext evening"


@pytest.fixture
async def community(community: Community) -> Community:
    scopes = (*SCOPES, "members:erase", "sign_in:write")
    community.client.headers.update(await authorization(community.pool, community.name, *scopes))
    return community


async def who(community: Community, identity: str = "forum:ada") -> str:
    answer = await community.client.get(f"/v1/members/{identity}")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["member_id"])


async def erase(community: Community, member: str, body: dict[str, Any] = FORFEIT) -> httpx.Response:
    return await community.client.post(f"/v1/members/{member}/erase", json=body)


async def known_somebody(community: Community) -> str:
    """A member with all that ingest keeps of one."""
    await community.outcomes(event(1, "ada", name="Plantedname", text=TEXT))
    said = {"source": "form", "time_zone": "Europe/Rome", "opt_outs": {"boards": True}}
    assert (await community.client.put("/v1/members/forum:ada/preferences", json=said)).status_code == 200
    member = await who(community)
    link = await community.client.post("/v1/sign-in-links", json={"identity": {"channel": "forum", "id": "ada"}})
    assert link.status_code == 201, link.text
    return member


#: Whose a row is, where its table does not say so as most do.
WHOSE = {
    "kudos": "$2 in (giver_id, receiver_id)",
    "nominations": "$2 in (nominee_id, nominator_id)",
    "ideas": "author_id = $2",
    "idea_moves": "idea_id in (select idea_id from ideas where community = $1 and author_id = $2)",
    "message_recipients": (
        "recipient_id::text in (select identity from identities where community = $1 and member_id = $2)"
    ),
}


async def rows_of(community: Community, member: str) -> dict[str, int]:
    counts = {}
    for table in erasure.store.DELETED_TABLES:
        whose = WHOSE.get(table, "member_id = $2")
        sql = f"select count(*) from {table} where community = $1 and {whose}"
        counts[table] = await community.pool.fetchval(sql, community.name, member)
    return {table: count for table, count in counts.items() if count}


def forum_hash(community: Community, handle: str) -> str:
    key = community.front_door.connected.settings.identity_key_bytes
    return identity_hash(key, community.name, NamedIdentity("forum", handle))


async def test_all_that_ingest_keeps_goes_and_the_proof_says_what_remains(community: Community) -> None:
    member = await known_somebody(community)
    preview = (await community.client.get("/v1/members/forum:ada/erasure")).json()
    assert preview["erased_at"] is None
    assert {table: count for table, count in preview["deleted"].items() if count} == await rows_of(
        community, member
    )
    kept = {"alike_keys", "identities", "dated_facts", "sign_in_links", "texts"}
    assert set(await rows_of(community, member)) == kept

    answer = await erase(community, "forum:ada")

    assert answer.status_code == 200, answer.text
    proof = answer.json()
    gone = {"alike_keys": 2, "identities": 1, "dated_facts": 2, "sign_in_links": 1, "texts": 1}
    assert proof["deleted"] == gone
    assert proof["identities"] == [{"channel": "forum", "hash": forum_hash(community, "ada")}]
    until = {one["where"]: one["until"] for one in proof["remains"]}
    erased_at = datetime.fromisoformat(proof["erased_at"])
    assert datetime.fromisoformat(until["engagement.raw.v1"]) == erased_at + timedelta(days=7)
    assert until["audit.v1"] is None
    assert await rows_of(community, member) == {}
    row = await community.pool.fetchrow("select * from members where community = $1", community.name)
    assert row is not None
    assert (row["name"], str(row["member_id"])) == (None, member)
    assert (await community.client.get(f"/v1/members/{member}")).status_code == 404
    assert (await community.client.get("/v1/members/forum:ada")).status_code == 404
    assert await community.members() == []
    # Asked again, by the id, it is as it was.
    assert (await erase(community, member, {})).json() == proof
    assert (await community.client.get(f"/v1/members/{member}/erasure")).json() == proof


async def test_what_others_share_with_somebody_forgotten_is_still_found(community: Community) -> None:
    # Ada came first, so that the handle was noted as hers.
    await community.outcomes(event(1, "ada"), event(2, "ADA", channel="chat"))
    suggested = (await community.client.get("/v1/members/suggestions")).json()["items"]
    assert [one["reasons"] for one in suggested] == [["same_handle"]]
    assert (await erase(community, "forum:ada")).status_code == 200
    assert (await community.client.get("/v1/members/suggestions")).json()["items"] == []
    await community.outcomes(event(3, "Ada", channel="code"))
    (one,) = (await community.client.get("/v1/members/suggestions")).json()["items"]
    assert {one["member_id"], one["other_id"]} == {
        await who(community, "chat:ADA"),
        await who(community, "code:Ada"),
    }


async def test_what_becomes_of_points_is_to_be_said(community: Community) -> None:
    member = await known_somebody(community)

    refused = problem(await erase(community, member, {}), 409)

    assert refused["type"] == "urn:plaudit:problem:undecided-points"
    assert "/open" in refused["detail"]
    assert await who(community) == member
    assert (await erase(community, "00000000-0000-7000-8000-000000000000")).status_code == 404


async def test_nothing_of_theirs_is_taken_again_and_what_names_them_counts(community: Community) -> None:
    await known_somebody(community)
    await community.outcomes(event("bob", "bob"))
    assert (await erase(community, "forum:ada")).status_code == 200

    mine, others = event(2, "ada", name="Ada"), event(3, "bob", object={"id": "t", "author": {"id": "ada"}})
    receipt = await community.receipt((await community.post(mine, others))["receipt_id"])

    assert [one["outcome"] for one in receipt["items"]] == ["rejected", "accepted"]
    assert "forgotten" in receipt["items"][0]["reason"]
    assert [one["identities"][0]["id"] for one in await community.members()] == ["bob"]
    # Once more, as a connector does it; what was accepted before the erasure is a duplicate as ever.
    assert await community.outcomes(mine, event(1, "ada", name="Plantedname", text=TEXT)) == [
        "rejected",
        "duplicate",
    ]
    told = await handle(
        community, raw_fact(community.name, event(4, "bob", object={"id": "t", "author": {"id": "ada"}}))
    )
    (accepted,) = told.events
    assert "objectmember" not in accepted
    body = {"identities": [{"channel": "forum", "id": "ada"}]}
    declared = problem(await community.client.put("/v1/members/identities", json=body), 409)
    assert declared["type"] == "urn:plaudit:problem:erased-identity"


async def test_what_an_erased_person_took_back_is_taken_back(community: Community) -> None:
    await community.outcomes(event(1, "ada"))
    await erase(community, "forum:ada")
    retraction = event("back", "ada", target={"source": "https://forum.example.org", "id": "post-1"}, reason=TEXT)
    retraction["type"] = "activity.retracted.v1"
    retraction["data"].pop("attributes", None)

    told = await handle(community, raw_fact(community.name, retraction))

    (accepted,) = told.events
    assert "member" not in accepted
    assert await community.pool.fetchval("select count(*) from texts where community = $1", community.name) == 0


async def test_a_restored_database_erases_again(community: Community) -> None:
    member = await known_somebody(community)
    identified = MEMBER_IDENTIFIED.adapter.validate_python(
        fact(
            community,
            "member.identified.v1",
            {
                "member_id": member,
                "name": "Plantedname",
                "identities": [{"channel": "forum", "hash": forum_hash(community, "ada")}],
                "channel": "forum",
                "first_seen_at": "2026-01-31T12:00:00Z",
                "revision": 4,
            },
        )
    )
    erased = MEMBER_ERASED.adapter.validate_python(
        fact(
            community,
            "member.erased.v1",
            {
                "member_id": member,
                "revision": 5,
                "erased_at": "2026-03-31T09:00:00Z",
                "identities": [{"channel": "forum", "hash": forum_hash(community, "ada")}],
                "forfeits": False,
            },
        )
    )
    for handler, told in (
        (on_members_told, identified),
        (erasure.on_erasures_told, erased),
        (on_members_told, identified),
    ):
        async with community.begin() as tx:
            await handler(tx, [told])

    assert await rows_of(community, member) == {}
    assert await community.members() == []
    assert await community.outcomes(event(2, "ada", name="Ada")) == ["rejected"]
    proof = (await community.client.get(f"/v1/members/{member}/erasure")).json()
    assert proof["erased_at"] == "2026-03-31T09:00:00Z"


def fact(community: Community, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{kind} 1",
        "source": "/plaudit/ingest",
        "type": kind,
        "time": datetime(2026, 3, 31, 9, tzinfo=UTC),
        "community": community.name,
        "data": data,
    }


async def test_what_was_on_its_way_goes_too(community: Community) -> None:
    member = await known_somebody(community)
    assert (await erase(community, member)).status_code == 200
    await community.pool.execute(
        "insert into identities (community, channel, identity, member_id) values ($1, 'chat', 'late', $2)",
        community.name,
        member,
    )

    async def look_after(later: timedelta) -> dict[str, Any]:
        async with community.begin() as tx:
            tx.now += later
            await erasure.look_after(tx)
        found: dict[str, Any] = (await community.client.get(f"/v1/members/{member}/erasure")).json()
        return found

    proof = await look_after(timedelta(0))
    assert proof["deleted"]["identities"] == 2
    assert not proof["is_done"]
    assert (await look_after(timedelta(hours=2)))["is_done"]


async def test_a_record_that_names_nobody_is_as_before(community: Community) -> None:
    await known_somebody(community)
    await erase(community, "forum:ada")
    # The same handle on another channel is somebody else, as far as anybody knows.
    assert await community.outcomes(event(5, "ada", channel="chat")) == ["accepted"]


async def test_who_is_merged_is_forgotten_as_one_person(community: Community) -> None:
    await community.outcomes(event(1, "ada", text=TEXT), event(2, "bob", text=TEXT))
    ada, bob = await who(community), await who(community, "forum:bob")
    merged = await community.client.post(f"/v1/members/{ada}/merge", json={"member_id": bob})
    assert merged.status_code == 200, merged.text
    preview = (await community.client.get(f"/v1/members/{bob}/erasure")).json()
    assert (preview["member_id"], preview["deleted"]["identities"], preview["deleted"]["texts"]) == (ada, 2, 2)

    proof = (await erase(community, "forum:bob")).json()

    assert (proof["member_id"], proof["deleted"]) == (ada, {"alike_keys": 2, "identities": 2, "texts": 2})
    assert {one["hash"] for one in proof["identities"]} == {forum_hash(community, one) for one in ("ada", "bob")}
    assert (await rows_of(community, ada), await rows_of(community, bob)) == ({}, {})
    assert (await community.client.get("/v1/members/forum:bob")).status_code == 404
    # Asked again by the id of either, and nobody parts them any more.
    assert (await erase(community, bob)).json() == proof
    parted = await community.client.post(f"/v1/members/{ada}/unmerge", json={"member_id": bob})
    assert parted.status_code == 404
