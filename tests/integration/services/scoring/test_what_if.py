"""An event of the log is tried on a draft: what each rule would give, or why not, beside what it earned."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from services.scoring.settings import Settings
from services.scoring.whatifs.handlers.trying import TRIALS
from tests.integration.services.scoring.conftest import RULES, ScoringWorld
from tests.integration.services.scoring.test_scoring_process import send_events

pytestmark = pytest.mark.stack

DRAFT = """
programme: demo
title: Demo
attributes: [{id: tier, title: Tier, for_rules: true}]
rules:
  - {id: write, title: Wrote, on: [chat.message.v1], points: 4, when: data.length_chars > 5}
  - {id: heard, title: Was written to, on: [chat.message.v1], to: object_author, points: 3, daily_cap: 2}
  - {id: much, title: Wrote much, on: [chat.message.v1], points: 9, when: data.length_chars > 100}
  - {id: gold, title: Wrote in gold, on: [chat.message.v1], points: 2, when: 'member.tier == "gold"'}
  - {id: long, title: Wrote a post, on: [forum.post.v1], points: 5}
"""


@pytest.fixture
def world(stack: Any, pool: asyncpg.Pool) -> ScoringWorld:
    """One whose API reads the log of the stack."""
    made = ScoringWorld(pool)
    made.settings = Settings(**stack.settings("scoring"))
    return made


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["programmes:write", "programmes:read", "points:read", "members:read"]


async def in_the_log(stack: Any, world: Any, *events: Any) -> None:
    """Have events in the log, and scored."""
    await send_events(stack, list(events))
    await world.score(*events)


async def ask(api: httpx.AsyncClient, uid: str, text: str = DRAFT, **more: Any) -> httpx.Response:
    return await api.post("/v1/programmes/what-if", json={"event_uid": uid, "text": text, **more})


async def test_each_rule_says_what_it_would_give_or_why_not(
    stack: Any, world: Any, api: httpx.AsyncClient
) -> None:
    await world.publish()
    event = world.event("1", data={"channel": "chat", "length_chars": 20})
    await in_the_log(stack, world, world.event("0"), event, world.event("2"))
    before = await world.awards()
    answer = await ask(api, event["uid"])
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["event_uid"], found["event_type"]) == (event["uid"], "chat.message.v1")
    assert (found["points"], found["points_in_force"]) == (4 + 2, 1 + 3)
    rules = {one["rule_id"]: one for one in found["rules"]}
    assert list(rules) == ["write", "heard", "much", "gold", "long"]
    ann, bob = world.uuid("ann"), world.uuid("bob")

    assert [(one["member_id"], one["points"]) for one in rules["write"]["gives"]] == [(ann, 4)]
    assert (rules["write"]["met"], rules["write"]["points_in_force"]) == ({"data.length_chars": 20}, 1)
    assert rules["write"]["declined"] == []

    assert [(one["member_id"], one["points"]) for one in rules["heard"]["gives"]] == [(bob, 2)]
    (less,) = rules["heard"]["declined"]
    assert (less["reason"], less["programme_version"]) == ("limit", None)
    assert (rules["heard"]["limits"], rules["heard"]["points_in_force"]) == (["2 points a day"], 3)

    (why,) = rules["much"]["declined"]
    assert (why["reason"], why["met"]) == ("condition_false", {"data.length_chars": 20})
    (why,) = rules["gold"]["declined"]
    assert (why["reason"], why["detail"]) == ("condition_failed", "nothing was known of `member.tier`")
    assert [(one["written"], one["member_id"]) for one in rules["gold"]["attributes"]] == [("member.tier", ann)]
    assert (rules["long"]["listens"], rules["long"]["gives"], rules["long"]["declined"]) == (False, [], [])
    assert {one["rule_id"] for one in found["in_force"]["awards"]} == {"heard", "write"}

    # Nothing was given.
    assert await world.awards() == before
    await TRIALS.close()


async def test_the_programme_in_force_would_give_what_it_gave(
    stack: Any, world: Any, api: httpx.AsyncClient
) -> None:
    await world.publish()
    event = world.event("1")
    await in_the_log(stack, world, event)
    found = (await ask(api, event["uid"], RULES)).json()
    assert found["points"] == found["points_in_force"] == 4
    assert {one["rule_id"]: sum(given["points"] for given in one["gives"]) for one in found["rules"]} == {
        one["rule_id"]: one["points_in_force"] for one in found["rules"]
    }


async def test_an_event_that_earned_nothing_is_found_by_when_it_was_received(
    stack: Any, world: Any, api: httpx.AsyncClient
) -> None:
    await world.publish()
    event = world.event("1", type="forum.post.v1")
    await in_the_log(stack, world, event)
    found = await ask(api, event["uid"], received_at=event["receivedat"].isoformat())
    assert found.status_code == 200, found.text
    rules = {one["rule_id"]: one for one in found.json()["rules"]}
    assert [one["points"] for one in rules["long"]["gives"]] == [5]
    # Received long after that: it is not in the rest of the log.
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    refused = await ask(api, event["uid"], received_at=later)
    assert (refused.status_code, refused.json()["type"]) == (404, "urn:plaudit:problem:event-not-in-log")


async def test_what_was_taken_back_would_earn_nothing(stack: Any, world: Any, api: httpx.AsyncClient) -> None:
    await world.publish()
    event = world.event("1", data={"channel": "chat", "length_chars": 20})
    await in_the_log(stack, world, event, world.retraction("1"))
    found = (await ask(api, event["uid"])).json()
    assert (found["points"], found["points_in_force"]) == (0, 0)
    rules = {one["rule_id"]: one for one in found["rules"]}
    assert [one["reason"] for one in rules["write"]["declined"]] == ["retracted"]
    assert found["in_force"]["retracted"]


async def test_it_says_what_is_wrong(world: Any, api: httpx.AsyncClient) -> None:
    await world.publish()
    unknown = await ask(api, world.uuid("nobody's"))
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:plaudit:problem:unknown-event")
    await world.score(event := world.event("1"))
    wrong = await ask(api, event["uid"], "programme: demo")
    assert (wrong.status_code, wrong.json()["type"]) == (422, "urn:plaudit:problem:invalid-programme")
    both = await ask(api, event["uid"], draft_id=world.uuid("draft"))
    assert both.status_code == 422
    body = {"event_uid": event["uid"], "draft_id": world.uuid("draft")}
    gone = await api.post("/v1/programmes/what-if", json=body)
    assert (gone.status_code, gone.json()["type"]) == (404, "urn:plaudit:problem:unknown-draft")


class TestWithoutPoints:
    """Who may write programmes, and not see what members earn."""

    @pytest.fixture
    def scopes(self) -> Sequence[str]:
        return ["programmes:write"]

    async def test_members_points_are_not_shown(self, world: Any, api: httpx.AsyncClient) -> None:
        refused = await ask(api, world.uuid("event 1"))
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:plaudit:problem:missing-scope")
