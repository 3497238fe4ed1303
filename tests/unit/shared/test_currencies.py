"""Minor units are those of ISO 4217, whichever decimals are written in everyday life."""

from decimal import Decimal

import pytest

from shared.currencies import decimal_amount, exponent, is_known


@pytest.mark.parametrize(
    ("currency", "decimals"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("HUF", 2), ("IQD", 3), ("COP", 2)]
)
def test_a_currency_has_the_decimals_of_the_standard(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals
    assert decimal_amount(10**decimals, currency) == Decimal(1)


@pytest.mark.parametrize(
    ("code", "is_one"), [("EUR", True), ("KWD", True), ("eur", False), ("PTS", False), ("ZZZ", False), ("", False)]
)
def test_a_currency_is_one_of_the_standard(code: str, is_one: bool) -> None:
    assert is_known(code) is is_one
