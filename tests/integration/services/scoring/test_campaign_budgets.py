"""Budgets of campaigns on a real database: never passed, by whatever workers, batches and deliveries."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from services.scoring.awards.domain.awards import award_id
from services.scoring.awards.handlers.restoring import on_awards_told, on_events_read
from services.scoring.awards.handlers.scoring import Scorer
from services.scoring.campaigns.domain.books import BookState
from services.scoring.campaigns.handlers.turning import change, on_campaigns_told
from services.scoring.campaigns.store.books import count_not_giving as count_states
from services.scoring.programmes.domain.publication import Author
from shared.contracts.facts import CAMPAIGN_CHANGED, POINTS_AWARDED
from tests.integration.services.scoring.test_limits import all_settled, score_cut

pytestmark = pytest.mark.stack

TODAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


def programme(budget: str, more: str = "") -> str:
    starts, ends = (TODAY - timedelta(days=4)).date(), (TODAY + timedelta(days=5)).date()
    return f"""
programme: demo
title: Demo
campaigns:
  - {{id: spring, title: Spring, starts: {starts}, ends: {ends}, budget: {budget}{more}}}
rules:
  - {{id: post, title: Posted, on: [forum.post.v1], points: 7, daily_cap: 20, campaign: spring}}
  - {{id: wrote, title: Wrote, on: [chat.message.v1], points: 5, campaign: spring}}
  - {{id: free, title: Liked, on: [chat.reaction.v1], points: 1}}
"""


def history(world: Any, rng: Random, count: int) -> list[Any]:
    """Events of some members within three days, and what somebody said of them since."""
    kinds = ["forum.post.v1", "chat.message.v1", "chat.reaction.v1"]
    facts = []
    for number in range(count):
        at = TODAY - timedelta(minutes=rng.randrange(4_000))
        facts.append(world.event(f"{number:03}", rng.choice("abcdefgh"), None, type=rng.choice(kinds), time=at))
    for number in range(count // 3):
        kind = rng.choice(["activity.retracted.v1", "activity.retracted.v1", "activity.restored.v1"])
        target = world.uuid(f"event {rng.randrange(count):03}")
        at = TODAY + timedelta(minutes=number)
        one = world.event(f"said {number:03}", rng.choice("abcd"), None, type=kind, time=at, targetuid=target)
        facts.append(one)
    return facts


@pytest.fixture
async def publish(world: Any, clients: Any) -> Callable[[str], Awaitable[None]]:
    """Publish a programme with a budget: two people do."""
    scopes = ("programmes:write", "programmes:approve", "programmes:read")
    ada, bob = await clients(*scopes), await clients(*scopes)

    async def publish(text: str) -> None:
        headers = {"Content-Type": "application/yaml"}
        proposed = await ada.post("/v1/programmes", params={"note": "First"}, content=text, headers=headers)
        assert proposed.json()["state"] == "proposed", proposed.text
        approved = await bob.post(f"/v1/programmes/{proposed.json()['version']}/approve")
        assert approved.json()["state"] == "published", approved.text
        await world.published()

    return publish


async def spent(world: Any) -> dict[str, int]:
    rows = await world.pool.fetch(
        "select part, sum(points)::int as points from campaign_spent where community = $1 group by part",
        world.community,
    )
    return {row["part"]: row["points"] for row in rows if row["points"]}


async def awarded(world: Any) -> dict[str, int]:
    """What awards of the campaign amount to, by the parts of its books."""
    rows = await world.pool.fetch(
        """
        select unnest(array['all', 'rule:' || rule_id, 'day:' || d, 'week:' || date_trunc('week', d)::date])
            as part, sum(points)::int as points
        from (select *, coalesce(day, (event_time at time zone 'UTC')::date) as d from awards) a
        where community = $1 and rule_id <> 'free' group by 1
        """,
        world.community,
    )
    return {row["part"]: row["points"] for row in rows if row["points"]}


async def check_told(world: Any, *, points: int, per_day: int, post: int) -> None:
    """Whatever was told until any moment stays within all budgets."""
    of: dict[str, int] = {}
    for topic, _, fact in await world.published():
        if topic != "points.awarded.v1" or fact["data"]["rule_id"] == "free":
            continue
        data = POINTS_AWARDED.adapter.validate_python(fact)["data"]
        for part in ("all", data["rule_id"], str(data["event_time"].date())):
            of[part] = of.get(part, 0) + data["points"]
            most = {"all": points, "post": post}.get(part, per_day if part.startswith("20") else points)
            assert 0 <= of[part] <= most


BUDGET = "{points: 150, per_rule: [{rule: post, points: 100}], per_day: 70}"


async def test_no_budget_is_passed_by_any_order_batches_restarts_and_duplicates(world: Any, publish: Any) -> None:
    world.configure(adjustments_per_batch_max_count=3, settled_at_once_max_count=3)
    await publish(programme(BUDGET))
    rng = Random(5)
    facts = history(world, rng, 120)
    log = facts + rng.sample(facts, 40)
    rng.shuffle(log)
    await score_cut(world, log, rng)
    await all_settled(world)
    assert await spent(world) == await awarded(world)
    assert 100 < (await spent(world))["all"] <= 150
    await check_told(world, points=150, per_day=70, post=100)
    before = await world.awards()
    await score_cut(world, rng.sample(facts, len(facts)), rng)
    await all_settled(world)
    assert await world.awards() == before
    reasons = await world.pool.fetch(
        "select distinct ceiling_by from claims where community = $1", world.community
    )
    assert {row["ceiling_by"] for row in reasons} == {None, "budget"}


async def test_workers_side_by_side_never_pass_a_budget_and_use_it_up(world: Any, publish: Any) -> None:
    await publish(programme("{points: 203}"))
    rng = Random(2)
    facts = [
        world.event(f"{n:03}", rng.choice("abcdefgh"), None, time=TODAY - timedelta(minutes=n)) for n in range(200)
    ]
    parts = [facts[number::4] for number in range(4)]

    async def work(part: list[Any]) -> None:
        scorer = Scorer()
        for start in range(0, len(part), 5):
            await world.score(*part[start : start + 5], scorer=scorer)

    await asyncio.gather(*(work(part) for part in [*parts, parts[0]]))
    assert (await spent(world))["all"] == 203
    assert await spent(world) == await awarded(world)


async def test_a_stopped_campaign_gives_nothing_until_it_goes_on(world: Any, publish: Any) -> None:
    await publish(programme(BUDGET))
    by = Author(world.uuid("mia"), "Mia", "key")

    async def turn(to: BookState) -> None:
        async with world.begin() as tx:
            await change(
                tx, community=world.community, campaign_id="spring", to=to, reason="Looking into it", by=by
            )

    await world.score(world.event("1", "a", None, time=TODAY))
    await turn(BookState.STOPPED)
    await world.score(world.event("2", "a", None, time=TODAY))
    await turn(BookState.RUNNING)
    await world.score(world.event("3", "a", None, time=TODAY))
    assert (await spent(world))["all"] == 10
    rows = await world.pool.fetch(
        "select ceiling_by from claims where community = $1 order by event_id", world.community
    )
    assert [row["ceiling_by"] for row in rows] == [None, "stopped", None]


async def test_what_was_told_before_the_database_forgot_it_is_spent(world: Any, publish: Any) -> None:
    await publish(programme("{points: 12}"))
    events = [world.event(f"{n}", "ab"[n % 2], None, time=TODAY) for n in range(4)]
    told = [
        POINTS_AWARDED.adapter.validate_python(
            world.award_fact(
                award_id(
                    community=world.community,
                    rule_id="wrote",
                    beneficiary="actor",
                    event_uid=one["uid"],
                    member_id=one["member"],
                    event_time=TODAY,
                ),
                "ab"[number % 2],
                5,
                one["uid"],
                rule="wrote",
                at=TODAY,
            )
        )
        for number, one in enumerate(events[:2])
    ]
    await world.handle(on_awards_told, *told)
    await world.handle(on_awards_told, *told)
    assert (await spent(world))["all"] == 10
    await world.score(*events, scorer=Scorer())
    await world.handle(on_events_read, *told)
    assert (await spent(world))["all"] == 12
    assert await spent(world) == await awarded(world)


async def test_managers_see_what_is_spent_and_stop_it(world: Any, publish: Any, clients: Any) -> None:
    more = ", description: Answers count more, pacing: {then: slow}, wallet: marketing"
    payout = """
rewards:
  payout:
    {currency: EUR, points: 100, minor: 250, minimum_points: 500,
     paying_account: {name: Example, iban: NL91ABNA0417164300, bic: ABNANL2A}}
"""
    await publish(programme(BUDGET, more) + payout)
    client = await clients("programmes:read", "programmes:write")
    await world.score(
        world.event("1", "a", None, time=TODAY),
        world.event("2", "a", None, type="forum.post.v1", time=TODAY - timedelta(days=1)),
    )
    (one,) = (await client.get("/v1/campaigns")).json()["items"]
    assert (one["campaign_id"], one["state"], one["spent_points"], one["left_points"]) == (
        "spring",
        "running",
        12,
        138,
    )
    assert (one["days_left"], one["pace_percent"], one["wallet"]) == (6, 16, "marketing")
    assert one["worth"] == {"currency": "EUR", "spent_minor": 30, "budget_minor": 375}
    assert [(rule["rule_id"], rule["spent_points"], rule["budget_points"]) for rule in one["rules"]] == [
        ("post", 7, 100),
        ("wrote", 5, None),
    ]
    shown = (await client.get("/v1/campaigns/spring")).json()
    yesterday = str((TODAY - timedelta(days=1)).date())
    assert [(day["day"], day["spent_points"]) for day in shown["days"]] == [
        (yesterday, 7),
        (str(TODAY.date()), 5),
    ]
    said = {"reason": "The budget is meant for answers"}
    stopped = (await client.post("/v1/campaigns/spring/stop", json=said)).json()
    assert (stopped["state"], stopped["reason"]) == ("stopped", said["reason"])
    assert (await client.post("/v1/campaigns/spring/stop", json={})).status_code == 422
    again = (await client.post("/v1/campaigns/spring/resume", json=said)).json()
    assert (again["state"], again["is_let_go"]) == ("running", True)
    unknown = await client.post("/v1/campaigns/autumn/stop", json=said)
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:plaudit:problem:unknown-campaign")
    assert (await client.get("/v1/campaigns/autumn")).status_code == 404
    reader = await clients("programmes:read")
    assert (await reader.post("/v1/campaigns/spring/stop", json=said)).status_code == 403
    rules = (await reader.get("/v1/rules")).json()
    assert [(one["id"], one["starts"] <= str(TODAY.date()) <= one["ends"]) for one in rules["campaigns"]] == [
        ("spring", True)
    ]
    assert "budget" not in str(rules["campaigns"])
    assert {rule["rule_id"]: rule["campaign"] for rule in rules["rules"]} == {
        "post": "spring",
        "wrote": "spring",
        "free": None,
    }


async def turns_told(world: Any) -> list[Any]:
    return [fact for topic, _, fact in await world.published() if topic == "campaigns.v1"]


async def test_a_spent_budget_is_told_and_shown_and_so_is_what_comes_back(
    world: Any, publish: Any, clients: Any
) -> None:
    await publish(programme("{points: 9}"))
    client = await clients("programmes:read")
    first = world.event("1", "a", None, time=TODAY)
    await world.score(first)
    assert await turns_told(world) == []
    (running,) = (await client.get("/v1/running-campaigns")).json()["items"]
    assert (running["state"], running["rule_ids"]) == ("running", ["post", "wrote"])
    assert not {"budget_points", "holdout_percent", "wallet"} & running.keys()

    await world.score(world.event("2", "a", None, time=TODAY))
    (spent_up,) = await turns_told(world)
    assert spent_up["data"] | {"campaign": "spring", "what": "exhausted", "revision": 1} == spent_up["data"]
    assert (spent_up["data"]["spent_points"], spent_up["data"]["state"]) == (9, "running")
    shown = (await client.get("/v1/campaigns/spring")).json()
    assert (shown["state"], shown["left_points"]) == ("exhausted", 0)
    assert (await client.get("/v1/running-campaigns")).json()["items"] == []

    back = world.event("said", "a", None, type="activity.retracted.v1", time=TODAY, targetuid=first["uid"])
    await world.score(back)
    assert [fact["data"]["what"] for fact in await turns_told(world)] == ["replenished"]
    shown = (await client.get("/v1/campaigns/spring")).json()
    assert (shown["state"], [turn["what"] for turn in shown["turns"]]) == ("running", ["replenished", "exhausted"])


async def test_one_that_brakes_itself_is_told_once_and_counted_until_its_books_close(
    world: Any, publish: Any
) -> None:
    await publish(programme("{points: 100}", ", pacing: {then: stop, from_percent: 5, ratio_percent: 101}"))
    for number in range(20):
        await world.score(world.event(f"{number}", "a", None, time=TODAY - timedelta(days=4)))
    assert [fact["data"]["what"] for fact in await turns_told(world)] == ["braked"]
    async with world.begin() as tx:
        assert (await count_states(tx.conn, now=TODAY))["braked"] >= 1
        later = await count_states(tx.conn, now=TODAY + timedelta(days=20))
    assert later.get("braked", 0) == 0


async def test_one_that_was_stopped_stays_so_after_its_database_came_from_a_backup(
    world: Any, publish: Any, clients: Any
) -> None:
    await publish(programme(BUDGET))
    client = await clients("programmes:read", "programmes:write")
    for verb in ("stop", "resume", "stop"):
        said = {"reason": "Looking into it"}
        assert (await client.post(f"/v1/campaigns/spring/{verb}", json=said)).status_code == 200
    told = [CAMPAIGN_CHANGED.adapter.validate_python(fact) for fact in await turns_told(world)]
    assert [fact["data"]["what"] for fact in told] == ["stopped", "resumed", "stopped"]
    # What the backup has is the state after the first.
    for table in ("campaign_books", "campaign_changes"):
        await world.pool.execute(f"delete from {table} where community = $1", world.community)
    await world.handle(on_campaigns_told, told[0])
    await world.handle(on_campaigns_told, *told[::-1])
    await world.handle(on_campaigns_told, *told)
    shown = (await client.get("/v1/campaigns/spring")).json()
    assert (shown["state"], [turn["what"] for turn in shown["turns"]]) == (
        "stopped",
        ["stopped", "resumed", "stopped"],
    )
    await world.score(world.event("1", "a", None, time=TODAY))
    assert await spent(world) == {}
    await client.post("/v1/campaigns/spring/resume", json={"reason": "Go on"})
    (last,) = await turns_told(world)
    assert (last["data"]["revision"], last["data"]["what"]) == (4, "resumed")


async def test_a_changed_budget_is_that_of_all_events_whatever_version_they_came_under(
    world: Any, publish: Any, clients: Any
) -> None:
    world.configure(programme_lead_seconds=0)
    await publish(programme("{points: 20}"))
    client = await clients("programmes:read")
    late = [world.event(f"{n}", "ab"[n % 2], None, time=TODAY) for n in range(8)]
    await world.score(*late[:3])
    assert (await spent(world))["all"] == 15

    await publish(programme("{points: 40}"))
    await world.score(*(world.event(f"new {n}", "c", None, time=TODAY) for n in range(3)))
    assert (await spent(world))["all"] == 30
    # What came under the first version is taken back: 25 of 40 are spent, which is not all that there is.
    await world.score(world.retraction("0"))
    assert (await spent(world))["all"] == 25
    assert await turns_told(world) == []
    # What came under it and is scored only now finds the room that there is now.
    await world.score(*late[3:6])
    assert await spent(world) == await awarded(world)
    assert [fact["data"]["what"] for fact in await turns_told(world)] == ["exhausted"]
    assert (await client.get("/v1/campaigns/spring")).json()["left_points"] == 0

    # A lower one holds for them too: nothing is taken back, nothing more given.
    await publish(programme("{points: 10}"))
    await world.score(*late[6:], world.retraction("1"))
    assert (await spent(world))["all"] == 35
    assert await spent(world) == await awarded(world)
    assert await turns_told(world) == []
