"""Drafts by several, notes, review and what is sent back, rollback: the life of a version, with who and when."""

import asyncio
from typing import Any

import httpx
import pytest

from services.scoring.programmes.handlers.telling import on_programmes_told
from services.scoring.programmes.store.drafts import count_open_drafts
from shared.contracts.facts import PROGRAMME_PUBLISHED
from shared.followed_communities.store import put_communities
from tests.integration.services.world import add_person

pytestmark = pytest.mark.stack

SCOPES = ("programmes:write", "programmes:approve", "programmes:read")
YAML = {"Content-Type": "application/yaml"}
NOTE = "Messages give three points"


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).rpartition(":")[2]


class Office:
    """Ada and Bob, who both write and decide, and each are one person."""

    def __init__(self, world: Any, ada: httpx.AsyncClient, bob: httpx.AsyncClient, ids: list[str]) -> None:
        self.world, self.ada, self.bob = world, ada, bob
        self.adas_name, self.bobs_name = (f"Test {one[:4]}" for one in ids)

    async def publish(self, text: str, by: httpx.AsyncClient | None = None, **params: Any) -> httpx.Response:
        return await (by or self.ada).post("/v1/programmes", content=text.encode(), headers=YAML, params=params)

    async def draft(self, text: str, title: str = "More for messages") -> dict[str, Any]:
        answer = await self.ada.post("/v1/programme-drafts", json={"title": title, "text": text})
        assert answer.status_code == 201, answer.text
        assert answer.headers["Location"] == f"/v1/programme-drafts/{answer.json()['draft_id']}"
        document: dict[str, Any] = answer.json()
        return document

    async def save(self, by: httpx.AsyncClient, draft_id: str, revision: int, text: str) -> httpx.Response:
        body = {"title": "More for messages", "text": text, "revision": revision}
        return await by.put(f"/v1/programme-drafts/{draft_id}", json=body)

    async def submit(self, draft_id: str, revision: int, **body: Any) -> httpx.Response:
        return await self.ada.post(
            f"/v1/programme-drafts/{draft_id}/submit", json={"revision": revision, "note": NOTE} | body
        )


@pytest.fixture
async def office(world: Any, clients: Any) -> Office:
    ids = [await add_person(world.pool, world.community) for _ in range(2)]
    ada, bob = [await clients(*SCOPES, person_id=one) for one in ids]
    return Office(world, ada, bob, ids)


async def test_every_version_but_the_first_says_what_it_changes(office: Office) -> None:
    rules = office.world.rules
    assert (await office.publish(rules)).status_code == 201
    changed = rules.replace("points: 1}", "points: 3}")
    # To look at it, or to say again what is published, takes no note.
    assert (await office.publish(changed, dry_run=True)).status_code == 200
    assert (await office.publish(rules)).status_code == 200
    for params in ({}, {"note": "   "}):
        answer = await office.publish(changed, **params)
        assert kind_of(answer) == (422, "programme-note-missing")
        assert answer.json()["errors"][0]["field"] == "note"
    assert (await office.publish(changed, note="x" * 501)).status_code == 422

    assert (await office.publish(changed, note=NOTE)).status_code == 201

    listed = (await office.ada.get("/v1/programmes")).json()["items"]
    assert [(one["version"], one["note"]) for one in listed] == [(2, NOTE), (1, None)]
    told = [
        fact["data"].get("note") for topic, _, fact in await office.world.published() if topic == "programme.v1"
    ]
    assert told == [None, NOTE]


async def test_two_write_a_draft_and_neither_overwrites_the_other_unseen(office: Office) -> None:
    rules = office.world.rules
    draft = await office.draft(rules)
    draft_id = draft["draft_id"]
    assert (draft["state"], draft["revision"], draft["created_by"]) == ("open", 1, office.adas_name)
    bobs, adas = rules.replace("points: 1}", "points: 2}"), rules.replace("points: 1}", "points: 9}")

    both = await asyncio.gather(
        office.save(office.bob, draft_id, 1, bobs), office.save(office.ada, draft_id, 1, adas)
    )

    assert sorted(answer.status_code for answer in both) == [200, 409]
    (refused,) = [answer for answer in both if answer.status_code == 409]
    assert kind_of(refused) == (409, "draft-changed")
    now = (await office.ada.get(f"/v1/programme-drafts/{draft_id}")).json()
    winner = {office.adas_name: "points: 9}", office.bobs_name: "points: 2}"}[now["saved_by"]]
    assert winner in now["text"]
    # It says who, when, and what stands there now, by line.
    problem = refused.json()
    assert problem["detail"].startswith(f"{now['saved_by']} saved it at ")
    assert [error["line"] for error in problem["errors"]] == [5]
    assert winner in problem["errors"][0]["detail"].partition("yours:")[0]
    # Whoever has seen it goes on from there; the same text is not saved again.
    other = office.bob if now["saved_by"] == office.adas_name else office.ada
    assert (await office.save(other, draft_id, 2, now["text"])).json()["revision"] == 2
    assert (await office.save(other, draft_id, 2, rules)).json()["revision"] == 3
    # What is no programme yet is kept as it is written.
    assert (await office.save(other, draft_id, 3, "programme: [")).status_code == 200
    # But for what no text of the database can have.
    assert kind_of(await office.save(other, draft_id, 4, "programme: \0")) == (422, "invalid-request")
    invalid = await office.submit(draft_id, 4)
    assert kind_of(invalid) == (422, "invalid-programme")


async def test_of_many_saves_at_once_one_wins_each_revision_and_none_breaks(office: Office) -> None:
    rules = office.world.rules
    draft_id = (await office.draft(rules))["draft_id"]
    # As many as the service has connections: more wait for one, and are told so once that takes too long.
    few = asyncio.Semaphore(8)

    async def save(number: int) -> httpx.Response:
        async with few:
            text = f"{rules}# {number}\n"
            return await office.save((office.ada, office.bob)[number % 2], draft_id, 1 + number // 50, text)

    answers = await asyncio.gather(*(save(number) for number in range(100)))

    assert {kind_of(one) for one in answers if one.status_code != 200} == {(409, "draft-changed")}
    won = [one.json() for one in answers if one.status_code == 200]
    # Of the first revision one wins; whoever says the second may come before there is one.
    assert sorted(one["revision"] for one in won) in ([2], [2, 3])
    now = (await office.ada.get(f"/v1/programme-drafts/{draft_id}")).json()
    assert now["revision"] == max(one["revision"] for one in won)
    assert now["text"] in {one["text"] for one in won}


async def test_who_saves_while_no_connection_is_free_is_told_when_to_come_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules, pool = office.world.rules, office.world.pool
    draft_id = (await office.draft(rules))["draft_id"]
    monkeypatch.setattr(pool, "acquire_seconds", 0.01)
    lent = [await pool.acquire(timeout=60) for _ in range(pool.get_max_size())]
    try:
        refused = await office.save(office.ada, draft_id, 1, f"{rules}# 2")
    finally:
        for connection in lent:
            await pool.release(connection)
    assert (*kind_of(refused), refused.headers["Retry-After"]) == (503, "not-available", "1")
    monkeypatch.undo()
    again = await office.save(office.ada, draft_id, 1, f"{rules}# 2")
    assert (again.status_code, again.json()["revision"]) == (200, 2)


async def test_a_draft_is_reviewed_sent_back_with_a_reason_and_published(office: Office) -> None:
    rules = office.world.rules
    assert (await office.publish(rules)).status_code == 201
    draft_id = (await office.draft(rules.replace("points: 1}", "points: 30}")))["draft_id"]

    submitted = await office.submit(draft_id, 1)

    # One person would be enough: somebody else looks at it because that was asked for.
    assert (submitted.json()["state"], submitted.json()["waits_because"]) == ("proposed", ["asked"])
    number = submitted.json()["version"]
    taken = await office.save(office.bob, draft_id, 1, rules)
    assert kind_of(taken) == (409, "draft-submitted")
    assert f"version {number}" in taken.json()["detail"]
    assert kind_of(await office.submit(draft_id, 1)) == (409, "draft-submitted")
    why = {"reason": "Thirty is too much"}
    assert (
        kind_of(await office.ada.post(f"/v1/programmes/{number}/send-back", json=why))[1] == "programme-four-eyes"
    )
    assert (await office.bob.post(f"/v1/programmes/{number}/send-back", json={"reason": ""})).status_code == 422
    back = await office.bob.post(f"/v1/programmes/{number}/send-back", json=why)
    assert (back.json()["state"], back.json()["reason"], back.json()["decided_by"]) == (
        "sent_back",
        "Thirty is too much",
        office.bobs_name,
    )
    assert (await office.bob.post(f"/v1/programmes/{number}/send-back", json=why)).json() == back.json()
    assert kind_of(await office.bob.post(f"/v1/programmes/{number}/approve")) == (409, "programme-not-waiting")
    # The draft is open again, and says why.
    (listed,) = (await office.ada.get("/v1/programme-drafts")).json()["items"]
    assert (listed["state"], listed["version_state"], listed["reason"]) == (
        "open",
        "sent_back",
        "Thirty is too much",
    )
    assert (
        await office.save(office.bob, draft_id, 1, rules.replace("points: 1}", "points: 3}"))
    ).status_code == 200
    assert kind_of(await office.submit(draft_id, 1)) == (409, "draft-changed")
    again = (await office.submit(draft_id, 2)).json()["version"]
    approved = (await office.bob.post(f"/v1/programmes/{again}/approve")).json()
    assert (approved["state"], approved["note"]) == ("published", NOTE)
    assert (approved["published_by"], approved["decided_by"]) == (office.adas_name, office.bobs_name)
    shown = (await office.ada.get(f"/v1/programme-drafts/{draft_id}")).json()
    assert (shown["state"], shown["version"]) == ("published", again)
    assert kind_of(await office.save(office.bob, draft_id, 2, rules)) == (409, "draft-submitted")
    assert (await office.ada.get("/v1/programme-drafts")).json()["items"] == []
    assert len((await office.ada.get("/v1/programme-drafts", params={"state": "published"})).json()["items"]) == 1


async def test_a_draft_is_published_by_one_where_one_is_enough(office: Office) -> None:
    draft_id = (await office.draft(office.world.rules))["draft_id"]
    published = (await office.submit(draft_id, 1, review=False)).json()
    assert (published["state"], published["version"]) == ("published", 1)
    # A draft that was written before says nothing of events: the first version is from the beginning.
    assert published["effective_from"].startswith("1970-01-01")
    # Where two publish, it waits all the same.
    async with office.world.pool.acquire() as conn:
        said: Any = {"revision": 1, "review_policy": {"publishing": "two_people"}}
        await put_communities(conn, data={office.world.community: said})
    second = (await office.draft(office.world.rules.replace("points: 1}", "points: 2}")))["draft_id"]
    assert (await office.submit(second, 1, review=False)).json()["waits_because"] == ["policy"]


async def test_drafts_are_bounded_and_go_only_when_somebody_discards_them(
    office: Office,
) -> None:
    first = await office.draft(office.world.rules)
    answer = await office.ada.post("/v1/programme-drafts", json={"title": "Large", "text": "é" * 200_000})
    assert kind_of(answer) == (422, "draft-too-large")
    async with office.world.pool.acquire() as conn:
        await conn.execute(
            """
            insert into programme_drafts select community, gen_random_uuid(), title, source_text, 1, created_at,
                created_by, created_by_person, created_by_credential, saved_at - interval '91 days', saved_by,
                saved_by_person, saved_by_credential, null
            from programme_drafts, generate_series(1, 49) where community = $1
            """,
            office.world.community,
        )
    full = await office.bob.post("/v1/programme-drafts", json={"title": "One more", "text": ""})
    assert kind_of(full) == (409, "too-many-drafts")
    listed = (await office.ada.get("/v1/programme-drafts", params={"limit": 2})).json()
    assert [one["is_old"] for one in listed["items"]] == [False, True]
    path = f"/v1/programme-drafts/{first['draft_id']}"
    assert kind_of(await office.bob.delete(path, params={"revision": 2})) == (409, "draft-changed")
    assert (await office.bob.delete(path, params={"revision": 1})).status_code == 204
    assert kind_of(await office.ada.get(path)) == (404, "unknown-draft")
    async with office.world.pool.acquire() as conn:
        assert await count_open_drafts(conn, community=office.world.community) == 49


async def test_a_rollback_publishes_what_an_earlier_version_says(office: Office) -> None:
    rules = office.world.rules + "# as we began\n"
    assert (await office.publish(rules)).status_code == 201
    assert (await office.publish(rules.replace("points: 1}", "points: 15}"), note=NOTE)).status_code == 201
    missing = await office.ada.post("/v1/programmes/1/rollback", json={})
    assert missing.status_code == 422
    assert kind_of(await office.ada.post("/v1/programmes/9/rollback", json={"note": "Back"})) == (
        404,
        "unknown-version",
    )

    answer = await office.ada.post("/v1/programmes/1/rollback", json={"note": "Fifteen made people hurry"})

    assert (answer.status_code, answer.json()["version"], answer.json()["state"]) == (201, 3, "published")
    shown = (await office.ada.get("/v1/programmes/3")).json()
    assert (shown["restores"], shown["note"]) == (1, "Fifteen made people hurry")
    assert shown["text"].endswith("# as we began\n")
    again = await office.ada.post("/v1/programmes/1/rollback", json={"note": "Again"})
    assert (again.status_code, again.json()["version"], again.json()["is_new"]) == (200, 3, False)
    facts = [fact for topic, _, fact in await office.world.published() if topic == "programme.v1"]
    assert (facts[-1]["data"]["restores"], facts[-1]["data"]["note"]) == (1, "Fifteen made people hurry")
    # Everybody may read why: in the history of the rules, without the text.
    history = (await office.ada.get("/v1/rules/history")).json()["items"]
    assert all("text" not in one for one in history)
    entries = await office.world.pool.fetch(
        "select command, after from audit_entries where community = $1 order by at", office.world.community
    )
    assert entries[-1]["command"] == "programme.roll_back"


async def test_notes_are_read_back_with_their_versions(office: Office) -> None:
    assert (await office.publish(office.world.rules)).status_code == 201
    changed = office.world.rules.replace("points: 1}", "points: 3}")
    assert (await office.publish(changed, note=NOTE)).status_code == 201
    facts = [fact for topic, _, fact in await office.world.published() if topic == "programme.v1"]
    await office.world.pool.execute("delete from programme_versions where community = $1", office.world.community)
    await office.world.handle(
        on_programmes_told, *(PROGRAMME_PUBLISHED.adapter.validate_python(fact) for fact in facts)
    )
    listed = (await office.ada.get("/v1/programmes")).json()["items"]
    assert [one["note"] for one in listed] == [NOTE, None]
