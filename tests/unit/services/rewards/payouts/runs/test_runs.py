"""Payout runs: exact amounts, who may decide, what can still be paid, and what a bank may say."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.rewards.bank_messages.domain import AMOUNT_MINOR_MAX, BankAccount
from services.rewards.payouts.domain import Actor, PayoutState, WrongStateError
from services.rewards.payouts.payees.domain import Payee
from services.rewards.payouts.runs.domain.bank import BankReport, message_id
from services.rewards.payouts.runs.domain.runs import (
    NoPayableTermsError,
    PayableMember,
    Run,
    RunRefusedError,
    RunState,
    accrued,
    open_run,
    run_id,
    why_not,
    why_not_filed,
)
from services.rewards.payouts.runs.domain.terms import PayoutTerms, worth
from shared.access_keys import Scope

NOW, LATER = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)
MEMBER = str(UUID(int=2))
ACCOUNT = BankAccount("Ada", "NL91ABNA0417164300")
MAKER = Actor(str(UUID(int=3)), "maker")
APPROVER = Actor(str(UUID(int=4)), "approver")
PAYEE = Payee("python", MEMBER, ACCOUNT, NOW, MAKER)
RUN = Run(
    community="python",
    run_id=run_id("python", "2026-05"),
    state=RunState.OPEN,
    programme_id="demo",
    programme_version=1,
    terms=PayoutTerms("EUR", points=100, minor=50, minimum_points=500),
    payer=BankAccount("Example", "DE89370400440532013000", "COBADEFFXXX"),
    execution_days=1,
    complete=True,
    created_at=NOW,
    created_by=MAKER,
)

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


def test_without_a_programme_there_is_no_run() -> None:
    with pytest.raises(NoPayableTermsError, match="publish a version"):
        open_run(None, community="python", idempotency_key="2026-05", execution_days=1, by=MAKER, now=NOW)


def test_what_people_must_still_be_allowed_for_a_run_to_go_on() -> None:
    approved = RUN.decided(RunState.APPROVED, by=APPROVER, now=LATER)
    assert RUN.needed() == [("made", MAKER, Scope.PAYOUTS_WRITE)]
    assert approved.needed() == [
        ("made", MAKER, Scope.PAYOUTS_WRITE),
        ("approved", APPROVER, Scope.PAYOUTS_APPROVE),
    ]
    assert approved.filed().needed() == RUN.decided(RunState.CANCELLED, by=MAKER, now=LATER).needed() == []


def test_filing_keeps_who_decided_and_cancelling_says_who_did() -> None:
    approved = RUN.decided(RunState.APPROVED, by=APPROVER, now=LATER)
    filed = approved.filed()
    assert (filed.state, filed.decided_by, filed.decided_at) == ("filed", APPROVER, LATER)
    assert (RUN.state, RUN.decided_by) == ("open", None)


def test_a_run_makes_only_the_steps_there_are_and_says_which_state_it_needs() -> None:
    RUN.check_step(RunState.APPROVED)
    RUN.check_step(RunState.CANCELLED)
    with pytest.raises(RunRefusedError, match="The run is open; this needs one that is approved"):
        RUN.check_step(RunState.FILED)
    with pytest.raises(RunRefusedError, match="The run is filed; this needs one that is open or approved"):
        replace(RUN, state=RunState.FILED).check_step(RunState.CANCELLED)


def test_a_payout_is_paid_only_as_it_was_computed() -> None:
    payout = accrued(RUN, PayableMember(MEMBER, 1_234), PAYEE)
    assert (payout.state, payout.points, payout.amount_minor, payout.payee) == ("accrued", 1_200, 600, ACCOUNT)
    assert why_not(payout, 1_200, PAYEE) is None
    assert "fell to 1199 points" in (why_not(payout, 1_199, PAYEE) or "")
    other = replace(PAYEE, account=replace(ACCOUNT, name="Eve"))
    assert why_not(payout, 1_200, other) == "the bank details changed since the run was made"
    assert why_not(payout, 1_200, None) == "the bank details changed since the run was made"


def test_a_payout_is_filed_only_as_it_was_approved() -> None:
    payout = accrued(RUN, PayableMember(MEMBER, 1_234), PAYEE)
    assert why_not_filed(payout, 0, PAYEE) is None
    assert why_not_filed(payout, -1, PAYEE) == (
        "points were taken back since the run was approved: 1199 of 1200 are left"
    )
    assert (why_not_filed(payout, -5_000, PAYEE) or "").endswith("0 of 1200 are left")
    other = replace(PAYEE, account=replace(ACCOUNT, iban="FR1420041010050500013M02606"))
    for changed in (other, None):
        assert why_not_filed(payout, 34, changed) == "the bank details changed since the run was approved"


def test_what_a_bank_says_changes_what_it_can_and_refuses_the_rest() -> None:
    payout = accrued(RUN, PayableMember(MEMBER, 1_200), PAYEE)
    sent, settled = replace(payout, state=PayoutState.SENT), replace(payout, state=PayoutState.SETTLED)

    (change,) = BankReport(PayoutState.SETTLED, "booked").changes([sent, settled])
    assert (change.payout, change.wanted, change.reason) == (sent, "settled", "booked")

    named = BankReport(PayoutState.RETURNED, payout_ids=[payout.payout_id])
    assert named.states == tuple(PayoutState)
    with pytest.raises(WrongStateError):
        named.changes([settled])
    with pytest.raises(RunRefusedError, match="not one of this run"):
        named.changes([])
