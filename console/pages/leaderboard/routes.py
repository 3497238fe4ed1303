"""Members by points of a week, a month or from the beginning."""

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import Listing
from console.frame.navigation import LEADERBOARD
from console.frame.visits import Visit, page

PERIODS = ("week", "month", "all")
PAGE_COUNT = 50


async def show(visit: Visit) -> Response:
    """A page of the board."""
    params = visit.request.query_params
    period = params.get("period") if params.get("period") in PERIODS else PERIODS[1]
    answer = await visit.ask.get(
        "recognition", "/v1/leaderboard", period=period, limit=PAGE_COUNT, after=params.get("after")
    )
    listing = Listing.of(LEADERBOARD.path, params, kept=("period",))
    return visit.page(
        "pages/leaderboard/page.html",
        answer=answer,
        period=period,
        listing=listing,
        is_first="after" not in params,
    )


ROUTES = [Route(LEADERBOARD.path, page(show, scope=LEADERBOARD.scope))]
