"""What is written in events: measured, kept sealed for as long as its community says, and measured again."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.ingest.events import handlers
from services.ingest.measuring.handlers.texts import begin_again, keep_in_order, measure_again
from services.ingest.settings import Settings
from shared.contracts.facts import SENTIMENT_MEASURED
from shared.topics import MEASURES
from shared.transaction import Transaction, transaction
from tests.integration.services.ingest.conftest import Community, Published, event, handle, problem, raw_fact
from tests.integration.services.world import authorization
from tests.waiting import until

pytestmark = pytest.mark.stack

TEXT = "This is a wonderful answer, thank you, and it is Planted. See https://planted.example.org/a"
URL = "https://forum.example.org/u/planted"


@asynccontextmanager
async def begin(community: Community, **changed: Any) -> AsyncIterator[Transaction[Settings]]:
    """A transaction with other settings than the front door has."""
    async with community.begin() as tx:
        settings: Settings = tx.settings.model_copy(update=changed)
    parts = community.front_door
    async with transaction(
        community.pool, service="ingest", settings=settings, on_commit=lambda _: None, told=parts.told
    ) as tx:
        yield tx


async def written(community: Community, **data: Any) -> Any:
    """The fact of an event with a text."""
    sent = event(1, "ada", "Planted", **({"text": TEXT, "url": URL} | data))
    (fact,) = (await handle(community, raw_fact(community.name, sent))).events
    return fact


async def row(community: Community) -> Any:
    return await community.pool.fetchrow("select * from texts where community = $1", community.name)


async def test_measures_travel_and_the_text_is_kept_sealed(community: Community) -> None:
    fact = await written(community)
    assert "lanted" not in str(fact)
    assert fact["data"]["length_chars"] == len(TEXT)
    measures = fact["data"]["measures"]
    assert (measures["tone"], measures["language"], measures["links_count"]) == ("positive", "en", 1)
    kept = await row(community)
    assert b"lanted" not in kept["sealed"]
    assert (kept["model"], str(kept["member_id"])) == ("lexicons-1", fact["member"])
    answer = await community.client.get(f"/v1/texts/{fact['uid']}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["fields"] == {"text": TEXT, "url": URL}
    assert answer.json()["measures"] == measures
    # Moved to another event it does not open, and others do not see it.
    await community.pool.execute("update texts set event_uid = $2 where community = $1", community.name, uuid4())
    moved = (await row(community))["event_uid"]
    assert problem(await community.client.get(f"/v1/texts/{moved}"), 404)["type"].endswith("unknown-text")
    other = await authorization(community.pool, f"c{uuid4().hex[:12]}", "members:read")
    async with httpx.AsyncClient(base_url=community.client.base_url, headers=other, timeout=60) as client:
        assert (await client.get(f"/v1/texts/{fact['uid']}")).status_code == 404


async def test_without_a_key_texts_are_measured_and_not_kept(community: Community) -> None:
    async with begin(community, text_keys="") as tx:
        await handlers.on_raw_events(tx, [raw_fact(community.name, event(1, "ada", text=TEXT))])
        (fact,) = Published(tx).events
    assert fact["data"]["measures"]["tone"] == "positive"
    assert await row(community) is None


async def test_another_model_measures_again_and_tells_each(community: Community) -> None:
    fact = await written(community)
    async with begin(community, sentiment_words="wonderful=-3, thank=0") as tx:
        state = await begin_again(tx, community=community.name)
        assert (state.kept_count, state.outdated_count) == (1, 1)
        await measure_again(tx)
        told = [
            SENTIMENT_MEASURED.adapter.validate_json(value)
            for topic, _key, value in tx._messages
            if topic == MEASURES.name
        ]
    (one,) = told
    assert (one["data"]["event_uid"], one["data"].get("member_id")) == (fact["uid"], fact["member"])
    assert one["data"]["measures"]["tone"] == "negative"
    assert "lanted" not in str(one)
    assert (await row(community))["model"] == one["data"]["measures"]["model"] != "lexicons-1"
    # The front door's own model finds it outdated, measures it in its own time, and is done.
    community.client.headers.update(await authorization(community.pool, community.name, "communities:write"))
    answer = await community.client.post("/v1/measurings")
    assert (answer.status_code, answer.json()["outdated_count"]) == (202, 1)

    async def is_done() -> bool:
        async with community.begin() as tx:
            await measure_again(tx)
        found = (await community.client.get("/v1/measurings")).json()
        return (found["outdated_count"], found["started_at"]) == (0, None)

    await until(is_done)
    assert (await row(community))["model"] == "lexicons-1"


async def test_keys_rotate_and_what_is_over_is_deleted(community: Community) -> None:
    fact = await written(community)
    await handle(community, raw_fact(community.name, event(2, "ada", text=TEXT), receiptindex=1))
    altered = "update texts set event_uid = $2 where community = $1 and event_uid <> $3"
    await community.pool.execute(altered, community.name, uuid4(), fact["uid"])
    async with community.begin() as tx:
        old = tx.settings.text_keys
    new = secrets.token_urlsafe(32)
    of_event = "select sealed from texts where community = $1 and event_uid = $2"
    sealed = await community.pool.fetchval(of_event, community.name, fact["uid"])
    async with begin(community, text_keys=f"{new},{old}") as tx:
        await keep_in_order(tx)
        kept = "select key_id, sealed from texts where community = $1 order by key_id = 'altered'"
        first, second = await tx.conn.fetch(kept, community.name)
        assert first["sealed"] != sealed
        assert second["key_id"] == "altered"
    gone = await community.client.get(f"/v1/texts/{fact['uid']}")
    assert gone.status_code == 404  # the front door has not the new key
    async with begin(community, text_keys=f"{old},{new}") as tx:
        await keep_in_order(tx)
    assert (await community.client.get(f"/v1/texts/{fact['uid']}")).status_code == 200
    await community.pool.execute(
        "update texts set received_at = received_at - $2::interval where community = $1",
        community.name,
        timedelta(days=3_650),
    )
    async with community.begin() as tx:
        await keep_in_order(tx)
    assert await row(community) is None
