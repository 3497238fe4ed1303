"""Ingest, restored from a backup: kudos count and stay hidden, a key gives once, and answers count once."""

import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.ingest.ideas import domain as ideas_domain
from services.ingest.main import SPEC
from services.ingest.settings import Settings
from services.ingest.surveys.handlers.answering import count_together
from services.ingest.walls.domain import CHANNEL, HOST
from shared.contracts.facts import CASE_CHANGED
from shared.topics import BACKFILL, GUIDELINES, RAW, record_key
from tests.integration.services.backups import backup, restore
from tests.integration.services.ingest.conftest import SCOPES, Community, problem
from tests.integration.services.ingest.test_check_ins import member
from tests.integration.services.ingest.test_ideas import RUNNING, ideas, suggest
from tests.integration.services.ingest.test_ideas_restored import all_is_told
from tests.integration.services.ingest.test_kudos import TERMS, WORDS, accepted, declare, give, object_of, wall
from tests.integration.services.ingest.test_surveys import SOLVED, answer, ask_all, posted, token
from tests.integration.services.ingest.test_surveys import declare as declare_surveys
from tests.integration.services.ingest.test_webhooks_restored import desk
from tests.integration.services.process import send
from tests.integration.services.world import authorization
from tests.waiting import until

pytestmark = pytest.mark.stack

NAMES = ("ada", "bo", "cat", "dan", "eve", "fay")
#: What a process knows that has not come yet to what is to be judged again.
BEFORE_RAW = replace(
    SPEC, subscriptions=[one for one in SPEC.subscriptions if one.topic.name not in (RAW.name, BACKFILL.name)]
)


def upheld(community: str, channel: str, host: str, object_id: str) -> Any:
    """The fact that somebody decided that a content is against the guidelines."""
    case_id = str(uuid4())
    said = {"case_id": case_id, "channel": channel, "host": host, "object_id": object_id, "state": "upheld"}
    example = CASE_CHANGED.examples[0]
    fact = example | {"id": str(uuid4()), "community": community, "data": example["data"] | said | {"revision": 2}}
    return GUIDELINES, record_key(community, case_id), fact


async def left(place: Community, shows: Mapping[str, str]) -> int:
    answered = await place.client.get("/v1/kudos/allowance", headers=dict(shows))
    assert answered.status_code == 200, answered.text
    return int(answered.json()["left"])


async def given(place: Community) -> set[tuple[str, str, bool]]:
    """All thanks, whoever sees them: to whom, the event, and whether its words wait for a decision."""
    sql = "select receiver_id, event_uid, is_listed from kudos where community = $1"
    rows = await place.pool.fetch(sql, place.name)
    return {(str(row["receiver_id"]), str(row["event_uid"]), row["is_listed"]) for row in rows}


async def is_read(place: Community) -> bool:
    """Whether all that was read back was judged again."""
    return not await place.pool.fetchval("select count(*) from events_read_back where community = $1", place.name)


async def invitations(place: Community, member_id: str) -> list[str]:
    found = (await place.client.get(f"/v1/members/{member_id}/survey-invitations")).json()
    return [one["invitation_id"] for one in found["items"]]


async def test_what_was_given_decided_and_counted_since_holds_at_once(stack: Any, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = Settings(**stack.settings("ingest") | {"http_port": port})
    name, headers = f"c{uuid4().hex[:12]}", dict[str, str]()
    async with desk(settings, name, headers) as place:
        headers.clear()
        headers.update(await authorization(place.pool, name, *SCOPES, *RUNNING))
        place.client.headers.update(headers)
        people = {one: await member(place, one) for one in NAMES}
        ids, shows = ({one: found[part] for one, found in people.items()} for part in (0, 1))
        await declare(place)
        await declare_surveys(place, SOLVED, quiet_days=0)
        for number, one in enumerate(NAMES):
            await posted(place, number, one)
        asked = {str(row["member_id"]): str(row["invitation_id"]) for row in await ask_all(place)}
        assert set(asked) == set(ids.values())
        await until(lambda: all_is_told(place))
        saved = await backup(stack.state, "ingest", tmp_path)

        # Since then one gave all that they may, one of it against the guidelines; another was forgotten.
        assert (TERMS["per_month"], await left(place, shows["ada"])) == (3, 3)
        rude = (await give(place, shows["ada"], ids["bo"], key="k1")).json()
        kind = (await give(place, shows["ada"], ids["cat"])).json()
        listed = (await give(place, shows["ada"], ids["bo"], message=f"You {WORDS[0]['words'][0]}!")).json()
        gone = (await give(place, shows["eve"], ids["fay"])).json()
        idea = (await suggest(place, shows["bo"], "Sack them all")).json()
        for uid in (*(one["event_uid"] for one in (rude, kind, listed, gone)), idea["event_uid"]):
            await accepted(place, uid)
        of_rude = await object_of(place, rude["event_uid"])
        of_idea = (ideas_domain.CHANNEL, ideas_domain.HOST, idea["idea_id"])
        await send(stack.state, [upheld(name, CHANNEL, HOST, of_rude), upheld(name, *of_idea)])

        async def shown(place: Community) -> Any:
            """What somebody else sees."""
            return (
                [one["event_uid"] for one in await wall(place, shows["dan"])],
                [one["idea_id"] for one in await ideas(place, shows["dan"])],
            )

        async def is_hidden() -> bool:
            return (
                set((await shown(place))[0]) == {kind["event_uid"], gone["event_uid"]}
                and not (await shown(place))[1]
            )

        await until(is_hidden)
        erased = await place.client.post(f"/v1/members/{ids['fay']}/erase", json={"points": "nothing"})
        assert erased.status_code in (200, 202), erased.text
        # Five answered and were counted; then one was asked again.
        for one in NAMES[:5]:
            link = await token(place, asked[ids[one]])
            assert (await answer(place, link, score=4)).status_code == 200
        async with place.begin() as tx:
            while await count_together(tx):
                pass
        await posted(place, 100, "dan")
        [again] = [row for row in await ask_all(place) if str(row["invitation_id"]) not in asked.values()]
        before = await given(place)
        assert {uid for _, uid, _ in before} == {rude["event_uid"], kind["event_uid"], listed["event_uid"]}
        await until(lambda: all_is_told(place))
    await restore(stack.state, "ingest", saved)
    # Before anything is judged again,
    async with desk(settings, name, headers, BEFORE_RAW) as place:
        # what was given is there, and the same key gives nothing more;
        assert await given(place) == before
        assert await left(place, shows["ada"]) == 0
        repeated = await give(place, shows["ada"], ids["bo"], key="k1")
        assert (repeated.status_code, repeated.json()["event_uid"]) == (201, rude["event_uid"])
        spent = problem(await give(place, shows["ada"], ids["cat"]), 409)
        assert spent["type"].endswith(":kudos-allowance-spent")
        assert await given(place) == before
        # whoever was asked until answers were counted answers no more, and who was asked since does;
        for one in NAMES[:5]:
            problem(await answer(place, await token(place, asked[ids[one]]), score=4), 404)
        assert await invitations(place, ids["ada"]) == []
        assert await invitations(place, ids["dan"]) == [str(again["invitation_id"])]
        # and what was decided finds what it is about.
        await until(lambda: _is(shown, place, ([kind["event_uid"]], [])))
    async with desk(settings, name, headers) as place:
        await until(lambda: is_read(place))
        assert await given(place) == before
        assert await shown(place) == ([kind["event_uid"]], [])
        assert await left(place, shows["ada"]) == 0


async def _is(ask: Any, place: Community, wanted: Any) -> bool:
    return bool(await ask(place) == wanted)
