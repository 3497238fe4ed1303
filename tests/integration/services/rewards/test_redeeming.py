"""Redemptions: two phases, one effect for each request, and never more than there is."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.rewards.lots.handlers.upkeep import expire_points
from services.rewards.programmes.handlers import on_programmes
from services.rewards.redemptions.handlers.ending import expire_reservations
from tests.integration.services.rewards.finance import CATALOGUE
from tests.integration.services.rewards.upkeep import run_out
from tests.integration.services.world import tie

pytestmark = pytest.mark.stack


async def redeem(api: Any, world: Any, member: str, reward: str = "sticker", key: str | None = None) -> Any:
    body = {"member_id": world.uuid(member), "reward_id": reward}
    return await api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": key or uuid4().hex})


@pytest.fixture
async def rich(world: Any) -> Any:
    """A community with a catalogue, in which ada has 100 points from three awards."""
    await world.publish()
    await world.give(world.award("a", "ada", 20), world.award("b", "ada", 50), world.award("c", "ada", 30))
    return world


async def test_points_are_reserved_then_spent_and_the_world_is_told(rich: Any, api: Any, all_pages: Any) -> None:
    answer = await redeem(api, rich, "ada")
    assert answer.status_code == 201
    made = answer.json()
    assert (made["state"], made["points"], made["title"]) == ("reserved", 30, "Sticker")
    assert await rich.balance("ada") == {"available": 70, "reserved": 30}
    assert await rich.lots("ada") == [0, 40, 30]

    url = f"/v1/redemptions/{made['redemption_id']}"
    for _ in range(2):
        confirmed = await api.post(f"{url}/confirm")
        assert (confirmed.status_code, confirmed.json()["state"]) == (200, "confirmed")

    assert await rich.balance("ada") == {"available": 70, "spent": 30}
    facts = await rich.published()
    told = [fact["data"].get("state", fact["type"]) for fact in facts]
    assert told == ["reserved", "redemption.lots.v1", "confirmed"]
    assert sum(lot["points"] for lot in facts[1]["data"]["lots"]) == 30
    lots = await all_pages(api, f"{url}/lots", limit=1)
    told_lots = {(lot["award_id"], lot["points"]) for lot in facts[1]["data"]["lots"]}
    assert {(lot["award_id"], lot["points"]) for lot in lots} == told_lots
    assert (await api.get(f"/v1/redemptions/{uuid4()}/lots")).status_code == 404
    assert {fact["data"]["redemption_id"] for fact in facts} == {made["redemption_id"]}
    assert [(one["kind"], one["values"]) for one in rich.messages] == [
        ("redemption", {"title": "Sticker", "points": "30", "state": "confirmed"})
    ]
    refused = await api.post(f"{url}/cancel")
    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
    assert (await api.get(url)).json()["state"] == "confirmed"
    assert (await rich.check()).differences == 0


async def test_cancelling_gives_the_points_back_to_their_lots(rich: Any, api: Any) -> None:
    made = (await redeem(api, rich, "ada")).json()
    for _ in range(2):
        assert (await api.post(f"/v1/redemptions/{made['redemption_id']}/cancel")).json()["state"] == "cancelled"
    assert await rich.balance("ada") == {"available": 100}
    assert await rich.lots("ada") == [20, 50, 30]
    assert (await api.post(f"/v1/redemptions/{made['redemption_id']}/confirm")).status_code == 409
    assert (await rich.check()).differences == 0


async def test_what_is_handed_out_in_part_gives_the_rest_back_at_once(rich: Any, api: Any, all_pages: Any) -> None:
    made = (await redeem(api, rich, "ada")).json()
    url = f"/v1/redemptions/{made['redemption_id']}"
    refused = await api.post(f"{url}/confirm", json={"points": 31})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:plaudit:problem:more-than-reserved")
    assert refused.json()["detail"] == "30 points are reserved for it; nothing was changed"
    assert await rich.balance("ada") == {"available": 70, "reserved": 30}

    for points in (22, 22, None):
        answer = (await api.post(f"{url}/confirm", json={"points": points})).json()
        assert (answer["state"], answer["points"], answer["reserved_points"]) == ("confirmed", 22, 30)
    assert (await api.post(f"{url}/confirm", json={"points": 23})).status_code == 409

    # 20 came from the first lot and 10 from the second, which was used last: it has 8 of them again.
    assert await rich.balance("ada") == {"available": 78, "spent": 22}
    assert await rich.lots("ada") == [0, 48, 30]
    assert sorted(lot["points"] for lot in await all_pages(api, f"{url}/lots", limit=1)) == [2, 20]
    kinds = await rich.pool.fetch(
        "select kind from transfers where community = $1 and cause_id = $2 order by kind",
        rich.community,
        made["redemption_id"],
    )
    assert [row["kind"] for row in kinds] == ["redemption_confirmed", "redemption_reserved", "redemption_voided"]
    facts = await rich.published()
    assert [fact["data"].get("state", fact["type"]) for fact in facts] == [
        *("reserved", "redemption.lots.v1", "redemption.lots_given_back.v1", "confirmed")
    ]
    assert (facts[-1]["data"]["points"], facts[-1]["data"]["reserved_points"]) == (22, 30)
    back = facts[2]["data"]["lots"]
    assert [(lot["award_id"], lot["points"]) for lot in back] == [(facts[1]["data"]["lots"][1]["award_id"], 8)]
    assert (await rich.check()).differences == 0
    # What came back is used again, and nothing of it twice.
    await redeem(api, rich, "ada")
    assert await rich.lots("ada") == [0, 18, 30]
    assert (await rich.check()).differences == 0


async def test_a_reservation_whose_time_is_over_is_not_handed_out_in_part_either(rich: Any, api: Any) -> None:
    made = (await redeem(api, rich, "ada")).json()
    rich.later += datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    refused = await api.post(f"/v1/redemptions/{made['redemption_id']}/confirm", json={"points": 5})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:plaudit:problem:redemption-not-confirmable")
    assert await rich.balance("ada") == {"available": 70, "reserved": 30}
    async with rich.begin() as tx:
        await run_out(tx, expire_reservations)
    assert await rich.balance("ada") == {"available": 100}
    assert await rich.lots("ada") == [20, 50, 30]


async def test_a_cancelled_reservation_pays_a_debt_first(rich: Any, api: Any) -> None:
    made = [(await redeem(api, rich, "ada")).json() for _ in range(3)]
    await rich.give(rich.award("not a", "ada", -20, amends="a"), rich.award("not b", "ada", -50, amends="b"))
    assert await rich.balance("ada") == {"available": -60, "reserved": 90}
    async with rich.begin() as tx:
        tx.now += timedelta(hours=1)
        await run_out(tx, expire_reservations)
    assert await rich.balance("ada") == {"available": 30}
    assert sum(await rich.lots("ada")) == 30
    states = [(await api.get(f"/v1/redemptions/{one['redemption_id']}")).json()["state"] for one in made]
    assert states == ["expired"] * 3
    assert (await rich.check()).differences == 0


async def test_a_request_sent_again_gets_the_same_answer(rich: Any, api: Any) -> None:
    first = await redeem(api, rich, "ada", key="once")
    await api.post(f"/v1/redemptions/{first.json()['redemption_id']}/confirm")
    again = await redeem(api, rich, "ada", key="once")
    assert (again.status_code, again.content) == (201, first.content)
    assert await rich.balance("ada") == {"available": 70, "spent": 30}
    other = await redeem(api, rich, "ada", "shirt", key="once")
    assert other.status_code == 409
    assert other.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_what_is_missing_is_said_and_the_key_can_be_used_again(rich: Any, api: Any) -> None:
    refused = await redeem(api, rich, "ada", "shirt", key="later")
    assert refused.status_code == 409
    assert refused.json()["detail"].startswith("300 points are missing")
    await rich.give(rich.award("d", "ada", 300))
    assert (await redeem(api, rich, "ada", "shirt", key="later")).status_code == 201
    assert await rich.balance("ada") == {"reserved": 400}


async def test_what_is_not_there_is_said(rich: Any, api: Any) -> None:
    assert (await redeem(api, rich, "ada", "yacht")).status_code == 404
    assert (await redeem(api, rich, "nobody")).status_code == 409
    assert (await api.post(f"/v1/redemptions/{uuid4()}/confirm")).status_code == 404
    missing = await api.post("/v1/redemptions", json={"member_id": str(uuid4()), "reward_id": "sticker"})
    assert missing.status_code == 422


async def test_whoever_redeems_is_named_by_an_identity_too(rich: Any, api: Any) -> None:
    async def redeem_as(who: str, key: str) -> Any:
        body = {"member_id": who, "reward_id": "sticker"}
        return await api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": key})

    unknown = await redeem_as("forum:ada", "1")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:plaudit:problem:unknown-identity")
    assert [error["field"] for error in unknown.json()["errors"]] == ["/member_id"]
    assert (await redeem_as("ada", "1")).status_code == 422
    await rich.join("ada")
    # What failed is not what the key was used for, and one identity is one request however it is spelt.
    made = await redeem_as("forum:ada", "1")
    assert (made.status_code, made.json()["member_id"]) == (201, rich.uuid("ada"))
    assert (await redeem_as("forum: ada ", "1")).json() == made.json()
    assert (await redeem_as("forum:bob", "1")).status_code == 409
    assert await rich.balance("ada") == {"available": 70, "reserved": 30}


async def test_the_timer_expires_only_what_is_overdue(rich: Any, api: Any) -> None:
    made = (await redeem(api, rich, "ada")).json()
    async with rich.begin() as tx:
        await run_out(tx, expire_reservations)
    assert await rich.balance("ada") == {"available": 70, "reserved": 30}
    async with rich.begin() as tx:
        tx.now += timedelta(hours=1)
        await run_out(tx, expire_reservations, expire_reservations)
    assert await rich.balance("ada") == {"available": 100}
    assert await rich.lots("ada") == [20, 50, 30]
    got = (await api.get(f"/v1/redemptions/{made['redemption_id']}")).json()
    assert (got["state"], got["changed_by"]) == ("expired", "timer")


async def test_how_many_are_in_each_state_is_said_up_to_a_bound(
    rich: Any, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [(await redeem(api, rich, "ada")).json()["redemption_id"] for _ in range(3)]
    assert (await api.post(f"/v1/redemptions/{made[0]}/confirm")).status_code == 200
    counts = (await api.get("/v1/redemptions/counts")).json()["items"]
    assert {one["state"]: one["count"] for one in counts} == {
        "reserved": 2,
        "confirmed": 1,
        "partly_refunded": 0,
        "refunded": 0,
        "cancelled": 0,
        "expired": 0,
    }
    assert not any(one["is_at_least"] for one in counts)
    for room in ("store", "domain"):
        monkeypatch.setattr(f"services.rewards.redemptions.{room}.COUNTED_MAX_COUNT", 2)
    counts = (await api.get("/v1/redemptions/counts")).json()["items"]
    assert [(one["count"], one["is_at_least"]) for one in counts[:2]] == [(2, True), (1, False)]


async def test_fifty_at_once_cannot_spend_more_than_there_is(rich: Any, api: Any) -> None:
    answers = await asyncio.gather(*(redeem(api, rich, "ada") for _ in range(50)))
    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 47}
    assert await rich.balance("ada") == {"available": 10, "reserved": 90}
    assert sum(await rich.lots("ada")) == 10
    assert (await rich.check()).differences == 0


async def test_twenty_at_once_with_one_key_reserve_once(rich: Any, api: Any) -> None:
    answers = await asyncio.gather(*(redeem(api, rich, "ada", key="same") for _ in range(20)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert await rich.balance("ada") == {"available": 70, "reserved": 30}


async def test_reserving_cancelling_and_awarding_at_once_ends_without_a_difference(rich: Any, api: Any) -> None:
    async def come_and_go() -> None:
        made = await redeem(api, rich, "ada")
        if made.status_code == 201:
            assert (await api.post(f"/v1/redemptions/{made.json()['redemption_id']}/cancel")).status_code == 200

    awards = [rich.award(f"x{n}", "ada", 1) for n in range(10)]
    await asyncio.gather(*(come_and_go() for _ in range(30)), *(rich.give(award) for award in awards))

    assert await rich.balance("ada") == {"available": 110}
    assert sum(await rich.lots("ada")) == 110
    assert (await rich.check()).differences == 0


async def test_the_catalogue_is_that_of_the_newest_version_in_force(rich: Any, api: Any, all_pages: Any) -> None:
    catalogue = (await api.get("/v1/catalogue")).json()
    assert (catalogue["version"], [item["id"] for item in catalogue["items"]]) == (1, ["sticker", "shirt"])
    await rich.publish(version=2)
    assert (await api.get("/v1/catalogue")).json()["version"] == 2
    for _ in range(3):
        assert (await redeem(api, rich, "ada")).status_code == 201
    listed = await all_pages(api, "/v1/redemptions", limit=2, member=rich.uuid("ada"))
    assert len({one["redemption_id"] for one in listed}) == 3
    made = [one["created_at"] for one in listed]
    assert made == sorted(made, reverse=True)
    assert (await api.post(f"/v1/redemptions/{listed[1]['redemption_id']}/cancel")).status_code == 200
    waiting = await all_pages(api, "/v1/redemptions", limit=1, state="reserved")
    assert [one["redemption_id"] for one in waiting] == [listed[0]["redemption_id"], listed[2]["redemption_id"]]
    await rich.join("ada")
    assert {one["member_name"] for one in await all_pages(api, "/v1/redemptions", limit=2)} == {"Ada"}
    assert await all_pages(api, "/v1/redemptions", limit=2, member=str(uuid4())) == []


async def test_a_key_without_the_scope_is_refused(rich: Any, clients: Any) -> None:
    reader = await clients("rewards:read")
    assert (await redeem(reader, rich, "ada")).status_code == 403
    assert (await reader.get("/v1/catalogue")).status_code == 200
    assert (await reader.get("/v1/payouts")).status_code == 403


@pytest.mark.parametrize("grace_days", [30, 7, 0])
async def test_points_given_back_after_their_time_can_be_used_for_a_while_and_once(
    world: Any, clients: Any, grace_days: int
) -> None:
    """Some of a lot is reserved when its time is over, and given up before any timer saw that."""
    api = await clients()
    world.configure(points_lifetime_seconds=60)
    document: dict[str, Any] = {"programme": "demo", "rewards": {"catalogue": CATALOGUE}}
    if grace_days != 30:
        document["rewards"]["expiry"] = {"grace_days": grace_days}
    await world.handle(on_programmes, world.programme_fact(1, document))
    await world.join("ada")
    await world.give(world.award("ada", "ada", 1_000, at=datetime.now(UTC)))
    body = {"member_id": world.uuid("ada"), "reward_id": "shirt"}
    made = (await api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": uuid4().hex})).json()

    async def sweep(days: int) -> None:
        world.later = timedelta(days=days)
        async with world.begin() as tx:
            await expire_points(tx)

    world.later = timedelta(days=2)
    answer = await api.post(f"/v1/redemptions/{made['redemption_id']}/cancel")
    assert answer.status_code == 200, answer.text
    came_back = {"expired": 600, "available": 400} if grace_days else {"expired": 1_000}
    assert await world.balance("ada") == came_back
    await sweep(2 + grace_days)
    assert await world.balance("ada") == came_back
    if grace_days:
        again = (await api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "again"})).json()
        world.later = timedelta(days=3 + grace_days)
        assert (await api.post(f"/v1/redemptions/{again['redemption_id']}/cancel")).status_code == 200
    assert await world.balance("ada") == {"expired": 1_000}
    assert (await world.check()).differences == 0


async def test_what_expires_first_is_used_first(world: Any, clients: Any) -> None:
    """The later one was earned first, and never expires; the day ends in the zone of the community."""
    api = await clients()
    await world.publish()
    await world.join("ada")
    zone = [{"time_zone": "Asia/Tokyo", "week_start": "monday"}]
    await world.pool.execute(
        "insert into followed_communities (community, revision, data) values ($1, 1, $2)",
        world.community,
        orjson.dumps({"calendar": zone}).decode(),
    )
    soon = datetime.now(UTC).replace(hour=20, minute=0) + timedelta(days=3)
    stays, ends = world.award("stays", "ada", 500), world.award("ends", "ada", 300)
    ends["data"]["expires_at"] = soon
    await world.give(stays, ends)
    body = {"member_id": world.uuid("ada"), "reward_id": "shirt"}
    assert (await api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "1"})).status_code == 201
    assert await world.lots("ada") == [400, 0]
    ends_at = await world.pool.fetchval(
        "select expires_at from lots where community = $1 and expires_at is not null", world.community
    )
    # 20:00 in London is 05:00 in Tokyo, so the day ends 19 hours later.
    assert ends_at == soon.replace(minute=0, second=0, microsecond=0) + timedelta(hours=19)


async def test_nobody_confirms_what_they_chose_themselves(rich: Any, api: Any, clients: Any) -> None:
    await rich.join("ada")
    other = await clients()
    await tie(rich.pool, rich.community, other, rich.uuid("ada"))
    made = [(await redeem(other, rich, "ada")).json()["redemption_id"] for _ in range(2)]
    refused = await other.post(f"/v1/redemptions/{made[0]}/confirm")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:plaudit:problem:about-yourself")
    assert (await api.post(f"/v1/redemptions/{made[0]}/confirm")).json()["state"] == "confirmed"
    # Giving it up is theirs.
    assert (await other.post(f"/v1/redemptions/{made[1]}/cancel")).json()["state"] == "cancelled"
