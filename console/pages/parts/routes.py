"""Parts and versions: which services run, since when, and what each says it waits for."""

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import Any, NamedTuple

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.frame.navigation import PARTS
from console.frame.visits import NotFoundError, Visit, page
from shared.services import CONSOLE, SERVICES

STARTED_AT = datetime.now(UTC).isoformat()


class Part(NamedTuple):
    """A process as a page shows it; what it does not say is None. One that `answers` and is not ready waits."""

    name: str
    answers: bool
    ready: bool
    missing: Sequence[str] = ()
    version: str | None = None
    started_at: str | None = None
    took_ms: float = 0.0

    @classmethod
    def of(cls, answer: Answer) -> "Part":
        """What a service said of itself, ready or not."""
        said: Any = answer.body
        if not isinstance(said, dict) or "ready" not in said:
            return cls(answer.service, answers=False, ready=False)
        return cls(
            answer.service,
            answers=True,
            ready=bool(said["ready"]),
            missing=said["missing"],
            version=said.get("version"),
            started_at=said.get("started_at"),
            took_ms=answer.took_ms,
        )


async def show(visit: Visit) -> Response:
    """All of them, asked side by side."""
    answers = await visit.ask.all(
        rebuild=visit.ask.get("analytics", "/v1/rebuild"),
        **{service: visit.ask.get(service, "/readyz") for service in SERVICES},
    )
    rebuild = answers.pop("rebuild")
    own = Part(CONSOLE, True, True, version=metadata.version("plaudit"), started_at=STARTED_AT)
    parts = [*(Part.of(answer) for answer in answers.values()), own]
    return visit.page(
        "pages/parts/page.html",
        parts=parts,
        waiting=[part for part in parts if not part.ready],
        rebuild=rebuild,
        versions=sorted({part.version for part in parts if part.version}),
    )


async def compare(visit: Visit) -> Response:
    """Whether a service's database knows what it told: it reads its topics for that."""
    service = visit.request.path_params["service"]
    if service not in SERVICES:
        raise NotFoundError
    answer = await visit.ask.get(service, "/v1/own-facts")
    return visit.page("pages/parts/own_facts.html", answer=answer, service=service)


ROUTES = [
    Route(PARTS.path, page(show, scope=PARTS.scope)),
    Route(f"{PARTS.path}/{{service}}", page(compare, scope=PARTS.scope)),
]
