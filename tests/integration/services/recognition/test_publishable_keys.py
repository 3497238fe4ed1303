"""A key in a browser reads what the community shows to everybody, names only where they are, and not too often."""

import httpx
import orjson
from prometheus_client import REGISTRY

from services.recognition.main import SPEC
from shared.access_keys import Public
from tests.integration.services.conftest import application
from tests.integration.services.world import World, authorization


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
