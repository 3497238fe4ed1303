"""The HTTP application of a service: keys, problems, limits, health and metrics around its router."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from shared.http.keys import KeyRing
from shared.http.limits import RequestLimits
from shared.http.problems import ProblemDetails, install_problem_handlers, problem_responses
from shared.settings import ServiceSettings
from shared.transaction import Transaction

API_VERSION = "1"


@dataclass(frozen=True)
class Backend:
    """What the routes of a service work with."""

    pool: asyncpg.Pool
    begin: Callable[[], AbstractAsyncContextManager[Transaction]]
    not_ready: Callable[[], Awaitable[list[str]]]


def create_app(
    service: str,
    description: str,
    router: APIRouter | None,
    settings: ServiceSettings,
    backend: Backend | None = None,
) -> FastAPI:
    """The application with the service's routes, its docs, health and metrics.

    Without `backend` it only describes itself: that is what OpenAPI is generated from. In the worker role
    `router` is None and only health and metrics are served.
    """
    app = FastAPI(
        title=f"Plaudit {service}",
        description=description,
        version=API_VERSION,
        responses=problem_responses(405, 413, 415),
        # The specification of an error is ours, not FastAPI's default one.
        openapi_url="/openapi.json",
    )
    install_problem_handlers(app)
    if router is not None:
        app.include_router(router)
    app.include_router(_operations())
    app.add_middleware(RequestLimits, settings=settings)
    app.state.settings = settings
    if backend is not None:
        app.state.pool = backend.pool
        app.state.begin = backend.begin
        app.state.not_ready = backend.not_ready
        app.state.keys = KeyRing(backend.pool, settings)
    _describe_problems(app)
    return app


def _operations() -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/livez", summary="Is the process alive?", response_class=Response)
    async def livez() -> Response:
        return Response(b"ok\n", media_type="text/plain")

    @router.get(
        "/readyz",
        summary="Can it do its work now?",
        response_class=Response,
        responses={503: {"description": "It cannot; the body says what is missing"}},
    )
    async def readyz(request: Request) -> Response:
        missing = await request.app.state.not_ready()
        body = {"ready": not missing, "missing": missing}
        return Response(orjson.dumps(body), 503 if missing else 200, media_type="application/json")

    @router.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def _describe_problems(app: FastAPI) -> None:
    """Put the problem's schema into OpenAPI, and take FastAPI's own error schema out."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes
            )
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            for default in ("HTTPValidationError", "ValidationError"):
                schemas.pop(default, None)
            problem = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(problem.pop("$defs", {}))
            schemas["ProblemDetails"] = problem
            unprocessable = problem_responses(422)[422]
            for path in schema["paths"].values():
                for operation in path.values():
                    if "422" in operation["responses"]:
                        operation["responses"]["422"] = unprocessable
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
