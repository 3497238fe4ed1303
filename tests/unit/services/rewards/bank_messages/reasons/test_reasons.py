"""Which of a bank's reasons speak against the payee's bank details."""

import re
from pathlib import Path

import pytest

from services.rewards.bank_messages.reasons.domain import REASONS, Blamed, reason_against_payee

GUIDE = (Path(__file__).parents[6] / "docs/payouts.md").read_text()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("AC04", "AC04"),
        ("ac04 closed account number", "AC04"),
        ("AC04 ClosedAccountNumber", "AC04"),
        ("Return reason: AC01.", "AC01"),
        ("R-transaction/AC06/blocked", "AC06"),
        ("MS03, then AC06", "AC06"),
        ("CNOR", "CNOR"),
        ("MD07", "MD07"),
    ],
)
def test_a_code_against_the_account_is_found_wherever_it_stands(said: str, code: str) -> None:
    found = reason_against_payee(said)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    "said",
    [
        *(None, "", "the account", "MS03", "AM05 Duplication", "TM01", "ED05", "FOCR", "NARR closed"),
        *("AC02", "AC13", "RR04", "XAC04", "AC041", "0AC04"),
    ],
)
def test_other_reasons_say_nothing_of_it(said: str | None) -> None:
    assert reason_against_payee(said) is None


@pytest.mark.parametrize("code", REASONS)
def test_codes_have_the_form_of_the_standard_and_stand_in_the_guide(code: str) -> None:
    reason = REASONS[code]
    assert re.fullmatch("[A-Z]{2}[0-9]{2}|[A-Z]{4}", code)
    assert reason_against_payee(reason.words) == reason
    row = {
        Blamed.ACCOUNT: "the account",
        Blamed.HOLDER: "the holder's name with that account",
        Blamed.BANK: "the BIC with that account",
    }
    (line,) = [line for line in GUIDE.splitlines() if line.startswith(f"| {row[reason.blamed]} |")]
    assert f"`{code}` {reason.name}" in line
