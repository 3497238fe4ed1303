"""Quests for whoever runs a community, and for members: how far they are, joining, and their team."""

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.frame.navigation import MY_QUESTS, QUESTS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.badges.routes import titles_of

UNPROCESSABLE = 422
TEAM_MAX_CHARS = 60


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """All quests of the programme in force, and what came in points with badges, levels and quests."""
    answers = await visit.ask.all(
        quests=visit.ask.get("recognition", "/v1/quests"),
        prizes=visit.ask.get("scoring", "/v1/prize-points"),
        rules=visit.ask.get("scoring", "/v1/rules"),
        catalogue=visit.ask.get("rewards", "/v1/catalogue"),
        draws=visit.ask.get("rewards", "/v1/draws"),
    )
    return visit.page(
        "pages/quests/page.html",
        quests=answers["quests"],
        prizes=answers["prizes"],
        titles=titles_of(answers["rules"]),
        rewards={one["id"]: one["title"] for one in answers["catalogue"].items},
        draws={one["draw_id"]: one["title"] for one in answers["draws"].items},
    )


async def mine(visit: Visit) -> Response:
    """How far the member is with each, and forms to join one and to leave a team."""
    return await _mine(visit)


async def join(visit: Visit) -> Response:
    """Join one: alone, in a team by its name, or in a new team."""
    quest_id, team = visit.request.path_params["quest_id"], visit.form.get("team")
    body: dict[str, object] = {}
    if team is not None:
        name = team.strip()
        if not name or len(name) > TEAM_MAX_CHARS:
            return await _mine(visit, errors={f"team-{quest_id}": visit.say(_("Say what the team is called"))})
        body = {"team": name, "is_new": visit.form.get("is_new") == "yes"}
    answer = await visit.ask.command("POST", "recognition", f"{_own(visit)}/quests/{quest_id}/join", body)
    return await _done(visit, answer)


async def leave(visit: Visit) -> Response:
    """Leave the team of one."""
    quest_id = visit.request.path_params["quest_id"]
    answer = await visit.ask.command("POST", "recognition", f"{_own(visit)}/quests/{quest_id}/leave")
    return await _done(visit, answer)


async def _done(visit: Visit, answer: Answer) -> Response:
    if answer.ok:
        return visit.see_other(f"{MY_QUESTS.path}#{visit.request.path_params['quest_id']}", toast="done")
    if answer.problem_slug == "unknown-quest":
        raise NotFoundError
    return await _mine(visit, refused=Refusal.of(answer))


def _own(visit: Visit) -> str:
    return f"/v1/members/{visit.signed_in.member_id}"


async def _mine(visit: Visit, *, errors: dict[str, str] | None = None, refused: Refusal | None = None) -> Response:
    answers = await visit.ask.all(
        quests=visit.ask.get("recognition", f"{_own(visit)}/quests"),
        catalogue=visit.ask.get("rewards", "/v1/catalogue"),
        draws=visit.ask.get("rewards", "/v1/draws"),
    )
    items = answers["quests"].items
    return visit.page(
        "pages/quests/mine.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        quests=answers["quests"],
        running=[one for one in items if one["state"] in ("running", "to_join")],
        others=[one for one in items if one["state"] not in ("running", "to_join")],
        rewards={one["id"]: one["title"] for one in answers["catalogue"].items},
        draws={one["draw_id"]: one["title"] for one in answers["draws"].items},
        errors=errors or {},
        refused=refused,
    )


ROUTES = [
    Route(QUESTS.path, page(show, scope=QUESTS.scope)),
    Route(MY_QUESTS.path, page(mine, for_members=True), methods=["GET"]),
    Route(f"{MY_QUESTS.path}/{{quest_id}}/join", page(join, for_members=True), methods=["POST"]),
    Route(f"{MY_QUESTS.path}/{{quest_id}}/leave", page(leave, for_members=True), methods=["POST"]),
]
