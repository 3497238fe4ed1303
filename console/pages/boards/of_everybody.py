"""Public boards, for everybody where the community shows boards."""

from starlette.responses import Response
from starlette.routing import Route

from console.frame.visits import Visit, page
from console.pages.boards.showing import VISITORS, show_list, show_one, show_result
from console.pages.visitors.routes import visited

SHOWS = "boards"


def _base(visit: Visit) -> str:
    return f"/c/{visit.community.id}/boards"


async def show(visit: Visit) -> Response:
    """The boards that are public."""
    return await show_list(visit, frame=VISITORS, base=_base(visit), may_write=False)


async def one(visit: Visit) -> Response:
    """Who leads, with names where they are public."""
    return await show_one(visit, frame=VISITORS, base=_base(visit), is_named="names" in visit.community.public)


async def result(visit: Visit) -> Response:
    """The results of a period."""
    return await show_result(visit, frame=VISITORS, base=_base(visit), is_named="names" in visit.community.public)


BASE = "/c/{community}/boards"
ROUTES = [
    Route(BASE, page(visited(show, SHOWS), is_open=True)),
    Route(f"{BASE}/{{board_id}}", page(visited(one, SHOWS), is_open=True)),
    Route(f"{BASE}/{{board_id}}/results/{{starts_on}}", page(visited(result, SHOWS), is_open=True)),
]
