"""Members nominate and vote in rounds: one vote a person, of who may, counted before everybody, for good."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.ingest.nominations.handlers.rounds import decide
from services.ingest.surveys.handlers.asking import on_guidelines
from shared.access_keys import INSTALLATION
from shared.contracts.facts import GUIDELINE_FACT, SUSPENSION_CHANGED
from shared.topics import MESSAGES, RAW
from tests.integration.services.ingest.conftest import Community, problem
from tests.integration.services.ingest.test_check_ins import member
from tests.integration.services.ingest.test_ideas import community
from tests.integration.services.ingest.test_kudos import accepted
from tests.integration.services.world import authorization
from tests.waiting import until

__all__ = ["community"]
pytestmark = pytest.mark.stack


async def declare(community: Community, **more: Any) -> str:
    today = datetime.now(UTC).date()
    days = {"starts_on": today, "votes_from": today + timedelta(days=2), "ends_on": today + timedelta(days=4)}
    body = {name: day.isoformat() for name, day in days.items()} | {"title": "Helper of the year"} | more
    answer = await community.client.post(
        "/v1/nomination-rounds", json=body, headers={"Idempotency-Key": uuid4().hex}
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "nominating"
    return str(answer.json()["round_id"])


async def nominate(
    community: Community, shows: Mapping[str, str] | None, round_id: str, nominee: str, **more: Any
) -> Any:
    body = {"nominee": nominee, "citation": "She stays with everybody."} | more
    headers = {**(shows or {}), "Idempotency-Key": uuid4().hex}
    path = f"/v1/nomination-rounds/{round_id}/nominations"
    return await community.client.post(path, json=body, headers=headers)


async def act(community: Community, shows: Mapping[str, str] | None, nomination_id: str, verb: str) -> Any:
    path = f"/v1/nominations/{nomination_id}/{verb}"
    return await community.client.post(path, json={}, headers=dict(shows or {}))


async def shown(community: Community, round_id: str, shows: Mapping[str, str] | None = None) -> dict[str, Any]:
    answer = await community.client.get(f"/v1/nomination-rounds/{round_id}", headers=dict(shows or {}))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def go_to(community: Community, round_id: str, state: str) -> None:
    """Have a round be so far."""
    column = {"voting": "votes_from", "over": "ends_at"}[state]
    before = f"{column} = now() - interval '1 second'"
    sql = f"update nomination_rounds set {before} where community = $1 and round_id = $2"
    await community.pool.execute(sql, community.name, round_id)


async def decide_all(community: Community) -> list[dict[str, Any]]:
    """Have the timer decide what is over; what it told of the community, events and messages."""
    found = []
    while True:
        async with community.begin() as tx:
            is_decided = await decide(tx)
            told = [orjson.loads(value) for topic, _, value in tx._messages if topic in (RAW.name, MESSAGES.name)]
            found += [fact["data"] for fact in told if fact["community"] == community.name]
        if not is_decided:
            return found


async def test_a_round_from_nominations_to_a_result_that_stands(community: Community) -> None:
    people = {name: await member(community, name) for name in ("ada", "bo", "cat", "dan", "eve")}
    (ada, ada_shows), (bo, bo_shows), (cat, cat_shows), _, (eve, eve_shows) = people.values()
    round_id = await declare(community)
    first = await nominate(community, ada_shows, round_id, bo)
    assert first.status_code == 201, first.text
    # Nobody nominates themselves, or twice the same; votes are not given yet.
    assert problem(await nominate(community, ada_shows, round_id, ada), 409)["type"].endswith(":own-nomination")
    assert problem(await nominate(community, cat_shows, round_id, bo), 409)["type"].endswith(":already-nominated")
    problem(await nominate(community, None, round_id, cat), 422)
    problem(await nominate(community, bo_shows, round_id, cat, citation="\u200b"), 422)
    problem(await nominate(community, bo_shows, str(uuid4()), cat), 404)
    of_bo = first.json()["nomination_id"]
    problem(await act(community, cat_shows, of_bo, "vote"), 409)
    of_cat = (await nominate(community, bo_shows, round_id, cat)).json()["nomination_id"]
    of_ada = (await nominate(community, bo_shows, round_id, ada)).json()["nomination_id"]
    # Only who is nominated says whether they stand.
    problem(await act(community, cat_shows, of_bo, "decline"), 404)
    assert (await act(community, ada_shows, of_ada, "decline")).json()["said"] == "declined"

    await go_to(community, round_id, "voting")
    problem(await nominate(community, ada_shows, round_id, eve), 409)
    problem(await act(community, bo_shows, of_bo, "vote"), 409)
    problem(await act(community, bo_shows, of_ada, "vote"), 409)
    # Several at once are one vote; who votes for another takes it from the first.
    answers = await asyncio.gather(*(act(community, ada_shows, of_bo, "vote") for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200] * 3, [answer.text for answer in answers]
    for shows, of in ((eve_shows, of_bo), (eve_shows, of_cat), (people["dan"][1], of_cat)):
        assert (await act(community, shows, of, "vote")).status_code == 200
    seen = await shown(community, round_id, eve_shows)
    assert {one["votes"] for one in seen["nominations"]} == {None}
    assert [one["nomination_id"] for one in seen["nominations"] if one["has_my_vote"]] == [of_cat]

    assert await decide_all(community) == []
    await go_to(community, round_id, "over")
    problem(await act(community, cat_shows, of_bo, "vote"), 409)
    told = await decide_all(community)
    assert [(one["votes"], one["place"]) for one in (fact["data"] for fact in told if "type" in fact)] == [(2, 1)]
    assert [one["member_id"] for one in told if "kind" in one] == [cat]
    assert await decide_all(community) == []
    seen = await shown(community, round_id, eve_shows)
    assert seen["state"] == "decided"
    places = [(one["nomination_id"], one["votes"], one["place"], one["has_won"]) for one in seen["nominations"]]
    assert places == [(of_cat, 2, 1, True), (of_bo, 1, 2, False), (of_ada, 0, None, None)]
    await accepted(community, first.json()["event_uid"])
    [of_first] = [
        one
        for one in (await shown(community, round_id, eve_shows))["nominations"]
        if one["nomination_id"] == of_bo
    ]
    assert of_first["citation"] == "She stays with everybody."
    listed = (await community.client.get("/v1/nomination-rounds", params={"limit": 1})).json()["items"]
    assert [one["round_id"] for one in listed] == [round_id]
    problem(await community.client.post(f"/v1/nomination-rounds/{round_id}/cancel", json={"reason": "No."}), 409)


async def test_votes_are_of_people_who_may_and_ties_are_ties(community: Community) -> None:
    people = {name: await member(community, name) for name in ("ada", "bo", "cat", "dan", "eve", "fay")}
    ids = {name: one[0] for name, one in people.items()}
    shows = {name: one[1] for name, one in people.items()}
    round_id = await declare(community, voters="regulars", live=True, needs_yes=True)
    of_ada = (await nominate(community, shows["bo"], round_id, ids["ada"])).json()["nomination_id"]
    of_bo = (await nominate(community, shows["ada"], round_id, ids["bo"])).json()["nomination_id"]
    await go_to(community, round_id, "voting")
    for name in ("cat", "dan", "eve"):
        await community.pool.execute(
            "insert into followed_audiences values ($1, 'regulars', $2, 1, true, now())", community.name, ids[name]
        )
    # Who is not in the audience at that moment has no vote, and nobody before they said yes.
    problem(await act(community, shows["cat"], of_ada, "vote"), 409)
    for name, of in (("ada", of_ada), ("bo", of_bo)):
        assert (await act(community, shows[name], of, "accept")).json()["said"] == "accepted"
    refused = problem(await act(community, shows["fay"], of_ada, "vote"), 409)
    assert refused["type"].endswith(":not-of-audience")
    for name, of in (("cat", of_ada), ("dan", of_bo), ("eve", of_bo)):
        assert (await act(community, shows[name], of, "vote")).status_code == 200
    counted = (await shown(community, round_id, shows["fay"]))["nominations"]
    assert [(one["nomination_id"], one["votes"]) for one in counted] == [(of_bo, 2), (of_ada, 1)]

    # Who are one person have one vote, the last; apart they are what they were.
    merge = f"/v1/members/{ids['dan']}/{{}}".format
    assert (await community.client.post(merge("merge"), json={"member_id": ids["eve"]})).status_code == 200
    counted = (await shown(community, round_id))["nominations"]
    assert {one["nomination_id"]: one["votes"] for one in counted} == {of_ada: 1, of_bo: 1}
    await go_to(community, round_id, "over")
    await decide_all(community)
    counted = (await shown(community, round_id))["nominations"]
    assert [(one["place"], one["has_won"]) for one in counted] == [(1, True), (1, True)]
    # What stands does not change any more.
    assert (await community.client.post(merge("unmerge"), json={"member_id": ids["eve"]})).status_code == 200
    assert [one["votes"] for one in (await shown(community, round_id))["nominations"]] == [1, 1]


async def test_who_is_suspended_neither_votes_nor_stands_and_who_is_forgotten_is_gone(
    community: Community,
) -> None:
    people = {name: await member(community, name) for name in ("ada", "bo", "cat", "dan")}
    ids = {name: one[0] for name, one in people.items()}
    shows = {name: one[1] for name, one in people.items()}
    round_id = await declare(community)
    of_ada = (await nominate(community, shows["bo"], round_id, ids["ada"])).json()["nomination_id"]
    of_bo = (await nominate(community, shows["ada"], round_id, ids["bo"])).json()["nomination_id"]
    await go_to(community, round_id, "voting")
    assert (await act(community, shows["dan"], of_ada, "vote")).status_code == 200
    example = SUSPENSION_CHANGED.examples[0] | {"community": community.name}
    for name in ("ada", "cat"):
        said = {"suspension_id": str(uuid4()), "member_id": ids[name], "stands": True}
        said["starts_at"] = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        data = {field: value for field, value in example["data"].items() if field != "ends_at"} | said
        async with community.begin() as tx:
            await on_guidelines(tx, [GUIDELINE_FACT.validate_python(example | {"data": data})])
    problem(await act(community, shows["cat"], of_bo, "vote"), 409)
    other = await declare(community)
    problem(await nominate(community, shows["bo"], other, ids["cat"]), 409)
    assert of_ada not in {
        one["nomination_id"] for one in (await shown(community, round_id, shows["dan"]))["nominations"]
    }
    await go_to(community, round_id, "over")
    assert await decide_all(community) == []
    found = {one["nomination_id"]: one for one in (await shown(community, round_id))["nominations"]}
    assert (found[of_ada]["has_won"], found[of_bo]["has_won"]) == (None, False)

    erased = await community.client.post(f"/v1/members/{ids['ada']}/erase", json={"points": "nothing"})
    assert erased.status_code in (200, 202), erased.text
    assert (await shown(community, round_id))["nominations"] == []
    cancelled = await community.client.post(
        f"/v1/nomination-rounds/{other}/cancel", json={"reason": "Nobody is left."}
    )
    assert cancelled.json()["state"] == "cancelled"


async def test_the_days_of_a_round_are_one_after_another(community: Community) -> None:
    today = datetime.now(UTC).date()

    async def tried(starts: int, votes: int, ends: int) -> Any:
        days = zip(("starts_on", "votes_from", "ends_on"), (starts, votes, ends), strict=True)
        body = {name: (today + timedelta(days=day)).isoformat() for name, day in days} | {"title": "T"}
        headers = {"Idempotency-Key": uuid4().hex}
        return await community.client.post("/v1/nomination-rounds", json=body, headers=headers)

    for days in ((1, 1, 2), (0, 3, 2), (-9, -5, -2), (0, 1, 400)):
        assert problem(await tried(*days), 422)["type"].endswith(":invalid-round-days")
    assert (await tried(1, 2, 2)).json()["state"] == "planned"


async def test_everybody_sees_who_stands_where_the_community_says_so(community: Community) -> None:
    people = {name: await member(community, name) for name in ("ada", "bo", "cat", "dan", "eve")}
    ids = {name: one[0] for name, one in people.items()}
    shows = {name: one[1] for name, one in people.items()}
    round_id, given_up = await declare(community, voters="regulars"), await declare(community)
    reason = {"reason": "Its days were wrong."}
    cancelled = await community.client.post(f"/v1/nomination-rounds/{given_up}/cancel", json=reason)
    assert cancelled.status_code == 200
    made = {}
    for by, of in (("ada", "bo"), ("bo", "cat"), ("cat", "dan"), ("dan", "eve")):
        answer = await nominate(community, shows[by], round_id, ids[of], citation=f"By {by}.")
        made[of] = answer.json()["nomination_id"]
        await accepted(community, answer.json()["event_uid"])
    assert (await act(community, shows["dan"], made["dan"], "decline")).status_code == 200

    async def named(name: str, what: str) -> None:
        sql = f"update members set {what} where community = $1 and member_id = $2"
        await community.pool.execute(sql, community.name, ids[name])

    for name in ids:
        await named(name, f"name = '{name.title()}'")
    # Dan wants no part in what others see, and wrote why Eve is nominated.
    await named("dan", "off_boards_wish = true")

    visits = {"Plaudit-Community": community.name, "Authorization": ""}
    public = f"/v1/nomination-rounds/{round_id}/public"
    assert (await community.client.get(public, headers=visits)).status_code == 401
    office = await authorization(community.pool, INSTALLATION, "communities:write")
    declared = {"id": community.name, "title": "Makers", "time_zone": "UTC", "public": ["nominations", "names"]}
    said = await community.client.post("/v1/communities", json=declared, headers=office)
    assert said.status_code == 201, said.text

    async def seen() -> Any:
        answer = await community.client.get(public, headers=visits)
        return answer.json() if answer.status_code == 200 else None

    found = await until(seen)
    assert (found["voters"], found["state"]) == (None, "nominating")
    told = {one["nominee"]["name"]: (one["citation"], one["votes"]) for one in found["nominations"]}
    assert told == {"Bo": ("By ada.", None), "Cat": ("By bo.", None), "Eve": (None, None)}
    # Who nominated is told nowhere.
    assert "nominator" not in found["nominations"][0]
    rounds = await community.client.get("/v1/nomination-rounds", headers=visits)
    assert [(one["round_id"], one["voters"]) for one in rounds.json()["items"]] == [(round_id, None)]
    gone = f"/v1/nomination-rounds/{given_up}/public"
    problem(await community.client.get(gone, headers=visits), 404)
    assert (await community.client.get(f"/v1/nomination-rounds/{round_id}", headers=visits)).status_code == 401

    await go_to(community, round_id, "voting")
    regular = "insert into followed_audiences values ($1, 'regulars', $2, 1, true, now())"
    for member_id in ids.values():
        await community.pool.execute(regular, community.name, member_id)
    for by, of in (("ada", "cat"), ("dan", "cat"), ("bo", "eve"), ("cat", "bo"), ("eve", "bo")):
        assert (await act(community, shows[by], made[of], "vote")).status_code == 200
    assert {one["votes"] for one in (await until(seen))["nominations"]} == {None}
    feed = "/v1/nomination-rounds/feed"
    assert (await community.client.get(feed, headers=visits)).json()["items"] == []
    await go_to(community, round_id, "over")
    await decide_all(community)
    counted = (await until(seen))["nominations"]
    assert [(one["nominee"]["name"], one["votes"], one["place"]) for one in counted] == [
        ("Bo", 2, 1),
        ("Cat", 2, 1),
        ("Eve", 1, 3),
    ]
    told_of = await community.client.get(feed, headers=visits)
    assert told_of.headers["content-type"] == "application/feed+json"
    assert [one["content_text"] for one in told_of.json()["items"]] == ["1. Bo: 2\n1. Cat: 2"]
    # Whoever wants no part in it any more is not there; the others stay what they are.
    await named("bo", "off_boards_wish = true")
    assert [(one["nominee"]["name"], one["place"]) for one in (await until(seen))["nominations"]] == [
        ("Cat", 1),
        ("Eve", 3),
    ]
    told_of = await community.client.get(feed, headers=visits)
    assert [one["content_text"] for one in told_of.json()["items"]] == ["1. Cat: 2"]
