"""Boards for whoever runs a community."""

from starlette.responses import Response
from starlette.routing import Route

from console.frame.navigation import BOARDS
from console.frame.visits import Visit, page
from console.pages.boards.showing import MANAGERS, show_list, show_one, show_result

WRITE = "programmes:write"


async def show(visit: Visit) -> Response:
    """All boards of the programme in force."""
    return await show_list(visit, frame=MANAGERS, base=BOARDS.path, may_write=visit.signed_in.may(WRITE))


async def one(visit: Visit) -> Response:
    """Who is on one, who moved, and of which periods there are results."""
    return await show_one(visit, frame=MANAGERS, base=BOARDS.path)


async def result(visit: Visit) -> Response:
    """The results of a period, and who won what."""
    return await show_result(visit, frame=MANAGERS, base=BOARDS.path)


ROUTES = [
    Route(BOARDS.path, page(show, scope=BOARDS.scope)),
    Route(f"{BOARDS.path}/{{board_id}}", page(one, scope=BOARDS.scope)),
    Route(f"{BOARDS.path}/{{board_id}}/results/{{starts_on}}", page(result, scope=BOARDS.scope)),
]
