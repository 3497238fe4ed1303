"""Commands that may be sent again: the header Idempotency-Key names the request, its answer is kept."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Header
from pydantic import BaseModel
from starlette.responses import Response

from shared.commands.store import CommandKey, claim_key, set_answer
from shared.http import FieldError, Problem, ProblemType
from shared.transaction import Transaction

KEY_MAX_CHARS = 200

KEY_REUSED = ProblemType("idempotency-key-reused", 409, "The idempotency key was used for another request")

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=KEY_MAX_CHARS,
        pattern=r"^[\x21-\x7e]+$",
        description="Names this request: sent again with the same key, it gets the same answer and has no effect",
        examples=["2026-05-run-1"],
    ),
]


@dataclass(frozen=True, slots=True)
class Command:
    """A request as its client may send it again: the key that names it, and its content."""

    key: CommandKey
    request: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """SHA-256 of the content, in hex, whatever the order of its fields."""
        return hashlib.sha256(orjson.dumps(self.request, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def answer_once(tx: Transaction, command: Command, *, work: Callable[[], Awaitable[BaseModel]]) -> Response:
    """Do `work` and answer 201 with what it returns; give the stored answer where there is one.

    Raises Problem 409 when the key was used for another request. What fails is not stored: it can be retried.
    """
    known = await claim_key(tx.conn, key=command.key, request_sha256=command.sha256, now=tx.now)
    if known is None:
        answer = (await work()).model_dump_json()
        await set_answer(tx.conn, key=command.key, answer=answer)
    elif known.request_sha256 == command.sha256:
        answer = known.answer
        tx.did_nothing()
    else:
        detail = "Use a new key for a new request, or send the former request unchanged"
        raise Problem(KEY_REUSED, detail, [FieldError(field="Idempotency-Key", detail=detail)])
    return Response(answer, 201, media_type="application/json")
