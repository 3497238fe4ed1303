"""Routes of payout runs: make, approve with four eyes, file."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Query
from starlette.responses import Response

from services.rewards.bank_messages.pain001.domain import SCHEMA
from services.rewards.ledger.api.problems import ALTERED
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.runs.api.models import (
    FOUR_EYES,
    NO_BANK_FILE,
    NO_PAYABLE_TERMS,
    NO_RATES,
    NOT_TOLD_YET,
    RUN_REFUSED,
    RUN_STOPPED,
    SEAL_DIFFERS,
    SEAL_EXAMPLE,
    UNKNOWN_RUN,
    Approval,
    BankFile,
    NewRun,
    Run,
    State,
    shown,
)
from services.rewards.payouts.runs.domain import runs
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
from services.rewards.payouts.runs.store import files as file_store
from services.rewards.payouts.runs.store import runs as run_store
from services.rewards.payouts.seals import store as seal_store
from services.rewards.providers.domain.contract import ProviderName
from services.rewards.wallets.api.models import WALLET_EXCEEDED, WALLET_REFUSED
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.http import (
    IN_ANSWER,
    Begin,
    Conn,
    Limit,
    Page,
    Principal,
    Scope,
    after,
    problem_responses,
    requires,
)
from shared.http.connected import ConnectedService
from shared.http.problem_types import ABOUT_YOURSELF
from shared.http.problems import NOT_AVAILABLE_NOW
from shared.postgres import begin

router = APIRouter(tags=["payout runs"])

Payer = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
FileReader = Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)]


#: The answer of a command whose work goes on after it.
GOES_ON: dict[int | str, dict[str, Any]] = {
    202: {"model": Run, "description": "It goes on by itself: see `progress`, and GET the run again"}
}


@router.post(
    "/v1/payout-runs",
    summary="Compute what is owed",
    status_code=201,
    response_model=Run,
    responses=problem_responses(NO_PAYABLE_TERMS, KEY_REUSED, RUN_STOPPED, ALTERED, *NO_RATES) | GOES_ON,
)
async def post_run(
    principal: Payer,
    begin: Begin,
    idempotency_key: IdempotencyKey,
    wanted: Annotated[
        NewRun | None,
        Body(
            openapi_examples={
                "in another currency": {"value": {"currency": "JPY"}},
                "by a provider": {"value": {"provider": "sandbox"}},
            }
        ),
    ] = None,
) -> Response:
    """A payout for each member with enough available points: eligible, or held without bank details.

    Whoever wants to be paid by a provider is in runs by that alone, in the currency of the price. Those without
    bank details take no place of those who have some; of both, whoever waits longest comes first. In another
    currency than the price's it is for members who chose to be paid in it, at the rate in force now.
    """
    asked = wanted.model_dump(exclude_none=True) if wanted is not None else {}
    provider, currency = asked.get("provider"), asked.get("currency")
    async with begin() as tx:
        run = await computing.create(
            tx,
            community=principal.community,
            idempotency_key=idempotency_key,
            by=Actor(principal.person_id, principal.credential),
            provider=ProviderName(provider) if provider is not None else None,
            currency=currency,
        )
    await carry_on(begin, community=run.community, run_id=run.run_id)
    command = Command(CommandKey(principal.community, "payout_run", idempotency_key), asked)
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
    found = await run_store.page_of_runs(
        conn, community=principal.community, state=wanted, after=place, limit=limit
    )
    run_ids = [run.run_id for run in found]
    sums = await run_store.load_sums(conn, community=principal.community, run_ids=run_ids)
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
    run = await run_store.find_run(conn, community=principal.community, run_id=str(run_id))
    if run is None:
        raise UnknownRunError(str(run_id))
    return await shown(conn, run)


@router.post(
    "/v1/payout-runs/{run_id}/approve",
    summary="Approve a payout run",
    responses=problem_responses(
        *(UNKNOWN_RUN, FOUR_EYES, ABOUT_YOURSELF, RUN_REFUSED, RUN_STOPPED, SEAL_DIFFERS, ALTERED),
        *(WALLET_EXCEEDED, WALLET_REFUSED),
    )
    | GOES_ON,
)
async def approve(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_APPROVE)],
    begin: Begin,
    response: Response,
    run_id: UUID,
    approval: Annotated[Approval | None, Body(examples=[{"seal": SEAL_EXAMPLE}])] = None,
) -> Run:
    """By a person who has no other hand in it, and whom it does not pay: see docs/payouts.md.

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
        file = await file_store.find_file(tx.conn, community=principal.community, run_id=str(run_id))
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
        "Content-Disposition": f'attachment; filename="{file.message_id}.{"json" if file.is_list else "xml"}"',
        "ETag": f'"{file.sha256}"',
    }
    media_type = "application/json" if file.is_list else "application/xml"
    return Response(file.content, media_type=media_type, headers=headers)


async def _carried_on(begin: Any, run: runs.Run, *, response: Response) -> Run:
    """A run once it was worked at, as it is answered: 202 while there is more to do."""
    await carry_on(begin, community=run.community, run_id=run.run_id)
    async with begin() as tx:
        tx.did_nothing()
        after = await find_run(tx.conn, community=run.community, run_id=run.run_id)
        if after.state in WORKED_AT:
            response.status_code = 202
        return await shown(tx.conn, after)
