"""Reading what the sandbox provider is asked, and answering where it does nothing."""

import asyncio
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from plaudit.sandbox_provider.orders import Behaviour, Shop

BODY_MAX_BYTES: Final = 64 * 1024
#: What sends a webhook first is answered after so long at the latest.
FIRST_SECONDS: Final = 2.0
KEY_MAX_CHARS: Final = 100
#: What is answered where nothing is ordered.
_UNDONE: Final[dict[Behaviour, tuple[int, str, dict[str, str]]]] = {
    Behaviour.TIME_OUT_BEFORE: (503, "the sandbox was told to time out", {}),
    Behaviour.ERROR_BEFORE: (500, "the sandbox was told to fail before", {}),
    Behaviour.RATE_LIMIT: (429, "the sandbox was told to be asked too often", {"Retry-After": "1"}),
    Behaviour.REFUSE: (422, "the sandbox was told to refuse", {}),
}


class BadRequestError(Exception):
    """A request that cannot be read; the message says why."""


def refused(status: int, reason: str, **headers: str) -> Response:
    """A refusal, with why."""
    return JSONResponse({"reason": reason}, status, headers)


def key_of(body: dict[str, Any]) -> str:
    """By what whoever asks knows it. Raises BadRequestError."""
    key = body["key"]
    if not isinstance(key, str) or not 0 < len(key) <= KEY_MAX_CHARS:
        raise BadRequestError(f"key is a text of 1 to {KEY_MAX_CHARS} characters")
    return key


async def undone(shop: Shop, behaviour: Behaviour) -> Response | None:
    """What is answered where it was told to do nothing; None where it does something."""
    if behaviour not in _UNDONE:
        return None
    if behaviour is Behaviour.TIME_OUT_BEFORE:
        await asyncio.sleep(shop.told.hang_seconds)
    status, reason, headers = _UNDONE[behaviour]
    return refused(status, reason, **headers)


async def read_body(request: Request, *names: str, needed: tuple[str, ...] | None = None) -> dict[str, Any]:
    """The object that a request's body is, with these names alone. Raises BadRequestError."""
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > BODY_MAX_BYTES:
            raise BadRequestError(f"a body has {BODY_MAX_BYTES} bytes at most")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequestError("the body is no JSON") from error
    if not isinstance(body, dict):
        raise BadRequestError("the body is no object")
    unknown, lacking = set(body) - set(names), set(names if needed is None else needed) - set(body)
    if unknown or lacking:
        said = [f"unknown: {', '.join(sorted(unknown))}"] if unknown else []
        said += [f"missing: {', '.join(sorted(lacking))}"] if lacking else []
        raise BadRequestError("; ".join(said))
    return body
