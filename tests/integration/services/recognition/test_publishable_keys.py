"""A key in a browser reads what the community shows to everybody, names only where they are, and not too often."""

from datetime import UTC, datetime, timedelta

import httpx
import orjson
import pytest
from prometheus_client import REGISTRY

from services.recognition.main import SPEC
from services.recognition.merges.handlers import on_members
from shared.access_keys import Public
from shared.http.auth import VISITED
from tests.integration.services.conftest import application
from tests.integration.services.merging import Merging
from tests.integration.services.world import NOON, World, authorization


async def show(world: World, *public: Public, revision: int) -> None:
    """Say what the community shows to everybody, as communities.v1 would tell it."""
    data = {"public": public, "calendar": [{"time_zone": "UTC", "week_start": "monday"}]}
    await world.pool.execute(
        "insert into followed_communities (community, revision, data) values ($1, $2, $3)"
        " on conflict (community) do update set revision = excluded.revision, data = excluded.data",
        world.community,
        revision,
        orjson.dumps(data).decode(),
    )


async def a_leader(world: World) -> None:
    member = world.uuid("ada")
    await world.pool.execute(
        "insert into members (community, member_id, points, awards_by_rule, standing, last_award_id, version)"
        " values ($1, $2, 42, '{}', '{}', $2, 1)",
        world.community,
        member,
    )
    await world.pool.execute(
        "insert into followed_members (community, member_id, revision, name) values ($1, $2, 1, 'Ada')",
        world.community,
        member,
    )


async def asking(world: World, scope: str) -> httpx.AsyncClient:
    """A client with a key for that alone; it opens nothing that would have to be closed."""
    transport = httpx.ASGITransport(application(SPEC, world))
    headers = await authorization(world.pool, world.community, scope)
    return httpx.AsyncClient(transport=transport, base_url="http://recognition", headers=headers)


def refused_count(reason: str) -> float:
    return REGISTRY.get_sample_value("plaudit_public_reads_refused_total", {"reason": reason}) or 0.0


async def test_it_reads_what_is_public_and_nothing_else(world: World) -> None:
    world.configure(key_cache_seconds=1e-9)
    await a_leader(world)
    browser = await asking(world, "public:read")
    not_shown, not_public = refused_count("not_shown"), refused_count("not_public")

    assert (await browser.get("/v1/leaderboard")).status_code == 403
    assert refused_count("not_shown") == not_shown + 1
    await show(world, Public.BOARDS, revision=1)
    board = await browser.get("/v1/leaderboard")
    assert [(one["name"], one["points"]) for one in board.json()["items"]] == [(None, 42)]
    refused = await browser.get("/v1/badges")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:plaudit:problem:missing-scope")
    assert "badges" in refused.json()["detail"]
    assert (await browser.get(f"/v1/members/{world.uuid('ada')}/recognition")).status_code == 403
    assert refused_count("not_public") == not_public + 1

    await show(world, Public.BOARDS, Public.NAMES, Public.BADGES, revision=2)
    assert [one["name"] for one in (await browser.get("/v1/leaderboard")).json()["items"]] == ["Ada"]
    assert (await browser.get("/v1/badges")).status_code == 200
    whose = (await browser.get("/v1/key")).json()
    assert (whose["name"], whose["person_id"], whose["roles"]) == ("", "", [])
    # Whoever may anyway sees names, whatever is public.
    await show(world, revision=3)
    staff = await asking(world, "recognition:read")
    assert [one["name"] for one in (await staff.get("/v1/leaderboard")).json()["items"]] == ["Ada"]


async def test_it_is_not_asked_with_too_often(world: World) -> None:
    world.configure(public_reads_per_minute=2)
    await show(world, Public.BADGES, revision=1)
    browser = await asking(world, "public:read")

    assert [(await browser.get("/v1/badges")).status_code for _ in range(2)] == [200, 200]
    too_often = refused_count("too_often")
    refused = await browser.get("/v1/badges")
    assert refused_count("too_often") == too_often + 1
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:plaudit:problem:too-many-reads")
    assert 1 <= int(refused.headers["retry-after"]) <= 30
    # Other keys are not concerned.
    assert (await (await asking(world, "recognition:read")).get("/v1/badges")).status_code == 200


def visiting(world: World, community: str | None = None) -> httpx.AsyncClient:
    """Somebody without a credential."""
    transport = httpx.ASGITransport(application(SPEC, world))
    headers = {VISITED: community or world.community}
    return httpx.AsyncClient(transport=transport, base_url="http://recognition", headers=headers)


async def test_a_visitor_reads_what_is_public_without_a_credential(world: World) -> None:
    world.configure(key_cache_seconds=1e-9, unknown_key_cache_seconds=1e-9)
    await a_leader(world)
    visitor = visiting(world)

    assert (await visitor.get("/v1/leaderboard")).status_code == 401
    await show(world, Public.BOARDS, revision=1)
    board = (await visitor.get("/v1/leaderboard")).json()
    assert [(one["name"], one["points"]) for one in board["items"]] == [(None, 42)]
    # What is not public is as to somebody who says nothing, and so is every other community.
    for path in ("/v1/badges", f"/v1/members/{world.uuid('ada')}/recognition", "/v1/key"):
        assert (await visitor.get(path)).json()["type"] == "urn:plaudit:problem:missing-access-key"
    for other in ("no-such-community", "plaudit", "", "a\x7fb", "x" * 80):
        assert (await visiting(world, other or "-").get("/v1/leaderboard")).status_code == 401
    # A credential that is wrong is not made good by a header.
    refused = await visitor.get("/v1/leaderboard", headers={"Authorization": "Bearer plk_nobody"})
    assert refused.status_code == 401
    noted = await world.pool.fetchval("select count(*) from audit_entries where community = $1", world.community)
    assert noted == 0


async def test_visitors_are_counted_by_address_like_keys(world: World) -> None:
    world.configure(public_reads_per_minute=2)
    await show(world, Public.BADGES, revision=1)
    visitor = visiting(world)

    assert [(await visitor.get("/v1/badges")).status_code for _ in range(3)] == [200, 200, 429]


async def test_a_card_is_there_for_everybody_once_its_member_wants_it_and_until_they_do_not(world: World) -> None:
    world.configure(key_cache_seconds=1e-9, unknown_key_cache_seconds=1e-9)
    await a_leader(world)
    await show(world, Public.CARDS, revision=1)
    visitor, ada = visiting(world), world.uuid("ada")
    path = f"/v1/members/{ada}/card"

    async def told(revision: int, kind: str = "member.identified.v1", **said: object) -> int:
        data = {"member_id": ada, "revision": revision, "name": "Ada", "identities": [], **said}
        await world.handle(on_members, world.fact(kind, f"member {revision}", data))
        return (await visitor.get(path)).status_code

    def consent(value: bool, at: datetime = NOON) -> dict[str, object]:
        return {"kind": "consent", "name": "card", "since": at, "said_at": at, "value": value, "source": "member"}

    missing = (await visitor.get(f"/v1/members/{world.uuid('nobody')}/card")).json()
    assert (await visitor.get(path)).json() == missing | {"instance": path}
    assert await told(2, dated=[consent(True)]) == 200
    card = (await visitor.get(path)).json()
    assert (card["name"], card["points"], card["badges"], card["is_shown"]) == ("Ada", 42, [], True)
    assert set(card) == {
        *("member_id", "name", "points", "level", "next_level", "badges", "badges_count", "is_shown")
    }
    later = NOON + timedelta(seconds=1)
    assert await told(3, dated=[consent(True), consent(False, later)]) == 404
    # A fact of before changes nothing; who is hidden or erased has none, whatever they said.
    assert await told(2, dated=[consent(True)]) == 404
    assert await told(4, dated=[consent(True)]) == 200
    assert await told(5, dated=[consent(True)], standing={"hidden": "hand"}) == 404
    assert await told(6, dated=[consent(True)]) == 200
    # What ingest tells is so, also where its clock is ahead.
    ahead = datetime.now(UTC) + timedelta(hours=1)
    assert await told(7, dated=[consent(True), consent(False, ahead)]) == 404
    assert await told(8, dated=[consent(False), consent(True, ahead)]) == 200
    await show(world, Public.BOARDS, Public.NAMES, revision=2)
    assert (await visitor.get(path)).status_code == 401
    await show(world, Public.CARDS, revision=3)
    assert await told(9, "member.erased.v1", forfeits=False) == 404
    rows = await world.pool.fetchval("select count(*) from cards where community = $1", world.community)
    assert rows == 0


@pytest.mark.parametrize(("member", "into"), [("bea", "ada"), ("ada", "bea")])
async def test_a_person_of_several_members_has_no_card_while_any_is_hidden(
    world: World, member: str, into: str
) -> None:
    world.configure(key_cache_seconds=1e-9, unknown_key_cache_seconds=1e-9)
    await a_leader(world)
    await show(world, Public.CARDS, revision=1)
    visitor, merging = visiting(world), Merging(world, on_members)
    revisions = {"ada": 1, "bea": 1}

    async def told(name: str, *, wants: bool = True, hidden: bool = False) -> None:
        revisions[name] += 1
        said = {
            "kind": "consent",
            "name": "card",
            "since": NOON,
            "said_at": NOON,
            "source": "member",
            "value": wants,
        }
        data = {
            "member_id": world.uuid(name),
            "revision": revisions[name],
            "name": name.title(),
            "identities": [],
            "dated": [said],
            "standing": {"hidden": "hand"} if hidden else {},
        }
        await world.handle(on_members, world.fact("member.identified.v1", f"{name} {revisions[name]}", data))

    async def shown() -> set[str]:
        cards = {name: await visitor.get(f"/v1/members/{world.uuid(name)}/card") for name in revisions}
        return {name for name, card in cards.items() if card.status_code == 200}

    # Hidden before they are one person, or after; told again or not.
    await told("ada")
    await told("bea", hidden=True)
    assert await shown() == {"ada"}
    await merging.merge(member, into)
    assert await shown() == set()
    await told("ada")
    assert await shown() == set()
    await told("bea", wants=False)
    assert await shown() == ({"ada", "bea"} if into == "ada" else set())
    await told("bea")
    assert await shown() == {"ada", "bea"}
    await told(member, hidden=True)
    assert await shown() == set()
    await merging.unmerge(member)
    assert await shown() == {into}


async def test_the_card_of_somebody_who_was_merged_is_that_of_who_stays_if_they_want_one(world: World) -> None:
    world.configure(key_cache_seconds=1e-9, unknown_key_cache_seconds=1e-9)
    await a_leader(world)
    await show(world, Public.CARDS, revision=1)
    visitor, browser = visiting(world), await asking(world, "public:read")

    async def wants(member: str, revision: int, *, value: bool) -> None:
        consent = {"kind": "consent", "name": "card", "since": NOON, "said_at": NOON, "source": "member"}
        data = {"member_id": world.uuid(member), "revision": revision, "name": member.title(), "identities": []}
        fact = data | {"dated": [consent | {"value": value}]}
        await world.handle(on_members, world.fact("member.identified.v1", f"{member} {revision}", fact))

    await wants("bea", 2, value=True)
    await Merging(world, on_members).merge("bea", "ada")
    path = f"/v1/members/{world.uuid('bea')}/card"
    assert [(await one.get(path)).status_code for one in (visitor, browser)] == [404, 404]
    await wants("ada", 2, value=True)
    for one in (visitor, browser):
        card = (await one.get(path)).json()
        assert (card["member_id"], card["points"]) == (world.uuid("ada"), 42)
