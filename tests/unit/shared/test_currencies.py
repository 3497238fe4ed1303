"""Minor units are those of ISO 4217, whichever decimals are written in everyday life."""

from decimal import Decimal

import pytest

from shared.currencies import decimal_amount, exponent


@pytest.mark.parametrize(
    ("currency", "decimals"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("HUF", 2), ("IQD", 3), ("COP", 2)]
)
def test_a_currency_has_the_decimals_of_the_standard(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals
    assert decimal_amount(10**decimals, currency) == Decimal(1)
