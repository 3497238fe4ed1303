"""Events of the past: they count as all others do, wait for what comes live, and say what they are."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from services.ingest.main import SPEC
from services.ingest.settings import Settings
from shared.contracts.backfill import is_backfill
from shared.service import Parts
from shared.topics import EVENTS
from tests.integration.services.ingest.conftest import BATCH_TYPE, SCOPES, Community, event, problem
from tests.integration.services.process import read, running
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack

#: So slow that what comes live is through long before.
SLOW: dict[str, Any] = {"backfill_events_per_second": 60, "backfill_batch_max_count": 20}
PAST_COUNT = 150


@pytest.fixture(scope="module")
async def slow_door(stack: Any) -> AsyncIterator[Parts]:
    async with running(SPEC, Settings(**stack.settings("ingest"), **SLOW)) as parts:
        yield parts


@pytest.fixture
async def slow(slow_door: Parts) -> AsyncIterator[Community]:
    """A community at a door behind which the past is judged slowly."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{slow_door.http.port}", timeout=30) as client:
        made = Community(f"c{uuid4().hex[:12]}", client, slow_door)
        client.headers.update(await authorization(made.pool, made.name, *SCOPES))
        yield made


async def post_past(community: Community, *events: Any, **said: str) -> Any:
    """What POST /v1/events?backfill=true answered to a batch."""
    answer = await community.client.post("/v1/events", json=list(events), params={"backfill": "true", **said})
    assert answer.status_code == 202, answer.text
    return answer.json()


async def told_events(stack: Any, community: Community, count: int) -> list[Any]:
    """The community's events in the log, once there are so many."""
    return [orjson.loads(record.value) for record in await read(stack.state, EVENTS, community.name, count)]


async def test_what_comes_live_does_not_wait_for_the_past_and_both_count(slow: Community, stack: Any) -> None:
    began = time.monotonic()
    past = await post_past(slow, *(event(f"past-{number}") for number in range(PAST_COUNT)))
    live = []
    for number in range(3):
        taken = await slow.client.post("/v1/events", json=[event(f"live-{number}")], params={"wait": "10"})
        live.append([one["outcome"] for one in taken.json()["items"]])
    waits = (await slow.client.get(f"/v1/receipts/{past['receipt_id']}")).json()
    assert live == [["accepted"]] * 3
    # Live ones were through before the past was: of that no more than is due had been judged.
    due = 2 * SLOW["backfill_batch_max_count"] + SLOW["backfill_events_per_second"] * (time.monotonic() - began)
    assert waits["counts"]["accepted"] <= due
    receipt = await slow.receipt(past["receipt_id"])
    assert receipt["counts"]["accepted"] == PAST_COUNT
    listed = (await slow.client.get("/v1/receipts")).json()["items"]
    assert Counter(one["lane"] for one in listed) == {"live": 3, "backfill": 1}
    assert receipt["lane"] == "backfill"
    told = await told_events(stack, slow, PAST_COUNT + 3)
    assert {one["id"] for one in told if is_backfill(one)} == {f"post-past-{n}" for n in range(PAST_COUNT)}
    assert {one["id"] for one in told if not is_backfill(one)} == {f"post-live-{n}" for n in range(3)}


async def test_an_event_is_the_same_by_either_way(slow: Community) -> None:
    assert await slow.outcomes(event(1)) == ["accepted"]
    again = await slow.receipt((await post_past(slow, event(1), event(1, "bob"), event(2)))["receipt_id"])
    assert [one["outcome"] for one in again["items"]] == ["duplicate", "conflict", "accepted"]
    assert await slow.outcomes(event(2), event(2, "bob")) == ["duplicate", "conflict"]


@pytest.mark.parametrize("said", ["", "yes", "True", "1"])
async def test_what_says_neither_yes_nor_no_is_refused(slow: Community, said: str) -> None:
    answer = await slow.client.post("/v1/events", json=[event(1)], params={"backfill": said})
    assert problem(answer, 422)["errors"] == [{"field": "backfill", "detail": "Say true or false"}]


async def test_what_is_said_to_be_live_is(slow: Community, stack: Any) -> None:
    headers = {"content-type": BATCH_TYPE}
    answer = await slow.client.post(
        "/v1/events", json=[event(1)], params={"backfill": "false", "wait": "10"}, headers=headers
    )
    assert [one["outcome"] for one in answer.json()["items"]] == ["accepted"]
    (told,) = await told_events(stack, slow, 1)
    assert not is_backfill(told)
