"""People note and decide something on figures, look again, take it back; each step is told, and no word of it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.ingest.decisions.handlers import on_decisions_told
from shared.contracts.facts import DECISION_FACT
from shared.topics import DECISIONS
from tests.integration.services.ingest.conftest import SCOPES, Community, problem
from tests.integration.services.process import read
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack
SATURDAYS = "Too many wait over the weekend: two of us answer on Saturdays."


@pytest.fixture
async def community(community: Community) -> Community:
    """A community, and somebody who runs it and sees its figures."""
    wanted = (*SCOPES, "programmes:write", "analytics:read")
    community.client.headers.update(await authorization(community.pool, community.name, *wanted))
    return community


def day(ahead: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=ahead)).isoformat()


async def decide(community: Community, **more: Any) -> Any:
    headers = {"Idempotency-Key": more.pop("key", None) or uuid4().hex}
    body = {"figure": "answered_in_time", "value": 0.62, "text": SATURDAYS} | more
    return await community.client.post("/v1/decisions", json=body, headers=headers)


async def made(community: Community, **more: Any) -> str:
    answer = await decide(community, **more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["decision_id"])


async def page(community: Community, **query: Any) -> list[Any]:
    answer = await community.client.get("/v1/decisions", params=query)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


async def one(community: Community, decision_id: str) -> Any:
    answer = await community.client.get(f"/v1/decisions/{decision_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_decision_stands_is_looked_at_again_and_taken_back(community: Community) -> None:
    decision_id = await made(community, review_on=day(28))
    note_id = await made(community, kind="note", figure="goal", about="answers", value=30, text="Half way there.")
    assert [item["decision_id"] for item in await page(community)] == [note_id, decision_id]
    assert [item["decision_id"] for item in await page(community, about="answers")] == [note_id]
    (found,) = await page(community, figure="answered_in_time")
    assert (found["text"], found["value"], found["state"], found["is_due"]) == (SATURDAYS, 0.62, "stands", False)
    assert found["person_id"]
    # Sealed where it is kept.
    kept = await community.pool.fetchval("select sealed from decisions where decision_id = $1", decision_id)
    assert b"Saturdays" not in kept

    path = f"/v1/decisions/{decision_id}"
    said = {"outcome": "kept", "text": "It is 0.81 now.", "review_on": day(90)}
    assert (await community.client.post(f"{path}/review", json=said)).json()["review_on"] == day(90)
    said = {"outcome": "dropped", "text": "Nobody needs it any more."}
    assert (await community.client.post(f"{path}/review", json=said)).json()["state"] == "dropped"
    found = await one(community, decision_id)
    assert [(one["outcome"], one["text"]) for one in found["reviews"]] == [
        ("kept", "It is 0.81 now."),
        ("dropped", "Nobody needs it any more."),
    ]
    assert (found["review_on"], found["may_be_reviewed"]) == (None, False)
    problem(await community.client.post(f"{path}/review", json=said), 409)
    problem(await community.client.post(f"/v1/decisions/{note_id}/review", json=said), 409)

    for _ in range(2):
        back = await community.client.post(f"{path}/withdraw", json={"reason": "Another figure."})
        assert back.json()["state"] == "withdrawn"
    found = await one(community, decision_id)
    assert (found["text"], [review["text"] for review in found["reviews"]]) == (None, [None, None])
    assert [item["decision_id"] for item in await page(community)] == [note_id]
    assert [item["decision_id"] for item in await page(community, state="withdrawn")] == [decision_id]


async def test_what_does_not_fit_is_refused_by_its_field(community: Community) -> None:
    for field, body in {
        "/value": {"value": 62},
        "/about": {"about": "answers"},
        "/review_on": {"review_on": day(0)},
        "/seen_on": {"seen_on": day(1)},
    }.items():
        refused = problem(await decide(community, **body), 422)
        assert [error["field"] for error in refused["errors"]] == [field]
    problem(await decide(community, figure="goal", value=3), 422)
    problem(await decide(community, kind="note", review_on=day(9)), 422)
    problem(await decide(community, figure="mood"), 422)
    problem(await community.client.get(f"/v1/decisions/{uuid4()}"), 404)
    problem(await community.client.post(f"/v1/decisions/{uuid4()}/withdraw", json={"reason": "No."}), 404)
    # Sent again under its key it is the same.
    assert await made(community, key="once") == await made(community, key="once")


async def test_a_day_has_so_many(community: Community) -> None:
    await community.pool.execute(
        """
        insert into decisions (community, decision_id, revision, kind, figure, seen_on, state, made_at, changed_at)
        select $1, gen_random_uuid(), 1, 'note', 'events', current_date, 'stands', now(), now()
        from generate_series(1, 50)
        """,
        community.name,
    )
    assert problem(await decide(community), 409)["type"].endswith(":too-many-decisions")


async def test_what_is_told_has_no_word_and_fills_a_restored_database(community: Community, stack: Any) -> None:
    path = "/v1/objectives/answered_in_time"
    aimed = await community.client.put(path, json={"objective": 0.7, "reason": "We are two."})
    assert (aimed.status_code, aimed.json()["revision"], aimed.json()["starts_on"]) == (200, 1, day(0))
    again = await community.client.put(path, json={"objective": 0.7, "reason": "We are two."})
    assert again.json()["revision"] == 1
    later = await community.client.put(path, json={"objective": 0.75, "starts_on": day(30), "reason": "A third."})
    assert later.json()["revision"] == 2
    problem(await community.client.put(path, json={"objective": 0.5, "starts_on": day(-1), "reason": "No."}), 422)
    problem(await community.client.put(path, json={"objective": 7, "reason": "No."}), 422)
    problem(await community.client.put("/v1/objectives/mood", json={"objective": 1, "reason": "No."}), 404)
    listed = (await community.client.get("/v1/objectives", params={"limit": 1})).json()
    assert [(one["revision"], one["objective"]) for one in listed["items"]] == [(2, 0.75)]
    rest = (await community.client.get("/v1/objectives", params={"after": listed["next"]})).json()
    assert [(one["revision"], one["reason"]) for one in rest["items"]] == [(1, "We are two.")]

    kept = await made(community, review_on=day(28))
    gone = await made(community, figure="events", value=412)
    said = {"outcome": "changed", "text": "Sundays too.", "review_on": day(60)}
    await community.client.post(f"/v1/decisions/{kept}/review", json=said)
    await community.client.post(f"/v1/decisions/{gone}/withdraw", json={"reason": "Another figure."})
    facts = [orjson.loads(one.value) for one in await read(stack.state, DECISIONS, community.name, 6)]
    assert [fact["type"] for fact in facts] == ["objective.set.v1"] * 2 + ["decision.changed.v1"] * 4
    assert not any(word in str(facts) for word in ("Saturdays", "Sundays", "We are two"))

    before = await shown(community)
    await community.pool.execute("delete from decisions where community = $1", community.name)
    parsed = [DECISION_FACT.validate_json(orjson.dumps(fact)) for fact in facts]
    for order in (parsed, list(reversed(parsed))):
        async with community.begin() as tx:
            await on_decisions_told(tx, order)
    assert await shown(community) == before
    assert (await one(community, kept))["text"] is None


async def shown(community: Community) -> list[Any]:
    """What stands, without what was written."""
    rows = await community.pool.fetch(
        """
        select decision_id::text, revision, kind, figure, value, seen_on, review_on, state, made_at, changed_at
        from decisions where community = $1 order by decision_id
        """,
        community.name,
    )
    return [tuple(row) for row in rows]
