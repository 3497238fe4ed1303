"""The answers of the three pages of boards, whoever they are for."""

from typing import Any

from starlette.responses import Response

from console.asking import UNAUTHORIZED, Answer
from console.components.tables import Listing
from console.frame.visits import NotFoundError, Visit

PAGE_COUNT = 25
RESULTS_COUNT = 12
UNPROCESSABLE = 422
MANAGERS, VISITORS = "layout.html", "visitors.html"


async def show_list(visit: Visit, *, frame: str, base: str, **more: Any) -> Response:
    """All boards that somebody sees."""
    boards = await visit.ask.get("recognition", "/v1/boards")
    _check(boards)
    return visit.page("pages/boards/list.html", frame=frame, base=base, boards=boards, **more)


async def show_one(
    visit: Visit, *, frame: str, base: str, member_id: str | None = None, is_named: bool = True
) -> Response:
    """One board; of a member, where they are on it."""
    board_id = visit.request.path_params["board_id"]
    listing = Listing.of(f"{base}/{board_id}", visit.request.query_params)
    after = listing.said.get("after")
    path = f"/v1/boards/{board_id}"
    questions: dict[str, Any] = {
        "answer": visit.ask.get("recognition", path, limit=PAGE_COUNT, after=after),
        "results": visit.ask.get("recognition", f"{path}/results", limit=RESULTS_COUNT),
    }
    if member_id is not None:
        questions["place"] = visit.ask.get("recognition", f"/v1/members/{member_id}/boards/{board_id}")
    if frame == MANAGERS:
        # What prizes give is called by its title; everybody sees no catalogue.
        questions["catalogue"] = visit.ask.get("rewards", "/v1/catalogue")
        questions["draws"] = visit.ask.get("rewards", "/v1/draws")
    answers: dict[str, Answer] = await visit.ask.all(**questions)
    _check(answers["answer"])
    catalogue, draws = answers.get("catalogue"), answers.get("draws")
    return visit.page(
        "pages/boards/one.html",
        frame=frame,
        base=base,
        answer=answers["answer"],
        results=answers["results"],
        place=answers.get("place"),
        listing=listing,
        is_first=after is None,
        is_named=is_named,
        rewards={} if catalogue is None else {one["id"]: one["title"] for one in catalogue.items},
        draws={} if draws is None else {one["draw_id"]: one["title"] for one in draws.items},
    )


async def show_result(visit: Visit, *, frame: str, base: str, is_named: bool = True) -> Response:
    """The results of a period."""
    params = visit.request.path_params
    answer = await visit.ask.get(
        "recognition",
        f"/v1/boards/{params['board_id']}/results/{params['starts_on']}",
        period=visit.request.query_params.get("period") or None,
    )
    _check(answer)
    return visit.page("pages/boards/result.html", frame=frame, base=base, answer=answer, is_named=is_named)


def _check(answer: Answer) -> None:
    # A service that has not heard yet that boards are public, or heard that they are no more.
    if answer.is_missing or answer.status in (UNPROCESSABLE, UNAUTHORIZED):
        raise NotFoundError
