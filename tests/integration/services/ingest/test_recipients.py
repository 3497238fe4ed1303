"""People of a table are looked up or held, and come in by the link of their mail."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import orjson
import pytest

from services.ingest.messages.handlers.sealing import Link, write_link
from tests.integration.services.ingest.conftest import Community, problem
from tests.integration.services.ingest.test_messages_sent import member
from tests.integration.services.test_who_may import know_token_keys, token
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack

SCOPES = ("members:write", "members:read", "members:erase", "members:export", "messages:read", "messages:write")


@pytest.fixture
async def desk(community: Community) -> Community:
    community.client.headers.update(await authorization(community.pool, community.name, *SCOPES))
    await know_token_keys(community.pool)
    return community


async def table(desk: Community, *lines: str, head: str = "email,member,reward") -> httpx.Response:
    return await desk.client.post("/v1/recipients/table", json={"csv": "\n".join([head, *lines])})


def address(desk: Community, name: str) -> str:
    return f"{name}-{desk.name}@example.org"


async def link(desk: Community, recipient_id: str, *, days: int = 1) -> str:
    until = datetime.now(UTC) + timedelta(days=days)
    async with desk.begin() as tx:
        return write_link(tx.settings, Link("offer", desk.name, recipient_id, str(uuid4()), until))


async def held(desk: Community, name: str) -> str:
    answer = await table(desk, f"{address(desk, name)},,")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["lines"][0]["recipient_id"])


def anybody(desk: Community) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=desk.client.base_url, timeout=60)


async def test_lines_are_members_where_they_are_and_else_held_sealed(desk: Community) -> None:
    ada = await member(desk, "ada", mail=address(desk, "ada"))
    bob = await member(desk, "bob")
    answer = await table(
        desk, f"{address(desk, 'ADA')},,", ",forum:bob,mug", f"{address(desk, 'eve')},,", f",{ada},"
    )
    assert answer.status_code == 200, answer.text
    lines = answer.json()["lines"]
    assert [(one["line"], one["member_id"], one["reward_id"]) for one in lines] == [
        (2, ada, None),
        (3, bob, "mug"),
        (4, None, None),
        (5, ada, None),
    ]
    assert [one["recipient_id"] is not None for one in lines] == [False, False, True, False]
    rows = await desk.pool.fetch("select * from message_recipients where community = $1", desk.name)
    assert len(rows) == 1
    assert "eve" not in str([dict(row) for row in rows])
    # Again they are the same.
    assert (await table(desk, f"{address(desk, 'eve')},,")).json()["lines"][0]["recipient_id"] == lines[2][
        "recipient_id"
    ]


async def test_what_is_wrong_with_a_table_is_said_line_by_line(desk: Community) -> None:
    refused = await table(
        desk, "no address,,", ",forum:nobody,", "a@example.org,forum:ada,", ",,mug", f",{uuid4()},"
    )
    told = problem(refused, 422)
    assert told["type"].endswith("recipients-refused")
    assert [one["line"] for one in told["errors"]] == [2, 3, 4, 5, 6]
    assert "no address" not in refused.text
    assert problem(await table(desk, "x", head="name"), 422)["errors"][0]["line"] == 1
    assert problem(await table(desk), 422)["errors"][0]["detail"] == "there is nobody"
    assert await desk.pool.fetchval("select count(*) from message_recipients where community = $1", desk.name) == 0


async def test_whoever_has_the_link_comes_in_as_a_member_of_their_own(desk: Community) -> None:
    recipient = await held(desk, "eve")
    path = f"/v1/offers/{await link(desk, recipient)}"
    async with anybody(desk) as nobody:
        shown = (await nobody.get(path)).json()
        assert shown["community"] == desk.name
        first = await nobody.post(f"{path}/sign-in")
        assert first.status_code == 201, first.text
        again = await nobody.post(f"{path}/sign-in")
        assert again.json()["member_id"] == first.json()["member_id"]
        own = {"Authorization": f"Bearer {first.json()['token']}"}
        me = first.json()["member_id"]
        assert (await nobody.get(f"/v1/members/{me}", headers=own)).json()["identities"][0]["id"] == recipient
        for wrong in (f"{path}x", path[:-3], "/v1/offers/nothing"):
            problem(await nobody.get(wrong), 404)
            problem(await nobody.post(f"{wrong}/sign-in"), 404)
        problem(await nobody.post(f"/v1/offers/{await link(desk, recipient, days=-1)}/sign-in"), 404)
    # Erased, they and their address are gone; the link opens nothing.
    gone = await desk.client.post(f"/v1/members/{me}/erase", json={"points": "forfeited"})
    assert gone.status_code in (200, 202), gone.text
    assert await desk.pool.fetchval("select count(*) from message_recipients where community = $1", desk.name) == 0
    async with anybody(desk) as nobody:
        problem(await nobody.post(f"{path}/sign-in"), 404)


async def test_a_mail_does_not_open_what_a_member_has_by_a_platform(desk: Community) -> None:
    recipient = await held(desk, "ada")
    ada = await member(desk, "ada", mail=address(desk, "ada"))
    verified = {
        "identities": [
            {
                "channel": "forum",
                "id": "ada",
                "email_sha256": hashlib.sha256(address(desk, "ada").encode()).hexdigest(),
                "email_verified": True,
            }
        ]
    }
    assert (await desk.client.put("/v1/members/identities", json=verified)).status_code == 200
    path = f"/v1/offers/{await link(desk, recipient)}"
    async with anybody(desk) as nobody:
        told = problem(await nobody.post(f"{path}/sign-in"), 409)
        assert told["type"].endswith("member-elsewhere")
        own = token(desk.name, ada, ada)
        taken = await nobody.post(
            f"/v1/members/{ada}/offers", json={"token": path.rpartition("/")[2]}, headers=own
        )
        assert taken.status_code == 200, taken.text
        identities = (await nobody.get(f"/v1/members/{ada}", headers=own)).json()["identities"]
        assert {"channel": "import", "host": None, "id": recipient} in identities
        # Whoever it is passed on to gets nothing by it.
        bob = await member(desk, "bob")
        other = token(desk.name, bob, bob)
        problem(
            await nobody.post(f"/v1/members/{bob}/offers", json={"token": path.rpartition("/")[2]}, headers=other),
            409,
        )
    told = orjson.dumps([dict(row) for row in await desk.pool.fetch("select value from outbox")], default=str)
    assert address(desk, "ada").encode() not in told
