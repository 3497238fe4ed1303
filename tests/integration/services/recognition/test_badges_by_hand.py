"""Badges given and taken back by hand, what members see of theirs, and pictures."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from services.recognition.counts.handlers import on_events
from services.recognition.merges.handlers import on_members
from services.recognition.thresholds.handlers import on_programmes
from shared.contracts.facts import MEMBER_FACT
from tests.integration.services.recognition.test_badges_by_criteria import kept, programme, seen
from tests.integration.services.recognition.test_counted_badges import event, said
from tests.integration.services.world import NOON, tie

pytestmark = pytest.mark.stack

BADGES = [
    {"id": "hero", "title": "Hero", "by_hand": True, "limited_to": 2},
    {"id": "five", "title": "Five points", "at_least": 5},
    {"id": "pair", "title": "Both", "when": 'events("message") >= 1 && points >= 5'},
    {
        "id": "writer",
        "title": "Writer",
        "rule": "message",
        "tiers": [
            {"id": "bronze", "title": "Bronze", "at_least": 1},
            {"id": "gold", "title": "Gold", "at_least": 4},
        ],
    },
    {"id": "first", "title": "The first", "at_least": 5, "limited_to": 1},
    {"id": "hidden", "title": "Hidden", "at_least": 100, "secret": True},
]


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["recognition:read", "recognition:write", "programmes:read", "programmes:write"]


@pytest.fixture
async def begun(world: Any) -> None:
    await world.handle(on_programmes, programme(world, 1, *BADGES))
    for name in "ab":
        data = {"member_id": world.uuid(name), "name": name.upper(), "revision": 1, "identities": []}
        await world.handle(on_members, world.fact("member.identified.v1", f"{name} 1", data))
    await kept(world)
    await world.awarded(world.award("a", 5))
    await kept(world)
    await world.awarded(world.award("b", 5))
    await world.handle(on_events, event(world, 1), event(world, 2))
    await kept(world)
    await world.outbox()


async def give(api: httpx.AsyncClient, world: Any, member: str, badge: str, key: str = "1") -> httpx.Response:
    return await api.post(
        f"/v1/members/{world.uuid(member)}/badges",
        json={"badge": badge, "citation": "  Kept the booth\n open "},
        headers={"Idempotency-Key": f"{member} {badge} {key}".replace(" ", "-")},
    )


async def take(api: httpx.AsyncClient, world: Any, member: str, badge: str) -> httpx.Response:
    path = f"/v1/members/{world.uuid(member)}/badges/{badge}/take-back"
    return await api.post(path, json={"reason": "Somebody else did it"})


async def held(api: httpx.AsyncClient, world: Any, member: str) -> dict[str, Any]:
    items = (await api.get(f"/v1/members/{world.uuid(member)}/badges")).json()["items"]
    return {one["badge"]["name"]: one["held"] for one in items if one["held"]}


def slug(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rpartition(":")[2]


async def test_a_badge_is_given_once_with_words_and_taken_back(
    world: Any, api: httpx.AsyncClient, begun: None
) -> None:
    first = await give(api, world, "a", "hero")
    assert (first.status_code, first.json()["edition"]) == (201, 1)
    assert (await give(api, world, "a", "hero")).json() == first.json()
    assert slug(await give(api, world, "a", "hero", "2")) == "badge-held"
    assert slug(await give(api, world, "a", "five")) == "badge-not-by-hand"
    assert slug(await give(api, world, "a", "none")) == "unknown-badge"
    assert slug(await give(api, world, "nobody", "hero")) == "unknown-member"
    (told,) = await world.published()
    assert (told["by_hand"], told["edition"], "booth" in str(told)) == (True, 1, False)
    mine = (await held(api, world, "a"))["hero"]
    assert (mine["citation"], mine["by_hand"]) == ("Kept the booth open", True)
    # The number is free once somebody takes it back, and not before.
    assert (await give(api, world, "b", "hero")).json()["edition"] == 2
    assert (await take(api, world, "a", "hero")).status_code == 200
    assert slug(await take(api, world, "a", "hero")) == "badge-not-held"
    assert (await give(api, world, "a", "hero", "3")).json()["edition"] == 1


@pytest.mark.parametrize("badge", ["five", "pair", "writer"])
async def test_what_is_taken_back_by_hand_is_not_earned_again_and_is_given_by_hand(
    world: Any, api: httpx.AsyncClient, begun: None, badge: str
) -> None:
    assert badge in await held(api, world, "a")
    assert (await take(api, world, "a", badge)).status_code == 200
    assert all("reverses" in one for one in await world.published())
    assert badge not in await held(api, world, "a")
    # Whatever comes and goes: neither granted nor taken back once more.
    award = world.award("a", 1)
    await world.awarded(award, *(world.reversal(award),))
    await world.handle(on_events, event(world, 3), said(world, "retracted", 1, 1), said(world, "retracted", 2, 1))
    await world.handle(on_events, said(world, "retracted", 3, 1), event(world, 4))
    await kept(world)
    assert [one for one in await world.published() if one["id"] == badge] == []
    assert (await give(api, world, "a", badge)).status_code == 201
    assert (await held(api, world, "a"))[badge]["by_hand"]
    assert (await take(api, world, "a", badge)).status_code == 200
    assert badge not in await held(api, world, "a")


async def test_a_number_that_is_taken_back_goes_to_whoever_waits(
    world: Any, api: httpx.AsyncClient, begun: None
) -> None:
    assert (await held(api, world, "a"))["first"]["edition"] == 1
    assert "first" not in await held(api, world, "b")
    await take(api, world, "a", "first")
    await kept(world)
    assert (await held(api, world, "b"))["first"]["edition"] == 1
    assert seen(await world.published()) == [("first", False), ("first", True)]


async def test_a_member_sees_how_far_they_are_and_a_secret_when_they_hold_it(
    world: Any, api: httpx.AsyncClient, begun: None
) -> None:
    items = (await api.get(f"/v1/members/{world.uuid('b')}/badges")).json()["items"]
    shown = {one["badge"]["name"]: one for one in items}
    assert [(part["value"], part["target"]) for part in shown["pair"]["parts"]] == [(0, 1), (5, 5)]
    assert (shown["pair"]["percent"], shown["hidden"]["percent"]) == (50, 5)
    assert (shown["writer"]["next_tier"], shown["writer"]["parts"][0]["target"]) == ("bronze", 1)
    of_a = (await api.get(f"/v1/members/{world.uuid('a')}/badges")).json()["items"]
    writer = next(one for one in of_a if one["badge"]["name"] == "writer")
    assert (writer["held"]["tier"], writer["next_tier"], writer["percent"]) == ("bronze", "gold", 50)
    one = (await api.get("/v1/badges/five")).json()
    assert (one["holders"], one["members"]) == (2, 2)
    holders = (await api.get("/v1/badges/five/holders", params={"limit": 1})).json()
    assert [holder["member_name"] for holder in holders["items"]] == ["B"]
    rest = (await api.get("/v1/badges/five/holders", params={"after": holders["next"]})).json()
    assert [holder["member_name"] for holder in rest["items"]] == ["A"]
    assert slug(await api.get("/v1/badges/writer/holders", params={"tier": "silver"})) == "unknown-badge"


async def test_what_was_written_goes_with_whoever_is_forgotten(
    world: Any, api: httpx.AsyncClient, begun: None
) -> None:
    for badge in ("hero", "five"):
        await take(api, world, "a", badge)
    for member, badge in (("a", "hero"), ("a", "five"), ("b", "hero")):
        assert (await give(api, world, member, badge)).status_code == 201
    # Of one that was taken back there are both words, for what and why.
    await take(api, world, "a", "hero")
    assert (await held(api, world, "a"))["five"]["citation"] == "Kept the booth open"
    data = {"member_id": world.uuid("a"), "revision": 2, "identities": [], "forfeits": False, "erased_at": NOON}
    erased = MEMBER_FACT.validate_python(world.fact("member.erased.v1", "a erased", data))
    for _ in range(2):
        await world.handle(on_members, erased)
    rows = await world.pool.fetch(
        """
        select member_id, citation, reason from badge_gifts where community = $1
        union all select member_id, null, reason from badge_withheld where community = $1
        """,
        world.community,
    )
    of_a = [row for row in rows if str(row["member_id"]) == world.uuid("a")]
    assert [(row["citation"], row["reason"]) for row in of_a] == [(None, None)] * 3
    assert (await held(api, world, "b"))["hero"]["citation"] == "Kept the booth open"
    # Nobody gives them anything any more, and nobody finds them among who holds it.
    assert slug(await give(api, world, "a", "hero", "2")) == "unknown-member"
    for badge in ("five", "hero"):
        found = (await api.get(f"/v1/badges/{badge}/holders")).json()["items"]
        assert [one["member_id"] for one in found] == [world.uuid("b")]


async def test_how_many_a_badge_would_go_to_is_counted_before(
    world: Any, api: httpx.AsyncClient, begun: None
) -> None:
    async def count(**badge: Any) -> httpx.Response:
        return await api.post("/v1/badge-count", json=badge)

    found = (await count(when='points >= 5 && events("message") >= 2')).json()
    assert (found["holders"], found["is_exact"], found["members"]) == (1, True, 2)
    tiers = [{"id": "a", "title": "A", "at_least": 5}, {"id": "b", "title": "B", "at_least": 6}]
    assert (await count(tiers=tiers)).json()["tiers"] == [{"name": "a", "holders": 2}, {"name": "b", "holders": 0}]
    for badge in ({"rule": "post", "at_least": 1}, {"when": "points"}, {"at_least": 1, "when": "points > 1"}):
        answer = await count(**badge)
        assert (answer.status_code, slug(answer)) == (422, "badge-not-countable")
    backfill = (await api.get("/v1/badge-backfill")).json()
    assert (backfill["is_done"], backfill["programme_version"]) == (True, 1)
    assert [one["percent"] for one in backfill["passes"]] == [100] * 4


async def upload(api: httpx.AsyncClient, svg: str) -> httpx.Response:
    return await api.put("/v1/badges/hero/picture", json={"content": b64encode(svg.encode()).decode()})


async def test_a_picture_is_cleaned_kept_and_served_so_that_nothing_runs(
    world: Any, api: httpx.AsyncClient, begun: None
) -> None:
    drawn = await api.get("/v1/badges/writer/picture", params={"tier": "gold"})
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert "<title" in drawn.text
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><!-- planted --><path d="M1 1h7"/></svg>'
    kept_as = await upload(api, svg)
    assert kept_as.status_code == 200, kept_as.text
    served = await api.get("/v1/badges/hero/picture")
    assert "planted" not in served.text
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["content-security-policy"].startswith("default-src 'none'")
    again = await api.get("/v1/badges/hero/picture", headers={"If-None-Match": served.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    bad = await upload(api, svg.replace("<path", "<script"))
    assert (slug(bad), "script" in bad.json()["detail"]) == ("picture-refused", True)
    assert (await api.delete("/v1/badges/hero/picture")).status_code == 204
    names = {one["name"]: one["picture"] for one in (await api.get("/v1/badges")).json()["badges"]}
    assert names["hero"] is None


async def test_nobody_gives_or_takes_back_a_badge_of_their_own(
    world: Any, api: httpx.AsyncClient, clients: Any, begun: None
) -> None:
    other = await clients()
    await tie(world.pool, world.community, other, world.uuid("a"))
    about_yourself = "about-yourself"
    assert slug(await give(other, world, "a", "hero")) == about_yourself
    assert (await give(api, world, "a", "hero", "2")).status_code == 201
    assert slug(await take(other, world, "a", "hero")) == about_yourself
    assert (await give(other, world, "b", "hero")).status_code == 201
    # Nor do they fix their own level, let it go, or give themselves a freeze.
    for path, body in (
        ("level-lock", {"level": None, "reason": "Leads the call"}),
        ("level-unlock", {"reason": "Handed it over"}),
        ("streaks/daily/freezes", {"reason": "It was down"}),
    ):
        refused = await other.post(f"/v1/members/{world.uuid('a')}/{path}", json=body)
        assert slug(refused) == about_yourself
