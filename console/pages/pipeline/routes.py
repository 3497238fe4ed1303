"""The pipeline: rates, ages, what waits and what lies dead, at every service, as it is now and live."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from console.asking import SessionOverError
from console.components.tables import Listing
from console.frame.navigation import PIPELINE
from console.frame.visits import NotFoundError, Visit, page
from console.pages.pipeline.flow import LATE_SECONDS, OBJECTIVE_SECONDS, WAY, Pipeline, part_of, pipeline_of

EVERY_SECONDS = 2.0
#: A stream ends after this and the browser asks for another, with its session of then.
STREAM_SECONDS = 100.0
STREAMS_MAX_COUNT = 100
#: Of one person: nobody takes all of them.
STREAMS_EACH_MAX_COUNT = 8
#: When a browser asks again once a stream has ended.
RETRY_MS = 2_000


async def show(visit: Visit) -> Response:
    """The pipeline as it is now; a page that is left open is kept up by a stream, where there is script."""
    return visit.page("pages/pipeline/page.html", **_shown(await _asked(visit)))


async def service(visit: Visit) -> Response:
    """One service: topic by topic."""
    name = visit.request.path_params["service"]
    if name not in WAY:
        raise NotFoundError
    part = part_of(name, await visit.ask.get(name, "/v1/pipeline"))
    listing = Listing.of(
        visit.request.url.path,
        visit.request.query_params,
        sorts=("topic", "per_second", "lag", "oldest_seconds"),
        usual_sort="topic",
    )
    shown = listing.arranged(part.topics)
    return visit.page("pages/pipeline/service.html", part=part, listing=listing, shown=shown)


async def live(visit: Visit) -> Response:
    """The page's numbers again and again, as server-sent events."""
    streams: Counter[str] = visit.request.app.state.streams
    if _is_full(streams, visit):
        return PlainTextResponse("There are as many live pages as there may be.\n", 503)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_stream(visit, streams), media_type="text/event-stream", headers=headers)


async def _stream(visit: Visit, streams: Counter[str]) -> AsyncIterator[str]:
    stopping: asyncio.Event = visit.request.app.state.stopping
    until = time.monotonic() + STREAM_SECONDS
    # Others may have begun since this one was let in; the browser asks again.
    if _is_full(streams, visit):
        return
    person_id = visit.signed_in.person_id
    streams[person_id] += 1
    try:
        yield f"retry: {RETRY_MS}\n\n"
        while not stopping.is_set() and time.monotonic() < until:
            try:
                shown = _shown(await _asked(visit))
            except SessionOverError:
                return
            text = visit.text("pages/pipeline/now.html", **shown)
            yield "".join(f"data: {line}\n" for line in text.splitlines() if line.strip()) + "\n"
            try:
                await asyncio.wait_for(stopping.wait(), EVERY_SECONDS)
            except TimeoutError:
                continue
    finally:
        streams[person_id] -= 1
        streams += Counter()  # forgets whom it counts none of


def _is_full(streams: Counter[str], visit: Visit) -> bool:
    return streams.total() >= STREAMS_MAX_COUNT or streams[visit.signed_in.person_id] >= STREAMS_EACH_MAX_COUNT


async def _asked(visit: Visit) -> Pipeline:
    answers = await visit.ask.all(**{service: visit.ask.get(service, "/v1/pipeline") for service in WAY})
    return pipeline_of(answers)


def _shown(pipeline: Pipeline) -> dict[str, Any]:
    return {"pipeline": pipeline, "objective": OBJECTIVE_SECONDS, "late": LATE_SECONDS}


ROUTES = [
    Route(PIPELINE.path, page(show, scope=PIPELINE.scope)),
    Route(f"{PIPELINE.path}/live", page(live, scope=PIPELINE.scope)),
    Route(f"{PIPELINE.path}/{{service}}", page(service, scope=PIPELINE.scope)),
]
