"""What a bank said is one line of a statement, an explanation and a log."""

import pytest

from services.rewards.payouts.outcomes.api import OutcomeRequest


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("AC04 ClosedAccountNumber", "AC04 ClosedAccountNumber"),
        ("AC04\x1b[2J\nsettled by finance\x9b31m", "AC04 [2J settled by finance 31m"),
        ("\u202eAC04\u2066\u2028\ufeff ", "AC04"),
        ("Zo\u0065\u0308", "Zo\u00eb"),
        (None, None),
    ],
)
def test_a_reason_forges_no_line(said: str | None, kept: str | None) -> None:
    assert OutcomeRequest.model_validate({"state": "settled", "reason": said}).reason == kept
