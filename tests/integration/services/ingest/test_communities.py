"""Communities over HTTP: declared, shown, changed, refused; and told to every service."""

import io
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from services.analytics.settings import Settings as Analytics
from shared.access_keys import INSTALLATION, Scope
from shared.contracts.facts import COMMUNITY_CHANGED
from shared.followed_communities import load_calendar
from shared.followed_communities.store import put_communities
from shared.postgres import begin, create_pool
from shared.service import Parts
from shared.topics import COMMUNITIES
from tests.integration.services.ingest.conftest import Community, event, problem
from tests.integration.services.process import read
from tests.integration.services.world import authorization
from tests.waiting import until

pytestmark = pytest.mark.stack


def logo(side: int = 16) -> str:
    written = io.BytesIO()
    Image.new("RGB", (side, side), 0).save(written, "PNG")
    return b64encode(written.getvalue()).decode()


COLOURS = {"background": "#ffffff", "text": "#1e1e1e", "accent": "#1a5fb4"}


@pytest.fixture
async def admin(front_door: Parts) -> AsyncIterator[httpx.AsyncClient]:
    headers = await authorization(front_door.pool, INSTALLATION, Scope.COMMUNITIES_WRITE)
    url = f"http://127.0.0.1:{front_door.http.port}"
    async with httpx.AsyncClient(base_url=url, timeout=60, headers=headers) as client:
        yield client


@pytest.fixture
def name() -> str:
    return f"c{uuid4().hex[:12]}"


async def declared(admin: httpx.AsyncClient, name: str, **more: Any) -> dict[str, Any]:
    answer = await admin.post("/v1/communities", json={"id": name, "title": "Acme"} | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_name_is_enough(admin: httpx.AsyncClient, name: str) -> None:
    community = await declared(admin, name)

    assert community == {
        "id": name,
        "title": "Acme",
        "time_zone": "UTC",
        "week_start": "monday",
        "calendar": [{"since": None, "time_zone": "UTC", "week_start": "monday"}],
        "currency": "EUR",
        "languages": ["en"],
        "look": {"name": "Acme", "colours": None, "logo_png": None},
        "public": [],
        "review_policy": {"publishing": "one_person", "backtest": False},
        "proposed_policy": None,
        "retention": {"texts_days": 365, "rejected_days": 30},
        "bots": ["*[bot]"],
        "standings": {
            kind: {"patterns": [], "earns": True, "ranks": False} for kind in ("staff", "departed", "hidden")
        },
        "embed_sites": [],
        "revision": 1,
    }
    assert (await admin.get(f"/v1/communities/{name}")).json() == community


async def test_everything_is_kept_and_told(admin: httpx.AsyncClient, name: str, stack: Any) -> None:
    wanted = {
        "title": "Acme\u202e's users ",
        "time_zone": "Pacific/Auckland",
        "week_start": "sunday",
        "currency": "NZD",
        "languages": ["en-NZ", "mi"],
        "look": {"name": "Acme", "colours": COLOURS, "logo_png": logo()},
        "public": ["boards", "badges"],
        "review_policy": {"publishing": "two_people", "backtest": True},
        "retention": {"texts_days": 90, "rejected_days": 7},
        "bots": ["*[bot]", "renovate*"],
        "embed_sites": ["https://www.acme.example", "https://*.acme.example"],
    }
    community = await declared(admin, name, **wanted)

    assert community["title"] == "Acme's users"
    assert b64decode(community["look"]["logo_png"]).startswith(b"\x89PNG")
    assert {key: community[key] for key in wanted.keys() - {"title", "look"}} == {
        key: value for key, value in wanted.items() if key not in {"title", "look"}
    }
    (record,) = await read(stack.state, COMMUNITIES, name, 1)
    assert record.key == f"{name}|{name}".encode()
    data = COMMUNITY_CHANGED.adapter.validate_json(record.value)["data"]
    assert data["calendar"] == [{"time_zone": "Pacific/Auckland", "week_start": "sunday"}]
    assert data["look"]["logo_png"] == community["look"]["logo_png"]
    assert data["embed_sites"] == wanted["embed_sites"]
    assert data["revision"] == 1


async def test_another_service_follows_by_revision(stack: Any, name: str) -> None:
    example = COMMUNITY_CHANGED.adapter.validate_python(COMMUNITY_CHANGED.examples[0])["data"]
    older = example | {"revision": 1, "calendar": example["calendar"][:1]}
    pool = await create_pool("analytics", Analytics(**stack.settings("analytics")))
    try:
        async with begin(pool) as conn:
            assert (await load_calendar(conn, community=name)).is_plain
            for data in (example, older):
                await put_communities(conn, data={name: data})  # type: ignore[dict-item]
            calendar = await load_calendar(conn, community=name)
    finally:
        await pool.close()
    assert [one.time_zone for one in calendar.reckonings] == ["UTC", "Europe/Rome"]


async def test_a_change_is_for_a_revision(admin: httpx.AsyncClient, name: str) -> None:
    await declared(admin, name, currency="NZD")
    first = await admin.patch(f"/v1/communities/{name}", json={"revision": 1, "title": "New"})
    late = await admin.patch(f"/v1/communities/{name}", json={"revision": 1, "currency": "USD"})
    nothing = await admin.patch(f"/v1/communities/{name}", json={"revision": 2, "title": "New"})

    assert (first.json()["title"], first.json()["currency"], first.json()["revision"]) == ("New", "NZD", 2)
    assert problem(late, 409)["type"] == "urn:plaudit:problem:stale-revision"
    assert nothing.json() == first.json()


async def test_a_new_zone_with_events_takes_effect_at_the_old_ones_midnight(
    admin: httpx.AsyncClient, community: Community
) -> None:
    assert await community.outcomes(event(1)) == ["accepted"]
    before = datetime.now(UTC)
    answer = await declared(admin, community.name, time_zone="Asia/Tokyo")
    (first, second) = answer["calendar"]
    since = datetime.fromisoformat(second["since"])

    assert (answer["time_zone"], first["time_zone"], second["time_zone"]) == ("UTC", "UTC", "Asia/Tokyo")
    assert (since.hour, since.minute, since.second) == (0, 0, 0)
    assert timedelta(hours=1) <= since - before <= timedelta(hours=26)


async def test_events_of_a_zone_have_its_days(admin: httpx.AsyncClient, community: Community) -> None:
    await declared(admin, community.name, time_zone="Pacific/Auckland")
    assert await community.outcomes(event(1) | {"time": "2026-01-31T12:00:00Z"}) == ["accepted"]

    async def calendar_is_fixed() -> bool:
        found: bool = await community.pool.fetchval(
            "select has_events from communities where community = $1", community.name
        )
        return found

    await until(calendar_is_fixed)


async def test_they_are_listed_in_pages_without_their_logos(admin: httpx.AsyncClient, name: str) -> None:
    for number in range(3):
        await declared(admin, f"{name}-{number}", look={"name": "Acme", "logo_png": logo(64)})
    listed: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await admin.get("/v1/communities", params=query)).json()
        listed += page["items"]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    own = [one for one in listed if one["id"].startswith(name)]

    assert [one["id"] for one in own] == [f"{name}-{number}" for number in range(3)]
    assert own[0].keys() == {"id", "title", "time_zone", "week_start", "currency", "revision"}


@pytest.mark.parametrize(
    ("wanted", "field", "detail"),
    [
        ({"time_zone": "europe/rome"}, "/time_zone", "did you mean `Europe/Rome`?"),
        ({"time_zone": "Europe/Berln"}, "/time_zone", "did you mean `Europe/Berlin`?"),
        ({"time_zone": "CET+1"}, "/time_zone", "There is no time zone `CET+1`"),
        ({"timezone": "UTC"}, "/timezone", "did you mean `time_zone`?"),
        ({"week_start": "mon"}, "/week_start", "monday"),
        ({"currency": "XXX"}, "/currency", "no currency `XXX`"),
        ({"currency": "ECU"}, "/currency", "no currency `ECU`"),
        ({"languages": ["xx"]}, "/languages/0", "no language `xx`"),
        ({"languages": ["en", "en"]}, "/languages", "Name each once"),
        ({"languages": []}, "/languages", "at least 1"),
        ({"public": ["everything"]}, "/public/0", "boards"),
        ({"look": {"name": "A", "colours": COLOURS | {"text": "#777777"}}}, "/look/colours", "4.47:1"),
        ({"look": {"name": "A", "colours": COLOURS | {"accent": "red"}}}, "/look/colours/accent", "#"),
        ({"look": {"name": "A", "logo_png": "PHN2Zz4="}}, "/look/logo_png", "it is no PNG"),
        ({"look": {"name": "A", "logo_png": "???"}}, "/look/logo_png", "it is not base64"),
        ({"look": {"name": "A", "logo_png": "A" * 200_000}}, "/look/logo_png", "at most"),
        ({"bots": ["*a*"]}, "/bots/0", "would take people for bots"),
        ({"bots": ["renovate*", "renovate*"]}, "/bots", "Name each once"),
        ({"embed_sites": ["https://acme.example; script-src *"]}, "/embed_sites/0", "is no site"),
        ({"embed_sites": ["*", "*"]}, "/embed_sites", "each once"),
        ({"embed_sites": [f"https://{n}.example.org" for n in range(21)]}, "/embed_sites", "at most 20"),
        ({"retention": {"texts_days": 0}}, "/retention/texts_days", "greater than or equal to 1"),
        ({"id": "plaudit"}, "/id", "the installation itself"),
    ],
)
async def test_what_is_wrong_is_said_where_it_is(
    admin: httpx.AsyncClient, name: str, wanted: dict[str, Any], field: str, detail: str
) -> None:
    answer = await admin.post("/v1/communities", json={"id": name, "title": "Acme"} | wanted)

    (error,) = problem(answer, 422)["errors"]
    assert error["field"] == field
    assert detail in error["detail"]
    assert "Value error" not in error["detail"]
    assert (await admin.get(f"/v1/communities/{name}")).status_code == 404


async def test_twice_unknown_and_forbidden(
    admin: httpx.AsyncClient, community: Community, name: str, front_door: Parts
) -> None:
    await declared(admin, name)
    again = await admin.post("/v1/communities", json={"id": name, "title": "Other"})
    unknown = await admin.patch("/v1/communities/nobody-did", json={"revision": 1, "title": "A"})
    member = await authorization(front_door.pool, community.name, "members:write")

    assert problem(again, 409)["type"] == "urn:plaudit:problem:community-exists"
    assert problem(unknown, 404)["type"] == "urn:plaudit:problem:unknown-community"
    assert "plaudit community add" in problem(await admin.get("/v1/communities/nobody-did"), 404)["detail"]
    for method, path, body in (
        ("POST", "/v1/communities", {"id": f"{name}2", "title": "A"}),
        ("GET", "/v1/communities", None),
        ("GET", f"/v1/communities/{name}", None),
        ("PATCH", f"/v1/communities/{name}", {"revision": 1, "title": "A"}),
    ):
        problem(await community.client.request(method, path, json=body, headers=member), 403)
    assert await front_door.pool.fetchval("select count(*) from communities where community = 'nobody-did'") == 0
