"""The chain of the ledger: everything booked gets into it once, and what is altered does not fit."""

import asyncio
import hashlib
from typing import Any

import asyncpg
import pytest

from services.rewards.chain.handlers import chain
from tests.integration.services.rewards.finance import ByHand, Finance, filed

pytestmark = pytest.mark.stack


async def chained(finance: Finance) -> Any:
    """Chain all that waits of the community, and say how far its chain goes."""
    while (found := (await finance.approver.get("/v1/ledger/chain")).json())["waiting_count"]:
        async with finance.world.begin() as tx:
            await chain(tx)
    return found["last"]


async def blocks(finance: Finance, all_pages: Any) -> list[Any]:
    listed = await all_pages(finance.approver, "/v1/ledger/blocks", limit=1)
    return [(await finance.approver.get(f"/v1/ledger/blocks/{one['number']}")).json() for one in listed]


async def test_what_is_booked_is_in_a_block_once_and_anybody_can_compute_its_hash(
    finance: Finance, all_pages: Any
) -> None:
    await chained(finance)
    await filed(finance)
    last = await chained(finance)

    found = await blocks(finance, all_pages)

    assert [one["number"] for one in found] == list(range(1, last["number"] + 1))
    assert len(found) >= 2
    previous = ""
    for block in found:
        text = "\n".join((block["header"], *block["lines"]))
        assert block["hash"] == hashlib.sha256(text.encode()).hexdigest()
        assert block["previous"] == previous
        assert len(block["lines"]) == block["entries_count"]
        previous = block["hash"]
    lines = [line for block in found for line in block["lines"]]
    assert len(lines) == len(set(lines)) == await finance.world.count("entries")
    assert (await finance.approver.get(f"/v1/ledger/blocks/{last['number'] + 1}")).status_code == 404
    assert (await finance.approver.get("/v1/ledger/check")).json()["block_differences"] == []


ALTERATIONS = {
    "two amounts that still sum to zero": (
        "update entries set amount = amount + sign(amount)::int where community = $1",
        "do not fit",
    ),
    "why": ("update transfers set kind = 'gift' where community = $1", "do not fit"),
    "when": (
        "update transfers set event_time = event_time - interval '1 day' where community = $1",
        "do not fit",
    ),
    "whose": (
        "update accounts set owner = gen_random_uuid() where community = $1 and owner is not null",
        "do not fit",
    ),
    "a hash": (
        "update ledger_blocks set hash = repeat('0', 64) where community = $1 and number = 1",
        "do not fit",
    ),
    "a block that is gone": (
        "delete from ledger_blocks where community = $1 and number = 1",
        "does not follow",
    ),
    "entries that are gone": ("delete from entries where community = $1", "entries are booked"),
    "a queue that is gone": ("delete from entries_unchained where community = $1", "entries are booked"),
}


@pytest.mark.parametrize(("sql", "reason"), ALTERATIONS.values(), ids=ALTERATIONS)
async def test_what_somebody_alters_does_not_fit(finance: Finance, by_hand: ByHand, sql: str, reason: str) -> None:
    await chained(finance)
    await finance.world.give(finance.world.award("later", "ada", 5))
    if "unchained" not in sql:
        await chained(finance)
    await by_hand(sql)

    found = (await finance.approver.get("/v1/ledger/check")).json()

    assert found["balanced"] is False
    assert any(reason in one["reason"] for one in found["block_differences"])


async def test_the_service_itself_may_not_change_the_chain(world: Any) -> None:
    for command in (
        "update ledger_blocks set hash = hash",
        "delete from ledger_blocks",
        "truncate ledger_blocks",
        "update entries_unchained set part = default",
        "truncate entries_unchained",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await world.pool.execute(command)


async def test_who_books_does_not_wait_for_who_chains(finance: Finance) -> None:
    world = finance.world
    await world.give(world.award("one", "ada", 3))
    async with world.begin() as tx:
        await chain(tx)
        async with asyncio.timeout(10):
            await world.give(world.award("meanwhile", "ada", 4))
    last = await chained(finance)
    assert last["number"] >= 2
    assert (await finance.approver.get("/v1/ledger/check")).json()["block_differences"] == []
