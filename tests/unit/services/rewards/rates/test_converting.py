"""Amounts in other currencies: exact, rounded against whoever asks, and never more given than paid for."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.rates.domain.converting import Conversion, NoRateError, TooLargeError, conversion
from shared.contracts.fields import MINOR_UNITS_MAX
from shared.currencies import exponent

TABLE = {"EUR": Decimal(1), "USD": Decimal("1.0956"), "JPY": Decimal("163.21"), "KWD": Decimal("0.3358")}
currencies = st.sampled_from(["EUR", "USD", "JPY", "KWD"])
units = st.decimals(min_value="0.0001", max_value="99999", places=6)
minor = st.integers(min_value=0, max_value=10**9)
spreads = st.integers(min_value=0, max_value=5_000)


@pytest.mark.parametrize(
    ("source", "target", "amount", "worth", "cost"),
    [
        # 10.00 EUR are 10.956 USD, 1632.1 yen, 3.358 dinars; 10.00 USD are 9.1274 EUR.
        ("EUR", "USD", 1000, 1095, 913),
        ("EUR", "JPY", 1000, 1632, 613),
        ("EUR", "KWD", 1000, 3358, 298),
        # 1000 yen are 2.0574 dinars; a dinar (1000 fils) is 486.03 yen.
        ("JPY", "KWD", 1000, 2057, 487),
        ("USD", "USD", 1234, 1234, 1234),
    ],
)
def test_known_answers_without_a_spread(source: str, target: str, amount: int, worth: int, cost: int) -> None:
    found = conversion(TABLE, source=source, target=target, spread_basis_points=0)
    assert (found.worth(amount), found.cost(amount)) == (worth, cost)


def test_a_spread_is_taken_off_and_put_on() -> None:
    found = conversion(TABLE, source="EUR", target="USD", spread_basis_points=150)
    # 10.956 less 1.5 % is 10.79166; 9.12742… and 1.5 % is 9.26433….
    assert (found.worth(1000), found.cost(1000)) == (1079, 927)
    assert conversion(TABLE, source="EUR", target="EUR", spread_basis_points=150).worth(1000) == 1000


def test_what_has_no_rate_is_said_by_name() -> None:
    with pytest.raises(NoRateError) as caught:
        conversion(TABLE, source="EUR", target="CHF", spread_basis_points=0)
    assert caught.value.currency == "CHF"
    with pytest.raises(TooLargeError):
        conversion(TABLE, source="EUR", target="JPY", spread_basis_points=0).worth(MINOR_UNITS_MAX)


@given(currencies, currencies, units, units, spreads, minor)
def test_nobody_gets_more_than_they_pay_for(
    source: str, target: str, of_source: Decimal, of_target: Decimal, spread: int, amount: int
) -> None:
    found = Conversion(source, target, of_source, of_target, spread)
    try:
        got = found.worth(amount)
        back = found.cost(got)
    except TooLargeError:
        return
    exact = Fraction(amount) * found.rate * Fraction(10) ** (exponent(target) - exponent(source))
    # Never more than the exact worth, and less by no more than the spread and a minor unit.
    assert exact * (10_000 - spread) / 10_000 - 1 < got <= exact
    # What was got costs no more than was paid for it, and what that leaves is by the spread and two roundings.
    share = Fraction(spread, 10_000)
    a_unit = amount / exact if exact else Fraction(0)
    assert back <= amount
    assert amount - back <= amount * share**2 + a_unit * (1 + share) + 1 if exact else back == 0


@given(currencies, currencies, units, units, spreads, minor)
def test_there_and_back_is_no_gain(
    source: str, target: str, of_source: Decimal, of_target: Decimal, spread: int, amount: int
) -> None:
    there = Conversion(source, target, of_source, of_target, spread)
    back = Conversion(target, source, of_target, of_source, spread)
    try:
        assert back.worth(there.worth(amount)) <= amount
        assert there.cost(amount) >= back.worth(amount)
    except TooLargeError:
        return
