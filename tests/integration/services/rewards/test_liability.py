"""What points are worth: policies of two people, liability and breakage of real lots, and days."""

import itertools
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import orjson
import pytest

from services.rewards.liability.handlers import take_next_day
from services.rewards.lots.handlers.upkeep import expire_points, mature_points
from shared.access_keys.store import put_people
from tests.integration.services.rewards.finance import Finance, approved
from tests.integration.services.world import person_fact

pytestmark = pytest.mark.stack

POLICIES = "/v1/finance/liability-policies"
TERMS = {
    "effective_from": "2020-01-01",
    "currency": "EUR",
    "basis": "cost",
    "minor_per_point": "0.95",
    "estimate": "rate",
    "expected_redemption": "0.8",
    "vintage_unit": "year",
}


async def propose(finance: Finance, **changed: Any) -> Any:
    made = await finance.maker.post(POLICIES, json=TERMS | changed, headers={"Idempotency-Key": uuid4().hex})
    assert made.status_code == 201, made.text
    return made.json()


async def in_force(finance: Finance, **changed: Any) -> Any:
    entry = await propose(finance, **changed)
    decided = await finance.approver.post(f"{POLICIES}/{entry['policy_id']}/approve")
    assert decided.status_code == 200, decided.text
    return decided.json()


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def test_a_policy_takes_two_people(finance: Finance, all_pages: Any) -> None:
    assert problem(await finance.maker.get("/v1/finance/liability")) == (409, "no-liability-policy")
    entry = await propose(finance, minor_per_point="1.50")
    one = f"{POLICIES}/{entry['policy_id']}"
    assert (entry["state"], entry["minor_per_point"]) == ("proposed", "1.5")
    assert problem(await finance.maker.get("/v1/finance/liability")) == (409, "no-liability-policy")
    assert problem(await finance.maker.post(f"{one}/approve")) == (403, "liability-policy-four-eyes")

    decided = (await finance.approver.post(f"{one}/approve")).json()
    assert (decided["state"], decided["decided_by_person"] is None) == ("approved", False)
    assert (await finance.approver.post(f"{one}/approve")).json() == decided
    assert problem(await finance.maker.post(f"{one}/withdraw")) == (409, "liability-policy-decided")

    other = await propose(finance)
    gone = (await finance.maker.post(f"{POLICIES}/{other['policy_id']}/withdraw")).json()
    assert gone["state"] == "withdrawn"
    again = await finance.approver.post(f"{POLICIES}/{other['policy_id']}/approve")
    assert problem(again) == (409, "liability-policy-decided")
    dollars = {"Idempotency-Key": "dollars"}
    refused = await finance.maker.post(POLICIES, json=TERMS | {"currency": "USD"}, headers=dollars)
    assert problem(refused) == (409, "liability-other-currency")
    for field, value in (
        ("currency", "PTS"),
        ("currency", "EUT"),
        ("minor_per_point", "0.1234567891"),
        ("minor_per_point", "-1"),
        ("expected_redemption", "1.1"),
        ("note", "by Mia"),
    ):
        wrong = await finance.maker.post(POLICIES, json=TERMS | {field: value}, headers={"Idempotency-Key": "w"})
        assert wrong.status_code == 422, wrong.text
        assert wrong.json()["errors"][0]["field"] == f"/{field}"
    listed = await all_pages(finance.maker, POLICIES, limit=1)
    assert [entry["state"] for entry in listed] == ["withdrawn", "approved"]
    assert problem(await finance.maker.get(f"{POLICIES}/{uuid4()}")) == (404, "unknown-liability-policy")


async def test_who_may_not_act_any_more_puts_nothing_in_force(finance: Finance) -> None:
    entry = await propose(finance)
    async with finance.world.pool.acquire() as conn:
        gone = person_fact(finance.world.community, entry["proposed_by_person"], "manager", revision=2)
        await put_people(conn, [gone])
    refused = await finance.approver.post(f"{POLICIES}/{entry['policy_id']}/approve")
    assert problem(refused) == (409, "liability-policy-decided")
    assert "may not do so any more" in refused.json()["detail"]


async def test_no_more_wait_than_may(finance: Finance) -> None:
    for _ in range(20):
        await propose(finance)
    refused = await finance.maker.post(POLICIES, json=TERMS, headers={"Idempotency-Key": "more"})
    assert problem(refused) == (409, "too-many-policies")


async def test_points_are_owed_until_they_are_used_and_agree_with_the_ledger(finance: Finance) -> None:
    world = finance.world
    await in_force(finance)
    before = (await finance.maker.get("/v1/finance/liability")).json()
    assert before["outstanding_points"] == 1250 + 500 + 499
    assert before["liability_minor"] == round(2249 * 0.8 * 0.95)
    assert (before["full_minor"], before["cautions"]) == (round(2249 * 0.95), [])

    # A redemption is expected for sure while it waits, and used once it is confirmed.
    body = {"member_id": world.uuid("ada"), "reward_id": "sticker"}
    made = (await finance.maker.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "r"})).json()
    waiting = (await finance.maker.get("/v1/finance/liability")).json()
    points = made["points"]
    assert (waiting["reserved_points"], waiting["outstanding_points"]) == (points, 2249)
    assert float(waiting["still_expected_points"]) == pytest.approx(points + (2249 - points) * 0.8)
    await finance.maker.post(f"/v1/redemptions/{made['redemption_id']}/confirm")
    used = (await finance.maker.get("/v1/finance/liability")).json()
    assert (used["reserved_points"], used["redeemed_points"]) == (0, points)
    assert used["outstanding_points"] == 2249 - points

    # What is set aside for a payout is owed as money.
    await approved(finance)
    left = (await finance.maker.get("/v1/finance/liability")).json()
    books = (await finance.maker.get("/v1/ledger/accounts")).json()["accounts"]
    held = {one["kind"]: one["amount"] for one in books if one["currency"] == "PTS"}
    assert left["outstanding_points"] == held["available"] + held.get("pending", 0)
    assert left["redeemed_points"] == held["spent"] + held["reserved"]
    assert left["issued_points"] == -held["points_issued"]
    assert sum(one["liability_minor"] for one in left["vintages"]) == left["liability_minor"]

    # What is taken back leaves its vintage; what was used of it is owed by the member.
    await world.give(world.award("taken", "ada", -1250 // 5, "a0", revision=1, total=0))
    after = (await finance.maker.get("/v1/finance/liability")).json()
    assert after["issued_points"] == left["issued_points"] - 250
    assert ("members_owe" in after["cautions"]) == (after["debt_points"] > 0)


async def test_what_expired_is_breakage(finance: Finance) -> None:
    await in_force(finance)
    lot = finance.world.uuid("award b")
    await finance.world.pool.execute(
        "update lots set expires_at = now() - interval '1 day' where community = $1 and award_id = $2",
        finance.world.community,
        lot,
    )
    async with finance.world.begin() as tx:
        await expire_points(tx)
    found = (await finance.maker.get("/v1/finance/liability")).json()
    assert (found["expired_points"], found["redeemed_points"]) == (500, 0)
    assert found["outstanding_points"] == 1250 + 499


async def test_what_ends_with_a_day_is_breakage_of_that_day_whichever_timer_runs_first(finance: Finance) -> None:
    await in_force(finance)
    world = finance.world
    # Not where the next day is nearly over: see the test below.
    zones = (ZoneInfo(name) for name in ("America/New_York", "Asia/Kolkata"))
    zone = next(one for one in zones if datetime.now(one).hour < 22)
    await world.pool.execute(
        "insert into followed_communities (community, revision, data) values ($1, 1, $2)",
        world.community,
        orjson.dumps({"calendar": [{"time_zone": zone.key, "week_start": "monday"}]}).decode(),
    )
    found = []
    async with world.begin() as tx:
        midnight = datetime.combine(tx.now.astimezone(zone).date(), time(), zone)
        for order in itertools.permutations((take_next_day, mature_points, expire_points)):
            # Each runs again, as timers do, and everything is undone for the next order.
            undone = tx.conn.transaction()
            await undone.start()
            await tx.conn.executemany(
                """
                update lots set expires_at = $3, pending_until = case when $4 then $3::timestamptz end
                where community = $1 and award_id = $2
                """,
                [
                    (world.community, world.uuid("award b"), midnight, False),
                    (world.community, world.uuid("award e"), midnight, True),
                    (world.community, world.uuid("award a0"), midnight + timedelta(days=1), False),
                ],
            )
            for timer in order * 3:
                # Each has a transaction of its own, later than the one before.
                tx.now += timedelta(milliseconds=1)
                while await timer(tx):
                    pass
            found += await tx.conn.fetch(
                "select * from liability_vintages where community = $1 order by vintage", world.community
            )
            await undone.rollback()
    (day,) = {one["day"] for one in found}
    assert day == midnight.date() - timedelta(days=1)
    assert [(one["issued_points"], one["expired_points"]) for one in found] == [(2249, 999)] * 6


async def test_a_day_is_given_up_whose_points_are_not_booked_away_for_a_day(finance: Finance) -> None:
    await in_force(finance)
    world = finance.world
    said = []
    async with world.begin() as tx:
        # By another clock days of other tests' communities are taken, too: all is undone.
        undone = tx.conn.transaction()
        await undone.start()
        midnight = datetime.combine(tx.now.date(), time(), UTC)
        await tx.conn.execute(
            "update lots set expires_at = $3 where community = $1 and award_id = $2",
            world.community,
            world.uuid("award b"),
            midnight,
        )
        for hours in (22, 23.5):
            tx.now = midnight + timedelta(hours=hours)
            while await take_next_day(tx):
                pass
            said += await tx.conn.fetch(
                """
                select (select max(day) from liability_days_given_up where community = $1) as given_up,
                       (select max(day) from liability_days where community = $1) as taken
                """,
                world.community,
            )
        await undone.rollback()
    yesterday = midnight.date() - timedelta(days=1)
    assert [(one["given_up"], one["taken"]) for one in said] == [(None, None), (yesterday, None)]


async def test_many_lots_that_end_at_once_are_booked_away_in_one_turn(finance: Finance) -> None:
    world = finance.world
    world.configure(upkeep_max_count=1)
    async with world.begin() as tx:
        await tx.conn.execute(
            "update lots set expires_at = now() where community = $1 and remaining > 0", world.community
        )
        while await expire_points(tx):
            pass
        assert not await tx.conn.fetchval(
            "select count(*) from lots where community = $1 and remaining > owed and pending_until is null",
            world.community,
        )


async def test_days_are_taken_once_and_say_how_it_moved(finance: Finance, all_pages: Any) -> None:
    world = finance.world
    await in_force(finance)
    days = "/v1/finance/liability/days"
    assert (await finance.maker.get(days)).json()["items"] == []
    assert problem(await finance.maker.get("/v1/finance/liability/lots")) == (404, "unknown-liability-day")

    await take_all(world)
    await take_all(world)
    (first,) = (await finance.maker.get(days)).json()["items"]
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    assert first["day"] == yesterday.isoformat()
    assert first["liability_minor"] == round(2249 * 0.8 * 0.95)
    whole = (await finance.maker.get(f"{days}/{first['day']}")).json()
    assert whole["liability_minor"] == first["liability_minor"]
    assert [one["estimated_by"] for one in whole["vintages"]] == ["rate"]

    # A day later: somebody earned, and the expectation is another.
    await world.give(world.award("new", "bob", 1000))
    await in_force(finance, expected_redemption="0.9")
    world.later = timedelta(days=1)
    await take_all(world)
    world.later = timedelta(0)
    listed = await all_pages(finance.maker, days, limit=1)
    assert [one["day"] for one in listed] == [(yesterday + timedelta(days=1)).isoformat(), first["day"]]
    assert (await finance.maker.get(f"{days}/{first['day']}")).json() == whole, "what was taken never changes"
    moved = (
        await finance.maker.get(
            "/v1/finance/liability/movement", params={"from": first["day"], "to": listed[0]["day"]}
        )
    ).json()
    assert (moved["earned_points"], moved["earned_minor"]) == (1000, 855)
    assert moved["opening_minor"] == first["liability_minor"]
    assert moved["closing_minor"] == listed[0]["liability_minor"] == round(3249 * 0.9 * 0.95)
    assert moved["estimate_minor"] == moved["closing_minor"] - moved["opening_minor"] - 855
    whole_time = (
        await finance.maker.get("/v1/finance/liability/movement", params={"to": listed[0]["day"]})
    ).json()
    assert (whole_time["opening_minor"], whole_time["earned_points"]) == (0, 3249)
    missing = await finance.maker.get("/v1/finance/liability/movement", params={"to": "2001-01-01"})
    assert problem(missing) == (404, "unknown-liability-day")

    lots = await all_pages(finance.maker, "/v1/finance/liability/lots", limit=3)
    assert sum(lot["left_points"] for lot in lots) == 3249
    assert abs(sum(lot["liability_minor"] for lot in lots) - moved["closing_minor"]) <= len(lots)


async def take_all(world: Any) -> None:
    while True:
        async with world.begin() as tx:
            if not await take_next_day(tx):
                return


async def test_what_takes_too_long_stops_no_other_community(finance: Finance) -> None:
    await in_force(finance)
    finance.world.configure(liability_seconds=0.000001)
    await take_all(finance.world)
    assert await finance.world.count("liability_days_given_up") == 1
    assert await finance.world.count("liability_days") == 0


async def test_a_deferral_is_computed_as_ifrs_15_says(finance: Finance) -> None:
    asked = {"price_minor": 80_000, "points": 2_000, "minor_per_point": "1.2", "expected_redemption": "0.8"}
    found = (await finance.maker.get("/v1/finance/deferral", params=asked)).json()
    assert found == {"deferred_minor": 1_875, "revenue_minor": 78_125, "minor_per_point": "0.9375"}
    sale = {"price_minor": 10_000_000, "points": 10_000, "minor_per_point": "95", "expected_redemption": "1"}
    assert (await finance.maker.get("/v1/finance/deferral", params=sale)).json()["deferred_minor"] == 867_580
