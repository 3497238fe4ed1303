"""/v1/dead-letters: what the service could never process, looked at, sent through again, or discarded."""

import base64
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from shared.access_keys import INSTALLATION, Principal, Scope
from shared.dead_letters import (
    DeadLetter,
    DeadLetterPlace,
    LetterState,
    SettledLetterError,
    TruncatedLetterError,
    UnknownLetterError,
    handlers,
    store,
)
from shared.http.auth import requires
from shared.http.bodies import RequestBody
from shared.http.connected import Conn, Tx
from shared.http.pages import Limit, Page, after
from shared.http.problem_types import INVALID_CURSOR, ProblemType
from shared.http.problems import ErrorTable, Problem, problem_responses
from shared.http.reads import IN_ANSWER

REASON_MAX_CHARS = 300

UNKNOWN_LETTER = ProblemType("unknown-dead-letter", 404, "No such dead letter")
SETTLED_LETTER = ProblemType("dead-letter-settled", 409, "It is decided already")
TRUNCATED_LETTER = ProblemType("dead-letter-truncated", 409, "The record was not kept whole")

ERRORS: ErrorTable = {
    UnknownLetterError: lambda _: Problem(UNKNOWN_LETTER, "The list of dead letters has the ids that there are"),
    SettledLetterError: lambda error: Problem(
        SETTLED_LETTER,
        "It is on its way through again"
        if error.state is LetterState.ASKED
        else f"It was {error.state}, and stays as a record",
    ),
    TruncatedLetterError: lambda _: Problem(
        TRUNCATED_LETTER, "Find the record by topic, partition and offset, and have its producer send it again"
    ),
}

router = APIRouter(tags=["operations"])

Reader = Annotated[Principal, requires(Scope.OPERATIONS_READ)]
Operator = Annotated[Principal, requires(Scope.OPERATIONS_WRITE)]


class DeadLetterListed(BaseModel):
    """A record that could not be processed."""

    letter_id: str = Field(examples=["0f6d3a52-9d55-5a52-8f1e-0d5a7c7f2b11"])
    topic: str = Field(examples=["points.awarded.v1"])
    partition: int = Field(examples=[2])
    offset: int = Field(examples=[88412])
    reason: str = Field(examples=["data.member_id: Input should be a valid UUID"], description="Of the last try")
    dead_at: datetime
    state: LetterState = Field(
        description="waiting for a decision; asked: on its way through again; replayed; discarded"
    )
    tries: int = Field(examples=[0], description="How often it was sent through again")
    bytes: int = Field(examples=[512], description="Of the record, as far as it was kept")
    truncated: bool = Field(description="Whether the record was too large to be kept whole")
    settled_at: datetime | None = Field(description="When it went through, or was discarded")
    note: str | None = Field(description="Why somebody discarded it")

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        """A dead letter as a list shows it."""
        return cls(**_listed(letter))


class DeadLetterShown(DeadLetterListed):
    """A dead letter with its record."""

    key: str | None = Field(description="The record's key; null when it is no text", examples=["acme|7b0d…"])
    value: str | None = Field(
        description="The record; null when it is no text", examples=['{"specversion": "1.0"}']
    )
    value_base64: str = Field(description="The record's bytes")

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        """A dead letter with its record."""
        return cls(
            **_listed(letter),
            key=_text(letter.key),
            value=_text(letter.value),
            value_base64=base64.b64encode(letter.value).decode(),
        )


class Discard(RequestBody):
    """Why a record will never be processed."""

    reason: str = Field(
        min_length=1, max_length=REASON_MAX_CHARS, pattern=r"^[^\x00]*\S[^\x00]*$", examples=["corrected by hand"]
    )


def reach(principal: Principal) -> str | None:
    """Whose dead letters somebody sees: their community's; for the installation all, also those of none (None)."""
    return None if principal.community == INSTALLATION else principal.community


@router.get(
    "/v1/dead-letters",
    summary="Records that could not be processed",
    responses=problem_responses(INVALID_CURSOR),
)
async def get_dead_letters(
    principal: Reader,
    conn: Conn,
    place: Annotated[DeadLetterPlace | None, after(DeadLetterPlace)],
    state: Annotated[LetterState | None, Query(description="Only of this state; else all")] = None,
    limit: Limit = 100,
) -> Page[DeadLetterListed]:
    """Those whose record's key names your community, newest first."""
    letters = await store.page_of_letters(conn, community=reach(principal), state=state, after=place, limit=limit)
    return Page.of(letters, limit, item=DeadLetterListed.of, place=lambda letter: letter.place)


@router.get(
    "/v1/dead-letters/{letter_id}",
    summary="A record that could not be processed",
    responses=problem_responses(UNKNOWN_LETTER),
)
async def get_dead_letter(
    principal: Annotated[Principal, requires(Scope.OPERATIONS_READ, reads=IN_ANSWER)], conn: Conn, letter_id: UUID
) -> DeadLetterShown:
    """With its bytes, which may hold what somebody wrote: that you looked is noted."""
    letter = await store.find_letter(conn, community=reach(principal), letter_id=str(letter_id))
    if letter is None:
        raise UnknownLetterError
    return DeadLetterShown.of(letter)


@router.post(
    "/v1/dead-letters/{letter_id}/replay",
    summary="Send a record through again",
    status_code=202,
    responses=problem_responses(UNKNOWN_LETTER, SETTLED_LETTER, TRUNCATED_LETTER),
)
async def replay_dead_letter(principal: Operator, tx: Tx, letter_id: UUID) -> DeadLetterListed:
    """To this service alone, once its cause is mended. What has counted does not count again.

    It waits again, with another reason, when it cannot be processed this time either.
    """
    letter = await handlers.ask_replay(tx, community=reach(principal), letter_id=str(letter_id))
    return DeadLetterListed.of(letter)


@router.post(
    "/v1/dead-letters/{letter_id}/discard",
    summary="Decide that a record will never be processed",
    responses=problem_responses(UNKNOWN_LETTER, SETTLED_LETTER),
)
async def discard_dead_letter(principal: Operator, tx: Tx, letter_id: UUID, body: Discard) -> DeadLetterListed:
    """The reason stands in the audit. The record stays to be looked at until its retention is over."""
    letter = await handlers.discard(
        tx, community=reach(principal), letter_id=str(letter_id), reason=body.reason.strip()
    )
    return DeadLetterListed.of(letter)


def _listed(letter: DeadLetter) -> dict[str, object]:
    return {
        "letter_id": letter.letter_id,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.record_offset,
        "reason": letter.reason,
        "dead_at": letter.dead_at,
        "state": letter.state,
        "tries": letter.tries_count,
        "bytes": letter.value_bytes,
        "truncated": letter.is_truncated,
        "settled_at": letter.settled_at,
        "note": letter.note,
    }


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
