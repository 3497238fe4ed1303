"""What became of each event, and who is who: through the API, the topic and the worker."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from services.ingest import handlers
from services.ingest.domain.events import event_uid
from services.ingest.domain.members import DifferentMembersError, new_member_id
from shared.contracts.checks import assert_valid_fact
from shared.contracts.facts import ACCEPTED_EVENT, MEMBER_IDENTIFIED, RAW_EVENT, REJECTED_EVENT
from shared.service import Parts
from shared.topics import EVENTS, MEMBERS, REJECTED
from shared.transaction import Invalid, Transaction, transaction
from tests.integration.services.ingest.conftest import EVENT, SCOPES, Community, event
from tests.integration.services.world import authorization
from tests.integration.shared.line import until

pytestmark = pytest.mark.stack

NOW = datetime(2026, 1, 31, 12, 0, 1, tzinfo=UTC)
RAW: dict[str, Any] = {
    "specversion": "1.0",
    "source": "/plaudit/ingest",
    "type": "engagement.received.v1",
    "time": "2026-01-31T12:00:01Z",
    "receiptid": "r1",
    "receiptindex": 0,
}


def raw_fact(community: str, activity: dict[str, Any], **more: Any) -> Any:
    """A decoded message of engagement.raw.v1."""
    uid = event_uid(community, str(activity.get("source")), str(activity.get("id")))
    return RAW_EVENT.validate_python(RAW | {"community": community, "id": uid, "data": activity} | more)


class Published:
    """A transaction's messages, read back as their readers read them."""

    def __init__(self, tx: Transaction) -> None:
        self._of = dict[str, list[bytes]]()
        for topic, _key, value in tx._messages:
            self._of.setdefault(topic, []).append(value)

    @property
    def events(self) -> list[Any]:
        return [ACCEPTED_EVENT.validate_json(value) for value in self._of.get(EVENTS.name, [])]

    @property
    def members(self) -> list[Any]:
        return [MEMBER_IDENTIFIED.validate_json(value) for value in self._of.get(MEMBERS.name, [])]

    @property
    def rejected(self) -> list[Any]:
        return [REJECTED_EVENT.validate_json(value) for value in self._of.get(REJECTED.name, [])]


async def handle(community: Community, *facts: Any) -> Published:
    async with transaction(community.pool, lambda _: None) as tx:
        await handlers.on_raw_events(tx, list(facts))
        return Published(tx)


async def test_a_receipt_goes_from_pending_to_complete(community: Community, front_door: Parts) -> None:
    assert front_door._consumer_loop is not None
    async with front_door._consumer_loop._busy:  # the worker stands still
        taken = await community.post(event(1), event(2), event(1))
        answer = await community.client.get(f"/v1/receipts/{taken['receipt_id']}")
        assert answer.json()["status"] == "pending"
        assert answer.json()["counts"] == {"accepted": 0, "duplicate": 0, "conflict": 0, "pending": 3}
    receipt = await community.receipt(taken["receipt_id"])
    assert [(one["index"], one["outcome"]) for one in receipt["items"]] == [
        (0, "accepted"),
        (1, "accepted"),
        (2, "duplicate"),
    ]
    assert receipt["items"][0]["event_uid"] == event_uid(community.name, EVENT["source"], "post-1")


async def test_the_same_event_again_is_a_duplicate_and_other_content_a_conflict(community: Community) -> None:
    assert await community.outcomes(event(1), event(2)) == ["accepted", "accepted"]
    assert await community.outcomes(event(1), event(2, "bob"), event(3)) == ["duplicate", "conflict", "accepted"]
    receipt = await community.receipt((await community.post(event(2, "eve")))["receipt_id"])
    assert (
        receipt["items"][0]["reason"] == "an event with this source and id was accepted before with other content"
    )


async def test_the_same_moment_in_another_spelling_is_the_same_content(community: Community) -> None:
    same = [EVENT | {"time": time} for time in ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000+00:00")]
    assert await community.outcomes(*same) == ["accepted", "duplicate"]
    assert await community.outcomes(same[1] | {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}) == ["duplicate"]


async def test_a_batch_that_is_partly_too_large_still_completes(community: Community) -> None:
    large = event(2, object={"id": "x"}, attributes={f"a{n}": "ü" * 1_000 for n in range(32)} | {})
    large["data"]["object"]["url"] = "ü" * 1_000
    taken = await community.post(event(1), large)
    assert taken["accepted"] == 1
    assert [one["index"] for one in taken["rejected"]] == [1]
    assert (await community.receipt(taken["receipt_id"]))["counts"]["pending"] == 0


async def test_a_receipt_is_read_in_pages(community: Community) -> None:
    taken = await community.post(*(event(number) for number in range(25)))
    await community.receipt(taken["receipt_id"])
    seen: list[int] = []
    after: str | None = None
    for _ in range(4):
        query = {"limit": "10"} | ({"after": after} if after else {})
        answer = (await community.client.get(f"/v1/receipts/{taken['receipt_id']}", params=query)).json()
        assert sum(answer["counts"].values()) == 25
        seen += [one["index"] for one in answer["items"]]
        after = answer["next"]
        if after is None:
            break
    assert seen == list(range(25))


async def test_another_community_sees_nothing(community: Community, front_door: Parts) -> None:
    taken = await community.post(event(1))
    await community.receipt(taken["receipt_id"])
    headers = await authorization(community.pool, f"{community.name}x", *SCOPES)
    answer = (await community.client.get(f"/v1/receipts/{taken['receipt_id']}", headers=headers)).json()
    assert (answer["items"], answer["status"]) == ([], "pending")
    assert (await community.client.get("/v1/members", headers=headers)).json() == {"items": [], "next": None}
    # The same source and id are another event there.
    again = (await community.client.post("/v1/events", json=event(1), headers=headers)).json()

    async def judged() -> Any:
        url = f"/v1/receipts/{again['receipt_id']}"
        return (await community.client.get(url, headers=headers)).json()["items"]

    assert [one["outcome"] for one in await until(judged)] == ["accepted"]


async def declare(community: Community, *identities: tuple[str, str], name: str | None = None) -> httpx.Response:
    body: dict[str, Any] = {"identities": [{"channel": channel, "id": one} for channel, one in identities]}
    return await community.client.put("/v1/members/identities", json=body | ({"name": name} if name else {}))


async def test_identities_declared_before_their_events(community: Community) -> None:
    declared = (await declare(community, ("forum", "ada"), ("chat", "U1"), name="Ada")).json()
    await community.outcomes(event(1, "ada"), event(2, "U1", channel="chat"))
    (member,) = await community.members()
    assert member["member_id"] == declared["member_id"]
    assert member["name"] == "Ada"
    assert member["identities"] == [{"channel": "chat", "id": "U1"}, {"channel": "forum", "id": "ada"}]


async def test_identities_declared_after_one_of_them_was_seen(community: Community) -> None:
    await community.outcomes(event(1, "ada"))
    answer = await declare(community, ("forum", "ada"), ("chat", "U1"))
    assert answer.status_code == 200
    assert answer.json()["member_id"] == new_member_id((community.name, "forum", "ada"))
    assert (await declare(community, ("chat", "U1"), ("forum", "ada"))).json() == answer.json()
    assert len(await community.members()) == 1


async def test_members_that_both_have_a_history_cannot_be_made_one(community: Community) -> None:
    await community.outcomes(event(1, "ada"), event(2, "bob"))
    answer = await declare(community, ("forum", "ada"), ("forum", "bob"))
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert new_member_id((community.name, "forum", "ada")) in answer.json()["detail"]
    assert len(await community.members()) == 2


async def test_a_name_is_the_last_one_said(community: Community) -> None:
    await community.outcomes(event(1, "ada", "Ada"))
    await community.outcomes(event(2, "ada"))
    assert [one["name"] for one in await community.members()] == ["Ada"]
    await declare(community, ("forum", "ada"), name="Ada L.")
    assert [one["name"] for one in await community.members()] == ["Ada L."]
    await community.outcomes(event(3, "ada", "Countess"))
    assert [one["name"] for one in await community.members()] == ["Countess"]


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
        yield Transaction(conn, NOW)
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
        async with transaction(community.pool, lambda _: None) as tx:
            await handlers.declare_identities(tx, community.name, [("forum", "ada"), ("forum", "bea")], None)
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
    assert answer.json()["member_id"] == new_member_id((community.name, "forum", "zoe"))


async def test_a_declaration_that_a_larger_one_overtook_belongs_to_its_member(community: Community) -> None:
    everything = [("forum", "a"), ("forum", "b"), ("forum", "c")]
    async with in_front(community) as tx:
        member = await handlers.declare_identities(tx, community.name, everything, None)
        overtaken = asyncio.create_task(declare(community, ("forum", "b"), ("forum", "c")))
    answer = await overtaken
    assert answer.status_code == 200, answer.text
    assert answer.json()["member_id"] == member
    assert len(answer.json()["identities"]) == 3


async def test_two_declarations_that_add_to_one_member_do_not_deadlock(community: Community) -> None:
    await community.outcomes(event(1, "ada"))
    answers = await asyncio.gather(*(declare(community, ("forum", "ada"), ("chat", f"U{n}")) for n in range(8)))
    assert [one.status_code for one in answers] == [200] * 8
    (member,) = await community.members()
    assert len(member["identities"]) == 9


async def test_a_record_consumed_twice_changes_nothing(community: Community) -> None:
    fact = raw_fact(community.name, event(1))
    first = await handle(community, fact, fact)
    again = await handle(community, fact)
    assert [one["uid"] for one in first.events] == [fact["id"]]
    assert (again.events, again.members, again.rejected) == ([], [], [])


async def test_a_record_consumed_again_beside_new_ones_changes_nothing(community: Community) -> None:
    facts = [raw_fact(community.name, event(number), receiptindex=number) for number in range(3)]
    await handle(community, facts[1])
    published = await handle(community, *facts, facts[2])
    assert [one["uid"] for one in published.events] == [facts[0]["id"], facts[2]["id"]]
    counts = await community.pool.fetch(
        "select outcome, count(*) from receipts where community = $1 group by 1", community.name
    )
    assert [tuple(row) for row in counts] == [("accepted", 3)]


async def test_a_record_that_names_the_receipt_of_another_is_invalid(community: Community) -> None:
    await handle(community, raw_fact(community.name, event(1)))
    with pytest.raises(Invalid, match="place in its receipt"):
        await handle(community, raw_fact(community.name, event(2)))


async def test_an_accepted_event_keeps_everything_that_was_said(community: Community) -> None:
    said = event(
        1, object={"id": "t", "author": {"id": "bob"}}, in_reply_to={"id": "u", "author": {"id": "eve"}}
    ) | {
        "subject": "topic-1",
        "datacontenttype": "application/json",
        "dataschema": "https://example.org/schema",
    }
    published = await handle(community, raw_fact(community.name, said))
    (found,) = published.events
    assert {key: found[key] for key in said if key != "time"} == {key: said[key] for key in said if key != "time"}
    assert (found["member"], found["objectmember"], found["replymember"]) == tuple(
        new_member_id((community.name, "forum", who)) for who in ("ada", "bob", "eve")
    )
    assert len(published.members) == 3


async def test_a_conflict_is_published_with_its_reason(community: Community) -> None:
    facts = [raw_fact(community.name, event(1, who), receiptindex=n) for n, who in enumerate(("ada", "bob"))]
    published = await handle(community, *facts)
    assert len(published.events) == 1
    (rejected,) = published.rejected
    assert_valid_fact(rejected)
    assert rejected["data"]["receipt_index"] == 1
    assert rejected["data"]["outcome"] == "conflict"


NOT_EVENTS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "no data": {key: value for key, value in EVENT.items() if key != "data"},
    "no actor": EVENT | {"data": {"channel": "forum"}},
    "an actor that is a name": EVENT | {"data": {"channel": "forum", "actor": "ada"}},
    "a number as actor": EVENT | {"data": {"channel": "forum", "actor": {"id": 7}}},
    "an author without an id": event(1, object={"id": "x", "author": {}}),
    "NUL": EVENT | {"id": "a\x00b"},
    "no time": {key: value for key, value in EVENT.items() if key != "time"},
    "a retraction of nothing": EVENT | {"type": "activity.retracted.v1"},
    "an integer beyond 64 bits": event(1, attributes={"n": 10**30}),
}


@pytest.mark.parametrize("name", NOT_EVENTS)
async def test_what_the_api_would_never_write_is_invalid_and_no_reason_to_crash(
    community: Community, name: str
) -> None:
    good = raw_fact(community.name, event(7))
    with pytest.raises(Invalid) as refused:
        await handle(community, good, raw_fact(community.name, NOT_EVENTS[name]))
    assert refused.value.index == 1
    assert refused.value.reason


async def test_an_id_that_is_not_the_events_own_is_invalid(community: Community) -> None:
    with pytest.raises(Invalid, match="the id is not that of"):
        await handle(community, raw_fact(community.name, event(1), id=new_member_id(("a", "b", "c"))))


async def test_a_later_event_type_is_taken_by_an_earlier_worker(community: Community) -> None:
    """While a new version is rolled out, the API may know more than the worker."""
    async with transaction(community.pool, lambda _: None) as tx:
        later = EVENT | {
            "type": "forum.poem.v1",
            "data": {"channel": "radio", "actor": {"id": "ada"}, "rhymes": True},
        }
        published: list[Any] = []
        tx.publish = lambda topic, key, fact: published.append((topic, fact))  # type: ignore[method-assign]
        await handlers.on_raw_events(tx, [raw_fact(community.name, later)])
    assert [fact["data"]["rhymes"] for topic, fact in published if topic is EVENTS] == [True]


async def test_different_members_are_named(community: Community) -> None:
    await handle(
        community, raw_fact(community.name, event(1, "a")), raw_fact(community.name, event(2, "b"), receiptindex=1)
    )
    with pytest.raises(DifferentMembersError):
        async with transaction(community.pool, lambda _: None) as tx:
            await handlers.declare_identities(tx, community.name, [("forum", "a"), ("forum", "b")], None)


async def test_keys_are_issued_listed_and_revoked_for_good(community: Community, front_door: Parts) -> None:
    admin = {"Authorization": f"Bearer {front_door._settings.admin_key}"}
    wanted = {"community": community.name, "name": "forum", "scopes": ["events:write", "receipts:read"]}
    issued = await community.client.post("/v1/keys", json=wanted, headers=admin)
    assert issued.status_code == 201, issued.text
    key = {"Authorization": f"Bearer {issued.json()['key']}"}

    async def works() -> bool:
        return (await community.client.post("/v1/events", json=event(1), headers=key)).status_code == 202

    await until(works)
    path = f"/v1/communities/{community.name}/keys"
    listed = (await community.client.get(path, headers=admin)).json()["items"]
    assert issued.json()["key_id"] in [one["key_id"] for one in listed]
    assert issued.json()["key"] not in str(listed)
    assert (await community.client.delete(f"{path}/{issued.json()['key_id']}", headers=admin)).status_code == 204

    async def refused() -> bool:
        return (await community.client.post("/v1/events", json=event(1), headers=key)).status_code == 401

    await until(refused)
    assert (await community.client.delete(f"{path}/nobody", headers=admin)).status_code == 404
    assert (await community.client.post("/v1/keys", json=wanted)).status_code == 403
    bad = await community.client.post("/v1/keys", json=wanted | {"scopes": ["everything"]}, headers=admin)
    assert bad.json()["errors"][0]["field"] == "/scopes"
