"""Ingest as its process wires it, in this one: HTTP server, worker and relay on a real broker and database."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from services.ingest.access.sign_ins.api import _tries
from services.ingest.events import handlers
from services.ingest.events.domain.judgement import event_uid
from services.ingest.main import SPEC
from services.ingest.settings import Settings
from shared.contracts.facts import ACCEPTED_EVENT, MEMBER_IDENTIFIED, RAW_EVENT, REJECTED_EVENT
from shared.service import Parts
from shared.topics import EVENTS, MEMBERS, REJECTED
from shared.transaction import Transaction
from tests.integration.services.process import running
from tests.integration.services.world import authorization
from tests.waiting import until

EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "post-1",
    "source": "https://forum.example.org",
    "type": "forum.post.v1",
    "time": "2026-01-31T12:00:00Z",
    "data": {"channel": "forum", "actor": {"id": "ada"}, "attributes": {"tag": "x"}},
}
SCOPES = ("events:write", "receipts:read", "members:write", "members:read")
BATCH_TYPE = "application/cloudevents-batch+json"
JSON = "application/json"
RAW: dict[str, Any] = {
    "specversion": "1.0",
    "source": "/plaudit/ingest",
    "type": "engagement.received.v1",
    "time": "2026-01-31T12:00:01Z",
    "receiptid": "r1",
    "receiptindex": 0,
}


def event(number: int | str = 1, actor: str = "ada", name: str | None = None, **data: Any) -> dict[str, Any]:
    who = {"id": actor} | ({"name": name} if name is not None else {})
    return EVENT | {"id": f"post-{number}", "data": {"channel": "forum", "actor": who} | data}


@dataclass
class Community:
    """A community of its own for a test, with a client that may do everything."""

    name: str
    client: httpx.AsyncClient
    front_door: Parts

    @property
    def pool(self) -> asyncpg.Pool:
        return self.front_door.pool

    def begin(self) -> AbstractAsyncContextManager[Transaction[Any]]:
        return self.front_door.begin()

    async def post(self, *events: Any) -> dict[str, Any]:
        """What POST /v1/events answered to a batch."""
        answer = await self.client.post("/v1/events", json=list(events))
        assert answer.status_code == 202, answer.text
        taken: dict[str, Any] = answer.json()
        return taken

    async def receipt(self, receipt_id: str, **query: Any) -> dict[str, Any]:
        """The receipt, once it is complete."""

        async def complete() -> Any:
            answer = await self.client.get(f"/v1/receipts/{receipt_id}", params=query)
            assert answer.status_code == 200, answer.text
            return answer.json() if answer.json()["status"] == "complete" else None

        found: dict[str, Any] = await until(complete)
        return found

    async def outcomes(self, *events: Any) -> list[str]:
        """What became of each event of a batch."""
        receipt = await self.receipt((await self.post(*events))["receipt_id"], limit=500)
        return [one["outcome"] for one in receipt["items"]]

    async def members(self) -> list[dict[str, Any]]:
        answer = await self.client.get("/v1/members")
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem that an answer is, checked to be a proper one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    assert found["title"]
    assert found["instance"] == answer.request.url.path
    return found


def raw_fact(community: str, activity: dict[str, Any], **more: Any) -> Any:
    """A decoded message of engagement.raw.v1."""
    uid = event_uid(community, str(activity.get("source")), str(activity.get("id")))
    return RAW_EVENT.adapter.validate_python(RAW | {"community": community, "id": uid, "data": activity} | more)


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
        return [MEMBER_IDENTIFIED.adapter.validate_json(value) for value in self._of.get(MEMBERS.name, [])]

    @property
    def rejected(self) -> list[Any]:
        return [REJECTED_EVENT.adapter.validate_json(value) for value in self._of.get(REJECTED.name, [])]


async def handle(community: Community, *facts: Any) -> Published:
    async with community.begin() as tx:
        await handlers.on_raw_events(tx, list(facts))
        return Published(tx)


@pytest.fixture(scope="module")
async def front_door(stack: Any) -> AsyncIterator[Parts]:
    settings = Settings(
        **stack.settings("ingest"), body_seconds=1.0, retry_min_seconds=0.05, key_cache_seconds=0.2
    )
    async with running(SPEC, settings) as parts:
        yield parts


@pytest.fixture(autouse=True)
def nobody_has_tried() -> None:
    """All tests of a process come from one address: what others tried to sign in by is forgotten."""
    _tries._failed.clear()


@pytest.fixture
async def community(front_door: Parts) -> AsyncIterator[Community]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{front_door.http.port}", timeout=60) as client:
        made = Community(f"c{uuid4().hex[:12]}", client, front_door)
        client.headers.update(await authorization(made.pool, made.name, *SCOPES))
        yield made


@pytest.fixture
async def engineer(community: Community) -> Community:
    """A community, and somebody in it who may connect platforms."""
    scopes = (*SCOPES, "connectors:write", "members:erase")
    community.client.headers.update(await authorization(community.pool, community.name, *scopes))
    return community
