"""Requests with events, newest first, and what became of their events."""

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import RECEIPTS
from console.frame.visits import Visit, page


async def show(visit: Visit) -> Response:
    """A page of receipts."""
    listing = Listing.of(RECEIPTS.path, visit.request.query_params)
    answer = await visit.ask.get("ingest", "/v1/receipts", limit=PAGE_COUNT, after=listing.said.get("after"))
    return visit.page("pages/receipts/page.html", answer=answer, listing=listing)


ROUTES = [Route(RECEIPTS.path, page(show, scope=RECEIPTS.scope))]
