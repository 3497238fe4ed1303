"""The scorecard on what happened: by the weeks before a day, and grey where nothing did."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from services.analytics.intake.handlers import on_audiences, on_events
from services.analytics.scorecard.handlers import keep, keep_gauges
from tests.integration.services.analytics.test_audiences_followed import turn
from tests.integration.services.analytics.test_response_times import replying
from tests.integration.services.analytics.test_retention import declare, event

pytestmark = pytest.mark.stack


async def indicators(api: httpx.AsyncClient, day: str) -> dict[str, Any]:
    answer = await api.get("/v1/scorecard", params={"day": day})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [one["practice"] for one in found["practices"]] == list(range(1, 13))
    return {one["name"]: one for practice in found["practices"] for one in practice["indicators"]}


async def test_values_are_of_the_four_weeks_before_a_day(world: Any, api: httpx.AsyncClient) -> None:
    calendar = await declare(world, "Europe/Rome")
    # In Rome the last second of 30 June, which is the last day before 1 July.
    last = datetime(2024, 6, 30, 21, 59, 59, tzinfo=UTC)
    facts: list[Any] = []
    for number in range(12):
        asked = last - timedelta(days=number)
        facts.append(event(world, calendar, f"q{number}", f"m{number}", asked, "forum.post.v1", "forum"))
        late = timedelta(hours=30 if number < 3 else 1)
        facts.append(replying(world, calendar, f"r{number}", "ann", asked + late, f"q{number}"))
    facts.append(event(world, calendar, "next", "zoe", last + timedelta(seconds=1), "chat.message.v1", "chat"))
    await world.handle(on_events, *facts)
    await world.settle()
    found = await indicators(api, "2024-07-01")
    in_time = found["answered_in_time"]
    assert (in_time["value"], in_time["cases"], in_time["state"], in_time["before"]) == (0.75, 12, "unsure", None)
    assert (found["median_response"]["value"], found["first_question_answered"]["value"]) == (3_600, 1.0)
    assert (found["answers_absence_factor"]["value"], found["answers_absence_factor"]["state"]) == (1, "red")
    # Three of the replies are in July there.
    assert (found["largest_channel"]["value"], found["largest_channel"]["cases"]) == (1.0, 22)
    # Whose 14 days were not over on 30 June is not among them.
    assert found["newcomers_activated"]["cases"] == 0
    later = await indicators(api, "2024-07-15")
    assert (later["newcomers_activated"]["value"], later["newcomers_activated"]["cases"]) == (1.0, 13)
    table = await api.get("/v1/scorecard.csv", params={"day": "2024-07-01"})
    assert '"8","answered_in_time","share","unsure","0.75","0.8","False","12","",' in table.text


async def test_an_empty_community_is_grey_and_days_out_of_reach_are_refused(api: httpx.AsyncClient) -> None:
    assert {one["state"] for one in (await indicators(api, "2024-07-01")).values()} == {"grey"}
    refused = await api.get("/v1/scorecard", params={"day": "0001-01-05"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "day")


@pytest.fixture
def large(world: Any) -> None:
    """A community of anybody is large, and counted again whenever the timer looks; said before the API begins."""
    world.configure(scorecard_live_members_max_count=0)


async def test_the_card_of_a_large_community_is_counted_by_a_timer_and_says_the_same(
    world: Any, large: None, api: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    calendar = await declare(world, "Europe/Rome")
    now = datetime.now(UTC)
    facts: list[Any] = []
    for number in range(1, 12):
        asked = now - timedelta(days=number)
        facts.append(event(world, calendar, f"q{number}", f"m{number % 5}", asked, "forum.post.v1", "forum"))
        facts.append(replying(world, calendar, f"r{number}", "ann", asked + timedelta(hours=1), f"q{number}"))
    # The median of a week in which nobody was answered is beyond anything seen, and stays so when it is kept.
    unheard = now - timedelta(days=60)
    facts.append(event(world, calendar, "unheard", "m1", unheard, "forum.post.v1", "forum"))
    await world.handle(on_events, *facts)
    await world.handle(on_audiences, turn(world, "m1", 1, days=-900))
    await world.settle()

    async def count_again() -> None:
        await pool.execute(
            "insert into scorecard_checks (community) values ($1) on conflict do nothing", world.community
        )
        await pool.execute("update scorecard_checks set checked_at = null where community = $1", world.community)
        while await pool.fetchval(
            "select checked_at is null from scorecard_checks where community = $1", world.community
        ):
            async with world.begin() as tx:
                await keep_gauges(tx)

    live = (await api.get("/v1/scorecard")).json()
    await count_again()
    kept = (await api.get("/v1/scorecard")).json()
    assert kept == live
    found = {one["name"]: one for practice in kept["practices"] for one in practice["indicators"]}
    assert (found["answered_in_time"]["cases"], found["audience_known"]["value"] is None) == (11, False)
    await world.handle(
        on_events, event(world, calendar, "late", "m2", now - timedelta(days=2), "forum.post.v1", "forum")
    )
    await world.settle()
    assert (await api.get("/v1/scorecard")).json() == kept
    await count_again()
    again = (await api.get("/v1/scorecard")).json()
    cases = {one["name"]: one["cases"] for practice in again["practices"] for one in practice["indicators"]}
    assert cases["answered_in_time"] == 12
    # Until the timer has counted a new day, the card is the one that was counted yesterday, and says so.
    yesterday = date.fromisoformat(again["ends_on"])
    async with world.begin() as tx:
        tx.now = calendar.start_of(yesterday) + timedelta(hours=23)
        await keep(tx, community=world.community)
    older = (await api.get("/v1/scorecard")).json()
    assert older["ends_on"] == (yesterday - timedelta(days=1)).isoformat()
    assert older == (await api.get("/v1/scorecard", params={"day": yesterday.isoformat()})).json()
    await count_again()
    assert (await api.get("/v1/scorecard")).json() == again
