"""Payouts in another currency than the one that points are priced in."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.payouts.domain import Part, Rate
from services.rewards.payouts.runs.domain.terms import (
    Owing,
    PayoutTerms,
    affordable,
    fitting,
    parts_of,
    total,
    worth,
)
from services.rewards.rates.domain.exchange import Exchange, exchange_of

DAY = date(2026, 11, 2)
YEN = Exchange("EUR", "JPY", Decimal(1), Decimal("163.21"), 0, "policy", DAY)
DINARS = Exchange("EUR", "KWD", Decimal(1), Decimal("0.3358"), 150, "policy", DAY)
units = st.decimals(Decimal("0.0001"), Decimal(10_000), places=4)
exchanges = st.builds(
    Exchange,
    st.just("EUR"),
    st.sampled_from(["JPY", "KWD", "USD"]),
    units,
    units,
    st.integers(0, 5_000),
    st.just("policy"),
    st.just(DAY),
)
rates = st.builds(Rate, st.integers(1, 10_000), st.integers(1, 10_000), exchanges)


@pytest.mark.parametrize(
    ("exchange", "points", "amount_minor"),
    [
        (YEN, 900, 1_468),  # EUR 9.00 are JPY 1468.89
        (YEN, 999, 1_468),  # what is no whole multiple stays
        (DINARS, 900, 2_976),  # EUR 9.00 are KWD 3.0222, less 1.5 % 2.976867
    ],
)
def test_an_amount_is_converted_as_a_whole_and_rounded_down_once(
    exchange: Exchange, points: int, amount_minor: int
) -> None:
    terms = PayoutTerms(exchange.currency, 100, 100, 100, exchange=exchange)
    assert worth(points, terms) == (points // 100 * 100, amount_minor)


def test_a_minimum_is_one_of_the_currency_that_is_paid() -> None:
    terms = PayoutTerms("JPY", 1, 1, 1, minimum_minor=1_000, exchange=YEN)
    assert terms.least_points == 613  # EUR 6.13 are JPY 1000.47, and EUR 6.12 are 998.84
    assert worth(612, terms) == (0, 0)
    assert worth(613, terms) == (613, 1_000)


def test_a_multiple_that_is_worth_less_than_the_smallest_amount_is_not_paid_by_itself() -> None:
    terms = PayoutTerms("JPY", 1, 1, 1, exchange=Exchange("JPY", "EUR", Decimal("163.21"), Decimal(1), 0, "", DAY))
    assert terms.least_points == 2  # a yen is 0.61 cents
    assert worth(1, terms) == (0, 0)
    assert worth(2, terms) == (2, 1)


@given(rates, st.integers(0, 10**9))
def test_most_and_least_multiples_are_the_last_and_the_first_of_an_amount(rate: Rate, amount_minor: int) -> None:
    most, least = rate.most_within(amount_minor), rate.least_for(amount_minor)
    assert rate.amount_of(most) <= amount_minor < rate.amount_of(most + 1)
    assert rate.amount_of(least) >= max(amount_minor, 1) > rate.amount_of(least - 1)


@given(rates, st.integers(1, 1_000), st.integers(0, 10**7), st.integers(0, 10**7))
def test_what_came_back_is_paid_as_it_was_and_never_more_than_the_points_are_worth(
    rate: Rate, multiples: int, available: int, fallen: int
) -> None:
    claim = Part(0, 0, rate, "came back").of(multiples)
    terms = PayoutTerms(rate.exchange.currency if rate.exchange else "EUR", 7, 3, 1, exchange=rate.exchange)
    parts = parts_of(Owing(available, claim.points, [claim] if claim.amount_minor else []), terms)
    paid = total(parts)
    assert paid.points <= available
    assert all(part.amount_minor > 0 for part in parts)
    if available >= claim.points and claim.amount_minor:
        assert parts[0] == claim
    left = affordable(parts, min(fallen, available), terms)
    assert total(left).points <= min(fallen, available)
    assert total(left).amount_minor <= paid.amount_minor
    assert fitting(parts, paid.points) == parts


@given(exchanges, st.integers(0, 10**3))
def test_a_kept_rate_is_read_again_as_it_was(exchange: Exchange, price_minor: int) -> None:
    kept = exchange_of(exchange.said)
    assert kept == exchange
    assert kept.conversion.worth(price_minor) == exchange.conversion.worth(price_minor)
    assert kept.rate == Fraction(exchange.units) / Fraction(exchange.price_units)
