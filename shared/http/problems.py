"""Errors as RFC 9457 problem+json: what is wrong, where, and what to do about it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import asyncpg
import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from shared.access_keys import AboutYourselfError
from shared.http.bodies import known_fields
from shared.http.problem_types import (
    ABOUT_YOURSELF,
    COMMON,
    INCOMPLETE_REQUEST,
    INTERNAL_ERROR,
    INVALID_REQUEST,
    MALFORMED_JSON,
    METHOD_NOT_ALLOWED,
    NOT_AVAILABLE,
    UNKNOWN_FIELD,
    UNKNOWN_PATH,
    ProblemType,
)
from shared.near_names import suggestion
from shared.postgres import TRANSIENT

#: pydantic's name of a field that a body does not have.
_UNKNOWN = "extra_forbidden"

PROBLEM_MEDIA_TYPE = "application/problem+json"
ERRORS_MAX_COUNT = 100
NAME_SHOWN_MAX_CHARS = 100
RETRY_AFTER_SECONDS = "1"
#: Of every answer: it is what its type says, and no browser or proxy keeps it.
PRIVATE: Mapping[str, str] = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


class FieldError(BaseModel):
    """One thing wrong with a request. `field` is a JSON Pointer (RFC 6901) or a parameter's name."""

    field: str = Field(examples=["/data/actor/id"])
    detail: str = Field(examples=["Field required"])
    index: int | None = Field(None, description="Place in a batch, from 0")
    line: int | None = Field(None, description="Line of a text document, from 1")
    column: int | None = Field(None, description="Column of a text document, from 1")


class ProblemDetails(BaseModel):
    """The body of every error answer."""

    type: str = Field(
        "about:blank",
        description="The kind of problem, for programs: docs/problems.md lists every one",
        examples=[INVALID_REQUEST.uri],
    )
    title: str = Field(examples=["The request is not valid"])
    status: int = Field(examples=[422])
    detail: str | None = Field(None, examples=["1 field is wrong; see errors"])
    instance: str | None = Field(None, examples=["/v1/events"])
    errors: list[FieldError] = []


class Problem(Exception):  # noqa: N818 -- RFC 9457's word for the answer that it is
    """Answer the request with a problem: its type (which has status and title), and a `detail` for this case."""

    def __init__(
        self,
        problem_type: ProblemType,
        detail: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(problem_type.title)
        self.type = problem_type
        self.detail = detail
        self.errors = list(errors)
        self.headers = headers or {}

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return self.type.status

    def response(self, instance: str | None) -> Response:
        """The answer, for the request path `instance` (None when the request did not come so far)."""
        body = ProblemDetails(
            type=self.type.uri,
            title=self.type.title,
            status=self.type.status,
            detail=self.detail,
            instance=instance,
            errors=self.errors[:ERRORS_MAX_COUNT],
        )
        return _answer(body, self.headers)


def _answer(body: ProblemDetails, headers: Mapping[str, str]) -> Response:
    return Response(
        orjson.dumps(body.model_dump(exclude_none=True)),
        status_code=body.status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers={**PRIVATE, **headers},
    )


#: What a service's own errors become when they reach its API: one function for each class of error.
ErrorTable = Mapping[type[Exception], Callable[[Any], Problem]]

NOT_AVAILABLE_NOW = Problem(
    NOT_AVAILABLE,
    "A part behind this service does not answer; nothing was changed. Try the same request again",
    headers={"Retry-After": RETRY_AFTER_SECONDS},
)


def problem_responses(
    *own: ProblemType, common: Sequence[ProblemType] = COMMON
) -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses` of a route: the problems of its own beside those `common` to all, by status."""
    by_status: dict[int | str, list[ProblemType]] = {}
    for problem_type in (*common, *own):
        by_status.setdefault(problem_type.status, []).append(problem_type)
    return {status: _documented(types) for status, types in sorted(by_status.items(), key=lambda row: int(row[0]))}


def _documented(types: Sequence[ProblemType]) -> dict[str, Any]:
    examples = {
        kind.slug: {"value": {"type": kind.uri, "title": kind.title, "status": kind.status, "errors": []}}
        for kind in types
    }
    content = {"schema": {"$ref": "#/components/schemas/ProblemDetails"}, "examples": examples}
    return {"description": "; ".join(kind.title for kind in types), "content": {PROBLEM_MEDIA_TYPE: content}}


def json_pointer(location: Sequence[str | int]) -> str:
    """A location as a JSON Pointer (RFC 6901), of names as they are shown."""
    return "".join(f"/{shown(str(part)).replace('~', '~0').replace('/', '~1')}" for part in location)


def shown(name: str) -> str:
    """A name that somebody sent, as an answer says it back: bounded, and nothing in it steers a terminal."""
    kept = name[:NAME_SHOWN_MAX_CHARS] + ("…" if len(name) > NAME_SHOWN_MAX_CHARS else "")
    return kept if kept.isprintable() else "".join(char if char.isprintable() else "\ufffd" for char in kept)


def field_errors(error: ValidationError, *, index: int | None = None) -> list[FieldError]:
    """What pydantic found, as field errors; the tag of a discriminated union is not part of the place."""
    found = []
    for mistake in error.errors(include_url=False, include_input=False):
        place = [part for part in mistake["loc"] if not (isinstance(part, str) and part.endswith(".v1"))]
        found.append(FieldError(field=json_pointer(place), detail=mistake["msg"], index=index))
    return found


def install_problem_handlers(app: FastAPI, own: ErrorTable) -> None:
    """Make every error of the application, whoever raises it, a problem+json answer; `own` are the service's."""
    table: ErrorTable = {
        Problem: lambda problem: problem,
        ClientDisconnect: lambda _: Problem(INCOMPLETE_REQUEST, "The client went away"),
        asyncpg.DataError: lambda _: Problem(
            INVALID_REQUEST, "A value cannot be stored: a text with the character U+0000, or a number out of range"
        ),
        AboutYourselfError: lambda _: Problem(
            ABOUT_YOURSELF,
            "You are that member: another person must do that. GET /v1/key says who you are",
        ),
        **dict.fromkeys(TRANSIENT, lambda _: NOT_AVAILABLE_NOW),
        Exception: lambda _: Problem(
            INTERNAL_ERROR, "An error of this service, which its log explains; nothing was changed"
        ),
        **own,
    }
    for kind, problem_of in table.items():
        app.add_exception_handler(kind, _handler(problem_of))
    app.state.problem_of = lambda error: _foreseen(table, error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


def _foreseen(table: ErrorTable, error: Exception) -> Problem | None:
    """What the table says of an error, by the class that is nearest; None for a bug, that is for Exception."""
    kind = next(kind for kind in type(error).__mro__ if kind in table)
    return None if kind is Exception else table[kind](error)


def _handler(problem_of: Callable[[Any], Problem]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        return problem_of(error).response(request.url.path)

    return answer


async def _on_invalid(request: Request, error: Exception) -> Response:
    """What FastAPI found wrong with a request: not JSON at all, or not what the route takes."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- it is registered for no other
    found = error.errors()[:ERRORS_MAX_COUNT]
    kinds = {mistake["type"] for mistake in found}
    if "json_invalid" in kinds:
        problem_type = MALFORMED_JSON
    else:
        problem_type = UNKNOWN_FIELD if _UNKNOWN in kinds else INVALID_REQUEST
    errors = [_field_error(mistake, request.scope["route"]) for mistake in found]
    return Problem(problem_type, "See errors for what to change", errors).response(request.url.path)


def _field_error(found: Mapping[str, Any], route: APIRoute) -> FieldError:
    where, *rest = found["loc"]
    if found["type"] == "json_invalid":
        return FieldError(field="", detail=f"{found['ctx']['error']} at character {rest[0]}")
    if where != "body" or not rest:
        return FieldError(field=str((rest or [where])[0]), detail=found["msg"])
    detail = found["msg"]
    if found["type"] == _UNKNOWN and route.body_field is not None:
        known = known_fields(route.body_field.field_info.annotation, rest[:-1])
        detail = f"There is no field `{shown(rest[-1])}` here; {suggestion(rest[-1], known)}"
    return FieldError(field=json_pointer(rest), detail=detail)


async def _on_http(request: Request, error: Exception) -> Response:
    """What the framework itself refuses; anything that has no type of its own is RFC 9457's about:blank."""
    assert isinstance(error, HTTPException)  # noqa: S101 -- it is registered for no other
    if isinstance(error.__cause__, Exception):  # what reading the body raised, in FastAPI's wrapping
        problem: Problem | None = request.app.state.problem_of(error.__cause__)
        if problem is not None:
            return problem.response(request.url.path)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.NOT_FOUND:
        return Problem(UNKNOWN_PATH, "See /docs for the paths there are", headers=headers).response(
            request.url.path
        )
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"It takes {headers.get('Allow', 'another method')}"
        return Problem(METHOD_NOT_ALLOWED, detail, headers=headers).response(request.url.path)
    body = ProblemDetails(title=str(error.detail), status=error.status_code, instance=request.url.path)
    return _answer(body, headers)
