"""The books of one community after the other are checked again and again: what is altered is soon seen."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.rewards.ledger.domain.entries import Owner, member_account
from services.rewards.watches.domain import INVARIANTS
from services.rewards.watches.handlers import watch
from shared.followed_members import watch_erased
from tests.integration.services.rewards.finance import ByHand, Finance, approved

pytestmark = pytest.mark.stack


async def seen(world: Any) -> dict[str, int]:
    """What the watch says of the community when its turn has come."""
    await world.pool.execute(
        "update ledger_watch set after = left($1, -1), rests_until = 'epoch', began_at = now()",
        world.community,
    )
    await watch(world.begin, time.monotonic())
    # Another community of another test may stand between.
    while (await after(world)) not in ("", world.community) and (await after(world)) < world.community:
        await world.pool.execute("update ledger_watch set rests_until = 'epoch'")
        await watch(world.begin, time.monotonic())
    rows = await world.pool.fetch(
        "select invariant, differences from ledger_watched where community = $1", world.community
    )
    return {row["invariant"]: row["differences"] for row in rows}


async def after(world: Any) -> str:
    return str(await world.pool.fetchval("select after from ledger_watch"))


def shown(invariant: str) -> float:
    return REGISTRY.get_sample_value("plaudit_invariant_differences", {"invariant": invariant}) or 0.0


ALTERATIONS = {
    "sums_are_zero": (
        "update entries set amount = amount + 1 where ctid = (select max(ctid) from entries where community = $1)"
    ),
    "balances_are_entries": "update balances set amount = amount + 1 where community = $1",
    "lots_are_balances": "update lots set remaining = remaining - 1 where community = $1 and remaining > 0",
    "payouts_are_money_accounts": "update payouts set amount_minor = amount_minor * 3 where community = $1",
    "payouts_are_histories": "update payouts set state = 'settled' where community = $1",
    "seals_hold": "update payout_seals set seal = repeat('0', 64) where community = $1",
    "no_orphans": (
        "delete from entries where community = $1"
        " and transfer_id = (select min(transfer_id::text)::uuid from entries where community = $1)"
    ),
}


def test_each_invariant_is_broken_here() -> None:
    assert set(ALTERATIONS) == set(INVARIANTS)


@pytest.mark.parametrize("invariant", INVARIANTS)
async def test_what_is_altered_by_hand_is_seen_at_the_communitys_next_turn(
    both: Finance, by_hand: ByHand, invariant: str, caplog: pytest.LogCaptureFixture
) -> None:
    await approved(both)
    assert await seen(both.world) == {}
    await by_hand(ALTERATIONS[invariant])

    found = await seen(both.world)

    assert found.get(invariant, 0) >= 1, found
    assert shown(invariant) >= 1
    assert both.world.community in caplog.text


async def test_what_is_put_right_is_seen_too(world: Any) -> None:
    await world.give(world.award("a", "ada", 10))
    account = member_account(Owner(world.community, world.uuid("ada")), "available").account_id
    await world.pool.execute("update balances set amount = 11 where account_id = $1", account)
    assert set(await seen(world)) == {"balances_are_entries", "lots_are_balances"}
    await world.pool.execute("update balances set amount = 10 where account_id = $1", account)
    assert await seen(world) == {}


async def test_it_rests_for_as_long_as_its_share_of_the_time_asks(world: Any) -> None:
    await world.give(world.award("a", "ada", 10))
    world.configure(ledger_watch_share=0.001)
    await seen(world)
    rests_until = await world.pool.fetchval("select rests_until from ledger_watch")
    assert rests_until > datetime.now(UTC) + timedelta(seconds=1)

    before = await after(world)
    await watch(world.begin, time.monotonic() + 60)

    assert await after(world) == before
    assert await world.pool.fetchval("select rests_until from ledger_watch") == rests_until


async def test_behind_the_last_community_a_round_is_over_and_the_next_begins(world: Any) -> None:
    await world.give(world.award("a", "ada", 10))
    await world.pool.execute("update ledger_watch set after = '~', rests_until = 'epoch', took_seconds = null")

    await watch(world.begin, time.monotonic())

    assert await after(world) == ""
    assert await world.pool.fetchval("select took_seconds from ledger_watch") >= 0


@pytest.fixture
async def erased(world: Any) -> Callable[[str], Awaitable[None]]:
    async def made(sql: str) -> None:
        await world.pool.execute(sql, world.community, world.uuid("eve"))

    return made


@pytest.mark.parametrize(
    "by_hand_again",
    [
        "update followed_members set name = 'Eve' where community = $1 and member_id = $2",
        "insert into followed_identities values ($1, repeat('e', 64), $2, 1)",
    ],
)
async def test_whoever_was_erased_and_is_known_again_is_seen(
    world: Any, erased: Callable[[str], Awaitable[None]], by_hand_again: str
) -> None:
    await erased("insert into followed_members values ($1, $2, 7, null, false, true, true)")
    async with world.begin() as tx:
        await watch_erased(tx)
    before = shown("erased_members")
    await erased(by_hand_again)

    async with world.begin() as tx:
        await watch_erased(tx)

    assert shown("erased_members") == before + 1
    await erased("delete from followed_identities where community = $1 and member_id = $2")
    await erased("update followed_members set name = null where community = $1 and member_id = $2")
