"""Routes of outcomes: note what the bank said, confirm what another person proposed, and see what waits."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from services.rewards.ledger.api.problems import ALTERED
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.api import Deed, deeds
from services.rewards.payouts.api import State as PayoutStateName
from services.rewards.payouts.domain import OUTCOMES, OUTCOMES_BY_TWO, Actor, PayoutState
from services.rewards.payouts.four_eyes.store import find_own_payout
from services.rewards.payouts.outcomes import domain, handlers, store
from services.rewards.payouts.outcomes.domain import OutcomeFilter, OutcomePlace, OutcomeState
from services.rewards.payouts.runs.api.models import FOUR_EYES, RUN_REFUSED, UNKNOWN_RUN, Run, shown
from services.rewards.payouts.runs.domain.bank import BankReport
from services.rewards.payouts.runs.domain.runs import RunState
from services.rewards.payouts.runs.handlers.checks import find_run
from shared.access_keys import load_own
from shared.contracts.texts import Line
from shared.http import (
    IN_ANSWER,
    Begin,
    Conn,
    Limit,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Snapshot,
    Tx,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import ABOUT_YOURSELF
from shared.postgres import Connection

OUTCOME_MAX_COUNT = 500
PAYOUT_EXAMPLE = "5c2f7d1e-9a40-5b8e-8c61-2f0a7be4d913"

UNKNOWN_OUTCOME = ProblemType("unknown-payout-outcome", 404, "Outcome not found")
OUTCOME_REFUSED = ProblemType("payout-outcome-refused", 409, "The outcome does not allow that")

router = APIRouter(tags=["payout runs"])

#: Written out where they stand, as clients know them, not as schemas of their own.
_OUTCOMES = tuple(state.value for state in OUTCOMES)
Said = Literal[_OUTCOMES]  # type: ignore[valid-type]
_BY_TWO = tuple(state.value for state in OUTCOMES_BY_TWO)
_STATES = tuple(state.value for state in OutcomeState)
State = Literal[_STATES]  # type: ignore[valid-type]
_SAID = tuple(said.value for said in domain.Said)
SaidName = Literal[_SAID]  # type: ignore[valid-type]
Payer = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
PayoutsReader = Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)]
Approver = Annotated[Principal, requires(Scope.PAYOUTS_APPROVE)]


class OutcomeRequest(RequestBody):
    """What the bank said."""

    state: Said = Field(examples=["settled"])
    reason: Line | None = Field(None, examples=["AC04 ClosedAccountNumber"])
    payout_ids: list[UUID] | None = Field(
        None,
        min_length=1,
        max_length=OUTCOME_MAX_COUNT,
        validate_default=True,
        description="Only these payouts. Required where their points become payable again, or that was wrong: "
        f"{', '.join(_BY_TWO)}. Anything else, without this, is said of all that can become it",
    )

    @field_validator("payout_ids")
    @classmethod
    def _names_what_two_decide(cls, payout_ids: list[UUID] | None, others: ValidationInfo) -> list[UUID] | None:
        if payout_ids is None and others.data.get("state") in _BY_TWO:
            template = "Name the payouts that are {state}: it decides whether their points are payable again"
            raise PydanticCustomError("payouts_unnamed", template, {"state": others.data["state"]})
        return payout_ids

    @property
    def report(self) -> BankReport:
        """What it says of payouts."""
        payout_ids = None if self.payout_ids is None else [str(payout_id) for payout_id in self.payout_ids]
        return BankReport(PayoutState(self.state), self.reason, payout_ids)


class Outcome(BaseModel):
    """What one person says that the bank said, and whether another has confirmed it."""

    outcome_id: UUID
    run_id: UUID
    outcome: Said = Field(examples=["returned"])
    reason: str | None = Field(examples=["AC04 ClosedAccountNumber"])
    payout_ids: list[UUID]
    state: State = Field(examples=["proposed"])
    proposed: Deed
    decided: Deed | None = Field(description="Who confirmed or withdrew it; null while it waits")


class OutcomeShown(Outcome):
    """An outcome as it is shown to whoever asks."""

    is_about_you: bool = Field(
        description="Whether it names a payout to whoever asks, who then does not confirm it"
    )


class SaidOf(BaseModel):
    """What an outcome did to a payout that it names."""

    model_config = ConfigDict(from_attributes=True)

    payout_id: UUID
    said: SaidName = Field(description="unchanged: it is, or was, that already", examples=["changed"])
    state: PayoutStateName


class OutcomeResult(BaseModel):
    """How many payouts changed, how the run stands, and what waits for, or was confirmed by, another person."""

    changed_count: int
    is_complete: bool = Field(
        True, description="False when there are more payouts than one request brings further: send it again"
    )
    payouts: list[SaidOf] = Field(description="What happened to each payout that was named")
    run: Run
    outcome: Outcome | None = Field(None, description="Null for an outcome that takes no second person")


class BankLine(RequestBody):
    """What a bank says of one payout."""

    payout_id: UUID = Field(description="An EndToEndId is the same in 32 digits", examples=[PAYOUT_EXAMPLE])
    state: Said = Field(examples=["settled"])


class BankLines(RequestBody):
    """What a bank says of payouts of one run."""

    lines: list[BankLine] = Field(
        min_length=1,
        max_length=OUTCOME_MAX_COUNT,
        examples=[[{"payout_id": PAYOUT_EXAMPLE, "state": "settled"}]],
    )


class LineForeseen(BaseModel):
    """What noting a line would do to its payout."""

    payout_id: UUID
    payee_name: str | None = Field(examples=["Zoë Müller"])
    amount_minor: int | None = Field(description="Null for one that is not of the run")
    state: PayoutStateName | None = Field(description="As it is now")
    said: SaidName | None = Field(description="What would happen to it; null for one that would be refused")
    why: str | None = Field(description="Why it would be refused", examples=["it is not one of this run"])

    @classmethod
    def of(cls, foreseen: domain.Foreseen, payout_id: str) -> Self:
        """A line as it is answered."""
        payout = foreseen.payout
        return cls(
            payout_id=UUID(payout_id),
            payee_name=payout.payee.name if payout and payout.payee else None,
            amount_minor=payout.amount_minor if payout else None,
            state=payout.state if payout else None,
            said=foreseen.said,
            why=foreseen.why,
        )


class OutcomePreview(BaseModel):
    """What noting lines would do, in their order."""

    currency: str = Field(examples=["EUR"])
    lines: list[LineForeseen]


@router.post(
    "/v1/payout-runs/{run_id}/outcome",
    summary="Note what the bank said",
    responses=problem_responses(UNKNOWN_RUN, RUN_REFUSED, OUTCOME_REFUSED, ALTERED)
    | {202: {"model": OutcomeResult, "description": "Proposed: another person must confirm it"}},
)
async def post_outcome(
    principal: Payer, begin: Begin, run_id: UUID, outcome: OutcomeRequest, response: Response
) -> OutcomeResult:
    """Submitted payouts become sent, settled, returned or failed; settled ones may be reversed.

    What a payout is, or was, already leaves it as it is. When one that is named cannot become that, the answer
    names it, and nothing happens to any.

    What makes money payable again (returned, failed, reversed), and `corrected`, which says that this was wrong,
    is proposed: nothing changes before another person confirms it.
    """
    by = Actor(principal.person_id, principal.credential)
    note = partial(
        handlers.note_outcome, report=outcome.report, community=principal.community, run_id=str(run_id), by=by
    )
    async with begin() as tx:
        noted = await note(tx)
    began = time.monotonic()
    while not noted.is_complete and time.monotonic() - began < tx.settings.payout_request_seconds:
        async with begin() as tx:
            tx.did_nothing()  # its entry is there already
            more = await note(tx, is_first=False)
            noted = more._replace(changed_count=noted.changed_count + more.changed_count)
    if noted.outcome is not None:
        response.status_code = 202
    async with begin() as tx:
        tx.did_nothing()
        return await _result(tx.conn, noted)


@router.post(
    "/v1/payout-runs/{run_id}/outcome-preview",
    summary="What noting the bank's lines would do",
    responses=problem_responses(UNKNOWN_RUN, RUN_REFUSED),
)
async def preview_outcome(
    principal: PayoutsReader, conn: Snapshot, run_id: UUID, said: BankLines
) -> OutcomePreview:
    """Of each line, in their order: what it would change, or why it would be refused. Nothing is noted."""
    community = principal.community
    run = await find_run(conn, community=community, run_id=str(run_id))
    run.check_state(RunState.FILED)
    payouts = await payout_store.load_payouts(conn, community=community, run_id=run.run_id)
    waiting = await store.load_waiting(conn, community=community, run_id=run.run_id)
    found = domain.foreseen(
        [domain.BankLine(str(line.payout_id), PayoutState(line.state)) for line in said.lines],
        await payout_store.load_traced(conn, payouts),
        waiting={payout_id for outcome in waiting for payout_id in outcome.payout_ids},
    )
    lines = [
        LineForeseen.of(foreseen, str(line.payout_id)) for line, foreseen in zip(said.lines, found, strict=True)
    ]
    return OutcomePreview(currency=run.terms.currency, lines=lines)


@router.post(
    "/v1/payout-runs/{run_id}/outcomes/{outcome_id}/confirm",
    summary="Confirm an outcome that another person proposed",
    responses=problem_responses(
        UNKNOWN_RUN, UNKNOWN_OUTCOME, FOUR_EYES, ABOUT_YOURSELF, RUN_REFUSED, OUTCOME_REFUSED, ALTERED
    ),
)
async def confirm_outcome(principal: Approver, tx: Tx, run_id: UUID, outcome_id: UUID) -> OutcomeResult:
    """Its payouts change now. Whoever proposed it cannot, by whatever key or token."""
    noted = await handlers.confirm(
        tx,
        community=principal.community,
        run_id=str(run_id),
        outcome_id=str(outcome_id),
        by=Actor(principal.person_id, principal.credential),
    )
    return await _result(tx.conn, noted)


@router.post(
    "/v1/payout-runs/{run_id}/outcomes/{outcome_id}/withdraw",
    summary="Withdraw a proposed outcome",
    responses=problem_responses(UNKNOWN_RUN, UNKNOWN_OUTCOME, OUTCOME_REFUSED),
)
async def withdraw_outcome(principal: Payer, tx: Tx, run_id: UUID, outcome_id: UUID) -> Outcome:
    """Nothing of it happens. One that is confirmed is corrected instead: propose `corrected`."""
    withdrawn = await handlers.withdraw(
        tx,
        community=principal.community,
        run_id=str(run_id),
        outcome_id=str(outcome_id),
        by=Actor(principal.person_id, principal.credential),
    )
    (found,) = await _outcomes(tx.conn, [withdrawn], community=principal.community)
    return found


@router.get(
    "/v1/payout-outcomes", summary="Outcomes that two people decide, newest first", responses=problem_responses()
)
async def list_outcomes(
    principal: Reader,
    conn: Conn,
    place: Annotated[OutcomePlace | None, after(OutcomePlace)],
    state: Annotated[State | None, Query(description="Only those in this state: `proposed` ones wait")] = None,
    run: Annotated[UUID | None, Query(description="Only those of this run")] = None,
    limit: Limit = 100,
) -> Page[Outcome]:
    """What was proposed of which payouts, by whom, and who decided it."""
    wanted = OutcomeFilter(OutcomeState(state) if state else None, str(run) if run else None)
    found = await store.page_of_outcomes(conn, wanted, community=principal.community, after=place, limit=limit)
    answered = {
        outcome.outcome_id: outcome for outcome in await _outcomes(conn, found, community=principal.community)
    }
    return Page.of(
        found,
        limit,
        item=lambda outcome: answered[UUID(outcome.outcome_id)],
        place=lambda outcome: outcome.place,
    )


@router.get(
    "/v1/payout-outcomes/{outcome_id}",
    summary="An outcome that two people decide",
    responses=problem_responses(UNKNOWN_OUTCOME),
)
async def get_outcome(principal: Reader, conn: Conn, outcome_id: UUID) -> OutcomeShown:
    """What was proposed of which payouts, by whom, and who decided it."""
    found = await store.find_outcome(conn, community=principal.community, outcome_id=str(outcome_id))
    if found is None:
        raise domain.UnknownOutcomeError(str(outcome_id))
    (answered,) = await _outcomes(conn, [found], community=principal.community)
    own = await load_own(conn, community=principal.community, person_id=principal.person_id)
    payout_id = await find_own_payout(
        conn, community=principal.community, members=own, run_id=found.run_id, only=found.payout_ids
    )
    return OutcomeShown(**answered.model_dump(), is_about_you=payout_id is not None)


async def _result(conn: Connection, noted: domain.Noted) -> OutcomeResult:
    found = None
    if noted.outcome is not None:
        (found,) = await _outcomes(conn, [noted.outcome], community=noted.run.community)
    return OutcomeResult(
        changed_count=noted.changed_count,
        is_complete=noted.is_complete,
        payouts=[SaidOf.model_validate(said) for said in noted.of_each],
        run=await shown(conn, noted.run),
        outcome=found,
    )


async def _outcomes(conn: Connection, outcomes: Sequence[domain.Outcome], *, community: str) -> list[Outcome]:
    """Outcomes as they are answered, in their order."""
    proposed = await deeds(
        conn, [(outcome.proposed_by, outcome.proposed_at) for outcome in outcomes], community=community
    )
    done = [
        (outcome.decided_by, outcome.decided_at)
        for outcome in outcomes
        if outcome.decided_by and outcome.decided_at
    ]
    decided = iter(await deeds(conn, done, community=community))
    return [
        Outcome(
            outcome_id=UUID(one.outcome_id),
            run_id=UUID(one.run_id),
            outcome=one.outcome,
            reason=one.reason,
            payout_ids=[UUID(payout_id) for payout_id in one.payout_ids],
            state=one.state,
            proposed=was_proposed,
            decided=next(decided) if one.decided_by else None,
        )
        for one, was_proposed in zip(outcomes, proposed, strict=True)
    ]
