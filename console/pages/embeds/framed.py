"""Embeds for whoever asks: pages without script and cookie that allowed sites may frame, and their JSON."""

import hashlib
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from console.asking import NOT_FOUND, Answer, Asking
from console.components.languages import LANGUAGES, Writer, preferred, zone
from console.components.looks import stylesheet
from console.frame.communities import Community, is_community, shown_community
from console.frame.visits import Console
from console.pages.embeds.kinds import KINDS, Embed, Options, WrongOptionError
from console.pages.embeds.lately import Lately

#: What is shown no more is gone from whoever keeps a copy after this.
KEPT_SECONDS: Final = 60
LOOK_KEPT_SECONDS: Final = 300
TOO_MANY: Final = 429
#: Any page may show a picture of it, and read its JSON: it is what everybody sees, and no cookie is asked.
ANYWHERE: Final = {"cross-origin-resource-policy": "cross-origin", "access-control-allow-origin": "*"}
POLICY: Final = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'"
#: Every site, as a community says it.
ANY_SITE: Final = "*"
BASE: Final = "/c/{community}/embeds"
TEMPLATES: Final = "pages/embeds"


def ancestors(sites: tuple[str, ...]) -> str:
    """Who may frame an embed, as a policy says it: the console, for its preview, and the community's sites."""
    return ANY_SITE if ANY_SITE in sites else " ".join(("'self'", *sites))


def _page_of(kind: Embed) -> Any:
    async def framed(request: Request) -> Response:
        """The embed as a page."""
        asked = await _asked(request, kind)
        if isinstance(asked, Response):
            return asked
        options, community, said, look = asked
        console: Console = request.app.state.console
        language = options.language or preferred(request.headers.get("accept-language", ""))
        text = console.templates.render(
            language,
            f"{TEMPLATES}/{kind.template}",
            {
                "said": said,
                "kind": kind,
                "community": community,
                "look": look,
                "language": language,
                "theme": options.theme,
                "is_named": "names" in community.public,
                "write": Writer(language, zone(community.time_zone)),
            },
        )
        policy = {"content-security-policy": f"{POLICY}; frame-ancestors {ancestors(community.embed_sites)}"}
        by_browser = {} if options.language else {"vary": "Accept-Language"}
        return _kept(request, HTMLResponse(text), {**ANYWHERE, **policy, **by_browser})

    return framed


def _json_of(kind: Embed) -> Any:
    async def data(request: Request) -> Response:
        """The embed as JSON."""
        asked = await _asked(request, kind)
        if isinstance(asked, Response):
            return asked
        _, community, said, _ = asked
        body = orjson.dumps({"community": community.title, "time_zone": community.time_zone, **said})
        return _kept(request, Response(body, media_type="application/json"), ANYWHERE)

    return data


async def look(request: Request) -> Response:
    """The community's colours."""
    answer = await _look(request)
    if not answer.ok:
        return _none(answer)
    css = Response(stylesheet(answer.body["colours"]), media_type="text/css")
    return _kept(request, css, ANYWHERE, seconds=LOOK_KEPT_SECONDS)


async def logo(request: Request) -> Response:
    """The community's logo, a PNG that ingest has written anew from its pixels."""
    answer = await _look(request)
    if not answer.ok or answer.body["logo_png"] is None:
        return _none(answer)
    png = Response(b64decode(answer.body["logo_png"]), media_type="image/png")
    return _kept(request, png, ANYWHERE, seconds=LOOK_KEPT_SECONDS)


async def _asked(
    request: Request, kind: Embed
) -> tuple[Options, Community, dict[str, Any], Mapping[str, Any]] | Response:
    """What was asked for and what is shown of it; the refusal instead."""
    try:
        options = Options.of(request.query_params, taken=kind.options, languages=LANGUAGES)
    except WrongOptionError as error:
        return Response(f"{error}.\n", 422, media_type="text/plain")
    named = request.path_params.get("named")
    ask = _visiting(request)
    if ask is None or not kind.takes(named):
        return _none(None)
    lately: Lately = request.app.state.lately
    name = request.path_params["community"]
    path = kind.asked.format(named=named)
    answers = await ask.all(
        community=lately.get(ask, "ingest", f"/v1/communities/{name}/public"),
        look=lately.get(ask, "ingest", f"/v1/communities/{name}/public/look"),
        shown=lately.get(ask, kind.service, path, **kind.params(options)),
    )
    if not answers["community"].ok:
        return _none(answers["community"])
    community, shown = shown_community(answers["community"]), answers["shown"]
    if kind.shows not in community.public:
        return _none(None)
    if not shown.ok:
        return _none(shown)
    # Without its look it is as good: in Plaudit's own.
    look_of_it = answers["look"].body if answers["look"].ok else {"colours": None, "logo_png": None}
    return options, community, kind.said(shown.body), look_of_it


async def _look(request: Request) -> Answer:
    ask = _visiting(request)
    name = request.path_params["community"]
    lately: Lately = request.app.state.lately
    if ask is None:
        return Answer("ingest", NOT_FOUND)
    return await lately.get(ask, "ingest", f"/v1/communities/{name}/public/look")


def _visiting(request: Request) -> Asking | None:
    """Questions as whoever shows no credential, whoever is signed in; None for what is no community."""
    console: Console = request.app.state.console
    name, client = request.path_params["community"], request.client
    if not is_community(name):
        return None
    return Asking(console.services, visits=name, address=client.host if client else None)


def _none(answer: Answer | None) -> Response:
    """Nothing to be told apart: no such community, member or board, or one that is not shown."""
    if answer is not None and answer.status == TOO_MANY:
        again = {"retry-after": str(max(1, int(answer.again_seconds)))}
        return Response("Ask again later.\n", TOO_MANY, again, media_type="text/plain")
    if answer is not None and (answer.status is None or answer.status >= 500):
        return Response("Ask again later.\n", 503, {"retry-after": "60"}, media_type="text/plain")
    return Response("There is no such embed.\n", 404, media_type="text/plain")


def _kept(
    request: Request, response: Response, more: Mapping[str, str], *, seconds: int = KEPT_SECONDS
) -> Response:
    """The answer with how long it may be kept; without a body for whoever has it already."""
    tag = f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
    kept = {"cache-control": f"public, max-age={seconds}", "etag": tag, **more}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=kept)
    response.headers.update(kept)
    return response


ROUTES = [
    Route(f"{BASE}/look.css", look, methods=["GET"]),
    Route(f"{BASE}/logo.png", logo, methods=["GET"]),
    # The longer first: what is named may have no dot in it.
    *(Route(f"{BASE}/{kind.path}.json", _json_of(kind), methods=["GET"]) for kind in KINDS),
    *(Route(f"{BASE}/{kind.path}", _page_of(kind), methods=["GET"]) for kind in KINDS),
]
