"""Events of types that a programme declares: taken by what is in force, and what is personal is sealed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from services.ingest.attributes.handlers import on_programmes
from services.ingest.event_types.handlers import types_of
from services.ingest.events.domain.admission import JSON_TYPE, Limits, admit
from services.ingest.measuring.handlers.texts import find_text
from shared.contracts.facts import PROGRAMME_PUBLISHED
from tests.integration.services.ingest.conftest import Community, handle, problem, raw_fact
from tests.waiting import until

pytestmark = pytest.mark.stack

LIMITS = Limits(events_max_count=5, event_max_bytes=20_000, future_tolerance_seconds=300, earliest_year=1990)
EVENTS = {
    "channels": [{"id": "webinars", "title": "Webinars"}],
    "types": [
        {
            "id": "webinar.attended.v1",
            "title": "Attended a webinar",
            "channel": "webinars",
            "fields": [
                {"name": "minutes", "title": "Minutes", "type": "integer", "required": True},
                {"name": "company", "title": "Company", "personal": True},
            ],
        }
    ],
}
SENT = {
    "specversion": "1.0",
    "id": "attended-1",
    "source": "/webinars",
    "type": "webinar.attended.v1",
    "time": "2026-01-31T11:00:00Z",
    "data": {"channel": "webinars", "actor": {"id": "ada"}, "minutes": 40, "company": "Plantedworks"},
}


async def published(community: Community, number: int, effective_from: datetime, events: Any) -> None:
    data = {
        "programme_id": "p",
        "version": number,
        "effective_from": effective_from,
        "published_by": "test",
        "document": {"rules": [], "events": events},
        "document_sha256": "0" * 64,
    }
    fact = {
        "specversion": "1.0",
        "id": f"{community.name}/p/{number}",
        "source": "/plaudit/scoring",
        "type": "programme.published.v1",
        "time": effective_from,
        "community": community.name,
        "data": data,
    }
    async with community.begin() as tx:
        await on_programmes(tx, [PROGRAMME_PUBLISHED.adapter.validate_python(fact)])


async def test_what_is_in_force_at_receipt_decides(community: Community) -> None:
    now = datetime.now(UTC)
    await published(community, 1, now - timedelta(hours=1), {})
    await published(community, 2, now + timedelta(hours=1), EVENTS)

    async def taken(at: datetime) -> int:
        async with community.pool.acquire() as conn:
            found = await types_of(conn, communities=[community.name], now=at)
        read = admit(orjson.dumps(SENT), {"content-type": JSON_TYPE}, now, LIMITS, found[community.name])
        return len(read.events)

    assert [await taken(now), await taken(now + timedelta(hours=2))] == [0, 1]


async def test_a_channel_of_their_own_is_one_wherever_channels_are_asked_for(community: Community) -> None:
    declared = {"channels": [{"id": "webinars", "title": "Webinars", "addresses": "any_case"}]}
    await published(community, 1, datetime.now(UTC) - timedelta(hours=1), declared)
    said = {"identities": [{"channel": "webinars", "id": "Ada@Example.org"}, {"channel": "forum", "id": "ada"}]}
    answer = await community.client.put("/v1/members/identities", json=said)
    assert answer.status_code == 200, answer.text
    member = answer.json()["member_id"]
    for asked in (
        {"identity": "webinars:ada@Example.org"},
        {"channel": "webinars", "id": "ADA@example.org"},
        {"identity": "forum:ada"},
    ):
        found = (await community.client.get("/v1/members", params=asked)).json()["items"]
        assert [one["member_id"] for one in found] == [member]
    assert (await community.client.get("/v1/members/webinars:ada@example.org")).json()["member_id"] == member
    unknown = {"identities": [{"channel": "webinar", "id": "ada"}]}
    wrong = problem(await community.client.put("/v1/members/identities", json=unknown), 422)
    assert "did you mean `webinars`" in wrong["errors"][0]["detail"]
    # What is done there is theirs.
    sent = SENT | {"type": "member.joined.v1", "data": {"channel": "webinars", "actor": {"id": "ADA@Example.org"}}}

    async def is_taken() -> bool:
        return (await community.client.post("/v1/events", json=sent)).status_code == 202

    await until(is_taken)
    named = {"source": "/webinars", "event_id": "attended-1"}

    async def is_judged() -> bool:
        items = (await community.client.get("/v1/receipts/of-event", params=named)).json()["items"]
        return bool([one for one in items if one["outcome"] == "accepted"])

    await until(is_judged)
    assert [one["member_id"] for one in await community.members()] == [member]


async def test_it_is_taken_shown_and_names_nobody(community: Community) -> None:
    await published(community, 1, datetime.now(UTC) - timedelta(hours=1), EVENTS)

    async def is_taken() -> bool:
        return (await community.client.post("/v1/events", json=SENT)).status_code == 202

    await until(is_taken)
    refused = (
        await community.client.post("/v1/events", json=SENT | {"data": SENT["data"] | {"minuts": 1}})
    ).json()
    assert [one["field"] for one in refused["errors"]] == ["/data/minuts"]
    shown = (await community.client.get("/v1/event-types")).json()
    (kind,) = [one for one in shown["items"] if one["declared"]]
    assert (kind["type"], [field["name"] for field in kind["fields"]]) == (SENT["type"], ["minutes", "company"])
    assert [one["id"] for one in shown["channels"]] == ["webinars"]

    async with community.pool.acquire() as conn:
        found = await types_of(conn, communities=[community.name], now=datetime.now(UTC))
        (admitted,) = admit(
            orjson.dumps(SENT | {"id": "attended-2"}),
            {"content-type": JSON_TYPE},
            datetime.now(UTC),
            LIMITS,
            found[community.name],
        ).events
    (fact,) = (await handle(community, raw_fact(community.name, admitted[1]))).events
    assert "Planted" not in str(fact)
    assert fact["data"]["minutes"] == 40
    async with community.begin() as tx:
        kept = await find_text(tx.conn, tx.settings, community=community.name, event_uid=fact["uid"])
    assert kept.fields == {"company": "Plantedworks"}
    assert b"Planted" not in kept.text.content.sealed
