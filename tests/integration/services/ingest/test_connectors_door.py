"""Platforms deliver: what is signed is taken once, what is not is refused, and what failed is mapped again."""

import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from services.ingest.connectors.handlers import deliveries as handlers
from tests.integration.services.ingest.conftest import Community, problem
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack

DOCUMENT = """
connector: shop-news
title: News of a shop
documentation: [https://shop.example.org/webhooks]
channel: shop
recognised_by: [{headers: [X-Shop-Event]}]
signature: {scheme: hmac, header: X-Shop-Signature, prefix: "sha256="}
delivery_id: headers["x-shop-delivery"]
retries: {id: same, said: "Ten times in a day."}
event: headers["x-shop-event"]
source: '"https://shop.example.org"'
mappings:
  - on: [ping]
    no_engagement: the shop tried the webhook
  - on: [review]
    activities:
      - type: forum.post.v1
        id: key("review", body.id)
        time: body.at
        actor: {id: body.by}
        text: body.text
"""
SALE = """
  - on: [sale]
    activities:
      - type: forum.reply.v1
        id: key("sale", body.id)
        time: body.at
        actor: {id: body.by}
        object: {id: 'key("shop", body.shop)'}
        in_reply_to: {id: 'key("shop", body.shop)'}
"""


@dataclass
class Platform:
    """A platform that is connected, and what it shows."""

    client: httpx.AsyncClient
    path: str
    secret: str

    async def deliver(
        self, event: str, body: Any, *, named: str | None = None, secret: str | None = None, **more: str
    ) -> httpx.Response:
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        mac = hmac.new((secret or self.secret).encode(), raw, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Shop-Event": event,
            "X-Shop-Delivery": named or uuid4().hex,
            "X-Shop-Signature": f"sha256={mac}",
            "Authorization": "",
        }
        return await self.client.post(self.path, content=raw, headers=headers | more)

    async def told(self, event: str, body: Any, **more: Any) -> dict[str, Any]:
        answer = await self.deliver(event, body, **more)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def pass_timer(community: Community, timer: Any) -> None:
    """Do what a timer does."""
    async with community.begin() as tx:
        await timer(tx)


def review(number: int | str, **more: Any) -> dict[str, Any]:
    return {"id": number, "at": "2026-01-31T12:00:00Z", "by": "ada", "text": "It holds."} | more


@pytest.fixture
async def engineer(community: Community) -> Community:
    """A community, and somebody in it who may connect platforms."""
    scopes = ("connectors:write", "receipts:read", "events:write", "members:read")
    community.client.headers.update(await authorization(community.pool, community.name, *scopes))
    return community


async def connected(community: Community, name: str = "shop", **more: Any) -> Platform:
    body = {"name": name, "document": DOCUMENT} | more
    answer = await community.client.post("/v1/connectors", json=body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    return Platform(community.client, made["path"], made["secret"] or more.get("secret", ""))


async def opened(community: Community, name: str = "shop") -> dict[str, Any]:
    answer = await community.client.get(f"/v1/connectors/{name}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def deliveries(community: Community, name: str = "shop", **query: Any) -> list[dict[str, Any]]:
    answer = await community.client.get(f"/v1/connectors/{name}/deliveries", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_what_is_delivered_counts_once_and_has_a_receipt(engineer: Community) -> None:
    shop = await connected(engineer)

    first = await shop.told("review", review(1), named="d1")
    again = await shop.told("review", review(1), named="d1")
    anew = await shop.told("review", review(1), named="d2")
    ping = await shop.told("ping", {"zen": "."})

    assert (first["outcome"], first["events"], first["again"]) == ("mapped", 1, False)
    assert again == first | {"again": True}
    # Another delivery of the same thing: its event is the same, and counts once.
    assert (anew["outcome"], anew["delivery_id"] == first["delivery_id"]) == ("mapped", False)
    assert [one["outcome"] for one in (await engineer.receipt(first["receipt_id"]))["items"]] == ["accepted"]
    assert [one["outcome"] for one in (await engineer.receipt(anew["receipt_id"]))["items"]] == ["duplicate"]
    assert (ping["outcome"], ping["reason"], ping["receipt_id"]) == (
        "no_engagement",
        "the shop tried the webhook",
        None,
    )
    listed = await deliveries(engineer)
    assert [(one["event"], one["outcome"], one["copies"]) for one in listed] == [
        ("ping", "no_engagement", 0),
        ("review", "mapped", 0),
        ("review", "mapped", 1),
    ]
    assert [one["event_uid"] for one in (await engineer.receipt(first["receipt_id"]))["items"]] == listed[2][
        "event_uids"
    ]
    assert [one["delivery_id"] for one in await deliveries(engineer, platform_id="d1")] == [first["delivery_id"]]
    by_delivery = {"connection": "shop", "platform_id": "d1"}
    [receipt] = (await engineer.client.get("/v1/receipts/of-delivery", params=by_delivery)).json()["items"]
    assert (receipt["receipt_id"], receipt["status"]) == (first["receipt_id"], "complete")
    assert (receipt["outcome"], receipt["counts"]["accepted"]) == ("mapped", 1)
    found = await opened(engineer)
    assert found["counts"] == {"mapped": 2, "no_engagement": 1, "unmapped": 0, "invalid": 0}
    counts = (await engineer.client.get("/v1/connectors/shop/counts")).json()["items"]
    assert {one["outcome"]: one["deliveries"] for one in counts} == {"mapped": 2, "no_engagement": 1}
    assert [one["member_id"] for one in await engineer.members()]


async def test_what_is_forged_is_refused_without_a_hint(engineer: Community) -> None:
    shop = await connected(engineer)
    raw = orjson.dumps(review(1))
    mac = hmac.new(shop.secret.encode(), raw, hashlib.sha256).hexdigest()

    answers = [
        await shop.deliver("review", raw, secret="another"),
        await shop.deliver("review", raw + b" ", **{"X-Shop-Signature": f"sha256={mac}"}),
        await shop.deliver("review", raw, **{"X-Shop-Signature": ""}),
        await Platform(engineer.client, f"{shop.path}x", shop.secret).deliver("review", raw),
        await Platform(engineer.client, "/v1/connectors/nobody", shop.secret).deliver("review", raw),
        await Platform(engineer.client, "/v1/connectors/../x..y", shop.secret).deliver("review", raw),
    ]

    details = {problem(answer, 401)["detail"] for answer in answers[:5]}
    assert len(details) == 1
    assert {answer.json()["type"] for answer in answers[:5]} == {"urn:plaudit:problem:refused-delivery"}
    assert not await deliveries(engineer)
    found = await opened(engineer)
    assert (found["refused_why"], found["refused_count"]) == ("the signature is not that of the body", 1)


async def test_what_no_mapping_is_for_is_mapped_once_there_is_one(engineer: Community) -> None:
    shop = await connected(engineer)
    sale = {"id": 7, "at": "2026-01-31T12:00:00Z", "by": "ada", "shop": 1}
    unmapped = await shop.told("sale", sale, named="s1")
    broken = await shop.told("review", {"id": 9, "by": "ada"}, named="r1")
    no_body = await shop.told("review", b"no json", named="r2")

    assert unmapped["outcome"] == "unmapped"
    reason = "mappings[1].activities[0].time (body.at): the body has no at"
    assert (broken["outcome"], broken["reason"]) == ("invalid", reason)
    assert (no_body["outcome"], no_body["reason"]) == ("invalid", "the body is not JSON")
    path = f"/v1/connectors/shop/deliveries/{unmapped['delivery_id']}"
    still = (await engineer.client.post(f"{path}/replay")).json()
    assert (still["outcome"], still["replayable"]) == ("unmapped", True)

    changed = await engineer.client.patch("/v1/connectors/shop", json={"document": DOCUMENT + SALE})
    assert changed.status_code == 200, changed.text
    queued = await engineer.client.post("/v1/connectors/shop/replay")
    assert queued.json() == {"queued": 3}

    assert (await opened(engineer))["replaying"] == 3
    await pass_timer(engineer, handlers.replay_portion)
    found = await opened(engineer)
    assert found["replaying"] == 0
    assert found["counts"] == {"mapped": 1, "no_engagement": 0, "unmapped": 0, "invalid": 2}
    now = (await engineer.client.get(path)).json()
    assert (now["outcome"], now["replayable"]) == ("mapped", False)
    receipt = await engineer.receipt(now["receipt_id"])
    assert [one["outcome"] for one in receipt["items"]] == ["accepted"]
    problem(await engineer.client.post(f"{path}/replay"), 409)
    # The platform delivers it again: it is what it is now.
    again = await shop.told("sale", sale, named="s1")
    assert (again["outcome"], again["again"], again["receipt_id"]) == ("mapped", True, now["receipt_id"])


async def test_a_rotated_secret_lets_in_until_the_overlap_is_over(engineer: Community) -> None:
    shop = await connected(engineer)
    rotated = (await engineer.client.post("/v1/connectors/shop/rotate", json={})).json()
    new = rotated["secret"]

    assert len(new) > 40
    assert new != shop.secret
    assert (await shop.told("review", review(1)))["outcome"] == "mapped"
    assert (await shop.told("review", review(2), secret=new))["outcome"] == "mapped"
    assert (await opened(engineer))["secrets_in_force"] == 2

    last = (await engineer.client.post("/v1/connectors/shop/rotate", json={"overlap_hours": 0})).json()["secret"]
    for secret in (shop.secret, new):
        problem(await shop.deliver("review", review(3), secret=secret), 401)
    assert (await shop.told("review", review(3), secret=last))["outcome"] == "mapped"

    await engineer.client.patch("/v1/connectors/shop", json={"enabled": False})
    problem(await shop.deliver("review", review(4), secret=last), 401)
    removed = await engineer.client.delete("/v1/connectors/shop")
    assert removed.status_code == 204
    problem(await shop.deliver("review", review(5), secret=last), 401)
    problem(await engineer.client.get("/v1/connectors/shop"), 404)
    rows = await engineer.pool.fetchval("select count(*) from deliveries where community = $1", engineer.name)
    assert rows == 0


async def test_challenges_are_answered(engineer: Community) -> None:
    made = await engineer.client.post("/v1/connectors", json={"name": "chat", "connector": "slack"})
    assert (made.json()["secret"], made.json()["waits_for_secret"]) == (None, True), made.text
    body = {"type": "url_verification", "token": "t", "challenge": "3eZbrw1aB"}
    raw, at = orjson.dumps(body), str(int(time.time()))

    async def deliver(secret: str) -> httpx.Response:
        mac = hmac.new(secret.encode(), f"v0:{at}:".encode() + raw, hashlib.sha256).hexdigest()
        headers = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={mac}"}
        return await engineer.client.post(made.json()["path"], content=raw, headers=headers)

    problem(await deliver("s"), 401)
    given = await engineer.client.post("/v1/connectors/chat/rotate", json={"secret": "s3cret"})
    assert (given.status_code, given.json()["secret"]) == (200, None)
    for _ in range(2):
        answer = await deliver("s3cret")
        assert (answer.status_code, answer.json()) == (200, {"challenge": "3eZbrw1aB"})
    [kept] = await deliveries(engineer, "chat")
    assert (kept["outcome"], kept["reason"]) == ("no_engagement", "the chat tried the address")


async def test_a_document_that_is_no_connector_is_refused_where_it_is_wrong(engineer: Community) -> None:
    wrong = DOCUMENT.replace("body.by", "bodi.by")

    answer = await engineer.client.post("/v1/connectors", json={"name": "shop", "document": wrong})
    twice = [
        await engineer.client.post("/v1/connectors", json={"name": "x", "document": DOCUMENT}) for _ in (1, 2)
    ]
    unknown = await engineer.client.post("/v1/connectors", json={"name": "y", "connector": "discours"})
    setting = await engineer.client.post(
        "/v1/connectors",
        json={"name": "y", "connector": "discourse", "settings": [{"name": "adress", "value": "x"}]},
    )

    [error] = problem(answer, 422)["errors"]
    assert (error["field"], error["line"], error["column"]) == ("mappings[1].activities[0].actor.id", 20, 21)
    assert twice[0].status_code == 201
    assert problem(twice[1], 409)["type"] == "urn:plaudit:problem:connection-exists"
    assert "discourse" in problem(unknown, 422)["errors"][0]["detail"]
    assert problem(setting, 422)["errors"][0]["field"] == "/settings/adress"


async def test_what_would_become_of_a_delivery_is_said_and_nothing_kept(engineer: Community) -> None:
    await connected(engineer)

    answer = await engineer.client.post(
        "/v1/connectors/shop/try",
        json={"headers": [{"name": "X-Shop-Event", "value": "review"}], "body": orjson.dumps(review(1)).decode()},
    )

    assert answer.json()["outcome"] == "mapped", answer.text
    assert [one["id"] for one in answer.json()["activities"]] == ["review:1"]
    assert not await deliveries(engineer)
