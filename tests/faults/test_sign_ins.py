"""Whoever is signed in notices nothing of keys that change under them, while events come in."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest

from plaudit.access import Office, add_person, issue, local_people, rotate
from plaudit.calls import request
from shared.access_keys.tokens import kid_of
from tests.faults.arena import Arena
from tests.faults.conftest import quick

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(300)]

#: A key signs tokens for so long, and is told as long ahead; in practice it is a day. Facts take less than that,
#: also on a machine that has more to do than it can.
TOKEN_KEY_SECONDS = 10
TOKEN_KEYS_MIN_COUNT = 3
KNOWN_SECONDS = 30.0


@pytest.fixture
async def quickly_changing(platform_under_faults: Arena) -> AsyncIterator[Arena]:
    arena = platform_under_faults
    await arena.workers.restart(
        "ingest",
        token_key_seconds=str(TOKEN_KEY_SECONDS),
        links_max_per_minute="100000",
        open_links_max_count="100000",
    )
    await arena.workers.ready()
    yield arena
    await arena.workers.restart("ingest")
    await arena.workers.ready()


class SignedIn:
    """A moderator who looks at the board: by a key that is rotated each time, and by tokens of new links."""

    def __init__(self, arena: Arena, office: Office, community: str) -> None:
        self.arena = arena
        self.office = office
        self.community = community
        added = add_person(office, community, "Grace", ["administrator", "moderator"])
        self.person_id = str(added["person_id"])
        self.key = issue(office, community, self.person_id, "rotated", None)
        self.tokens: list[str] = []
        self.answers = Counter[tuple[str, int]]()

    def sign_in(self) -> None:
        body = {"person_id": self.person_id}
        made = request("POST", f"{self.office.ingest_url}/v1/sign-in-links", self.key["key"], json=body)
        body = {"link": made["link"]}
        answer = request("POST", f"{self.office.ingest_url}/v1/tokens", self.key["key"], json=body)
        self.tokens.append(answer["token"])

    def rotate(self) -> None:
        self.key = rotate(self.office, self.community, self.key["key_id"], 1)

    async def look(self, http: httpx.AsyncClient, what: str, credential: str) -> int:
        """The status that the board answers, once its service has heard of what is only just made."""
        url = f"{self.arena.state.service_urls['recognition']}/v1/leaderboard"
        async with asyncio.timeout(KNOWN_SECONDS):
            while True:
                answer = await http.get(url, headers={"Authorization": f"Bearer {credential}"})
                if answer.status_code != httpx.codes.UNAUTHORIZED or what != "new":
                    self.answers[what, answer.status_code] += 1
                    return answer.status_code
                await asyncio.sleep(0.05)


@quick
async def test_keys_are_rotated_under_load(quickly_changing: Arena) -> None:
    """Access keys by hand and the keys of tokens by themselves: every answer to what was known before is 200."""
    arena = quickly_changing
    office = await asyncio.to_thread(lambda: local_people(arena.state).office)
    async with (
        arena.run("39 keys rotated under load") as run,
        httpx.AsyncClient(trust_env=False, timeout=60) as http,
    ):
        grace = await asyncio.to_thread(SignedIn, arena, office, run.load.community)
        await grace.look(http, "new", grace.key["key"])
        await asyncio.to_thread(grace.sign_in)
        await grace.look(http, "new", grace.tokens[0])
        await run.moment()
        while run.share < 1 or len({kid_of(one) for one in grace.tokens}) < TOKEN_KEYS_MIN_COUNT:
            former = grace.key["key"]
            await asyncio.to_thread(grace.rotate)
            await grace.look(http, "new", grace.key["key"])
            await asyncio.to_thread(grace.sign_in)
            for what, credential in (
                ("the key before its end", former),
                ("the first token", grace.tokens[0]),
                ("the newest token", grace.tokens[-1]),
            ):
                await grace.look(http, what, credential)
        run.recovers()
    assert {status for _, status in grace.answers} == {httpx.codes.OK}, grace.answers
    assert len(grace.answers) == 4
