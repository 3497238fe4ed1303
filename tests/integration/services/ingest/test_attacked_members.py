"""What somebody may try with members who are merged, erased and linked: races, restores, pages, tokens."""

import asyncio
from typing import Any

import httpx
import pytest

from services.ingest.erasure import handlers as erasure
from services.ingest.members.domain import MemberKey
from services.ingest.suggestions import store as suggestions
from shared.contracts.facts import MEMBER_ERASED
from shared.contracts.identities import NamedIdentity, identity_hash
from shared.merges import lock_merges
from shared.topics import record_key
from tests.integration.services.ingest.conftest import SCOPES, Community, event, problem
from tests.integration.services.ingest.test_bots import admin, reconsidered
from tests.integration.services.world import authorization
from tests.waiting import until

pytestmark = pytest.mark.stack
__all__ = ["admin"]

FORFEIT = {"points": "forfeited"}


@pytest.fixture
async def community(community: Community) -> Community:
    scopes = (*SCOPES, "members:erase", "members:export", "sign_in:write", "communities:write")
    community.client.headers.update(await authorization(community.pool, community.name, *scopes))
    return community


async def known(community: Community, *names: str) -> list[str]:
    """The ids of members who have acted in the forum by those names."""
    await community.outcomes(*(event(name, name) for name in names))
    return [(await community.client.get(f"/v1/members/forum:{name}")).json()["member_id"] for name in names]


async def post(community: Community, path: str, body: dict[str, Any], status: int = 200) -> Any:
    answer = await community.client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_list_goes_on_behind_who_was_erased(community: Community) -> None:
    found = sorted(await known(community, "ada", "bob", "cy", "di"))
    await post(community, f"/v1/members/{found[0]}/erase", FORFEIT)

    first = (await community.client.get("/v1/members", params={"limit": 2})).json()
    rest = (await community.client.get("/v1/members", params={"limit": 2, "after": first["next"]})).json()

    assert [one["member_id"] for one in first["items"] + rest["items"]] == found[1:]


async def test_rules_reach_members_behind_who_was_erased(
    community: Community, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ingest.bots.handlers.RECONSIDER_BATCH_COUNT", 2)
    found = sorted(await known(community, *(f"renovate-{number}" for number in range(4))))
    await post(community, f"/v1/members/{found[0]}/erase", FORFEIT)
    wanted = {"id": community.name, "title": "Acme", "bots": ["renovate*"]}
    assert (await admin.post("/v1/communities", json=wanted)).status_code == 201

    await reconsidered(community)

    assert {one["bot_by"] for one in await community.members()} == {"pattern"}


async def test_suggestions_are_all_pairs_of_those_who_are_alike(community: Community) -> None:
    async with community.begin() as tx:
        # In fours by name and by handle, each on a channel of its own.
        await tx.conn.execute(
            """
            insert into members (community, member_id, channel, first_seen_at, name, name_by, name_at)
            select $1, ('00000000-0000-7000-8000-' || lpad(g::text, 12, '0'))::uuid, 'forum', now(),
                'Name ' || (g / 4), 1, now()
            from generate_series(0, 19) g
            """,
            community.name,
        )
        await tx.conn.execute(
            """
            insert into identities (community, channel, identity, host, member_id)
            select $1, (array['forum', 'chat', 'code', 'social'])[1 + g % 4], 'h' || (g / 4), '',
                ('00000000-0000-7000-8000-' || lpad(g::text, 12, '0'))::uuid
            from generate_series(0, 19) g
            """,
            community.name,
        )
        first = await suggestions.page_of_suggestions(tx.conn, community=community.name, after=None, limit_count=7)

    pairs = [(int(one.member_id[-12:]), int(one.other_id[-12:])) for one in first]
    assert pairs == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3), (4, 5)]
    assert {one.reasons for one in first} == {("same_handle", "same_name")}


async def test_whoever_is_like_nobody_is_not_read_for_suggestions(community: Community) -> None:
    """However many members there are: only keys that are shared are looked up, each by its index."""
    async with community.begin() as tx:
        await tx.conn.execute(
            """
            insert into members (community, member_id, channel, first_seen_at, name, name_by, name_at)
            select $1, md5($1 || g)::uuid, 'forum', now(), 'Name ' || greatest(g, 2), 1, now()
            from generate_series(1, 5000) g
            """,
            community.name,
        )
        await tx.conn.execute(
            """
            insert into identities (community, channel, identity, host, member_id)
            select $1, case g when 1 then 'chat' else 'forum' end, 'Id' || g, '', md5($1 || g)::uuid
            from generate_series(1, 5000) g
            """,
            community.name,
        )
        await tx.conn.execute("analyze members")
        await tx.conn.execute("analyze identities")
        await tx.conn.execute("analyze alike_keys")
        query = suggestions.PAIRS.format(shared=suggestions.OF_NOTED)
        noted = await tx.conn.fetchval("select md5($1 || 1)::uuid", community.name)
        plan = await tx.conn.fetch(f"explain {query}", community.name, 5, 200, [noted])
        found = await suggestions.page_of_suggestions(
            tx.conn, community=community.name, after=None, limit_count=10
        )
        assert [one.reasons for one in found] == [("same_name",)]
        assert not [row[0] for row in plan if "Seq Scan" in row[0]]
        # Renamed, one of the two is like nobody any more, or like another.
        for name, reasons in (("Nobody else", []), ("Name 77", [("same_name",)])):
            await tx.conn.execute(
                "update members set name = $2 where community = $1 and member_id = md5($1 || 1)::uuid",
                community.name,
                name,
            )
            found = await suggestions.page_of_suggestions(
                tx.conn, community=community.name, after=None, limit_count=10
            )
            assert [one.reasons for one in found] == reasons


async def test_a_member_has_so_many_identities_at_most(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ingest.members.domain.MEMBER_IDENTITIES_MAX_COUNT", 3)
    await known(community, "ada")

    async def declare(*names: str) -> Any:
        identities = [{"channel": "forum", "id": name} for name in ("ada", *names)]
        return await community.client.put("/v1/members/identities", json={"identities": identities})

    assert (await declare("b", "c")).status_code == 200
    refused = problem(await declare("d"), 409)
    assert refused["type"] == "urn:plaudit:problem:too-many-identities"
    # What is theirs already is none more, and of the refused nothing is left.
    assert len((await declare("c")).json()["identities"]) == 3
    assert (await community.client.get("/v1/members/forum:d")).status_code == 404


async def test_who_is_merged_while_they_are_erased_is_forgotten_as_one_person(community: Community) -> None:
    ada, bob = await known(community, "ada", "bob")
    async with community.begin() as tx:
        # Both wait for it, the merge first: whoever asked named Bob when nobody had merged him yet.
        await lock_merges(tx.conn, communities=[community.name])
        merging = asyncio.create_task(community.client.post(f"/v1/members/{ada}/merge", json={"member_id": bob}))
        await until(lambda: waiting(community, 1))
        erasing = asyncio.create_task(community.client.post(f"/v1/members/{bob}/erase", json=FORFEIT))
        await until(lambda: waiting(community, 2))
    merged, erased = await asyncio.gather(merging, erasing)

    assert (merged.status_code, erased.status_code) == (200, 200), erased.text
    assert erased.json()["member_id"] == ada
    assert {one["channel"] for one in erased.json()["identities"]} == {"forum"}
    assert len(erased.json()["identities"]) == 2
    assert await community.members() == []


async def waiting(community: Community, count: int) -> bool:
    sql = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    return int(await community.pool.fetchval(sql)) >= count


async def test_an_identity_of_who_is_erased_meanwhile_is_refused(community: Community) -> None:
    (ada,) = await known(community, "ada")
    link = await post(community, "/v1/sign-in-links", {"identity": {"channel": "forum", "id": "ada"}}, 201)
    token = await post(community, "/v1/tokens", {"link": link["link"]}, 201)
    await post(community, f"/v1/members/{ada}/erase", FORFEIT)
    body = {"identity": {"channel": "chat", "id": "U1"}, "member_token": token["token"]}

    refused = problem(await community.client.post("/v1/members/links", json=body), 409)

    assert refused["type"] == "urn:plaudit:problem:erased-identity"
    sql = "select count(*) from identities where community = $1"
    assert await community.pool.fetchval(sql, community.name) == 0


async def test_who_signed_in_while_merged_is_themselves_once_parted(community: Community) -> None:
    ada, bob = await known(community, "ada", "bob")
    await post(community, f"/v1/members/{ada}/merge", {"member_id": bob})
    link = await post(community, "/v1/sign-in-links", {"identity": {"channel": "forum", "id": "bob"}}, 201)
    signed_in = await post(community, "/v1/tokens", {"link": link["link"], "renewable": True}, 201)

    async def seen(token: str) -> dict[str, int]:
        headers = {"Authorization": f"Bearer {token}"}
        return {
            member: (await community.client.get(f"/v1/members/{member}", headers=headers)).status_code
            for member in (ada, bob)
        }

    assert await seen(signed_in["token"]) == {ada: 200, bob: 200}
    await post(community, f"/v1/members/{ada}/unmerge", {"member_id": bob})
    renewed = await post(community, "/v1/tokens", {"renewal": signed_in["renewal"]}, 201)

    for token in (signed_in["token"], renewed["token"]):
        assert await seen(token) == {ada: 403, bob: 200}


async def test_dead_letters_go_when_a_restored_database_erases_again(community: Community) -> None:
    (ada,) = await known(community, "ada")
    await community.pool.execute(
        """
        insert into dead_letters (letter_id, community, topic, partition, record_offset, key, value, is_truncated,
                                  reason, dead_at)
        values (gen_random_uuid(), $1, 'engagement.raw.v1', 0, $2, $3, 'Plantedname', false, 'broken', now())
        """,
        community.name,
        int(ada[-12:], 16),
        record_key(community.name, "forum|ada"),
    )
    key = community.front_door.connected.settings.identity_key_bytes
    told = MEMBER_ERASED.adapter.validate_python(
        {
            "specversion": "1.0",
            "id": f"{ada}/5",
            "source": "/plaudit/ingest",
            "type": "member.erased.v1",
            "time": "2026-03-31T09:00:00Z",
            "community": community.name,
            "data": {
                "member_id": ada,
                "revision": 5,
                "erased_at": "2026-03-31T09:00:00Z",
                "identities": [
                    {
                        "channel": "forum",
                        "hash": identity_hash(key, community.name, NamedIdentity("forum", "ada")),
                    }
                ],
                "forfeits": False,
            },
        }
    )

    async with community.begin() as tx:
        await erasure.on_erasures_told(tx, [told])
        found = await erasure.store.find_erasure(tx.conn, key=MemberKey(community.name, ada))

    assert found is not None
    assert found.deleted == {"alike_keys": 1, "dead_letters": 1, "identities": 1}
    sql = "select count(*) from dead_letters where community = $1"
    assert await community.pool.fetchval(sql, community.name) == 0
