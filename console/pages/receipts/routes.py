"""Requests with events, newest first, what became of their events, by source, and every receipt of one event."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import RECEIPTS
from console.frame.visits import Visit, page

#: Counts of so many hours, sources and outcomes are added up; where there are more, the page says from when on.
COUNTS_MAX_COUNT = 500


async def show(visit: Visit) -> Response:
    """A page of receipts, and what became of the events of each source in the last 24 hours."""
    listing = Listing.of(RECEIPTS.path, visit.request.query_params)
    answers: dict[str, Any] = await visit.ask.all(
        answer=visit.ask.get("ingest", "/v1/receipts", limit=PAGE_COUNT, after=listing.said.get("after")),
        counts=visit.ask.get("ingest", "/v1/receipts/counts", limit=COUNTS_MAX_COUNT),
    )
    counts = answers["counts"]
    is_cut = counts.ok and counts.body["next"] is not None
    return visit.page(
        "pages/receipts/page.html",
        **answers,
        listing=listing,
        sources=by_source(counts.items),
        cut_at=counts.items[-1]["hour"] if is_cut else None,
    )


async def of_event(visit: Visit) -> Response:
    """Every receipt of one event, from the first time it came."""
    event_uid = str(visit.request.path_params["event_uid"])
    listing = Listing.of(f"{RECEIPTS.path}/events/{event_uid}", visit.request.query_params)
    answer = await visit.ask.get(
        "ingest",
        "/v1/receipts/of-event",
        event_uid=event_uid,
        limit=PAGE_COUNT,
        after=listing.said.get("after"),
    )
    return visit.page("pages/receipts/event.html", answer=answer, event_uid=event_uid, listing=listing)


def by_source(counts: Iterable[Mapping[str, Any]]) -> list[tuple[str, Counter[str]]]:
    """How many events of each source had each outcome: those first that most came from."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in counts:
        found[one["source"]][one["outcome"]] += one["events"]
    return sorted(found.items(), key=lambda item: (-item[1].total(), item[0]))


ROUTES = [
    Route(RECEIPTS.path, page(show, scope=RECEIPTS.scope)),
    Route(f"{RECEIPTS.path}/events/{{event_uid:uuid}}", page(of_event, scope=RECEIPTS.scope)),
]
