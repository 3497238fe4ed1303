"""What a mail offers: whoever has its link comes in by it, or as the member who they are, and takes it."""

import asyncio
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.frame.navigation import MY_REWARDS
from console.frame.refusals import Refusal
from console.frame.visits import Visit, cookie, page
from console.pages.looks.routes import picture, sheet
from console.pages.my_messages.routes import as_nobody, token_of
from console.sign_in.sessions import SignInRefusedError

#: Rewards hears of whoever just came in a moment later.
TRIES: Final = 8
PAUSE_SECONDS: Final = 0.5
NOT_FOUND = 404
UNAVAILABLE = 503


async def look(visit: Visit) -> Response:
    """What is offered; looking takes nothing."""
    return await _look(visit)


async def come_in(visit: Visit) -> Response:
    """Sign in by the link, as whom it was sent to."""
    if visit.session is not None:
        return visit.see_other(f"/offer/{token_of(visit)}")
    try:
        client = visit.request.client
        session = await visit.console.sessions.sign_in(
            address=client.host if client else "", path=f"/v1/offers/{token_of(visit)}/sign-in"
        )
    except SignInRefusedError as refused:
        return await _look(visit, why=refused.reason)
    visit.cookies[cookie("session", visit.console.settings)] = (session.secret, 0)
    # What forms were bound to before goes with it.
    visit.cookies[cookie("browser", visit.console.settings)] = ("", 0)
    return visit.see_other(f"/offer/{token_of(visit)}")


async def take(visit: Visit) -> Response:
    """Take it, as the member who is signed in. Whoever has it already has the same again."""
    session, token = visit.signed_in, token_of(visit)
    own = f"/v1/members/{session.member_id}"
    taken = await visit.ask.post("ingest", f"{own}/offers", {"token": token})
    if not taken.ok:
        return await _look(visit, refused=Refusal.of(taken))
    for _ in range(TRIES):
        made: Answer = await visit.ask.post("rewards", f"{own}/sent-claims", {"line_id": taken.body["line_id"]})
        if made.ok or made.is_down or made.problem_slug != "unknown-send-line":
            break
        await asyncio.sleep(PAUSE_SECONDS)
    if not made.ok:
        return await _look(visit, refused=Refusal.of(made))
    chosen = f"{MY_REWARDS.path}/chosen/{made.body['redemption_id']}"
    if made.body["has_code"]:
        return visit.see_other(chosen, toast="claimed")
    if made.body["needs_address"]:
        return visit.see_other(f"{chosen}/goods", toast="claimed")
    return visit.see_other(f"{MY_REWARDS.path}#chosen", toast="claimed")


async def _look(visit: Visit, *, why: str = "", refused: Refusal | None = None) -> Response:
    answer = await as_nobody(visit).get("ingest", f"/v1/offers/{token_of(visit)}")
    status = 200 if refused is None else refused.status
    if not answer.ok:
        status = NOT_FOUND if answer.is_missing else UNAVAILABLE
    return visit.page(
        "pages/offers/page.html",
        status=status,
        answer=answer,
        token=token_of(visit),
        is_member=visit.session is not None and visit.session.is_member,
        why=why,
        refused=refused,
    )


async def colours(visit: Visit) -> Response:
    """The colours of the community that offers it, as a stylesheet."""
    return sheet(await _look_of(visit))


async def logo(visit: Visit) -> Response:
    """The logo of the community that offers it."""
    return picture(await _look_of(visit))


async def _look_of(visit: Visit) -> dict[str, object] | None:
    answer = await as_nobody(visit).get("ingest", f"/v1/offers/{token_of(visit)}/look")
    return answer.body if answer.ok else None


OFFER = "/offer/{token}"
ROUTES = [
    Route(OFFER, page(look, is_open=True), methods=["GET"]),
    Route(f"{OFFER}/look.css", page(colours, is_open=True), methods=["GET"]),
    Route(f"{OFFER}/look/logo.png", page(logo, is_open=True), methods=["GET"]),
    Route(f"{OFFER}/sign-in", page(come_in, is_open=True), methods=["POST"]),
    Route(OFFER, page(take, for_members=True), methods=["POST"]),
]
