"""The keys of tokens change under whoever is signed in, and nobody notices; each service verifies by itself."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.ingest.access.token_keys.domain import VERIFIES_AFTER, Period
from services.ingest.access.token_keys.handlers import announce, sign
from services.ingest.main import SPEC as INGEST
from services.recognition.main import SPEC as RECOGNITION
from shared.access_keys import INSTALLATION, load_clock
from shared.access_keys.tokens import Claims, kid_of
from shared.postgres import create_pool
from shared.signatures import SigningKeys, key_id_of, new_keys
from tests.integration.services.process import running
from tests.integration.services.world import World, add_person, authorization
from tests.waiting import until

pytestmark = pytest.mark.stack

KEYS_COUNT = 4
LOOKS_COUNT = 3
A_DAY_SECONDS = 86_400


@pytest.fixture
def community() -> str:
    return f"c{uuid4().hex[:12]}"


async def added(client: httpx.AsyncClient, community: str, admin: dict[str, str], *roles: str) -> str:
    answer = await client.post(
        f"/v1/communities/{community}/people", json={"name": "Grace", "roles": list(roles)}, headers=admin
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["person_id"])


class Periods:
    """Which period it is for whoever signs: the test goes to the next one, and no clock does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.number = Period.at(datetime.now(UTC), A_DAY_SECONDS).number
        monkeypatch.setattr(Period, "at", lambda _now, seconds: Period(self.number, seconds))

    def next_kid(self, signing_key: str) -> str:
        """The id of the key that will sign in the next period."""
        return Period(self.number + 1, A_DAY_SECONDS).token_key(signing_key).kid


async def test_keys_are_rotated_while_requests_go_on(
    stack: Any, community: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    periods = Periods(monkeypatch)
    many = dict.fromkeys(("links_max_per_minute", "open_links_max_count", "sign_in_tries_max_per_minute"), 10_000)
    ingest = INGEST.settings(**stack.settings("ingest"), token_key_seconds=A_DAY_SECONDS, **many)
    recognition = RECOGNITION.settings(**stack.settings("recognition"))
    async with (
        running(INGEST, ingest) as door,
        running(RECOGNITION, recognition) as reader,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{door.http.port}", timeout=60) as client,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{reader.http.port}", timeout=60) as board,
    ):
        admin_id = await add_person(door.pool, community, "administrator")
        scopes = ("people:write", "keys:write", "sign_in:write")
        admin = await authorization(door.pool, community, *scopes, person_id=admin_id)
        person = await added(client, community, admin, "moderator")
        statuses: list[int] = []
        first: dict[str, str] = {}
        kids = list[str]()

        async def one_more() -> int:
            """Sign in anew and look at the board, with that token and with the first one."""
            made = await client.post("/v1/sign-in-links", json={"person_id": person}, headers=admin)
            signed = await client.post("/v1/tokens", json={"link": made.json()["link"]})
            assert signed.status_code == 201, signed.text
            signed_in = signed.json()
            first.setdefault("Authorization", f"Bearer {signed_in['token']}")
            own = {"Authorization": f"Bearer {signed_in['token']}"}
            kids.append(kid_of(signed_in["token"]))
            for headers in (own, first):
                statuses.append((await board.get("/v1/leaderboard", headers=headers)).status_code)
            return statuses[-1]

        async def knows_everybody() -> bool:
            return await one_more() == httpx.codes.OK

        async def knows_the_next_key() -> bool:
            async with door.begin() as tx:
                await announce(tx)  # as the timer does every few seconds
            kid = periods.next_kid(ingest.signing_key)
            sql = "select exists (select from followed_token_keys where kid = $1)"
            return bool(await reader.pool.fetchval(sql, kid))

        await until(knows_everybody)  # the person, and the first key
        statuses.clear()
        kids.clear()

        for _ in range(KEYS_COUNT):
            # A key is told one period ahead: that is a day, and long enough for any reader. Then it signs.
            await until(knows_the_next_key)
            expected = periods.next_kid(ingest.signing_key)
            periods.number += 1
            for _ in range(LOOKS_COUNT):
                await one_more()
            assert set(kids[-LOOKS_COUNT:]) == {expected}

        assert set(statuses) == {httpx.codes.OK}
        assert (len(set(kids)), len(statuses)) == (KEYS_COUNT, 2 * KEYS_COUNT * LOOKS_COUNT)


#: So long that it is not about to end, and of a length of its own: these keys are nobody else's.
LONG_SECONDS = 1_000_000_000


class SigningProcess:
    """An ingest with a signing key, among several on one database."""

    def __init__(self, pool: Any, keys: SigningKeys) -> None:
        self.world = World(pool, INGEST)
        self.world.configure(signing_key=keys.signing_key, token_key_seconds=LONG_SECONDS)
        self.signed_by = key_id_of(keys.verifying_key)

    async def announce(self) -> datetime:
        async with self.world.begin() as tx:
            await announce(tx)
            return await load_clock(tx.conn)

    async def sign(self) -> tuple[str, datetime]:
        """Sign a token: with which key, and until when that verifies."""
        now = datetime.now(UTC)
        claims = Claims("t", "acme", str(uuid4()), None, now, now + timedelta(minutes=10))
        async with self.world.begin() as tx:
            kid = kid_of(await sign(tx, claims=claims))
        ends: datetime = await self.world.pool.fetchval(
            "select not_after from followed_token_keys where kid = $1", kid
        )
        return kid, ends


@pytest.fixture
async def former_and_present(stack: Any) -> AsyncIterator[tuple[SigningProcess, SigningProcess]]:
    pool = await create_pool("ingest", INGEST.settings(**stack.settings("ingest")))
    yield SigningProcess(pool, new_keys()), SigningProcess(pool, new_keys())
    await pool.execute("delete from outbox where key like $1", f"{INSTALLATION}|%".encode())
    await pool.close()


async def test_after_the_signing_key_was_changed_the_former_keys_end_with_their_tokens(
    former_and_present: tuple[SigningProcess, SigningProcess],
) -> None:
    former, present = former_and_present
    await former.announce()
    kid, before = await former.sign()

    changed_at = await present.announce()

    ends = await former.world.pool.fetchval("select not_after from followed_token_keys where kid = $1", kid)
    assert ends == changed_at + VERIFIES_AFTER < before
    told = await former.world.pool.fetch(
        "select value from outbox where key = $1", f"{INSTALLATION}|{kid}".encode()
    )
    # It was told under the one key, and its end under the other.
    assert sorted(row["value"].count(present.signed_by.encode()) for row in told) == [0, 1]


async def test_a_process_of_the_former_signing_key_ends_no_key_of_the_present_one(
    former_and_present: tuple[SigningProcess, SigningProcess],
) -> None:
    former, present = former_and_present
    await former.announce()
    await present.announce()
    kid, ends = await present.sign()

    for _ in range(3):
        await former.announce()
        # It signs on, and what it signs is verified to its end.
        assert (await former.sign())[1] >= datetime.now(UTC) + timedelta(minutes=10) - timedelta(seconds=1)
        await present.announce()

    assert await present.sign() == (kid, ends)


async def test_whoever_goes_back_to_the_former_signing_key_signs_with_another_key_of_it(
    former_and_present: tuple[SigningProcess, SigningProcess],
) -> None:
    former, present = former_and_present
    await former.announce()
    kid, _ = await former.sign()
    await present.announce()
    await former.world.pool.execute(
        "update followed_token_keys set not_after = now() + interval '5 minutes' where kid = $1", kid
    )

    again, ends = await former.sign()

    assert again != kid
    assert ends > datetime.now(UTC) + timedelta(days=1)


def test_the_key_of_a_period_is_told_one_period_ahead_and_verifies_until_its_tokens_end() -> None:
    now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    period = Period.at(now, 86_400)
    keys = new_keys()

    assert Period.at(now + timedelta(days=1), 86_400) == period.next
    assert period.keys(keys.signing_key) == Period.at(now, 86_400).keys(keys.signing_key)
    assert period.keys(keys.signing_key) != period.next.keys(keys.signing_key)
    assert period.token_key(keys.signing_key).not_after == datetime(2026, 3, 5, 0, 11, tzinfo=UTC)
