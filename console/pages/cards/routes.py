"""The card of a member who wants one, as a picture and as JSON, for whoever asks; a frame takes the embed."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.asking import NOT_FOUND, Answer, Asking
from console.components.languages import LANGUAGES, preferred
from console.frame.communities import Community, is_community, visited_community
from console.frame.visits import Console
from console.pages.cards.drawing import card_svg, tag_of

#: A card that was taken back is gone from whoever keeps a copy after this.
KEPT_SECONDS = 300
#: Anybody's page may show it.
ANYWHERE = {"cross-origin-resource-policy": "cross-origin", "access-control-allow-origin": "*"}
#: What of an answer is in the JSON: no id but that which the address has.
SHOWN = ("name", "points", "level", "next_level", "badges", "badges_count")


async def picture(request: Request) -> Response:
    """As SVG, for an `img` anywhere."""
    community, answer = await _asked(request)
    if community is None or not answer.ok:
        return _none(answer)
    console: Console = request.app.state.console
    drawn = card_svg(console.templates, answer.body, community=community, language=_language(request))
    return _kept(request, drawn, ANYWHERE)


async def data(request: Request) -> Response:
    """As JSON, for a program."""
    community, answer = await _asked(request)
    if community is None or not answer.ok:
        return _none(answer)
    said: dict[str, Any] = {"community": community.title, **{name: answer.body[name] for name in SHOWN}}
    return _kept(request, Response(orjson.dumps(said), media_type="application/json"), ANYWHERE)


async def _asked(request: Request) -> tuple[Community | None, Answer]:
    """Whose card it is, asked as whoever shows no credential."""
    console: Console = request.app.state.console
    name = request.path_params["community"]
    if not is_community(name):
        return None, Answer("ingest", NOT_FOUND)
    client = request.client
    ask = Asking(console.services, visits=name, address=client.host if client else None)
    member_id = request.path_params["member_id"]
    answers = await ask.all(
        community=visited_community(ask, name), card=ask.get("recognition", f"/v1/members/{member_id}/card")
    )
    community: Any = answers["community"]
    found = community if isinstance(community, Community) and "cards" in community.public else None
    return found, answers["card"]


def _none(answer: Answer) -> Response:
    """Nothing to be told apart: no such community, member or card, or one that is not shown."""
    if answer.status is None or answer.status >= 500 or answer.status == 429:
        return Response("Ask again later.\n", 503, {"retry-after": "60"}, media_type="text/plain")
    return Response("There is no such card.\n", 404, media_type="text/plain")


def _kept(request: Request, response: Response, more: dict[str, str]) -> Response:
    """The answer with how long it may be kept; without a body for whoever has it already."""
    tag = tag_of(bytes(response.body))
    kept = {"cache-control": f"public, max-age={KEPT_SECONDS}", "etag": tag, "vary": "Accept-Language"}
    response.headers.update({**kept, **more})
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={**kept, **more})
    return response


def _language(request: Request) -> str:
    wanted = request.query_params.get("language")
    return preferred(request.headers.get("accept-language", ""), wanted if wanted in LANGUAGES else None)


CARDS = "/c/{community}/cards/{member_id:uuid}"
ROUTES = [
    Route(f"{CARDS}.svg", picture),
    Route(f"{CARDS}.json", data),
]
