"""The HTTP application of a service: keys, problems, limits, health and metrics around its router."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder
from pydantic import BaseModel, Field
from starlette.responses import Response
from starlette.routing import Route

from shared import spans
from shared.access_keys import Principal, load_own
from shared.http import dead_letters, own_facts, pipeline, webhooks
from shared.http.auth import requires
from shared.http.connected import ConnectedService
from shared.http.declared import only_declared
from shared.http.direct import DirectRoute
from shared.http.limits import RequestLimits
from shared.http.members import FindOwner
from shared.http.personal_data import personal_data_router
from shared.http.problem_types import (
    BODY_NOT_COMPRESSED,
    DISABLED_PERSON,
    EXPIRED_ACCESS_KEY,
    EXPIRED_TOKEN,
    INVALID_REQUEST,
    INVALID_TOKEN,
    METHOD_NOT_ALLOWED,
    MISSING_ACCESS_KEY,
    NOT_AVAILABLE,
    REQUEST_TOO_LARGE,
    UNKNOWN_ACCESS_KEY,
    UNKNOWN_FIELD,
    UNSUPPORTED_CONTENT_ENCODING,
)
from shared.http.problems import ErrorTable, ProblemDetails, install_problem_handlers, problem_responses
from shared.settings import ServiceSettings

API_VERSION = "1"
#: The version of what is installed: of the package, not of the API.
RELEASE = metadata.version("plaudit")


class KeyHolder(BaseModel):
    """Whose a credential is, and what it lets them do."""

    community: str = Field(examples=["acme"])
    person_id: str = Field(
        description="Empty for the bootstrap key and for publishable ones",
        examples=["7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11"],
    )
    name: str = Field(description="The person's", examples=["Grace Hopper"])
    roles: list[str] = Field(examples=[["manager"]])
    credential: str = Field(description="The key's id, or `token:` and the token's", examples=["5f0c9a7b2d1e"])
    scopes: list[str] = Field(examples=[["events:write", "receipts:read"]])
    members: list[str] = Field(
        description="The members who they are, as far as anybody said: about these they decide nothing",
        examples=[["4c39c896-6567-5f3d-b613-7279cc0159c6"]],
    )


@dataclass(frozen=True, slots=True)
class Api:
    """A service's HTTP API: its routes, and what its own errors become.

    `operations` (by path and method) and `schemas` describe routes that are not FastAPI's own; the schemas are
    made when somebody asks for the documentation.
    """

    service: str
    description: str
    routers: Sequence[APIRouter]
    problems: ErrorTable
    find_owner: FindOwner
    operations: Mapping[str, Mapping[str, Any]]
    schemas: Callable[[], Mapping[str, Any]]


def create_app(api: Api, settings: ServiceSettings) -> FastAPI:
    """The application with the service's routes, its docs, health and metrics.

    What the routes work with is set as `app.state.connected` (a Connected) once there is a connection.
    """
    app: FastAPI = FastAPIOffline(
        title=f"Plaudit {api.service}",
        description=api.description,
        version=API_VERSION,
        responses=problem_responses(
            BODY_NOT_COMPRESSED,
            METHOD_NOT_ALLOWED,
            REQUEST_TOO_LARGE,
            UNSUPPORTED_CONTENT_ENCODING,
            INVALID_REQUEST,
            UNKNOWN_FIELD,
            common=(),
        ),
        # Here, so that no route can be without it.
        dependencies=[Depends(only_declared)],
        # The specification of an error is ours, not FastAPI's default one.
        openapi_url="/openapi.json",
        # A redirect from a path with a slash too many would lead to whatever host the client names.
        redirect_slashes=False,
        # Traces and metrics are our own (shared/telemetry.py); to ask for others' costs every request 6 µs.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    install_problem_handlers(app, {**dead_letters.ERRORS, **webhooks.ERRORS, **api.problems})
    app.state.find_owner = api.find_owner
    app.state.service = api.service
    for router in api.routers:
        app.include_router(router)
    app.include_router(personal_data_router(api.service))
    app.include_router(_operations(api.service))
    for shared in (own_facts, dead_letters, pipeline, webhooks):
        app.include_router(shared.router)
    app.add_middleware(RequestLimits, settings=settings, direct=_direct_routes(api.routers), service=api.service)
    _complete_openapi(app, api.operations, api.schemas)
    return app


def _direct_routes(routers: Sequence[APIRouter]) -> dict[tuple[str, str], DirectRoute]:
    """The routes that are called without the framework's routing, by method and path."""
    return {
        (method, route.path): route.endpoint
        for router in routers
        for route in router.routes
        if isinstance(route, Route) and isinstance(route.endpoint, DirectRoute)
        for method in route.methods or ()
    }


def _operations(title: str) -> APIRouter:
    router = APIRouter(tags=["operations"])
    started_at = datetime.now(UTC)

    @router.get("/livez", summary="Is the process alive?", response_class=Response)
    async def livez() -> Response:
        return Response(b"ok\n", media_type="text/plain")

    @router.get(
        "/readyz",
        summary="Can it do its work now?",
        response_class=Response,
        responses={503: {"description": "It cannot; the body says what is missing"}},
    )
    async def readyz(service: ConnectedService) -> Response:
        """Says too which service it is, its version, and since when its process runs."""
        missing = await service.not_ready()
        body = {
            "ready": not missing,
            "missing": missing,
            "service": title,
            "version": RELEASE,
            "started_at": started_at,
        }
        return Response(orjson.dumps(body), 503 if missing else 200, media_type="application/json")

    @router.get(
        "/v1/key",
        summary="Whose credential is this?",
        responses=problem_responses(
            MISSING_ACCESS_KEY,
            UNKNOWN_ACCESS_KEY,
            EXPIRED_ACCESS_KEY,
            DISABLED_PERSON,
            INVALID_TOKEN,
            EXPIRED_TOKEN,
            NOT_AVAILABLE,
            common=(),
        ),
    )
    async def whose_key(principal: Annotated[Principal, requires(None)], service: ConnectedService) -> KeyHolder:
        """Tells a client that this service knows its key, whose it is, and what it may do."""
        members: Collection[str] = [principal.member_id] if principal.member_id else []
        if not (principal.is_publishable or principal.member_id):
            async with service.pool.acquire() as conn:
                members = await load_own(conn, community=principal.community, person_id=principal.person_id)
        return KeyHolder(
            community=principal.community,
            # Anybody may have found a publishable key, who need not know whose it is.
            person_id="" if principal.is_publishable else principal.person_id,
            name="" if principal.is_publishable else principal.person_name,
            roles=[] if principal.is_publishable else sorted(principal.roles),
            credential=principal.credential,
            scopes=sorted(principal.scopes),
            members=sorted(members),
        )

    @router.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
    async def metrics(request: Request) -> Response:
        # Only OpenMetrics has exemplars; without any, what was scraped before stays as it was.
        encode, media_type = choose_encoder(request.headers.get("accept", "") if spans.are_told() else "")
        return Response(encode(REGISTRY), media_type=media_type)

    return router


def _complete_openapi(
    app: FastAPI, operations: Mapping[str, Mapping[str, Any]], schemas: Callable[[], Mapping[str, Any]]
) -> None:
    """Put the problem's schema and the given operations into OpenAPI, and take FastAPI's own error schema out."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(  # FastAPI's own routes; the others are added below
                title=app.title, version=app.version, description=app.description, routes=app.routes
            )
            components = schema.setdefault("components", {}).setdefault("schemas", {})
            components.update(schemas())
            for path, methods in operations.items():
                schema["paths"].setdefault(path, {}).update(methods)
            for default in ("HTTPValidationError", "ValidationError"):
                components.pop(default, None)
            problem = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
            components.update(problem.pop("$defs", {}))
            components["ProblemDetails"] = problem
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
