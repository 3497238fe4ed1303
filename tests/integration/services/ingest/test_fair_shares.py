"""What whoever sends more than their share is answered, and what everybody is told of theirs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from services.ingest.events.api.documents import EVENTS_OPERATION
from services.ingest.main import SPEC
from services.ingest.settings import Settings
from services.ingest.shares.api import Shares
from shared.service import Parts
from tests.integration.services.ingest.conftest import BATCH_TYPE, Community, event, problem
from tests.integration.services.process import running
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack

#: So slow that no test waits for more of it, and each has a community of its own.
KEY_EVENTS, COMMUNITY_EVENTS = 20, 30
BURST_SECONDS = 3_600
NARROW: dict[str, Any] = {
    "key_events_per_second": KEY_EVENTS / BURST_SECONDS,
    "community_events_per_second": COMMUNITY_EVENTS / BURST_SECONDS,
    "key_bytes_per_second": 100_000 / BURST_SECONDS,
    "community_bytes_per_second": 1_000_000 / BURST_SECONDS,
    "share_burst_seconds": BURST_SECONDS,
}
SCOPES = ("events:write", "receipts:read", "members:write", "members:read")
IDENTITIES = {"identities": [{"channel": "chat", "id": "U1"}, {"channel": "forum", "id": "ada"}]}


@pytest.fixture(scope="module")
async def narrow_door(stack: Any) -> AsyncIterator[Parts]:
    async with running(SPEC, Settings(**stack.settings("ingest"), **NARROW)) as parts:
        yield parts


@pytest.fixture
async def narrow(narrow_door: Parts) -> AsyncIterator[Community]:
    """A community at a door that is narrow."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{narrow_door.http.port}", timeout=60) as client:
        made = Community(f"c{uuid4().hex[:12]}", client, narrow_door)
        client.headers.update(await authorization(made.pool, made.name, *SCOPES))
        yield made


def left(answer: httpx.Response) -> dict[str, int]:
    """How much of each share the answer says is left."""
    return {
        name.strip('"'): int(parameters.partition("r=")[2].partition(";")[0])
        for name, _, parameters in (one.strip().partition(";") for one in answer.headers["ratelimit"].split(","))
    }


async def test_every_answer_that_takes_something_says_what_is_left(narrow: Community, narrow_door: Parts) -> None:
    first = await narrow.client.post("/v1/events", json=[event(number) for number in range(4)])
    assert first.status_code == 202
    assert first.headers["ratelimit-policy"] == Shares.of(narrow_door.connected.settings).policy
    assert '"key-events";q=20;w=3600;qu="events"' in first.headers["ratelimit-policy"]
    assert (left(first)["key-events"], left(first)["community-events"]) == (16, 26)
    assert left(first)["key-bytes"] == 100_000 - len(first.request.content)

    declared = await narrow.client.put("/v1/members/identities", json=IDENTITIES)
    assert declared.status_code == 200
    assert left(declared)["key-events"] == 15


async def test_beyond_the_share_nothing_is_taken_and_the_answer_says_for_how_long(narrow: Community) -> None:
    batch = [event(number) for number in range(KEY_EVENTS - 1)]
    assert (await narrow.client.post("/v1/events", json=batch)).status_code == 202
    over = await narrow.client.post("/v1/events", json=[event("half"), event("over")])
    assert over.status_code == 202, "a request that is half over is taken whole"
    assert left(over)["key-events"] == 0

    answer = await narrow.client.post("/v1/events", json=[event("late")])
    found = problem(answer, 429)
    assert found["type"] == "urn:plaudit:problem:quota-exceeded"
    seconds = int(answer.headers["retry-after"])
    assert seconds == pytest.approx((KEY_EVENTS / 2 + 1) * 3_600 / KEY_EVENTS, abs=20)
    assert answer.headers["ratelimit"] == f'"key-events";r=0;t={seconds}'
    assert f"again in {seconds} s" in found["detail"]
    rows = await narrow.pool.fetch("select 1 from events where community = $1", narrow.name)
    assert len(rows) <= KEY_EVENTS + 1
    problem(await narrow.client.put("/v1/members/identities", json=IDENTITIES), 429)


async def test_the_example_is_the_answer(narrow: Community) -> None:
    await narrow.client.post("/v1/events", json=[event(number) for number in range(KEY_EVENTS)])
    answer = await narrow.client.post("/v1/events", json=[event("late")])
    documented = EVENTS_OPERATION["responses"]["429"]["content"]["application/problem+json"]["examples"]
    example = documented["quota-exceeded"]["value"]
    said = f"{answer.headers['retry-after']} s"
    assert problem(answer, 429) | {"detail": answer.json()["detail"].replace(said, "1 s")} == example


async def test_keys_of_one_community_share_what_is_the_communitys(narrow: Community) -> None:
    other = await authorization(narrow.pool, narrow.name, "events:write")
    strangers = await authorization(narrow.pool, f"{narrow.name}-2", "events:write")
    batch = [event(number) for number in range(COMMUNITY_EVENTS // 2)]
    first, second = [
        await narrow.client.post("/v1/events", json=batch, headers=headers) for headers in ({}, other)
    ]
    assert left(first)["key-events"] == left(second)["key-events"] == KEY_EVENTS - len(batch)
    refused = await narrow.client.post("/v1/events", json=batch, headers=other)
    assert problem(refused, 429)["detail"].startswith("The share of this community is used up (events)")
    assert (await narrow.client.post("/v1/events", json=batch, headers=strangers)).status_code == 202


async def test_what_is_refused_counts_too_or_nonsense_would_be_free(narrow: Community) -> None:
    for _ in range(KEY_EVENTS):
        problem(await narrow.client.post("/v1/events", json=[{}]), 422)
    problem(await narrow.client.post("/v1/events", json=[event()]), 429)


async def test_bytes_are_a_share_of_their_own(narrow: Community) -> None:
    large = orjson.dumps([event("large")]) + b" " * 60_000
    for _ in range(2):
        sent = await narrow.client.post("/v1/events", content=large, headers={"content-type": BATCH_TYPE})
        assert sent.status_code == 202
    answer = await narrow.client.post("/v1/events", json=[event("small")])
    assert answer.headers["ratelimit"].startswith('"key-bytes";r=0')
    problem(answer, 429)


async def test_those_who_come_at_once_are_not_let_in_together(narrow: Community) -> None:
    """The share is looked at again when the body is there: all have been let in by then."""
    batch = [event(number) for number in range(KEY_EVENTS)]
    answers = await asyncio.gather(*(narrow.client.post("/v1/events", json=batch) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [202] + [429] * 7


async def test_a_body_is_not_read_for_nothing(narrow: Community, narrow_door: Parts) -> None:
    """Who is told to wait is told so before the body has come."""
    await narrow.client.post("/v1/events", json=[event(number) for number in range(KEY_EVENTS)])
    reader, writer = await asyncio.open_connection("127.0.0.1", narrow_door.http.port)
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: {narrow.client.headers['authorization']}\r\n"
        f"Content-Type: {BATCH_TYPE}\r\nContent-Length: 5000\r\n\r\n["
    )
    writer.write(head.encode())
    answer = await asyncio.wait_for(reader.readline(), 60)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 429 ")


async def test_when_all_send_too_much_who_sends_little_is_let_in(stack: Any) -> None:
    everybodys = NARROW | {"all_events_per_second": 25 / BURST_SECONDS}
    async with running(SPEC, Settings(**stack.settings("ingest"), **everybodys)) as parts:
        url = f"http://127.0.0.1:{parts.http.port}/v1/events"
        keys = [await authorization(parts.pool, f"c{uuid4().hex[:12]}", "events:write") for _ in range(4)]
        async with httpx.AsyncClient(timeout=60) as client:
            batch = [event(number) for number in range(COMMUNITY_EVENTS // 2 + 1)]
            for key in keys[:2]:
                assert (await client.post(url, json=batch, headers=key)).status_code == 202
            refused = await client.post(url, json=[event("one")], headers=keys[0])
            found = problem(refused, 429)
            assert found["detail"].startswith("All communities together send more than is taken in")
            assert refused.headers["ratelimit"].startswith('"all-events";r=0;t=')
            answer = await client.post(url, json=[event("little")], headers=keys[2])
            assert answer.status_code == 202
            large = orjson.dumps([event("large")]) + b" " * 60_000
            problem(await client.post(url, content=large, headers=keys[3] | {"content-type": BATCH_TYPE}), 429)


def test_the_policy_says_what_the_settings_say() -> None:
    settings = Settings(key_events_per_second=0.5, community_bytes_per_second=10.5, share_burst_seconds=3)
    assert Shares.of(settings).policy == (
        '"key-events";q=2;w=3;qu="events", "key-bytes";q=6000000;w=3;qu="content-bytes", '
        '"community-events";q=3600;w=3;qu="events", "community-bytes";q=32;w=3;qu="content-bytes", '
        '"all-events";q=4500;w=3;qu="events", "all-bytes";q=9000000;w=3;qu="content-bytes"'
    )


async def has_rules(community: Community, count: int) -> None:
    """Let so many rules of the community's programme listen to posts."""
    await community.pool.execute(
        "insert into programme_rules (community, version, effective_from, rule_counts)"
        " values ($1, 1, '1970-01-01T00:00:00Z', jsonb_build_object('forum.post.v1', $2::int))",
        community.name,
        count,
    )


async def test_an_event_counts_as_what_its_rules_make_of_it(narrow: Community) -> None:
    await has_rules(narrow, 20)  # of half an event each
    first = await narrow.client.post("/v1/events", json=[event("one")])
    assert first.status_code == 202
    assert (left(first)["key-events"], left(first)["community-events"]) == (KEY_EVENTS - 10, COMMUNITY_EVENTS - 10)
    over = await narrow.client.post("/v1/events", json=[event("two"), event("three"), event("four")])
    assert over.status_code == 202, "a request that is half over is taken whole"
    refused = await narrow.client.post("/v1/events", json=[event("five")])
    problem(refused, 429)
    assert int(refused.headers["retry-after"]) == pytest.approx(30 * BURST_SECONDS / KEY_EVENTS, abs=20)


async def test_events_that_count_as_too_many_are_refused_before_anything_is_taken(narrow: Community) -> None:
    """200 rules for an event: what one request may hold is 10 of them, and the answer says so."""
    await has_rules(narrow, 200)
    batch = [event(number) for number in range(100)]
    found = problem(await narrow.client.post("/v1/events", json=batch), 413)
    assert found["type"] == "urn:plaudit:problem:events-too-dear"
    assert "100 events that count as 10000" in found["detail"]
    assert "Send about 10 at once" in found["detail"]
    answer = await narrow.client.post("/v1/events", json=[event("alone")])
    assert left(answer)["key-events"] == 0
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)


async def test_dear_events_are_not_little_when_all_send_too_much(stack: Any) -> None:
    everybodys = NARROW | {"all_events_per_second": 25 / BURST_SECONDS}
    async with running(SPEC, Settings(**stack.settings("ingest"), **everybodys)) as parts:
        url = f"http://127.0.0.1:{parts.http.port}/v1/events"
        async with httpx.AsyncClient(timeout=60) as client:
            names = [f"c{uuid4().hex[:12]}" for _ in range(3)]
            keys = [await authorization(parts.pool, name, "events:write") for name in names]
            await has_rules(Community(names[2], client, parts), 20)
            batch = [event(number) for number in range(COMMUNITY_EVENTS // 2 + 1)]
            for key in keys[:2]:
                assert (await client.post(url, json=batch, headers=key)).status_code == 202
            problem(await client.post(url, json=[event("dear")], headers=keys[2]), 429)
