"""Platforms deliver: what is signed is taken once, what is not is refused, and what failed is mapped again."""

import hashlib
import hmac
import os
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from connectors import shipped
from connectors.engine import State
from services.ingest.connectors.api import door
from services.ingest.connectors.handlers import deliveries as handlers
from services.ingest.connectors.handlers import reading
from services.ingest.metrics import CONNECTIONS_SILENT
from tests.integration.services.ingest.conftest import Community, problem
from tests.integration.services.ingest.test_own_event_types_taken import published
from tests.unit.connectors.test_connector_signatures import SCHEMES, SIGNED_AT, time_of

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
        shown = {name: value.encode("latin-1") for name, value in (headers | more).items()}
        return await self.client.post(self.path, content=raw, headers=shown)

    async def told(self, event: str, body: Any, **more: Any) -> dict[str, Any]:
        answer = await self.deliver(event, body, **more)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def pass_timer(community: Community, timer: Any) -> None:
    """Do what a timer does."""
    async with community.begin() as tx:
        await timer(tx)


WEBINARS = """
mappings:
  - on: ["*"]
    activities:
      - type: webinar.attended.v1
        channel: import
        id: body.id
        time: body.at
        actor: {id: body.by}
        minutes: body.n
"""
SEED = 6
FUZZ_SECONDS = float(os.environ.get("PLAUDIT_FUZZ_SECONDS", "3"))
GROWTH_MAX_BYTES = 64 * 1024 * 1024


def nonsense(rng: Random, body: Any) -> bytes:
    """A body: a platform's, perhaps with something changed, or bytes of any kind."""
    raw = bytearray(orjson.dumps(body))
    kind = rng.randrange(7)
    if kind <= 1:
        return bytes(raw)
    if kind == 2:  # a value somewhere is another
        return orjson.dumps(changed(rng, body))
    if kind == 3:
        return rng.randbytes(rng.randrange(200))
    if kind == 4:
        depth = rng.choice([5, 200, 2_000])
        return b'{"a":' * depth + b"1" + b"}" * depth
    for _ in range(rng.randrange(1, 8)):
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw) if kind == 5 else bytes(raw[: rng.randrange(len(raw))])


def changed(rng: Random, value: Any) -> Any:
    """The value, with some values in it of another kind."""
    if rng.random() < 0.1:
        return rng.choice(
            [None, True, -1, 1e300, 2**63, "", "x" * 20_000, [], {}, [[]], "2026-02-30", "\x00", "\u202e"]
        )
    if isinstance(value, dict):
        return {name: changed(rng, one) for name, one in value.items()}
    return [changed(rng, one) for one in value] if isinstance(value, list) else value


def memory_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def review(number: int | str, **more: Any) -> dict[str, Any]:
    return {"id": number, "at": "2026-01-31T12:00:00Z", "by": "ada", "text": "It holds."} | more


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
    [listed] = (await engineer.client.get("/v1/connectors")).json()["items"]
    assert (listed["name"], listed["secrets_in_force"]) == ("shop", 2)

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

    exported = await engineer.client.post("/v1/connectors", json={"name": "y", "connector": "zoom"})

    assert "delivers nothing" in problem(exported, 422)["errors"][0]["detail"]
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


async def test_what_is_kept_is_sealed_and_goes_with_whom_it_names(engineer: Community) -> None:
    shop = await connected(engineer)
    await shop.told("review", review(1, by="ada-lovelace"), named="r1")
    await engineer.receipt((await deliveries(engineer))[0]["receipt_id"])
    await shop.told("sale", {"id": 7, "buyer": {"name": "ADA-LOVELACE"}}, named="s1")
    await shop.told("sale", {"id": 8, "buyer": {"name": "Grace"}}, named="s2")
    await shop.told("ping", {"by": "ada-lovelace"})

    rows = await engineer.pool.fetch(
        "select outcome, sealed, key_id from deliveries where community = $1 order by delivery_id", engineer.name
    )
    assert [(row["outcome"], row["sealed"] is not None) for row in rows] == [
        ("mapped", False),
        ("unmapped", True),
        ("unmapped", True),
        ("no_engagement", False),
    ]
    assert not [row for row in rows if row["sealed"] and (b"sale" in row["sealed"] or b"Grace" in row["sealed"])]
    secrets = await engineer.pool.fetchval(
        "select sealed_secrets from connections where community = $1", engineer.name
    )
    assert shop.secret.encode() not in secrets

    [member] = await engineer.members()
    erased = await engineer.client.post(f"/v1/members/{member['member_id']}/erase", json={"points": "nothing"})
    assert erased.json()["deleted"]["deliveries"] == 1, erased.text
    assert "ingest, sealed" in {one["where"] for one in erased.json()["remains"]}
    kept = {one["platform_id"]: one for one in await deliveries(engineer, outcome="unmapped")}
    assert {name: one["replayable"] for name, one in kept.items()} == {"s1": False, "s2": True}
    gone = await engineer.client.post(f"/v1/connectors/shop/deliveries/{kept['s1']['delivery_id']}/replay")
    assert "erased" in problem(gone, 409)["detail"]


async def test_deliveries_end_with_their_time_and_beyond_what_is_kept(
    engineer: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await connected(engineer)
    for number in range(4):
        await shop.told("sale", {"id": number, "more": "x" * 100}, named=f"s{number}")
    [size] = {one["bytes"] for one in await deliveries(engineer)}

    # 1. The oldest bytes go first.
    limits = {"deliveries_kept_max_bytes": 2 * size}
    async with engineer.begin() as tx:
        tx.settings = tx.settings.model_copy(update=limits)
        await handlers.keep_in_order(tx)
    kept = await deliveries(engineer)
    assert [(one["platform_id"], one["replayable"]) for one in kept] == [
        ("s3", True),
        ("s2", True),
        ("s1", False),
        ("s0", False),
    ]
    # 2. Another key seals from now on, and what the old one sealed opens.
    old, new = tx.settings.text_keys, "A" * 43
    async with engineer.begin() as tx:
        tx.settings = tx.settings.model_copy(update={"text_keys": f"{new},{old}"})
        await handlers.keep_in_order(tx)
        key_ids = await tx.conn.fetch(
            "select key_id from deliveries where community = $1 and sealed is not null"
            " union select key_id from connections where community = $1",
            engineer.name,
        )
        assert len(key_ids) == 1
        tx.settings = tx.settings.model_copy(update={"text_keys": f"{old},{new}"})
        await handlers.keep_in_order(tx)
    assert (await shop.told("ping", {}))["outcome"] == "no_engagement"
    # 3. All of it goes when its time is over.
    await engineer.pool.execute(
        "update deliveries set received_at = received_at - interval '31 days' where community = $1", engineer.name
    )
    await pass_timer(engineer, handlers.keep_in_order)
    assert not await deliveries(engineer)


VECTORS = (
    Path(os.environ.get("PLAUDIT_SHARED_DATA", "../shared/data")) / "platforms/signature_vectors/vectors.json"
)


@pytest.mark.skipif(not VECTORS.is_file(), reason=f"{VECTORS} is not there")
async def test_every_vector_of_the_platforms_is_let_in_and_nothing_beside_it(
    engineer: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the time when each was signed; what was changed, or comes later, is refused."""
    for number, vector in enumerate(orjson.loads(VECTORS.read_bytes())):
        scheme, raw = vector["scheme"], vector["body"].encode()
        document = DOCUMENT.replace(
            'signature: {scheme: hmac, header: X-Shop-Signature, prefix: "sha256="}',
            f"signature: {orjson.dumps(SCHEMES[scheme]).decode()}",
        )
        shop = await connected(engineer, f"v{number}", document=document, secret=vector["secret"])

        async def post(body: bytes, at: datetime, shop: Platform = shop, shown: Any = vector["headers"]) -> int:
            monkeypatch.setattr(door, "_now", lambda: at)
            return (await engineer.client.post(shop.path, content=body, headers=shown)).status_code

        now = time_of(scheme)
        assert await post(raw, now) == 200, scheme
        assert await post(raw + b" ", now) == 401, scheme
        stale = await post(raw, now + timedelta(seconds=301))
        assert stale == (401 if scheme in SIGNED_AT else 200), scheme


async def test_a_platform_that_was_heard_and_is_silent_is_counted(engineer: Community) -> None:
    shop = await connected(engineer)
    await shop.told("ping", {})
    # What others' tests left counts, too.
    await pass_timer(engineer, handlers.keep_in_order)
    before = CONNECTIONS_SILENT._value.get()
    await engineer.pool.execute(
        "update delivery_hours set hour = hour - interval '2 days' where community = $1", engineer.name
    )
    await pass_timer(engineer, handlers.keep_in_order)
    assert CONNECTIONS_SILENT._value.get() == before + 1
    await engineer.client.patch("/v1/connectors/shop", json={"enabled": False})
    await pass_timer(engineer, handlers.keep_in_order)
    assert CONNECTIONS_SILENT._value.get() == before


async def test_what_is_dear_takes_from_the_communitys_share(
    engineer: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One delivery is taken however dear it is; who sent much waits then, and what is told to wait is not kept."""
    shop = await connected(engineer)
    map_delivery = handlers.map_delivery

    async def dear(*arguments: Any, **named: Any) -> Any:
        mapped, _ = await map_delivery(*arguments, **named)
        return mapped, 10.0

    monkeypatch.setattr(handlers, "map_delivery", dear)

    answers = [await shop.deliver("ping", {"n": number}) for number in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert problem(answers[1], 429)["type"] == "urn:plaudit:problem:quota-exceeded"
    assert int(answers[1].headers["retry-after"]) > 0
    assert len(await deliveries(engineer)) == 1


async def test_a_delivery_becomes_an_event_of_a_type_of_the_communitys_own(engineer: Community) -> None:
    webinars = DOCUMENT.partition("mappings:")[0] + WEBINARS
    shop = await connected(engineer, document=webinars)
    body = {"id": "w1", "at": "2026-01-31T12:00:00Z", "by": "ada", "n": 40}
    undeclared = await shop.told("attended", body, named="w1")
    assert undeclared["outcome"] == "invalid"
    assert "unknown type 'webinar.attended.v1'" in undeclared["reason"]
    channel = {"id": "webinars", "title": "Webinars"}
    field = {"name": "minutes", "title": "Minutes", "type": "integer", "required": True}
    kind = {"id": "webinar.attended.v1", "title": "Attended", "channel": "webinars", "fields": [field]}
    await published(engineer, 1, datetime(2026, 1, 1, tzinfo=UTC), {"channels": [channel], "types": [kind]})
    found = await engineer.client.post(f"/v1/connectors/shop/deliveries/{undeclared['delivery_id']}/replay")
    assert found.json()["outcome"] == "mapped", found.text
    assert [one["outcome"] for one in (await engineer.receipt(found.json()["receipt_id"]))["items"]] == [
        "accepted"
    ]


async def test_nothing_that_is_thrown_at_the_door_breaks_it(engineer: Community) -> None:
    """Every connector, with a seed, for some seconds: what platforms send with something changed, and any bytes.

    Nothing is signed here: a secret in the address lets in, so that what is behind the signature is reached. No
    answer is 5xx, nothing is left at work, and memory does not grow.
    """
    rng = Random(SEED)
    doors = []
    for name in sorted(shipped.files()):
        document = shipped.connector(name).document
        if document.signature.scheme == "not_delivered":
            continue
        said = document.model_dump(mode="json", exclude={"cases", "connecting", "exports"}, exclude_unset=True)
        open_to_all = {"connector": name, **said, "signature": {"scheme": "path"}}
        made = await connected(engineer, name, document=orjson.dumps(open_to_all).decode())
        cases = [one for case in document.cases for one in (case.deliveries or [case.delivery]) if one]
        doors.append((made.path, cases))
    statuses, outcomes, before = Counter[int](), Counter[str](), 0
    began = time.monotonic()
    while (passed := time.monotonic() - began) < FUZZ_SECONDS or not set(State) <= outcomes.keys():
        path, cases = rng.choice(doors)
        case = rng.choice(cases)
        headers = {name: value.encode() for name, value in case.headers.items()}
        headers |= rng.choice(
            [{}, {}, {"Content-Type": b"application/x-www-form-urlencoded"}, {"X-Strange": b"\xff"}]
        )
        if headers and rng.random() < 0.3:
            headers[rng.choice(list(headers))] = rng.choice([b"", b"\xe9", b"y" * 5_000])
        wrong = rng.choice(["", "", "", "x", ".x", "/x", "%00"])
        answer = await engineer.client.post(path + wrong, content=nonsense(rng, case.body), headers=headers)
        statuses[answer.status_code] += 1
        if answer.status_code == httpx.codes.OK and answer.content != b"null":
            outcomes[answer.json().get("outcome", "challenge")] += 1
        if passed > FUZZ_SECONDS / 2 and not before:
            before = memory_bytes()
    assert set(statuses) <= {200, 204, 401, 404, 405, 422, 429}, statuses
    assert memory_bytes() - (before or memory_bytes()) < GROWTH_MAX_BYTES
    assert not reading.THREADS._turns
    assert door.WORK._count == 0


async def test_the_same_bytes_are_the_same_until_something_else_was_told(engineer: Community) -> None:
    made = (await engineer.client.post("/v1/connectors", json={"name": "forum", "connector": "discourse"})).json()
    post = {"id": 13, "post_number": 2, "post_type": 1, "topic_id": 10, "user_id": 8, "topic_archetype": "regular"}
    raw = orjson.dumps({"solved": post | {"username": "grace", "created_at": "2026-01-02T11:00:00Z"}})
    mac = hmac.new(made["secret"].encode(), raw, hashlib.sha256).hexdigest()

    async def solved(event: str) -> dict[str, Any]:
        headers = {
            "X-Discourse-Event": f"{event}_solution",
            "X-Discourse-Event-Id": uuid4().hex,
            "X-Discourse-Event-Signature": f"sha256={mac}",
        }
        answer = await engineer.client.post(made["path"], content=raw, headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        assert found["outcome"] == "mapped", found
        return found

    told = [await solved(event) for event in ("accepted", "accepted", "unaccepted", "accepted", "accepted")]

    assert len({one["delivery_id"] for one in told}) == 5
    outcomes = [[each["outcome"] for each in (await engineer.receipt(one["receipt_id"]))["items"]] for one in told]
    # Delivered again under another id it tells nothing; accepted again, it is restored, since which time is new.
    assert outcomes[:3] == [["accepted"] * 2, ["duplicate"] * 2, ["accepted"]]
    assert [each[1] for each in outcomes[3:]] == ["accepted", "duplicate"]

    door = (await engineer.client.post("/v1/connectors", json={"name": "hall", "connector": "eventbrite"})).json()
    again = []
    for action in ("barcode.checked_in", "barcode.un_checked_in", "barcode.checked_in", "barcode.checked_in"):
        body = {"api_url": "https://www.eventbriteapi.com/v3/events/1/attendees/9/", "config": {"action": action}}
        again.append((await engineer.client.post(door["path"], json=body)).json()["again"])
    assert again == [False, False, False, True]
