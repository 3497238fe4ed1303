"""Codes after the worst: a database of yesterday gives none again, and a process that is killed loses none."""

import asyncio
import contextlib
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx
import orjson
import pytest

from plaudit.stack.services import spec
from services.rewards.vouchers.handlers.codes import open_code
from shared.topics import REDEMPTIONS
from tests.integration.services.backups import backup, restore
from tests.integration.services.process import read
from tests.integration.services.rewards.office import SECRET, Office, published, redeem
from tests.integration.services.rewards.shelf import BOOKS, table
from tests.waiting import until

pytestmark = pytest.mark.stack

CODES_PATH = "/v1/catalogue/rewards/books/codes"


async def test_a_restored_database_gives_no_code_again(office: Office) -> None:
    async with office.open():
        await office.prepare()
        await office.ask("POST", "/v1/catalogue/rewards", json=BOOKS)
        await office.ask("POST", CODES_PATH, json={"csv": table("A", "B")})
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        known = await redeem(office, "ada", "books", "1")
        last = await redeem(office, "bob", "books", "2")
        await office.ask("POST", CODES_PATH, json={"csv": table("C", "D")})
        lost = await redeem(office, "eve", "books", "3")
        await published(office)
        given = {one["redemption_id"]: await written(office, one) for one in (known, last, lost)}

    await restore(office.state, "rewards", saved)
    async with office.open() as parts:
        # What the backup has is given to whom it was given; it has no other, though two were imported since.
        refused = await office.send(
            "POST", "/v1/redemptions", key="4", json={"member_id": office.world.uuid("ada"), "reward_id": "books"}
        )
        report = await parts.fence.report(parts.pool)
        again = await office.ask("POST", CODES_PATH, json={"csv": table("A", "B", "C", "D")})
        fourth = await redeem(office, "ada", "books", "4")

        assert (refused.status_code, refused.json()["type"]) == (409, "urn:plaudit:problem:out-of-stock")
        assert [one.subject for one in report.not_rebuilt if one.community == office.world.community] == [
            f"redemption {lost['redemption_id']}"
        ]
        assert again == {"added_count": 1, "known_lines": again["known_lines"], "returned_count": 1}
        assert len(again["known_lines"]) == 3
        assert {one: await written(office, {"redemption_id": one}) for one in given} == given
        assert {*given.values(), await written(office, fourth)} == {"A", "B", "C", "D"}
        assert (await office.check())["balanced"]


async def written(office: Office, redemption: Any) -> str:
    """What the code of a redemption says."""
    async with office.asking() as pool, pool.acquire() as conn:
        opened = await open_code(
            conn,
            community=office.world.community,
            redemption_id=redemption["redemption_id"],
            settings=office.settings,
        )
        return opened.secret.code


@asynccontextmanager
async def a_process(office: Office) -> AsyncIterator[subprocess.Popen[bytes]]:
    """Rewards as a process of its own, once it is ready; it is gone at the end."""
    made = spec(office.state, "rewards")
    process = subprocess.Popen(
        made.argv,
        cwd=office.directory,
        env=made.environment | {"PLAUDIT_HTTP_PORT": str(office.port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await until(partial(is_up, office))
        yield process
    finally:
        process.kill()
        process.wait()


async def is_up(office: Office) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return await office.is_ready()
    return False


async def test_a_process_that_is_killed_among_claims_gives_each_code_once_and_tells_of_it(office: Office) -> None:
    codes = [f"CODE-{number}" for number in range(40)]
    async with office.open():
        await office.prepare(points=10_000)
        await office.ask("POST", "/v1/catalogue/rewards", json=BOOKS)
        await office.ask("POST", CODES_PATH, json={"csv": table(*codes)})
        await published(office)
    body = {"member_id": office.world.uuid("ada"), "reward_id": "books"}
    headers = {"Authorization": f"Bearer {SECRET}_maker_{office.world.community}"}

    async def claim(http: httpx.AsyncClient, key: int) -> httpx.Response:
        return await http.post("/v1/redemptions", json=body, headers=headers | {"Idempotency-Key": str(key)})

    answered: dict[int, Any] = {}

    async def claim_on(http: httpx.AsyncClient, first: int) -> None:
        with contextlib.suppress(httpx.HTTPError):
            for key in range(first, 30, 3):
                answered[key] = (await claim(http, key)).json()

    async def has_begun() -> bool:
        return len(answered) >= 5

    async with a_process(office) as process, httpx.AsyncClient(base_url=office.url, timeout=30) as http:
        claims = [asyncio.ensure_future(claim_on(http, first)) for first in range(3)]
        await until(has_begun)
        # It dies in the middle of whatever it does for the three.
        process.kill()
        await asyncio.gather(*claims)
    assert len(answered) < 30

    async with office.open():
        # Whoever got no answer asks again, with the key of before.
        async with httpx.AsyncClient(base_url=office.url, timeout=30) as http:
            for key in range(30):
                answer = await claim(http, key)
                assert answer.status_code == 201, answer.text
                assert answered.get(key, answer.json()) == answer.json()
                answered[key] = answer.json()
        await published(office)
        said = [await written(office, one) for one in answered.values()]
        balance = await office.balance("ada")
        checked = await office.check()
        facts = await read(office.state, REDEMPTIONS, office.world.community, 90)

        assert max(Counter(said).values()) == 1
        assert (balance["available"], balance["spent"]) == (10_000 - 3_000, 3_000)
        assert checked["balanced"]
        told = [orjson.loads(fact.value)["data"] for fact in facts]
        given = {one["redemption_id"]: one["code"]["code_id"] for one in told if "code" in one}
        assert set(given) == {one["redemption_id"] for one in answered.values()}
        assert len(set(given.values())) == 30
