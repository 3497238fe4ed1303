"""Routes of sanctions lists: loaded as a file by one person, put in force by another."""

import asyncio
import hashlib
from datetime import datetime
from typing import Annotated, Final, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.rewards.approvals.api import ApprovalStateName, approval_shown, author
from services.rewards.approvals.domain import ApprovalState
from services.rewards.payouts.sanctions import domain, handlers, store
from services.rewards.payouts.sanctions.domain import (
    SanctionsEntryPlace,
    SanctionsListPlace,
    keys_of_list,
    read_list,
)
from services.rewards.settings import Settings
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.contracts.texts import Line
from shared.http import (
    Begin,
    Conn,
    FieldError,
    Limit,
    Page,
    Principal,
    Problem,
    ProblemType,
    Scope,
    Tx,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNSUPPORTED_CONTENT_TYPE
from shared.http.problems import ErrorTable

UNKNOWN_SANCTIONS_LIST = ProblemType("unknown-sanctions-list", 404, "Sanctions list not found")
SANCTIONS_LIST_FOUR_EYES = ProblemType("sanctions-list-four-eyes", 403, "Another person must do that")
SANCTIONS_LIST_DECIDED = ProblemType(
    "sanctions-list-decided", 409, "The sanctions list is not in a state for that"
)
TOO_MANY_SANCTIONS_LISTS = ProblemType(
    "too-many-sanctions-lists", 409, "Too many sanctions lists wait for another person"
)
INVALID_SANCTIONS_LIST = ProblemType("invalid-sanctions-list", 422, "The file is no right sanctions list")

router = APIRouter(tags=["finance"])

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
Maker = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
Approver = Annotated[Principal, requires(Scope.PAYOUTS_APPROVE)]

MEDIA_TYPE: Final = "text/csv"
_EXAMPLE: Final = "id,name,birth_date,country\nEX-17,Jan van der Voorbeeld,1970-01-31,NL\n"


class SanctionsEntry(BaseModel):
    """A name of a list; an id has one or more."""

    entry_id: str = Field(description="As the list calls them", examples=["EX-17"])
    name: str = Field(examples=["Jan van der Voorbeeld"])
    birth_date: str | None = Field(description="Or a year, or a year and a month", examples=["1970-01-31"])
    country: str | None = Field(description="By ISO 3166", examples=["NL"])

    @classmethod
    def of(cls, entry: domain.SanctionsEntry) -> Self:
        """An entry as it is answered."""
        _, entry_id, name, birth_date, country = entry
        return cls(entry_id=entry_id, name=name, birth_date=birth_date, country=country)


class SanctionsList(BaseModel):
    """A list, and who loaded it and who put it in force. Of those approved the last is in force."""

    list_id: UUID
    state: ApprovalStateName
    title: str = Field(examples=["EU consolidated list, 26 November 2026"])
    sha256: str = Field(description="Of the file, in hex", examples=["9f86d081884c7d659a2feaa0c55ad015"])
    entries_count: int = Field(examples=[1])
    looked_at: datetime | None = Field(
        description="When all payouts on their way had been looked at by it; null before"
    )
    proposed_at: datetime
    proposed_by: str = Field(description="Who loaded it", examples=["Mia"])
    proposed_by_person: UUID | None
    decided_at: datetime | None = Field(description="When it was approved or withdrawn")
    decided_by: str | None = Field(examples=["Omar"])
    decided_by_person: UUID | None

    @classmethod
    def of(cls, loaded: domain.SanctionsList) -> Self:
        """A list as it is answered."""
        return cls(
            list_id=UUID(loaded.list_id),
            title=loaded.title,
            sha256=loaded.sha256,
            entries_count=loaded.entries_count,
            looked_at=loaded.looked_at,
            **approval_shown(loaded.approval),
        )


@router.post(
    "/v1/finance/sanctions-lists",
    summary="Load a sanctions list",
    status_code=201,
    response_model=SanctionsList,
    responses=problem_responses(
        INVALID_SANCTIONS_LIST, TOO_MANY_SANCTIONS_LISTS, KEY_REUSED, UNSUPPORTED_CONTENT_TYPE
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "A table in UTF-8 with the columns id, name, birth_date and country; the last two may "
            "be missing or empty. Who has several names has a line for each, with the same id",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": _EXAMPLE}},
        }
    },
)
async def post_sanctions_list(
    principal: Maker,
    begin: Begin,
    request: Request,
    title: Annotated[Line, Query(description="What list it is, and of when", examples=["EU, 26 November 2026"])],
    idempotency_key: IdempotencyKey,
    settings: Annotated[Settings, configured(Settings)],
) -> Response:
    """It is in force once another person approves it, in place of the whole list before.

    A payout whose payee's name is like one of it waits until two people let it pass: nothing is decided by a name.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE:
        raise Problem(UNSUPPORTED_CONTENT_TYPE, f"Send the file as it is, as {MEDIA_TYPE}")
    content = await request.body()
    # Read beside the loop: nobody else waits for a file.
    entries = await asyncio.to_thread(
        read_list, content, entries_max_count=settings.sanctions_list_entries_max_count
    )
    keys = await asyncio.to_thread(keys_of_list, entries)
    sha256 = hashlib.sha256(content).hexdigest()
    key = CommandKey(principal.community, "sanctions_list", idempotency_key)
    async with begin() as tx:

        async def work() -> SanctionsList:
            loaded = await handlers.propose_list(
                tx,
                entries,
                keys=keys,
                community=principal.community,
                key=idempotency_key,
                title=title,
                sha256=sha256,
                by=author(principal),
            )
            return SanctionsList.of(loaded)

        return await answer_once(tx, Command(key, {"title": title, "sha256": sha256}), work=work)


@router.get("/v1/finance/sanctions-lists", summary="Sanctions lists, newest first", responses=problem_responses())
async def list_sanctions_lists(
    principal: Reader,
    conn: Conn,
    place: Annotated[SanctionsListPlace | None, after(SanctionsListPlace)],
    state: Annotated[ApprovalStateName | None, Query(description="Only these")] = None,
    limit: Limit = 100,
) -> Page[SanctionsList]:
    """The one in force, those before, and those that wait for another person."""
    found = await store.page_of_lists(
        conn,
        community=principal.community,
        state=None if state is None else ApprovalState(state),
        after=place,
        limit=limit,
    )
    return Page.of(found, limit, item=SanctionsList.of, place=lambda loaded: loaded.place)


@router.get(
    "/v1/finance/sanctions-lists/{list_id}",
    summary="A sanctions list",
    responses=problem_responses(UNKNOWN_SANCTIONS_LIST),
)
async def get_sanctions_list(principal: Reader, conn: Conn, list_id: UUID) -> SanctionsList:
    """Which file it was, who loaded it and who decided."""
    return SanctionsList.of(await handlers.load_list(conn, community=principal.community, list_id=str(list_id)))


@router.get(
    "/v1/finance/sanctions-lists/{list_id}/entries",
    summary="The entries of a sanctions list",
    responses=problem_responses(UNKNOWN_SANCTIONS_LIST),
)
async def list_sanctions_entries(
    principal: Reader,
    conn: Conn,
    list_id: UUID,
    place: Annotated[SanctionsEntryPlace | None, after(SanctionsEntryPlace)],
    limit: Limit = 100,
) -> Page[SanctionsEntry]:
    """In the order of the file. A list that was withdrawn has none any more, nor has one of long ago."""
    loaded = await handlers.load_list(conn, community=principal.community, list_id=str(list_id))
    found = await store.page_of_entries(conn, loaded, after=place, limit=limit)
    return Page.of(found, limit, item=SanctionsEntry.of, place=lambda entry: SanctionsEntryPlace(entry.line))


@router.post(
    "/v1/finance/sanctions-lists/{list_id}/approve",
    summary="Put a sanctions list in force that another person loaded",
    responses=problem_responses(UNKNOWN_SANCTIONS_LIST, SANCTIONS_LIST_FOUR_EYES, SANCTIONS_LIST_DECIDED),
)
async def approve_sanctions_list(principal: Approver, tx: Tx, list_id: UUID) -> SanctionsList:
    """Payouts on their way are looked at by it, a piece at a time; whoever loaded it cannot, by whatever key."""
    return SanctionsList.of(
        await handlers.approve_list(tx, community=principal.community, list_id=str(list_id), by=author(principal))
    )


@router.post(
    "/v1/finance/sanctions-lists/{list_id}/withdraw",
    summary="Have a sanctions list never come into force",
    responses=problem_responses(UNKNOWN_SANCTIONS_LIST, SANCTIONS_LIST_DECIDED),
)
async def withdraw_sanctions_list(principal: Maker, tx: Tx, list_id: UUID) -> SanctionsList:
    """Whoever loaded it may, and anybody else who could have; withdrawing again changes nothing."""
    return SanctionsList.of(
        await handlers.withdraw_list(tx, community=principal.community, list_id=str(list_id), by=author(principal))
    )


def _invalid(error: domain.SanctionsFileError) -> Problem:
    errors = [FieldError(field="", line=line, detail=reason) for line, reason in error.faults]
    return Problem(
        INVALID_SANCTIONS_LIST, f"Nothing was loaded: line {errors[0].line}: {errors[0].detail}", errors
    )


ERRORS: Final[ErrorTable] = {
    domain.SanctionsFileError: _invalid,
    domain.UnknownSanctionsListError: lambda _: Problem(
        UNKNOWN_SANCTIONS_LIST, "There is no such list here; GET /v1/finance/sanctions-lists has them"
    ),
}
