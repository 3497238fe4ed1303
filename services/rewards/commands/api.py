"""Commands that may be sent again: the header Idempotency-Key names the request, its answer is kept."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Header, Request
from pydantic import BaseModel
from starlette.responses import Response

from services.rewards.commands.handlers import OtherRequestError, answered_before, store_answer
from shared.http import FieldError, Principal, Problem
from shared.transaction import Transaction

KEY_MAX_CHARS = 200

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


async def run_once(
    request: Request,
    principal: Principal,
    command: str,
    key: str,
    body: dict[str, Any],
    work: Callable[[Transaction], Awaitable[BaseModel]],
) -> Response:
    """Do `work` in a transaction and answer 201 with what it returns; give a stored answer where there is one.

    Raises Problem 409 when the key was used for another request. What fails is not stored: it can be retried.
    """
    async with request.app.state.begin() as tx:
        try:
            answer = await answered_before(tx, principal.community, command, key, body)
        except OtherRequestError as error:
            detail = "Use a new key for a new request, or send the former request unchanged"
            raise Problem(
                409,
                "The idempotency key was used for another request",
                detail,
                [FieldError(field="Idempotency-Key", detail=detail)],
            ) from error
        if answer is None:
            answer = (await work(tx)).model_dump_json().encode()
            await store_answer(tx.conn, principal.community, command, key, answer)
    return Response(answer, 201, media_type="application/json")
