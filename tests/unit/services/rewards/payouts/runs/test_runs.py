"""Payout runs: exact amounts, who may decide, what can still be paid, and what a bank may say."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.rewards.bank_messages.domain import AMOUNT_MINOR_MAX, BankAccount, Ordering
from services.rewards.payouts.domain import Actor, Part, PayoutState, Rate, Traced
from services.rewards.payouts.payees.domain import Payee
from services.rewards.payouts.runs.domain.bank import BankReport, ReportRefusedError, message_id
from services.rewards.payouts.runs.domain.progress import Progress, progress
from services.rewards.payouts.runs.domain.runs import (
    NoPayableTermsError,
    PayableMember,
    PlanCounts,
    Run,
    RunRefusedError,
    RunState,
    StateSum,
    accrued,
    fitting_in_file,
    judged,
    open_run,
    planned_counts,
    run_id,
    why_not_filed,
)
from services.rewards.payouts.runs.domain.terms import (
    Owing,
    PayoutTerms,
    affordable,
    fitting,
    parts_of,
    total,
    worth,
)
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
    # What one transfer cannot carry is paid by a second one.
    assume((one + other) // terms.points * terms.minor <= AMOUNT_MINOR_MAX)
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


limits = st.none() | st.integers(1, 10**9)


@given(st.integers(0, 3_000), st.integers(0, 3_000), st.integers(1, 2_000), st.none() | st.integers(1, 3_000))
def test_a_run_has_as_many_as_its_bank_takes_and_whoever_can_be_paid_comes_first(
    payable: int, held: int, most: int, takes: int | None
) -> None:
    first, beside = planned_counts(payable, held, most=most, ordering=Ordering(file_max_count=takes))
    assert 0 <= first <= min(payable, most)
    assert 0 <= beside <= min(held, most)
    assert takes is None or first + beside <= takes
    assert first == min(payable, most, takes or most)
    assert beside in (held, most, (takes or 0) - first)


@given(st.lists(st.integers(1, 10_000), max_size=20), st.integers(0, 10_000), limits)
def test_a_run_is_filled_in_turn_up_to_the_sum_that_its_bank_takes(
    amounts: list[int], taken: int, most: int | None
) -> None:
    run = replace(RUN, ordering=Ordering(file_max_minor=most))
    made = accrued(run, PayableMember(MEMBER, Owing(100_000)), PAYEE, now=NOW)
    if made is None:  # one multiple is more than the bank takes
        assert most is not None
        assert most < run.terms.minor
        return
    assert most is None or made.amount_minor <= most
    payouts = [
        replace(made, payout_id=str(UUID(int=number)), amount_minor=one) for number, one in enumerate(amounts)
    ]
    fit, over = fitting_in_file(run, payouts, taken_minor=taken)
    sum_of = taken + sum(one.amount_minor for one in fit)
    assert sorted([*fit, *over], key=lambda one: UUID(one.payout_id)) == payouts
    assert most is None or not fit or sum_of <= most
    assert all(most is not None and sum_of + one.amount_minor > most for one in over)
    assert fit[:1] == payouts[:1] or most is not None


def test_runs_of_two_communities_differ() -> None:
    assert run_id("python", "2026-05") != run_id("rust", "2026-05")


@given(st.uuids().map(str))
def test_the_id_of_a_runs_file_fits_the_bank(run: str) -> None:
    assert len(message_id(run)) <= 35


def test_without_a_programme_there_is_no_run() -> None:
    with pytest.raises(NoPayableTermsError, match="publish a version"):
        open_run(None, community="python", idempotency_key="2026-05", execution_days=1, by=MAKER, now=NOW)


rates = st.builds(Rate, st.integers(1, 10_000), st.integers(1, 10_000), st.none())
claims = st.lists(
    st.builds(
        lambda rate, multiples, number: Part(0, 0, rate, str(UUID(int=number))).of(multiples),
        rates,
        st.integers(1, 10_000),
        st.integers(1, 9),
    ),
    max_size=4,
)


@given(claims, st.integers(-100, 10**9))
def test_parts_that_fit_are_exact_never_more_and_leave_less_than_one_multiple_of_any(
    parts: list[Part], points: int
) -> None:
    kept = fitting(parts, points)
    paid = total(kept)
    assert paid.points <= max(points, 0)
    assert all(part.amount_minor * part.rate.points == part.points * part.rate.minor for part in kept)
    if paid.points < total(parts).points:
        left = max(points, 0) - paid.points
        assert any(left < part.rate.points for part in parts)
    assert fitting(parts, total(parts).points) == parts


@given(claims, st.integers(0, 10**9), st.integers(0, 10**9), terms)
def test_what_came_back_keeps_its_amount_and_the_rest_is_worth_what_it_is_now(
    parts: list[Part], owed: int, free: int, terms: PayoutTerms
) -> None:
    owed = min(owed, total(parts).points)
    paid = parts_of(Owing(owed + free, owed, parts), terms)
    back = [part for part in paid if part.returned_payout_id is not None]
    rest = [part for part in paid if part.returned_payout_id is None]
    assert back == fitting(parts, owed)
    assert all(part.rate == terms.rate for part in rest)
    amount = total(paid)
    assert 0 <= amount.points <= owed + free
    assert amount.amount_minor <= AMOUNT_MINOR_MAX
    assert all(part.amount_minor * part.rate.points == part.points * part.rate.minor for part in paid)
    # Another rate changes nothing of what came back.
    other = parts_of(Owing(owed + free, owed, parts), replace(terms, minor=terms.minor + 1))
    assert [part for part in other if part.returned_payout_id is not None] == back


@given(claims, st.integers(0, 10**8), st.integers(0, 10**8), terms)
def test_what_is_still_afforded_grows_with_the_points_and_is_all_of_it_with_all_of_them(
    parts: list[Part], some: int, more: int, terms: PayoutTerms
) -> None:
    paid = parts_of(Owing(some + more + total(parts).points, total(parts).points, parts), terms)
    needed = total(paid).points
    less, most = affordable(paid, some, terms), affordable(paid, some + more, terms)
    assert total(less).points <= min(some, needed)
    assert total(less).amount_minor <= total(paid).amount_minor
    assert affordable(paid, max(needed, terms.minimum_points), terms) == paid
    assert len(less) <= len(paid)
    assert len(most) <= len(paid)


def test_127_of_130_points_pay_120() -> None:
    tens = PayoutTerms("EUR", points=10, minor=10, minimum_points=10)
    run = replace(RUN, terms=tens)
    payout = accrued(run, PayableMember(MEMBER, Owing(130)), PAYEE, now=NOW)
    assert payout is not None
    parts = [Part(130, 130, tens.rate)]

    found = judged(payout, 127, PAYEE, parts=parts, run=run)

    assert found.payout is not None
    assert (found.payout.points, found.payout.amount_minor, found.payout.computed) == (120, 120, (130, 130))
    assert found.reason == "the balance fell to 127 points since the run was made: 120 of 130 are paid"
    assert found.payout.as_computed() == payout
    assert judged(payout, 9, PAYEE, parts=parts, run=run).payout is None


def test_how_far_the_work_at_a_run_is() -> None:
    def sums(**counts: int) -> list[StateSum]:
        return [StateSum(PayoutState(state), count, 0, 0) for state, count in counts.items()]

    planned = replace(RUN, plan=PlanCounts(50))
    computing = replace(planned, state=RunState.COMPUTING)
    assert progress(computing, sums(eligible=10, held=5)) == Progress(15, 50)
    assert progress(planned, sums(eligible=10)) is None
    approving = replace(planned, state=RunState.APPROVING)
    assert progress(approving, sums(eligible=10, held=5, reserved=29, failed=1)) == Progress(30, 40)
    filing = replace(planned, state=RunState.FILING)
    assert progress(filing, sums(reserved=10, held=5, submitted=29, failed=1)) == Progress(30, 40)
    cancelling = replace(planned, state=RunState.CANCELLING)
    assert progress(cancelling, sums(held=5, reserved=20, failed=20)) == Progress(20, 45)


def test_what_people_must_still_be_allowed_for_a_run_to_go_on() -> None:
    approved = RUN.decided(RunState.APPROVING, by=APPROVER, now=LATER).becoming(RunState.APPROVED)
    assert RUN.needed() == [("made", MAKER, Scope.PAYOUTS_WRITE)]
    assert approved.needed() == [
        ("made", MAKER, Scope.PAYOUTS_WRITE),
        ("approved", APPROVER, Scope.PAYOUTS_APPROVE),
    ]
    assert approved.being_filed(by=MAKER).needed() == []
    assert RUN.decided(RunState.CANCELLING, by=MAKER, now=LATER).needed() == []


def test_filing_keeps_who_decided_and_cancelling_says_who_did() -> None:
    approved = RUN.decided(RunState.APPROVING, by=APPROVER, now=LATER).becoming(RunState.APPROVED)
    filed = approved.being_filed(by=MAKER).becoming(RunState.FILED)
    assert (filed.state, filed.decided_by, filed.decided_at) == ("filed", APPROVER, LATER)
    assert filed.filing_by == MAKER
    assert (RUN.state, RUN.decided_by) == ("open", None)


def test_a_run_makes_only_the_steps_there_are_and_says_which_state_it_needs() -> None:
    RUN.check_step(RunState.APPROVING)
    RUN.check_step(RunState.CANCELLING)
    with pytest.raises(RunRefusedError, match="The run is open; this needs one that is approved"):
        RUN.check_step(RunState.FILING)
    needed = "The run is filed; this needs one that is computing or open or approving or approved"
    with pytest.raises(RunRefusedError, match=needed):
        replace(RUN, state=RunState.FILED).check_step(RunState.CANCELLING)


def test_a_payout_is_paid_only_as_it_was_computed() -> None:
    payout = accrued(RUN, PayableMember(MEMBER, Owing(1_234)), PAYEE, now=NOW)
    assert payout is not None
    assert (payout.state, payout.points, payout.amount_minor, payout.payee) == ("accrued", 1_200, 600, ACCOUNT)
    parts = [Part(1_200, 600, RUN.terms.rate)]
    assert judged(payout, 1_200, PAYEE, parts=(), run=RUN) == (payout, None)
    fallen = judged(payout, 499, PAYEE, parts=parts, run=RUN)
    assert fallen == (None, "the balance fell to 499 points since the run was made; 1200 are needed")
    other = replace(PAYEE, account=replace(ACCOUNT, name="Eve"))
    for changed in (other, None):
        refused = judged(payout, 1_200, changed, parts=parts, run=RUN)
        assert refused == (None, "the bank details changed since the run was made")


def test_a_payout_is_filed_only_as_it_was_approved() -> None:
    payout = accrued(RUN, PayableMember(MEMBER, Owing(1_234)), PAYEE, now=NOW)
    assert payout is not None
    assert why_not_filed(payout, 0, PAYEE) is None
    assert why_not_filed(payout, -1, PAYEE) == (
        "points were taken back since the run was approved: 1199 of 1200 are left"
    )
    assert (why_not_filed(payout, -5_000, PAYEE) or "").endswith("0 of 1200 are left")
    other = replace(PAYEE, account=replace(ACCOUNT, iban="FR1420041010050500013M02606"))
    for changed in (other, None):
        assert why_not_filed(payout, 34, changed) == "the bank details changed since the run was approved"


def test_what_a_bank_says_changes_what_it_can_and_names_what_it_cannot() -> None:
    payout = accrued(RUN, PayableMember(MEMBER, Owing(1_200)), PAYEE, now=NOW)
    assert payout is not None
    way = [PayoutState.SUBMITTED, PayoutState.SENT, PayoutState.SETTLED]
    sent = Traced(replace(payout, state=PayoutState.SENT), way[:2])
    settled = Traced(replace(payout, payout_id=str(UUID(int=8)), state=PayoutState.SETTLED), [way[0], way[2]])

    (change,), unchanged = BankReport(PayoutState.SETTLED, "booked").changes([sent, settled])
    assert (change.payout, change.wanted, change.reason) == (sent.payout, "settled", "booked")
    assert unchanged == [settled.payout]
    # That it was sent comes late, and again, and says nothing new.
    late = BankReport(PayoutState.SENT, payout_ids=[settled.payout.payout_id, payout.payout_id])
    assert late.states == tuple(PayoutState)
    assert late.changes([sent, settled]) == ([], [settled.payout, sent.payout])

    stale = [str(UUID(int=9)), sent.payout.payout_id, settled.payout.payout_id]
    with pytest.raises(ReportRefusedError) as refused:
        BankReport(PayoutState.RETURNED, payout_ids=stale).changes([sent, settled])
    assert refused.value.refused == {
        0: (stale[0], "it is not one of this run"),
        2: (stale[2], "a payout that is settled cannot become returned"),
    }
