"""Who is who: members seen in events and identities declared, before, after and at the same time."""

import asyncio
import hashlib
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.ingest.events import handlers
from services.ingest.members.domain import DifferentMembersError
from services.ingest.members.handlers.declaring import declare_identities
from services.ingest.members.handlers.told import on_members_told
from shared.contracts.identities import NamedIdentity, identity_hash
from shared.http import encode_cursor
from shared.transaction import Transaction
from tests.integration.services.ingest.conftest import Community, Published, event, handle, raw_fact
from tests.waiting import until

pytestmark = pytest.mark.stack

NOW = datetime(2026, 1, 31, 12, 0, 1, tzinfo=UTC)


def forum(*ids: str) -> list[NamedIdentity]:
    return [NamedIdentity("forum", one) for one in ids]


def shown_as(channel: str, person_id: str, host: str | None = None) -> dict[str, Any]:
    return {"channel": channel, "host": host, "id": person_id}


async def whose(community: Community, identity: str) -> str:
    """The id of the one member who has an identity."""
    answer = await community.client.get("/v1/members", params={"identity": identity})
    (member,) = answer.json()["items"]
    return str(member["member_id"])


def hashed(community: Community, *identity: str) -> dict[str, str]:
    """An identity as members.v1 tells of it."""
    key = community.front_door.connected.settings.identity_key_bytes
    return {"channel": identity[0], "hash": identity_hash(key, community.name, NamedIdentity(*identity))}


async def declare(community: Community, *identities: tuple[str, str], name: str | None = None) -> httpx.Response:
    body: dict[str, Any] = {"identities": [{"channel": channel, "id": one} for channel, one in identities]}
    return await community.client.put("/v1/members/identities", json=body | ({"name": name} if name else {}))


async def test_identities_declared_before_their_events(community: Community) -> None:
    declared = (await declare(community, ("forum", "ada"), ("chat", "U1"), name="Ada")).json()
    await community.outcomes(event(1, "ada"), event(2, "U1", channel="chat"))
    (member,) = await community.members()
    assert member["member_id"] == declared["member_id"]
    assert member["name"] == "Ada"
    assert member["identities"] == [shown_as("chat", "U1"), shown_as("forum", "ada")]


async def test_identities_declared_after_one_of_them_was_seen(community: Community) -> None:
    await community.outcomes(event(1, "ada"))
    ada = await whose(community, "forum:ada")
    answer = await declare(community, ("forum", "ada"), ("chat", "U1"))
    assert answer.status_code == 200
    assert answer.json()["member_id"] == ada
    assert (await declare(community, ("chat", "U1"), ("forum", "ada"))).json() == answer.json()
    assert len(await community.members()) == 1


async def test_members_that_both_have_a_history_cannot_be_made_one(community: Community) -> None:
    await community.outcomes(event(1, "ada"), event(2, "bob"))
    answer = await declare(community, ("forum", "ada"), ("forum", "bob"))
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert await whose(community, "forum:ada") in answer.json()["detail"]
    assert len(await community.members()) == 2


async def shown(community: Community) -> list[str | None]:
    return [one["name"] for one in await community.members()]


async def test_a_name_is_the_newest_by_the_time_of_the_event(community: Community) -> None:
    await community.outcomes(event(1, "ada", "New Name") | {"time": "2026-01-31T12:00:00Z"})
    await community.outcomes(event(2, "ada"))
    await community.outcomes(event(3, "ada", "Old Name") | {"time": "2020-01-31T12:00:00Z"})
    assert await shown(community) == ["New Name"]
    # Said again later, it holds against what was said in between and comes late.
    await community.outcomes(event(4, "ada", "New Name") | {"time": "2026-01-31T14:00:00Z"})
    await community.outcomes(event(5, "ada", "Between") | {"time": "2026-01-31T13:00:00Z"})
    assert await shown(community) == ["New Name"]
    await community.outcomes(event(6, "ada", "Newer") | {"time": "2026-01-31T15:00:00Z"})
    assert await shown(community) == ["Newer"]


async def test_a_declared_name_outweighs_what_events_say_before_and_after(community: Community) -> None:
    await community.outcomes(event(1, "ada", "Ada"))
    await declare(community, ("forum", "ada"), name="Ada L.")
    await community.outcomes(event(2, "ada", "Countess") | {"time": "2026-03-31T12:00:00Z"})
    assert await shown(community) == ["Ada L."]
    await declare(community, ("forum", "ada"), ("chat", "U1"))
    await community.outcomes(event(3, "U1", "Lovelace", channel="chat") | {"time": "2026-04-30T12:00:00Z"})
    assert await shown(community) == ["Ada L."]
    await declare(community, ("chat", "U1"), name="Ada King")
    assert await shown(community) == ["Ada King"]


@pytest.mark.parametrize("is_own_first", [True, False])
async def test_what_others_call_somebody_renames_nobody(community: Community, is_own_first: bool) -> None:
    own = event(1, "ada", "Ada")
    answered = {"in_reply_to": {"id": "t", "author": {"id": "ada", "name": "ada of old"}}}
    reply = event(2, "bob", "Bob", **answered) | {"type": "forum.reply.v1", "time": "2026-02-28T12:00:00Z"}
    for one in (own, reply) if is_own_first else (reply, own):
        await community.outcomes(one)
    assert sorted(map(str, await shown(community))) == ["Ada", "Bob"]
    # Whom nobody but others named has that name at least.
    unseen = event(3, "bob", object={"id": "t", "author": {"id": "cy", "name": "Cy"}})
    await community.outcomes(unseen)
    assert sorted(map(str, await shown(community))) == ["Ada", "Bob", "Cy"]


SAID = [
    event(1, "ada", "A") | {"time": "2026-01-01T12:00:00Z"},
    event(2, "ada", "B") | {"time": "2026-01-03T12:00:00Z"},
    event(3, "ada", "C") | {"time": "2026-01-02T12:00:00Z"},
    event(4, "ada", "B2") | {"time": "2026-01-03T13:00:00+01:00"},
    event(5, "bob", object={"id": "t", "author": {"id": "ada", "name": "Z"}}) | {"time": "2026-01-09T12:00:00Z"},
]


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (1, 4, 0, 3, 2), (3, 1, 4, 2, 0)])
@pytest.mark.parametrize("is_one_batch", [True, False])
async def test_the_name_and_what_is_told_of_it_are_one_in_every_order(
    community: Community, order: tuple[int, ...], is_one_batch: bool
) -> None:
    facts = [raw_fact(community.name, SAID[place], receiptindex=place) for place in order]
    told: list[Any] = []
    for batch in [facts] if is_one_batch else [[fact] for fact in facts]:
        told += (await handle(community, *batch)).members
    ada = await whose(community, "forum:ada")
    of_ada = [one["data"] for one in told if one["data"]["member_id"] == ada]
    newest = max(of_ada, key=lambda data: data["revision"])
    assert (newest["name"], newest["name_by"]) == ("B2", "self")
    assert newest["name_at"] == datetime(2026, 1, 3, 12, tzinfo=UTC)
    assert len({data["revision"] for data in of_ada}) == len(of_ada)
    assert "B2" in await shown(community)


async def test_a_member_that_was_told_is_taken_back_in_with_whose_word_the_name_is(community: Community) -> None:
    published = await handle(community, raw_fact(community.name, SAID[1]))
    await declare(community, ("forum", "bob"), name="Bob")
    (ada,) = published.members
    bob = ada | {
        "data": ada["data"]
        | {
            "member_id": await whose(community, "forum:bob"),
            "name": "Robert",
            "name_by": "declared",
            "revision": 9,
            "identities": [hashed(community, "forum", "bob")],
        }
    }
    async with community.begin() as tx:
        await on_members_told(tx, [ada, bob])
    await handle(
        community,
        raw_fact(community.name, SAID[2], receiptindex=2),
        raw_fact(community.name, event(8, "bob", "Bobby") | {"time": "2026-04-01T12:00:00Z"}, receiptindex=3),
    )
    assert sorted(map(str, await shown(community))) == ["B", "Robert"]


async def test_members_are_read_in_pages(community: Community) -> None:
    await community.outcomes(*(event(number, f"m{number}") for number in range(7)))
    seen: list[str] = []
    after: str | None = None
    for _ in range(5):
        query = {"limit": "3"} | ({"after": after} if after else {})
        answer = (await community.client.get("/v1/members", params=query)).json()
        seen += [one["member_id"] for one in answer["items"]]
        after = answer["next"]
        if after is None:
            break
    assert seen == sorted(seen)
    assert len(set(seen)) == 7


async def test_a_member_is_found_by_an_identity(community: Community) -> None:
    ada = (await declare(community, ("forum", "ada"), ("chat", "U1"), name="Ada")).json()
    await declare(community, ("chat", "ada"), name="Another")

    async def found(**query: Any) -> tuple[int, Any]:
        answer = await community.client.get("/v1/members", params=query)
        return answer.status_code, answer.json()

    by_identity = (200, {"items": [ada], "next": None})
    assert await found(channel="forum", id="ada") == by_identity
    assert await found(channel="chat", id="U1", limit=1) == by_identity
    assert await found(channel="forum", id="U1") == (200, {"items": [], "next": None})
    assert await found(channel="code", id="ada") == (200, {"items": [], "next": None})
    _, page = await found(limit=2)
    last = encode_cursor([max(one["member_id"] for one in page["items"])])
    assert await found(channel="forum", id="ada", after=last) == (200, {"items": [], "next": None})


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"channel": "forum"}, "id"),
        ({"id": "ada"}, "channel"),
        ({"channel": "Smoke", "id": "ada"}, "channel"),
        ({"channel": "forum", "id": ""}, "id"),
        ({"channel": "forum", "id": "a\0"}, "id"),
        ({"channel": "forum", "identity": "forum:ada"}, "identity"),
        ({"identity": "ada"}, "identity"),
        ({"identity": "forum:"}, "identity"),
        ({"identity": "forum:100%"}, "identity"),
        ({"identity": "forum@-x:ada"}, "identity"),
        ({"identity": "Forum:ada"}, "identity"),
        ({"host": "git.example.org"}, "id"),
    ],
)
async def test_half_an_identity_finds_nobody(community: Community, query: dict[str, str], field: str) -> None:
    answer = await community.client.get("/v1/members", params=query)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_every_way_to_name_a_member(community: Community) -> None:
    ada = (await declare(community, ("forum", "ada"), ("code", "github:git.example.org/1"), name="Ada")).json()

    async def found(path: str) -> tuple[int, Any]:
        answer = await community.client.get(path)
        return answer.status_code, answer.json()

    page = (200, {"items": [ada], "next": None})
    assert await found("/v1/members?identity=forum:ada") == page
    assert await found("/v1/members?identity=%20forum:ada") != page
    assert await found("/v1/members?identity=forum:+ada%E2%80%8B") == page
    for path in (ada["member_id"], ada["member_id"].upper(), "forum:ada", "code:github:git.example.org%252F1"):
        assert await found(f"/v1/members/{path}") == (200, ada)
    for path, kind in (("forum:bob", "unknown-identity"), (str(uuid4()), "unknown-member")):
        status, said = await found(f"/v1/members/{path}")
        assert (status, said["type"].rpartition(":")[2]) == (404, kind)
    for path in ("ada", "forum:", "forum:100%25"):
        status, said = await found(f"/v1/members/{path}")
        assert (status, said["errors"][0]["field"]) == (422, "member_id")


async def test_an_id_does_not_follow_from_a_handle(community: Community) -> None:
    """The same people elsewhere are others, and nothing of what is told says who they are."""
    published = await handle(community, raw_fact(community.name, event(1, "a-handle")))
    (member,) = published.members
    assert UUID(member["data"]["member_id"]).version == 7
    assert member["data"]["identities"] == [hashed(community, "forum", "a-handle")]
    assert "a-handle" not in str(member)


async def test_two_hosts_of_a_channel_have_each_their_ids(community: Community) -> None:
    events = [
        event(0, "7"),
        *(event(n, "7", host=host) for n, host in ((1, "a.example.org"), (2, "B.example.org"))),
    ]
    await community.outcomes(*events, event(3, "7", host="b.example.org"))
    members = await community.members()
    assert [one["identities"] for one in members] == [
        [shown_as("forum", "7", host)] for host in (None, "a.example.org", "b.example.org")
    ]
    assert await whose(community, "forum@B.example.org:7") == members[2]["member_id"]
    query = {"channel": "forum", "host": "b.example.org", "id": "7"}
    assert (await community.client.get("/v1/members", params=query)).json()["items"] == [members[2]]


async def test_an_identity_whose_hash_alone_is_left_is_known_again_when_it_is_seen(community: Community) -> None:
    published = await handle(community, raw_fact(community.name, event(1, "ada", "Ada")))
    declared = (await declare(community, ("forum", "ada"), ("chat", "U1"))).json()
    (told,) = published.members
    told["data"] |= {
        "revision": 9,
        "identities": [hashed(community, "chat", "U1"), hashed(community, "forum", "ada")],
    }
    async with community.pool.acquire() as conn:
        for table in ("identities", "members"):
            await conn.execute(f"delete from {table} where community = $1", community.name)

    async with community.begin() as tx:
        await on_members_told(tx, [told])

    (member,) = await community.members()
    assert (member["member_id"], member["identities"]) == (declared["member_id"], [])
    assert await whose(community, "chat:U1") == declared["member_id"]
    again = raw_fact(community.name, event(2, "U1", channel="chat"), receiptindex=2)
    later = await handle(community, again)
    (event_told,), (member_told,) = later.events, later.members
    assert event_told["member"] == declared["member_id"]
    assert member_told["data"]["identities"] == told["data"]["identities"]
    more = (await declare(community, ("forum", "ada"), ("code", "github:1"))).json()
    assert more["member_id"] == declared["member_id"]
    assert [one["channel"] for one in more["identities"]] == ["chat", "code", "forum"]


async def test_declarations_and_events_at_once_leave_no_identity_to_two_members(community: Community) -> None:
    chain = [("forum", f"i{number}") for number in range(6)]
    await asyncio.gather(
        *(community.post(event(number, identity)) for number, (_, identity) in enumerate(chain[:2])),
        *(declare(community, *pair) for pair in itertools.pairwise(chain)),
        *(declare(community, *chain) for _ in range(3)),
    )
    owners = [one["id"] for member in await community.members() for one in member["identities"]]
    assert sorted(owners) == sorted(set(owners))
    assert {"i0", "i1"} <= set(owners)


async def test_the_same_declaration_at_once_makes_one_member(community: Community) -> None:
    answers = await asyncio.gather(*(declare(community, ("forum", "a"), ("chat", "b")) for _ in range(8)))
    assert [one.status_code for one in answers] == [200] * 8
    assert len({one.json()["member_id"] for one in answers}) == 1
    assert len(await community.members()) == 1


@asynccontextmanager
async def in_front(community: Community) -> AsyncIterator[Transaction]:
    """A transaction that is committed once each of the tasks started meanwhile waits for it."""
    async with community.pool.acquire() as conn:
        faster = conn.transaction()
        await faster.start()
        yield Transaction(conn, NOW, service="ingest", settings=community.front_door.connected.settings)
        pid = conn.get_server_pid()

        async def waited_for() -> Any:
            return await community.pool.fetchval(
                "select exists (select from pg_stat_activity where $1 = any(pg_blocking_pids(pid)))", pid
            )

        await until(waited_for)
        await faster.commit()


async def test_a_declaration_that_an_event_overtook_is_published_under_a_higher_revision(
    community: Community,
) -> None:
    """Readers keep a member's highest revision: at the same one they would never see the new identity."""

    async def declared() -> Published:
        async with community.begin() as tx:
            await declare_identities(
                tx, community=community.name, identities=dict.fromkeys(forum("ada", "bea")), name=None
            )
            return Published(tx)

    async with in_front(community) as tx:
        await handlers.on_raw_events(tx, [raw_fact(community.name, event(1, "ada"))])
        (before,) = Published(tx).members
        overtaken = asyncio.create_task(declared())
    (after,) = (await overtaken).members
    assert before["data"]["member_id"] == after["data"]["member_id"]
    assert len(after["data"]["identities"]) == 2
    assert after["data"]["revision"] > before["data"]["revision"]


async def test_a_declaration_that_an_event_overtook_with_another_member_joins_that(community: Community) -> None:
    async with in_front(community) as tx:
        await handlers.on_raw_events(tx, [raw_fact(community.name, event(1, "zoe"))])
        overtaken = asyncio.create_task(declare(community, ("forum", "ada"), ("forum", "zoe")))
    answer = await overtaken
    assert answer.status_code == 200, answer.text
    assert answer.json()["member_id"] == await whose(community, "forum:zoe")


async def test_a_declaration_that_a_larger_one_overtook_belongs_to_its_member(community: Community) -> None:
    everything = forum("a", "b", "c")
    async with in_front(community) as tx:
        member = await declare_identities(
            tx, community=community.name, identities=dict.fromkeys(everything), name=None
        )
        overtaken = asyncio.create_task(declare(community, ("forum", "b"), ("forum", "c")))
    answer = await overtaken
    assert answer.status_code == 200, answer.text
    assert answer.json()["member_id"] == member.member_id
    assert len(answer.json()["identities"]) == 3
    # The member that the overtaken one began is nobody: it takes no place on a page.
    (page,) = (await community.client.get("/v1/members", params={"limit": 1})).json()["items"]
    assert page["member_id"] == member.member_id


async def test_two_declarations_that_add_to_one_member_do_not_deadlock(community: Community) -> None:
    await community.outcomes(event(1, "ada"))
    answers = await asyncio.gather(*(declare(community, ("forum", "ada"), ("chat", f"U{n}")) for n in range(8)))
    assert [one.status_code for one in answers] == [200] * 8
    (member,) = await community.members()
    assert len(member["identities"]) == 9


async def test_different_members_are_named(community: Community) -> None:
    await handle(
        community, raw_fact(community.name, event(1, "a")), raw_fact(community.name, event(2, "b"), receiptindex=1)
    )
    with pytest.raises(DifferentMembersError):
        async with community.begin() as tx:
            await declare_identities(
                tx, community=community.name, identities=dict.fromkeys(forum("a", "b")), name=None
            )


def mailed(channel: str, person_id: str, address: str, *, is_verified: bool) -> dict[str, Any]:
    digest = hashlib.sha256(address.encode()).hexdigest()
    return {"channel": channel, "id": person_id, "email_sha256": digest, "email_verified": is_verified}


async def test_a_verified_address_joins_what_is_nobodys_and_any_other_is_a_reason_alone(
    community: Community,
) -> None:
    async def put(one: dict[str, Any]) -> dict[str, Any]:
        answer = await community.client.put("/v1/members/identities", json={"identities": [one]})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    ada = await put(mailed("forum", "ada", "a@example.org", is_verified=True))
    joined = await put(mailed("chat", "U1", "a@example.org", is_verified=True))
    assert joined["member_id"] == ada["member_id"]
    assert [one["channel"] for one in joined["identities"]] == ["chat", "forum"]
    said = await put(mailed("code", "9", "a@example.org", is_verified=False))
    assert said["member_id"] != ada["member_id"]
    await handle(
        community,
        raw_fact(community.name, event(1, "grace", "Grace H.")),
        raw_fact(community.name, event(2, "Grace", "Grace h.", channel="chat"), receiptindex=1),
        raw_fact(community.name, event(3, "77", "Seven"), receiptindex=2),
        raw_fact(community.name, event(4, "77", "Other", channel="chat"), receiptindex=3),
    )
    pages, after = [], None
    for _ in range(3):
        query = {"limit": "1"} | ({"after": after} if after else {})
        page = (await community.client.get("/v1/members/suggestions", params=query)).json()
        pages += page["items"]
        after = page["next"]
        if after is None:
            break
    graces = sorted([await whose(community, "forum:grace"), await whose(community, "chat:Grace")])
    assert sorted((one["reasons"], one["member_id"], one["other_id"]) for one in pages) == [
        (["same_email"], *sorted([ada["member_id"], said["member_id"]])),
        (["same_handle", "same_name"], *graces),
    ]


async def many(community: Community, *members: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """What becomes of several declarations, each of some identities."""
    body = [{"identities": [{"channel": channel, "id": one} for channel, one in member]} for member in members]
    answer = await community.client.post("/v1/members/declare", json={"members": body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_many_are_declared_and_one_that_is_refused_keeps_no_other_out(community: Community) -> None:
    zoe, yan = await whose_new(community, "zoe"), await whose_new(community, "yan")

    found = await many(
        community,
        (("forum", "ada"), ("chat", "U1")),
        (("forum", "zoe"), ("forum", "yan")),
        (("forum", "zoe"), ("chat", "U2")),
        (("pottery", "cy"),),
        (("forum", "dan"),),
    )

    assert (found["declared"], found["refused"]) == (3, 2)
    assert [item["index"] for item in found["items"]] == [0, 1, 2, 3, 4]
    ada, both, more, nowhere, dan = found["items"]
    assert ada["member_id"] == await whose(community, "forum:ada") == await whose(community, "chat:U1")
    assert dan["member_id"] == await whose(community, "forum:dan")
    assert more["member_id"] == zoe == await whose(community, "chat:U2")
    assert both["refused"]["type"] == "urn:plaudit:problem:different-members"
    assert all(one in both["refused"]["detail"] for one in (zoe, yan))
    assert nowhere["refused"]["field"] == "/identities/0/channel"
    assert "no channel `pottery`" in nowhere["refused"]["detail"]
    assert both["member_id"] is nowhere["member_id"] is None


async def whose_new(community: Community, one: str) -> str:
    answer = await declare(community, ("forum", one))
    return str(answer.json()["member_id"])


async def test_two_of_many_that_name_one_identity_are_one_member(community: Community) -> None:
    found = await many(community, (("forum", "ada"),), (("chat", "U1"), ("forum", "ada")), (("forum", "bea"),))
    ada, again, bea = (item["member_id"] for item in found["items"])
    assert ada == again != bea
    assert await whose(community, "chat:U1") == ada


async def test_many_that_are_declared_again_change_nothing(community: Community) -> None:
    members = ((("forum", "ada"), ("chat", "U1")), (("forum", "bea"),))
    first = await many(community, *members)
    assert await many(community, *members) == first


async def test_new_ones_are_told_of_and_an_event_finds_them(community: Community) -> None:
    found = await many(community, (("forum", "ada"), ("chat", "U1")), (("forum", "bea"),))
    published = await handle(community, raw_fact(community.name, event(1, "ada")))
    assert published.events[0]["member"] == found["items"][0]["member_id"]
    assert not published.members


async def test_many_that_an_event_overtakes_belong_to_its_member(community: Community) -> None:
    async with in_front(community) as tx:
        await handlers.on_raw_events(tx, [raw_fact(community.name, event(1, "ada"))])
        overtaken = asyncio.create_task(many(community, (("forum", "ada"), ("chat", "U1")), (("forum", "bea"),)))
    ada, bea = (await overtaken)["items"]
    assert ada["member_id"] == await whose(community, "forum:ada") == await whose(community, "chat:U1")
    assert bea["member_id"] == await whose(community, "forum:bea")


async def test_of_many_a_field_that_is_not_valid_is_named_and_none_is_declared(community: Community) -> None:
    members = [
        {"identities": [{"channel": "forum", "id": "ada"}]},
        {"identities": [{"channel": "forum", "id": ""}]},
        {"identities": [{"channel": "forum", "id": "bea"}], "nick": "B"},
    ]
    answer = await community.client.post("/v1/members/declare", json={"members": members})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [
        "/members/1/identities/0/id",
        "/members/2/nick",
    ]
    listed = await community.client.get("/v1/members")
    assert listed.json()["items"] == []

    too_many = await community.client.post("/v1/members/declare", json={"members": members[:1] * 201})
    assert too_many.status_code == 422


async def test_what_many_would_do_is_said_and_nothing_is_done(community: Community) -> None:
    """Answered as if they were declared in turn; declared then, it comes true."""
    ada = await whose_new(community, "ada")
    zoe, yan = await whose_new(community, "zoe"), await whose_new(community, "yan")
    said: list[tuple[list[tuple[str, str]], str | None]] = [
        ([("forum", "ada")], None),
        ([("forum", "ada"), ("chat", "U1")], None),
        ([("forum", "zoe")], "Zoe"),
        ([("forum", "new"), ("chat", "U2")], "New"),
        ([("chat", "U2"), ("code", "2")], None),
        ([("code", "2"), ("forum", "yan")], None),
        ([("forum", "zoe"), ("forum", "yan")], None),
        ([("pottery", "cy")], None),
    ]
    members = [
        {"identities": [{"channel": channel, "id": id_} for channel, id_ in identities]}
        | ({} if name is None else {"name": name})
        for identities, name in said
    ]
    before = (await community.client.get("/v1/members")).json()

    answer = await community.client.post("/v1/members/declare/preview", json={"members": members})

    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [(one["becomes"], one["member_id"]) for one in found["items"]] == [
        ("known", ada),
        ("changed", ada),
        ("changed", zoe),
        ("new", None),
        ("changed", None),
        (None, None),
        (None, None),
        (None, None),
    ]
    assert [found[one] for one in ("new", "changed", "known", "refused")] == [1, 3, 1, 3]
    earlier, both, nowhere = (one["refused"] for one in found["items"][5:])
    assert "/members/3" in earlier["detail"]
    assert all(one in both["detail"] for one in (zoe, yan))
    assert nowhere["field"] == "/identities/0/channel"
    assert (await community.client.get("/v1/members")).json() == before
    published = await handle(community, raw_fact(community.name, event(1, "ada")))
    assert not published.members, "nothing of it is told"

    done = (await community.client.post("/v1/members/declare", json={"members": members})).json()
    assert [one["refused"] is not None for one in done["items"]] == [
        one["becomes"] is None for one in found["items"]
    ]
    again = (await community.client.post("/v1/members/declare/preview", json={"members": members})).json()
    assert [one["becomes"] for one in again["items"]] == ["known"] * 5 + [None] * 3
