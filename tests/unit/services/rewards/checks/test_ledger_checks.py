"""What must be on the accounts follows from the tables of steps, and what is wrong is counted and said."""

import pytest

from services.rewards.checks.domain import (
    USING_STATES,
    AccountDifference,
    Findings,
    StateDifference,
    UseDifference,
    expected,
)
from services.rewards.ledger.domain.check import CurrencySum
from services.rewards.ledger.domain.check import Findings as LedgerFindings
from services.rewards.payouts.domain import PayoutState
from services.rewards.payouts.runs.domain.sealing import SealDifference
from services.rewards.payouts.seals.domain import SealStep

IN_THE_BANKS_HANDS = {("reserved", False, 1), ("payout_expense", True, -1), ("bank_in_transit", True, 1)}


@pytest.mark.parametrize(
    ("what", "state", "held"),
    [
        ("payout", "eligible", set()),
        ("payout", "approved", set()),
        ("payout", "reserved", {("reserved", False, 1), ("payout_expense", True, -1), ("payable", True, 1)}),
        ("payout", "submitted", IN_THE_BANKS_HANDS),
        ("payout", "sent", IN_THE_BANKS_HANDS),
        ("payout", "settled", {("paid", False, 1), ("payout_expense", True, -1), ("bank", True, 1)}),
        ("payout", "returned", set()),
        ("payout", "failed", set()),
        ("payout", "reversed", set()),
        ("redemption", "reserved", {("reserved", False, 1)}),
        ("redemption", "confirmed", {("spent", False, 1)}),
        ("redemption", "cancelled", set()),
    ],
)
def test_what_payouts_and_redemptions_have_on_the_accounts(
    what: str, state: str, held: set[tuple[str, bool, int]]
) -> None:
    rows = [row for row in expected() if (row.what, row.state) == (what, state)]
    assert {(row.kind, row.is_money, row.times) for row in rows} == held
    members = {"reserved", "spent", "paid", "payable"}
    assert {row.kind for row in rows if row.is_of_member} == {row.kind for row in rows} & members


def test_a_payout_takes_its_points_from_lots_when_it_is_reserved() -> None:
    assert USING_STATES == ("reserved",)


def test_everything_that_is_wrong_counts_and_has_a_line() -> None:
    ledger = LedgerFindings([CurrencySum("PTS", 4, 0), CurrencySum("EUR", 2, 3)], [], [], [], [])
    found = Findings(
        ledger,
        [AccountDifference("python", None, "bank", "EUR", 1, 2)],
        [UseDifference("python", "u", 1, 2)],
        [StateDifference("python", "p", PayoutState.RESERVED, PayoutState.SETTLED)],
        [
            SealDifference("python", "r", SealStep.APPROVED, "why"),
            SealDifference("python", "r", SealStep.FILED, "why"),
        ],
    )
    assert (found.differences, found.altered) == (6, 2)
    lines = list(found.lines())
    assert len(lines) == 6
    assert "CurrencySum" in lines[0]
    assert "EUR" in lines[0]
    assert not any("PTS" in line for line in lines)
