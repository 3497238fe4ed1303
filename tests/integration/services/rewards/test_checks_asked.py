"""A check of the ledger that is asked for is made in the background, and what it found is kept."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.rewards.checks.handlers import PARTS_COUNT, check_asked
from services.rewards.ledger.domain.entries import Owner, member_account

pytestmark = pytest.mark.stack

PATH = "/v1/ledger/checks"
GIVEN_UP = "plaudit_rewards_ledger_checks_given_up_total"
Begin = Callable[[], AbstractAsyncContextManager[Any]]


async def make_checks(begin: Begin) -> None:
    await check_asked(begin, time.monotonic() + 60)


async def test_what_it_found_is_shown_with_its_time_until_another_is_made(world: Any, api: Any) -> None:
    await world.give(world.award("a", "ada", 10))
    assert (await api.get(PATH)).json()["last"] is None

    asked = (await api.post(PATH)).json()
    assert asked["asked_at"] is not None
    assert (asked["started_at"], asked["parts_done"], asked["parts_count"]) == (None, 0, PARTS_COUNT)
    await make_checks(world.begin)

    found = (await api.get(PATH)).json()
    whole = (await api.get("/v1/ledger/check")).json()
    assert (found["asked_at"], found["took_too_long"]) == (None, False)
    assert found["last"]["checked_at"] > asked["asked_at"]
    assert {**found["last"], "checked_at": None} == {**whole, "checked_at": None}
    assert found["last"]["balanced"] is True

    available = member_account(Owner(world.community, world.uuid("ada")), "available").account_id
    await world.pool.execute("update balances set amount = 11 where account_id = $1", available)
    # Until it is looked at again, what was found stays, with the time of which it was so.
    assert (await api.get(PATH)).json()["last"] == found["last"]
    await api.post(PATH)
    await make_checks(world.begin)
    again = (await api.get(PATH)).json()["last"]
    assert again["balanced"] is False
    assert [(one["kind"], one["balance"], one["entries"]) for one in again["balance_differences"]] == [
        ("available", 11, 10)
    ]


async def test_while_one_is_under_way_it_says_how_far_and_another_is_not_begun(world: Any, api: Any) -> None:
    await world.give(world.award("a", "ada", 10))
    is_held, go_on, begun = asyncio.Event(), asyncio.Event(), 0

    @asynccontextmanager
    async def held_up() -> AsyncIterator[Any]:
        nonlocal begun
        begun += 1
        if begun == 6:  # one starts it, one reads, and each part is noted by one
            is_held.set()
            await go_on.wait()
        async with world.begin() as tx:
            yield tx

    asked = (await api.post(PATH)).json()
    making = asyncio.create_task(make_checks(held_up))
    await asyncio.wait_for(is_held.wait(), 60)
    under_way = (await api.get(PATH)).json()
    assert (under_way["parts_done"], under_way["started_at"] is None) == (3, False)
    assert (await api.post(PATH)).json() == under_way
    assert under_way["asked_at"] == asked["asked_at"]
    go_on.set()
    await making

    entries = await world.pool.fetchval(
        "select count(*) from audit_entries where community = $1 and command = 'ledger.check'", world.community
    )
    assert entries == 1
    assert (await api.get(PATH)).json()["last"]["balanced"] is True


async def test_one_whose_worker_ended_is_made_by_the_next(world: Any, api: Any) -> None:
    await api.post(PATH)

    @asynccontextmanager
    async def ends_at_once() -> AsyncIterator[Any]:
        async with world.begin() as tx:
            yield tx
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await make_checks(ends_at_once)
    assert (await api.get(PATH)).json()["started_at"] is not None
    await make_checks(world.begin)
    assert (await api.get(PATH)).json()["last"]["balanced"] is True


async def test_one_may_wait_longer_than_a_silent_transaction_may_last(world: Any, api: Any) -> None:
    """Such as for the broker, which is asked in the middle of it."""
    await api.post(PATH)
    begun = 0

    @asynccontextmanager
    async def impatient() -> AsyncIterator[Any]:
        nonlocal begun
        begun += 1
        if begun == 3:  # the one that reads says nothing meanwhile
            await asyncio.sleep(0.6)
        async with world.begin() as tx:
            await tx.conn.execute("set local idle_in_transaction_session_timeout = '200ms'")
            yield tx

    await make_checks(impatient)
    found = (await api.get(PATH)).json()
    assert (found["asked_at"], found["last"]["balanced"]) == (None, True)


async def test_one_goes_on_where_nobody_can_be_told_how_far_it_is(world: Any, api: Any) -> None:
    await api.post(PATH)
    begun = 0

    @asynccontextmanager
    async def scarce() -> AsyncIterator[Any]:
        nonlocal begun
        begun += 1
        if 3 <= begun < 3 + PARTS_COUNT:
            raise TimeoutError  # as the pool says when no connection gets free
        async with world.begin() as tx:
            yield tx

    await make_checks(scarce)
    found = (await api.get(PATH)).json()
    assert (found["asked_at"], found["took_too_long"], found["last"]["balanced"]) == (None, False, True)


async def test_one_that_takes_too_long_is_given_up_and_said(world: Any, api: Any) -> None:
    await api.post(PATH)
    await make_checks(world.begin)
    last = (await api.get(PATH)).json()["last"]
    before = REGISTRY.get_sample_value(GIVEN_UP)
    settings, world.settings = world.settings, world.settings.model_copy(update={"ledger_check_seconds": 1e-9})
    await api.post(PATH)
    await make_checks(world.begin)
    world.settings = settings

    assert REGISTRY.get_sample_value(GIVEN_UP) == before + 1
    given_up = (await api.get(PATH)).json()
    assert (given_up["took_too_long"], given_up["asked_at"], given_up["last"]) == (True, None, last)
