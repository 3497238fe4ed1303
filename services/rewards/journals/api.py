"""Routes of journals: propose one, have another person confirm it, and see them."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from services.rewards.journals import domain, handlers, store
from services.rewards.journals.domain import (
    LINES_MAX_COUNT,
    JournalLine,
    JournalPlace,
    JournalState,
    UnknownJournalError,
)
from services.rewards.payouts.api import Deed, deeds
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.runs.api.models import FOUR_EYES
from services.rewards.periods.api import UNKNOWN_PERIOD
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.contracts.fields import MINOR_UNITS_MAX, Currency
from shared.contracts.texts import Line
from shared.currencies import is_known
from shared.http import (
    Conn,
    Limit,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    after,
    problem_responses,
    requires,
)
from shared.postgres import Connection

UNKNOWN_JOURNAL = ProblemType("unknown-journal", 404, "Journal not found")
JOURNAL_REFUSED = ProblemType("journal-refused", 409, "The journal cannot be booked")

router = APIRouter(tags=["journals"])

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
Proposer = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
Approver = Annotated[Principal, requires(Scope.PAYOUTS_APPROVE)]

#: Written out where they stand, as clients know them, not as schemas of their own.
AccountName = Literal[domain.KINDS]  # type: ignore[valid-type]
_STATES = tuple(state.value for state in JournalState)
State = Literal[_STATES]  # type: ignore[valid-type]
LINES_EXAMPLE = [
    {"account": "bank", "currency": "EUR", "amount": 1250},
    {"account": "bank_charges", "currency": "EUR", "amount": -1250},
]


def _money(code: str) -> str:
    if not is_known(code):
        why = f"ISO 4217 has no currency `{code}`; points are never booked by hand"
        raise PydanticCustomError("not_known", "{why}", {"why": why})
    return code


class JournalLineRequest(RequestBody):
    """So much on an account of the community."""

    account: AccountName = Field(examples=["bank_charges"])
    currency: Annotated[Currency, AfterValidator(_money)] = Field(examples=["EUR"])
    amount: int = Field(
        ge=-MINOR_UNITS_MAX,
        le=MINOR_UNITS_MAX,
        examples=[-1250],
        description="Minor units: credit positive, debit negative; never 0",
    )


class JournalRequest(RequestBody):
    """What is to be booked, and why."""

    reason: Line = Field(examples=["The bank's charges of October"])
    lines: list[JournalLineRequest] = Field(
        min_length=2, max_length=LINES_MAX_COUNT, examples=[LINES_EXAMPLE], description="Zero in each currency"
    )
    month: str | None = Field(
        None,
        pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$",
        examples=["2026-10"],
        description="Into which open month it is dated, at its end. Without it: when it is confirmed",
    )
    amends: UUID | None = Field(None, description="The transfer of money that it corrects")


class JournalLineShown(BaseModel):
    """So much on an account of the community."""

    model_config = ConfigDict(from_attributes=True)

    account: AccountName = Field(validation_alias="kind", examples=["bank_charges"])
    currency: str = Field(examples=["EUR"])
    amount: int = Field(description="Minor units: credit positive, debit negative", examples=[-1250])


class Journal(BaseModel):
    """Entries by hand: who proposed them, and who had them booked."""

    journal_id: UUID
    state: State = Field(examples=["posted"])
    reason: str = Field(examples=["The bank's charges of October"])
    lines: list[JournalLineShown]
    month: str | None = Field(examples=["2026-10"])
    amends: UUID | None = Field(description="The transfer of money that it corrects")
    transfer_id: UUID | None = Field(description="What it was booked as; null unless it is")
    proposed: Deed
    decided: Deed | None = Field(description="Who confirmed or withdrew it; null while it waits")


@router.post(
    "/v1/journals",
    summary="Propose entries by hand",
    status_code=201,
    response_model=Journal,
    responses=problem_responses(JOURNAL_REFUSED, UNKNOWN_PERIOD, KEY_REUSED),
)
async def post_journal(
    principal: Proposer, tx: Tx, idempotency_key: IdempotencyKey, asked: JournalRequest
) -> Response:
    """Nothing is booked before another person confirms it.

    Members' accounts and points are never booked on by hand.
    """
    community = principal.community
    command = Command(CommandKey(community, "journal", idempotency_key), asked.model_dump(mode="json"))

    async def propose() -> Journal:
        journal = await handlers.propose(
            tx,
            [JournalLine(line.account, line.currency, line.amount) for line in asked.lines],
            community=community,
            reason=asked.reason,
            month=date.fromisoformat(f"{asked.month}-01") if asked.month else None,
            amends=str(asked.amends) if asked.amends else None,
            by=_actor(principal),
        )
        return await _answer(tx.conn, journal)

    return await answer_once(tx, command, work=propose)


@router.get("/v1/journals", summary="Entries by hand, newest first", responses=problem_responses())
async def list_journals(
    principal: Reader,
    conn: Conn,
    place: Annotated[JournalPlace | None, after(JournalPlace)],
    state: Annotated[State | None, Query(description="Only those in this state: `proposed` ones wait")] = None,
    limit: Limit = 100,
) -> Page[Journal]:
    """What was proposed, why and by whom, and who decided it."""
    wanted = JournalState(state) if state else None
    found = await store.page_of_journals(
        conn, community=principal.community, state=wanted, after=place, limit=limit
    )
    answered = dict(
        zip(
            (one.journal_id for one in found),
            await _journals(conn, found, community=principal.community),
            strict=True,
        )
    )
    return Page.of(found, limit, item=lambda one: answered[one.journal_id], place=lambda one: one.place)


@router.get("/v1/journals/{journal_id}", summary="A journal", responses=problem_responses(UNKNOWN_JOURNAL))
async def get_journal(principal: Reader, conn: Conn, journal_id: UUID) -> Journal:
    """What was proposed, why and by whom, and who decided it."""
    found = await store.find_journal(conn, community=principal.community, journal_id=str(journal_id))
    if found is None:
        raise UnknownJournalError(str(journal_id))
    return await _answer(conn, found)


@router.post(
    "/v1/journals/{journal_id}/confirm",
    summary="Have a proposed journal booked",
    responses=problem_responses(UNKNOWN_JOURNAL, JOURNAL_REFUSED, FOUR_EYES),
)
async def confirm_journal(principal: Approver, tx: Tx, journal_id: UUID) -> Journal:
    """It is booked now. Whoever proposed it cannot, by whatever key or token."""
    journal = await handlers.confirm(
        tx, community=principal.community, journal_id=str(journal_id), by=_actor(principal)
    )
    return await _answer(tx.conn, journal)


@router.post(
    "/v1/journals/{journal_id}/withdraw",
    summary="Withdraw a proposed journal",
    responses=problem_responses(UNKNOWN_JOURNAL, JOURNAL_REFUSED),
)
async def withdraw_journal(principal: Proposer, tx: Tx, journal_id: UUID) -> Journal:
    """Nothing of it is booked. What is booked is corrected by another journal that names its transfer."""
    journal = await handlers.withdraw(
        tx, community=principal.community, journal_id=str(journal_id), by=_actor(principal)
    )
    return await _answer(tx.conn, journal)


def _actor(principal: Principal) -> Actor:
    return Actor(principal.person_id, principal.credential)


async def _answer(conn: Connection, journal: domain.Journal) -> Journal:
    (answered,) = await _journals(conn, [journal], community=journal.community)
    return answered


async def _journals(conn: Connection, journals: Sequence[domain.Journal], *, community: str) -> list[Journal]:
    """Journals as they are answered, in their order."""
    done = [
        (actor, at)
        for one in journals
        for actor, at in ((one.proposed_by, one.proposed_at), (one.decided_by, one.decided_at))
        if actor is not None and at is not None
    ]
    said = iter(await deeds(conn, done, community=community))
    return [
        Journal(
            journal_id=UUID(one.journal_id),
            state=one.state.value,
            reason=one.reason,
            lines=[JournalLineShown.model_validate(line) for line in one.lines],
            month=f"{one.month:%Y-%m}" if one.month else None,
            amends=UUID(one.amends) if one.amends else None,
            transfer_id=UUID(one.transfer_id) if one.state is JournalState.POSTED else None,
            proposed=next(said),
            decided=next(said) if one.decided_by else None,
        )
        for one in journals
    ]
