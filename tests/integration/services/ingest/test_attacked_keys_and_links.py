"""Access keys and links in the hands of somebody who means ill, or of several who come at once."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from shared.access_keys.store import put_people
from tests.integration.services.ingest.conftest import Community, event, problem
from tests.integration.services.world import add_person, authorization, person_fact

pytestmark = pytest.mark.stack

LINKS_MAX_COUNT = 5


@pytest.fixture
async def admin(community: Community) -> dict[str, str]:
    return await authorization(community.pool, community.name, "sign_in:write", "people:write", "keys:write")


@pytest.mark.parametrize("ends", ["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.5Z", "2126-01-01T00:00:00Z"])
async def test_a_key_that_would_end_after_the_calendar_is_not_issued(
    community: Community, admin: dict[str, str], ends: str
) -> None:
    """Stored, it would have stopped every list of its community's keys, and its own revocation."""
    people = f"/v1/communities/{community.name}/people"
    added = await community.client.post(people, json={"name": "Grace", "roles": ["moderator"]}, headers=admin)
    person = added.json()["person_id"]
    wanted = {"community": community.name, "person_id": person, "name": "for ever", "expires_at": ends}

    refused = problem(await community.client.post("/v1/keys", json=wanted, headers=admin), 422)

    assert refused["errors"][0]["field"] == "/expires_at"
    listed = await community.client.get(f"/v1/communities/{community.name}/keys", headers=admin)
    assert listed.status_code == 200


async def test_several_revoke_at_once_what_was_never_issued(community: Community, admin: dict[str, str]) -> None:
    path = f"/v1/communities/{community.name}/keys"

    answers = await asyncio.gather(
        *(
            community.client.delete(f"{path}/planted{number}", headers=admin, params={"even_unknown": True})
            for number in range(4)
            for _ in range(4)
        )
    )

    assert Counter(answer.status_code for answer in answers) == {204: 16}


async def made_link(community: Community, maker: dict[str, str], **wanted: Any) -> str:
    answer = await community.client.post("/v1/sign-in-links", json=wanted, headers=maker)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["link"])


async def sign_in(community: Community, link: str) -> Any:
    return await community.client.post("/v1/tokens", json={"link": link}, headers={"Authorization": ""})


async def test_of_many_links_that_are_asked_for_at_once_no_more_are_made_than_there_may_be(
    community: Community, admin: dict[str, str]
) -> None:
    person = await add_person(community.pool, community.name, "moderator")

    answers = await asyncio.gather(
        *(
            community.client.post("/v1/sign-in-links", json={"person_id": person}, headers=admin)
            for _ in range(4 * LINKS_MAX_COUNT)
        )
    )

    assert Counter(answer.status_code for answer in answers) == {201: LINKS_MAX_COUNT, 429: 3 * LINKS_MAX_COUNT}


@pytest.mark.parametrize(
    ("roles", "disabled"),
    [(("administrator",), True), (("moderator",), False), (("operator",), False)],
    ids=["disabled", "without the role", "who may make those of members alone"],
)
async def test_a_link_for_a_person_ends_with_what_its_maker_may(
    community: Community, roles: tuple[str, ...], disabled: bool
) -> None:
    """Whoever is let go might have made one in time, to come back as somebody else."""
    maker = await add_person(community.pool, community.name, "administrator")
    key = await authorization(community.pool, community.name, "sign_in:write", "keys:write", person_id=maker)
    person = await add_person(community.pool, community.name, "finance_approver")
    link = await made_link(community, key, person_id=person)
    changed = person_fact(community.name, maker, *roles, disabled=disabled, revision=2)
    async with community.pool.acquire() as conn:
        await put_people(conn, [changed])

    refused = problem(await sign_in(community, link), 401)

    assert refused["type"] == "urn:plaudit:problem:withdrawn-link"
    # Who it was is nothing to whoever comes with it.
    assert "Test" not in refused["detail"]
    back = person_fact(community.name, maker, "administrator", revision=3)
    async with community.pool.acquire() as conn:
        await put_people(conn, [back])
    assert (await sign_in(community, link)).status_code == 201


async def test_a_link_of_a_member_stays_while_its_maker_may_make_such(community: Community) -> None:
    await community.outcomes(event(1))
    maker = await add_person(community.pool, community.name, "administrator")
    key = await authorization(community.pool, community.name, "sign_in:write", person_id=maker)
    links = [await made_link(community, key, identity={"channel": "forum", "id": "ada"}) for _ in range(2)]
    for link, revision, role, status in zip(links, (2, 3), ("operator", "manager"), (201, 401), strict=True):
        async with community.pool.acquire() as conn:
            await put_people(conn, [person_fact(community.name, maker, role, revision=revision)])
        assert (await sign_in(community, link)).status_code == status


async def test_a_link_outlives_the_key_that_made_it(community: Community, admin: dict[str, str]) -> None:
    """A command at a local stack revokes its key as soon as it has made the link."""
    person = await add_person(community.pool, community.name, "moderator")
    link = await made_link(community, admin, person_id=person)
    await community.pool.execute("update access_keys set revoked = true where community = $1", community.name)
    assert (await sign_in(community, link)).status_code == 201
