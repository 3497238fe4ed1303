"""A member's place on the boards, with their neighbours."""

from starlette.responses import Response
from starlette.routing import Route

from console.frame.navigation import MY_PLACE
from console.frame.visits import Visit, page

PERIODS = ("week", "month", "all")


async def show(visit: Visit) -> Response:
    """The place on the board of a period, and of the others in short."""
    wanted = visit.request.query_params.get("period")
    period = wanted if wanted in PERIODS else PERIODS[1]
    path = f"/v1/members/{visit.signed_in.member_id}/place"
    answers = await visit.ask.all(**{one: visit.ask.get("recognition", path, period=one) for one in PERIODS})
    return visit.page("pages/my_place/page.html", places=answers, period=period, answer=answers[period])


ROUTES = [Route(MY_PLACE.path, page(show, for_members=True))]
