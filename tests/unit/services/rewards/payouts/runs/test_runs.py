"""Payout runs: exact amounts, and ids that follow from what is paid."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.rewards.bank_messages.domain import AMOUNT_MINOR_MAX
from services.rewards.payouts.runs.domain.bank import message_id
from services.rewards.payouts.runs.domain.runs import run_id
from services.rewards.payouts.runs.domain.terms import PayoutTerms, worth

balances = st.integers(min_value=-(10**9), max_value=10**12)
terms = st.builds(
    PayoutTerms,
    currency=st.just("EUR"),
    points=st.integers(1, 1_000_000),
    minor=st.integers(1, 1_000_000),
    minimum_points=st.integers(1, 1_000_000),
)


@given(balances, terms)
def test_an_amount_is_exact_and_never_more_than_the_points_are_worth(available: int, terms: PayoutTerms) -> None:
    points, amount = worth(available, terms)
    assert amount * terms.points == points * terms.minor
    assert 0 <= points <= max(available, 0)
    assert amount <= AMOUNT_MINOR_MAX
    assert points % terms.points == 0


@given(balances, terms)
def test_what_is_left_over_is_less_than_one_multiple_unless_a_limit_is_reached(
    available: int, terms: PayoutTerms
) -> None:
    assume(available >= terms.minimum_points)
    points, amount = worth(available, terms)
    at_limit = amount + terms.minor > AMOUNT_MINOR_MAX or points + terms.points > 1_000_000_000
    assert at_limit or available - points < terms.points


@given(st.integers(0, 10**6), st.integers(0, 10**6), terms)
def test_paying_in_two_parts_never_pays_more(one: int, other: int, terms: PayoutTerms) -> None:
    together = worth(one + other, terms).amount_minor
    assert worth(one, terms).amount_minor + worth(other, terms).amount_minor <= together


@pytest.mark.parametrize(
    ("available", "paid"),
    [(-50, (0, 0)), (0, (0, 0)), (499, (0, 0)), (500, (500, 250)), (599, (500, 250)), (1_234, (1_200, 600))],
)
def test_below_the_minimum_nothing_is_paid_and_above_it_whole_multiples(
    available: int, paid: tuple[int, int]
) -> None:
    assert worth(available, PayoutTerms("EUR", points=100, minor=50, minimum_points=500)) == paid


def test_runs_of_two_communities_differ() -> None:
    assert run_id("python", "2026-05") != run_id("rust", "2026-05")


@given(st.uuids().map(str))
def test_the_id_of_a_runs_file_fits_the_bank(run: str) -> None:
    assert len(message_id(run)) <= 35
