"""Members are asked by rule, once; they answer by a link, and what is anonymous is joined by nothing."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.ingest.surveys import store
from services.ingest.surveys.handlers.answering import count_together, on_surveys_told, token_of
from services.ingest.surveys.handlers.asking import ask, on_guidelines
from services.ingest.surveys.store import find_invitation
from services.ingest.triggers.handlers import on_programmes
from shared.contracts.facts import (
    GUIDELINE_FACT,
    PROGRAMME_PUBLISHED,
    SURVEY_FACT,
    SUSPENSION_CHANGED,
)
from tests.integration.services.ingest.conftest import EVENT, Community, problem
from tests.integration.services.ingest.test_check_ins import member
from tests.waiting import until

pytestmark = pytest.mark.stack

NPS: dict[str, Any] = {
    "id": "nps",
    "title": "Would recommend",
    "kind": "nps",
    "question": {"en": "Would you recommend us?", "it": "Ci consiglieresti?"},
    "each": "quarter",
    "comment": True,
}
SOLVED: dict[str, Any] = {
    "id": "solved",
    "title": "Was it solved?",
    "kind": "csat",
    "question": {"en": "Was it solved?"},
    "on": ["forum.post.v1"],
    "when": "data.channel == 'forum'",
    "anonymous": True,
}


async def declare(community: Community, *surveys: dict[str, Any], quiet_days: int = 30, version: int = 1) -> None:
    """A programme with surveys, in force."""
    example = PROGRAMME_PUBLISHED.examples[0]
    document = {"surveys": {"quiet_days": quiet_days, "ask": list(surveys)}} if surveys else {}
    data = example["data"] | {"document": document, "version": version, "effective_from": "2026-01-01T00:00:00Z"}
    fact = example | {"community": community.name, "data": data}
    async with community.begin() as tx:
        await on_programmes(tx, [PROGRAMME_PUBLISHED.adapter.validate_python(fact)])


async def ask_all(community: Community) -> list[Any]:
    """Have the timer ask until there is nobody left to ask; whom surveys of the community have asked."""
    async with community.begin() as tx:
        while await ask(tx):
            pass
    return list(
        await community.pool.fetch(
            "select * from survey_invitations where community = $1 order by member_id, survey_id", community.name
        )
    )


async def token(community: Community, invitation_id: Any) -> str:
    async with community.begin() as tx:
        one = await find_invitation(tx.conn, community=community.name, invitation_id=str(invitation_id))
        assert one is not None
        return token_of(tx.settings, one)


async def answer(community: Community, link: str, **said: Any) -> Any:
    path = f"/v1/survey-invitations/{link}/answer"
    return await community.client.post(path, json=said, headers={"Authorization": ""})


async def posted(community: Community, number: int, actor: str, **said: Any) -> None:
    at = datetime.now(UTC).isoformat()
    data = {"channel": "forum", "actor": {"id": actor}}
    await community.outcomes(EVENT | {"id": f"post-{number}", "time": at, "data": data} | said)


async def test_each_person_is_asked_once_in_a_quarter_and_answers_by_a_link(community: Community) -> None:
    ada, ada_shows = await member(community, "ada")
    grace, _ = await member(community, "grace")
    await declare(community, NPS)
    assert {str(row["member_id"]) for row in await ask_all(community)} == {ada, grace}

    # What is asked stands on their page, with what opens it; a link is nobody else's to guess.
    answered = await community.client.get(f"/v1/members/{ada}/survey-invitations", headers=ada_shows)
    (mine,) = answered.json()["items"]
    assert (mine["survey"], mine["lowest"], mine["highest"], mine["anonymous"]) == ("nps", 0, 10, False)
    link = mine["token"]
    problem(await answer(community, link[:-4] + "AAAA", score=9), 404)
    problem(await answer(community, f"{link}x", score=9), 404)
    assert problem(await answer(community, link, score=11), 422)["errors"][0]["field"] == "/score"
    assert problem(await answer(community, link, choice="a"), 422)["errors"][0]["field"] == "/score"
    assert problem(await answer(community, link, score=9, survey="x"), 422)["errors"][0]["field"] == "/survey"

    # Several at once are one after the other; the last stands, and its words are sealed.
    both = await asyncio.gather(
        *(answer(community, link, score=score, comment=f"I say {score}") for score in (3, 9))
    )
    assert {one.status_code for one in both} == {200}
    shown = (await community.client.get(f"/v1/survey-invitations/{link}", headers={"Authorization": ""})).json()
    assert shown["score"] in (3, 9)
    assert shown["answered_on"] is not None

    async def taken() -> Any:
        sql = """
            select count(*) from texts
            where community = $1 and member_id = $2 and event_type = 'survey.response.v1'
        """
        return await community.pool.fetchval(sql, community.name, ada) == 2

    await until(taken)
    stored = await community.pool.fetchval(
        "select string_agg(i::text, ' ') from survey_invitations i where community = $1", community.name
    )
    assert "I say" not in stored
    for score in range(8):
        assert (await answer(community, link, score=score)).status_code == 200
    problem(await answer(community, link, score=1), 409)

    # Nobody is asked twice: not by the next version, nor by a second look.
    await declare(community, NPS, version=2)
    assert len(await ask_all(community)) == 2


async def test_a_link_that_is_over_or_for_something_else_opens_nothing(community: Community) -> None:
    ada, ada_shows = await member(community, "ada")
    await declare(community, NPS)
    (one,) = await ask_all(community)
    link = await token(community, one["invitation_id"])
    path = f"/v1/survey-invitations/{link}"
    assert (await community.client.get(path, headers={"Authorization": ""})).status_code == 200
    # A link to survey answers unsubscribes nobody.
    problem(await community.client.post(f"/v1/unsubscribe/{link}", headers={"Authorization": ""}), 404)
    over = "update survey_invitations set closes_at = now() - interval '1 second' where community = $1"
    await community.pool.execute(over, community.name)
    # One that was sent while it was open, and one that says itself when it is over.
    assert problem(await answer(community, link, score=9), 409)["type"].endswith(":survey-closed")
    problem(await answer(community, await token(community, one["invitation_id"]), score=9), 404)
    given = "select answers_count from survey_invitations where community = $1"
    assert await community.pool.fetchval(given, community.name) == 0
    open_now = await community.client.get(f"/v1/members/{ada}/survey-invitations", headers=ada_shows)
    assert open_now.json()["items"] == []


async def test_who_is_not_asked(community: Community) -> None:
    ada, _ = await member(community, "ada")
    suspended, _ = await member(community, "mallory")
    bot, _ = await member(community, "robot")
    erased, _ = await member(community, "gone")
    example = SUSPENSION_CHANGED.examples[0] | {"community": community.name}
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    example["data"] = {**example["data"], "member_id": suspended, "stands": True, "starts_at": since}
    example["data"].pop("ends_at", None)
    async with community.begin() as tx:
        await on_guidelines(tx, [GUIDELINE_FACT.validate_python(example)])
    standing = {"bot": True}
    answered = await community.client.put(f"/v1/members/{bot}/standing", json=standing)
    assert answered.status_code == 200, answered.text
    await community.pool.execute(
        "update members set erased_at = now() where community = $1 and member_id = $2", community.name, erased
    )
    await declare(community, NPS, SOLVED | {"audience": "regulars"}, NPS | {"id": "few", "sample_percent": 1})
    await ask_all(community)
    # One question in the quiet days, whatever asks; the audience is not known to have anybody.
    await posted(community, 1, "ada")
    assert [(str(row["member_id"]), row["survey_id"]) for row in await ask_all(community)] == [(ada, "nps")]


async def test_after_an_event_somebody_is_asked_once_however_often_it_comes(community: Community) -> None:
    await declare(community, SOLVED, quiet_days=0)
    await posted(community, 1, "ada")
    await posted(community, 1, "ada")
    await posted(community, 2, "ada", time=(datetime.now(UTC) - timedelta(days=3)).isoformat())
    await posted(community, 3, "bert", data={"channel": "chat", "actor": {"id": "bert"}})

    (row,) = await ask_all(community)
    assert row["survey_id"] == "solved"
    assert not await community.pool.fetchval(
        "select count(*) from survey_triggers where community = $1", community.name
    )


async def test_anonymous_answers_are_joined_to_nobody(community: Community) -> None:
    await declare(community, SOLVED, quiet_days=0)
    names = [f"m{number}" for number in range(6)]
    for number, name in enumerate(names):
        await posted(community, number, name)

    invitations: Sequence[Any] = await ask_all(community)
    assert len(invitations) == 6
    links = [await token(community, row["invitation_id"]) for row in invitations]
    entries_before = await _entries(community)
    for place, link in enumerate(links[:4]):
        assert (await answer(community, link, score=place + 1)).status_code == 200
    # Four are known to nobody; once is once, also for two at once.
    async with community.begin() as tx:
        assert not await count_together(tx)
    problem(await answer(community, links[0], score=5), 409)
    pair = await asyncio.gather(answer(community, links[4], score=5), answer(community, links[4], score=1))
    assert sorted(one.status_code for one in pair) == [200, 409]
    # The invitation says the day and nothing else, and no entry, event or receipt says anything.
    rows = await community.pool.fetch(
        "select answered_on, score, choice from survey_invitations where community = $1 and answers_count > 0",
        community.name,
    )
    assert {(row["answered_on"], row["score"], row["choice"]) for row in rows} == {
        (rows[0]["answered_on"], None, None)
    }
    assert await _entries(community) == entries_before
    waiting = await community.pool.fetch(
        "select * from survey_answers_waiting where community = $1", community.name
    )
    assert {tuple(row.keys()) for row in waiting} == {("community", "survey_id", "answer_id", "answer")}
    async with community.begin() as tx:
        facts = []
        tx.tell = lambda *_, **said: facts.append(said)  # type: ignore[method-assign]
        assert await count_together(tx)
        # A later answer waits for another day, and for four more.
        assert not await count_together(tx)
    (fact,) = facts
    assert sum(fact["data"]["answers"].values()) == len(fact["data"]["answer_ids"]) == 5
    ids = {str(row["invitation_id"]) for row in invitations} | {str(row["member_id"]) for row in invitations}
    assert not any(one in orjson.dumps(fact["data"]).decode() for one in ids)


async def _entries(community: Community) -> int:
    sql = "select count(*) from audit_entries where community = $1 and command like '%survey%'"
    return int(await community.pool.fetchval(sql, community.name))


async def test_what_was_told_is_not_done_again_after_a_restore(community: Community) -> None:
    ada, _ = await member(community, "ada")
    invitation_id, counted_id = str(uuid4()), str(uuid4())
    answers = [str(uuid4()) for _ in range(5)]
    async with community.begin() as tx:
        for one in answers:
            of = {"community": community.name, "survey_id": "solved"}
            await store.add_waiting(tx.conn, **of, answer_id=one, answer="5")
    asked_fact = {
        "specversion": "1.0",
        "id": invitation_id,
        "source": "/plaudit/ingest",
        "type": "survey.asked.v1",
        "time": "2026-01-31T12:31:00Z",
        "community": community.name,
        "data": {
            "invitation_id": invitation_id,
            "survey": "nps",
            "programme_version": 1,
            "member_id": ada,
            "trigger": "2026-01-01",
            "asked_at": "2026-01-31T12:31:00Z",
            "asked_on": "2026-01-31",
            "closes_at": "2026-02-14T12:31:00Z",
        },
    }
    counted = asked_fact | {
        "id": counted_id,
        "type": "survey.counted.v1",
        "data": {
            "block_id": counted_id,
            "survey": "solved",
            "counted_on": "2026-01-31",
            "answers": {"5": 5},
            "answer_ids": answers,
        },
    }
    async with community.begin() as tx:
        await on_surveys_told(tx, [SURVEY_FACT.validate_python(one) for one in (asked_fact, counted)])
        await on_surveys_told(tx, [SURVEY_FACT.validate_python(one) for one in (asked_fact, counted)])
    rows = "select count(*) from survey_invitations where community = $1"
    assert await community.pool.fetchval(rows, community.name) == 1
    left = "select count(*) from survey_answers_waiting where community = $1"
    assert await community.pool.fetchval(left, community.name) == 0


async def test_only_where_answers_were_counted_that_nobody_has_here_a_survey_closes(community: Community) -> None:
    await declare(community, SOLVED, NPS, quiet_days=0)
    await posted(community, 1, "ada")
    asked = await ask_all(community)
    assert sorted(row["survey_id"] for row in asked) == ["nps", "solved"]
    here, elsewhere = ([str(uuid4()) for _ in range(5)] for _ in range(2))
    async with community.begin() as tx:
        for one in here:
            of = {"community": community.name, "survey_id": "solved"}
            await store.add_waiting(tx.conn, **of, answer_id=one, answer="5")

    async def still_open(answers: Sequence[str], *, days: int, told_after: int = 1) -> set[str]:
        """The surveys that are still open after it was told that answers were counted, so many days from today."""
        at = datetime.now(UTC)
        data = {
            "block_id": str(uuid4()),
            "survey": "solved",
            "counted_on": (at + timedelta(days=days)).date().isoformat(),
            "answers": {"5": 5},
            "answer_ids": answers,
        }
        counted = {
            "specversion": "1.0",
            "id": data["block_id"],
            "source": "/plaudit/ingest",
            "type": "survey.counted.v1",
            "time": (at + timedelta(hours=told_after)).isoformat(),
            "community": community.name,
            "data": data,
        }
        async with community.begin() as tx:
            await on_surveys_told(tx, [SURVEY_FACT.validate_python(counted)])
        open_now = "select survey_id from survey_invitations where community = $1 and closes_at > now()"
        return {row["survey_id"] for row in await community.pool.fetch(open_now, community.name)}

    # Who gave those that wait here is known to have answered; what was told of a day before is known.
    assert await still_open(here, days=0) == {"nps", "solved"}
    assert await still_open(elsewhere, days=-1) == {"nps", "solved"}
    # Who was asked afterwards has not answered by then.
    assert await still_open(elsewhere, days=1, told_after=-1) == {"nps", "solved"}
    assert await still_open(elsewhere, days=1) == {"nps"}


async def test_what_members_wrote_by_name_is_read_and_is_a_suggestion_of_theirs_once(community: Community) -> None:
    ada, ada_shows = await member(community, "ada")
    grace, grace_shows = await member(community, "grace")
    await declare(community, NPS, quiet_days=0)
    links = {
        str(row["member_id"]): await token(community, row["invitation_id"]) for row in await ask_all(community)
    }
    assert (await answer(community, links[ada], score=3, comment="Too bright.")).status_code == 200
    assert (await answer(community, links[ada], score=4, comment="Too bright at night.")).status_code == 200
    assert (await answer(community, links[grace], score=9)).status_code == 200

    async def read(shows: Any = None, **query: Any) -> Any:
        return await community.client.get("/v1/survey-answers", params={"survey": "nps"} | query, headers=shows)

    async def is_kept() -> Any:
        return (await read()).json()["items"]

    # What is changed stands as it is now, and a number alone is no word.
    (one,) = await until(is_kept)
    assert (one["words"], one["score"], one["member"]["member_id"]) == ("Too bright at night.", 4, ada)
    assert one["idea_id"] is None
    assert (await read(survey="other")).json()["items"] == []
    problem(await read(ada_shows), 403)
    problem(await read(after="x"), 422)

    async def suggest(shows: Any = None, **said: Any) -> Any:
        headers = {"Idempotency-Key": uuid4().hex} | (shows or {})
        body = {"title": "A dark theme", "answer": one["event_uid"]} | said
        return await community.client.post("/v1/ideas", json=body, headers=headers)

    assert problem(await suggest(ada_shows), 422)["errors"][0]["field"] == "/answer"
    assert problem(await suggest(author=grace), 422)["errors"][0]["field"] == "/answer"
    assert problem(await suggest(answer=str(uuid4())), 422)["errors"][0]["field"] == "/answer"
    made, again = await asyncio.gather(suggest(), suggest(title="Night mode"))
    assert (made.status_code, again.status_code) == (201, 201), (made.text, again.text)
    assert made.json()["idea_id"] == again.json()["idea_id"]
    (one,) = (await read()).json()["items"]
    assert one["idea_id"] == made.json()["idea_id"]
    mine = await community.client.get("/v1/ideas", headers=ada_shows)
    assert [item["is_own"] for item in mine.json()["items"]] == [True]

    # Changed again without words there are none, and what was suggested stays.
    assert (await answer(community, links[ada], score=5)).status_code == 200
    assert (await read()).json()["items"] == []
    assert len((await community.client.get("/v1/ideas", headers=grace_shows)).json()["items"]) == 1
