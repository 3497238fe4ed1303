"""Nominations: rounds, who is nominated in them and why, votes, and what they come to."""

import secrets
from datetime import date
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Listing
from console.frame.navigation import MY_NOMINATIONS, NOMINATIONS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.visitors.feeds import feed_of
from console.pages.visitors.routes import check_shown, visited
from shared.contracts.texts import READ_MAX_CHARS, label

LIST_COUNT = 50
NAME_MIN_CHARS = 2
NAME_MAX_CHARS = 100
TITLE_MAX_CHARS = 120
ABOUT_MAX_CHARS = 2_000
CITATION_MAX_CHARS = 500
DAYS = ("starts_on", "votes_from", "ends_on")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


STATES = {
    "planned": _("not begun"),
    "nominating": _("members nominate"),
    "voting": _("members vote"),
    "counting": _("it is counted"),
    "decided": _("decided"),
    "cancelled": _("given up"),
}
VERBS = ("accept", "decline", "vote")


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["round_id"])


async def mine(visit: Visit) -> Response:
    """The rounds, newest first."""
    listing = Listing.of(MY_NOMINATIONS.path, visit.request.query_params)
    answer = await visit.ask.get(
        "ingest", "/v1/nomination-rounds", limit=LIST_COUNT, after=listing.said.get("after")
    )
    return visit.page("pages/nominations/mine.html", answer=answer, listing=listing, states=STATES)


async def _found(visit: Visit) -> Answer:
    answer = await visit.ask.get("ingest", f"/v1/nomination-rounds/{_id(visit)}")
    if answer.is_missing:
        raise NotFoundError
    return answer


async def my_one(visit: Visit) -> Response:
    """A round: who is nominated and why, the form that nominates, and one's vote."""
    return await _my_one(visit)


async def _my_one(
    visit: Visit,
    *,
    errors: dict[str, str] | None = None,
    refused: Refusal | None = None,
    named: list[Any] | None = None,
) -> Response:
    return visit.page(
        "pages/nominations/my_one.html",
        status=422 if errors else 200 if refused is None else refused.status,
        answer=await _found(visit),
        states=STATES,
        named=named or [],
        typed=visit.form,
        errors=errors or {},
        refused=refused,
        key=visit.form_key or secrets.token_urlsafe(16),
        citation_max_chars=CITATION_MAX_CHARS,
    )


async def nominate(visit: Visit) -> Response:
    """Nominate somebody: whom, is chosen among those of the name first, unless one alone has it."""
    form = visit.form
    name, citation = form.get("name", "").strip(), form.get("citation", "").strip()
    nominee, errors, named = form.get("nominee", ""), dict[str, str](), list[Any]()
    if not nominee and len(name) < NAME_MIN_CHARS:
        errors["name"] = visit.say(_("Say whom you nominate, in two letters or more"))
    if not label(citation[:READ_MAX_CHARS]):
        errors["citation"] = visit.say(_("Say why"))
    elif len(citation) > CITATION_MAX_CHARS:
        errors["citation"] = visit.say(_("Say it in at most {count} characters"), count=CITATION_MAX_CHARS)
    if len(name) >= NAME_MIN_CHARS:
        answer = await visit.ask.post("ingest", "/v1/kudos/receivers", {"name": name[:NAME_MAX_CHARS]})
        if not answer.ok:
            return await _my_one(visit, refused=Refusal.of(answer))
        named = answer.items
        if not named:
            errors["name"] = visit.say(_("Nobody whom you could nominate is called so"))
        elif len(named) == 1 and not nominee:
            nominee = named[0]["member_id"]
    if errors or not nominee:
        return await _my_one(visit, errors=errors, named=named)
    body = {"nominee": nominee, "citation": citation, "language": visit.language}
    path = f"/v1/nomination-rounds/{_id(visit)}/nominations"
    done = await visit.ask.post("ingest", path, body, key=visit.form_key or secrets.token_urlsafe(16))
    if not done.ok:
        return await _my_one(visit, refused=Refusal.of(done), named=named)
    return visit.see_other(f"{MY_NOMINATIONS.path}/{_id(visit)}", toast="nominated")


async def take_part(visit: Visit) -> Response:
    """Vote for somebody, or say whether one stands oneself."""
    nomination_id, verb = str(visit.request.path_params["nomination_id"]), visit.form.get("act", "")
    if verb not in VERBS:
        raise NotFoundError
    done = await visit.ask.post("ingest", f"/v1/nominations/{nomination_id}/{verb}", {})
    if not done.ok:
        return await _my_one(visit, refused=Refusal.of(done))
    return visit.see_other(
        f"{MY_NOMINATIONS.path}/{_id(visit)}", toast="voted" if verb == "vote" else "stand-said"
    )


async def show(visit: Visit) -> Response:
    """The rounds, newest first, and the form that declares one."""
    return await _show(visit)


async def _show(visit: Visit, *, errors: dict[str, str] | None = None, refused: Refusal | None = None) -> Response:
    listing = Listing.of(NOMINATIONS.path, visit.request.query_params)
    answer = await visit.ask.get(
        "ingest", "/v1/nomination-rounds", limit=LIST_COUNT, after=listing.said.get("after")
    )
    return visit.page(
        "pages/nominations/page.html",
        status=422 if errors else 200 if refused is None else refused.status,
        answer=answer,
        listing=listing,
        states=STATES,
        typed=visit.form,
        errors=errors or {},
        refused=refused,
        key=visit.form_key or secrets.token_urlsafe(16),
        about_max_chars=ABOUT_MAX_CHARS,
    )


async def declare(visit: Visit) -> Response:
    """Declare a round, in days of the community's."""
    form, errors = visit.form, dict[str, str]()
    title, about = " ".join(form.get("title", "").split()), form.get("about", "").strip()
    if not label(title[:READ_MAX_CHARS]):
        errors["title"] = visit.say(_("Say what is chosen"))
    for name, said, most in (("title", title, TITLE_MAX_CHARS), ("about", about, ABOUT_MAX_CHARS)):
        if len(said) > most:
            errors[name] = visit.say(_("Say it in at most {count} characters"), count=most)
    for name in DAYS:
        if not _is_day(form.get(name, "")):
            errors[name] = visit.say(_("Choose a day"))
    winners = form.get("winners", "1")
    if not (winners.isascii() and winners.isdigit() and 1 <= int(winners[:4]) <= 100):
        errors["winners"] = visit.say(_("A number from 1 to 100"))
    if errors:
        return await _show(visit, errors=errors)
    body = {
        "title": title,
        "about": about or None,
        **{name: form[name] for name in DAYS},
        "nominators": form.get("nominators", "").strip() or None,
        "voters": form.get("voters", "").strip() or None,
        "winners": int(winners),
        "live": bool(form.get("live")),
        "needs_yes": bool(form.get("needs_yes")),
    }
    key = visit.form_key or secrets.token_urlsafe(16)
    done = await visit.ask.post("ingest", "/v1/nomination-rounds", body, key=key)
    if not done.ok:
        return await _show(visit, refused=Refusal.of(done))
    return visit.see_other(f"{NOMINATIONS.path}/{done.body['round_id']}", toast="saved")


def _is_day(said: str) -> bool:
    try:
        date.fromisoformat(said)
    except ValueError:
        return False
    return True


async def one(visit: Visit) -> Response:
    """A round with who is nominated, and what others do not see."""
    return await _one(visit)


async def _one(visit: Visit, *, errors: dict[str, str] | None = None, refused: Refusal | None = None) -> Response:
    return visit.page(
        "pages/nominations/one.html",
        status=422 if errors else 200 if refused is None else refused.status,
        answer=await _found(visit),
        states=STATES,
        typed=visit.form,
        errors=errors or {},
        refused=refused,
    )


async def cancel(visit: Visit) -> Response:
    """Have it come to nothing."""
    reason = visit.form.get("reason", "").strip()[:CITATION_MAX_CHARS]
    if not reason:
        return await _one(visit, errors={"reason": visit.say(_("Say why"))})
    done = await visit.ask.post("ingest", f"/v1/nomination-rounds/{_id(visit)}/cancel", {"reason": reason})
    if not done.ok:
        return await _one(visit, refused=Refusal.of(done))
    return visit.see_other(f"{NOMINATIONS.path}/{_id(visit)}", toast="cancelled")


async def public(visit: Visit) -> Response:
    """The rounds for everybody, newest first."""
    listing = Listing.of(f"/c/{visit.community.id}/nominations", visit.request.query_params)
    answer = await visit.ask.get(
        "ingest", "/v1/nomination-rounds", limit=LIST_COUNT, after=listing.said.get("after")
    )
    check_shown(answer)
    return visit.page("pages/nominations/public.html", answer=answer, listing=listing, states=STATES)


async def public_one(visit: Visit) -> Response:
    """A round for everybody: who stands, the counts once they are shown, and names where they are public."""
    answer = await visit.ask.get("ingest", f"/v1/nomination-rounds/{_id(visit)}/public")
    check_shown(answer)
    if answer.is_missing:
        raise NotFoundError
    return visit.page("pages/nominations/public_one.html", answer=answer, states=STATES)


async def feed(visit: Visit) -> Response:
    """What rounds came to as JSON Feed 1.1, for feed readers."""
    return await feed_of(visit, "ingest", "/v1/nomination-rounds/feed", name="nominations")


_ONE = f"{NOMINATIONS.path}/{{round_id:uuid}}"
_MY_ONE = f"{MY_NOMINATIONS.path}/{{round_id:uuid}}"
ROUTES = [
    Route(MY_NOMINATIONS.path, page(mine, for_members=True), methods=["GET"]),
    Route(_MY_ONE, page(my_one, for_members=True), methods=["GET"]),
    Route(_MY_ONE, page(nominate, for_members=True), methods=["POST"]),
    Route(f"{_MY_ONE}/{{nomination_id:uuid}}", page(take_part, for_members=True), methods=["POST"]),
    Route(NOMINATIONS.path, page(show, scope=NOMINATIONS.scope), methods=["GET"]),
    Route(NOMINATIONS.path, page(declare, scope="recognition:write"), methods=["POST"]),
    Route(_ONE, page(one, scope=NOMINATIONS.scope), methods=["GET"]),
    Route(_ONE, page(cancel, scope="recognition:write"), methods=["POST"]),
    Route("/c/{community}/nominations", page(visited(public, "nominations"), is_open=True)),
    Route("/c/{community}/nominations/{round_id:uuid}", page(visited(public_one, "nominations"), is_open=True)),
    Route("/c/{community}/nominations.json", page(visited(feed, "nominations"), is_open=True)),
]
