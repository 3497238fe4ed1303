"""Payouts by a provider: paid once whatever it does, owed again when money comes back, and nobody's guess."""

import secrets
from collections.abc import AsyncIterator

import pytest

from plaudit.sandbox_provider.hooks import hook_body, hook_headers
from plaudit.sandbox_provider.orders import Behaviour, Hooks
from tests.integration.services.rewards.cards import SECRET
from tests.integration.services.rewards.finance import ByHand, Finance
from tests.integration.services.rewards.remitting import Till, remitting
from tests.integration.services.rewards.test_bank_checks import check as checked

pytestmark = pytest.mark.stack

KEY = secrets.token_urlsafe(32)


@pytest.fixture
async def till(finance: Finance) -> AsyncIterator[Till]:
    async with remitting(finance, KEY) as made:
        yield made


async def test_whoever_wants_it_is_paid_by_the_provider_and_by_it_alone(till: Till) -> None:
    finance, world = till.finance, till.world
    by_bank = await finance.run()
    assert set(await finance.payouts(by_bank)) == {"bob"}
    run = await till.filed()
    assert run["provider"] == "sandbox"
    assert await till.state(run) == "submitted"
    assert await world.money() == {"payout_expense": -600, "bank_in_transit": 600}
    await till.work()
    assert await till.state(run) == "settled"
    assert await world.money() == {"payout_expense": -600, "bank": 600}
    (paid,) = till.shop.till.payouts
    payout = await till.payout(run)
    assert (paid.key, paid.amount_minor, paid.receiver) == (payout["payout_id"], 600, "ada@pay")
    shown = await till.remittance(run)
    assert (shown["standing"], shown["words"], shown["fee_minor"]) == ("paid", "paid", 25)
    assert [said["words"] for said in shown["said"]] == ["paid"]
    await till.work(later_seconds=90_000)
    assert till.shop.till.asked == {payout["payout_id"]: 1}
    assert (await world.check()).differences == 0
    assert "ada@pay" not in str([*await world.published(), *world.messages])


async def test_the_list_is_what_was_sealed_and_names_no_account(till: Till) -> None:
    run = await till.filed()
    answer = await till.finance.maker.post(f"/v1/payout-runs/{run['run_id']}/file")
    assert answer.json()["schema_name"] == "plaudit-payout-list"
    payout = await till.payout(run)
    assert payout["receiver_id"] is not None
    assert payout["iban"] is None


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour.TIME_OUT_BEFORE,
        Behaviour.TIME_OUT_AFTER,
        Behaviour.ERROR_BEFORE,
        Behaviour.ERROR_AFTER,
        Behaviour.HTML,
        Behaviour.PARTIAL,
    ],
)
async def test_what_nobody_knows_is_shown_asked_for_and_paid_once(till: Till, behaviour: Behaviour) -> None:
    till.tell(behaviour)
    run = await till.filed()
    await till.work_impatiently()
    assert await till.state(run) == "submitted"
    shown = await till.remittance(run)
    assert shown["unknown_since"] is not None
    assert shown["reason"]
    await till.work(later_seconds=10)
    assert await till.state(run) == "settled"
    assert len(till.shop.till.payouts) == 1
    assert (await till.remittance(run))["unknown_since"] is None
    assert (await till.world.check()).differences == 0


async def test_a_key_that_is_missing_stops_what_it_sealed_until_it_is_there_again(till: Till) -> None:
    run = await till.filed()

    async def sealed_by(one: str, other: str) -> None:
        done = await till.world.pool.execute(
            "update payee_receivers set sealed_by = $3 where community = $1 and sealed_by = $2",
            *(till.world.community, one, other),
        )
        assert done == "UPDATE 1"

    key_id = await till.world.pool.fetchval(
        "select sealed_by from payee_receivers where community = $1", till.world.community
    )
    await sealed_by(key_id, "gone")
    await till.work()
    shown = await till.remittance(run)
    assert "PLAUDIT_VOUCHER_KEYS does not have the key gone" in shown["reason"]
    assert (await till.state(run), shown["trouble"], till.shop.till.payouts) == ("submitted", None, [])
    await sealed_by("gone", key_id)
    await till.work(later_seconds=600)
    assert await till.state(run) == "settled"


async def test_what_is_refused_or_fails_is_owed_again_at_the_same_amount(till: Till) -> None:
    till.tell(Behaviour.REFUSE, Behaviour.FAIL, Behaviour.BOUNCE)
    for waits in ((), (), (10,)):
        run = await till.filed()
        await till.work()
        for later in waits:
            await till.work(later_seconds=later)
        assert (await till.state(run), (await till.payout(run))["amount_minor"]) == ("failed", 600)
        assert await till.world.balance("ada") == {"available": 1_250}
    assert (await till.payout(run))["reason"].startswith("sandbox: failed")
    # The last one blamed the account: nobody is paid there before somebody says that it is in order.
    held = await till.run()
    assert (await till.payout(held))["state"] == "held"
    assert (await till.payout(held))["reason"].startswith("the provider did not pay there on")
    await till.finance.maker.post(f"/v1/payout-runs/{held['run_id']}/cancel")
    assert (await till.receiver("ada")).json()["type"] == "urn:plaudit:problem:receiver-unconfirmed"
    assert (await till.receiver("ada", confirm_account=True)).json()["revision"] == 2
    run = await till.filed()
    await till.work()
    assert await till.state(run) == "settled"


async def test_unclaimed_money_is_sent_and_comes_back_after_weeks(till: Till) -> None:
    till.tell(Behaviour.UNCLAIMED)
    run = await till.filed()
    await till.work()
    assert await till.state(run) == "sent"
    assert (await till.remittance(run))["words"] == "unclaimed"
    (paid,) = till.shop.till.payouts
    till.shop.till.change(paid, "returned", "the receiver did not claim it")
    await till.work(later_seconds=3_700)
    assert await till.state(run) == "returned"
    assert await till.world.balance("ada") == {"available": 1_250}
    assert [said["words"] for said in (await till.remittance(run))["said"]] == ["unclaimed", "returned"]
    assert (await till.world.check()).differences == 0


async def test_what_was_paid_and_moves_back_is_reversed(till: Till) -> None:
    run = await till.filed()
    await till.work()
    (paid,) = till.shop.till.payouts
    till.shop.till.change(paid, "returned", "a bank sent it back")
    await till.work(later_seconds=90_000)
    assert await till.state(run) == "reversed"
    assert await till.world.money() == {}
    assert await till.world.balance("ada") == {"available": 1_250}
    assert (await till.world.check()).differences == 0


async def test_unclaimed_money_is_taken_back_when_somebody_says_so(till: Till) -> None:
    till.tell(Behaviour.UNCLAIMED)
    run = await till.filed()
    await till.work()
    assert (await till.act(run, "cancel")).status_code == 200
    await till.work()
    assert await till.state(run) == "failed"
    assert (await till.act(run, "cancel")).json()["type"] == "urn:plaudit:problem:remittance-over"


async def test_another_payment_under_the_key_waits_for_two_people(till: Till) -> None:
    till.tell(Behaviour.DUPLICATE)
    run = await till.filed()
    await till.work()
    shown = await till.remittance(run)
    assert (shown["trouble"], await till.state(run)) == ("other_order", "submitted")
    assert shown["what_to_do"]
    early = await till.act(run, "acknowledge", note="looked at it")
    assert early.json()["type"] == "urn:plaudit:problem:remittance-not-put-right"
    payout = await till.payout(run)
    noted = await till.finance.outcome(run, "failed", payout_ids=[payout["payout_id"]], reason="not paid")
    assert noted.status_code == 200, noted.text
    assert (await till.act(run, "acknowledge", note="their support says so")).json()["trouble"] is None


async def test_what_people_found_failed_and_the_provider_paid_is_trouble(till: Till) -> None:
    till.tell(Behaviour.PENDING)
    run = await till.filed()
    await till.work()
    payout = await till.payout(run)
    await till.finance.outcome(run, "failed", payout_ids=[payout["payout_id"]], reason="their support says so")
    (paid,) = till.shop.till.payouts
    till.shop.till.change(paid, "paid")
    await till.work(later_seconds=3_700)
    assert (await till.remittance(run))["trouble"] == "paid_after_all"
    assert await till.state(run) == "failed"


async def test_a_payout_that_people_gave_up_is_never_placed(till: Till) -> None:
    run = await till.filed()
    payout = await till.payout(run)
    await till.finance.outcome(run, "failed", payout_ids=[payout["payout_id"]], reason="stopped")
    await till.work()
    assert till.shop.till.payouts == []
    assert await till.state(run) == "failed"


async def test_nothing_is_placed_before_the_broker_knows_of_the_run(till: Till) -> None:
    run = await till.run()
    await till.finance.approve(run)
    await till.finance.file(run)
    await till.work()
    assert till.shop.till.payouts == []
    await till.world.published()
    await till.work()
    assert await till.state(run) == "settled"


@pytest.mark.parametrize("how", [how for how in Hooks if how is not Hooks.NONE])
async def test_webhooks_and_polling_lead_to_one_state(till: Till, how: Hooks) -> None:
    till.tell(Behaviour.PENDING)
    run = await till.filed()
    await till.work()
    assert await till.state(run) == "sent"
    (paid,) = till.shop.till.payouts
    paid = till.shop.till.change(paid, "paid")
    standings = ["paid", "pending"] if how is Hooks.REORDERED else ["paid"]
    bodies = [hook_body(paid, standing) for standing in standings]
    url = till.account["webhook_path"]
    statuses = []
    for hook_id, body in bodies * (2 if how is Hooks.TWICE else 1):
        headers = hook_headers(hook_id, body, how, [SECRET])
        statuses.append((await till.finance.maker.post(url, content=body, headers=headers)).status_code)
    is_refused = how in (Hooks.STALE, Hooks.FORGED)
    assert set(statuses) == {401 if is_refused else 202}
    await till.work()
    assert await till.state(run) == ("sent" if is_refused else "settled")
    await till.work(later_seconds=3_700)
    assert await till.state(run) == "settled"
    assert (await till.world.check()).differences == 0


async def test_the_daily_check_hears_the_provider_in_the_banks_place(till: Till, by_hand: ByHand) -> None:
    run = await till.filed()
    await till.work()
    (day,) = (await checked(till.finance))["days"]
    assert (day["ledger_minor"], day["payouts_minor"], day["bank_minor"]) == (600, 600, 600)
    assert day["differences_count"] == 0
    # What people say settled, and its provider says nothing of.
    payout = await till.payout(run)
    await by_hand("delete from remittance_answers where community = $1 and payout_id = $2", payout["payout_id"])
    (day,) = (await checked(till.finance))["days"]
    assert (day["payouts_minor"], day["bank_minor"], day["differences_count"]) == (600, 0, 1)


async def test_what_the_provider_paid_and_no_payout_says_is_a_difference(till: Till) -> None:
    till.tell(Behaviour.PENDING)
    run = await till.filed()
    await till.work()
    payout = await till.payout(run)
    await till.finance.outcome(run, "failed", payout_ids=[payout["payout_id"]], reason="their support says so")
    (paid,) = till.shop.till.payouts
    till.shop.till.change(paid, "paid")
    assert (await till.act(run, "ask")).status_code == 200
    await till.work()
    assert (await till.remittance(run))["trouble"] == "paid_after_all"
    (day,) = (await checked(till.finance))["days"]
    assert (day["payouts_minor"], day["bank_minor"], day["differences_count"]) == (0, 600, 1)
