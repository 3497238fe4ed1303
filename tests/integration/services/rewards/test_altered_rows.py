"""What somebody writes behind the service's back is found, and nothing is done with it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from services.rewards.checks.handlers import check_all
from services.rewards.redemptions.handlers.ending import expire_reservations
from tests.integration.services.rewards.finance import (
    ByHand,
    Finance,
    approved,
    assert_altered,
    check,
    filed,
    shown,
)
from tests.integration.services.rewards.upkeep import run_out

pytestmark = pytest.mark.stack

ALTERATIONS = {
    "amount and account": (
        "update payouts set amount_minor = amount_minor * 3, iban = 'DE89370400440532013000' where community = $1"
    ),
    "amount": "update payouts set amount_minor = amount_minor + 1 where community = $1",
    "points": "update payouts set points = points - 1 where community = $1",
    "name": "update payouts set payee_name = 'Eve' where community = $1",
    "bank": "update payouts set bic = 'COBADEFFXXX' where community = $1",
    "end to end id": "update payouts set end_to_end_id = reverse(end_to_end_id) where community = $1",
    "payer": "update payout_runs set payer_iban = 'NL91ABNA0417164300' where community = $1",
    "price": "update payout_runs set minor = minor * 2 where community = $1",
    "ordering": """update payout_runs set ordering = '{"instant": true}' where community = $1""",
    "date": "update payout_runs set execution_days = 300 where community = $1",
    "maker": "update payout_runs set created_by = 'nobody' where community = $1",
    "swapped": (
        "update payouts p set iban = o.iban, payee_name = o.payee_name from payouts o where p.community = $1"
        " and o.community = $1 and o.payout_id <> p.payout_id and o.run_id = p.run_id"
    ),
    "seal": "update payout_seals set seal = repeat('0', 64) where community = $1",
    "no seal": "delete from payout_seals where community = $1 and step <> 'computed'",
}


async def submitted_count(finance: Finance) -> int:
    facts = await finance.world.published()
    return sum(1 for fact in facts if fact["data"].get("state") == "submitted")


def refusals() -> float:
    return REGISTRY.get_sample_value("plaudit_rewards_altered_refusals_total") or 0.0


@pytest.mark.parametrize("sql", ALTERATIONS.values(), ids=ALTERATIONS)
async def test_a_list_altered_after_its_approval_is_not_filed(both: Finance, by_hand: ByHand, sql: str) -> None:
    run = await approved(both)
    balances = [await both.world.balance(name) for name in ("ada", "bob")]
    before = refusals()
    await by_hand(sql)

    assert_altered(await both.file(run))

    assert refusals() == before + 1
    assert await both.world.count("payout_files") == 0
    assert [await both.world.balance(name) for name in ("ada", "bob")] == balances
    assert await submitted_count(both) == 0
    assert (await shown(both, run))["state"] == "approved"
    found = await check(both)
    assert found["balanced"] is False
    assert {one["run_id"] for one in found["seal_differences"]} == {run["run_id"]}
    # Cancelling would book what the rows say.
    assert_altered(await both.maker.post(f"/v1/payout-runs/{run['run_id']}/cancel"))


async def test_rows_that_were_put_right_fit_their_seal_again(both: Finance, by_hand: ByHand) -> None:
    run = await approved(both)
    await by_hand("update payouts set amount_minor = amount_minor * 3 where community = $1")
    assert_altered(await both.file(run))
    await by_hand("update payouts set amount_minor = amount_minor / 3 where community = $1")
    assert (await both.file(run)).json()["control_sum_minor"] == 850
    assert (await check(both))["balanced"] is True


@pytest.mark.parametrize("sql", [sql for name, sql in ALTERATIONS.items() if name != "no seal"])
async def test_a_list_altered_before_its_approval_is_not_approved_and_can_be_given_up(
    both: Finance, by_hand: ByHand, sql: str
) -> None:
    run = await both.run()
    await by_hand(sql)
    assert_altered(await both.approve(run))
    assert (await check(both))["balanced"] is False
    assert (await both.maker.post(f"/v1/payout-runs/{run['run_id']}/cancel")).status_code == 200
    assert await both.world.balance("ada") == {"available": 1_250}


@pytest.mark.parametrize("sql", [sql for name, sql in ALTERATIONS.items() if name != "no seal"])
async def test_a_list_altered_after_its_file_is_found_and_gets_no_outcome(
    both: Finance, by_hand: ByHand, sql: str
) -> None:
    run = await filed(both)
    await by_hand(sql)
    for answer in (
        await both.outcome(run, "settled"),
        await both.file(run),
        await both.maker.get(f"/v1/payout-runs/{run['run_id']}/file"),
    ):
        assert_altered(answer)
    found = await check(both)
    assert found["balanced"] is False
    assert {one["run_id"] for one in found["seal_differences"]} == {run["run_id"]}
    assert {payout["state"] for payout in (await both.payouts(run)).values()} == {"submitted"}


async def test_details_for_a_held_payout_do_not_seal_what_was_altered(finance: Finance, by_hand: ByHand) -> None:
    run = await finance.run()
    await by_hand("update payouts set amount_minor = 1000000 where community = $1 and state = 'eligible'")
    assert_altered(await finance.payee("bob"))
    assert (await finance.payouts(run))["bob"]["state"] == "held"
    assert_altered(await finance.approve(run))


async def test_the_accounts_are_compared_with_the_payouts_states(both: Finance, by_hand: ByHand) -> None:
    run = await approved(both)
    assert (await check(both))["account_differences"] == []
    await by_hand("update payouts set amount_minor = amount_minor * 3 where community = $1 and points = 1200")

    found = await check(both)

    ada = both.world.uuid("ada")
    assert [
        (one["owner"], one["kind"], one["currency"], one["balance"], one["expected"])
        for one in found["account_differences"]
    ] == [(None, "payout_expense", "EUR", -850, -2_050), (ada, "payable", "EUR", 600, 1_800)]
    assert [(one["run_id"], one["step"]) for one in found["seal_differences"]] == [
        (run["run_id"], "computed"),
        (run["run_id"], "approved"),
    ]


async def test_a_payout_moved_to_another_run_is_paid_by_neither(finance: Finance, by_hand: ByHand) -> None:
    finance.world.configure(payouts_per_run_max_count=1)
    await finance.payee("bob")
    runs = [await finance.run(), await finance.run()]
    for run in runs:
        await finance.approve(run)
    await by_hand("update payouts set run_id = $2 where community = $1", runs[0]["run_id"])
    for run in runs:
        assert_altered(await finance.file(run))
    found = await check(finance)
    assert {one["run_id"] for one in found["seal_differences"]} == {run["run_id"] for run in runs}


async def test_a_payout_that_was_put_into_an_approved_run_is_not_paid(both: Finance) -> None:
    """Adding rows is what the service's role may do; what it adds is in no seal."""
    run = await approved(both)
    columns = "community, run_id, state, points, amount_minor, currency, payee_name, iban, created_at, changed_at"
    added = uuid4()
    await both.world.pool.execute(
        f"""
        insert into payouts (payout_id, member_id, end_to_end_id, {columns})
        select $2, $3, 'more', {columns} from payouts where community = $1 and points = 1200
        """,
        both.world.community,
        added,
        both.world.uuid("eve"),
    )
    assert_altered(await both.file(run))
    found = await check(both)
    assert [one["payout_id"] for one in found["state_differences"]] == [str(added)]
    await both.world.pool.execute(
        "insert into payout_changes (community, payout_id, state, changed_at, changed_by)"
        " values ($1, $2, 'reserved', now(), 'k')",
        both.world.community,
        added,
    )
    assert_altered(await both.file(run))
    found = await check(both)
    assert found["state_differences"] == []
    assert [one["run_id"] for one in found["seal_differences"]] == [run["run_id"]]


async def test_a_payout_that_was_deleted_is_missed(both: Finance, by_hand: ByHand) -> None:
    run = await approved(both)
    ada = (await both.payouts(run))["ada"]["payout_id"]
    await by_hand("delete from payout_changes where community = $1 and payout_id = $2", ada)
    await by_hand("delete from payouts where community = $1 and payout_id = $2", ada)
    assert_altered(await both.file(run))
    found = await check(both)
    assert [one["owner"] for one in found["account_differences"] if one["kind"] == "payable"] == [
        both.world.uuid("ada")
    ]
    assert [one["used_by"] for one in found["use_differences"]] == [ada]


@pytest.mark.parametrize(
    ("back_to", "outcome"), [("submitted", "returned"), ("sent", "settled"), ("submitted", "failed")]
)
async def test_a_state_set_back_by_hand_is_found_and_goes_nowhere(
    both: Finance, back_to: str, outcome: str
) -> None:
    """The states are what the service's role may write: their history is only added to."""
    run = await filed(both)
    assert (await both.outcome(run, "sent")).status_code == 200
    assert (await both.outcome(run, "settled")).status_code == 200
    await both.world.pool.execute(
        "update payouts set state = $2 where community = $1", both.world.community, back_to
    )
    ids = [payout["payout_id"] for payout in (await both.payouts(run)).values()]
    assert_altered(await both.outcome(run, outcome, payout_ids=ids))
    assert await both.world.balance("ada") == {"available": 50, "paid": 1_200}
    found = await check(both)
    assert {(one["state"], one["reached"]) for one in found["state_differences"]} == {(back_to, "settled")}
    assert {one["kind"] for one in found["account_differences"]} >= {"reserved", "paid", "bank"}
    assert found["balanced"] is False


async def test_a_state_set_by_hand_in_an_open_run_gives_nothing_back(both: Finance) -> None:
    """Cancelling an open run books nothing; of a payout that seems reserved it would give points back."""
    run = await both.run()
    await both.world.pool.execute(
        "update payouts set state = 'reserved' where community = $1 and points = 1200", both.world.community
    )
    assert_altered(await both.maker.post(f"/v1/payout-runs/{run['run_id']}/cancel"))
    assert await both.world.balance("ada") == {"available": 1_250}
    assert (await shown(both, run))["state"] == "open"


async def test_an_approved_payout_that_was_set_back_to_held_is_not_taken_up_by_the_next_run(both: Finance) -> None:
    world = both.world
    run = await approved(both)
    await world.pool.execute(
        "update payouts set state = 'held' where community = $1 and points = 1200", world.community
    )
    await world.give(world.award("more", "ada", 1_000))
    assert_altered(await both.maker.post("/v1/payout-runs", headers={"Idempotency-Key": "next"}))
    assert (await both.payouts(run))["ada"]["state"] == "held"
    assert await world.balance("ada") == {"available": 1_050, "reserved": 1_200}


@pytest.mark.parametrize("state", ["open", "approved"])
async def test_a_filed_run_set_back_by_hand_is_neither_approved_filed_nor_cancelled(
    both: Finance, state: str
) -> None:
    run = await filed(both)
    await both.world.pool.execute(
        "update payout_runs set state = $2 where community = $1", both.world.community, state
    )
    url = f"/v1/payout-runs/{run['run_id']}"
    for answer in (
        await both.approve(run),
        await both.file(run),
        await both.maker.post(f"{url}/cancel"),
    ):
        assert_altered(answer)
    assert [one["run_id"] for one in (await check(both))["seal_differences"]] == [run["run_id"]]
    assert await both.world.money() == {"payout_expense": -850, "bank_in_transit": 850}


async def test_a_run_that_nobody_approved_is_not_filed_by_setting_its_state(both: Finance) -> None:
    run = await both.run()
    await both.world.pool.execute(
        "update payout_runs set state = 'approved', decided_by = 'nobody' where community = $1",
        both.world.community,
    )
    assert_altered(await both.file(run))
    assert [one["run_id"] for one in (await check(both))["seal_differences"]] == [run["run_id"]]


@pytest.mark.parametrize("also", ["", ", sha256 = encode(sha256('other'), 'hex')"])
async def test_a_file_whose_content_was_changed_is_not_given_out(
    both: Finance, by_hand: ByHand, also: str
) -> None:
    run = await filed(both)
    await by_hand(f"update payout_files set content = 'other' {also} where community = $1")
    assert_altered(await both.maker.get(f"/v1/payout-runs/{run['run_id']}/file"))
    found = await check(both)
    assert [(one["run_id"], one["step"]) for one in found["seal_differences"]] == [(run["run_id"], "filed")]


async def test_seals_cannot_be_given_up_where_there_is_a_file(both: Finance, by_hand: ByHand) -> None:
    """The service's role may say that a run's seals count no more; the run's file is not given out then."""
    run = await filed(both)
    await both.world.pool.execute(
        "insert into payout_runs_unsealed select community, run_id from payout_runs where community = $1",
        both.world.community,
    )
    await by_hand(
        "update payout_files set content = 'other', sha256 = encode(sha256('other'), 'hex') where community = $1"
    )

    assert_altered(await both.maker.get(f"/v1/payout-runs/{run['run_id']}/file"))
    found = await check(both)
    assert found["balanced"] is False
    assert [(one["run_id"], one["step"]) for one in found["seal_differences"]] == [(run["run_id"], None)]


async def test_redemptions_changed_by_hand_are_found(both: Finance, by_hand: ByHand) -> None:
    world = both.world
    made = []
    for member in ("ada", "bob"):
        body = {"member_id": world.uuid(member), "reward_id": "shirt"}
        answer = await both.maker.post("/v1/redemptions", json=body, headers={"Idempotency-Key": member})
        made.append(answer.json()["redemption_id"])
    assert (await both.maker.post(f"/v1/redemptions/{made[0]}/confirm")).status_code == 200
    assert (await check(both))["balanced"] is True

    await world.pool.execute("update redemptions set state = 'reserved' where redemption_id = $1", made[0])
    found = await check(both)
    assert [(one["kind"], one["balance"], one["expected"]) for one in found["account_differences"]] == [
        ("reserved", 0, 400),
        ("spent", 400, 0),
    ]
    await world.pool.execute("update redemptions set state = 'confirmed' where redemption_id = $1", made[0])

    await by_hand("update redemptions set points = 1 where community = $1 and redemption_id = $2", made[1])
    found = await check(both)
    assert [(one["kind"], one["balance"], one["expected"]) for one in found["account_differences"]] == [
        ("reserved", 400, 1)
    ]
    assert [(one["used_by"], one["points"], one["used"]) for one in found["use_differences"]] == [
        (made[1], 1, 400)
    ]
    assert found["balanced"] is False


async def reserved(finance: Finance, member: str) -> str:
    """A redemption of 400 points."""
    body = {"member_id": finance.world.uuid(member), "reward_id": "shirt"}
    headers = {"Idempotency-Key": uuid4().hex}
    answer = await finance.maker.post("/v1/redemptions", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["redemption_id"])


@pytest.mark.parametrize("end", ["confirm", "cancel"])
async def test_a_redemption_set_back_by_hand_does_not_end_again(finance: Finance, end: str) -> None:
    world = finance.world
    redemption = await reserved(finance, "ada")
    assert (await finance.maker.post(f"/v1/redemptions/{redemption}/{end}")).status_code == 200
    balance = await world.balance("ada")
    await world.pool.execute("update redemptions set state = 'reserved' where redemption_id = $1", redemption)

    for again in ("confirm", "cancel"):
        assert_altered(await finance.maker.post(f"/v1/redemptions/{redemption}/{again}"))

    assert await world.balance("ada") == balance


async def test_a_redemption_whose_points_were_changed_by_hand_neither_ends_nor_keeps_others_from_expiring(
    finance: Finance, by_hand: ByHand
) -> None:
    world = finance.world
    altered, other = [await reserved(finance, name) for name in ("ada", "bob")]
    await by_hand("update redemptions set points = 4000 where community = $1 and redemption_id = $2", altered)
    assert_altered(await finance.maker.post(f"/v1/redemptions/{altered}/cancel"))
    await by_hand("update redemptions set expires_at = $2 where community = $1", datetime.now(UTC) - timedelta(1))

    async with world.begin() as tx:
        await run_out(tx, expire_reservations)

    states = {
        row["redemption_id"]: row["state"] for row in (await finance.maker.get("/v1/redemptions")).json()["items"]
    }
    assert states == {altered: "reserved", other: "expired"}
    assert await world.balance("ada") == {"available": 850, "reserved": 400}
    assert await world.balance("bob") == {"available": 500}


async def test_the_timer_shows_what_was_altered_as_metrics_and_says_what_in_the_log(
    both: Finance, by_hand: ByHand, caplog: pytest.LogCaptureFixture
) -> None:
    run = await approved(both)
    await by_hand("update payouts set amount_minor = amount_minor * 3 where community = $1")

    async with both.world.begin() as tx:
        await check_all(tx)

    assert (REGISTRY.get_sample_value("plaudit_rewards_altered") or 0) >= 1
    assert (REGISTRY.get_sample_value("plaudit_rewards_ledger_differences") or 0) >= 3
    assert run["run_id"] in caplog.text
    assert both.world.community in caplog.text
