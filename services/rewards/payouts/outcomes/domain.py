"""Outcomes that two people decide: what one says the bank said, and another confirms or somebody withdraws."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.rewards.payouts.domain import (
    OUTCOMES_BY_TWO,
    STEPS,
    Actor,
    Payout,
    PayoutState,
    Traced,
    WrongStateError,
)
from services.rewards.payouts.four_eyes.domain import FourEyesError
from services.rewards.payouts.runs.domain.bank import BankReport, ReportedChanges, has_been
from services.rewards.payouts.runs.domain.runs import Run
from shared.contracts.fields import Timestamp, Uuid


class OutcomeState(StrEnum):
    """What has become of a proposed outcome."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


class UnknownOutcomeError(Exception):
    """There is no such outcome of the run."""

    def __init__(self, outcome_id: str) -> None:
        super().__init__(f"there is no outcome {outcome_id}")
        self.outcome_id = outcome_id


class OutcomeRefusedError(Exception):
    """The outcome is decided already, or waits in another one; the message says which."""


class OutcomePlace(NamedTuple):
    """Where a page of outcomes ended."""

    proposed_at: Timestamp
    outcome_id: Uuid


@dataclass(frozen=True, slots=True)
class OutcomeFilter:
    """Which outcomes: None for all."""

    state: OutcomeState | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one person says that the bank said of payouts of a run, and what was decided of that."""

    community: str
    outcome_id: str
    run_id: str
    outcome: PayoutState
    reason: str | None
    payout_ids: Sequence[str]
    state: OutcomeState
    proposed_at: datetime
    proposed_by: Actor
    decided_at: datetime | None = None
    decided_by: Actor | None = None

    @property
    def place(self) -> OutcomePlace:
        """Where it stands among those of its community."""
        return OutcomePlace(self.proposed_at, self.outcome_id)

    @property
    def report(self) -> BankReport:
        """What it says of payouts."""
        return BankReport(self.outcome, self.reason, self.payout_ids)

    def says_the_same_as(self, other: "Outcome") -> bool:
        """Whether both say the same of the same payouts."""
        return (self.outcome, self.reason, set(self.payout_ids)) == (
            other.outcome,
            other.reason,
            set(other.payout_ids),
        )

    def check_overlaps_none(self, waiting: Sequence["Outcome"]) -> None:
        """Check that none of these is about one of its payouts. Raises OutcomeRefusedError when one is."""
        for other in waiting:
            both = set(self.payout_ids) & set(other.payout_ids)
            if both:
                raise OutcomeRefusedError(
                    f"Payout {min(both)} waits in outcome {other.outcome_id} already: confirm or withdraw that"
                )

    def check_another(self, by: Actor) -> None:
        """Check that somebody else proposed it. Raises FourEyesError when `by` did."""
        if self.proposed_by.person_id == by.person_id:
            raise FourEyesError("you proposed this outcome: somebody else must confirm it")

    def decided(self, state: OutcomeState, *, by: Actor, now: datetime) -> "Outcome":
        """The outcome confirmed or withdrawn. Raises OutcomeRefusedError when it is the other already."""
        if self.state is not OutcomeState.PROPOSED:
            raise OutcomeRefusedError(f"The outcome is {self.state} and stays so; propose another")
        return replace(self, state=state, decided_at=now, decided_by=by)


class Said(StrEnum):
    """What happened to a payout of which something was said."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    PROPOSED = "proposed"


class BankLine(NamedTuple):
    """What a bank says of one payout."""

    payout_id: str
    outcome: PayoutState


class Foreseen(NamedTuple):
    """What noting a bank's line would do to its payout; or None, and why it would be refused."""

    payout: Payout | None
    said: Said | None
    why: str | None = None


def foreseen(lines: Sequence[BankLine], payouts: Sequence[Traced], *, waiting: Collection[str]) -> list[Foreseen]:
    """What noting each of these lines would do, of a run's payouts of which some wait in an outcome already."""
    known = {traced.payout.payout_id: traced for traced in payouts}
    named: set[str] = set()
    found = []
    for line in lines:
        traced = known.get(line.payout_id)
        if traced is None:
            found.append(Foreseen(None, None, "it is not one of this run"))
        elif line.payout_id in named:
            found.append(Foreseen(traced.payout, None, "another line names it too"))
        else:
            found.append(_foreseen(traced, line.outcome, is_waiting=line.payout_id in waiting))
        named.add(line.payout_id)
    return found


def _foreseen(traced: Traced, outcome: PayoutState, *, is_waiting: bool) -> Foreseen:
    payout = traced.payout
    if has_been(traced, outcome):
        return Foreseen(payout, Said.UNCHANGED)
    if STEPS.find(payout.state, outcome) is None:
        return Foreseen(payout, None, str(WrongStateError(payout.state, outcome)))
    if outcome is PayoutState.CORRECTED and PayoutState.SUBMITTED not in traced.reached:
        return Foreseen(payout, None, "it was never in the bank's file")
    if not needs_two(outcome):
        return Foreseen(payout, Said.CHANGED)
    if is_waiting:
        return Foreseen(payout, None, "it waits in an outcome already: that is confirmed or withdrawn first")
    return Foreseen(payout, Said.PROPOSED)


class SaidOf(NamedTuple):
    """A payout of which something was said, and what that did."""

    payout_id: str
    said: Said
    state: PayoutState


class Noted(NamedTuple):
    """The run that a report was about, how many of its payouts changed, and what waits for another person.

    `of_each` is what happened to each payout that was named; `is_complete` unless there are more to say it of.
    """

    run: Run
    changed_count: int
    outcome: Outcome | None = None
    of_each: Sequence[SaidOf] = ()
    is_complete: bool = True


def said_of_each(reported: ReportedChanges, said: Said) -> list[SaidOf]:
    """What happened to each payout of a report, which was proposed or is so now."""
    changed = [
        SaidOf(change.payout.payout_id, said, change.wanted if said is Said.CHANGED else change.payout.state)
        for change in reported.changes
    ]
    left = [SaidOf(payout.payout_id, Said.UNCHANGED, payout.state) for payout in reported.unchanged]
    return sorted([*changed, *left])


def needs_two(outcome: PayoutState) -> bool:
    """Whether two people decide an outcome."""
    return outcome in OUTCOMES_BY_TWO
