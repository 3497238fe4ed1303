"""Members who turn out to be one person, and who turn out not to be."""

import asyncio
from typing import Any

import httpx
import pytest

from services.ingest.members.handlers.told import on_members_told
from shared.contracts.facts import MEMBER_FACT
from shared.merges import load_group, load_merges
from tests.integration.services.ingest.conftest import Community, event, problem

pytestmark = pytest.mark.stack


async def whose(community: Community, identity: str) -> str:
    answer = await community.client.get("/v1/members", params={"identity": identity})
    (member,) = answer.json()["items"]
    return str(member["member_id"])


async def known(community: Community, *names: str) -> list[str]:
    """The ids of members who have acted in the forum by those names."""
    await community.outcomes(*(event(number, name) for number, name in enumerate(names, 1)))
    return [await whose(community, f"forum:{name}") for name in names]


async def ask(community: Community, how: str, stays: str, other: str, *, dry_run: bool = False) -> httpx.Response:
    return await community.client.post(f"/v1/members/{stays}/{how}", json={"member_id": other, "dry_run": dry_run})


async def done(community: Community, how: str, stays: str, other: str, *, dry_run: bool = False) -> Any:
    answer = await ask(community, how, stays, other, dry_run=dry_run)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def entries(community: Community) -> list[tuple[str, Any]]:
    rows = await community.pool.fetch(
        "select command, after from audit_entries where community = $1 and command like 'member.%' order by at",
        community.name,
    )
    return [(row["command"], row["after"]) for row in rows]


async def test_both_names_one_member_until_it_is_undone(community: Community) -> None:
    ada, bob = await known(community, "ada", "bob")
    tried = await done(community, "merge", "forum:ada", "forum:bob", dry_run=True)
    assert (tried["dry_run"], tried["stays"]["merged_ids"], tried["merged"]["merged_into"]) == (True, [bob], ada)
    assert (await whose(community, "forum:bob"), await entries(community)) == (bob, [])

    made = await done(community, "merge", "forum:ada", "forum:bob")
    assert made == tried | {"dry_run": False}
    for name in (ada, bob, "forum:ada", "forum:bob"):
        shown = (await community.client.get(f"/v1/members/{name}")).json()
        assert (shown["member_id"], shown["merged_ids"]) == (ada, [bob])
    assert (await whose(community, "forum:bob")) == ada
    (merged,) = (await community.client.get(f"/v1/members/{bob}/merged")).json()["items"]
    assert (merged["into_id"], merged["member"]["member_id"]) == (ada, bob)
    assert [one["id"] for one in merged["member"]["identities"]] == ["bob"]

    left = await done(community, "unmerge", ada, "forum:bob", dry_run=True)
    assert (left["stays"]["merged_ids"], left["merged"]["merged_into"]) == ([], None)
    assert (await whose(community, "forum:bob")) == ada
    assert await done(community, "unmerge", ada, "forum:bob") == left | {"dry_run": False}
    assert (await whose(community, "forum:bob")) == bob
    assert [command for command, _ in await entries(community)] == ["member.merge", "member.unmerge"]


async def test_who_was_merged_before_comes_along_and_leaves_again(community: Community) -> None:
    ada, bob, cy = await known(community, "ada", "bob", "cy")
    await done(community, "merge", bob, cy)
    made = await done(community, "merge", ada, cy)
    # Cy is named, and whoever Cy is: that is Bob.
    assert (made["merged"]["member_id"], made["merged"]["merged_ids"]) == (bob, [cy])
    assert made["stays"]["merged_ids"] == sorted([bob, cy])
    assert {await whose(community, f"forum:{name}") for name in ("ada", "bob", "cy")} == {ada}
    await done(community, "unmerge", ada, bob)
    assert [await whose(community, f"forum:{name}") for name in ("ada", "bob", "cy")] == [ada, bob, bob]
    # And the other way round.
    await done(community, "merge", bob, ada)
    async with community.pool.acquire() as conn:
        assert await load_group(conn, community=community.name, head_id=bob) == [bob, *sorted([ada, cy])]


async def test_what_cannot_be_is_refused_with_its_reason(community: Community) -> None:
    ada, bob = await known(community, "ada", "bob")
    nobody = "00000000-0000-4000-8000-000000000000"
    for how, stays, other, status, slug in (
        ("merge", ada, ada, 409, "same-member"),
        ("merge", ada, nobody, 404, "unknown-member"),
        ("merge", nobody, ada, 404, "unknown-member"),
        ("merge", ada, "forum:nobody", 404, "unknown-identity"),
        ("merge", ada, "nobody", 422, "invalid-request"),
        ("unmerge", ada, bob, 409, "not-merged"),
        ("unmerge", ada, nobody, 409, "not-merged"),
        ("unmerge", ada, "forum:nobody", 404, "unknown-identity"),
    ):
        refused = problem(await ask(community, how, stays, other), status)
        assert refused["type"] == f"urn:plaudit:problem:{slug}", (how, stays, other)
    await done(community, "merge", ada, bob)
    for stays, other in ((ada, bob), (bob, ada)):
        refused = problem(await ask(community, "merge", stays, other), 409)
        assert (refused["type"], ada in refused["detail"]) == ("urn:plaudit:problem:same-member", True)
    refused = problem(await ask(community, "unmerge", ada, ada), 409)
    assert refused["type"] == "urn:plaudit:problem:not-merged"


async def test_events_go_on_to_name_who_did_them(community: Community) -> None:
    ada, bob = await known(community, "ada", "bob")
    await done(community, "merge", ada, bob)
    await community.outcomes(event(3, "bob"))
    texts = await community.pool.fetch(
        "select member_id, count(*) from identities where community = $1 group by 1", community.name
    )
    assert {str(row["member_id"]): row["count"] for row in texts} == {ada: 1, bob: 1}


async def test_identities_of_one_person_may_be_declared_as_such(community: Community) -> None:
    ada, bob = await known(community, "ada", "bob")
    body = {"identities": [{"channel": "forum", "id": one} for one in ("bob", "ada", "lovelace")]}
    refused = problem(await community.client.put("/v1/members/identities", json=body), 409)
    assert "/merge" in refused["detail"]
    await done(community, "merge", ada, bob)
    declared = await community.client.put("/v1/members/identities", json=body)
    assert (declared.status_code, declared.json()["member_id"]) == (200, ada)
    # What is new is of whoever stays.
    await done(community, "unmerge", ada, bob)
    assert [await whose(community, f"forum:{name}") for name in ("bob", "lovelace")] == [bob, ada]


async def test_two_who_merge_at_once_make_no_circle(community: Community) -> None:
    members = await known(community, "ada", "bob", "cy", "dee")
    pairs = [(one, other) for one in members for other in members if one != other]
    answers = await asyncio.gather(*(ask(community, "merge", *pair) for pair in pairs))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 9
    assert len({await whose(community, f"forum:{name}") for name in ("ada", "bob", "cy", "dee")}) == 1


async def test_what_a_restored_database_has_forgotten_is_taken_in(community: Community) -> None:
    ada, bob = await known(community, "ada", "bob")
    for how in ("merge", "unmerge", "merge"):
        await done(community, how, ada, bob)
    keys = [(community.name, bob)]
    async with community.begin() as tx:
        (before,) = (await load_merges(tx.conn, keys=keys)).values()
        assert (before.revision, len(before.spells)) == (3, 1)
        await tx.conn.execute("delete from merges where community = $1", community.name)
        fact = {
            "specversion": "1.0",
            "id": f"{bob}/merge/3",
            "source": "/plaudit/ingest",
            "type": "member.merged.v1",
            "time": before.merged_at,
            "community": community.name,
            "data": {
                "member_id": bob,
                "into_id": ada,
                "merged_at": before.merged_at,
                "revision": 3,
                "earlier": [one._asdict() for one in before.spells],
            },
        }
        await on_members_told(tx, [MEMBER_FACT.validate_python(fact)])
        assert (await load_merges(tx.conn, keys=keys)) == {keys[0]: before}
    assert await whose(community, "forum:bob") == ada
