"""Errors as RFC 9457 problem+json: what is wrong, where, and what to do about it."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from shared.postgres import TRANSIENT

PROBLEM_MEDIA_TYPE = "application/problem+json"
ERRORS_MAX_COUNT = 100
RETRY_AFTER_SECONDS = "1"


class FieldError(BaseModel):
    """One thing wrong with a request. `field` is a JSON Pointer (RFC 6901) or a parameter's name."""

    field: str = Field(examples=["/data/actor/id"])
    detail: str = Field(examples=["Field required"])
    index: int | None = Field(None, description="Place in a batch, from 0")
    line: int | None = Field(None, description="Line of a text document, from 1")
    column: int | None = Field(None, description="Column of a text document, from 1")


class ProblemDetails(BaseModel):
    """The body of every error answer."""

    type: str = Field("about:blank", examples=["about:blank"])
    title: str = Field(examples=["The request is not valid"])
    status: int = Field(examples=[422])
    detail: str | None = Field(None, examples=["1 field is wrong; see errors"])
    instance: str | None = Field(None, examples=["/v1/events"])
    errors: list[FieldError] = []


class Problem(Exception):
    """Answer the request with a problem: HTTP `status`, a `title` for the kind, a `detail` for this case."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = list(errors)
        self.headers = headers or {}

    def response(self, instance: str | None) -> Response:
        """The answer, for the request path `instance` (None when the request did not come so far)."""
        body = ProblemDetails(
            title=self.title,
            status=self.status,
            detail=self.detail,
            instance=instance,
            errors=self.errors[:ERRORS_MAX_COUNT],
        )
        return Response(
            orjson.dumps(body.model_dump(exclude_none=True)),
            status_code=self.status,
            media_type=PROBLEM_MEDIA_TYPE,
            headers=self.headers,
        )


NOT_AVAILABLE = Problem(
    503,
    "Not available for the moment",
    "A part behind this service does not answer; nothing was changed. Try the same request again",
    headers={"Retry-After": RETRY_AFTER_SECONDS},
)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses` for those statuses, each a problem."""
    titles = {
        400: "The request is malformed",
        401: "No valid access key",
        403: "The access key lacks the scope",
        404: "Not found",
        405: "The path does not take this method",
        409: "In conflict with what is there",
        413: "The request is too large",
        415: "The content type is not supported",
        422: "The request is not valid",
        503: "Not available for the moment",
    }
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {
        status: {"description": titles[status], "content": {PROBLEM_MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


PROBLEMS = problem_responses(400, 401, 403, 404, 409, 413, 422, 503)


def json_pointer(location: Sequence[str | int]) -> str:
    """A location as a JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)


def field_errors(error: ValidationError, *, index: int | None = None) -> list[FieldError]:
    """What pydantic found, as field errors; the tag of a discriminated union is not part of the place."""
    found = []
    for one in error.errors(include_url=False, include_input=False):
        place = [part for part in one["loc"] if not (isinstance(part, str) and part.endswith(".v1"))]
        found.append(FieldError(field=json_pointer(place), detail=one["msg"], index=index))
    return found


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error of the application, whoever raises it, a problem+json answer."""

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101 -- the registration below says so
        return error.response(request.url.path)

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        errors = []
        for one in error.errors():
            where, *rest = one["loc"]
            inside_body = where == "body" and rest
            field = json_pointer(rest) if inside_body else str((rest or [where])[0])
            detail = one["msg"]
            if one["type"] == "json_invalid":
                field, detail = "", f"{one['ctx']['error']} at character {rest[0]}"
            errors.append(FieldError(field=field, detail=detail))
        malformed = any(one["type"] == "json_invalid" for one in error.errors())
        title = "The request is not JSON" if malformed else "The request is not valid"
        return Problem(400 if malformed else 422, title, "See errors for what to change", errors).response(
            request.url.path
        )

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        if isinstance(error.__cause__, Problem):  # what reading the body raised, in FastAPI's wrapping
            return error.__cause__.response(request.url.path)
        headers = dict(error.headers or {})
        titles = {404: "No such path", 405: "The path does not take this method"}
        detail = {
            404: "See /docs for the paths there are",
            405: f"It takes {headers.get('Allow', 'another method')}",
        }
        return Problem(
            error.status_code,
            titles.get(error.status_code, str(error.detail)),
            detail.get(error.status_code),
            headers=headers,
        ).response(request.url.path)

    async def on_transient(request: Request, error: Exception) -> Response:
        return NOT_AVAILABLE.response(request.url.path)

    async def on_data(request: Request, error: Exception) -> Response:
        return Problem(422, "The request is not valid", f"A value cannot be stored: {error}").response(
            request.url.path
        )

    async def on_disconnect(request: Request, error: Exception) -> Response:
        return Problem(400, "The request is not complete", "The client went away").response(request.url.path)

    async def on_bug(request: Request, error: Exception) -> Response:
        detail = "An error of this service, which its log explains; nothing was changed"
        return Problem(500, "Internal error", detail).response(request.url.path)

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(ClientDisconnect, on_disconnect)
    app.add_exception_handler(Exception, on_bug)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(asyncpg.DataError, on_data)
    for kind in TRANSIENT:
        app.add_exception_handler(kind, on_transient)
