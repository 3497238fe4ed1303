"""Goals of the programme: all of them, those off pace first, and one with its past."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from console.frame.navigation import GOALS
from console.frame.visits import NotFoundError, Visit, page
from console.pages.deciding import beside
from console.pages.goals.words import EVENTS, EVERY, LACKS, MADE_OF, METRICS, STATES

#: In which order they are looked at.
ORDER: Final = ("off_pace", "missed", "behind", "unmeasured", "not_yet", "on_pace", "met")
WORDS: Final[dict[str, Any]] = {
    "metrics": METRICS,
    "every": EVERY,
    "states": STATES,
    "lacks": LACKS,
    "made_of": MADE_OF,
    "events": EVENTS,
}


async def show_goals(visit: Visit) -> Response:
    """How far each goal is."""
    answer = await visit.ask.get("analytics", "/v1/goals")
    goals = sorted(answer.items, key=lambda one: (ORDER.index(one["stands"]["state"]), one["goal_id"]))
    return visit.page(
        "pages/goals/page.html",
        answer=answer,
        goals=goals,
        off=[one for one in goals if one["stands"]["state"] in ("off_pace", "missed")],
        lacking=[one for one in goals if one["declared"]["lacks"]],
        decided=await beside(visit, "goals_on_pace", "goals_complete", "goal"),
        **WORDS,
    )


async def show_goal(visit: Visit) -> Response:
    """A goal: this window, what serves it, what it was, and when it turned."""
    goal_id = visit.request.path_params["goal_id"]
    answer = await visit.ask.get("analytics", f"/v1/goals/{quote(goal_id, safe='')}")
    if answer.is_missing:
        raise NotFoundError
    story: dict[str, Any] | None = answer.body if answer.ok else None
    latest = None
    if story is not None:
        latest = story["current"] or next(
            ({"declared": one["declared"], "stands": None} for one in story["definitions"] if one["declared"]),
            None,
        )
    return visit.page(
        "pages/goals/goal.html",
        answer=answer,
        story=story,
        latest=latest,
        goal_id=goal_id,
        decided=await beside(visit, "goal", about=goal_id),
        **WORDS,
    )


ROUTES: Sequence[Route] = [
    Route(GOALS.path, page(show_goals, scope=GOALS.scope)),
    Route("/goals/{goal_id}", page(show_goal, scope=GOALS.scope)),
]
