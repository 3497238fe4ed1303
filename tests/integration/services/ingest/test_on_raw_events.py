"""The worker: accepted once, with everything that was said, and never stopped by what is no event."""

from typing import Any
from uuid import uuid4

import pytest

from services.ingest.events import handlers
from services.ingest.events.domain.judgement import event_uid
from services.ingest.members.domain import IdentityKey
from services.ingest.members.store.identities import load_owners
from shared.published.checks import assert_valid_fact
from shared.topics import EVENTS
from shared.transaction import InvalidMessageError
from tests.integration.services.ingest.conftest import EVENT, Community, event, handle, raw_fact

pytestmark = pytest.mark.stack


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
    with pytest.raises(InvalidMessageError, match="place in its receipt"):
        await handle(community, raw_fact(community.name, event(2)))


async def test_an_accepted_event_keeps_what_was_said_but_of_whom_and_in_which_words(community: Community) -> None:
    said = event(
        1, object={"id": "t", "author": {"id": "bob"}}, in_reply_to={"id": "u", "author": {"id": "eve"}}
    ) | {
        "subject": "topic-1",
        "datacontenttype": "application/json",
        "dataschema": "https://example.org/schema",
    }
    published = await handle(community, raw_fact(community.name, said))
    (found,) = published.events
    kept = ("specversion", "id", "source", "type")
    assert {key: found[key] for key in kept} == {key: said[key] for key in kept}
    things = {"object": {"id": "t", "author": {}}, "in_reply_to": {"id": "u", "author": {}}}
    assert found["data"] == {"channel": "forum", "actor": {}} | things
    assert not {"subject", "datacontenttype", "dataschema"} & found.keys()
    owners = {one["identities"][0]["id"]: one["member_id"] for one in await community.members()}
    roles = (found["member"], found["objectmember"], found["replymember"])
    assert roles == tuple(owners[who] for who in ("ada", "bob", "eve"))
    assert len(published.members) == 3


async def test_contributors_are_members_in_the_order_in_which_they_are_said(community: Community) -> None:
    contributors = [{"id": "bob", "name": "Bob"}, {"id": "deleted-user"}, {"id": "ci", "bot": True}, {"id": "ada"}]
    said = event(1, contributors=contributors)
    published = await handle(community, raw_fact(community.name, said))
    (found,) = published.events
    assert found["data"]["contributors"] == [{}, {}, {"bot": True}, {}]
    owners = {one["identities"][0]["id"]: one["member_id"] for one in await community.members()}
    roles = {role: found[role] for role in found if role.startswith("contributor")}
    expected = {"contributor1": owners["bob"], "contributor3": owners["ci"], "contributor4": owners["ada"]}
    assert roles == expected | ({"contributor2": owners["deleted-user"]} if "deleted-user" in owners else {})
    assert (found["member"], found["bots"]) == (owners["ada"], "contributor3")
    assert "Bob" not in str(found)


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
    with pytest.raises(InvalidMessageError) as refused:
        await handle(community, good, raw_fact(community.name, NOT_EVENTS[name]))
    assert refused.value.index == 1
    assert refused.value.reason


async def test_an_id_that_is_not_the_events_own_is_invalid(community: Community) -> None:
    with pytest.raises(InvalidMessageError, match="the id is not that of"):
        await handle(community, raw_fact(community.name, event(1), id=str(uuid4())))


@pytest.mark.parametrize("kind", ["activity.retracted.v1", "activity.restored.v1"])
@pytest.mark.parametrize("known", [True, False])
async def test_what_is_said_of_an_event_names_it_and_whoever_is_known_to_have_done_it(
    community: Community, kind: str, known: bool
) -> None:
    data: dict[str, Any] = {"channel": "forum", "target": {"source": EVENT["source"], "id": EVENT["id"]}}
    if known:
        data["actor"] = {"id": "moderator"}
    (found,) = (await handle(community, raw_fact(community.name, event(2) | {"type": kind, "data": data}))).events
    assert found["targetuid"] == event_uid(community.name, EVENT["source"], EVENT["id"])
    moderator = IdentityKey(community.name, "forum", "moderator")
    async with community.begin() as tx:
        owners = await load_owners(tx.conn, identities=[moderator])
    assert found.get("member") == (owners[moderator].member_id if known else None)
    assert (moderator in owners) is known
    assert_valid_fact(found)


async def test_a_later_event_type_is_taken_by_an_earlier_worker(community: Community) -> None:
    """While a new version is rolled out, the API may know more than the worker."""
    async with community.begin() as tx:
        later = EVENT | {
            "type": "forum.poem.v1",
            "data": {"channel": "radio", "actor": {"id": "ada"}, "rhymes": True},
        }
        published: list[Any] = []
        tx.publish = lambda topic, key, fact: published.append((topic, fact))  # type: ignore[method-assign]
        await handlers.on_raw_events(tx, [raw_fact(community.name, later)])
    assert [fact["data"]["rhymes"] for topic, fact in published if topic is EVENTS] == [True]


async def test_a_star_that_is_given_again_is_the_star_that_was_there_and_counts_again(
    community: Community,
) -> None:
    star = event("star", object={"id": "repository:1"}, action="created", channel="code") | {
        "type": "code.star.v1",
        "id": "star:1:ada",
    }
    target = {"source": star["source"], "id": star["id"]}

    def said(kind: str, day: int) -> dict[str, Any]:
        data = {"channel": "code", "actor": {"id": "ada"}, "target": target}
        time = f"2026-02-0{day}T12:00:00Z"
        return star | {"type": f"activity.{kind}.v1", "id": f"{kind} {day}", "time": time, "data": data}

    again = star | {"time": "2026-02-03T12:00:00Z"}
    sent = [star, said("restored", 1), said("retracted", 2), again, said("restored", 3)]
    assert await community.outcomes(*sent) == ["accepted", "accepted", "accepted", "duplicate", "accepted"]
