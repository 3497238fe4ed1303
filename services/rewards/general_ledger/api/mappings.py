"""Routes of mappings to finance's accounts: proposed by one person, approved by another."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.rewards.approvals.api import ApprovalStateName, author
from services.rewards.approvals.domain import ApprovalState, Subject, proposed
from services.rewards.general_ledger import handlers
from services.rewards.general_ledger.api.models import (
    MAPPED_TWICE,
    MAPPING_DECIDED,
    MAPPING_FOUR_EYES,
    TOO_MANY_MAPPINGS,
    UNKNOWN_MAPPING,
    AccountMappingTerms,
    GeneralLedgerMapping,
)
from services.rewards.general_ledger.domain.mapping import (
    AccountMapping,
    MappingPlace,
    UnknownMappingError,
)
from services.rewards.general_ledger.store import mappings as store
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.http import Conn, Limit, Page, Principal, Scope, Tx, after, problem_responses, requires

router = APIRouter(tags=["finance"])

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
Maker = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
Approver = Annotated[Principal, requires(Scope.PAYOUTS_APPROVE)]


@router.post(
    "/v1/finance/account-mappings",
    summary="Propose which accounts of the general ledger ours are",
    status_code=201,
    response_model=GeneralLedgerMapping,
    responses=problem_responses(MAPPED_TWICE, TOO_MANY_MAPPINGS, KEY_REUSED),
)
async def post_account_mapping(
    principal: Maker, tx: Tx, terms: AccountMappingTerms, idempotency_key: IdempotencyKey
) -> Response:
    """It is in force once another person approves it. On each day the latest approved one applies, as a whole."""

    async def work() -> GeneralLedgerMapping:
        community = principal.community
        mapping = AccountMapping(
            community=community,
            mapping_id=handlers.mapping_id(community, idempotency_key),
            effective_from=terms.effective_from,
            accounts=terms.mapped,
            tax_rate=terms.tax_rate,
            approval=proposed(Subject.ACCOUNT_MAPPING, by=author(principal), now=tx.now),
        )
        return GeneralLedgerMapping.of(await handlers.propose_mapping(tx, mapping))

    key = CommandKey(principal.community, "account_mapping", idempotency_key)
    return await answer_once(tx, Command(key, terms.model_dump(mode="json")), work=work)


@router.get("/v1/finance/account-mappings", summary="Mappings, newest first", responses=problem_responses())
async def list_account_mappings(
    principal: Reader,
    conn: Conn,
    place: Annotated[MappingPlace | None, after(MappingPlace)],
    state: Annotated[ApprovalStateName | None, Query(description="Only these")] = None,
    limit: Limit = 100,
) -> Page[GeneralLedgerMapping]:
    """Those in force, those that wait for another person, and those that were withdrawn."""
    found = await store.page_of_mappings(
        conn,
        community=principal.community,
        state=None if state is None else ApprovalState(state),
        after=place,
        limit=limit,
    )
    return Page.of(found, limit, item=GeneralLedgerMapping.of, place=lambda mapping: mapping.place)


@router.get(
    "/v1/finance/account-mappings/{mapping_id}",
    summary="A mapping",
    responses=problem_responses(UNKNOWN_MAPPING),
)
async def get_account_mapping(principal: Reader, conn: Conn, mapping_id: UUID) -> GeneralLedgerMapping:
    """What it says, who proposed it and who decided."""
    found = await store.find_mapping(conn, community=principal.community, mapping_id=str(mapping_id))
    if found is None:
        raise UnknownMappingError
    return GeneralLedgerMapping.of(found)


@router.post(
    "/v1/finance/account-mappings/{mapping_id}/approve",
    summary="Put a mapping in force that another person proposed",
    responses=problem_responses(UNKNOWN_MAPPING, MAPPING_FOUR_EYES, MAPPING_DECIDED),
)
async def approve_account_mapping(principal: Approver, tx: Tx, mapping_id: UUID) -> GeneralLedgerMapping:
    """Whoever proposed it cannot, by whatever key; approving again changes nothing. Exports stay as they are."""
    return GeneralLedgerMapping.of(
        await handlers.approve_mapping(
            tx, community=principal.community, wanted_id=str(mapping_id), by=author(principal)
        )
    )


@router.post(
    "/v1/finance/account-mappings/{mapping_id}/withdraw",
    summary="Have a proposed mapping never come into force",
    responses=problem_responses(UNKNOWN_MAPPING, MAPPING_DECIDED),
)
async def withdraw_account_mapping(principal: Maker, tx: Tx, mapping_id: UUID) -> GeneralLedgerMapping:
    """Whoever proposed it may, and anybody else who could have; withdrawing again changes nothing."""
    return GeneralLedgerMapping.of(
        await handlers.withdraw_mapping(
            tx, community=principal.community, wanted_id=str(mapping_id), by=author(principal)
        )
    )
