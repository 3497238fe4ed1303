"""Boards for members, with their own place first."""

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import Listing
from console.frame.navigation import MY_BOARDS
from console.frame.visits import Visit, page
from console.pages.boards.showing import MANAGERS, PAGE_COUNT, show_one, show_result


async def show(visit: Visit) -> Response:
    """The member's place on each board, and what they won."""
    listing = Listing.of(MY_BOARDS.path, visit.request.query_params)
    places = await visit.ask.get(
        "recognition",
        f"/v1/members/{visit.signed_in.member_id}/boards",
        limit=PAGE_COUNT,
        after=listing.said.get("after"),
    )
    return visit.page(
        "pages/boards/list.html",
        frame=MANAGERS,
        base=MY_BOARDS.path,
        places=places,
        listing=listing,
        may_write=False,
    )


async def one(visit: Visit) -> Response:
    """One board: the member's place, who is beside them, who leads, and results."""
    return await show_one(visit, frame=MANAGERS, base=MY_BOARDS.path, member_id=visit.signed_in.member_id)


async def result(visit: Visit) -> Response:
    """The results of a period."""
    return await show_result(visit, frame=MANAGERS, base=MY_BOARDS.path)


ROUTES = [
    Route(MY_BOARDS.path, page(show, for_members=True)),
    Route(f"{MY_BOARDS.path}/{{board_id}}", page(one, for_members=True)),
    Route(f"{MY_BOARDS.path}/{{board_id}}/results/{{starts_on}}", page(result, for_members=True)),
]
