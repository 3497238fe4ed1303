"""Members read why what they did earned what it did, of nobody else; everybody reads what gave points when."""

from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from services.scoring.main import SPEC
from shared.access_keys import Public
from shared.http.auth import VISITED
from shared.own_events import word_of
from tests.integration.services.conftest import application
from tests.integration.services.scoring.conftest import RULES
from tests.integration.services.test_who_may import know_token_keys, token

pytestmark = pytest.mark.stack


async def asking(world: Any, headers: dict[str, str]) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(application(SPEC, world))
    return httpx.AsyncClient(transport=transport, base_url="http://scoring", headers=headers)


def word(world: Any, event: str, member: str, *slots: Any) -> str:
    return word_of(
        world.settings.identity_key_bytes,
        community=world.community,
        member_id=world.uuid(member),
        event_uid=world.uuid(f"event {event}"),
        slots=slots,
    )


async def test_a_member_reads_why_and_why_not_with_the_values_met(world: Any) -> None:
    await know_token_keys(world.pool)
    await world.publish()
    short = {"type": "forum.post.v1", "data": {"channel": "forum", "length_chars": 7}}
    await world.score(world.event("m", "ann", "bob"), world.event("short", "ann", None, **short))
    ann = await asking(world, token(world.community, world.uuid("ann"), world.uuid("ann")))
    path = f"/v1/members/{world.uuid('ann')}/explanations"

    words = [word(world, "m", "ann", "actor"), word(world, "short", "ann", "actor")]
    answer = await ann.get(path, params={"event": words})
    assert answer.status_code == 200, answer.text
    message, post = answer.json()["items"]
    # Bob's three points for the same event are his to read.
    assert [(one["rule_id"], one["points"]) for one in message["awards"]] == [("write", 1)]
    assert [one["title"] for one in message["rules"]] == ["Wrote"]
    (declined,) = post["declined"]
    assert (declined["reason"], declined["met"]) == ("condition_false", {"data.length_chars": 7})
    # Without the word, with another's or a changed one nothing is said.
    bobs = word(world, "m", "bob", "object_author")
    for other in (world.uuid("event m"), bobs, words[0].replace(".a.", ".ao."), "x" * 200):
        assert (await ann.get(path, params={"event": other})).status_code == 422
    others = await ann.get(f"/v1/members/{world.uuid('bob')}/explanations", params={"event": bobs})
    assert others.status_code == 403
    assert (await ann.get("/v1/explanations", params={"event": world.uuid("event m")})).status_code == 403


async def test_everybody_reads_what_gave_points_version_by_version_where_it_is_public(world: Any) -> None:
    world.configure(key_cache_seconds=1e-9, unknown_key_cache_seconds=1e-9)
    first = await world.publish()
    attributes = "attributes: [{id: tier, title: Tier, for_rules: true}]\n"
    goals = "goals: [{id: talk, title: That people talk}]\n"
    scores = "scores: [{id: help, title: Helpfulness}]\n"
    audiences = (
        "audiences: [{id: mentors, title: Mentors, when: 'member.tier == \"gold\"'},"
        " {id: quiet, title: Quiet ones, when: 'member.tier == \"new\"'}]\n"
    )
    asked = '"mentors" in audiences && score("help") >= 2'
    badge = f"recognition: {{badges: [{{id: mentor, title: Mentor, when: '{asked}'}}]}}\n"
    more = f"{attributes}{goals}{scores}{audiences}{badge}"
    await world.publish(f"{RULES.replace('points: 1}', 'points: 2, goal: talk}')}{more}")
    visitor = await asking(world, {VISITED: world.community})
    assert (await visitor.get("/v1/rules/history")).status_code == 401
    await world.pool.execute(
        "insert into followed_communities (community, revision, data) values ($1, 1, $2)",
        world.community,
        orjson.dumps({"public": [Public.PROGRAMME], "calendar": []}).decode(),
    )
    await world.pool.execute(
        "update programme_versions set effective_from = effective_from - $2::interval where community = $1",
        world.community,
        timedelta(hours=1),
    )
    assert first is not None
    found = (await visitor.get("/v1/rules/history", params={"limit": 1})).json()
    rest = (await visitor.get("/v1/rules/history", params={"after": found["next"]})).json()
    versions = [*found["items"], *rest["items"]]
    assert [one["programme_version"] for one in versions] == [2, 1]
    assert rest["next"] is None
    assert [one["rules"][0]["points"] for one in versions] == [2, 1]
    assert [one["attributes"] for one in versions] == [[{"id": "tier", "title": "Tier", "for_rules": True}], []]
    # What badges ask for is called something; of an audience that none asks for nothing is said.
    assert [one["scores"] for one in versions] == [[{"id": "help", "title": "Helpfulness"}], []]
    assert [one["audiences"] for one in versions] == [[{"id": "mentors", "title": "Mentors"}], []]
    # Conditions and limits tell how to get points for nothing.
    assert {key for one in versions for rule in one["rules"] for key in rule} == {
        *("rule_id", "title", "on", "points", "to", "up_to", "also", "split", "score", "goal", "goal_title"),
        "campaign",
    }
    assert [one["rules"][0]["goal_title"] for one in versions] == ["That people talk", None]
    assert (await visitor.get("/v1/programmes")).status_code == 401
