"""A seal is one for one list in any order, and another for any other list."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.rewards.bank_messages.domain import Address, BankAccount, Ordering
from services.rewards.payouts.domain import Payout, PayoutState, Traced, altered
from services.rewards.payouts.seals.domain import (
    LISTED,
    FileSums,
    SealedRun,
    SealedTerms,
    SealStep,
    seal_of,
)
from services.rewards.rates.domain.exchange import Exchange
from tests.unit.services.rewards.payouts.sealed import NOW, PAYOUT, RUN_ID, TERMS, sealed, traced

#: What of a payout may change once it is sealed, and what is the same for all of a run.
NOT_SEALED = {"community", "state", "reason", "created_at", "changed_at"}

words = st.text(max_size=8)
accounts = st.builds(BankAccount, words, words, st.none() | words)
amounts = st.integers(1, 10**11)
payouts = st.builds(
    Payout,
    community=st.just("python"),
    payout_id=st.uuids().map(str),
    run_id=st.just(RUN_ID),
    member_id=st.uuids().map(str),
    state=st.sampled_from(PayoutState),
    points=amounts,
    amount_minor=amounts,
    currency=st.sampled_from(["EUR", "USD"]),
    end_to_end_id=words,
    payee=st.none() | accounts,
    reason=st.none() | words,
    created_at=st.just(NOW),
    changed_at=st.just(NOW),
)
lists = st.lists(payouts, max_size=6, unique_by=lambda payout: payout.payout_id)


@given(lists.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_the_order_of_the_rows_makes_no_difference(both: tuple[Sequence[Payout], Sequence[Payout]]) -> None:
    one, other = both
    assert seal_of(TERMS, one) == seal_of(TERMS, other)


@given(st.lists(payouts, min_size=1, max_size=6, unique_by=lambda payout: payout.payout_id), payouts, st.data())
def test_another_value_of_any_field_of_any_payout_makes_another_seal(
    rows: list[Payout], other: Payout, data: Any
) -> None:
    index = data.draw(st.integers(0, len(rows) - 1))
    field = data.draw(st.sampled_from([field.name for field in fields(Payout) if field.name not in NOT_SEALED]))
    if field == "run_id":
        other = replace(other, run_id="00000000-0000-0000-0000-000000000000")
    assume(getattr(rows[index], field) != getattr(other, field))
    changed = replace(rows[index], **{field: getattr(other, field)})

    assert seal_of(TERMS, [*rows[:index], changed, *rows[index + 1 :]]) != seal_of(TERMS, rows)


@given(lists, st.sampled_from(sorted(NOT_SEALED)), payouts)
def test_what_becomes_of_a_payout_afterwards_does_not_break_its_seal(
    rows: list[Payout], field: str, other: Payout
) -> None:
    changed = [replace(payout, **{field: getattr(other, field)}) for payout in rows]
    assert seal_of(TERMS, changed) == seal_of(TERMS, rows)


@given(lists, payouts)
def test_a_payout_more_or_less_makes_another_seal(rows: list[Payout], more: Payout) -> None:
    assume(more.payout_id not in {payout.payout_id for payout in rows})
    assert seal_of(TERMS, [*rows, more]) != seal_of(TERMS, rows)


@pytest.mark.parametrize("field", [field.name for field in fields(SealedTerms) if field.name != "community"])
def test_another_value_of_any_term_makes_another_seal(field: str) -> None:
    value = getattr(TERMS, field)
    others: list[Any]
    if field == "payer":
        others = [replace(value, name="E"), replace(value, iban="NL91ABNA0417164300"), replace(value, bic=None)]
    elif field == "ordering":
        others = [
            Ordering(batch_booking=False),
            Ordering(purpose="BONU"),
            Ordering(instant=True),
            Ordering(Address("Hamburg", "DE")),
        ]
    elif field == "exchange":
        rate = Exchange("EUR", "JPY", Decimal(1), Decimal("161.5"), 0, "policy", date(2026, 1, 30))
        others = [rate, replace(rate, units=Decimal(162)), replace(rate, spread_basis_points=50)]
    else:
        others = [value + 1 if isinstance(value, int) else f"{value}x"]
    seals = {seal_of(terms, []) for terms in (TERMS, *(replace(TERMS, **{field: other}) for other in others))}
    assert len(seals) == 1 + len(others)


def test_what_stands_in_one_field_cannot_stand_in_the_next() -> None:
    account = BankAccount("a", "bc", None)
    payout = replace(PAYOUT, payee=account)
    for other in (BankAccount("ab", "c", None), BankAccount("a", "b", "c"), BankAccount('a","iban":"b', "c")):
        assert seal_of(TERMS, [replace(PAYOUT, payee=other)]) != seal_of(TERMS, [payout])


def test_the_file_is_sealed_too() -> None:
    seals = {seal_of(TERMS, [], file_sha256=sha256) for sha256 in (None, "0" * 64, "1" * 64)}
    assert len(seals) == 3


def test_the_form_of_a_seal_stays_as_it_is() -> None:
    """Seals are stored: another form would break every one."""
    text = (
        '{"created_by":"maker","currency":"EUR","execution_days":1,"file_sha256":null,"form":1,"minimum_points":500,'
        '"minor":50,"payer":{"bic":"COBADEFFXXX","iban":"DE89370400440532013000","name":"Example"},'
        '"payouts":[{"amount_minor":600,"bic":null,"currency":"EUR",'
        '"end_to_end_id":"30ea876da62759768151d3f1d3282e41","iban":"NL91ABNA0417164300",'
        '"member_id":"1524a1e9-532f-5b33-80be-9ee9f9bc415f","payee_name":"Zoë Müller",'
        '"payout_id":"30ea876d-a627-5976-8151-d3f1d3282e41","points":1200,'
        '"run_id":"cc76e54b-a83e-524f-bd29-1d4866a616bb"}],'
        '"points":100,"programme_id":"demo","programme_version":1,"run_id":"cc76e54b-a83e-524f-bd29-1d4866a616bb"}'
    )
    assert json.loads(text)["payouts"]
    assert seal_of(TERMS, [PAYOUT]) == hashlib.sha256(text.encode()).hexdigest()


def test_a_list_is_of_those_that_ever_reached_its_state() -> None:
    paid = traced(replace(PAYOUT, state=PayoutState.SETTLED), PayoutState.SUBMITTED, PayoutState.SETTLED)
    failed = traced(replace(PAYOUT, payout_id="f", state=PayoutState.FAILED), PayoutState.FAILED)
    held = Traced(replace(PAYOUT, payout_id="h", state=PayoutState.HELD), {PayoutState.ACCRUED, PayoutState.HELD})
    run = SealedRun(TERMS, [paid, failed, held], {})

    ids = {step: [payout.payout_id for payout in run.listed(step)] for step in LISTED}

    assert ids == {
        SealStep.COMPUTED: [PAYOUT.payout_id, "f"],
        SealStep.APPROVING: [PAYOUT.payout_id, "f"],
        SealStep.APPROVED: [PAYOUT.payout_id, "f"],
        SealStep.FILED: [PAYOUT.payout_id],
    }


def test_a_run_fits_the_seals_that_it_has_and_says_which_it_does_not_fit() -> None:
    row = traced(replace(PAYOUT, state=PayoutState.SUBMITTED), PayoutState.SUBMITTED)
    seals = {
        SealStep.APPROVED: sealed(SealStep.APPROVED, seal_of(TERMS, [PAYOUT])),
        SealStep.FILED: sealed(SealStep.FILED, seal_of(TERMS, [PAYOUT], file_sha256="c")),
    }
    run = SealedRun(TERMS, [row], seals, FileSums("c", "c"))
    assert [run.why_not(step) for step in SealStep] == [None] * 4

    other = Traced(replace(row.payout, amount_minor=601), row.reached)
    for altered_run in (replace(run, payouts=[other]), replace(run, payouts=[])):
        assert [altered_run.why_not(step) for step in SealStep] == [
            None,
            None,
            "it does not fit the seal of when it was approved",
            "it does not fit the seal of when it was filed",
        ]
    rewritten = replace(run, file=FileSums("d", "d"))
    assert [rewritten.why_not(step) is None for step in SealStep] == [True, True, True, False]


def test_a_run_without_seals_is_held_to_none_but_its_file_is_to_what_was_noted() -> None:
    run = SealedRun(TERMS, [traced(PAYOUT)], {}, FileSums("c", "c"))
    assert (run.is_sealed, [run.why_not(step) for step in SealStep]) == (False, [None] * 4)
    rewritten = replace(run, file=FileSums("d", "c"))
    assert rewritten.why_not(SealStep.FILED) == "the content of its bank file is not what was written"


def test_a_payout_is_in_the_state_that_its_history_ends_with() -> None:
    assert altered([traced(PAYOUT)]) is None
    back = traced(PAYOUT, PayoutState.SUBMITTED, PayoutState.SETTLED)
    error = altered([traced(PAYOUT), back])
    assert error is not None
    assert str(error) == f"payout {PAYOUT.payout_id}: it is reserved, and settled by its history"
    unheard_of = altered([Traced(PAYOUT, ())])
    assert unheard_of is not None
    assert unheard_of.reason == "it is reserved, and nothing by its history"
