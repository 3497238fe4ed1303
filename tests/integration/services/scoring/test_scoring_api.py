"""The API of scoring: publishing with located errors, versions, awards, scores in the past, explanations."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.scoring.awards.store import load_rule_points
from tests.integration.services.world import authorization

YAML = {"Content-Type": "application/yaml"}
#: An id that is nobody's: a drawn one would give the test another name each time.
NOBODY = "5a3e0c1d-8b47-4f6e-9d20-1c7f4b9a6e35"


async def publish(api: httpx.AsyncClient, text: str, **params: Any) -> httpx.Response:
    params = {"note": "Another"} | params
    return await api.post("/v1/programmes", content=text.encode(), headers=YAML, params=params)


async def test_publishing_makes_versions_that_can_be_read_back(api: httpx.AsyncClient, world: Any) -> None:
    first = await publish(api, world.rules)
    again = await publish(api, "# a comment\n" + world.rules)
    second = await publish(api, world.rules.replace("points: 5", "points: 6"))
    assert [one.status_code for one in (first, again, second)] == [201, 200, 201]
    assert (first.json()["version"], first.json()["is_new"]) == (1, True)
    assert first.json()["effective_from"] == "1970-01-01T00:00:00Z"
    assert (again.json()["version"], again.json()["is_new"]) == (1, False)
    assert second.json()["version"] == 2

    stored = (await api.get(second.headers["Location"])).json()
    assert stored["text"] == world.rules.replace("points: 5", "points: 6")
    assert stored["document"]["rules"][2]["points"] == 6
    publisher = (await api.get("/v1/key")).json()["name"]
    assert publisher.startswith("Test ")
    assert (stored["published_by"], stored["programme_id"]) == (publisher, "demo")
    since = datetime.fromisoformat(stored["effective_from"]) - datetime.fromisoformat(stored["published_at"])
    assert since == timedelta(seconds=2)


async def test_versions_are_listed_newest_first_in_pages(api: httpx.AsyncClient, world: Any) -> None:
    for points in range(5, 10):
        await publish(api, world.rules.replace("points: 5", f"points: {points}"))
    seen, after = [], None
    while True:
        page = (await api.get("/v1/programmes", params={"limit": 2} | ({"after": after} if after else {}))).json()
        seen += [item["version"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [5, 4, 3, 2, 1]


async def test_errors_come_with_their_place(api: httpx.AsyncClient, world: Any) -> None:
    text = world.rules.replace("points: 5", "points: five").replace("data.length_chars", "data.lenght_chars")
    answer = await publish(api, text)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    errors = {error["field"]: error for error in answer.json()["errors"]}
    assert {field: error["line"] for field, error in errors.items()} == {"/rules/2/points": 7, "/rules/2/when": 7}
    error = errors["/rules/2/points"]
    assert text.splitlines()[6][error["column"] - 1 :].startswith("five")
    assert "a whole number" in error["detail"]
    answer = await publish(api, text.replace("five", "5"))
    (error,) = answer.json()["errors"]
    assert (error["line"], error["field"]) == (7, "/rules/2/when")
    assert text.splitlines()[6][error["column"] - 1 :].startswith("data.lenght_chars")
    assert (await api.get("/v1/programmes")).json()["items"] == []


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"\xff\xfe", "application/yaml", 422),
        (b"", "application/yaml", 422),
        (b"programme: [", "text/plain", 422),
        (b"{}", "application/json", 422),
        (b"<a/>", "application/xml", 415),
        (b"a: " + b"x" * 300_000, "application/yaml", 422),
    ],
)
async def test_what_is_no_programme_is_refused(
    api: httpx.AsyncClient, content: bytes, media_type: str, status: int
) -> None:
    answer = await api.post("/v1/programmes", content=content, headers={"Content-Type": media_type})
    assert answer.status_code == status
    assert answer.json()["detail"]


async def test_a_dry_run_changes_nothing(api: httpx.AsyncClient, world: Any) -> None:
    answer = await publish(api, world.rules, dry_run=True)
    assert (answer.status_code, answer.json()["dry_run"], answer.json()["version"]) == (200, True, None)
    assert (await api.get("/v1/programmes")).json()["items"] == []
    said = answer.json()
    assert said["document"]["rules"][2]["when"] == "data.length_chars > 100"
    ((event_type, steps, most),) = [tuple(one.values()) for one in said["costs"]]
    assert (event_type, 0 < steps < most) == ("forum.post.v1", True)
    await publish(api, world.rules)
    other = await publish(api, world.rules.replace("programme: demo", "programme: other"), dry_run=True)
    assert (other.status_code, other.json()["title"]) == (409, "The community has another programme")


@pytest.mark.parametrize(
    "change",
    [
        ("name: Example", 'name: "A\\0"'),
        ("name: Example", "name: '***'"),
        ("ABNANL2A", "'12345678'"),
        ("ABNANL2A", "DEUTDEFF"),
        ("NL91ABNA0417164300", "TR330006100519786457841326"),
        ("EUR", "XXX"),
        ("title: Wrote much", 'title: "A\\0"'),
        ("data.length_chars > 100", "\"data.text == '\\0'\""),
    ],
    ids=range(8),
)
async def test_a_dry_run_refuses_what_the_publication_refuses(
    api: httpx.AsyncClient, world: Any, change: tuple[str, str]
) -> None:
    account = "{name: Example, iban: NL91ABNA0417164300, bic: ABNANL2A}"
    terms = f"{{currency: EUR, points: 100, minor: 100, minimum_points: 500, paying_account: {account}}}"
    text = f"{world.rules}rewards:\n  payout: {terms}\n"
    assert (await publish(api, text, dry_run=True)).status_code == 200
    assert change[0] in text

    checked = await publish(api, text.replace(*change), dry_run=True)
    published = await publish(api, text.replace(*change))

    assert (checked.status_code, checked.json()["type"]) == (422, "urn:plaudit:problem:invalid-programme")
    assert published.json() | {"instance": ""} == checked.json() | {"instance": ""}
    assert published.status_code == 422
    (error,) = checked.json()["errors"]
    assert error["line"] > 1
    assert error["column"] > 1
    assert (await api.get("/v1/programmes")).json()["items"] == []


async def test_another_programme_is_a_conflict(api: httpx.AsyncClient, world: Any) -> None:
    await publish(api, world.rules)
    answer = await publish(api, world.rules.replace("programme: demo", "programme: other"))
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:plaudit:problem:other-programme"
    assert "`demo`" in answer.json()["detail"]


async def test_a_version_never_takes_effect_in_a_time_that_was_scored(api: httpx.AsyncClient, world: Any) -> None:
    assert (await publish(api, world.rules, effective_from="2020-01-01T00:00:00Z")).status_code == 201
    changed = world.rules.replace("points: 5", "points: 6")
    answer = await publish(api, changed, effective_from="2020-01-01T00:00:00Z")
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:plaudit:problem:effective-from-refused"
    assert answer.json()["errors"][0]["field"] == "effective_from"
    answer = await publish(api, changed, effective_from="2999-01-01T00:00:00Z")
    assert (answer.status_code, answer.json()["effective_from"]) == (201, "2999-01-01T00:00:00Z")


async def test_awards_are_listed_by_member_and_by_event(api: httpx.AsyncClient, world: Any) -> None:
    await world.publish()
    hours = [world.event(str(n), time=world.noon + timedelta(hours=n)) for n in range(5)]
    await world.score(*reversed(hours))
    seen, after = [], None
    while True:
        params = {"member": world.uuid("ann"), "limit": 2} | ({"after": after} if after else {})
        page = (await api.get("/v1/awards", params=params)).json()
        seen += [item["event_uid"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [event["uid"] for event in hours]
    # Bob's room of the day went to the earliest, whatever came first.
    page = (await api.get("/v1/awards", params={"event": hours[2]["uid"]})).json()
    assert {(item["member_id"], item["points"], item["rule_id"]) for item in page["items"]} == {
        (world.uuid("ann"), 1, "write"),
        (world.uuid("bob"), 3, "heard"),
    }


async def test_a_score_can_be_asked_for_any_time_as_known_at_any_time(api: httpx.AsyncClient, world: Any) -> None:
    await world.publish()
    await world.score(world.event("1"), world.event("2", time=world.noon + timedelta(days=1)))
    known_before = (await world.awards())[0]["recorded_at"]
    await world.score(world.retraction("1"))

    async def points(**params: Any) -> int:
        answer = await api.get(f"/v1/members/{world.uuid('bob')}/score", params=params)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["points"])

    assert await points() == 3
    assert await points(known_at=known_before.isoformat()) == 6
    assert await points(at=world.noon.isoformat()) == 0
    assert await points(at=world.noon.isoformat(), known_at=known_before.isoformat()) == 3
    assert await points(at=(world.noon - timedelta(seconds=1)).isoformat()) == 0
    answer = (await api.get(f"/v1/members/{world.uuid('bob')}/score")).json()
    assert answer["rules"] == [{"rule_id": "heard", "score": "points", "points": 3, "awards": 1, "amendments": 1}]
    assert (answer["scores"], answer["faded"]) == ({"points": 3}, {})


async def test_a_score_is_added_up_in_the_index_of_members_alone(world: Any) -> None:
    async with world.begin() as tx:
        for method in ("seqscan", "bitmapscan"):
            await tx.conn.execute(f"set local enable_{method} = off")
        plan: list[str] = []

        class Explained:
            async def fetch(self, query: str, *values: Any) -> list[Any]:
                plan.extend(row[0] for row in await tx.conn.fetch(f"explain {query}", *values))
                return []

        asked = {
            "community": world.community,
            "member_ids": [world.uuid("ann")],
            "at": tx.now,
            "known_at": tx.now,
        }
        await load_rule_points(Explained(), **asked)  # type: ignore[arg-type]
    assert any("Index Only Scan using awards_of_member" in line for line in plan)


async def test_an_event_explains_itself(api: httpx.AsyncClient, world: Any) -> None:
    await world.publish()
    await world.score(world.event("1", other="ann"))
    answer = (await api.get(f"/v1/events/{world.uuid('event 1')}/explanation")).json()
    assert (answer["scored"], answer["retracted"]) == (True, False)
    assert [item["rule_id"] for item in answer["awards"]] == ["write"]
    declined = {"rule_id": "heard", "beneficiary": "object_author", "reason": "own_act", "detail": ""}
    assert answer["declined"] == [declined | {"programme_version": 1, "met": {}}]
    assert {rule["rule_id"]: rule["title"] for rule in answer["rules"]} == {
        "write": "Wrote",
        "heard": "Was written to",
    }


LONG = """
programme: demo
title: Demo
rules:
  - {id: long, title: Wrote much, on: [chat.message.v1], points: 2,
     when: 'data.length_chars > 100 && event.source != "x" && data.channel == "chat"'}
  - {id: any, title: Wrote, on: [chat.message.v1], points: 1}
"""


async def test_many_events_are_explained_at_once_with_the_values_that_conditions_met(
    api: httpx.AsyncClient, world: Any
) -> None:
    await world.publish(LONG)
    short, plain = world.event("1"), world.event("2")
    short["data"] = short["data"] | {"length_chars": 7}
    await world.score(short, plain)
    uids = [plain["uid"], short["uid"], NOBODY]
    answer = await api.get("/v1/explanations", params={"event": uids})
    assert answer.status_code == 200, answer.text
    bare, told, unseen = answer.json()["items"]
    assert [one["event_uid"] for one in (bare, told, unseen)] == uids
    (why,) = told["declined"]
    assert (why["rule_id"], why["reason"], why["programme_version"]) == ("long", "condition_false", 1)
    assert why["met"] == {"data.length_chars": 7, "event.source": short["source"], "data.channel": "chat"}
    (missing,) = bare["declined"]
    assert (missing["reason"], missing["detail"]) == (
        "condition_failed",
        "the event has no field length_chars",
    )
    assert "data.length_chars" not in missing["met"]
    assert [one["rule_id"] for one in told["awards"]] == ["any"]
    long = next(rule for rule in told["rules"] if rule["rule_id"] == "long")
    assert (long["title"], long["points"]) == ("Wrote much", 2)
    assert "data.length_chars > 100" in long["condition"]
    assert (unseen["scored"], unseen["awards"], unseen["declined"]) == (False, [], [])
    assert (await api.get("/v1/explanations")).status_code == 422


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/programmes/1", 404),
        ("/v1/programmes/0", 422),
        ("/v1/programmes/99999999999", 422),
        ("/v1/programmes?after=x", 422),
        ("/v1/awards", 422),
        (f"/v1/awards?member={NOBODY}&event={NOBODY}", 422),
        ("/v1/awards?member=x", 422),
        (f"/v1/awards?member={NOBODY}&after=WyJhIiwiYiJd", 422),
        (f"/v1/members/{NOBODY}/score?at=yesterday", 422),
        (f"/v1/members/{NOBODY}/score?at=2026", 422),
        (f"/v1/members/{NOBODY}/score?at=2026-01-01T00:00:00", 422),
        (f"/v1/members/{NOBODY}/score?at=0001-01-01T00:00:00%2B14:00", 422),
        (f"/v1/members/{NOBODY}/score?at=9999-12-31T23:59:59-14:00", 422),
        (f"/v1/events/{NOBODY}/explanation", 404),
        (f"/v1/members/{NOBODY}/score", 200),
    ],
)
async def test_a_wrong_request_is_answered_with_a_problem(api: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await api.get(path)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["title"]


async def test_a_key_needs_the_scope_and_sees_its_own_community(api: httpx.AsyncClient, world: Any) -> None:
    await world.publish()
    await world.score(world.event("1"))
    reader = await authorization(world.pool, world.community, "points:read")
    assert (await api.post("/v1/programmes", content=world.rules, headers=YAML | reader)).status_code == 403
    assert (await api.get("/v1/programmes", headers={"Authorization": "Bearer no"})).status_code == 401
    stranger = type(world)(world.pool)
    other = await authorization(world.pool, stranger.community, "points:read", "programmes:read")
    assert (await api.get("/v1/programmes", headers=other)).json()["items"] == []
    assert (await api.get(f"/v1/awards?member={world.uuid('ann')}", headers=other)).json()["items"] == []
    assert (await api.get(f"/v1/awards?member={world.uuid('ann')}", headers=reader)).json()["items"] != []


async def test_an_editor_is_told_what_may_stand_at_the_cursor(api: httpx.AsyncClient) -> None:
    text = "rules:\n  - {id: a, on: [forum.re"
    answer = await api.post(
        "/v1/programmes/completions", content=text.encode(), headers=YAML, params={"line": 2, "column": 26}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["column"] == 18
    assert [(one["text"], one["kind"]) for one in answer.json()["items"]] == [("forum.reply.v1", "event_type")]
    assert (await api.post("/v1/programmes/completions", content=b"a", headers=YAML)).status_code == 422
