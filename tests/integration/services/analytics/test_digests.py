"""The week in a page: made once, in the community's week, and told once to each manager, also after a restore."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest

from services.analytics.digests.handlers import write
from services.analytics.intake.handlers import on_events
from services.analytics.programmes.handlers import on_programmes
from shared.topics import MESSAGES
from tests.integration.services.analytics.test_retention import declare, event

pytestmark = pytest.mark.stack

#: Monday 8 June 2026 begins in Rome when it is 22:00 on Sunday in UTC.
MONDAY = datetime(2026, 6, 7, 22, tzinfo=UTC)


async def test_a_week_is_told_once_when_it_is_over_where_the_community_is(
    world: Any, api: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    async def written(at: datetime) -> list[dict[str, Any]]:
        await pool.execute("update digest_checks set checked_at = null where community = $1", world.community)
        async with world.begin() as tx:
            tx.now = at
            while await write(tx):
                pass
        rows = [one for one in await world.outbox() if one["topic"] == MESSAGES.name]
        return [orjson.loads(one["value"])["data"] for one in rows]

    calendar = await declare(world, "Europe/Rome")
    await pool.execute(
        """
        insert into followed_people (community, person_id, revision, name, kind, disabled, roles, members)
        values ($1, $2::uuid, 1, 'Mara', 'person', false, array['manager'], array[$3::uuid])
        """,
        world.community,
        world.uuid("mara person"),
        world.uuid("mara"),
    )
    goal = {
        "id": "heard",
        "title": "Heard",
        "metric": "mentions",
        "target": 90,
        "owner": "Team",
        "starts": "2026-05-01",
        "ends": "2026-05-31",
    }
    await world.handle(
        on_programmes, world.programme_fact(1, {"rules": [], "goals": [goal]}, MONDAY - timedelta(days=99))
    )

    def posted(name: str, member: str, at: datetime) -> Any:
        return event(world, calendar, name, member, at, "forum.post.v1", "forum")

    await world.handle(
        on_events,
        posted("before", "ada", MONDAY - timedelta(days=8)),
        posted("first", "ada", MONDAY - timedelta(days=7)),
        posted("last", "grace", MONDAY - timedelta(seconds=1)),
        posted("next", "linus", MONDAY),
    )
    await world.settle()
    assert await written(MONDAY + timedelta(hours=6, minutes=59)) == []
    (told,) = await written(MONDAY + timedelta(hours=7))
    assert (told["kind"], told["member_id"]) == ("digest", world.uuid("mara"))
    values = told["values"]
    assert (values["active"], values["before"], values["newcomers"], values["off"]) == ("2", "1", "1", "1")
    # Two of the questions have waited for more than a day.
    assert (values["questions"], values["todo"]) == ("2", "answers")
    assert await written(MONDAY + timedelta(days=2)) == []
    (digest,) = (await api.get("/v1/digests")).json()["items"]
    assert (digest["starts_on"], digest["ends_on"], digest["events"]) == ("2026-06-01", "2026-06-07", 2)
    assert [(one["goal_id"], one["state"]) for one in digest["goals"]] == [("heard", "missed")]
    # Forgotten, it is made again and asked for as the same message, which ingest sends once.
    await pool.execute("delete from digests where community = $1", world.community)
    (again,) = await written(MONDAY + timedelta(hours=9))
    assert again["request_id"] == told["request_id"]
    await written(MONDAY + timedelta(days=7, hours=8))
    page = (await api.get("/v1/digests", params={"limit": 1})).json()
    assert page["items"][0]["starts_on"] == "2026-06-08"
    rest = (await api.get("/v1/digests", params={"limit": 1, "after": page["next"]})).json()
    assert [one["starts_on"] for one in rest["items"]] == ["2026-06-01"]


async def test_of_a_community_in_which_nothing_is_there_is_nothing_to_tell(
    world: Any, api: httpx.AsyncClient
) -> None:
    await world.handle(on_programmes, world.programme_fact(1, {"rules": []}, MONDAY))
    async with world.begin() as tx:
        tx.now = MONDAY + timedelta(days=14, hours=8)
        while await write(tx):
            pass
    assert (await api.get("/v1/digests")).json() == {"items": [], "next": None}
