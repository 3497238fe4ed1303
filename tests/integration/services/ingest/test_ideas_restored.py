"""Ingest, restored from yesterday's backup: what was suggested, voted for and decided since is read back."""

import socket
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.ingest.ideas.handlers import count_stale
from services.ingest.settings import Settings
from tests.integration.services.backups import backup, restore
from tests.integration.services.ingest.conftest import SCOPES, Community, event
from tests.integration.services.ingest.test_check_ins import member
from tests.integration.services.ingest.test_ideas import RUNNING, act, ideas, made, suggest
from tests.integration.services.ingest.test_kudos import accepted
from tests.integration.services.ingest.test_webhooks_restored import desk
from tests.integration.services.world import authorization
from tests.waiting import until

pytestmark = pytest.mark.stack
#: What others see of a suggestion; whether whoever asks voted is asked for beside it.
SEEN = ("idea_id", "title", "text", "state", "votes", "joined_to", "seen")


async def seen(place: Community, **query: Any) -> list[dict[str, Any]]:
    found = await ideas(place, **query)
    return sorted(({name: one[name] for name in SEEN} for one in found), key=lambda one: str(one["idea_id"]))


async def recounted(place: Community) -> None:
    """What the timer does, which only a process of its own has."""
    async with place.begin() as tx:
        while await count_stale(tx):
            pass


async def taken_back(place: Community) -> list[bool]:
    """Of the thanks in the order in which they were given."""
    sql = "select is_taken_back from kudos where community = $1 order by given_at"
    return [row["is_taken_back"] for row in await place.pool.fetch(sql, place.name)]


def thanks(number: int) -> dict[str, Any]:
    to = {"id": f"thanks-{number}", "author": {"id": "grace"}}
    at = {"type": "kudos.given.v1", "time": f"2026-01-31T12:00:0{number}Z"}
    return event(f"thanks-{number}", object=to, message="Thank you.") | at


def taking_back(number: int) -> dict[str, Any]:
    target = {"source": event()["source"], "id": f"post-thanks-{number}"}
    return event(f"back-{number}", target=target) | {"type": "activity.retracted.v1"}


async def all_is_told(place: Community) -> bool:
    return not await place.pool.fetchval("select count(*) from outbox")


async def test_what_came_after_the_backup_is_there_again_and_counts_once(stack: Any, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = Settings(**stack.settings("ingest") | {"http_port": port})
    name, headers = f"c{uuid4().hex[:12]}", dict[str, str]()
    async with desk(settings, name, headers) as place:
        headers.clear()
        headers.update(await authorization(place.pool, name, *SCOPES, *RUNNING))
        place.client.headers.update(headers)
        _, ada_shows = await member(place, "ada")
        _, grace_shows = await member(place, "grace")
        _, edith_shows = await member(place, "edith")
        old = await made(place, ada_shows, "A dark theme")
        for shows in (grace_shows, edith_shows):
            assert (await act(place, shows, old, "vote")).status_code == 200

        async def is_read() -> bool:
            return [one["title"] for one in await ideas(place)] == ["A dark theme"]

        await until(is_read)
        saved = await backup(stack.state, "ingest", tmp_path)
        assert await place.outcomes(thanks(1), thanks(2), taking_back(1)) == ["accepted"] * 3
        assert await taken_back(place) == [True, False]
        # Since then one vote was taken back, two were suggested, one goes on and the other is joined to it.
        assert (await act(place, edith_shows, old, "withdraw")).status_code == 200
        new = await suggest(place, grace_shows, "A map of the harbour", text="With the depths.")
        same = await suggest(place, edith_shows, "Harbour map")
        for one in (new, same):
            await accepted(place, one.json()["event_uid"])
        new_id, same_id = new.json()["idea_id"], same.json()["idea_id"]
        assert (await act(place, ada_shows, new_id, "vote")).status_code == 200
        assert (await act(place, None, new_id, "move", state="planned", note="In spring.")).status_code == 200
        assert (await act(place, None, same_id, "join", to=new_id, note="Both ask for it.")).status_code == 200

        async def is_joined() -> Any:
            await recounted(place)
            found = await seen(place), await seen(place, state="joined")
            return found if {one["idea_id"]: one["votes"] for one in found[0]} == {old: 1, new_id: 2} else None

        before = await until(is_joined)
        # What is not on the topic yet no restore brings back.
        await until(lambda: all_is_told(place))
    await restore(stack.state, "ingest", saved)
    async with desk(settings, name, headers) as place:

        async def is_there_again() -> Any:
            await recounted(place)
            found = await seen(place), await seen(place, state="joined")
            return found == before

        await until(is_there_again)
        # What was thanked and taken back since stays taken back.
        assert await taken_back(place) == [True, False]
        # Who voted then has voted, and one more is one more.
        _, ada_again = await member(place, "ada")
        assert [one["has_voted"] for one in await ideas(place, ada_again) if one["idea_id"] == new_id] == [True]
        assert (await act(place, ada_again, new_id, "vote")).json()["votes"] == 2
