"""Goals on what happened: counted in the community's days, under the definition of then, and told once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest

from services.analytics.goals.handlers import watch
from services.analytics.guidelines.handlers import on_guidelines
from services.analytics.intake.handlers import on_events
from services.analytics.programmes.handlers import on_programmes
from shared.topics import MESSAGES
from tests.integration.services.analytics.test_practices import indicators

pytestmark = pytest.mark.stack

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=400)
TEAM = {"owner": "Community team"}


def goals(world: Any, version: int, since: datetime, *declared: dict[str, Any], rules: Any = ()) -> Any:
    document = {"rules": list(rules), "goals": list(declared)}
    return world.programme_fact(version, document, since)


def share(world: Any, name: str, at: datetime, **more: Any) -> Any:
    return world.event(name, kind="social.share.v1", channel="social", at=at, **more)


async def stands(api: httpx.AsyncClient, goal_id: str) -> Any:
    answer = await api.get(f"/v1/goals/{goal_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def around(days_before: int, days_after: int) -> dict[str, str]:
    starts, ends = NOW.date() - timedelta(days=days_before), NOW.date() + timedelta(days=days_after)
    return {"starts": starts.isoformat(), "ends": ends.isoformat()}


async def test_the_known_answer_and_what_is_taken_back(world: Any, api: httpx.AsyncClient) -> None:
    window = around(10, 19)
    goal = {"id": "heard", "title": "Heard of", "metric": "mentions", "target": 120, **window, **TEAM}
    await world.handle(on_programmes, goals(world, 1, LONG_AGO, goal))
    # Thirty in the ten days that are over, one of them taken back and one more of today.
    events = [share(world, f"s{number}", NOW - timedelta(days=1 + number % 10)) for number in range(31)]
    await world.handle(on_events, *events, share(world, "today", NOW), world.retraction("s30"))
    await world.handle(on_events, *events)
    found = (await stands(api, "heard"))["current"]["stands"]
    assert (found["actual"], found["days"], found["days_over"]) == (31, 30, 10)
    assert (found["expected"], found["pace"], found["state"]) == (40.0, 0.75, "off_pace")
    assert found["forecast"] == {
        "value": 90.0,
        "low": 63.7,
        "high": 116.3,
        "spread": 1.0,
        "spread_weeks": 0,
    }


async def test_each_metric_counts_what_it_says(world: Any, api: httpx.AsyncClient) -> None:
    metrics = (
        *("mentions", "referrals", "survey_answers", "suggestions", "suggestions_closed"),
        *("answers_accepted", "resolved_by_members", "thanks"),
    )
    declared = [
        {"id": name.replace("_", "-"), "title": name, "metric": name, "target": 9, **around(3, 3), **TEAM}
        for name in (*metrics, "new_members")
    ]
    declared.append(
        {"id": "own", "title": "Own", "metric": "activities", "on": ["forum.post.v1"], "target": 9, **around(3, 3)}
    )
    await world.handle(on_programmes, goals(world, 1, LONG_AGO, *declared))
    helped = {"objectmember": world.uuid("grace")}

    def status(name: str, said: str) -> Any:
        made = world.event(name, kind="idea.status_changed.v1", at=NOW)
        return made | {"data": made["data"] | {"status": said, "object": {"id": "idea"}}}

    await world.handle(
        on_events,
        share(world, "share", NOW),
        world.event("referral", kind="member.referred.v1", at=NOW, **helped),
        world.event("survey", kind="survey.response.v1", at=NOW),
        world.event("idea", kind="idea.suggested.v1", at=NOW),
        status("planned", "planned"),
        status("done", "Done"),
        world.event("accepted", kind="forum.answer_accepted.v1", at=NOW, **helped),
        world.event("by staff", kind="forum.answer_accepted.v1", at=NOW, unearning="objectmember", **helped),
        world.event("own answer", kind="forum.answer_accepted.v1", at=NOW, objectmember=world.uuid("ada")),
        world.event("ticket", kind="support.ticket_resolved.v1", channel="support", at=NOW, **helped),
        world.event("kudos", kind="kudos.given.v1", at=NOW, **helped),
        world.event("post", "linus", at=NOW),
        world.event("undone", kind="forum.answer_accepted.v1", at=NOW, **helped),
        world.retraction("undone", NOW),
    )
    await world.settle()
    answer = (await api.get("/v1/goals", params={"limit": 4})).json()
    items = list(answer["items"])
    while answer["next"]:
        answer = (await api.get("/v1/goals", params={"limit": 4, "after": answer["next"]})).json()
        items += answer["items"]
    assert {one["goal_id"]: one["stands"]["actual"] for one in items} == {
        "mentions": 1,
        "referrals": 1,
        "survey-answers": 1,
        "suggestions": 1,
        "suggestions-closed": 1,
        "answers-accepted": 3,
        "resolved-by-members": 2,
        "thanks": 1,
        "new-members": 2,
        "own": 1,
    }
    assert {one["goal_id"] for one in items if one["declared"]["lacks"]} == {"own"}


async def test_windows_that_are_over_are_shown_by_the_definition_of_then(
    world: Any, api: httpx.AsyncClient
) -> None:
    monday = NOW.date() - timedelta(days=NOW.weekday())

    def at(weeks: int) -> datetime:
        return datetime.combine(monday - timedelta(weeks=weeks), NOW.timetz())

    def weekly(target: int) -> dict[str, Any]:
        return {"id": "heard", "title": "Heard", "metric": "mentions", "target": target, "every": "week", **TEAM}

    rule = {"id": "share", "title": "Shared", "on": ["social.share.v1"], "points": 5, "goal": "heard"}
    await world.handle(
        on_programmes,
        goals(world, 1, at(5), weekly(1)),
        goals(world, 2, at(4), weekly(1)),
        goals(world, 3, at(3), weekly(3)),
        goals(world, 4, at(2)),
        goals(world, 5, at(1), weekly(2), rules=[rule]),
    )
    await world.handle(on_events, *(share(world, f"s{weeks}", at(weeks)) for weeks in (1, 2, 3, 4, 5)))
    found = await stands(api, "heard")
    past = [
        (one["stands"]["starts_on"], one["declared"]["target"], one["stands"]["actual"], one["stands"]["state"])
        for one in found["past"]
    ]
    first = [(monday - timedelta(weeks=weeks)).isoformat() for weeks in (1, 3, 4, 5)]
    assert past == [
        (first[0], 2, 1, "missed"),
        (first[1], 3, 1, "missed"),
        (first[2], 1, 1, "met"),
        (first[3], 1, 1, "met"),
    ]
    said = [one["declared"] and one["declared"]["target"] for one in found["definitions"]]
    assert said == [2, None, 3, 1]
    assert found["rules"] == [{"rule_id": "share", "title": "Shared", "points": 0}]
    assert (await api.get("/v1/goals/nobody")).json()["type"] == "urn:plaudit:problem:unknown-goal"


async def test_managers_hear_once_that_a_goal_was_reached_and_of_the_rest_there_is_an_alert(
    world: Any, api: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    await pool.execute(
        """
        insert into followed_people (community, person_id, revision, name, kind, disabled, roles, members)
        values ($1, $2::uuid, 1, 'Mara', 'person', false, array['manager'], array[$3::uuid]),
            ($1, $4::uuid, 1, 'Otto', 'person', false, array['operator'], array[$5::uuid])
        """,
        world.community,
        world.uuid("mara person"),
        world.uuid("mara"),
        world.uuid("otto person"),
        world.uuid("otto"),
    )
    goal = {"id": "heard", "title": "Heard", "metric": "mentions", "target": 120, **around(10, 19), **TEAM}
    bare = {"id": "bare", "title": "Nothing is counted of it"}
    await world.handle(on_programmes, goals(world, 1, LONG_AGO, goal, bare))
    await world.handle(
        on_events, *(share(world, f"s{one}", NOW - timedelta(days=1 + one % 10)) for one in range(30))
    )

    async def told() -> list[tuple[str, str, str]]:
        await pool.execute("update goal_checks set checked_at = null where community = $1", world.community)
        async with world.begin() as tx:
            while await watch(tx):
                pass
        rows = [
            orjson.loads(one["value"])["data"] for one in await world.outbox() if one["topic"] == MESSAGES.name
        ]
        return [(one["member_id"], one["kind"], one["values"]["state"]) for one in rows]

    assert await told() == []
    await world.handle(on_events, *(share(world, f"more {one}", NOW) for one in range(95)))
    assert await told() == [(world.uuid("mara"), "goal", "met")]
    assert await told() == []
    turns = (await stands(api, "heard"))["turns"]
    assert [one["state"] for one in turns] == ["met", "off_pace"]


async def test_the_scorecard_says_how_goals_stood_and_whether_changes_and_appeals_were_dealt_with(
    world: Any, api: httpx.AsyncClient
) -> None:
    at = datetime(2024, 6, 10, tzinfo=UTC)
    own = {"metric": "mentions", "target": 120, "starts": "2024-06-01", "ends": "2024-06-30", **TEAM}
    first = goals(world, 1, at - timedelta(days=40), {"id": "bare", "title": "Bare"})
    second = goals(world, 2, at, {"id": "heard", "title": "Heard", **own})
    third = goals(world, 3, at + timedelta(days=1), {"id": "heard", "title": "Heard", **own})
    second["data"] |= {"note": "Goals have targets", "backtested": True}
    third["data"]["backtested"] = False
    await world.handle(on_programmes, first, second, third)
    await world.handle(on_events, *(share(world, f"s{one}", at - timedelta(days=one % 9)) for one in range(30)))

    def case(name: str, revision: int, state: str, days: int) -> Any:
        data = {
            "case_id": world.uuid(name),
            "revision": revision,
            "state": state,
            "reports": 1,
            "opened_at": at,
            "due_at": at,
        }
        return world.fact("guidelines.case_changed.v1", f"{name} {revision}", data, at + timedelta(days=days))

    told = [
        case("a", 1, "upheld", 0),
        case("a", 2, "appealed", 1),
        case("a", 3, "overturned", 3),
        case("b", 2, "appealed", 1),
        case("b", 3, "upheld", 9),
    ]
    await world.handle(on_guidelines, *told, *told)
    found = await indicators(api, "2024-06-12")
    assert (found["goals_complete"]["value"], found["goals_complete"]["before"]) == (1.0, 0.0)
    assert (found["goals_on_pace"]["value"], found["goals_on_pace"]["state"]) == (0.0, "red")
    assert (found["changes_noted"]["value"], found["changes_noted"]["cases"]) == (0.5, 2)
    assert (found["changes_backtested"]["value"], found["changes_backtested"]["cases"]) == (0.5, 2)
    assert (found["appeals_in_time"]["value"], found["appeals_in_time"]["cases"]) == (0.5, 2)
    # Before anything was to be reached there is nothing to say of it.
    assert (await indicators(api, "2024-04-20"))["goals_complete"]["state"] == "grey"
