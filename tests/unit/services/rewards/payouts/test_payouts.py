"""Payouts: exact amounts, the way through the states, and what each step moves."""

from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.rewards.bank_messages.domain import AMOUNT_MINOR_MAX
from services.rewards.ledger.domain import check_balanced, deltas
from services.rewards.lots.domain.lots import LotUse
from services.rewards.payouts.domain import (
    LOTS_PER_FACT_MAX_COUNT,
    NEXT_STATES,
    PAYOUT_STATES,
    Movement,
    PayoutState,
    Terms,
    WrongStateError,
    check_next,
    end_to_end_id,
    fact_id,
    gives_points_back,
    lots_parts,
    payout_id,
    worth,
)
from services.rewards.payouts.runs.domain import message_id, run_id

RUN, MEMBER = UUID(int=1), UUID(int=2)
MOVEMENT = Movement("python", payout_id(RUN, MEMBER), MEMBER, 1_200, 600, "EUR")

balances = st.integers(min_value=-(10**9), max_value=10**12)
terms = st.builds(
    Terms,
    currency=st.just("EUR"),
    points=st.integers(1, 1_000_000),
    minor=st.integers(1, 1_000_000),
    minimum_points=st.integers(1, 1_000_000),
)


@given(balances, terms)
def test_an_amount_is_exact_and_never_more_than_the_points_are_worth(available: int, terms: Terms) -> None:
    points, amount = worth(available, terms)
    assert amount * terms.points == points * terms.minor
    assert 0 <= points <= max(available, 0)
    assert amount <= AMOUNT_MINOR_MAX
    assert points % terms.points == 0


@given(balances, terms)
def test_what_is_left_over_is_less_than_one_multiple_unless_a_limit_is_reached(
    available: int, terms: Terms
) -> None:
    assume(available >= terms.minimum_points)
    points, amount = worth(available, terms)
    at_limit = amount + terms.minor > AMOUNT_MINOR_MAX or points + terms.points > 1_000_000_000
    assert at_limit or available - points < terms.points


@given(st.integers(0, 10**6), st.integers(0, 10**6), terms)
def test_paying_in_two_parts_never_pays_more(one: int, other: int, terms: Terms) -> None:
    together = worth(one + other, terms).amount_minor
    assert worth(one, terms).amount_minor + worth(other, terms).amount_minor <= together


@pytest.mark.parametrize(
    ("available", "paid"),
    [(-50, (0, 0)), (0, (0, 0)), (499, (0, 0)), (500, (500, 250)), (599, (500, 250)), (1_234, (1_200, 600))],
)
def test_below_the_minimum_nothing_is_paid_and_above_it_whole_multiples(
    available: int, paid: tuple[int, int]
) -> None:
    assert worth(available, Terms("EUR", points=100, minor=50, minimum_points=500)) == paid


def paths() -> list[list[PayoutState]]:
    """Every way from accrued to an end."""
    found: list[list[PayoutState]] = []
    todo: list[list[PayoutState]] = [["accrued"]]
    while todo:
        path = todo.pop()
        following = NEXT_STATES[path[-1]]
        found += [path] if not following else []
        todo += [[*path, state] for state in following]
    return found


@pytest.mark.parametrize("path", paths(), ids="-".join)
def test_every_way_balances_and_ends_with_points_paid_or_given_back(path: list[PayoutState]) -> None:
    lines = []
    back = False
    for state, wanted in pairwise(path):
        step = MOVEMENT.entries(state, wanted)
        check_balanced(step)
        lines += step
        back = back or gives_points_back(state, wanted)
    after = {account.kind: amount for account, amount in deltas(lines) if amount}
    if path[-1] == "settled":
        assert after == {"available": -1_200, "paid": 1_200, "payout_expense": -600, "bank": 600}
    else:
        assert after == {}
        assert back == ("reserved" in path)


def test_between_the_file_and_the_bank_the_money_is_in_transit() -> None:
    lines = [*MOVEMENT.entries("approved", "reserved"), *MOVEMENT.entries("reserved", "submitted")]
    after = {account.kind: amount for account, amount in deltas(lines) if amount}
    assert after == {"available": -1_200, "reserved": 1_200, "payout_expense": -600, "bank_in_transit": 600}


def test_a_state_cannot_be_left_in_a_way_that_is_not_drawn() -> None:
    for state in PAYOUT_STATES:
        for wanted in PAYOUT_STATES:
            if wanted in NEXT_STATES[state]:
                check_next(state, wanted)
            else:
                with pytest.raises(WrongStateError, match=f"{state} cannot become {wanted}"):
                    MOVEMENT.entries(state, wanted)


@given(st.uuids(), st.uuids())
def test_ids_fit_the_bank_and_follow_from_what_is_paid(run: UUID, member: UUID) -> None:
    payout = payout_id(run, member)
    assert payout == payout_id(run, member)
    assert payout != payout_id(member, run) or run == member
    assert len(end_to_end_id(payout)) <= 35
    assert len(message_id(run)) <= 35
    assert len({fact_id(payout, state) for state in PAYOUT_STATES}) == len(PAYOUT_STATES)


def test_runs_of_two_communities_differ() -> None:
    assert run_id("python", "2026-05") != run_id("rust", "2026-05")


@given(st.integers(0, 1_300))
def test_lots_are_cut_into_parts_that_hold_them_all(count: int) -> None:
    uses = [LotUse(UUID(int=number), number + 1) for number in range(count)]
    parts = list(lots_parts(uses))
    assert [use for _, _, lots in parts for use in lots] == uses
    assert [part for part, _, _ in parts] == list(range(1, len(parts) + 1))
    assert all(of == len(parts) and 0 < len(lots) <= LOTS_PER_FACT_MAX_COUNT for _, of, lots in parts)
