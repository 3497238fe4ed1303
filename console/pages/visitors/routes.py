"""Pages for whoever is not signed in, of communities that show something; asked without a credential."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.asking import UNAUTHORIZED, Answer, Asking
from console.components.activities import DONE, RECIPIENTS
from console.components.tables import Listing
from console.frame.communities import Community, is_community, visited_community
from console.frame.visits import NotFoundError, Visit, page
from console.pages.badges.routes import titles_of
from console.pages.visitors.differences import differences, unrewarded

PERIODS = ("week", "month", "all")
BOARD_COUNT = 50
VERSIONS_COUNT = 10
#: What the first page is, by what a community shows.
FIRST = (
    ("programme", "rules"),
    ("boards", "leaderboard"),
    *((name, name) for name in ("badges", "celebrations", "kudos", "nominations")),
)


def visited(handler: Callable[[Visit], Awaitable[Response]], shows: str) -> Callable[[Visit], Awaitable[Response]]:
    """A page for visitors of a community that shows that: of all others there is no such page."""

    async def visit_it(visit: Visit) -> Response:
        community = await _community(visit)
        if isinstance(community, Answer):
            return visit.page("pages/visitors/down.html", status=503, answer=community)
        if shows not in community.public:
            raise NotFoundError
        return await handler(visit)

    return visit_it


async def home(visit: Visit) -> Response:
    """The first page that the community shows."""
    community = await _community(visit)
    if isinstance(community, Answer):
        return visit.page("pages/visitors/down.html", status=503, answer=community)
    for shows, place in FIRST:
        if shows in community.public:
            return RedirectResponse(f"/c/{community.id}/{place}", 303)
    raise NotFoundError


async def rules(visit: Visit) -> Response:
    """What gives points now, and gave until now; what is measured, and what gives nothing."""
    community, ask = visit.community, visit.ask
    listing = Listing.of(f"/c/{community.id}/rules", visit.request.query_params)
    questions: dict[str, Any] = {
        "now": ask.get("scoring", "/v1/rules"),
        "campaigns": ask.get("scoring", "/v1/running-campaigns"),
        "history": ask.get("scoring", "/v1/rules/history", limit=VERSIONS_COUNT, after=listing.said.get("after")),
    }
    if "badges" in community.public:
        questions["badges"] = ask.get("recognition", "/v1/badges")
    answers: dict[str, Answer] = await ask.all(**questions)
    check_shown(*answers.values())
    versions = answers["history"].items
    now = _giving(answers["now"].body, answers["campaigns"]) if answers["now"].ok else []
    return visit.page(
        "pages/visitors/rules.html",
        now=answers["now"],
        given=now,
        history=answers["history"],
        badges=answers.get("badges"),
        changes=[
            (one, differences(one["rules"], versions[place + 1]["rules"]) if place + 1 < len(versions) else None)
            for place, one in enumerate(versions)
        ],
        campaigns=answers["campaigns"],
        unrewarded=unrewarded(now),
        done=DONE,
        recipients=RECIPIENTS,
        listing=listing,
    )


def _giving(now: Mapping[str, Any], campaigns: Answer) -> list[Any]:
    """The rules that give points: of a campaign that is over, stopped or spent none does."""
    declared = {one["id"] for one in now["campaigns"]} if campaigns.ok else set()
    running = {one["campaign_id"] for one in campaigns.items}
    return [rule for rule in now["rules"] if rule["campaign"] not in declared - running]


async def board(visit: Visit) -> Response:
    """Who has most points, with names where they are public."""
    community, params = visit.community, visit.request.query_params
    period = params.get("period") if params.get("period") in PERIODS else PERIODS[1]
    path = f"/c/{community.id}/leaderboard"
    listing = Listing.of(path, params, kept=("period",))
    answer = await visit.ask.get(
        "recognition", "/v1/leaderboard", period=period, limit=BOARD_COUNT, after=listing.said.get("after")
    )
    check_shown(answer)
    return visit.page(
        "pages/visitors/board.html",
        answer=answer,
        period=period,
        listing=listing,
        is_named="names" in community.public,
    )


async def badges(visit: Visit) -> Response:
    """Which badges there are, what each asks for and how many hold it; of secret ones nothing."""
    answers = await visit.ask.all(
        badges=visit.ask.get("recognition", "/v1/badges"), rules=visit.ask.get("scoring", "/v1/rules")
    )
    check_shown(answers["badges"])
    return visit.page("pages/visitors/badges.html", badges=answers["badges"], titles=titles_of(answers["rules"]))


async def _community(visit: Visit) -> Community | Answer:
    """The community of the address, with the questions of a visitor from here on.

    Whoever is signed in sees no more here than everybody. Raises NotFoundError for one that shows nothing.
    """
    name, client = visit.request.path_params["community"], visit.request.client
    if not is_community(name):
        raise NotFoundError
    visit.ask = Asking(visit.console.services, visits=name, address=client.host if client else None)
    found = await visited_community(visit.ask, name)
    if isinstance(found, Community):
        visit.community = found
        return found
    if found.status is None or found.status >= 500 or found.status == 429:
        return found
    raise NotFoundError


def check_shown(*answers: Answer) -> None:
    """Raise NotFoundError where a service has not heard that it is public yet, or heard that it is so no more."""
    if any(answer.status == UNAUTHORIZED for answer in answers):
        raise NotFoundError


ROUTES = [
    Route("/c/{community}", page(home, is_open=True)),
    Route("/c/{community}/rules", page(visited(rules, "programme"), is_open=True)),
    Route("/c/{community}/badges", page(visited(badges, "badges"), is_open=True)),
    Route("/c/{community}/leaderboard", page(visited(board, "boards"), is_open=True)),
]
