"""Routes of payout runs: make, approve with four eyes, file."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.rewards.bank_messages.pain001.domain import SCHEMA
from services.rewards.ledger.api.problems import ALTERED
from services.rewards.payouts import api
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.runs import store
from services.rewards.payouts.runs.domain import bank, runs
from services.rewards.payouts.runs.domain.runs import (
    WORKED_AT,
    RunPlace,
    RunRefusedError,
    RunState,
    UnknownRunError,
)
from services.rewards.payouts.runs.handlers import computing, deciding, filing, leaving
from services.rewards.payouts.runs.handlers.checks import find_run, load_stopped
from services.rewards.payouts.runs.handlers.pieces import carry_on
from services.rewards.payouts.seals import store as seal_store
from services.rewards.payouts.seals.domain import Seal
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
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
    after,
    problem_responses,
    requires,
)
from shared.http.connected import ConnectedService
from shared.http.problems import NOT_AVAILABLE_NOW
from shared.postgres import Connection, begin

SEAL_EXAMPLE = "0b1d1f6e2b6c9d0f1c7a8e5d4f3b2a190807f6e5d4c3b2a1908f7e6d5c4b3a29"

UNKNOWN_RUN = ProblemType("unknown-payout-run", 404, "Payout run not found")
NO_PAYABLE_TERMS = ProblemType("no-payable-terms", 409, "No payout run can be made")
FOUR_EYES = ProblemType("four-eyes", 403, "Four eyes are needed")
RUN_REFUSED = ProblemType("payout-run-refused", 409, "The payout run does not allow that")
RUN_STOPPED = ProblemType("payout-run-stopped", 409, "The payout run is stopped")
SEAL_DIFFERS = ProblemType("payout-seal-differs", 409, "The payout run has another seal")
NOT_TOLD_YET = ProblemType("bank-file-not-told-yet", 503, "The broker does not have the run's facts yet")
NO_BANK_FILE = ProblemType("no-bank-file", 404, "No bank file")

router = APIRouter(tags=["payout runs"])

#: Written out where they stand, as clients know them, not as schemas of their own.
_STATES = tuple(state.value for state in RunState)
State = Literal[_STATES]  # type: ignore[valid-type]
Payer = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
FileReader = Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)]


class StateSum(BaseModel):
    """Payouts of a run that are in one state."""

    model_config = ConfigDict(from_attributes=True)

    state: api.State
    count: int
    points: int
    amount_minor: int


class PayingAccount(BaseModel):
    """The account that pays."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    iban: str
    bic: str | None


class Progress(BaseModel):
    """How far the work at a run is. It goes on by itself."""

    done_count: int = Field(examples=[6_400], description="So many payouts …")
    total_count: int = Field(examples=[20_500], description="… of so many")


class Run(BaseModel):
    """A payout run: what it pays under which terms, and who made and approved it."""

    run_id: UUID
    state: State
    programme_id: str
    programme_version: int
    currency: str
    points: int = Field(description="So many points …")
    minor: int = Field(description="… are worth so many minor units")
    minimum_points: int
    payer: PayingAccount = Field(description="The programme's paying account, as the run was made")
    execution_days: int = Field(
        description="TARGET days from the one on which the bank receives the file to its execution date"
    )
    complete: bool = Field(description="False when members who can be paid are left for another run")
    left_payable_count: int = Field(
        description="Members who can be paid and did not fit; the next run begins with whoever waits longest"
    )
    left_held_count: int = Field(
        description="Members without bank details who did not fit either; they take no place of others"
    )
    progress: Progress | None = Field(
        description="How far the work is at one that is computing, approving, filing or cancelling"
    )
    created_at: datetime
    created_by: str = Field(description="The access key or token by which it was made")
    created_by_person: UUID | None = Field(description="Who made it; null for runs of before")
    decided_at: datetime | None
    decided_by: str | None = Field(description="The access key or token by which it was approved or cancelled")
    decided_by_person: UUID | None = Field(description="Who approved or cancelled it")
    stopped: str | None = Field(
        description="Why it is neither approved nor filed: who made or approved it may not do so any more",
        examples=["who made it may not do so any more: the access key that it was done by was revoked"],
    )
    payouts: list[StateSum]
    seal: str | None = Field(
        examples=[SEAL_EXAMPLE],
        description="SHA-256 over who pays whom how much, and when: of the list as it was filed, was approved or, "
        "while the run is open, was computed. Null for a run made before lists were sealed",
    )

    @classmethod
    def of(cls, run: runs.Run, sums: Sequence[runs.StateSum], seal: Seal | None, stopped: str | None) -> Self:
        """A run as it is answered."""
        work = runs.progress(run, sums)
        return cls(
            run_id=UUID(run.run_id),
            state=run.state,
            programme_id=run.programme_id,
            programme_version=run.programme_version,
            currency=run.terms.currency,
            points=run.terms.points,
            minor=run.terms.minor,
            minimum_points=run.terms.minimum_points,
            payer=PayingAccount.model_validate(run.payer),
            execution_days=run.execution_days,
            complete=run.complete,
            left_payable_count=run.plan.left_payable,
            left_held_count=run.plan.left_held,
            progress=Progress(done_count=work.done, total_count=work.total) if work else None,
            created_at=run.created_at,
            created_by=run.created_by.credential,
            created_by_person=_uuid(run.created_by),
            decided_at=run.decided_at,
            decided_by=run.decided_by.credential if run.decided_by else None,
            decided_by_person=_uuid(run.decided_by),
            stopped=stopped,
            payouts=[StateSum.model_validate(state_sum) for state_sum in sums],
            seal=seal.value if seal else None,
        )


def _uuid(actor: Actor | None) -> UUID | None:
    return UUID(actor.person_id) if actor and actor.person_id else None


class BankFile(BaseModel):
    """A run's bank file, without its content."""

    run_id: UUID
    message_id: str = Field(description="ISO 20022's MsgId, derived from the run")
    schema_name: str = Field(examples=[SCHEMA])
    payment_count: int
    control_sum_minor: int
    sha256: str = Field(description="Of the file's bytes, in hex")
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, file: bank.BankFile) -> Self:
        """A bank file as it is answered."""
        return cls(
            run_id=UUID(file.run_id),
            message_id=file.message_id,
            schema_name=SCHEMA,
            payment_count=file.payment_count,
            control_sum_minor=file.control_sum_minor,
            sha256=file.sha256,
            created_at=file.created_at,
            created_by=file.created_by,
        )


class Approval(RequestBody):
    """What is approved."""

    seal: str | None = Field(
        None,
        pattern="^[0-9a-f]{64}$",
        description="The seal of the run as the approver saw it: when it has another one, nothing is approved",
    )


#: The answer of a command whose work goes on after it.
GOES_ON: dict[int | str, dict[str, Any]] = {
    202: {"model": Run, "description": "It goes on by itself: see `progress`, and GET the run again"}
}


@router.post(
    "/v1/payout-runs",
    summary="Compute what is owed",
    status_code=201,
    response_model=Run,
    responses=problem_responses(NO_PAYABLE_TERMS, KEY_REUSED, RUN_STOPPED, ALTERED) | GOES_ON,
)
async def post_run(principal: Payer, begin: Begin, idempotency_key: IdempotencyKey) -> Response:
    """A payout for each member with enough available points: eligible, or held without bank details.

    Those without bank details take no place of those who have some; of both, whoever waits longest comes first.
    """
    async with begin() as tx:
        run = await computing.create(
            tx,
            community=principal.community,
            idempotency_key=idempotency_key,
            by=Actor(principal.person_id, principal.credential),
        )
    await carry_on(begin, community=run.community, run_id=run.run_id)
    command = Command(CommandKey(principal.community, "payout_run", idempotency_key), {})
    async with begin() as tx:
        tx.did_nothing()  # its entry is there already
        run = await find_run(tx.conn, community=run.community, run_id=run.run_id)
        if run.state is RunState.COMPUTING:
            answer = await shown(tx.conn, run)
            return Response(answer.model_dump_json(), 202, media_type="application/json")

        async def made() -> Run:
            return await shown(tx.conn, run)

        return await answer_once(tx, command, work=made)


@router.get("/v1/payout-runs", summary="Payout runs, newest first", responses=problem_responses())
async def list_runs(
    principal: Reader,
    conn: Conn,
    place: Annotated[RunPlace | None, after(RunPlace)],
    state: Annotated[State | None, Query(description="Only those in this state: `open` ones wait")] = None,
    limit: Limit = 100,
) -> Page[Run]:
    """Runs of the community with the sums of their payouts by state."""
    wanted = RunState(state) if state else None
    found = await store.page_of_runs(conn, community=principal.community, state=wanted, after=place, limit=limit)
    run_ids = [run.run_id for run in found]
    sums = await store.load_sums(conn, community=principal.community, run_ids=run_ids)
    seals = await seal_store.load_newest(conn, community=principal.community, run_ids=run_ids)
    stopped = await load_stopped(conn, found)
    return Page.of(
        found,
        limit,
        item=lambda run: Run.of(run, sums.get(run.run_id, ()), seals.get(run.run_id), stopped.get(run.run_id)),
        place=lambda run: run.place,
    )


@router.get("/v1/payout-runs/{run_id}", summary="A payout run", responses=problem_responses(UNKNOWN_RUN))
async def get_run(principal: Reader, conn: Conn, run_id: UUID) -> Run:
    """A run with the sums of its payouts by state."""
    run = await store.find_run(conn, community=principal.community, run_id=str(run_id))
    if run is None:
        raise UnknownRunError(str(run_id))
    return await shown(conn, run)


@router.post(
    "/v1/payout-runs/{run_id}/approve",
    summary="Approve a payout run",
    responses=problem_responses(UNKNOWN_RUN, FOUR_EYES, RUN_REFUSED, RUN_STOPPED, SEAL_DIFFERS, ALTERED) | GOES_ON,
)
async def approve(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_APPROVE)],
    begin: Begin,
    response: Response,
    run_id: UUID,
    approval: Annotated[Approval | None, Body(examples=[{"seal": SEAL_EXAMPLE}])] = None,
) -> Run:
    """By a person who has no other hand in it, by whatever key or token: see docs/payouts.md.

    Points are reserved, or the payout pays less or fails, and says why.
    """
    async with begin() as tx:
        run = await deciding.approve(
            tx,
            community=principal.community,
            run_id=str(run_id),
            by=Actor(principal.person_id, principal.credential),
            seen=approval.seal if approval else None,
        )
    return await _carried_on(begin, run, response=response)


@router.post(
    "/v1/payout-runs/{run_id}/cancel",
    summary="Give up a payout run",
    responses=problem_responses(UNKNOWN_RUN, RUN_REFUSED, ALTERED) | GOES_ON,
)
async def cancel(principal: Payer, begin: Begin, response: Response, run_id: UUID) -> Run:
    """Only before its bank file is written. What was reserved is available again."""
    async with begin() as tx:
        run = await deciding.cancel(
            tx,
            community=principal.community,
            run_id=str(run_id),
            by=Actor(principal.person_id, principal.credential),
        )
    return await _carried_on(begin, run, response=response)


@router.post(
    "/v1/payout-runs/{run_id}/file",
    summary="Write the bank file",
    response_model=BankFile,
    responses=problem_responses(UNKNOWN_RUN, RUN_REFUSED, RUN_STOPPED, ALTERED) | GOES_ON,
)
async def write_file(principal: Payer, begin: Begin, response: Response, run_id: UUID) -> Any:
    """Writes the pain.001.001.09 file once, checks it against its schema, and submits the payouts.

    It asks for a day on which euro payments settle, by the bank's clock and cut-off: see docs/payouts.md.
    A payout whose bank details changed after the approval, or whose points were taken back, fails and says why;
    the others go.
    """
    async with begin() as tx:
        run = await filing.file_run(
            tx,
            community=principal.community,
            run_id=str(run_id),
            by=Actor(principal.person_id, principal.credential),
        )
    goes_on = await _carried_on(begin, run, response=response)
    if response.status_code == 202:
        return Response(goes_on.model_dump_json(), 202, media_type="application/json")
    async with begin() as tx:
        tx.did_nothing()
        file = await store.find_file(tx.conn, community=principal.community, run_id=str(run_id))
    if file is None:  # what failed has failed, and is committed
        raise RunRefusedError("None of this run's payouts can be paid any more; each says why")
    return BankFile.of(file)


@router.get(
    "/v1/payout-runs/{run_id}/file",
    summary="The bank file",
    response_class=Response,
    responses={
        **problem_responses(NO_BANK_FILE, ALTERED, NOT_TOLD_YET),
        200: {"description": SCHEMA, "content": {"application/xml": {}}},
    },
)
async def get_file(principal: FileReader, service: ConnectedService, run_id: UUID) -> Response:
    """The stored bytes, the same every time.

    Given out once the broker has every fact of the run; until then 503 with Retry-After.
    """
    await service.check_fence()
    if service.told is None:
        raise NOT_AVAILABLE_NOW
    # 1. Nothing was told that the database does not know …
    await leaving.check_all_is_known(service.told, str(run_id))
    await leaving.wait_until_told(service.pool, str(run_id))
    # 2. … and all that the database knows of the run was told.
    async with begin(service.pool, snapshot=True) as conn:
        file = await leaving.find_file(conn, service.told, community=principal.community, run_id=str(run_id))
    headers = {
        "Content-Disposition": f'attachment; filename="{file.message_id}.xml"',
        "ETag": f'"{file.sha256}"',
    }
    return Response(file.content, media_type="application/xml", headers=headers)


async def _carried_on(begin: Any, run: runs.Run, *, response: Response) -> Run:
    """A run once it was worked at, as it is answered: 202 while there is more to do."""
    await carry_on(begin, community=run.community, run_id=run.run_id)
    async with begin() as tx:
        tx.did_nothing()
        after = await find_run(tx.conn, community=run.community, run_id=run.run_id)
        if after.state in WORKED_AT:
            response.status_code = 202
        return await shown(tx.conn, after)


async def shown(conn: Connection, run: runs.Run) -> Run:
    """A run as it is answered."""
    sums = await store.load_sums(conn, community=run.community, run_ids=[run.run_id])
    seals = await seal_store.load_newest(conn, community=run.community, run_ids=[run.run_id])
    stopped = await load_stopped(conn, [run])
    return Run.of(run, sums.get(run.run_id, ()), seals.get(run.run_id), stopped.get(run.run_id))
