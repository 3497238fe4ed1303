"""Platforms as they are: what Discord and Zendesk send to try an address, GitHub's largest push, and attackers."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.services.ingest.conftest import Community, problem

pytestmark = pytest.mark.stack

COMMITS_MAX_COUNT = 2_048
TRIED_SECRET = "c2VjcmV0"
PEOPLE = ("ada", "bob", "cleo", "dan")


async def connect(community: Community, connector: str, **more: Any) -> dict[str, Any]:
    answer = await community.client.post("/v1/connectors", json={"name": connector, "connector": connector} | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def deliveries(community: Community, name: str) -> list[dict[str, Any]]:
    answer = await community.client.get(f"/v1/connectors/{name}/deliveries")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_discord_is_answered_as_it_documents_it(engineer: Community) -> None:
    """https://docs.discord.com/developers/events/webhook-events: 204 without a body, 401 for a wrong signature."""
    key = Ed25519PrivateKey.generate()
    made = await connect(engineer, "discord", secret=key.public_key().public_bytes_raw().hex())

    async def deliver(body: dict[str, Any], *, by: Ed25519PrivateKey = key, at: float = 0) -> httpx.Response:
        raw, moment = orjson.dumps(body), str(int(time.time() + at))
        headers = {
            "X-Signature-Ed25519": by.sign(moment.encode() + raw).hex(),
            "X-Signature-Timestamp": moment,
            "Content-Type": "application/json",
        }
        return await engineer.client.post(made["path"], content=raw, headers=headers)

    ping = {"version": 1, "application_id": "9", "type": 0}
    event = {
        "version": 1,
        "application_id": "9",
        "type": 1,
        "event": {
            "type": "LOBBY_MESSAGE_CREATE",
            "timestamp": "2026-01-02T12:00:00Z",
            "data": {
                "id": "734510504860450826",
                "type": 0,
                "content": "Oil it.",
                "channel_id": "200",
                "lobby_id": "300",
                "timestamp": "2026-01-02T12:00:00.904000+00:00",
                "author": {"id": "70", "username": "ada"},
            },
        },
    }
    for body in (ping, ping, event):
        answer = await deliver(body)
        assert (answer.status_code, answer.content) == (204, b""), answer.text
        assert answer.headers["content-type"] == "application/json"
    interaction = {"application_id": "9", "id": "1", "token": "t", "type": 1, "version": 1}
    answer = await deliver(interaction)
    assert (answer.status_code, answer.json()) == (200, {"type": 1})
    # It sends wrong signatures on purpose, and removes an address that lets one in.
    problem(await deliver(ping, by=Ed25519PrivateKey.generate()), 401)
    problem(await deliver(ping, at=-301), 401)
    kept = await deliveries(engineer, "discord")
    assert [one["outcome"] for one in kept] == ["no_engagement", "mapped", "no_engagement"]
    assert [one["copies"] for one in kept] == [0, 0, 1]


async def test_zendesk_tries_a_webhook_and_tells_of_a_ticket(engineer: Community) -> None:
    made = await connect(engineer, "zendesk", secret=TRIED_SECRET)

    async def deliver(body: Any, *, secret: str = TRIED_SECRET, at: timedelta = timedelta()) -> Any:
        raw = orjson.dumps(body)
        moment = f"{datetime.now(UTC) + at:%Y-%m-%dT%H:%M:%SZ}"
        mac = hmac.new(secret.encode(), moment.encode() + raw, hashlib.sha256).digest()
        headers = {
            "X-Zendesk-Account-Id": "21825834",
            "X-Zendesk-Webhook-Id": "01GHX65YH1PPXH15G2JD6ZEQ32",
            "X-Zendesk-Webhook-Invocation-Id": uuid4().hex,
            "X-Zendesk-Webhook-Signature": base64.b64encode(mac).decode(),
            "X-Zendesk-Webhook-Signature-Timestamp": moment,
        }
        return await engineer.client.post(made["path"], content=raw, headers=headers)

    # What its "Test webhook" button sends is whatever stands in the form: signed as everything is.
    tried = await deliver({"ticket_title": "Test", "ticket_id": 1, "ticket_status": "New"})
    assert (tried.status_code, tried.json()["outcome"]) == (200, "no_engagement"), tried.text
    told = await deliver(
        {
            "account_id": 21825834,
            "type": "zen:event-type:ticket.status_changed",
            "id": "cbe4028c-7239-495d-b020-f22348516046",
            "time": "2026-01-02T12:00:00Z",
            "subject": "zen:ticket:5",
            "zendesk_event_version": "2022-11-06",
            "event": {"current": "SOLVED", "previous": "OPEN"},
            "detail": {"id": "5", "actor_id": "70", "assignee_id": "70", "requester_id": "80", "status": "SOLVED"},
        }
    )
    assert (told.status_code, told.json()["outcome"]) == (200, "mapped"), told.text
    problem(await deliver({}, secret="another"), 401)
    problem(await deliver({}, at=timedelta(seconds=-301)), 401)


def pushed(commits_count: int, people: tuple[str, ...] = PEOPLE) -> dict[str, Any]:
    """A push to GitHub, each commit of the people."""
    trailers = "\n".join(f"Co-authored-by: {name} <{name}@example.org>" for name in people[1:])
    commits = [
        {
            "id": f"{number:040x}",
            "distinct": True,
            "message": f"Oil gate {number}\n\n{trailers}".strip(),
            "timestamp": "2026-01-02T12:00:00+02:00",
            "url": f"https://github.com/octo/garden/commit/{number:040x}",
            "author": {"name": people[0], "email": f"{people[0]}@example.org"},
            "added": [f"src/gate_{number}.py"],
            "removed": [],
            "modified": ["README.md"],
        }
        for number in range(commits_count)
    ]
    repository = {"id": 99, "default_branch": "main", "html_url": "https://github.com/octo/garden"}
    sender = {"id": 70, "login": "ada", "type": "User"}
    return {"ref": "refs/heads/main", "commits": commits, "repository": repository, "sender": sender}


async def github(community: Community, **more: Any) -> Callable[..., Any]:
    """A connected GitHub, as what delivers to it."""
    made = await connect(community, "github", **more)

    async def deliver(body: Any, event: str = "push", **headers: str) -> httpx.Response:
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        mac = hmac.new(made["secret"].encode(), raw, hashlib.sha256).hexdigest()
        shown = {
            "Content-Type": "application/json",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": uuid4().hex,
            "X-Hub-Signature-256": f"sha256={mac}",
        }
        return await community.client.post(made["path"], content=raw, headers=shown | headers)

    return deliver


async def test_the_largest_push_counts_whole(engineer: Community) -> None:
    """GitHub sends 2,048 commits at most; here each is of four people."""
    deliver = await github(engineer)

    answer = await deliver(pushed(COMMITS_MAX_COUNT))

    assert (answer.status_code, answer.json()["outcome"]) == (200, "mapped"), answer.text
    assert answer.json()["events"] == COMMITS_MAX_COUNT * len(PEOPLE)
