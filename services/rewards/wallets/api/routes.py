"""Routes of wallets: make one, see what is in it and moved, and have two people decide of it."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from services.rewards.settings import Settings
from services.rewards.wallets.api.models import (
    MOVE_COLUMNS,
    TOO_MANY_MOVES,
    UNKNOWN_WALLET,
    UNKNOWN_WALLET_DECISION,
    WALLET_EXCEEDED,
    WALLET_FOUR_EYES,
    WALLET_REFUSED,
    DecisionStateName,
    Wallet,
    WalletAssignment,
    WalletAssignments,
    WalletChange,
    WalletDecision,
    WalletFreeze,
    WalletMove,
    WalletProposal,
    WalletRequest,
    move_row,
    shown_decisions,
    shown_moves,
    shown_wallets,
)
from services.rewards.wallets.domain import decisions, wallets
from services.rewards.wallets.domain.decisions import DecisionPlace, DecisionState, UnknownDecisionError
from services.rewards.wallets.domain.wallets import (
    MovePlace,
    TooManyMovesError,
    UnknownWalletError,
    WalletActor,
    WalletPlace,
)
from services.rewards.wallets.handlers import deciding
from services.rewards.wallets.store import decisions as decision_store
from services.rewards.wallets.store import wallets as store
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.http import (
    Conn,
    Limit,
    Page,
    Principal,
    Scope,
    Tx,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.connected import Connected, ConnectedService
from shared.postgres import Connection
from shared.spreadsheets import csv_lines

router = APIRouter(tags=["wallets"])
#: Moves that are read at once for a table.
TABLE_PAGE_COUNT = 1_000

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
Maker = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
Approver = Annotated[Principal, requires(Scope.PAYOUTS_APPROVE)]


def _actor(principal: Principal) -> WalletActor:
    return WalletActor(principal.person_id, principal.credential)


@router.post(
    "/v1/wallets",
    summary="Make a wallet",
    status_code=201,
    response_model=Wallet,
    responses=problem_responses(UNKNOWN_WALLET, WALLET_REFUSED, KEY_REUSED),
)
async def post_wallet(
    principal: Maker, tx: Tx, idempotency_key: IdempotencyKey, wanted: WalletRequest
) -> Response:
    """It is empty: two people bring something into it."""
    community = principal.community

    async def make() -> Wallet:
        made = await deciding.make_wallet(tx, wanted.terms(), community=community, by=_actor(principal))
        return await _answer(tx.conn, made)

    key = CommandKey(community, "wallet", idempotency_key)
    return await answer_once(tx, Command(key, wanted.model_dump(mode="json")), work=make)


@router.get("/v1/wallets", summary="Wallets, oldest first", responses=problem_responses())
async def list_wallets(
    principal: Reader, conn: Conn, place: Annotated[WalletPlace | None, after(WalletPlace)], limit: Limit = 100
) -> Page[Wallet]:
    """Each with what is left in it, what is set aside and what was spent."""
    found = await store.page_of_wallets(conn, community=principal.community, after=place, limit=limit)
    funds = await store.load_funds(conn, found)
    answered = await shown_wallets(conn, found, funds=funds, community=principal.community)
    by_id = {str(one.wallet_id): one for one in answered}
    return Page.of(found, limit, item=lambda one: by_id[one.wallet_id], place=lambda one: one.place)


@router.get("/v1/wallets/{wallet_id}", summary="A wallet", responses=problem_responses(UNKNOWN_WALLET))
async def get_wallet(principal: Reader, conn: Conn, wallet_id: UUID) -> Wallet:
    """What is left in it, what is set aside and what was spent."""
    return await _answer(conn, await _find(conn, wallet_id, community=principal.community))


@router.put(
    "/v1/wallets/{wallet_id}",
    summary="Change what a wallet is called and who is told of it",
    responses=problem_responses(UNKNOWN_WALLET, WALLET_REFUSED),
)
async def put_wallet(principal: Maker, tx: Tx, wallet_id: UUID, wanted: WalletChange) -> Wallet:
    """What is in it, and what it pays, is decided by two people."""
    changed = await deciding.change_wallet(
        tx,
        community=principal.community,
        wallet_id=str(wallet_id),
        title=wanted.title,
        low_amount=wanted.low_amount,
        owner_person_ids=tuple(sorted({str(owner) for owner in wanted.owners})),
        by=_actor(principal),
    )
    return await _answer(tx.conn, changed)


@router.post(
    "/v1/wallets/{wallet_id}/freeze",
    summary="Have nothing spent from a wallet",
    responses=problem_responses(UNKNOWN_WALLET, WALLET_REFUSED),
)
async def freeze_wallet(principal: Maker, tx: Tx, wallet_id: UUID, wanted: WalletFreeze) -> Wallet:
    """Nothing more is set aside until two people open it again; what is set aside goes on."""
    frozen = await deciding.freeze(
        tx,
        community=principal.community,
        wallet_id=str(wallet_id),
        reason=wanted.reason,
        by=_actor(principal),
    )
    return await _answer(tx.conn, frozen)


@router.get(
    "/v1/wallets/{wallet_id}/moves",
    summary="What moved in a wallet, newest first",
    responses=problem_responses(UNKNOWN_WALLET),
)
async def list_wallet_moves(
    principal: Reader,
    conn: Conn,
    wallet_id: UUID,
    place: Annotated[MovePlace | None, after(MovePlace)],
    limit: Limit = 100,
) -> Page[WalletMove]:
    """What came in, what went out, what was set aside, spent, freed and given back, and by whom."""
    wallet = await _find(conn, wallet_id, community=principal.community)
    found = await store.page_of_moves(
        conn, community=principal.community, wallet_id=wallet.wallet_id, after=place, limit=limit
    )
    answered = await shown_moves(conn, found, community=principal.community)
    by_id = {str(one.move_id): one for one in answered}
    return Page.of(found, limit, item=lambda one: by_id[one.move_id], place=lambda one: one.place)


@router.get(
    "/v1/wallets/{wallet_id}/moves.csv",
    summary="What moved in a wallet, as a table",
    response_class=StreamingResponse,
    responses={
        **problem_responses(UNKNOWN_WALLET, TOO_MANY_MOVES),
        200: {"description": "RFC 4180, in UTF-8, newest first", "content": {"text/csv": {}}},
    },
)
async def get_wallet_moves_csv(
    principal: Reader,
    service: ConnectedService,
    settings: Annotated[Settings, configured(Settings)],
    wallet_id: UUID,
) -> StreamingResponse:
    """All of it, in points or minor units. No cell is a formula where a spreadsheet opens it.

    What would be longer than `PLAUDIT_WALLET_MOVES_CSV_MAX_COUNT` moves is refused: a part would pass for all.
    """
    most = settings.wallet_moves_csv_max_count
    async with service.pool.acquire() as conn:
        wallet = await _find(conn, wallet_id, community=principal.community)
        key = {"community": wallet.community, "wallet_id": wallet.wallet_id}
        if await store.count_moves(conn, **key, limit=most + 1) > most:
            raise TooManyMovesError(most)
    headers = {"Content-Disposition": 'attachment; filename="wallet-moves.csv"'}
    return StreamingResponse(_table(service, wallet), media_type="text/csv; charset=utf-8", headers=headers)


async def _table(service: Connected, wallet: wallets.Wallet) -> AsyncIterator[bytes]:
    """The table, a page at a time: no connection waits for whoever reads it slowly."""
    yield csv_lines([MOVE_COLUMNS])
    place: MovePlace | None = None
    while True:
        async with service.pool.acquire() as conn:
            found = await store.page_of_moves(
                conn, community=wallet.community, wallet_id=wallet.wallet_id, after=place, limit=TABLE_PAGE_COUNT
            )
            shown = await shown_moves(conn, found, community=wallet.community)
        if found:
            yield csv_lines(move_row(one, wallet.currency) for one in shown)
            place = found[-1].place
        if len(found) < TABLE_PAGE_COUNT:
            return


@router.get("/v1/wallet-assignments", summary="What is paid from which wallet", responses=problem_responses())
async def list_wallet_assignments(principal: Reader, conn: Conn) -> WalletAssignments:
    """A redemption takes its reward's wallet, else that of all redemptions; what is not here takes none."""
    known = await _by_id(conn, principal.community)
    found = await decision_store.load_assignments(conn, community=principal.community)
    return WalletAssignments(
        items=[
            WalletAssignment(
                spends=one.spends.value,
                reward_id=one.reward_id or None,
                campaign_id=one.campaign_id or None,
                wallet_id=UUID(one.wallet_id),
                wallet_title=known[one.wallet_id].title,
                currency=known[one.wallet_id].currency,
                unit_cost=one.unit_cost,
            )
            for one in found
        ]
    )


@router.post(
    "/v1/wallets/{wallet_id}/decisions",
    summary="Propose what is done with a wallet",
    status_code=201,
    response_model=WalletDecision,
    responses=problem_responses(UNKNOWN_WALLET, WALLET_REFUSED, KEY_REUSED),
)
async def post_wallet_decision(
    principal: Maker, tx: Tx, wallet_id: UUID, idempotency_key: IdempotencyKey, wanted: WalletProposal
) -> Response:
    """Nothing is done before another person confirms it."""
    community = principal.community

    async def propose() -> WalletDecision:
        made = await deciding.propose(
            tx, wanted.proposal(), community=community, wallet_id=str(wallet_id), by=_actor(principal)
        )
        return await _answer_decision(tx.conn, made)

    body = {"wallet_id": str(wallet_id), **wanted.model_dump(mode="json")}
    key = CommandKey(community, "wallet_decision", idempotency_key)
    return await answer_once(tx, Command(key, body), work=propose)


@router.get("/v1/wallet-decisions", summary="Decisions about wallets, newest first", responses=problem_responses())
async def list_wallet_decisions(
    principal: Reader,
    conn: Conn,
    place: Annotated[DecisionPlace | None, after(DecisionPlace)],
    wallet: Annotated[UUID | None, Query(description="Only those about this wallet")] = None,
    state: Annotated[DecisionStateName | None, Query(description="Only these: `proposed` ones wait")] = None,
    limit: Limit = 100,
) -> Page[WalletDecision]:
    """What was proposed, why and by whom, and who decided it."""
    found = await decision_store.page_of_decisions(
        conn,
        community=principal.community,
        wallet_id=str(wallet) if wallet else None,
        state=DecisionState(state) if state else None,
        after=place,
        limit=limit,
    )
    known = await _by_id(conn, principal.community)
    answered = await shown_decisions(conn, found, known=known, community=principal.community)
    by_id = {str(one.decision_id): one for one in answered}
    return Page.of(found, limit, item=lambda one: by_id[one.decision_id], place=lambda one: one.place)


@router.get(
    "/v1/wallet-decisions/{decision_id}",
    summary="A decision about a wallet",
    responses=problem_responses(UNKNOWN_WALLET_DECISION),
)
async def get_wallet_decision(principal: Reader, conn: Conn, decision_id: UUID) -> WalletDecision:
    """What was proposed, why and by whom, and who decided it."""
    found = await decision_store.find_decision(conn, community=principal.community, decision_id=str(decision_id))
    if found is None:
        raise UnknownDecisionError(str(decision_id))
    return await _answer_decision(conn, found)


@router.post(
    "/v1/wallet-decisions/{decision_id}/confirm",
    summary="Have done with a wallet what another person proposed",
    responses=problem_responses(UNKNOWN_WALLET_DECISION, WALLET_REFUSED, WALLET_EXCEEDED, WALLET_FOUR_EYES),
)
async def confirm_wallet_decision(principal: Approver, tx: Tx, decision_id: UUID) -> WalletDecision:
    """It is done now. Whoever proposed it cannot, by whatever key or token."""
    decided = await deciding.confirm(
        tx, community=principal.community, decision_id=str(decision_id), by=_actor(principal)
    )
    return await _answer_decision(tx.conn, decided)


@router.post(
    "/v1/wallet-decisions/{decision_id}/withdraw",
    summary="Have a proposal about a wallet come to nothing",
    responses=problem_responses(UNKNOWN_WALLET_DECISION, WALLET_REFUSED),
)
async def withdraw_wallet_decision(principal: Maker, tx: Tx, decision_id: UUID) -> WalletDecision:
    """Nothing of it is done. What is done is undone by another decision."""
    decided = await deciding.withdraw(
        tx, community=principal.community, decision_id=str(decision_id), by=_actor(principal)
    )
    return await _answer_decision(tx.conn, decided)


async def _find(conn: Connection, wallet_id: UUID, *, community: str) -> wallets.Wallet:
    found = await store.find_wallet(conn, community=community, wallet_id=str(wallet_id))
    if found is None:
        raise UnknownWalletError(str(wallet_id))
    return found


async def _by_id(conn: Connection, community: str) -> dict[str, wallets.Wallet]:
    return {one.wallet_id: one for one in await store.load_wallets(conn, community=community)}


async def _answer(conn: Connection, wallet: wallets.Wallet) -> Wallet:
    current = await store.find_wallet(conn, community=wallet.community, wallet_id=wallet.wallet_id) or wallet
    funds = await store.load_funds(conn, [current])
    (answered,) = await shown_wallets(conn, [current], funds=funds, community=wallet.community)
    return answered


async def _answer_decision(conn: Connection, decision: decisions.Decision) -> WalletDecision:
    known = await _by_id(conn, decision.community)
    (answered,) = await shown_decisions(conn, [decision], known=known, community=decision.community)
    return answered
