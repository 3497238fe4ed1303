"""Routes of what banks answer: import a file, see its lines, and decide of those that nobody could match."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from services.rewards.payouts import store as payout_store
from services.rewards.payouts.api import UNKNOWN_PAYOUT, Deed, deeds
from services.rewards.payouts.api import State as PayoutStateName
from services.rewards.payouts.domain import Actor, Payout
from services.rewards.reconciliation import handlers
from services.rewards.reconciliation.domain.likeness import candidates
from services.rewards.reconciliation.domain.lines import (
    OPEN,
    REASON_MAX_CHARS,
    BankMessage,
    LineFilter,
    LinePlace,
    LineState,
    MatchedBy,
    MessagePlace,
    Says,
    UnknownLineError,
    UnknownMessageError,
)
from services.rewards.reconciliation.domain.lines import Line as DomainLine
from services.rewards.reconciliation.store import likeness as likeness_store
from services.rewards.reconciliation.store import lines as store
from shared.contracts.texts import Line as TextLine
from shared.http import (
    Begin,
    Conn,
    Limit,
    Page,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNSUPPORTED_CONTENT_TYPE
from shared.postgres import Connection

MEDIA_TYPES = ("application/xml", "text/xml")
CANDIDATES_MAX_COUNT = 10
EXAMPLE_ID = "5c2f7d1e-9a40-5b8e-8c61-2f0a7be4d913"

INVALID_BANK_MESSAGE = ProblemType("invalid-bank-message", 422, "The file is no right message of a bank")
UNKNOWN_BANK_MESSAGE = ProblemType("unknown-bank-message", 404, "Bank message not found")
UNKNOWN_BANK_LINE = ProblemType("unknown-bank-line", 404, "Line not found")
BANK_LINE_REFUSED = ProblemType("bank-line-refused", 409, "The line does not allow that")
AMOUNT_DIFFERS = ProblemType("bank-amount-differs", 409, "The payout is of another amount")

router = APIRouter(tags=["bank messages"])

_STATES = tuple(state.value for state in LineState)
BankLineState = Literal[_STATES]  # type: ignore[valid-type]
_SAYS = tuple(says.value for says in Says)
BankSays = Literal[_SAYS]  # type: ignore[valid-type]
_BY = tuple(by.value for by in MatchedBy)
BankMatchedBy = Literal[_BY]  # type: ignore[valid-type]
Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
Payer = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]


class BankLinesCount(BaseModel):
    """How many lines of a message are in a state."""

    state: BankLineState
    count: int


class BankMessageShown(BaseModel):
    """A file that a bank answered with, and what became of its lines. The file itself is not kept."""

    message_key: UUID = Field(description="The same for the same file, for ever", examples=[EXAMPLE_ID])
    name: str = Field(description="Without a version where the file declares none", examples=["camt.053.001.08"])
    message_id: str | None = Field(description="The bank's own", examples=["NTFC20261005"])
    sha256: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    imported: Deed
    lines: list[BankLinesCount]
    is_worked_at: bool = Field(description="Whether lines are still being noted of their payouts")


class BankMessageImported(BankMessageShown):
    """The file as it was imported, now or before."""

    is_new: bool = Field(description="False when the same file was imported before: nothing happened")


class BankStatementLine(BaseModel):
    """A booking of an account, or a status of an order, and what became of it."""

    line_id: UUID
    message_key: UUID
    kind: str = Field(
        description="Of a booking: credit, debit, return. Of a status: accepted, pending, partly, settled, "
        "rejected, other",
        examples=["return"],
    )
    status: str = Field(description="As the bank writes it", examples=["BOOK"])
    level: str = Field(description="entry, payment, payment_information or group", examples=["payment"])
    reference: str | None = Field(examples=["ASR-201"])
    end_to_end_id: str | None = Field(examples=["5c2f7d1e9a405b8e8c612f0a7be4d913"])
    amount_minor: int | None = Field(examples=[3000])
    currency: str | None = Field(examples=["EUR"])
    instructed_minor: int | None = Field(description="What was ordered, where that was another amount")
    reason: str | None = Field(examples=["AC04 ClosedAccountNumber"])
    booked_on: date | None
    state: BankLineState
    says: BankSays | None = Field(description="What it says of its payouts")
    payout_id: UUID | None
    run_id: UUID | None = Field(description="Of a line without a payout: it is of the whole run")
    matched_by: BankMatchedBy | None
    outcome_id: UUID | None = Field(description="The outcome that another person confirms")
    same_as: UUID | None = Field(description="The line of another message that counts in its place")
    why: str | None = Field(description="Why it is not noted, or was set aside")
    decided: Deed | None = Field(description="Who matched it or set it aside, where a person did")


class PayoutCandidate(BaseModel):
    """A payout that a line may be about."""

    payout_id: UUID
    member_id: UUID
    run_id: UUID
    state: PayoutStateName
    amount_minor: int
    currency: str
    reasons: list[str] = Field(description="What speaks for it", examples=[["it is of the same amount"]])


class BankStatementLineShown(BankStatementLine):
    """A line, with the payouts that it may be about while a person is to look at it."""

    candidates: list[PayoutCandidate] = Field(description=f"At most {CANDIDATES_MAX_COUNT}, the likeliest first")


class MatchRequest(RequestBody):
    """Which payout a line is about."""

    payout_id: UUID = Field(examples=[EXAMPLE_ID])
    confirm_amount: bool = Field(False, description="True when it is meant so although the amounts differ")


class SetAsideRequest(RequestBody):
    """Why a line is about no payout."""

    reason: TextLine = Field(max_length=REASON_MAX_CHARS, examples=["The rent"])


async def _content(request: Request) -> bytes:
    media_type = request.headers.get("content-type", MEDIA_TYPES[0]).partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise Problem(UNSUPPORTED_CONTENT_TYPE, f"Send the file as it is, as {' or '.join(MEDIA_TYPES)}")
    return await request.body()


@router.post(
    "/v1/bank-messages",
    summary="Import what a bank answered",
    status_code=201,
    responses=problem_responses(INVALID_BANK_MESSAGE, UNSUPPORTED_CONTENT_TYPE)
    | {200: {"model": BankMessageImported, "description": "The same file was imported before: nothing happened"}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "A pain.002, camt.052, camt.053 or camt.054, byte for byte",
            "content": {"application/xml": {"schema": {"type": "string"}, "example": "<Document>…</Document>"}},
        }
    },
)
async def post_message(
    principal: Payer, begin: Begin, request: Request, response: Response
) -> BankMessageImported:
    """Its lines are kept, each matched to its payout by EndToEndId; of a file that is not right none is.

    What was sent or settled is noted of the payouts in a moment. What makes points payable again is proposed, and
    another person confirms it. Lines that look like ours and match nothing wait for a person.
    """
    community = principal.community
    # Read beside the loop: a file takes a second, for which nobody else waits.
    sha256, key, found = await asyncio.to_thread(handlers.read_file, await _content(request), community=community)
    by = Actor(principal.person_id, principal.credential)
    async with begin() as tx:
        message, is_new = await handlers.import_message(
            tx, found, community=community, key=key, sha256=sha256, by=by
        )
        (shown,) = await _messages(tx.conn, [message], community=community)
    response.status_code = 201 if is_new else 200
    return BankMessageImported(**shown.model_dump(), is_new=is_new)


@router.get("/v1/bank-messages", summary="What banks answered, newest first", responses=problem_responses())
async def list_messages(
    principal: Reader,
    conn: Conn,
    place: Annotated[MessagePlace | None, after(MessagePlace)],
    limit: Limit = 100,
) -> Page[BankMessageShown]:
    """Each file with who imported it, and how many of its lines are in each state."""
    found = await store.page_of_messages(conn, community=principal.community, after=place, limit=limit)
    shown = await _messages(conn, found, community=principal.community)
    by_key = {str(one.message_key): one for one in shown}
    return Page.of(found, limit, item=lambda one: by_key[one.message_key], place=lambda one: one.place)


@router.get(
    "/v1/bank-messages/{message_key}",
    summary="A file that a bank answered with",
    responses=problem_responses(UNKNOWN_BANK_MESSAGE),
)
async def get_message(principal: Reader, conn: Conn, message_key: UUID) -> BankMessageShown:
    """Who imported it, and how many of its lines are in each state."""
    found = await store.find_message(conn, community=principal.community, message_key=str(message_key))
    if found is None:
        raise UnknownMessageError(str(message_key))
    (shown,) = await _messages(conn, [found], community=principal.community)
    return shown


@router.get("/v1/bank-lines", summary="Lines of bank messages, newest first", responses=problem_responses())
async def list_lines(
    principal: Reader,
    conn: Conn,
    place: Annotated[LinePlace | None, after(LinePlace)],
    state: Annotated[
        Literal[(*_STATES, "open")] | None,  # type: ignore[valid-type]
        Query(description=f"Only those in this state; `open`: {', '.join(OPEN)}, which wait for a person"),
    ] = None,
    message: Annotated[UUID | None, Query(description="Only those of this file")] = None,
    run: Annotated[UUID | None, Query(description="Only those about payouts of this run")] = None,
    payout: Annotated[UUID | None, Query(description="Only those about this payout")] = None,
    limit: Limit = 100,
) -> Page[BankStatementLine]:
    """What became of bookings and statuses."""
    states = OPEN if state == "open" else (LineState(state),) if state else ()
    wanted = LineFilter(states, *(str(one) if one else None for one in (message, run, payout)))
    found = await store.page_of_lines(conn, wanted, community=principal.community, after=place, limit=limit)
    shown = await _lines(conn, [(key, line) for _, key, line in found], community=principal.community)
    by_id = {str(one.line_id): one for one in shown}
    return Page.of(found, limit, item=lambda one: by_id[one[2].line_id], place=lambda one: one[0])


@router.get(
    "/v1/bank-lines/{line_id}",
    summary="A line of a bank message",
    responses=problem_responses(UNKNOWN_BANK_LINE),
)
async def get_line(principal: Reader, conn: Conn, line_id: UUID) -> BankStatementLineShown:
    """What became of it, and while it waits for a person, which payouts it may be about."""
    community = principal.community
    found = await store.find_line(conn, community=community, line_id=str(line_id))
    if found is None:
        raise UnknownLineError(str(line_id))
    _, key, line = found
    (shown,) = await _lines(conn, [(key, line)], community=community)
    likely: Mapping[str, Payout] = {}
    filed_on: Mapping[str, date] = {}
    if line.state in OPEN and line.amount_minor is not None:
        filed_on = await likeness_store.load_candidates(
            conn, line, community=community, limit=CANDIDATES_MAX_COUNT
        )
        likely = await payout_store.load_named(conn, list(filed_on), community=community)
    return BankStatementLineShown(
        **shown.model_dump(),
        candidates=[
            PayoutCandidate(
                payout_id=UUID(payout.payout_id),
                member_id=UUID(payout.member_id),
                run_id=UUID(payout.run_id),
                state=payout.state,
                amount_minor=payout.amount_minor,
                currency=payout.currency,
                reasons=list(reasons),
            )
            for payout, reasons in candidates(line, list(likely.values()), filed_on)
        ],
    )


@router.post(
    "/v1/bank-lines/{line_id}/match",
    summary="Say which payout a line is about",
    responses=problem_responses(UNKNOWN_BANK_LINE, UNKNOWN_PAYOUT, BANK_LINE_REFUSED, AMOUNT_DIFFERS),
)
async def match_line(principal: Payer, tx: Tx, line_id: UUID, match: MatchRequest) -> BankStatementLine:
    """For a line that nobody could match, or that could not be noted. What it says of the payout is noted then."""
    await handlers.match_line(
        tx,
        community=principal.community,
        line_id=str(line_id),
        payout_id=str(match.payout_id),
        is_confirmed=match.confirm_amount,
        by=Actor(principal.person_id, principal.credential),
    )
    return await _line(tx.conn, line_id, community=principal.community)


@router.post(
    "/v1/bank-lines/{line_id}/set-aside",
    summary="Say that a line is about no payout",
    responses=problem_responses(UNKNOWN_BANK_LINE, BANK_LINE_REFUSED),
)
async def set_line_aside(principal: Payer, tx: Tx, line_id: UUID, request: SetAsideRequest) -> BankStatementLine:
    """It waits no more, and nothing of it is noted."""
    await handlers.set_aside(
        tx,
        community=principal.community,
        line_id=str(line_id),
        reason=request.reason,
        by=Actor(principal.person_id, principal.credential),
    )
    return await _line(tx.conn, line_id, community=principal.community)


async def _line(conn: Connection, line_id: UUID, *, community: str) -> BankStatementLine:
    found = await store.find_line(conn, community=community, line_id=str(line_id))
    if found is None:
        raise UnknownLineError(str(line_id))
    (shown,) = await _lines(conn, [found[1:]], community=community)
    return shown


async def _messages(
    conn: Connection, messages: Sequence[BankMessage], *, community: str
) -> list[BankMessageShown]:
    done = [(message.imported_by, message.imported_at) for message in messages]
    counts = await store.count_lines(conn, [message.message_key for message in messages], community=community)
    return [
        BankMessageShown(
            message_key=UUID(message.message_key),
            name=message.name,
            message_id=message.message_id,
            sha256=message.sha256,
            imported=imported,
            lines=[
                BankLinesCount(state=state, count=number) for state, number in counts[message.message_key].items()
            ],
            is_worked_at=LineState.MATCHED in counts[message.message_key],
        )
        for message, imported in zip(messages, await deeds(conn, done, community=community), strict=True)
    ]


async def _lines(
    conn: Connection, lines: Sequence[tuple[str, DomainLine]], *, community: str
) -> list[BankStatementLine]:
    done = [(line.decided_by, line.decided_at) for _, line in lines if line.decided_by and line.decided_at]
    decided = iter(await deeds(conn, done, community=community))
    return [
        BankStatementLine(
            line_id=UUID(line.line_id),
            message_key=UUID(key),
            kind=line.kind,
            status=line.status,
            level=line.level,
            reference=line.reference,
            end_to_end_id=line.end_to_end_id,
            amount_minor=line.amount_minor,
            currency=line.currency,
            instructed_minor=line.instructed_minor,
            reason=line.reason,
            booked_on=line.booked_on,
            state=line.state,
            says=line.says,
            payout_id=UUID(line.payout_id) if line.payout_id else None,
            run_id=UUID(line.run_id) if line.run_id else None,
            matched_by=line.matched_by,
            outcome_id=UUID(line.outcome_id) if line.outcome_id else None,
            same_as=UUID(line.same_as) if line.same_as else None,
            why=line.why,
            decided=next(decided) if line.decided_by and line.decided_at else None,
        )
        for key, line in lines
    ]
