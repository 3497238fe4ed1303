"""Ingest, restored from yesterday's backup: rounds, nominations and votes since are there, and count once."""

import socket
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.ingest.settings import Settings
from tests.integration.services.backups import backup, restore
from tests.integration.services.ingest.conftest import SCOPES, Community, problem
from tests.integration.services.ingest.test_check_ins import member
from tests.integration.services.ingest.test_ideas import RUNNING
from tests.integration.services.ingest.test_ideas_restored import all_is_told
from tests.integration.services.ingest.test_nominations import act, decide_all, declare, go_to, nominate, shown
from tests.integration.services.ingest.test_surveys import NPS, answer, ask_all, token
from tests.integration.services.ingest.test_surveys import declare as declare_surveys
from tests.integration.services.ingest.test_webhooks_restored import desk
from tests.integration.services.world import authorization
from tests.waiting import until

pytestmark = pytest.mark.stack

NAMES = ("ada", "bo", "cat", "dan", "eve")


async def words(place: Community) -> list[tuple[str, str | None]]:
    """What members wrote in answers, each with the suggestion that was made of it."""
    found = (await place.client.get("/v1/survey-answers", params={"survey": "nps"})).json()["items"]
    return [(one["event_uid"], one["idea_id"]) for one in found]


async def test_rounds_nominations_votes_and_what_they_came_to_are_read_back(stack: Any, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = Settings(**stack.settings("ingest") | {"http_port": port})
    name, headers = f"c{uuid4().hex[:12]}", dict[str, str]()
    async with desk(settings, name, headers) as place:
        headers.clear()
        headers.update(await authorization(place.pool, name, *SCOPES, *RUNNING))
        place.client.headers.update(headers)
        people = {one: await member(place, one) for one in NAMES}
        ids = {one: found[0] for one, found in people.items()}
        shows = {one: found[1] for one, found in people.items()}
        await declare_surveys(place, NPS, quiet_days=0)
        [invitation] = [one for one in await ask_all(place) if str(one["member_id"]) == ids["ada"]]
        link = await token(place, invitation["invitation_id"])
        assert (await answer(place, link, score=3, comment="Too bright.")).status_code == 200
        ((answered, _),) = await until(lambda: words(place))
        old = await declare(place, live=True)
        of_bo = (await nominate(place, shows["ada"], old, ids["bo"])).json()["nomination_id"]
        of_cat = (await nominate(place, shows["bo"], old, ids["cat"])).json()["nomination_id"]
        await go_to(place, old, "voting")
        assert (await act(place, shows["dan"], of_bo, "vote")).status_code == 200
        await until(lambda: all_is_told(place))
        saved = await backup(stack.state, "ingest", tmp_path)

        # Since then a suggestion was made of the answer; of the round one votes for another, and one votes too.
        body = {"title": "A dark theme", "answer": answered}
        made = await place.client.post("/v1/ideas", json=body, headers={"Idempotency-Key": uuid4().hex})
        assert made.status_code == 201, made.text
        assert (await act(place, shows["dan"], of_cat, "vote")).status_code == 200
        assert (await act(place, shows["eve"], of_cat, "vote")).status_code == 200
        # Another round is declared, with somebody who is forgotten, one who says no, and one who stands.
        new = await declare(place, needs_yes=True, about="Who was there for newcomers.")
        of_ada = (await nominate(place, shows["bo"], new, ids["ada"])).json()["nomination_id"]
        gone = (await nominate(place, shows["ada"], new, ids["eve"])).json()["nomination_id"]
        of_dan = (await nominate(place, shows["cat"], new, ids["dan"])).json()["nomination_id"]
        assert (await act(place, shows["ada"], of_ada, "accept")).status_code == 200
        assert (await act(place, shows["dan"], of_dan, "decline")).status_code == 200
        other = await declare(place)
        given_up = await place.client.post(f"/v1/nomination-rounds/{other}/cancel", json={"reason": "Its days."})
        assert given_up.status_code == 200, given_up.text
        # The first is decided, then somebody is forgotten: the counts stand.
        await go_to(place, old, "over")
        assert len(await decide_all(place)) == 2
        erased = await place.client.post(f"/v1/members/{ids['eve']}/erase", json={"points": "nothing"})
        assert erased.status_code in (200, 202), erased.text

        async def all_written() -> Any:
            found = [await shown(place, one) for one in (old, new, other)]
            return found if all(one["citation"] for round_ in found for one in round_["nominations"]) else None

        before = await until(all_written)
        assert gone not in {one["nomination_id"] for one in before[1]["nominations"]}
        votes = {one["nomination_id"]: (one["votes"], one["has_won"]) for one in before[0]["nominations"]}
        assert votes == {of_cat: (2, True), of_bo: (0, False)}
        await until(lambda: all_is_told(place))
    await restore(stack.state, "ingest", saved)
    async with desk(settings, name, headers) as place:
        await until(lambda: words_are_there(place, new))
        assert [await shown(place, one) for one in (old, new, other)] == before
        assert {one["state"] for one in before} == {"decided", "nominating", "cancelled"}
        # Nobody is told a second time that they won, and whoever is nominated stays so, once.
        assert await decide_all(place) == []
        twice = problem(await nominate(place, (await member(place, "bo"))[1], new, ids["ada"]), 409)
        assert twice["type"].endswith(":already-nominated")
        # What was made of an answer is known to be; nothing is left of who was forgotten.
        await until(lambda: is_known(place, [(answered, made.json()["idea_id"])]))
        kept = """
            select count(*) from nominations n full join nomination_votes v using (community, round_id)
            where community = $1 and (n.nominee_id = $2 or n.nominator_id = $2 or v.member_id = $2)
        """
        assert await place.pool.fetchval(kept, name, ids["eve"]) == 0


async def words_are_there(place: Community, round_id: str) -> bool:
    """Why members are nominated, which comes with their events; all else is there before the service is ready."""
    return all(one["citation"] for one in (await shown(place, round_id))["nominations"])


async def is_known(place: Community, wanted: list[tuple[str, str]]) -> bool:
    return await words(place) == wanted
