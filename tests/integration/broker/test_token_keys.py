"""The keys of tokens change under whoever is signed in, and nobody notices; each service verifies by itself."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.ingest.access.token_keys.domain import VERIFIES_AFTER, Period
from services.ingest.access.token_keys.handlers import announce
from services.ingest.main import SPEC as INGEST
from services.recognition.main import SPEC as RECOGNITION
from shared.access_keys import INSTALLATION
from shared.access_keys.tokens import kid_of
from shared.postgres import create_pool
from shared.signatures import key_id_of, new_keys
from tests.integration.services.process import running
from tests.integration.services.world import World, add_person, authorization
from tests.waiting import until

pytestmark = pytest.mark.stack

KEYS_COUNT = 4


@pytest.fixture
def community() -> str:
    return f"c{uuid4().hex[:12]}"


async def added(client: httpx.AsyncClient, community: str, admin: dict[str, str], *roles: str) -> str:
    answer = await client.post(
        f"/v1/communities/{community}/people", json={"name": "Grace", "roles": list(roles)}, headers=admin
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["person_id"])


async def test_keys_are_rotated_while_requests_go_on(stack: Any, community: str) -> None:
    quick = {"token_key_seconds": 1, "links_max_per_minute": 10_000, "open_links_max_count": 10_000}
    ingest = INGEST.settings(**stack.settings("ingest"), **quick)
    recognition = RECOGNITION.settings(**stack.settings("recognition"))
    async with (
        running(INGEST, ingest) as door,
        running(RECOGNITION, recognition) as reader,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{door.http.port}") as client,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{reader.http.port}") as board,
    ):
        admin_id = await add_person(door.pool, community, "administrator")
        scopes = ("people:write", "keys:write", "sign_in:write")
        admin = await authorization(door.pool, community, *scopes, person_id=admin_id)
        person = await added(client, community, admin, "moderator")
        statuses: list[int] = []
        first: dict[str, str] = {}

        async def one_more() -> int:
            """Sign in anew and look at the board, with that token and with the first one."""
            async with door.begin() as tx:
                await announce(tx)  # the timer of a day's key comes every few seconds
            made = await client.post("/v1/sign-in-links", json={"person_id": person}, headers=admin)
            signed_in = (await client.post("/v1/tokens", json={"link": made.json()["link"]})).json()
            first.setdefault("Authorization", f"Bearer {signed_in['token']}")
            own = {"Authorization": f"Bearer {signed_in['token']}"}
            kids.add(kid_of(signed_in["token"]))
            for headers in (own, first):
                statuses.append((await board.get("/v1/leaderboard", headers=headers)).status_code)
            return statuses[-1]

        kids = set[str]()

        async def knows_everybody() -> bool:
            return await one_more() == httpx.codes.OK

        await until(knows_everybody)  # the person, and the first two keys
        statuses.clear()

        async def enough() -> bool:
            await one_more()
            return len(kids) >= KEYS_COUNT

        await until(enough)
        assert set(statuses) == {httpx.codes.OK}
        assert len(statuses) > 2 * KEYS_COUNT


async def test_after_the_signing_key_was_changed_the_former_keys_end_with_their_tokens(stack: Any) -> None:
    old, new = new_keys(), new_keys()
    pool = await create_pool("ingest", INGEST.settings(**stack.settings("ingest")))
    try:
        world = World(pool, INGEST)
        # A period of its own length, which is not about to end: these keys are nobody else's.
        world.configure(signing_key=old.signing_key, token_key_seconds=1_000_000_000)
        async with world.begin() as tx:
            await announce(tx)
            period = Period.at(tx.now, 1_000_000_000)
        kids = [one.token_key(old.signing_key).kid for one in (period, period.next)]
        world.configure(signing_key=new.signing_key)
        async with world.begin() as tx:
            await announce(tx)
            ends_at = tx.now + VERIFIES_AFTER

        ends = await pool.fetch("select not_after from followed_token_keys where kid = any ($1::text[])", kids)
        assert len(ends) == 2
        assert {row["not_after"] for row in ends} <= {ends_at, period.token_key(old.signing_key).not_after}
        assert max(row["not_after"] for row in ends) <= ends_at
        told = await pool.fetch("select value from outbox where key like $1", f"{INSTALLATION}|%".encode())
        assert sum(kid.encode() in row["value"] for row in told for kid in kids) == 4
        assert all(row["value"].count(key_id_of(new.verifying_key).encode()) == 1 for row in told[-2:]), (
            "signed with the new key"
        )
    finally:
        await pool.execute("delete from outbox where key like $1", f"{INSTALLATION}|%".encode())
        await pool.close()


def test_the_key_of_a_period_is_told_one_period_ahead_and_verifies_until_its_tokens_end() -> None:
    now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    period = Period.at(now, 86_400)
    keys = new_keys()

    assert Period.at(now + timedelta(days=1), 86_400) == period.next
    assert period.keys(keys.signing_key) == Period.at(now, 86_400).keys(keys.signing_key)
    assert period.keys(keys.signing_key) != period.next.keys(keys.signing_key)
    assert period.token_key(keys.signing_key).not_after == datetime(2026, 3, 5, 0, 11, tzinfo=UTC)
