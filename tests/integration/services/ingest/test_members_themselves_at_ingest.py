"""Members say what they wish, read what they wrote and have themselves forgotten; visitors see what is public."""

from typing import Any

import httpx
import pytest

from tests.integration.services.ingest.conftest import SCOPES, Community, event, problem
from tests.integration.services.test_who_may import know_token_keys, token
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack

TEXT = "What a wonderful evening"


async def as_member(community: Community, identity: str) -> tuple[str, dict[str, str]]:
    """The id of a member, and what they show who signed in."""
    community.client.headers.update(await authorization(community.pool, community.name, *SCOPES))
    await know_token_keys(community.pool)
    found = await community.client.get(f"/v1/members/{identity}")
    assert found.status_code == 200, found.text
    member_id = str(found.json()["member_id"])
    return member_id, token(community.name, member_id, member_id)


async def test_a_member_wishes_reads_their_texts_and_is_forgotten_at_their_own_word(community: Community) -> None:
    await community.outcomes(event(1, "ada", name="Ada", text=TEXT), event(2, "kofi", text="Not Ada's"))
    (ada, own), (kofi, _) = await as_member(community, "forum:ada"), await as_member(community, "forum:kofi")
    client = community.client
    rows = await community.pool.fetch(
        "select event_uid, member_id from texts where community = $1", community.name
    )
    texts = {str(row["member_id"]): str(row["event_uid"]) for row in rows}

    async def ask(method: str, path: str, **more: Any) -> httpx.Response:
        return await client.request(method, path, headers=own, **more)

    wish = {"source": "member", "consents": {"card": True}, "opt_outs": {"boards": True}}
    said = await ask("PUT", f"/v1/members/{ada}/preferences", json=wish)
    assert {(one["kind"], one["name"]) for one in said.json()["items"]} == {
        ("consent", "card"),
        ("opt_out", "boards"),
    }
    assert (await ask("PUT", f"/v1/members/{kofi}/preferences", json=wish)).status_code == 403

    assert (await ask("GET", f"/v1/texts/{texts[ada]}")).json()["fields"]["text"] == TEXT
    others = await ask("GET", f"/v1/texts/{texts[kofi]}")
    assert (others.status_code, others.json()["type"]) == (404, "urn:plaudit:problem:unknown-text")

    before = (await ask("GET", f"/v1/members/{ada}/erasure")).json()
    assert before["erased_at"] is None
    assert [one["until"] is None for one in before["remains"]] == sorted(
        one["until"] is None for one in before["remains"]
    )
    assert len(before["remains"]) >= 8
    assert (await ask("POST", f"/v1/members/{kofi}/erase", json={"points": "forfeited"})).status_code == 403
    undecided = problem(await ask("POST", f"/v1/members/{ada}/erase", json={}), 409)
    assert undecided["type"] == "urn:plaudit:problem:undecided-points"
    proof = await ask("POST", f"/v1/members/{ada}/erase", json={"points": "forfeited"})
    assert proof.status_code == 200, proof.text
    assert [one["where"] for one in proof.json()["remains"]] == [one["where"] for one in before["remains"]]
    entry = await community.pool.fetchrow(
        "select person_id::text, member_id::text from audit_entries"
        " where community = $1 and command = 'member.erase'",
        community.name,
    )
    assert tuple(entry) == (ada, ada)


async def test_a_community_is_there_for_everybody_only_where_it_shows_something(community: Community) -> None:
    path = f"/v1/communities/{community.name}/public"
    nobody = {"Authorization": ""}
    await community.pool.execute("delete from communities where community = $1", community.name)
    undeclared = await community.client.get(path, headers=nobody)
    assert undeclared.status_code == 404
    await community.pool.execute(
        """
        insert into communities (community, has_events, revision, title, calendar, currency, languages, look_name,
                                 public, publishing, texts_days, rejected_days)
        values ($1, false, 1, 'Acme', '[{"time_zone": "Europe/Rome", "week_start": "monday"}]', 'EUR',
                '{it}', 'The makers', '{}', 'one_person', 365, 30)
        """,
        community.name,
    )
    closed = await community.client.get(path, headers=nobody)
    assert closed.json() == undeclared.json()
    await community.pool.execute("update communities set public = '{boards}' where community = $1", community.name)
    shown = (await community.client.get(path, headers=nobody)).json()
    assert shown == {
        "id": community.name,
        "title": "The makers",
        "time_zone": "Europe/Rome",
        "currency": "EUR",
        "languages": ["it"],
        "public": ["boards"],
        "embed_sites": [],
    }
