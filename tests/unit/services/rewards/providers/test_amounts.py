"""What providers write as amounts is minor units, or no amount."""

import pytest

from services.rewards.providers.domain.amounts import basis_points, minor_of


@pytest.mark.parametrize("written", ["1e999999", "1e999998", "NaN", "Infinity", "-0.01", "0.001", "", None, [1]])
def test_what_is_no_amount_is_said_to_be_none(written: object) -> None:
    with pytest.raises(ValueError, match=r"amount|finer"):
        minor_of(written, "EUR")


def test_what_is_no_percentage_is_said_to_be_none() -> None:
    with pytest.raises(ValueError, match="percentage"):
        basis_points("1e999999")
    assert basis_points("2.5") == 250
