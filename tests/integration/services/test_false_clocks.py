"""Processes whose clocks are hours ahead or behind, or jump as they run: who is let in by what, for how long."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from shared.postgres import database_url
from tests.integration.services.ingest.provider import CLIENT, ISSUER, Provider, bearer
from tests.integration.services.world import add_person, authorization
from tests.waiting import until

pytestmark = pytest.mark.stack

HOUR = 3_600
A_DAY = 24 * HOUR
TOKEN_SECONDS = 4
#: Hours behind, hours ahead, more than a period of the keys of tokens, and right.
JUMPS = (-5 * HOUR, 5 * HOUR, -30 * HOUR, 30 * HOUR, 0)


class Process:
    """A service's own process, its API, and its clock."""

    def __init__(self, clock: Path, log: Path, client: httpx.AsyncClient, pool: asyncpg.Pool) -> None:
        self.clock, self.log, self.client, self.pool = clock, log, client, pool

    def is_ahead(self, seconds: float) -> None:
        """Let its clock jump: at once, as it is written in one piece."""
        written = self.clock.with_suffix(".next")
        written.write_text(str(seconds))
        written.replace(self.clock)


@asynccontextmanager
async def process(stack: Any, path: Path, service: str, **settings: Any) -> AsyncIterator[Process]:
    given = stack.settings(service) | {"key_cache_seconds": 0.05} | settings
    environment = os.environ | {f"PLAUDIT_{name.upper()}": str(value) for name, value in given.items()}
    clock, log = path / f"{service}.clock", path / f"{service}.log"
    clock.write_text("0")
    command = [sys.executable, "-m", "tests.integration.services.false_clock", service, str(clock)]
    with log.open("wb") as output:
        made = await asyncio.create_subprocess_exec(*command, env=environment, stdout=output, stderr=output)

    async def port() -> str | None:
        assert made.returncode is None, log.read_text()
        _, found, rest = log.read_text().partition("listening on http://127.0.0.1:")
        return rest.split('"')[0] if found else None

    try:
        url = f"http://127.0.0.1:{await until(port)}"
        database = database_url(stack.state.postgres_admin_url, f"plaudit_{service}")
        async with (
            asyncpg.create_pool(database, min_size=1, max_size=2) as pool,
            httpx.AsyncClient(base_url=url, timeout=60) as client,
        ):
            yield Process(clock, log, client, pool)
    finally:
        if made.returncode is None:
            made.kill()
        await made.wait()


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[Provider]:
    async with Provider().listening() as made:
        yield made


@pytest.fixture(scope="module")
async def processes(
    stack: Any, tmp_path_factory: pytest.TempPathFactory, provider: Provider
) -> AsyncIterator[tuple[Process, Process]]:
    """Ingest, which says who somebody is, and recognition, which lets them look at the board."""
    path = tmp_path_factory.mktemp("false-clocks")
    many = dict.fromkeys(("links_max_per_minute", "open_links_max_count", "sign_in_tries_max_per_minute"), 10_000)
    oidc = {"oidc_issuer": ISSUER, "oidc_client_id": CLIENT, "oidc_keys_url": provider.url}
    async with (
        process(stack, path, "ingest", token_seconds=TOKEN_SECONDS, **many, **oidc) as door,
        process(stack, path, "recognition") as reader,
    ):
        yield door, reader


class Town:
    """A community, who administers it and a moderator, at both services."""

    def __init__(self, door: Process, reader: Process) -> None:
        self.door, self.reader = door, reader
        self.community = f"c{uuid4().hex[:12]}"
        self.admin: dict[str, str] = {}
        self.grace = ""

    async def ask(self, method: str, path: str, status: int, json: Any = None, **headers: str) -> Any:
        answer = await self.door.client.request(method, path, json=json, headers=self.admin | headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def sign_in(self) -> Any:
        """A token, by a link that is made and used now."""
        made = await self.ask("POST", "/v1/sign-in-links", 201, {"person_id": self.grace})
        signed_in = await self.ask("POST", "/v1/tokens", 201, {"link": made["link"]})
        used = await self.ask("POST", "/v1/tokens", 401, {"link": made["link"]})
        assert used["type"].endswith("used-link")
        return signed_in | {"link_expires_at": made["expires_at"]}

    async def looks(self, headers: dict[str, str]) -> str:
        """What becomes of who looks at the board: the status, or the kind of the problem."""
        answer = await self.reader.client.get("/v1/leaderboard", headers=headers)
        return "200" if answer.is_success else answer.json()["type"].rpartition(":")[2]

    async def becomes(self, headers: dict[str, str], expected: str) -> None:
        async def is_so() -> bool:
            return await self.looks(headers) == expected

        await until(is_so)


@pytest.fixture
async def town(processes: tuple[Process, Process]) -> AsyncIterator[Town]:
    made = Town(*processes)
    scopes = ("people:write", "keys:write", "sign_in:write")
    made.admin = await authorization(made.door.pool, made.community, *scopes)
    body = {"name": "Grace", "roles": ["moderator"], "email": f"{made.community}@example.org"}
    made.grace = (await made.ask("POST", f"/v1/communities/{made.community}/people", 201, body))["person_id"]

    # A token lives for seconds, which may be over before the reader has been told who its person is.
    async def is_let_in() -> bool:
        return await made.looks(bearer((await made.sign_in())["token"])) == "200"

    await until(is_let_in)
    yield made
    for one in processes:
        one.is_ahead(0)


def lasts(until_when: str) -> timedelta:
    return datetime.fromisoformat(until_when) - datetime.now(UTC)


async def test_an_ingest_of_a_false_clock_gives_tokens_and_links_that_are_right(town: Town) -> None:
    """Its database's clock says what time it is; so the keys of tokens go on too, whatever way its own jumps."""
    for seconds in JUMPS:
        town.door.is_ahead(seconds)
        signed_in = await town.sign_in()
        assert lasts(signed_in["expires_at"]) <= timedelta(seconds=TOKEN_SECONDS + 1), seconds
        assert timedelta(seconds=880) < lasts(signed_in["link_expires_at"]) <= timedelta(seconds=901), seconds
        assert await town.looks(bearer(signed_in["token"])) in ("200", "expired-token"), seconds
        await town.becomes(bearer((await town.sign_in())["token"]), "200")


async def test_a_link_of_before_a_jump_ends_when_it_would_have(town: Town) -> None:
    body = {"person_id": town.grace}
    over, good = [(await town.ask("POST", "/v1/sign-in-links", 201, body))["link"] for _ in range(2)]
    await town.door.pool.execute(
        """
        update sign_in_links set expires_at = now()
        where ctid = (select ctid from sign_in_links where community = $1 and used_at is null
                      order by created_at limit 1)
        """,
        town.community,
    )
    for seconds in JUMPS:
        town.door.is_ahead(seconds)
        assert (await town.ask("POST", "/v1/tokens", 401, {"link": over}))["type"].endswith("expired-link")
    town.door.is_ahead(-30 * HOUR)
    assert (await town.ask("POST", "/v1/tokens", 201, {"link": good}))["person_id"] == town.grace


async def test_a_service_whose_clock_is_behind_lets_nobody_in_for_longer(town: Town) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=TOKEN_SECONDS)
    person_id = await add_person(town.reader.pool, town.community, "moderator")
    key = await authorization(
        town.reader.pool, town.community, "recognition:read", person_id=person_id, expires_at=soon
    )
    town.reader.is_ahead(-5 * HOUR)
    token = bearer((await town.sign_in())["token"])
    assert await town.looks(token) in ("200", "expired-token")

    await town.becomes(token, "expired-token")
    await town.becomes(key, "expired-access-key")
    # Nor does one come back where the clock jumps back once more.
    for seconds in (0, -30 * HOUR):
        town.reader.is_ahead(seconds)
        assert (await town.looks(token), await town.looks(key)) == ("expired-token", "expired-access-key")
    await town.becomes(bearer((await town.sign_in())["token"]), "200")


async def test_a_service_whose_clock_is_ahead_lets_in_too_few_until_it_is_right(town: Town) -> None:
    later = datetime.now(UTC) + timedelta(hours=2)
    person_id = await add_person(town.reader.pool, town.community, "moderator")
    key = await authorization(
        town.reader.pool, town.community, "recognition:read", person_id=person_id, expires_at=later
    )
    without_end = await authorization(town.reader.pool, town.community, "recognition:read", person_id=person_id)
    town.reader.is_ahead(5 * HOUR)

    assert await town.looks(key) == "expired-access-key"
    assert await town.looks(bearer((await town.sign_in())["token"])) in ("expired-token", "invalid-token")
    assert await town.looks(without_end) == "200"
    town.reader.is_ahead(0)
    await town.becomes(key, "200")
    await town.becomes(bearer((await town.sign_in())["token"]), "200")


async def test_a_key_that_is_rotated_by_a_false_clock_overlaps_as_long_as_it_was_said(town: Town) -> None:
    for seconds in (-5 * HOUR, 5 * HOUR):
        town.door.is_ahead(seconds)
        body = {"community": town.community, "person_id": town.grace, "name": "board"}
        old = await town.ask("POST", "/v1/keys", 201, body)
        path = f"/v1/communities/{town.community}/keys"
        await town.ask("POST", f"{path}/{old['key_id']}/rotate", 201, {"overlap_hours": 1})
        town.door.is_ahead(0)

        listed = {one["key_id"]: one for one in (await town.ask("GET", path, 200))["items"]}
        ends_in = lasts(listed[old["key_id"]]["expires_at"])
        assert timedelta(minutes=58) < ends_in <= timedelta(hours=1, seconds=1)
        assert (await town.door.client.get("/v1/key", headers=bearer(old["key"]))).status_code == 200
    # Nor is a key asked for that would never have worked.
    town.door.is_ahead(-5 * HOUR)
    body |= {"expires_at": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}
    assert (await town.ask("POST", "/v1/keys", 422, body))["errors"][0]["field"] == "/expires_at"


async def test_an_id_token_renews_nothing_twice_or_after_its_end_whatever_the_clock(
    town: Town, provider: Provider
) -> None:
    now = int(datetime.now(UTC).timestamp())
    said = {"sub": town.community, "email": f"{town.community}@example.org", "email_verified": True}
    how = {"id_token": provider.id_token(**said), "community": town.community}
    of_yesterday = how | {"id_token": provider.id_token(**said, iat=now - A_DAY, exp=now - A_DAY + 300)}

    town.door.is_ahead(5 * HOUR)  # it has ended by that clock
    assert (await town.ask("POST", "/v1/tokens", 401, how))["type"].endswith("invalid-id-token")
    town.door.is_ahead(-A_DAY)  # and this is the time of yesterday's
    assert (await town.ask("POST", "/v1/tokens", 401, of_yesterday))["type"].endswith("invalid-id-token")
    assert (await town.ask("POST", "/v1/tokens", 201, how))["person_id"] == town.grace
    for seconds in JUMPS:
        town.door.is_ahead(seconds)
        assert (await town.ask("POST", "/v1/tokens", 401, how))["type"].endswith("invalid-id-token")
