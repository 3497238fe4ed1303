"""What a bank says of payouts is read from what somebody pastes, and tables of money are of numbers."""

from decimal import Decimal

import pytest

from console.pages.payout_runs.lines import LONG_REASON, NOT_A_STATE, NOT_AN_ID, grouped, read_lines
from console.pages.tables import amount
from shared.spreadsheets import csv_lines

PAYOUT = "5c2f7d1e-9a40-5b8e-8c61-2f0a7be4d913"
END_TO_END_ID = PAYOUT.replace("-", "")


@pytest.mark.parametrize(
    "said",
    [
        f"{END_TO_END_ID};returned;AC04 Closed, account",
        f"{END_TO_END_ID.upper()}\tRETURNED\tAC04 Closed, account",
        f' "{PAYOUT}" , "returned", "AC04 Closed, account" ',
    ],
)
def test_a_line_is_read_however_its_cells_are_parted(said: str) -> None:
    (line,) = read_lines(f"EndToEndId;state;reason\n\n{said}\n")
    assert (line.payout_id, line.state, line.reason) == (PAYOUT, "returned", "AC04 Closed, account")
    assert (line.number, line.wrong) == (3, None)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("12;settled", NOT_AN_ID),
        (END_TO_END_ID, NOT_A_STATE),
        (f"{END_TO_END_ID};paid", NOT_A_STATE),
        (f"{END_TO_END_ID};settled;{'x' * 201}", LONG_REASON),
    ],
)
def test_a_line_says_what_is_wrong_with_it(said: str, wrong: str) -> None:
    assert [line.wrong for line in read_lines(said)] == [wrong]


def test_the_same_said_of_several_is_one_outcome() -> None:
    lines = read_lines(
        "\n".join(f"{number:032x};{state}" for number, state in ((1, "sent"), (2, "settled"), (3, "sent")))
    )
    groups = {state: len(payout_ids) for (state, _), payout_ids in grouped(lines).items()}
    assert groups == {"sent": 2, "settled": 1}


def test_money_is_a_number_of_its_currency_and_a_name_is_no_formula() -> None:
    amounts = [amount(-1250, "EUR"), amount(1250, "JPY"), amount(1250, "KWD"), amount(-20, "PTS")]
    assert amounts == [Decimal("-12.50"), 1250, Decimal("1.250"), -20]
    assert csv_lines([[*amounts, "=1+1", "-20"]]) == b'"-12.50","1250","1.250","-20","\'=1+1","\'-20"\r\n'
