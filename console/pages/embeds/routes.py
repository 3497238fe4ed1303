"""What to paste into another site, as it would look there, and which sites may."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.languages import LANGUAGES
from console.frame.navigation import EMBEDS
from console.frame.refusals import Refusal
from console.frame.security import POLICY
from console.frame.visits import NotFoundError, Visit, page
from console.pages.embeds.kinds import BY_NAME, COUNT_DEFAULT, COUNT_MAX, KINDS, PERIODS, THEMES, Embed

COUNTS = ("5", str(COUNT_DEFAULT), str(COUNT_MAX))
#: The page alone has a frame in it, with a page of the console's own.
FRAMES_OWN = f"{POLICY}; frame-src 'self'"
MAY_CHANGE = "communities:write"


async def show(visit: Visit) -> Response:
    """Each kind of embed, with its text to paste and a preview of the one that is looked at."""
    return await _page(visit)


async def save(visit: Visit) -> Response:
    """Say whose pages may show the community in a frame."""
    if not visit.signed_in.may(MAY_CHANGE):
        raise NotFoundError
    sites = [line.strip() for line in visit.form.get("sites", "").splitlines() if line.strip()]
    try:
        revision = int(visit.form.get("revision", ""))
    except ValueError:
        raise NotFoundError from None
    changed = await visit.ask.command(
        "PATCH", "ingest", _path(visit), {"revision": revision, "embed_sites": sites}
    )
    if changed.ok:
        return visit.see_other(EMBEDS.path, toast="saved")
    wrong = next((str(one["detail"]) for one in changed.problem.get("errors") or ()), None)
    errors = {} if wrong is None else {"sites": visit.service_words(wrong)}
    return await _page(visit, errors=errors, refused=None if errors else Refusal.of(changed))


async def _page(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    said = visit.request.query_params
    kind = BY_NAME.get(said.get("kind", ""), KINDS[0])
    answers: dict[str, Answer] = await visit.ask.all(
        community=visit.ask.get("ingest", _path(visit)),
        boards=visit.ask.get("recognition", "/v1/boards"),
    )
    boards = [one for one in answers["boards"].items if one["public"]]
    named = _named(kind, said, boards)
    chosen = _chosen(kind, said)
    path = None
    if kind.takes(named):
        base = f"/c/{visit.signed_in.community}/embeds/{kind.path.format(named=named)}"
        path = f"{base}?{urlencode(chosen)}" if chosen else base
        chosen |= {"json": f"{base}.json"}
    response = visit.page(
        "pages/embeds/page.html",
        status=422 if errors else 200 if refused is None else refused.status,
        answer=answers["community"],
        kinds=KINDS,
        kind=kind,
        boards=boards,
        named=named or "",
        chosen=chosen,
        embed_path=path,
        address=visit.console.settings.console_url.rstrip("/"),
        counts=COUNTS,
        sites=visit.form.get("sites"),
        errors=errors or {},
        refused=refused,
        may_change=visit.signed_in.may(MAY_CHANGE),
    )
    response.headers["content-security-policy"] = FRAMES_OWN
    return response


def _named(kind: Embed, said: Mapping[str, str], boards: list[Any]) -> str | None:
    """What the embed is of: the board that was chosen, else the first; the member who was typed."""
    if kind.is_named_by is None:
        return None
    if kind.shows == "boards":
        ids = [one["id"] for one in boards]
        return said.get("board") if said.get("board") in ids else next(iter(ids), None)
    return said.get("member", "").strip().lower() or None


def _chosen(kind: Embed, said: Mapping[str, str]) -> dict[str, str]:
    """The options that were chosen and that the kind takes; what is so by itself is left out."""
    choices = {"language": LANGUAGES, "theme": THEMES, "count": COUNTS, "period": PERIODS}
    by_itself = {"count": str(COUNT_DEFAULT), "period": PERIODS[1]}
    return {
        name: said[name]
        for name in kind.options
        if name in said and said[name] in choices[name] and said[name] != by_itself.get(name)
    }


def _path(visit: Visit) -> str:
    return f"/v1/communities/{visit.signed_in.community}"


ROUTES = [
    Route(EMBEDS.path, page(show, scope=EMBEDS.scope), methods=["GET"]),
    Route(EMBEDS.path, page(save, scope=EMBEDS.scope), methods=["POST"]),
]
