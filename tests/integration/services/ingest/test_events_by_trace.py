"""By which trace events came, from the request to the receipt; and what a platform says beside CloudEvents."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.ingest.events.domain.traces import Trace
from services.ingest.events.handlers import keep_traces
from services.ingest.events.store.traces import add_traces
from services.ingest.measuring.handlers.texts import find_text, keep_in_order
from tests.integration.services.ingest.conftest import Community, event, handle, problem, raw_fact
from tests.integration.services.ingest.test_kept_texts import begin

pytestmark = pytest.mark.stack

PARENT = "00f067aa0ba902b7"


def traceparent(trace_id: str) -> str:
    return f"00-{trace_id}-{PARENT}-01"


async def posted(community: Community, *events: Any, header: str | None = None) -> dict[str, Any]:
    """The complete receipt of a request that came with a trace."""
    headers = {} if header is None else {"traceparent": header}
    answer = await community.client.post("/v1/events", json=list(events), headers=headers)
    assert answer.status_code == 202, answer.text
    return await community.receipt(answer.json()["receipt_id"])


async def came_by(community: Community, trace_id: str, **query: Any) -> list[tuple[str, int]]:
    answer = await community.client.get(f"/v1/traces/{trace_id}", params=query)
    assert answer.status_code == 200, answer.text
    return [(one["receipt_id"], one["index"]) for one in answer.json()["items"]]


async def test_an_event_is_found_by_its_trace_whoever_named_it(community: Community) -> None:
    of_request, own = uuid4().hex, uuid4().hex
    one = await posted(
        community, event(1), event(2) | {"traceparent": traceparent(own)}, event(1), header=traceparent(of_request)
    )
    assert [item["trace_id"] for item in one["items"]] == [of_request, own, of_request]
    id_ = one["receipt_id"]
    assert await came_by(community, of_request) == [(id_, 0), (id_, 2)]
    assert await came_by(community, own) == [(id_, 1)]
    # A request of the same trace stands behind it, also over pages.
    again = await posted(community, event(3), header=traceparent(of_request))
    assert await came_by(community, of_request) == [(id_, 0), (id_, 2), (again["receipt_id"], 0)]
    first = (await community.client.get(f"/v1/traces/{of_request}", params={"limit": 2})).json()
    rest = (await community.client.get(f"/v1/traces/{of_request}", params={"after": first["next"]})).json()
    assert [(one["receipt_id"], one["outcome"]) for one in rest["items"]] == [(again["receipt_id"], "accepted")]
    uid = one["items"][0]["event_uid"]
    of_event = (await community.client.get("/v1/receipts/of-event", params={"event_uid": uid})).json()
    assert [item["trace_id"] for item in of_event["items"]] == [of_request, of_request]


@pytest.mark.parametrize(
    "said",
    [
        f"ff-{'a' * 32}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{'a' * 32}-{'0' * 16}-01",
        f"00-{'A' * 32}-{PARENT}-01",
        f"00-{'a' * 32}-{PARENT}-01-more",
        f"00-{'a' * 31}-{PARENT}-01",
    ],
)
async def test_a_trace_that_is_none_begins_another_and_no_event_is_lost_for_it(
    community: Community, said: str
) -> None:
    receipt = await posted(community, event(1), header=said)
    begun = receipt["items"][0]["trace_id"]
    assert len(begun) == 32
    assert begun not in {"a" * 32, "0" * 32}
    assert await came_by(community, begun) == [(receipt["receipt_id"], 0)]


@pytest.mark.parametrize("own", [f"ff-{'a' * 32}-{PARENT}-01", f"00-{'0' * 32}-{PARENT}-01"])
async def test_an_event_whose_own_trace_is_none_has_that_of_its_request(community: Community, own: str) -> None:
    of_request = uuid4().hex
    await posted(community, event(1) | {"traceparent": own}, header=traceparent(of_request))
    assert len(await came_by(community, of_request)) == 1


async def test_a_trace_of_another_community_is_none(community: Community) -> None:
    trace_id = uuid4().hex
    async with community.begin() as tx:
        other = Trace(f"c{uuid4().hex[:12]}", "r1", -1, trace_id, datetime.now(UTC))
        await add_traces(tx.conn, traces=[other])
    said = problem(await community.client.get(f"/v1/traces/{trace_id}"), 404)
    assert said["type"].endswith("unknown-trace")
    for wrong in (trace_id.upper(), trace_id[1:], f"{trace_id}0", "x"):
        problem(await community.client.get(f"/v1/traces/{wrong}"), 422)


async def test_traces_are_known_for_their_time(community: Community) -> None:
    old, new = uuid4().hex, uuid4().hex
    for number, trace_id in enumerate((old, new)):
        await posted(community, event(number), header=traceparent(trace_id))
    await community.pool.execute(
        "update receipt_traces set received_at = $2 where community = $1 and trace_id = $3",
        community.name,
        datetime.now(UTC) - timedelta(days=31),
        old,
    )
    async with community.begin() as tx:
        await keep_traces(tx)
    problem(await community.client.get(f"/v1/traces/{old}"), 404)
    assert len(await came_by(community, new)) == 1


async def test_what_a_platform_says_beside_cloudevents_stays_with_ingest(community: Community) -> None:
    beside = {"partitionkey": "planted-one", "sequence": 42, "sampledrate": 0.5, "deprecated": True}
    sent = event(1) | beside | {"tracestate": "rojo=planted"}
    (fact,) = (await handle(community, raw_fact(community.name, sent))).events
    assert not [name for name in fact if name in sent and name not in event(1)]
    assert "planted" not in str(fact)
    kept = await community.pool.fetchrow("select * from texts where community = $1", community.name)
    assert b"planted" not in kept["sealed"]
    shown = (await community.client.get(f"/v1/texts/{fact['uid']}")).json()
    assert shown["extensions"] == beside | {"tracestate": "rojo=planted"}
    assert (shown["fields"], shown["measures"]) == ({}, None)
    # Sealed anew with another key they are what they were, and gone when the community's texts are.
    async with community.begin() as tx:
        old, new = tx.settings.text_keys, secrets.token_urlsafe(32)
    async with begin(community, text_keys=f"{new},{old}") as tx:
        await keep_in_order(tx)
        found = await find_text(tx.conn, tx.settings, community=community.name, event_uid=fact["uid"])
        assert found.text.content.key_id != kept["key_id"]
        assert found.extensions == shown["extensions"]
    async with begin(community, text_keys=f"{old},{new}") as tx:
        await keep_in_order(tx)
    assert (await community.client.get(f"/v1/texts/{fact['uid']}")).json() == shown


async def test_extensions_come_whole_by_the_front_door(community: Community) -> None:
    answer = await community.client.post(
        "/v1/events", json=event(1) | {"partitionkey": "general", "nothing": None}
    )
    receipt = await community.receipt(answer.json()["receipt_id"])
    uid = receipt["items"][0]["event_uid"]
    shown = (await community.client.get(f"/v1/texts/{uid}")).json()
    assert shown["extensions"] == {"partitionkey": "general"}
    # The first that came is what is kept; a number beyond what readers of JSON agree on is refused by name.
    assert await community.outcomes(event(1) | {"partitionkey": "other"}) == ["duplicate"]
    again = await community.client.get(f"/v1/texts/{uid}")
    assert again.json()["extensions"] == {"partitionkey": "general"}
    refused = await community.client.post("/v1/events", json=event(2) | {"sequence": 10**30})
    assert problem(refused, 422)["errors"][0]["field"] == "/sequence"
