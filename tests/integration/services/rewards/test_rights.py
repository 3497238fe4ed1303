"""What rewards' own database role may write, and what not."""

from typing import Any

import asyncpg
import pytest

from shared.postgres import role_name
from tests.integration.services.rewards.finance import (
    IBANS,
    OTHER_IBAN,
    ByHand,
    Finance,
    approved,
)

pytestmark = pytest.mark.stack

TABLES = ("payouts", "payout_runs", "redemptions", "payout_seals", "payee_changes", "payout_outcomes")


@pytest.mark.parametrize(
    "command",
    [
        *(
            f"update payouts set {column} = {column}"
            for column in (
                "community",
                "payout_id",
                "run_id",
                "member_id",
                "points",
                "amount_minor",
                "currency",
                "end_to_end_id",
                "payee_name",
                "iban",
                "bic",
                "created_at",
            )
        ),
        *(
            f"update payout_runs set {column} = {column}"
            for column in ("payer_name", "payer_iban", "payer_bic", "minor", "created_by", "execution_days")
        ),
        *(
            f"update redemptions set {column} = {column}"
            for column in ("community", "redemption_id", "member_id", "reward_id", "points", "created_at")
        ),
        *(
            f"update payouts set {column} = {column}"
            for column in ("payee_revision", "payee_changed_at", "payee_changed_by", "payee_changed_by_person")
        ),
        "update payout_runs set created_by_person = created_by_person",
        *(f"update payee_changes set {column} = {column}" for column in ("name", "iban", "changed_by_person")),
        *(
            f"update payout_outcomes set {column} = {column}"
            for column in ("run_id", "outcome", "payout_ids", "proposed_by", "proposed_by_person", "proposed_at")
        ),
        "update payout_seals set seal = seal",
        *(f"delete from {table}" for table in TABLES),
        *(f"truncate {table} cascade" for table in TABLES),
    ],
)
async def test_the_service_may_not_rewrite_what_is_sealed(world: Any, command: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await world.pool.execute(command)


async def test_the_case_as_it_was_found(both: Finance) -> None:
    run = await approved(both)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await both.world.pool.execute(
            "update payouts set amount_minor = amount_minor * 3, iban = $2 where community = $1",
            both.world.community,
            OTHER_IBAN,
        )
    assert (await both.file(run)).json()["control_sum_minor"] == 850


SET_PAYEE = "select set_payee_of_held_payout($1, $2, 1)"


async def test_a_payouts_payee_is_set_once_and_only_while_it_is_held_in_an_open_run(finance: Finance) -> None:
    world = finance.world
    run = await finance.run()
    ids = {name: payout["payout_id"] for name, payout in (await finance.payouts(run)).items()}
    assert await world.pool.fetchval(SET_PAYEE, world.community, ids["ada"]) is False
    # Bob's bank is not known: there is no revision of it to copy, and nothing else can be.
    assert await world.pool.fetchval(SET_PAYEE, world.community, ids["bob"]) is False
    await finance.approve(run)
    await finance.payee("bob")
    assert await world.pool.fetchval(SET_PAYEE, world.community, ids["bob"]) is False
    await finance.run()
    payouts = await finance.payouts(run)
    assert (payouts["ada"]["iban"], payouts["bob"]["iban"]) == (IBANS["ada"], None)


async def test_nobody_but_the_service_may_set_a_payouts_payee(by_hand: ByHand) -> None:
    granted = await by_hand.connection.fetch(
        "select grantee from information_schema.routine_privileges where routine_name = 'set_payee_of_held_payout'"
    )
    assert "PUBLIC" not in {row["grantee"] for row in granted}
    assert role_name("rewards") in {row["grantee"] for row in granted}
