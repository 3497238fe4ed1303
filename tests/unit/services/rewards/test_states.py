"""States are the same wherever they are written: the enumeration, the contract, and the database's constraints."""

import re
from enum import StrEnum
from importlib.resources import files
from typing import get_args, get_type_hints

import pytest

from services.rewards.fulfilment.domain import FulfilmentState
from services.rewards.lots.domain.steps import Lots
from services.rewards.payouts.domain import (
    OUTCOMES,
    OUTCOMES_BY_TWO,
    STEPS,
    UNDECIDED_STATES,
    PayoutState,
    states_open_to,
)
from services.rewards.payouts.outcomes.api import OutcomeRequest
from services.rewards.payouts.outcomes.domain import OutcomeState
from services.rewards.payouts.runs.domain.runs import STEPS as RUN_STEPS
from services.rewards.payouts.runs.domain.runs import RunState
from services.rewards.payouts.runs.domain.sealing import SEALS
from services.rewards.payouts.seals.domain import SealStep
from services.rewards.redemptions.domain import STEPS as REDEMPTION_STEPS
from services.rewards.redemptions.domain import RedemptionState
from shared.contracts.facts import PayoutData, PayoutRunData, RedemptionData

MIGRATIONS = " ".join(
    file.read_text() for file in sorted((files("services.rewards") / "migrations").iterdir(), key=str)
)


def in_database(*patterns: str) -> list[str]:
    """The texts of the one list that each pattern finds in the migrations, where it finds one: the last counts."""
    found = [re.findall(pattern + r"\s*in\s*\(([^)]*)\)", MIGRATIONS) for pattern in patterns]
    assert all(len(lists) <= 1 for lists in found)
    *_, last = [lists[0] for lists in found if lists]
    return re.findall(r"'([a-z_]+)'", last)


@pytest.mark.parametrize(
    ("states", "table"),
    [
        (PayoutState, "payouts"),
        (RunState, "payout_runs"),
        (RedemptionState, "redemptions"),
        (OutcomeState, "payout_outcomes"),
        (FulfilmentState, "fulfilments"),
    ],
)
def test_the_database_takes_the_states_there_are_and_no_others(states: type[StrEnum], table: str) -> None:
    created = rf"create table {table} \([^;]*?state text not null check \(state"
    widened = rf"alter table {table} add constraint {table}_state_check\s*check \(state"
    assert in_database(created, widened) == list(states)


def test_the_database_takes_the_steps_of_sealing_that_there_are_and_no_others() -> None:
    created = r"create table payout_seals \([^;]*?step text not null check \(step"
    widened = r"alter table payout_seals add constraint payout_seals_step_check\s*check \(step"
    assert in_database(created, widened) == list(SealStep)


def test_every_state_of_a_run_says_which_seals_it_has() -> None:
    assert set(SEALS) == set(RunState)
    for step in RUN_STEPS:
        if step.before is not None:
            # No step takes a seal away.
            assert all(any(had <= has for has in SEALS[step.after]) for had in SEALS[step.before])


def test_a_payout_goes_only_forwards_so_that_its_history_says_which_state_is_the_last() -> None:
    life = list(PayoutState)
    assert all(step.before is None or life.index(step.before) < life.index(step.after) for step in STEPS)


@pytest.mark.parametrize(
    ("states", "data"),
    [(PayoutState, PayoutData), (RedemptionState, RedemptionData), (RunState, PayoutRunData)],
)
def test_the_contract_names_the_states_there_are_and_no_others(states: type[StrEnum], data: type) -> None:
    assert list(get_args(get_type_hints(data)["state"])) == list(states)


def test_the_database_keeps_a_member_to_one_payout_whose_points_are_still_to_be_used() -> None:
    index = r"create unique index one_undecided_payout on payouts \(community, member_id\)\s*where state"
    assert in_database(index) == list(UNDECIDED_STATES)


def test_a_bank_may_be_said_to_have_said_what_can_come_after_submission() -> None:
    assert get_args(OutcomeRequest.model_fields["state"].annotation) == tuple(OUTCOMES)
    assert states_open_to(PayoutState.SENT) == ("submitted",)
    assert states_open_to(PayoutState.FAILED) == ("submitted", "sent")
    assert states_open_to(PayoutState.REVERSED) == ("settled",)
    assert states_open_to(PayoutState.CORRECTED) == ("returned", "failed", "reversed")


def test_what_moves_points_back_or_takes_them_again_is_decided_by_two() -> None:
    assert OUTCOMES_BY_TWO == ("returned", "failed", "reversed", "corrected")
    alone = set(OUTCOMES) - set(OUTCOMES_BY_TWO)
    assert {step.lots for step in STEPS if step.after in alone} == {Lots.LEAVE}


def test_a_corrected_payout_stands_on_the_accounts_as_a_settled_one() -> None:
    def stands(wanted: PayoutState) -> set[tuple[object, ...]]:
        return {one[1:] for one in STEPS.standings() if one.state == wanted}

    assert stands(PayoutState.CORRECTED) == stands(PayoutState.SETTLED)
    assert stands(PayoutState.RETURNED) == stands(PayoutState.FAILED) == stands(PayoutState.REVERSED) == set()


@pytest.mark.parametrize(
    ("states", "steps"), [(PayoutState, STEPS), (RunState, RUN_STEPS), (RedemptionState, REDEMPTION_STEPS)]
)
def test_every_state_is_reached_from_the_one_that_is_new(states: type[StrEnum], steps: object) -> None:
    (first,) = steps.following(None)
    assert {first, *(step.after for step in steps.ahead(first))} == set(states)
