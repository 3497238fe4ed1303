import random

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plaudit_client import AsyncPlaudit, PlauditError, UnreachableError, asynchronous, retrying
from plaudit_client import events as client_events
from plaudit_client.events import batches
from plaudit_client.retrying import backoff_seconds


def events(count, **more):
    return [{"source": "test", "id": str(number), **more} for number in range(count)]


def connect(ingest, key="secret", **options):
    return AsyncPlaudit("http://ingest", key, transport=ingest, **options)


@given(st.lists(st.binary(min_size=1, max_size=600_000).map(bytes), max_size=30))
def test_batches_keep_order_and_limits(bodies):
    cut = list(batches(bodies))
    assert [body for batch in cut for body in batch] == bodies
    assert all(sum(map(len, batch)) + len(batch) <= client_events.BATCH_MAX_BYTES for batch in cut)


def test_batches_hold_at_most_a_thousand():
    assert [len(batch) for batch in batches([b"{}"] * 2_001)] == [1_000, 1_000, 1]


def test_an_event_larger_than_a_batch_goes_alone():
    large = b"x" * (client_events.BATCH_MAX_BYTES + 1)
    assert [len(batch) for batch in batches([b"{}", large, b"{}"])] == [1, 1, 1]


def test_backoff_grows_to_its_bound():
    rng = random.Random(1)
    assert max(backoff_seconds(0, rng) for _ in range(100)) <= retrying.BACKOFF_FIRST_SECONDS
    assert max(backoff_seconds(40, rng) for _ in range(100)) <= retrying.BACKOFF_MAX_SECONDS


async def test_sends_in_batches_and_follows_receipts(ingest):
    async with connect(ingest) as client:
        sent = await client.send(events(2_500))
        assert sent.accepted == 2_500
        assert len(sent.receipt_ids) == 3
        ingest.pending_polls = 4
        outcomes = await client.wait(sent.receipt_ids)
    assert (outcomes.accepted, outcomes.duplicate, outcomes.pending) == (2_500, 0, 0)


@pytest.mark.parametrize(("options", "query"), [({}, ""), ({"backfill": True}, "backfill=true")])
async def test_what_is_of_the_past_is_sent_as_that(ingest, options, query):
    async with connect(ingest, **options) as client:
        await client.wait((await client.send(events(2))).receipt_ids)
    assert [
        asked for (method, _), asked in zip(ingest.requests, ingest.queries, strict=True) if method == "POST"
    ] == [query]


async def test_sending_again_gives_duplicates(ingest):
    async with connect(ingest) as client:
        await client.send(events(10))
        again = await client.send(events(12))
        changed = await client.send(events(1, type="other"))
        outcomes = await client.wait([*again.receipt_ids, *changed.receipt_ids])
    assert (outcomes.accepted, outcomes.duplicate, outcomes.conflict) == (2, 10, 1)


async def test_not_now_is_tried_again(ingest):
    ingest.failures = [
        httpx.ConnectError("refused"),
        httpx.Response(503),
        httpx.Response(429, headers={"Retry-After": "0"}),
        "lost answer",
    ]
    async with connect(ingest) as client:
        sent = await client.send(events(5))
        outcomes = await client.wait(sent.receipt_ids)
    assert len(ingest.events) == 5
    assert outcomes.duplicate == 5, "the lost answer's events were already there"


def too_much(seconds):
    return httpx.Response(
        429, json={"title": "More was sent than the share allows"}, headers={"Retry-After": seconds}
    )


@pytest.fixture
def sleeps(monkeypatch):
    """How long was slept; nobody sleeps."""
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(asynchronous.asyncio, "sleep", sleep)
    return slept


async def test_whoever_is_told_to_wait_waits_as_long_and_does_not_give_up(ingest, sleeps):
    ingest.failures = [too_much("3")] * 50 + [too_much("40")]
    told = []
    async with connect(ingest, retries=2, on_throttled=told.append) as client:
        sent = await client.send(events(5))
        assert client.throttled_seconds == sum(sleeps)
    assert sent.accepted == 5
    assert told == sleeps
    assert all(3 <= one <= 3.2 for one in sleeps[:50])
    assert 40 <= sleeps[50] <= 40.2


async def test_waiting_for_a_share_ends_too(ingest, sleeps):
    ingest.failures = [too_much("600")] * 10
    async with connect(ingest, retries=2) as client:
        with pytest.raises(UnreachableError, match="More was sent than the share allows"):
            await client.send(events(1))
    assert retrying.THROTTLED_MAX_SECONDS <= sum(sleeps) < retrying.THROTTLED_MAX_SECONDS + 700


async def test_a_refusal_that_says_no_time_counts_as_a_failed_attempt(ingest, sleeps):
    ingest.failures = [too_much("soon")] * 4
    async with connect(ingest, retries=2) as client:
        with pytest.raises(UnreachableError):
            await client.send(events(1))
    assert len(ingest.requests) == 3


async def test_retries_are_bounded(ingest):
    ingest.failures = [httpx.ConnectError("refused")] * 4
    async with connect(ingest, retries=2) as client:
        with pytest.raises(UnreachableError, match=r"after 3 attempts \(refused\)"):
            await client.send(events(1))
    assert len(ingest.requests) == 3


async def test_whoever_breaks_off_was_there_and_is_waited_for(ingest, sleeps):
    ingest.failures = [httpx.ReadError("reset"), *[httpx.ConnectError("refused")] * 20]
    async with connect(ingest) as client:
        assert (await client.send(events(1))).accepted == 1
    ingest.failures = [httpx.ConnectError("refused")] * 20
    async with connect(ingest) as client:
        with pytest.raises(UnreachableError, match="after 6 attempts"):
            await client.send(events(1))


async def test_a_refused_request_says_why_and_is_not_repeated(ingest):
    async with connect(ingest, key="wrong") as client:
        with pytest.raises(PlauditError, match="Not authenticated: send an access key") as caught:
            await client.send(events(1))
    assert caught.value.status == 401
    assert len(ingest.requests) == 1


async def test_an_answer_that_is_no_problem_document(ingest):
    ingest.failures = [httpx.Response(404, text="<html>")]
    async with connect(ingest) as client:
        with pytest.raises(PlauditError, match="HTTP 404"):
            await client.send(events(1))


async def test_too_large_is_halved(ingest):
    ingest.bytes_max = 1_000
    async with connect(ingest) as client:
        sent = await client.send(events(100, type="x"))
    assert len(ingest.events) == 100
    assert sent.accepted == 100
    assert len(sent.receipt_ids) > 1


async def test_refused_events_are_named_by_their_place_in_everything(ingest):
    listed = events(1_500)
    listed[3] = {"source": "test"}
    listed[1_200] = {"source": "test"}
    async with connect(ingest) as client:
        sent = await client.send(listed)
    assert [(one.index, one.field, one.detail) for one in sent.rejected] == [
        (3, "/id", "is missing"),
        (1_200, "/id", "is missing"),
    ]
    assert sent.accepted == 1_498


async def test_items_of_a_receipt_over_several_pages(ingest):
    async with connect(ingest) as client:
        sent = await client.send(events(1_000))
        items = [item async for item in client.receipt_items(sent.receipt_ids[0])]
    assert [item.index for item in items] == list(range(1_000))


async def test_waiting_ends_when_time_is_over(ingest):
    async with connect(ingest) as client:
        sent = await client.send(events(3))
        ingest.pending_polls = 1_000_000
        outcomes = await client.wait(sent.receipt_ids, timeout_seconds=0.01)
    assert outcomes.pending == 3


async def test_declares_identities(ingest):
    one = [{"channel": "code", "id": "github:1"}, {"channel": "chat", "id": "U1"}]
    async with connect(ingest) as client:
        await client.ingest.put_identities(identities=one, name="Ada")
    assert ingest.identities == [{"identities": one, "name": "Ada"}]
