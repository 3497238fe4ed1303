"""Routes of payout runs: make, approve with four eyes, file, note what the bank said."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.rewards.bank_messages.pain001.domain import SCHEMA, BankFileError
from services.rewards.commands.api import IdempotencyKey, run_once
from services.rewards.ledger.api.cursors import time_cursor
from services.rewards.payouts.domain import Outcome, PayoutState, WrongStateError
from services.rewards.payouts.runs import handlers, store
from services.rewards.payouts.runs.domain import RunState
from shared.contracts.fields import Text
from shared.http import (
    PROBLEMS,
    After,
    Limit,
    Page,
    Principal,
    Problem,
    encode_cursor,
    requires,
)
from shared.postgres import Connection
from shared.transaction import Transaction

OUTCOME_MAX_COUNT = 1_000

router = APIRouter(tags=["payout runs"])


class StateSum(BaseModel):
    """Payouts of a run that are in one state."""

    state: PayoutState
    count: int
    points: int
    amount_minor: int


class Run(BaseModel):
    """A payout run: what it pays under which terms, and who made and approved it."""

    run_id: UUID
    state: RunState
    programme_id: str
    programme_version: int
    currency: str
    points: int = Field(description="So many points …")
    minor: int = Field(description="… are worth so many minor units")
    minimum_points: int
    complete: bool = Field(description="False when members are left for another run")
    created_at: datetime
    created_by: str = Field(description="The access key that made it")
    decided_at: datetime | None
    decided_by: str | None = Field(description="The access key that approved or cancelled it")
    payouts: list[StateSum]


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


class OutcomeRequest(BaseModel):
    """What the bank said."""

    state: Outcome = Field(examples=["settled"])
    reason: Text | None = Field(None, examples=["AC04 ClosedAccountNumber"])
    payout_ids: list[UUID] | None = Field(
        None, min_length=1, max_length=OUTCOME_MAX_COUNT, description="Only these; without: all that can"
    )


class OutcomeResult(BaseModel):
    """How many payouts changed, and how the run stands."""

    changed_count: int
    run: Run


@asynccontextmanager
async def _decision(request: Request, run_id: UUID) -> AsyncIterator[Transaction]:
    """A transaction of a command on a run; what the handler refuses becomes a problem."""
    try:
        async with request.app.state.begin() as tx:
            yield tx
    except handlers.UnknownRunError as error:
        raise _unknown(run_id) from error
    except handlers.FourEyesError as error:
        raise Problem(
            403,
            "Four eyes are needed",
            "This access key made the run; another one with the scope 'payouts:approve' must approve it",
        ) from error
    except (handlers.RunRefusedError, WrongStateError, BankFileError) as error:
        raise Problem(409, "The payout run does not allow that", str(error)) from error


@router.post(
    "/v1/payout-runs",
    summary="Compute what is owed",
    status_code=201,
    response_model=Run,
    responses=PROBLEMS,
)
async def post_run(
    request: Request,
    idempotency_key: IdempotencyKey,
    principal: Principal = requires("payouts:write"),
) -> Response:
    """A payout for each member with enough available points: eligible, or held without bank details."""

    async def work(tx: Transaction) -> Run:
        run_id = await handlers.create(tx, principal.community, idempotency_key, principal.key_id)
        return await _run(tx.conn, principal.community, run_id)

    try:
        return await run_once(request, principal, "payout_run", idempotency_key, {}, work)
    except handlers.RunRefusedError as error:
        raise Problem(409, "No payout run can be made", str(error)) from error


@router.get("/v1/payout-runs", summary="Payout runs, newest first", responses=PROBLEMS)
async def list_runs(
    request: Request, limit: Limit = 100, after: After = None, principal: Principal = requires("payouts:read")
) -> Page[Run]:
    """Runs of the community with the sums of their payouts by state."""
    place = time_cursor(after, 1)
    async with request.app.state.pool.acquire() as conn:
        rows = await store.page_of_runs(conn, principal.community, (place[0], place[1]) if place else None, limit)
        sums = await store.run_sums(conn, principal.community, [row["run_id"] for row in rows])
    last = rows[-1] if len(rows) == limit else None
    return Page(
        items=[_run_of(row, sums.get(row["run_id"], ())) for row in rows],
        next=last and encode_cursor(last["created_at"], str(last["run_id"])),
    )


@router.get("/v1/payout-runs/{run_id}", summary="A payout run", responses=PROBLEMS)
async def get_run(request: Request, run_id: UUID, principal: Principal = requires("payouts:read")) -> Run:
    """A run with the sums of its payouts by state."""
    async with request.app.state.pool.acquire() as conn:
        return await _run(conn, principal.community, run_id)


@router.post("/v1/payout-runs/{run_id}/approve", summary="Approve a payout run", responses=PROBLEMS)
async def approve(request: Request, run_id: UUID, principal: Principal = requires("payouts:approve")) -> Run:
    """By another access key than the one that made it. Points are reserved, or the payout fails and says why."""
    async with _decision(request, run_id) as tx:
        await handlers.approve(tx, principal.community, run_id, principal.key_id)
        return await _run(tx.conn, principal.community, run_id)


@router.post("/v1/payout-runs/{run_id}/cancel", summary="Give up a payout run", responses=PROBLEMS)
async def cancel(request: Request, run_id: UUID, principal: Principal = requires("payouts:write")) -> Run:
    """Only before its bank file is written. What was reserved is available again."""
    async with _decision(request, run_id) as tx:
        await handlers.cancel(tx, principal.community, run_id, principal.key_id)
        return await _run(tx.conn, principal.community, run_id)


@router.post("/v1/payout-runs/{run_id}/file", summary="Write the bank file", responses=PROBLEMS)
async def write_file(request: Request, run_id: UUID, principal: Principal = requires("payouts:write")) -> BankFile:
    """Writes the pain.001.001.09 file once, checks it against its schema, and submits the payouts."""
    async with _decision(request, run_id) as tx:
        await handlers.write_file(tx, principal.community, run_id, principal.key_id)
        row = await store.file(tx.conn, principal.community, run_id)
    return _file_of(_present(row, run_id))


@router.get(
    "/v1/payout-runs/{run_id}/file",
    summary="The bank file",
    response_class=Response,
    responses={**PROBLEMS, 200: {"description": SCHEMA, "content": {"application/xml": {}}}},
)
async def get_file(request: Request, run_id: UUID, principal: Principal = requires("payouts:read")) -> Response:
    """The stored bytes, the same every time."""
    async with request.app.state.pool.acquire() as conn:
        row = _present(await store.file(conn, principal.community, run_id), run_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{row["message_id"]}.xml"',
        "ETag": f'"{row["sha256"]}"',
    }
    return Response(row["content"], media_type="application/xml", headers=headers)


@router.post("/v1/payout-runs/{run_id}/outcome", summary="Note what the bank said", responses=PROBLEMS)
async def post_outcome(
    request: Request, run_id: UUID, outcome: OutcomeRequest, principal: Principal = requires("payouts:write")
) -> OutcomeResult:
    """Submitted payouts become sent, settled, returned or failed; settled ones may be reversed."""
    async with _decision(request, run_id) as tx:
        changed = await handlers.note_outcome(
            tx,
            principal.community,
            run_id,
            outcome.state,
            principal.key_id,
            outcome.reason,
            outcome.payout_ids,
        )
        run = await _run(tx.conn, principal.community, run_id)
    return OutcomeResult(changed_count=changed, run=run)


async def _run(conn: Connection, community: str, run_id: UUID) -> Run:
    row = await store.run(conn, community, run_id)
    if row is None:
        raise _unknown(run_id)
    return _run_of(row, (await store.run_sums(conn, community, [run_id])).get(run_id, ()))


def _run_of(row: Record, sums: Sequence[Record]) -> Run:
    fields: dict[str, Any] = {name: row[name] for name in Run.model_fields if name != "payouts"}
    return Run(
        **fields,
        payouts=[StateSum(**{name: one[name] for name in StateSum.model_fields}) for one in sums],
    )


def _file_of(row: Record) -> BankFile:
    fields: dict[str, Any] = {name: row[name] for name in BankFile.model_fields if name != "schema_name"}
    return BankFile(**fields, schema_name=SCHEMA)


def _present(row: Record | None, run_id: UUID) -> Record:
    if row is None:
        raise Problem(
            404,
            "No bank file",
            f"Run {run_id} has none in this community; POST /v1/payout-runs/{run_id}/file writes it",
        )
    return row


def _unknown(run_id: UUID) -> Problem:
    return Problem(404, "Payout run not found", f"There is no payout run {run_id} in this community")
