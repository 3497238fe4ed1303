"""The quality of content as it is kept: judged, weighed, read by rules, given points for, and told why."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from services.scoring.awards.handlers.of_content import give_for_content
from services.scoring.guidelines.handlers.folding import put, work_off
from services.scoring.prizes.handlers import on_grants
from services.scoring.quality.handlers.trusting import on_members, weigh_due, work_out
from services.scoring.voids.domain import Void, Why
from shared.contracts.facts import MEMBER_IDENTIFIED, POINTS_AWARDED, RECOGNITION_FACT
from tests.integration.services.merging import Merging
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

DAY = timedelta(days=1)
BEST = {"by": "month", "day": "2026-03-04"}
RULES = """
programme: demo
title: Demo
scores: [{id: good, title: Good content}]
quality: {score: good, points: 100, trusted: {staff: true, after_days: 0}}
rules:
  - id: accepted
    title: Had an answer accepted
    on: [forum.answer_accepted.v1]
    to: object_author
    points: 20
    points_by: {cel: "20.0 * judge_trust"}
  - {id: good-vote, title: Good, on: [content.voted.v1], to: object_author, points: 1, when: quality >= 0.6}
"""


def told(world: Any, member: str, *, staff: bool = False, revision: int = 1) -> Any:
    data: dict[str, Any] = {
        "member_id": world.uuid(member),
        "identities": [world.identity("forum", member)],
        "channel": "forum",
        "first_seen_at": NOON,
        "revision": revision,
        "name": member.title(),
    }
    if staff:
        data["standing"] = {"staff": "hand"}
    return MEMBER_IDENTIFIED.adapter.validate_python(
        world.fact("member.identified.v1", f"{member} {revision}", data)
    )


def post(world: Any, name: str, by: str, at: datetime = NOON) -> Any:
    return world.event(
        f"made {name}", by, None, type="forum.post.v1", time=at, data={"channel": "forum", "object": {"id": name}}
    )


def vote(
    world: Any, name: str, of: str, by: str, *, vote: str = "up", at: datetime = NOON, event: str = ""
) -> Any:
    data = {"channel": "forum", "object": {"id": name, "author": {}}, "vote": vote}
    return world.event(event or f"{by} on {name}", by, of, type="content.voted.v1", time=at, data=data)


def accept(world: Any, name: str, of: str, by: str) -> Any:
    data = {"channel": "forum", "object": {"id": name, "author": {}}}
    return world.event(f"{by} accepts {name}", by, of, type="forum.answer_accepted.v1", data=data)


async def settle(world: Any) -> None:
    for timer in (weigh_due, give_for_content):
        is_more = True
        while is_more:
            async with world.begin() as tx:
                is_more = await timer(tx)


def level(world: Any, member: str, name: str, *, back: bool = False) -> Any:
    grant = f"{name} of {member}"
    data = {
        "grant_id": world.uuid(f"{grant} taken" if back else grant),
        "member_id": world.uuid(member),
        "kind": "level",
        "id": name,
        "title": name.title(),
        "event_time": NOON,
        "programme_version": 1,
        **({"reverses": world.uuid(grant)} if back else {}),
    }
    return RECOGNITION_FACT.validate_python(world.fact("recognition.granted.v1", f"{grant} {back}", data))


async def compute(world: Any) -> None:
    """Work out trust until nobody waits; other tests' communities too."""
    is_more = True
    while is_more:
        async with world.begin() as tx:
            tx.now += timedelta(minutes=5)
            before = await tx.conn.fetchval(
                "select computed_at from quality_trust_runs where community = $1", world.community
            )
            is_more = await work_out(tx)
            after = await tx.conn.fetchval(
                "select computed_at from quality_trust_runs where community = $1", world.community
            )
        if before != after:
            return


async def qualities(api: Any, **query: Any) -> dict[str, float]:
    answer = await api.get("/v1/content/best", params={"by": "month", "day": "2026-03-04", **query})
    assert answer.status_code == 200, answer.text
    return {one["object_id"]: one["quality"] for one in answer.json()["items"]}


async def sums(world: Any) -> list[tuple[Any, ...]]:
    rows = await world.pool.fetch(
        "select object_id, is_gone, outcomes, weighed, plus, total, author_id, made_uid from quality_contents"
        " where community = $1 order by object_id",
        world.community,
    )
    return [tuple(row) for row in rows]


async def test_a_level_that_opens_judge_makes_whoever_has_it_trusted_from_then_on(world: Any, api: Any) -> None:
    levels = """
recognition:
  levels:
    - {id: reader, title: Reader, points: 1}
    - {id: judge, title: Judge, by_hand: true, opens: [judge]}
"""
    await world.publish(RULES + levels)
    members = ("bob", "ada", "eve", "fay")
    await world.handle(on_members, *(told(world, member) for member in members))

    async def trust(member: str) -> float:
        answer = await api.get(f"/v1/members/{world.uuid(member)}/quality")
        return float(answer.json()["trust"])

    async def weighs(by: str, name: str) -> int:
        row = await world.pool.fetchrow(
            "select trust, total from quality_judgements where community = $1 and event_uid = $2",
            world.community,
            world.uuid(f"event {by} on {name}"),
        )
        assert (row["trust"] > 0) == (row["total"] > 0)
        return int(row["trust"])

    await world.score(*(post(world, name, "bob") for name in ("one", "two", "three")))
    await world.score(vote(world, "one", "bob", "ada"))
    # Another level opens nothing; what was said before stays as it was decided.
    await world.handle(on_grants, level(world, "eve", "reader"), level(world, "ada", "judge"))
    assert [await trust(member) for member in members] == [0, 1, 0, 0]
    await world.score(vote(world, "two", "bob", "ada", at=NOON + 31 * DAY), vote(world, "two", "bob", "eve"))
    assert [await weighs("ada", "one"), await weighs("ada", "two"), await weighs("eve", "two")] == [0, 1000, 0]
    # Whoever is one person with them is as trusted, and not once they part.
    merging = Merging(world, on_members)
    await merging.merge("fay", "ada")
    await world.score(vote(world, "three", "bob", "fay"))
    await merging.unmerge("fay")
    assert (await weighs("fay", "three"), await trust("fay")) == (1000, 0)
    # They pass trust on; and with the level that ends, but not what was decided.
    await compute(world)
    assert 0 < await trust("bob") < 1
    taken = level(world, "ada", "judge", back=True)
    await world.handle(on_grants, taken, level(world, "ada", "judge"))
    await world.score(vote(world, "three", "bob", "ada"))
    assert await weighs("ada", "three") == 0
    assert await weighs("ada", "two") == 1000
    # What takes it back may come first.
    await world.handle(on_grants, level(world, "eve", "judge", back=True))
    await world.handle(on_grants, level(world, "eve", "judge"))
    assert await trust("eve") == 0


async def test_content_is_as_good_as_those_find_it_whom_others_trust(world: Any, api: Any) -> None:
    await world.publish(RULES)
    await world.handle(on_members, told(world, "mod", staff=True), told(world, "bob"), told(world, "eve"))
    await world.score(post(world, "answer", "bob"), post(world, "spam", "eve"), post(world, "other", "bob"))
    await world.score(accept(world, "answer", "bob", "mod"), vote(world, "spam", "eve", "fay"))
    # 2 of trust in full: (1.5 + 2) / (3 + 2); whom nobody trusts changes nothing.
    assert await qualities(api) == {"answer": 0.7}
    # By whom the moderator found good: bob's judgement counts something from then on.
    await compute(world)
    trust = (await api.get(f"/v1/members/{world.uuid('bob')}/quality")).json()
    assert trust["trust"] > 0
    assert trust["measured"] is True
    assert (await api.get(f"/v1/members/{world.uuid('fay')}/quality")).json()["trust"] == 0
    await world.score(vote(world, "spam", "eve", "bob", vote="down"))
    assert (await qualities(api))["spam"] < 0.5

    # What rules read was decided as known then, and is kept.
    assert (await world.totals())[world.uuid("bob"), "accepted"] == 20
    explained = (await api.get(f"/v1/events/{world.uuid('event fay on spam')}/explanation")).json()
    assert [(one["rule_id"], one["reason"], one["detail"]) for one in explained["declined"]] == [
        ("good-vote", "quality", "as known then: quality 0.500")
    ]
    assert [(one["name"], one["value"]) for one in explained["attributes"]] == [("quality:quality", 0.5)]
    await world.score(vote(world, "answer", "bob", "mod", at=NOON + DAY / 2))
    assert (await world.totals())[world.uuid("bob"), "good-vote"] == 1

    unjudged = (await api.get("/v1/content/unjudged", params={"days": 366})).json()
    assert [one["object_id"] for one in unjudged["items"]] == ["other"]
    assert unjudged["items"][0]["author_name"] == "Bob"
    assert (await api.get("/v1/content/unjudged", params={"days": 366, "channel": "chat"})).json()["items"] == []

    (best,) = [one for one in (await api.get("/v1/content/best", params={"day": "2026-03-04"})).json()["items"]
               if one["object_id"] == "answer"]  # fmt: skip
    shown = (await api.get(f"/v1/content/{best['content_id']}")).json()
    # The second of the same judge on the same author weighs half of a vote.
    assert (shown["votes_for"], shown["votes"], shown["quality"]) == (2.5, 2.5, round(4 / 5.5, 4))
    judged = (await api.get(f"/v1/content/{best['content_id']}/judgements", params={"limit": 1})).json()
    rest = await api.get(
        f"/v1/content/{best['content_id']}/judgements", params={"limit": 5, "after": judged["next"]}
    )
    both = {
        one["kind"]: (one["turn"], one["weight"], one["trust"])
        for one in [*judged["items"], *rest.json()["items"]]
    }
    assert both == {"accepted": (1, 2.0, 1.0), "voted": (2, 0.5, 1.0)}
    assert (await api.get(f"/v1/content/{world.uuid('nothing')}")).status_code == 404


async def test_it_gives_its_author_points_of_a_score_and_takes_them_back(world: Any) -> None:
    await world.publish(RULES)
    await world.handle(on_members, told(world, "mod", staff=True), told(world, "bob"))
    await world.score(post(world, "answer", "bob"), vote(world, "answer", "bob", "mod"))
    await settle(world)
    bob = world.uuid("bob")

    async def facts() -> list[tuple[int, str | None, int | None]]:
        found = [POINTS_AWARDED.adapter.validate_python(fact) for topic, _, fact in await world.published()
                 if topic == "points.awarded.v1"]  # fmt: skip
        data = [one["data"] for one in found if one["data"]["rule_id"] == "quality"]
        assert {(one["member_id"], one["score"], one["event_type"]) for one in data} <= {
            (bob, "good", "content.quality.v1")
        }
        return [(one["points"], one.get("cause"), one.get("total")) for one in data]

    # (1.5 + 1) / (3 + 1) = 0.625, a quarter of the way from a half to 1.
    assert await facts() == [(25, None, None)]
    await settle(world)
    assert await facts() == []
    await world.score(vote(world, "answer", "bob", "mod", vote="down", event="changed my mind", at=NOON + DAY))
    await settle(world)
    # (1.5 + 1) / (3 + 1.5): one ninth, of a hundred.
    assert await facts() == [(-14, "quality", 11)]
    await world.score(world.event("gone", "bob", None, type="activity.retracted.v1",
                                  targetuid=world.uuid("event made answer")))  # fmt: skip
    await settle(world)
    assert await facts() == [(-11, "quality", 0)]
    await world.score(world.event("back", "bob", None, type="activity.restored.v1", time=NOON + 2 * DAY,
                                  targetuid=world.uuid("event made answer")))  # fmt: skip
    await settle(world)
    assert await facts() == [(11, "quality", 11)]


async def test_in_whatever_order_and_batches_it_comes_content_is_as_good(world: Any) -> None:
    await world.publish(RULES)
    await world.handle(on_members, told(world, "mod", staff=True), told(world, "abe", staff=True))
    wanted: list[tuple[Any, ...]] | None = None
    for turn, order in enumerate(list(permutations(range(5)))[::17]):
        name = f"p{turn}"
        author = f"author {turn}"
        minute = timedelta(minutes=1)
        events = [
            post(world, name, author),
            vote(world, name, author, "mod", at=NOON + minute, event=f"{turn} a"),
            vote(world, name, author, "mod", at=NOON + 2 * minute, vote="down", event=f"{turn} b"),
            vote(world, name, author, "abe", at=NOON + 3 * minute, event=f"{turn} c"),
            world.retraction(f"{turn} a") | {"id": f"not {turn} a", "uid": world.uuid(f"retraction {turn}")},
        ]
        cut = turn % 4 + 1
        ordered = [events[place] for place in order]
        await world.score(*ordered[:cut])
        await world.score(*ordered[cut:], *ordered[:cut])
        found = [row[1:6] for row in await sums(world) if row[0] == name]
        wanted = wanted or found
        assert found == wanted, order
    # One vote against in full as the first that counts, and one for it.
    assert wanted is not None
    assert wanted[0][1:3] == (2, 2)
    assert wanted[0][3] * 2 == wanted[0][4]


async def test_who_is_merged_with_the_author_judges_their_own(world: Any) -> None:
    await world.publish(RULES)
    await world.handle(on_members, told(world, "mod", staff=True), told(world, "bob"), told(world, "mod2"))
    await world.score(post(world, "answer", "bob"), vote(world, "answer", "bob", "mod"))
    before = await sums(world)
    assert before[0][3] == 1
    merging = Merging(world, on_members)
    await merging.merge("mod", "bob")
    await settle(world)
    assert (await sums(world))[0][2:6] == (1, 0, 0, 0)
    await merging.unmerge("mod")
    await settle(world)
    assert await sums(world) == before


async def test_trust_is_decided_once_and_changed_by_restating_alone(world: Any, api: Any) -> None:
    await world.publish(RULES)
    await world.handle(on_members, told(world, "bob"), told(world, "ann"))
    await world.score(post(world, "answer", "bob"), vote(world, "answer", "bob", "ann"))
    await world.handle(on_members, told(world, "ann", staff=True, revision=2))
    await settle(world)
    assert await qualities(api) == {}
    answer = await api.post("/v1/content/restatements")
    assert (answer.status_code, answer.json()) == (202, {"pairs": 1})
    await settle(world)
    assert await qualities(api) == {"answer": 0.625}


async def test_a_vote_on_what_has_many_costs_the_same_statements(world: Any) -> None:
    await world.publish(RULES)
    await world.handle(on_members, told(world, "mod", staff=True))
    many = [vote(world, "viral", "bob", f"m{number}") for number in range(200)]
    await world.score(post(world, "viral", "bob"), *many)
    before = await sums(world)
    assert before[0][2] == 200
    # The twenty-first of one judge on one author weighs nothing, and neither do a hundred more.
    posts = [
        vote(world, f"q{number:03}", "bob", "mod", at=NOON + timedelta(seconds=number)) for number in range(60)
    ]
    await world.score(*posts)
    turns = await world.pool.fetch(
        "select turn from quality_judgements where community = $1 and judge_id = $2 order by event_time",
        world.community,
        world.uuid("mod"),
    )
    assert [row["turn"] for row in turns] == [*range(1, 21), *[0] * 40]
    await world.score(world.retraction("mod on q000"))
    turns = await world.pool.fetch(
        "select turn from quality_judgements where community = $1 and judge_id = $2 order by event_time",
        world.community,
        world.uuid("mod"),
    )
    assert [row["turn"] for row in turns] == [0, *range(1, 21), *[0] * 39]
    assert datetime.now(UTC) > NOON


def suspension(world: Any, starts_at: datetime, ends_at: datetime | None, *, stands: bool = True) -> Void:
    return Void(
        world.community,
        world.uuid("suspension"),
        Why.SUSPENDED,
        world.uuid("bob"),
        starts_at=starts_at,
        ends_at=ends_at,
        is_standing=stands,
    )


async def works_off(world: Any) -> None:
    is_more = True
    while is_more:
        async with world.begin() as tx:
            is_more = await work_off(tx)
    await settle(world)


async def paid(world: Any) -> dict[str, int]:
    """What content gave its author: by whom it was made."""
    rows = await world.pool.fetch(
        "select event_uid::text, sum(points) as points from awards where community = $1 and rule_id = 'quality'"
        " group by 1",
        world.community,
    )
    contents = await world.pool.fetch(
        "select content_id::text, object_id from quality_contents where community = $1", world.community
    )
    names = {row["content_id"]: row["object_id"] for row in contents}
    return {names[row["event_uid"]]: row["points"] for row in rows if row["points"]}


@pytest.mark.parametrize("is_known_first", [True, False], ids=["before", "after"])
async def test_votes_on_what_a_suspended_member_made_give_nothing_and_a_won_appeal_gives_it_back(
    world: Any, api: Any, is_known_first: bool
) -> None:
    await world.publish(RULES)
    await world.handle(on_members, *(told(world, name, staff=name != "bob") for name in ("ann", "bob", "cat")))
    suspended = suspension(world, NOON + DAY, NOON + 3 * DAY)
    if is_known_first:
        async with world.begin() as tx:
            await put(tx, suspended)
    # What was made before, with a vote before and one meanwhile; what was made meanwhile, with a vote after.
    await world.score(
        *(post(world, "old", "bob"), post(world, "new", "bob", NOON + 2 * DAY)),
        vote(world, "old", "bob", "ann"),
        vote(world, "old", "bob", "cat", at=NOON + 2 * DAY),
        vote(world, "new", "bob", "ann", at=NOON + 4 * DAY),
    )
    await settle(world)
    if not is_known_first:
        assert await paid(world) == {"old": 40, "new": 25}
        async with world.begin() as tx:
            await put(tx, suspended)
    await works_off(world)
    # The vote of before is worth 25 by itself.
    assert await paid(world) == {"old": 25}
    best = (await api.get("/v1/content/best", params=BEST)).json()["items"]
    (content,) = [one for one in best if one["object_id"] == "old"]
    judged = (await api.get(f"/v1/content/{content['content_id']}/judgements")).json()["items"]
    assert [one["why_nothing"] for one in judged] == ["suspended", None]
    async with world.begin() as tx:
        await put(tx, suspension(world, NOON + DAY, NOON + 3 * DAY, stands=False))
    await works_off(world)
    assert await paid(world) == {"old": 40, "new": 25}
