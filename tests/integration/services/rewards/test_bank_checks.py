"""What ledger, payouts and bank say of a day's money is compared: what differs waits to be explained."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.rewards.bank_checks import store
from services.rewards.bank_checks.handlers import check_banks
from services.rewards.metrics import BANK_CHECK_ITEMS, BANK_CHECK_WAIT_SECONDS, PAYOUT_TURNS_GIVEN_UP
from tests.integration.services.rewards.finance import ByHand, Finance, filed
from tests.integration.services.rewards.test_bank_messages import euros, hand_in, noted, of_each
from tests.integration.services.rewards.test_liability import problem
from tests.unit.shared.bank_messages.messages import entry, payment, statement

pytestmark = pytest.mark.stack

CHECKS, ITEMS = "/v1/bank-checks", "/v1/bank-check-items"
TODAY = datetime.now(UTC).date()


async def open_items(finance: Finance) -> list[Any]:
    return (await finance.maker.get(ITEMS, params={"state": "open"})).json()["items"]


async def check(finance: Finance) -> Any:
    """Today, checked tomorrow."""
    finance.world.later = timedelta(days=1)
    answer = await finance.maker.post(CHECKS, json={"day": TODAY.isoformat()})
    finance.world.later = timedelta(0)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def settled_by_the_bank(finance: Finance) -> dict[str, Any]:
    """A run whose payouts a statement settled: ada's and bob's."""
    run = await filed(finance)
    payouts = await of_each(finance, run)
    left = [
        entry(euros(one), payment(one["end_to_end_id"]), way="DBIT", reference=f"D-{name}")
        for name, one in payouts.items()
    ]
    await hand_in(finance.maker, statement("camt.053", *left))
    assert await noted(finance) == {"ada": "settled", "bob": "settled"}
    return payouts


async def test_a_day_on_which_all_three_agree_has_no_item(both: Finance) -> None:
    await settled_by_the_bank(both)
    assert problem(await both.maker.post(CHECKS, json={"day": TODAY.isoformat()})) == (
        409,
        "bank-check-day-not-over",
    )
    found = await check(both)
    (day,) = found["days"]
    assert (day["ledger_minor"], day["payouts_minor"], day["bank_minor"]) == (850, 850, 850)
    assert (day["payouts_count"], day["differences_count"], found["differences"]) == (2, 0, [])
    listed = (await both.maker.get(CHECKS)).json()["items"]
    assert [(one["day"], one["currency"]) for one in listed] == [(TODAY.isoformat(), "EUR")]


async def test_without_files_of_the_bank_two_are_compared(both: Finance) -> None:
    run = await filed(both)
    assert (await both.outcome(run, "settled")).status_code == 200
    (day,) = (await check(both))["days"]
    assert (day["ledger_minor"], day["payouts_minor"], day["bank_minor"]) == (850, 850, None)
    assert day["differences_count"] == 0


async def test_an_amount_changed_by_hand_and_a_line_removed_are_seen(both: Finance, by_hand: ByHand) -> None:
    payouts = await settled_by_the_bank(both)
    ada, bob = payouts["ada"], payouts["bob"]
    await by_hand(
        "update payouts set amount_minor = amount_minor + 100 where community = $1 and payout_id = $2",
        ada["payout_id"],
    )
    await by_hand("delete from bank_lines where community = $1 and payout_id = $2", bob["payout_id"])
    found = await check(both)
    assert found["days"][0]["differences_count"] == 2
    items = {one["payout_id"]: one for one in await open_items(both)}
    said = {
        payout_id: (one["ledger_minor"], one["payouts_minor"], one["bank_minor"])
        for payout_id, one in items.items()
    }
    assert said == {ada["payout_id"]: (600, 700, 600), bob["payout_id"]: (250, 250, 0)}

    # Somebody looks at one, and says why: it waits no more, until it is another difference.
    path = f"{ITEMS}/{items[bob['payout_id']]['item_id']}"
    looked = (await both.maker.post(f"{path}/look")).json()
    assert looked["looked"]["person_id"] == (await both.maker.get("/v1/key")).json()["person_id"]
    explained = await both.approver.post(f"{path}/explain", json={"reason": "The bank sent the line by post"})
    assert (explained.json()["state"], explained.json()["decided"]["credential"] != "") == ("explained", True)
    assert problem(await both.maker.post(f"{path}/look")) == (409, "bank-check-item-refused")
    await check(both)
    assert [one["payout_id"] for one in await open_items(both)] == [ada["payout_id"]]
    await by_hand(
        "update payouts set amount_minor = amount_minor - 100 where community = $1 and payout_id = $2",
        ada["payout_id"],
    )
    await check(both)
    assert await open_items(both) == []
    states = {one["payout_id"]: one["state"] for one in (await both.maker.get(ITEMS)).json()["items"]}
    assert states == {ada["payout_id"]: "gone", bob["payout_id"]: "explained"}


async def test_entries_written_by_hand_and_a_state_the_bank_alone_knows_are_seen(
    both: Finance, by_hand: ByHand
) -> None:
    payouts = await settled_by_the_bank(both)
    ada, bob = payouts["ada"], payouts["bob"]
    await by_hand(
        "delete from payout_changes where community = $1 and payout_id = $2 and state = 'settled'",
        ada["payout_id"],
    )
    await by_hand(
        """
        delete from entries e using accounts a, transfers t
        where e.community = $1 and a.community = $1 and a.account_id = e.account_id and a.kind = 'bank'
          and t.community = $1 and t.transfer_id = e.transfer_id and t.cause_id = $2
        """,
        bob["payout_id"],
    )
    await check(both)
    said = {
        one["payout_id"]: (one["ledger_minor"], one["payouts_minor"], one["bank_minor"])
        for one in await open_items(both)
    }
    assert said == {ada["payout_id"]: (600, 0, 600), bob["payout_id"]: (0, 250, 250)}


async def test_every_day_that_is_over_is_checked_once_by_itself(both: Finance, by_hand: ByHand) -> None:
    payouts = await settled_by_the_bank(both)
    await by_hand("delete from bank_lines where community = $1 and payout_id = $2", payouts["bob"]["payout_id"])

    async def wake(days: int) -> list[Any]:
        both.world.later = timedelta(days=days)
        for _ in range(100):
            async with both.world.begin() as tx:
                await check_banks(tx)
            rows = await both.world.pool.fetch(
                "select checked_until from bank_check_progress where community = $1", both.world.community
            )
            if days and rows and rows[0]["checked_until"] == TODAY + timedelta(days=days - 1):
                break
        both.world.later = timedelta(0)
        return await open_items(both)

    assert await wake(0) == []
    (item,) = await wake(2)
    assert (item["day"], item["payout_id"]) == (TODAY.isoformat(), payouts["bob"]["payout_id"])
    assert [one["item_id"] for one in await wake(3)] == [item["item_id"]]
    for _ in range(100):
        async with both.world.begin() as tx:
            await check_banks(tx)
        if BANK_CHECK_ITEMS._value.get() >= 1:
            break
    assert BANK_CHECK_ITEMS._value.get() >= 1
    assert BANK_CHECK_WAIT_SECONDS._value.get() >= 0
    assert problem(await both.maker.post(f"{ITEMS}/{payouts['bob']['payout_id']}/look")) == (
        404,
        "unknown-bank-check-item",
    )


async def test_a_community_whose_check_takes_too_long_holds_nobody_up_and_comes_again(
    both: Finance, monkeypatch: pytest.MonkeyPatch
) -> None:
    await settled_by_the_bank(both)
    world, load_found = both.world, store.load_found
    given_up = PAYOUT_TURNS_GIVEN_UP.labels("bank checks")._value
    before = given_up.get()

    async def found(conn: Any, *, community: str, **more: Any) -> Any:
        if community == world.community:
            await conn.execute("set local statement_timeout = '20ms'")
            await conn.execute("select pg_sleep(5)")
        return await load_found(conn, community=community, **more)

    async def days() -> list[Any]:
        return (await both.maker.get(CHECKS)).json()["items"]

    monkeypatch.setattr(store, "load_found", found)
    world.later = timedelta(days=1)
    for _ in range(100):
        async with world.begin() as tx:
            if not await check_banks(tx):
                break
    assert given_up.get() > before
    assert await days() == []
    monkeypatch.setattr(store, "load_found", load_found)
    world.later = timedelta(days=1, minutes=10)
    for _ in range(100):
        async with world.begin() as tx:
            await check_banks(tx)
        if await days():
            break
    assert [(day["day"], day["differences_count"]) for day in await days()] == [(TODAY.isoformat(), 0)]
