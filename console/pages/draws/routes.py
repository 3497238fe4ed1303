"""Draws for whoever runs a community, and for members: tickets, what is committed to, and who won."""

from starlette.responses import Response
from starlette.routing import Route

from console.frame.navigation import DRAWS, MY_DRAWS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page

WRITE = "rewards:write"
UNPROCESSABLE = 422


async def show(visit: Visit) -> Response:
    """All draws, those that close last first."""
    return visit.page("pages/draws/page.html", draws=await visit.ask.get("rewards", "/v1/draws"))


async def one(visit: Visit) -> Response:
    """One draw: what it is committed to, who won, and a form that draws."""
    return await _one(visit)


async def draw(visit: Visit) -> Response:
    """Draw the winners."""
    answer = await visit.ask.command("POST", "rewards", f"/v1/draws/{_draw_id(visit)}/draw")
    if answer.ok:
        return visit.see_other(f"{DRAWS.path}/{_draw_id(visit)}", toast="done")
    if answer.is_missing:
        raise NotFoundError
    return await _one(visit, refused=Refusal.of(answer))


async def mine(visit: Visit) -> Response:
    """The member's tickets, and which draws they won."""
    answers = await visit.ask.all(
        draws=visit.ask.get("rewards", f"/v1/members/{visit.signed_in.member_id}/draws"),
        catalogue=visit.ask.get("rewards", "/v1/catalogue"),
    )
    return visit.page(
        "pages/draws/mine.html",
        draws=answers["draws"],
        items=answers["draws"].items,
        rewards={one["id"]: one["title"] for one in answers["catalogue"].items},
    )


def _draw_id(visit: Visit) -> str:
    return str(visit.request.path_params["draw_id"])


async def _one(visit: Visit, refused: Refusal | None = None) -> Response:
    answers = await visit.ask.all(
        draw=visit.ask.get("rewards", f"/v1/draws/{_draw_id(visit)}"),
        catalogue=visit.ask.get("rewards", "/v1/catalogue"),
    )
    if answers["draw"].is_missing or answers["draw"].status == UNPROCESSABLE:
        raise NotFoundError
    return visit.page(
        "pages/draws/one.html",
        status=200 if refused is None else refused.status,
        draw=answers["draw"],
        rewards={one["id"]: one["title"] for one in answers["catalogue"].items},
        may_draw=visit.signed_in.may(WRITE),
        refused=refused,
    )


ONE = f"{DRAWS.path}/{{draw_id}}"
ROUTES = [
    Route(DRAWS.path, page(show, scope=DRAWS.scope)),
    Route(ONE, page(one, scope=DRAWS.scope), methods=["GET"]),
    Route(ONE, page(draw, scope=WRITE), methods=["POST"]),
    Route(MY_DRAWS.path, page(mine, for_members=True)),
]
