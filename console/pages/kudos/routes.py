"""Kudos: members thank one another and see the wall; whoever runs it sees all of it, everybody what is public."""

import secrets
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Listing
from console.frame.navigation import KUDOS, MY_KUDOS
from console.frame.refusals import Refusal
from console.frame.visits import Visit, page
from console.pages.visitors.feeds import feed_of
from console.pages.visitors.routes import check_shown, visited
from shared.contracts.texts import READ_MAX_CHARS, label

WALL_COUNT = 20
LIST_COUNT = 50
NAME_MIN_CHARS = 2
NAME_MAX_CHARS = 100
MESSAGE_MAX_CHARS = 500


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def mine(visit: Visit) -> Response:
    """What one may give yet, the form that gives it, and the wall."""
    return await _mine(visit)


async def _mine(
    visit: Visit,
    *,
    errors: dict[str, str] | None = None,
    refused: Refusal | None = None,
    found: list[Any] | None = None,
    status: int = 200,
) -> Response:
    listing = Listing.of(MY_KUDOS.path, visit.request.query_params)
    answers: dict[str, Answer] = await visit.ask.all(
        allowance=visit.ask.get("ingest", "/v1/kudos/allowance"),
        wall=visit.ask.get("ingest", "/v1/kudos", limit=WALL_COUNT, after=listing.said.get("after")),
    )
    return visit.page(
        "pages/kudos/mine.html",
        status=422 if errors else status if refused is None else refused.status,
        **answers,
        listing=listing,
        typed=visit.form,
        errors=errors or {},
        refused=refused,
        found=found or [],
        key=visit.form_key or secrets.token_urlsafe(16),
        message_max_chars=MESSAGE_MAX_CHARS,
    )


async def give(visit: Visit) -> Response:
    """Thank somebody: whom, is chosen among those of the name first, unless one alone has it."""
    form = visit.form
    name, message = form.get("name", "").strip(), form.get("message", "").strip()
    receiver, errors, found = form.get("receiver", ""), dict[str, str](), list[Any]()
    if not receiver and len(name) < NAME_MIN_CHARS:
        errors["name"] = visit.say(_("Say whom you thank, in two letters or more"))
    if not label(message[:READ_MAX_CHARS]):
        errors["message"] = visit.say(_("Say what for"))
    elif len(message) > MESSAGE_MAX_CHARS:
        errors["message"] = visit.say(_("Say it in at most {count} characters"), count=MESSAGE_MAX_CHARS)
    if len(name) >= NAME_MIN_CHARS:
        answer = await visit.ask.post("ingest", "/v1/kudos/receivers", {"name": name[:NAME_MAX_CHARS]})
        if not answer.ok:
            return await _mine(visit, refused=Refusal.of(answer))
        found = answer.items
        if not found:
            errors["name"] = visit.say(_("Nobody whom you could thank is called so"))
        elif len(found) == 1 and not receiver:
            receiver = found[0]["member_id"]
    if errors or not receiver:
        return await _mine(visit, errors=errors, found=found)
    body = {"receiver": receiver, "message": message, "value": form.get("value") or None}
    given = await visit.ask.post("ingest", "/v1/kudos", body, key=visit.form_key or secrets.token_urlsafe(16))
    if not given.ok:
        return await _mine(visit, refused=Refusal.of(given), found=found)
    return visit.see_other(MY_KUDOS.path, toast="thanked")


async def take_back(visit: Visit) -> Response:
    """Take one's own back."""
    event_uid = visit.request.path_params["event_uid"]
    answer = await visit.ask.post("ingest", f"/v1/kudos/{event_uid}/take-back", {})
    if not answer.ok:
        return await _mine(visit, refused=Refusal.of(answer))
    return visit.see_other(MY_KUDOS.path, toast="taken-back")


async def show(visit: Visit) -> Response:
    """All of the wall, with what waits for a decision and what is hidden."""
    listing = Listing.of(KUDOS.path, visit.request.query_params)
    answer = await visit.ask.get("ingest", "/v1/kudos", limit=LIST_COUNT, after=listing.said.get("after"))
    return visit.page("pages/kudos/page.html", wall=answer, listing=listing)


async def public(visit: Visit) -> Response:
    """The wall for everybody, with names where they are public."""
    listing = Listing.of(f"/c/{visit.community.id}/kudos", visit.request.query_params)
    answer = await visit.ask.get("ingest", "/v1/kudos", limit=LIST_COUNT, after=listing.said.get("after"))
    check_shown(answer)
    return visit.page("pages/kudos/public.html", wall=answer, listing=listing)


async def feed(visit: Visit) -> Response:
    """The newest of it as JSON Feed 1.1, for feed readers."""
    return await feed_of(visit, "ingest", "/v1/kudos/feed", name="kudos")


ROUTES = [
    Route(MY_KUDOS.path, page(mine, for_members=True), methods=["GET"]),
    Route(MY_KUDOS.path, page(give, for_members=True), methods=["POST"]),
    Route(f"{MY_KUDOS.path}/{{event_uid:uuid}}/take-back", page(take_back, for_members=True), methods=["POST"]),
    Route(KUDOS.path, page(show, scope=KUDOS.scope)),
    Route("/c/{community}/kudos", page(visited(public, "kudos"), is_open=True)),
    Route("/c/{community}/kudos.json", page(visited(feed, "kudos"), is_open=True)),
]
