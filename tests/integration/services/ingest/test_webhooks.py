"""Facts are delivered to whom a community names: signed, again until they are taken, and to nobody else's cost."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.ingest.main import SPEC
from services.ingest.settings import Settings
from services.ingest.webhooks import handlers
from shared.service import Parts
from shared.topics import EVENTS, WEBHOOK_ENDPOINTS
from shared.webhooks import domain, noting, store
from shared.webhooks.domain import DeliveryState
from tests.integration.services.ingest.conftest import SCOPES, Community, event, problem
from tests.integration.services.process import read, running
from tests.integration.services.world import authorization
from tests.receiver import Received, Receiver, receiving
from tests.waiting import until

pytestmark = pytest.mark.stack

ACCEPTED, REJECTED, MERGED = "engagement.accepted.v1", "engagement.rejected.v1", "member.merged.v1"


@pytest.fixture(scope="module")
async def front_door(stack: Any) -> AsyncIterator[Parts]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noting, "BELIEVED_SECONDS", 0.0)
        patch.setattr(domain, "REST_FIRST_SECONDS", 0.01)
        patch.setattr(domain, "PAUSES_SECONDS", (0.02,) * 7)
        settings = Settings(
            **stack.settings("ingest"),
            webhook_seconds=1.0,
            webhook_waiting_max_count=30,
            webhook_endpoints_max_count=3,
            key_cache_seconds=0.2,
        )
        async with running(SPEC, settings) as parts:
            yield parts


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


@pytest.fixture
async def desk(community: Community) -> Community:
    """A community, and somebody in it who may have facts delivered."""
    scopes = (*SCOPES, "webhooks:write", "webhooks:read")
    community.client.headers.update(await authorization(community.pool, community.name, *scopes))
    return community


async def add(desk: Community, url: str, *types: str, name: str = "warehouse") -> dict[str, Any]:
    body = {"name": name, "url": url, "types": types or [ACCEPTED]}
    answer = await desk.client.post("/v1/webhook-endpoints", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def shown(desk: Community, name: str = "warehouse") -> dict[str, Any]:
    answer = await desk.client.get(f"/v1/webhook-endpoints/{name}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def deliveries(desk: Community, count: int = 1, **query: Any) -> list[dict[str, Any]]:
    """What the log has, once it is so many."""

    async def listed() -> Any:
        answer = await desk.client.get("/v1/webhook-deliveries", params=query)
        assert answer.status_code == 200, answer.text
        items = answer.json()["items"]
        return items if len(items) >= count else None

    found: list[dict[str, Any]] = await until(listed)
    return found


async def got(receiver: Receiver, count: int, path: str = "/") -> list[Received]:
    """What came, once it is so much."""

    async def enough() -> Any:
        return receiver.of(path) if len(receiver.of(path)) >= count else None

    found: list[Received] = await until(enough)
    return found


async def test_a_fact_is_delivered_signed_and_again_under_the_same_id(
    desk: Community, receiver: Receiver, stack: Any
) -> None:
    made = await add(desk, receiver.url())
    trace = "0af7651916cd43dd8448eb211c80319c"
    desk.client.headers["traceparent"] = f"00-{trace}-b7ad6b7169203331-01"
    assert await desk.outcomes(event(1), event(2)) == ["accepted", "accepted"]
    first, second = await got(receiver, 2)
    facts = [one.verified_by(made["secret"]) for one in (first, second)]
    assert {fact["id"] for fact in facts} == {"post-1", "post-2"}
    # The trace of whoever sent them is theirs.
    assert {fact["traceparent"].split("-")[1] for fact in facts} == {trace}
    assert {one.headers["content-type"] for one in receiver.got} == {"application/cloudevents+json; charset=utf-8"}

    # What was delivered is what was told, to the byte.
    told = {record.value for record in await read(stack.state, EVENTS, desk.name, 2)}
    assert {first.body, second.body} == told

    log = await deliveries(desk, 2, state="delivered")
    assert {(one["type"], one["status"], one["tries"], one["why"]) for one in log} == {(ACCEPTED, 204, 1, None)}
    assert {one["message_id"] for one in log} == {one.headers["webhook-id"] for one in receiver.got}
    opened = await desk.client.get(f"/v1/webhook-deliveries/{log[0]['delivery_id']}")
    assert opened.json()["fact"]["community"] == desk.name

    again = await desk.client.post(f"/v1/webhook-deliveries/{log[0]['delivery_id']}/replay")
    assert again.status_code == 202, again.text
    third = (await got(receiver, 3))[2]
    assert third.headers["webhook-id"] == log[0]["message_id"]
    all_of_it = {"endpoint_id": made["endpoint_id"], "states": ["delivered", "failed", "held"]}

    async def replayed() -> bool:
        answer = await desk.client.post("/v1/webhook-deliveries/replay", json=all_of_it)
        return bool(answer.json()["deliveries"] == 2)

    await until(replayed)
    await got(receiver, 5)
    assert len({one.headers["webhook-id"] for one in receiver.got}) == 2


async def test_neither_address_nor_secret_is_on_the_topic_or_in_the_database(
    desk: Community, receiver: Receiver, stack: Any
) -> None:
    made = await add(desk, receiver.url("/a-secret-path"))
    (record,) = await read(stack.state, WEBHOOK_ENDPOINTS, desk.name, 1)
    row = await desk.pool.fetchval(
        "select row_to_json(e)::text from webhook_endpoints e where community = $1", desk.name
    )
    for text in (record.value.decode(), row):
        assert "secret-path" not in text
        assert made["secret"] not in text
    assert b'"signature":"' in record.value
    assert "secret" not in await shown(desk)


async def test_a_rotated_secret_signs_beside_the_new_one(desk: Community, receiver: Receiver) -> None:
    old = (await add(desk, receiver.url()))["secret"]
    answer = await desk.client.post("/v1/webhook-endpoints/warehouse/rotate", json={"overlap_hours": 1})
    new = answer.json()["secret"]
    assert (answer.status_code, answer.json()["secrets"]) == (200, 2)
    await desk.outcomes(event(1))
    (one,) = await got(receiver, 1)
    assert one.verified_by(old) == one.verified_by(new)
    at_once = await desk.client.post("/v1/webhook-endpoints/warehouse/rotate", json={"overlap_hours": 0})
    assert at_once.json()["secrets"] == 1


async def test_an_endpoint_that_hangs_delays_nobody(desk: Community, receiver: Receiver) -> None:
    receiver.answer = lambda one: None if one.path == "/hangs" else 204
    await add(desk, receiver.url("/hangs"), name="hangs")
    await add(desk, receiver.url("/quick"), name="quick")
    await desk.outcomes(*(event(number) for number in range(20)))
    await got(receiver, 20, "/quick")
    assert not await desk.pool.fetchval(
        "select count(*) from webhook_deliveries d where community = $1 and state = 'delivered' "
        "and endpoint_id = (select endpoint_id from webhook_endpoints where community = $1 and name = 'hangs')",
        desk.name,
    )
    # It is asked by few at once, whatever waits for it.
    assert 1 <= receiver.hung_most <= 8
    lanes = {one["name"]: one for one in (await desk.client.get("/v1/webhook-lanes")).json()["items"]}
    assert (lanes["hangs"]["waiting"], lanes["quick"]["failing_since"]) == (20, None)


async def test_what_fails_is_tried_again_until_it_is_taken_and_none_is_lost(
    desk: Community, receiver: Receiver
) -> None:
    answers = iter([500, 302, 400])
    receiver.answer = lambda _: next(answers, 200)
    await add(desk, receiver.url())
    await desk.outcomes(*(event(number) for number in range(5)))
    log = await deliveries(desk, 5, state="delivered")
    assert {one["message_id"] for one in log} == {one.headers["webhook-id"] for one in receiver.got}
    assert sum(one["tries"] for one in log) == len(receiver.got) == 8
    assert (await desk.client.get("/v1/webhook-lanes")).json()["items"][0]["failing_since"] is None


async def test_one_that_is_gone_is_disabled_for_all_services_and_can_be_enabled_again(
    desk: Community, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 410
    await add(desk, receiver.url())
    await desk.outcomes(event(1))

    async def disabled() -> Any:
        now = await shown(desk)
        return None if now["enabled"] else now

    found = await until(disabled)
    assert (found["disabled_why"], found["disabled_by"], found["revision"]) == ("gone", "ingest", 2)
    await desk.outcomes(event(2))  # nobody notes it

    receiver.answer = lambda _: 204
    answer = await desk.client.patch("/v1/webhook-endpoints/warehouse", json={"enabled": True})
    assert (answer.status_code, answer.json()["disabled_why"]) == (200, None)
    (one,) = await deliveries(desk, 1, state="delivered")
    assert {other.headers["webhook-id"] for other in receiver.got} == {one["message_id"]}


async def test_one_that_takes_nothing_for_a_day_is_disabled(desk: Community, receiver: Receiver) -> None:
    receiver.answer = lambda _: 503
    made = await add(desk, receiver.url())
    yesterday = datetime.now(UTC) - timedelta(hours=25)
    await desk.pool.execute(
        "update webhook_endpoints set failing_since = $2 where endpoint_id = $1", made["endpoint_id"], yesterday
    )
    await desk.outcomes(event(1))

    async def disabled() -> Any:
        now = await shown(desk)
        return None if now["enabled"] else now

    assert (await until(disabled))["disabled_why"] == "failing"
    # It is told once, and somebody may try whether it is there again without enabling it.
    receiver.answer = lambda _: 204
    tested = await desk.client.post("/v1/webhook-endpoints/warehouse/test")
    assert tested.status_code == 202, tested.text

    async def done() -> Any:
        one = (await desk.client.get(f"/v1/webhook-deliveries/{tested.json()['delivery_id']}")).json()
        return one if one["state"] == "delivered" else None

    assert (await until(done))["fact"]["type"] == "webhook_endpoint.tested.v1"


async def test_one_for_which_too_much_waits_is_disabled(desk: Community, receiver: Receiver) -> None:
    receiver.answer = lambda _: None
    await add(desk, receiver.url())
    await desk.outcomes(*(event(number) for number in range(31)))

    async def disabled() -> Any:
        now = await shown(desk)
        return None if now["enabled"] else now

    assert (await until(disabled))["disabled_why"] == "too_many_waiting"


async def test_a_restored_database_holds_what_it_does_not_know(desk: Community, receiver: Receiver) -> None:
    receiver.answer = lambda _: 503
    made = await add(desk, receiver.url())
    await desk.outcomes(event(1))
    (waits,) = await deliveries(desk, 1)
    forgotten = (
        EVENTS.name,
        f"{desk.name}|x".encode(),
        b'{"id":"post-0","source":"s","type":"forum.post.v1","community":"%b"}' % desk.name.encode(),
    )
    async with desk.pool.acquire() as conn:
        undone = conn.transaction()  # others' deliveries wait in the same database
        await undone.start()
        await noting.hold(conn, [forgotten])
        page = await store.page_of_deliveries(
            conn, community=desk.name, endpoint_id=None, state=None, after=None, limit_count=10
        )
        held = await store.replay(
            conn,
            community=desk.name,
            endpoint_id=made["endpoint_id"],
            states=[DeliveryState.HELD],
            limit_count=10,
        )
        await undone.rollback()
    assert [one.state for one in page] == [DeliveryState.HELD] * 2
    assert waits["delivery_id"] in {one.delivery_id for one in page}
    assert held == 2


async def test_endpoints_are_told_anew_when_keys_change(desk: Community, receiver: Receiver) -> None:
    await add(desk, receiver.url())
    (before,) = await desk.pool.fetch(
        "select revision, key_id, sealed from webhook_endpoints where community = $1", desk.name
    )
    other = "A" * 43
    async with desk.begin() as tx:
        tx.settings = tx.settings.model_copy(update={"webhook_keys": f"{other},{tx.settings.webhook_keys}"})
        await handlers.tell_anew(tx)
        (after,) = await tx.conn.fetch(
            "select revision, key_id from webhook_endpoints where community = $1", desk.name
        )
        assert (after["revision"], after["key_id"] == before["key_id"]) == (2, False)
        await tx.conn.execute(
            "update webhook_endpoints set key_id = $2, sealed = $3 where community = $1",
            desk.name,
            before["key_id"],
            before["sealed"],
        )
        tx._messages.clear()


async def test_who_may_have_what_delivered(desk: Community, receiver: Receiver) -> None:
    url = receiver.url()
    body = {"name": "finance", "url": url, "types": ["payout.changed.v1"]}
    refused = problem(await desk.client.post("/v1/webhook-endpoints", json=body), 403)
    assert refused["type"] == "urn:plaudit:problem:webhook-types-not-readable"
    assert "payouts:read" in refused["detail"]
    unknown = problem(
        await desk.client.post("/v1/webhook-endpoints", json=body | {"types": ["points.awarded"]}), 422
    )
    assert "points.awarded.v1" in unknown["detail"]
    for number, inner in enumerate(("https://10.0.0.1/", "http://example.org/", "https://169.254.169.254/x")):
        wanted = {"name": f"e{number}", "url": inner, "types": [ACCEPTED]}
        refused = problem(await desk.client.post("/v1/webhook-endpoints", json=wanted), 422)
        assert refused["type"] == "urn:plaudit:problem:webhook-address-refused"
    await add(desk, url)
    again = {"name": "warehouse", "url": url, "types": [ACCEPTED]}
    assert problem(await desk.client.post("/v1/webhook-endpoints", json=again), 409)["type"].endswith(
        "webhook-exists"
    )
    await add(desk, url, REJECTED, name="second")
    await add(desk, url, MERGED, name="third")
    full = problem(await desk.client.post("/v1/webhook-endpoints", json=again | {"name": "fourth"}), 409)
    assert full["type"] == "urn:plaudit:problem:too-many-webhooks"

    # Who may not read what it gets cannot have it lead elsewhere, nor open what was sent.
    less = await authorization(desk.pool, desk.name, "webhooks:write", "webhooks:read")
    moved = await desk.client.patch("/v1/webhook-endpoints/warehouse", json={"url": url + "x"}, headers=less)
    assert problem(moved, 403)["type"] == "urn:plaudit:problem:webhook-types-not-readable"
    await desk.outcomes(event(1))
    (one,) = await deliveries(desk, 1, state="delivered")
    opened = await desk.client.get(f"/v1/webhook-deliveries/{one['delivery_id']}", headers=less)
    assert problem(opened, 403)["type"] == "urn:plaudit:problem:missing-scope"

    # Of another community nothing is seen, and what is removed is gone with its log.
    stranger = await authorization(desk.pool, f"{desk.name}b", *SCOPES, "webhooks:read", "webhooks:write")
    assert (await desk.client.get("/v1/webhook-endpoints", headers=stranger)).json()["items"] == []
    problem(await desk.client.get("/v1/webhook-endpoints/warehouse", headers=stranger), 404)
    problem(await desk.client.get(f"/v1/webhook-deliveries/{one['delivery_id']}", headers=stranger), 404)
    assert (await desk.client.delete("/v1/webhook-endpoints/warehouse")).status_code == 204
    problem(await desk.client.get("/v1/webhook-endpoints/warehouse"), 404)
    assert (await desk.client.get("/v1/webhook-deliveries")).json()["items"] == []
    (added, *_) = [
        row["command"]
        for row in await desk.pool.fetch(
            "select command from audit_entries where community = $1 and command like 'webhook.%' order by at",
            desk.name,
        )
    ]
    assert added == "webhook.add"
