"""Members suggest and vote within limits; suggestions go on, are joined, and whom it concerns is told."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.ingest.events.domain.judgement import event_uid
from services.ingest.ideas.domain import CHANNEL, HOST, SOURCE, vote_name
from services.ingest.ideas.handlers import IdeaEvent, count_stale, lock_shown, note_ideas
from services.ingest.suggesting.handlers import tell
from services.ingest.surveys.handlers.asking import on_guidelines
from services.ingest.walls.handlers import on_programmes
from shared.contracts.facts import CASE_CHANGED, GUIDELINE_FACT, PROGRAMME_PUBLISHED, SUSPENSION_CHANGED
from shared.topics import MESSAGES
from tests.integration.services.ingest.conftest import SCOPES, Community, problem
from tests.integration.services.ingest.test_check_ins import member
from tests.integration.services.ingest.test_kudos import accepted
from tests.integration.services.world import authorization
from tests.waiting import until

pytestmark = pytest.mark.stack
RUNNING = ("recognition:read", "recognition:write", "messages:read", "messages:write", "members:erase")


@pytest.fixture
async def community(community: Community) -> Community:
    """A community, and somebody in it who runs it."""
    headers = await authorization(community.pool, community.name, *SCOPES, *RUNNING)
    community.client.headers.update(headers)
    return community


async def suggest(
    community: Community, shows: Mapping[str, str] | None, title: str = "A dark theme", **more: Any
) -> Any:
    key = more.pop("key", None) or uuid4().hex
    headers = {**(shows or {}), "Idempotency-Key": key}
    return await community.client.post("/v1/ideas", json={"title": title} | more, headers=headers)


async def act(community: Community, shows: Mapping[str, str] | None, idea_id: str, verb: str, **body: Any) -> Any:
    return await community.client.post(f"/v1/ideas/{idea_id}/{verb}", json=body, headers=dict(shows or {}))


async def ideas(
    community: Community, shows: Mapping[str, str] | None = None, **query: Any
) -> list[dict[str, Any]]:
    answer = await community.client.get("/v1/ideas", params=query, headers=dict(shows or {}))
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def made(community: Community, shows: Mapping[str, str], title: str = "A dark theme") -> str:
    answer = await suggest(community, shows, title)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["idea_id"])


async def votes(community: Community, idea_id: str) -> int:
    """How many voted, once nothing is to be counted anew."""
    async with community.begin() as tx:
        while await count_stale(tx):
            pass
    answer = await community.client.get(f"/v1/ideas/{idea_id}")
    return int(answer.json()["votes"])


async def test_members_suggest_and_vote_once_and_withdraw(community: Community) -> None:
    ada, ada_shows = await member(community, "ada")
    grace, grace_shows = await member(community, "grace")
    first = await suggest(community, ada_shows, text="At night it is too bright.\nReally.", language="en", key="k")
    again = await suggest(community, ada_shows, text="At night it is too bright.\nReally.", language="en", key="k")
    assert (first.status_code, again.json()) == (201, first.json()), first.text
    one = first.json()["idea_id"]
    assert (first.json()["state"], first.json()["votes"], first.json()["seen"]) == ("new", 0, "shown")

    # Several at once are one vote; nobody votes for their own.
    answers = await asyncio.gather(*(act(community, grace_shows, one, "vote") for _ in range(3)))
    assert [(answer.status_code, answer.json().get("votes")) for answer in answers] == [(200, 1)] * 3, [
        answer.text for answer in answers
    ]
    assert problem(await act(community, ada_shows, one, "vote"), 409)["type"].endswith(":own-idea")
    problem(await act(community, grace_shows, str(uuid4()), "vote"), 404)
    problem(await act(community, grace_shows, one, "vote", member=ada), 422)
    problem(await act(community, None, one, "vote"), 422)
    problem(await suggest(community, ada_shows, author=grace), 422)
    problem(await suggest(community, ada_shows, "two\nlines"), 422)
    problem(await suggest(community, ada_shows, "\u200b \u200b"), 422)

    await accepted(community, first.json()["event_uid"])
    [shown] = await ideas(community, grace_shows)
    assert (shown["title"], shown["text"]) == ("A dark theme", "At night it is too bright.\nReally.")
    assert (shown["author"]["member_id"], shown["is_own"], shown["has_voted"]) == (ada, False, True)
    # A vote is an event, and its withdrawal takes it back.
    await accepted_event(community, f"{one}/vote/{grace}/1")
    for _ in range(2):
        back = await act(community, grace_shows, one, "withdraw")
        assert (back.status_code, back.json()["votes"]) == (200, 0), back.text
    for number in range(2, 11):
        again = await act(community, grace_shows, one, "vote")
        assert (again.status_code, again.json().get("votes")) == (200, 1), (number, again.text)
        back = await act(community, grace_shows, one, "withdraw")
        assert (back.status_code, back.json().get("votes")) == (200, 0), (number, back.text)
    assert "10 times" in problem(await act(community, grace_shows, one, "vote"), 409)["detail"]
    # A key does so for a member.
    assert (await act(community, None, one, "vote", member="forum:edith")).status_code == 404
    _, _ = await member(community, "edith")
    assert (await act(community, None, one, "vote", member="forum:edith")).json()["votes"] == 1
    assert (await suggest(community, None, author="forum:edith")).status_code == 201
    # So many on a day.
    for _ in range(4):
        assert (await suggest(community, ada_shows)).status_code == 201
    assert problem(await suggest(community, ada_shows), 409)["type"].endswith(":too-many-ideas")


async def test_votes_and_the_worker_at_once_never_wait_for_one_another(community: Community) -> None:
    """A vote changes itself and what it is for, and so does the worker when the vote's event comes back to it."""
    _, ada_shows = await member(community, "ada")
    voters = [await member(community, f"voter-{number}") for number in range(4)]
    one, other = await made(community, ada_shows, "Dark"), await made(community, voters[0][1], "Night")
    happened_at = datetime.now(UTC).isoformat()

    def voted(voter_id: str, idea_id: str) -> IdeaEvent:
        name = vote_name(idea_id, voter_id, 1)
        data = {"channel": CHANNEL, "host": HOST, "object": {"id": idea_id}}
        told = {"source": SOURCE, "type": "idea.voted.v1", "id": name, "time": happened_at, "data": data}
        return IdeaEvent(community.name, event_uid(community.name, SOURCE, name), told, voter_id)

    async def again_and_again(shows: Mapping[str, str]) -> list[int]:
        found = []
        for number in range(20):
            answer = await act(community, shows, one, ("vote", "withdraw")[number % 2])
            found.append(answer.status_code)
        return found

    async def worker(turn: int) -> None:
        for _ in range(30):
            async with community.begin() as tx:
                told = [voted(voter_id, idea_id) for voter_id, _ in voters[1:] for idea_id in (other, one)[::turn]]
                await lock_shown(tx, told=told, said=[])
                await note_ideas(tx, told=told)

    answers = await asyncio.gather(
        *(again_and_again(shows) for _, shows in voters[1:] for _ in range(2)), worker(1), worker(-1)
    )
    statuses = {status for found in answers if found is not None for status in found}
    # Of two at once the second may find that they voted so often already.
    assert statuses <= {200, 409}, statuses


async def test_most_votes_come_first_and_pages_and_states_part_them(community: Community) -> None:
    _, ada_shows = await member(community, "ada")
    voters = [(await member(community, f"voter-{number}"))[1] for number in range(3)]
    made_here = [await made(community, ada_shows, f"Idea {number}") for number in range(4)]
    for number, idea_id in enumerate(made_here):
        for shows in voters[:number]:
            assert (await act(community, shows, idea_id, "vote")).status_code == 200
    assert [one["idea_id"] for one in await ideas(community)] == made_here[::-1]
    assert [one["idea_id"] for one in await ideas(community, sort="newest")] == made_here[::-1]
    for sort in ("votes", "newest"):
        path: dict[str, Any] = {"sort": sort, "limit": 3}
        page = (await community.client.get("/v1/ideas", params=path)).json()
        rest = (await community.client.get("/v1/ideas", params=path | {"after": page["next"]})).json()
        assert [one["idea_id"] for one in page["items"] + rest["items"]] == made_here[::-1]
    moved = await act(community, None, made_here[0], "move", state="planned", note="Soon.")
    assert (moved.status_code, moved.json()["state"]) == (200, "planned"), moved.text
    assert [one["idea_id"] for one in await ideas(community, state="planned")] == made_here[:1]
    assert len(await ideas(community, state="new")) == 3


async def test_a_suggestion_goes_on_step_by_step_and_whom_it_concerns_is_told_once(community: Community) -> None:
    ada, ada_shows = await member(community, "ada")
    grace, grace_shows = await member(community, "grace")
    one = await made(community, ada_shows)
    assert (await act(community, grace_shows, one, "vote")).status_code == 200
    problem(await act(community, grace_shows, one, "move", state="done", note="No."), 403)
    problem(await act(community, None, one, "move", state="planned", note=" "), 422)
    problem(await act(community, None, one, "move", state="planned", note="\u200b"), 422)
    problem(await act(community, None, one, "move", state="joined", note="No."), 422)
    assert "may become" in problem(await act(community, None, one, "move", state="new", note="No."), 409)["detail"]
    for state in ("planned", "done", "planned", "declined"):
        answer = await act(community, None, one, "move", state=state, note=f"It is {state}.")
        assert (answer.status_code, answer.json()["state"]) == (200, state), answer.text
    problem(await act(community, grace_shows, one, "vote"), 409)
    whole = (await community.client.get(f"/v1/ideas/{one}", headers=grace_shows)).json()
    assert [(move["state"], move["note"]) for move in whole["moves"]][:2] == [
        ("planned", "It is planned."),
        ("done", "It is done."),
    ]
    problem(await community.client.get(f"/v1/ideas/{uuid4()}"), 404)

    # Each is told once of each step.
    told = await tell_all(community)
    assert {one["member_id"] for one in told} == {ada, grace}
    assert sorted((one["values"]["state"], one["values"]["own"]) for one in told if one["member_id"] == ada) == [
        ("declined", "yes"),
        ("done", "yes"),
        ("planned", "yes"),
        ("planned", "yes"),
    ]
    assert [one["values"]["own"] for one in told if one["member_id"] == grace] == [""] * 4
    assert next(one["values"]["note"] for one in told if one["values"]["state"] == "done") == "It is done."
    assert len({one["request_id"] for one in told}) == 8
    assert await tell_all(community) == []
    await accepted_event(community, f"{one}/move/2")


async def tell_all(community: Community) -> list[dict[str, Any]]:
    """Have the timer tell all that is to be told; who of the community is to be written to of what."""
    found = []
    while True:
        async with community.begin() as tx:
            is_told = await tell(tx)
            facts = [orjson.loads(value) for topic, _, value in tx._messages if topic == MESSAGES.name]
            found += [fact["data"] for fact in facts if fact["community"] == community.name]
        if not is_told:
            return found


async def accepted_event(community: Community, event_id: str) -> None:
    """Wait until the worker has taken an event of a suggestion."""
    uid = event_uid(community.name, SOURCE, event_id)

    async def taken() -> Any:
        sql = "select true from receipts where community = $1 and event_uid = $2 and outcome = 'accepted'"
        return await community.pool.fetchval(sql, community.name, uid)

    await until(taken)


async def test_the_votes_of_what_is_joined_count_once_and_merges_are_exact(community: Community) -> None:
    ada, ada_shows = await member(community, "ada")
    _, grace_shows = await member(community, "grace")
    edith, edith_shows = await member(community, "edith")
    mary, mary_shows = await member(community, "mary")
    first, second = await made(community, ada_shows, "Dark"), await made(community, grace_shows, "Night")
    third = await made(community, mary_shows, "Black")
    for shows, idea_id in ((edith_shows, first), (edith_shows, second), (mary_shows, second), (ada_shows, second)):
        assert (await act(community, shows, idea_id, "vote")).status_code == 200
    assert [await votes(community, one) for one in (first, second, third)] == [1, 3, 0]

    problem(await act(community, None, first, "join", to=first, note="Same."), 409)
    problem(await act(community, None, first, "join", to=str(uuid4()), note="Same."), 404)
    problem(await act(community, grace_shows, first, "join", to=second, note="Same."), 403)
    joined = await act(community, None, second, "join", to=first, note="Both ask for it.")
    assert (joined.status_code, joined.json()["state"], joined.json()["joined_to"]) == (200, "joined", first)
    # Edith once, Mary, and Grace, who suggested it; Ada, who suggested the other, is no vote for it.
    assert await votes(community, first) == 3
    assert [one["idea_id"] for one in await ideas(community)] == [first, third]
    assert [one["idea_id"] for one in await ideas(community, state="joined")] == [second]
    problem(await act(community, edith_shows, second, "vote"), 409)
    problem(await act(community, None, third, "join", to=second, note="Same."), 409)
    # What was joined to one goes with it.
    assert (await act(community, None, first, "join", to=third, note="All three.")).status_code == 200
    assert await votes(community, third) == 3  # Edith, Grace and Ada; Mary suggested it
    assert (await act(community, None, first, "move", state="new", note="Not the same.")).status_code == 200
    assert [await votes(community, one) for one in (first, third)] == [1, 3]

    # Who is one person has one vote, and none for their own; apart they are again what they were.
    merge = f"/v1/members/{ada}/{{}}".format
    assert (await community.client.post(merge("merge"), json={"member_id": edith})).status_code == 200
    assert [await votes(community, one) for one in (first, second, third)] == [0, 2, 2]
    assert (await community.client.post(merge("unmerge"), json={"member_id": edith})).status_code == 200
    assert [await votes(community, one) for one in (first, second, third)] == [1, 3, 3]
    assert mary


async def test_words_of_a_list_and_decisions_hide_a_suggestion(community: Community) -> None:
    reading = await authorization(community.pool, community.name, "recognition:read")
    _, ada_shows = await member(community, "ada")
    _, grace_shows = await member(community, "grace")
    words = [{"language": "en", "category": "insult", "words": ["blockhead"]}]
    example = PROGRAMME_PUBLISHED.examples[0]
    data = example["data"] | {
        "document": {"guidelines": {"words": words}},
        "version": 1,
        "effective_from": "2026-01-01T00:00:00Z",
    }
    async with community.begin() as tx:
        fact = example | {"community": community.name, "data": data}
        await on_programmes(tx, [PROGRAMME_PUBLISHED.adapter.validate_python(fact)])
    rude = await suggest(community, ada_shows, "Sack that BLOCKHEAD")
    assert rude.json()["seen"] == "waiting"
    one = rude.json()["idea_id"]
    assert await ideas(community, grace_shows) == []
    problem(await act(community, grace_shows, one, "vote"), 404)
    problem(await community.client.get(f"/v1/ideas/{one}", headers=grace_shows), 404)
    await accepted(community, rude.json()["event_uid"])
    assert [item["seen"] for item in await ideas(community, ada_shows)] == ["waiting"]
    assert [item["seen"] for item in await ideas(community, reading)] == ["waiting"]
    for revision, (state, seen) in enumerate((("dismissed", ["shown"]), ("upheld", [])), 1):
        said = {"channel": CHANNEL, "host": HOST, "object_id": one, "state": state, "revision": revision}
        case = CASE_CHANGED.examples[0] | {"community": community.name}
        case["data"] = case["data"] | said
        async with community.begin() as tx:
            await on_guidelines(tx, [GUIDELINE_FACT.validate_python(case)])
        assert [item["seen"] for item in await ideas(community, grace_shows)] == seen
    assert [item["seen"] for item in await ideas(community, ada_shows)] == ["hidden"]


async def test_who_is_suspended_neither_suggests_nor_votes_and_who_is_forgotten_is_gone(
    community: Community,
) -> None:
    ada, ada_shows = await member(community, "ada")
    grace, grace_shows = await member(community, "grace")
    one, other = await made(community, ada_shows), await made(community, grace_shows, "Another")
    assert (await act(community, grace_shows, one, "vote")).status_code == 200
    assert (await act(community, ada_shows, other, "vote")).status_code == 200
    now = datetime.now(UTC)
    example = SUSPENSION_CHANGED.examples[0] | {"community": community.name}
    example["data"] = example["data"] | {
        "suspension_id": str(uuid4()),
        "member_id": grace,
        "stands": True,
        "starts_at": (now - timedelta(hours=1)).isoformat(),
    }
    example["data"].pop("ends_at", None)
    async with community.begin() as tx:
        await on_guidelines(tx, [GUIDELINE_FACT.validate_python(example)])
    assert problem(await suggest(community, grace_shows), 409)["type"].endswith(":suspended-member")
    problem(await act(community, grace_shows, one, "vote"), 409)
    assert (await act(community, grace_shows, one, "withdraw")).json()["votes"] == 0

    erased = await community.client.post(f"/v1/members/{ada}/erase", json={"points": "nothing"})
    assert erased.status_code in (200, 202), erased.text
    assert [item["idea_id"] for item in await ideas(community)] == [other]
    assert await votes(community, other) == 0
    for table in ("ideas", "idea_votes"):
        column = "author_id" if table == "ideas" else "member_id"
        sql = f"select count(*) from {table} where community = $1 and {column} = $2"
        assert await community.pool.fetchval(sql, community.name, ada) == 0


async def test_nobody_goes_on_with_what_they_suggested_themselves(community: Community) -> None:
    ada, ada_shows = await member(community, "ada")
    grace, grace_shows = await member(community, "grace")
    own, other = await made(community, ada_shows), await made(community, grace_shows, "Another")
    tied = "update followed_people set members = array[$2::uuid] where community = $1"
    await community.pool.execute(tied, community.name, ada)
    refused = problem(await act(community, None, own, "move", state="planned", note="Mine."), 403)
    assert refused["type"].endswith(":about-yourself")
    problem(await act(community, None, own, "join", to=other, note="Mine."), 403)
    assert (await act(community, None, other, "move", state="planned", note="Not mine.")).status_code == 200
    assert grace
