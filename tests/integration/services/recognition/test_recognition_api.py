"""The leaderboard, a member's recognition and the badges, over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.recognition.counts.handlers import on_guidelines
from services.recognition.main import SPEC
from services.recognition.thresholds.handlers import on_programmes
from shared.followed_members import on_members

pytestmark = pytest.mark.stack

SECTION = {
    "badges": [{"id": "ten", "title": "Ten points", "at_least": 10}],
    "levels": [
        {"id": "bronze", "title": "Bronze", "points": 5},
        {"id": "silver", "title": "Silver", "points": 20},
        {"id": "gold", "title": "Gold", "points": 100},
    ],
}


async def named(world: Any, name: str, shown: str, revision: int = 1) -> None:
    data = {"member_id": world.uuid(name), "name": shown, "revision": revision, "identities": []}
    await world.handle(on_members, world.fact("member.identified.v1", f"{name} {revision}", data))


async def pages(api: httpx.AsyncClient, **query: Any) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    after = {}
    while True:
        answer = await api.get("/v1/leaderboard", params={**query, **after})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found += [(one["rank"], one["points"]) for one in body["items"]]
        if body["next"] is None:
            return found
        after = {"after": body["next"]}


async def test_ranks_are_shared_and_pages_go_on_where_they_ended(world: Any, api: httpx.AsyncClient) -> None:
    points = {"a": 30, "b": 30, "c": 7, "d": 7, "e": 7, "f": 1}
    await world.awarded(*(world.award(name, number) for name, number in points.items()))
    await world.awarded(gone := world.award("g", 9))
    await world.awarded(world.reversal(gone))
    expected = [(1, 30), (1, 30), (3, 7), (3, 7), (3, 7), (6, 1)]
    for limit in (1, 2, 4, 500):
        assert await pages(api, limit=limit) == expected


async def test_who_is_suspended_is_on_no_board_while_that_lasts(world: Any, api: httpx.AsyncClient) -> None:
    await world.awarded(*(world.award(name, number) for name, number in {"a": 30, "b": 20, "c": 7}.items()))
    now = datetime.now(UTC)

    def suspended(revision: int, *, stands: bool = True, hours: int = 1) -> Any:
        data = {
            "suspension_id": world.uuid("suspension"),
            "member_id": world.uuid("b"),
            "revision": revision,
            "stands": stands,
            "starts_at": now - timedelta(hours=2),
            "ends_at": now + timedelta(hours=hours),
        }
        return world.fact("guidelines.suspension_changed.v1", f"suspended {revision}", data)

    await world.handle(on_guidelines, suspended(2))
    assert await pages(api) == [(1, 30), (2, 7)]
    place = (await api.get(f"/v1/members/{world.uuid('b')}/place")).json()
    assert (place["is_on_board"], place["rank"]) == (False, None)
    near = (await api.get(f"/v1/members/{world.uuid('c')}/place")).json()
    assert [one["points"] for one in near["neighbours"]] == [30, 7]
    # What is older than what is known changes nothing; lifted, or never right, they are on it again.
    await world.handle(on_guidelines, suspended(1, stands=False))
    assert await pages(api) == [(1, 30), (2, 7)]
    await world.handle(on_guidelines, suspended(3, hours=-1))
    assert await pages(api) == [(1, 30), (2, 20), (3, 7)]
    await world.handle(on_guidelines, suspended(4), suspended(5, stands=False))
    assert await pages(api) == [(1, 30), (2, 20), (3, 7)]


async def test_bots_are_on_no_board(world: Any, api: httpx.AsyncClient) -> None:
    await world.awarded(*(world.award(name, number) for name, number in {"a": 30, "bot": 20, "c": 7}.items()))
    data = {
        "member_id": world.uuid("bot"),
        "name": "ci[bot]",
        "revision": 2,
        "bot_by": "pattern",
        "identities": [],
    }
    await world.handle(on_members, world.fact("member.identified.v1", "bot 2", data))
    for limit in (1, 500):
        assert await pages(api, limit=limit) == [(1, 30), (2, 7)]
    person = data | {"revision": 3}
    del person["bot_by"]
    await world.handle(on_members, world.fact("member.identified.v1", "bot 3", person))
    assert await pages(api, limit=500) == [(1, 30), (2, 20), (3, 7)]


async def test_weeks_and_months_are_those_of_the_event(world: Any, api: httpx.AsyncClient) -> None:
    await named(world, "a", "Old name")
    await named(world, "a", "Ada", revision=2)
    await named(world, "a", "Older name")
    await world.awarded(
        world.award("a", 5, at=datetime(2026, 3, 1, 23, 59, tzinfo=UTC)),
        world.award("a", 7, at=datetime(2026, 3, 2, tzinfo=UTC)),
        world.award("b", 6, at=datetime(2026, 2, 27, tzinfo=UTC)),
    )
    for period, at, expected in (
        ("week", "2026-02-25T00:00:00Z", [(1, 6), (2, 5)]),
        ("week", "2026-03-08T23:00:00Z", [(1, 7)]),
        ("month", "2026-03-31T00:00:00Z", [(1, 12)]),
        ("month", "2026-01-31T00:00:00Z", []),
        ("all", "2026-01-31T00:00:00Z", [(1, 12), (2, 6)]),
    ):
        assert await pages(api, period=period, at=at) == expected
    body = (await api.get("/v1/leaderboard", params={"period": "week", "at": "2026-03-08T23:00:00Z"})).json()
    assert (body["starts_on"], body["ends_on"]) == ("2026-03-02", "2026-03-08")
    assert body["items"][0]["name"] == "Ada"


async def test_what_a_member_was_recognised_for(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(on_programmes, world.programme(1, SECTION))
    await named(world, "a", "Ada")
    path = f"/v1/members/{world.uuid('a')}/recognition"
    empty = (await api.get(path)).json()
    assert (empty["points"], empty["level"], empty["badges"]) == (0, None, [])
    assert empty["next_level"] == {"name": "bronze", "title": "Bronze", "points_missing": 5}
    await world.awarded(world.award("a", 6), second := world.award("a", 15))
    body = (await api.get(path)).json()
    assert body["name"] == "Ada"
    assert body["level"]["name"] == "silver"
    assert body["next_level"]["points_missing"] == 79
    assert [(one["name"], one["award_id"]) for one in body["badges"]] == [("ten", second["data"]["award_id"])]
    badges = (await api.get("/v1/badges")).json()
    assert [(one["name"], one["holders"]) for one in badges["badges"]] == [("ten", 1)]
    assert [(one["name"], one["holders"]) for one in badges["levels"]] == [
        ("bronze", 1),
        ("silver", 1),
        ("gold", 0),
    ]


async def test_points_and_levels_of_several_members_come_at_once(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(on_programmes, world.programme(1, SECTION))
    await world.awarded(world.award("a", 21), world.award("b", 3))
    other = type(world)(world.pool, SPEC)
    await other.awarded(other.award("far", 50))
    asked = [world.uuid("b"), world.uuid("a"), world.uuid("nobody"), other.uuid("far"), world.uuid("a")]
    items = (await api.get("/v1/totals", params={"member": asked})).json()["items"]
    assert [one["member_id"] for one in items] == asked[:4]
    assert [(one["points"], one["level"]) for one in items] == [
        (3, None),
        (21, {"name": "silver", "title": "Silver"}),
        (0, None),
        (0, None),
    ]
    assert (await api.get("/v1/totals")).status_code == 422
    assert (await api.get("/v1/totals", params={"member": [asked[0]] * 101})).status_code == 422


async def test_errors_say_what_is_wrong(world: Any, api: httpx.AsyncClient) -> None:
    unknown = await api.get(f"/v1/members/{world.uuid('nobody')}/recognition")
    assert unknown.status_code == 404
    assert unknown.headers["content-type"] == "application/problem+json"
    assert "has arrived yet" in unknown.json()["detail"]
    assert (await api.get("/v1/leaderboard", params={"after": "x"})).status_code == 422
    assert (await api.get("/v1/leaderboard", params={"period": "year"})).status_code == 422
    out_of_reach = {"period": "month", "at": "9999-12-31T23:59:59-05:00"}
    assert (await api.get("/v1/leaderboard", params=out_of_reach)).status_code == 422
    for number in ("1790000000", "1790000000000", "2026", "1790000000.5"):
        bare = {"period": "month", "at": number}
        assert (await api.get("/v1/leaderboard", params=bare)).status_code == 422
    assert (await api.get("/v1/badges", headers={"Authorization": "Bearer plk_no"})).status_code == 401


async def test_another_community_sees_nothing_of_it(world: Any, api: httpx.AsyncClient) -> None:
    other = type(world)(world.pool, SPEC)
    await other.awarded(other.award("a", 50))
    assert (await api.get("/v1/leaderboard")).json()["items"] == []
    assert (await api.get(f"/v1/members/{other.uuid('a')}/recognition")).status_code == 404


async def test_a_members_place_is_shown_with_their_neighbours_and_no_ids(
    world: Any, api: httpx.AsyncClient
) -> None:
    points = {"a": 900, "b": 70, "c": 70, "d": 60, "e": 50, "f": 1}
    await world.awarded(*(world.award(name, count) for name, count in points.items()))
    await named(world, "d", "Dora")

    async def place(name: str, **query: str) -> Any:
        answer = await api.get(f"/v1/members/{world.uuid(name)}/place", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    found = await place("d")
    assert (found["rank"], found["points"], found["is_on_board"]) == (4, 60, True)
    near = [(one["rank"], one["points"], one["is_self"]) for one in found["neighbours"]]
    assert near == [(2, 70, False), (2, 70, False), (4, 60, True), (5, 50, False), (6, 1, False)]
    assert {key for one in found["neighbours"] for key in one} == {"rank", "name", "points", "is_self"}
    assert found["neighbours"][2]["name"] == "Dora"
    assert [one["points"] for one in (await place("a"))["neighbours"]] == [900, 70, 70]
    # Of a week the same, and of one without them nothing; who is on no board is nobody's neighbour.
    assert (await place("d", period="week", at="2026-03-04T12:00:00Z"))["rank"] == 4
    assert (await place("d", period="week", at="2026-05-04T12:00:00Z"))["neighbours"] == []
    await world.pool.execute(
        "update followed_members set off_boards = true where community = $1 and member_id = $2",
        world.community,
        world.uuid("d"),
    )
    assert (await place("d"))["is_on_board"] is False
    assert [one["points"] for one in (await place("e"))["neighbours"]] == [70, 70, 50, 1]


async def test_who_got_a_badge_or_level_last(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(on_programmes, world.programme(1, SECTION))
    await named(world, "a", "Ada")
    await world.awarded(world.award("a", 12))
    await world.awarded(gone := world.award("b", 6))
    await world.awarded(world.reversal(gone))
    whole = (await api.get("/v1/grants")).json()
    found = [(one["member_name"], one["kind"], one["title"], one["is_taken_back"]) for one in whole["items"]]
    assert found[0] == (None, "level", "Bronze", True)
    assert sorted(found[1:]) == [("Ada", "badge", "Ten points", False), ("Ada", "level", "Bronze", False)]
    first = (await api.get("/v1/grants", params={"limit": 1})).json()
    rest = (await api.get("/v1/grants", params={"limit": 2, "after": first["next"]})).json()
    assert [*first["items"], *rest["items"]] == whole["items"]
