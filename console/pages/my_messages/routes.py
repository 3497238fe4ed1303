"""What a member wants to hear of and where, and the pages that links in mail lead to."""

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer, Asking
from console.frame.navigation import MY_MESSAGES
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.messages.words import ADDRESS, KINDS, PACES

TOKEN_MAX_CHARS = 1_000


async def show(visit: Visit) -> Response:
    """Where they are reached, and what they want."""
    return await _page(visit)


async def save(visit: Visit) -> Response:
    """Say an address, forget it, or say what is wanted."""
    form, own = visit.form, f"/v1/members/{visit.signed_in.member_id}"
    match form.get("do"):
        case "address":
            body: dict[str, Any] = {"address": form.get("address", "").strip()}
            done = await visit.ask.command("PUT", "ingest", f"{own}/messaging/address", body)
        case "forget":
            done = await visit.ask.command("DELETE", "ingest", f"{own}/messaging/address")
        case "all":
            wish = {"source": "member", "opt_outs": {"messages": form.get("value") == "none"}}
            done = await visit.ask.command("PUT", "ingest", f"{own}/preferences", wish)
        case "wishes":
            begins, ends = form.get("quiet_begins", "").strip(), form.get("quiet_ends", "").strip()
            wishes = {
                "without": [name for name in KINDS if form.get(f"known-{name}") and form.get(name) != "yes"],
                "pace": form.get("pace", "at_once"),
                "quiet": {"begins": begins, "ends": ends} if begins or ends else None,
            }
            done = await visit.ask.command("PUT", "ingest", f"{own}/messaging/wishes", wishes)
        case _:
            return await _page(visit)
    return visit.see_other(MY_MESSAGES.path, toast="saved") if done.ok else await _page(visit, refused=done)


async def stop_form(visit: Visit) -> Response:
    """What a link out of messages ends; looking ends nothing."""
    answer = await as_nobody(visit).get("ingest", f"/v1/unsubscribe/{token_of(visit)}")
    return _stop(visit, answer, is_done=False)


async def stop(visit: Visit) -> Response:
    """End it."""
    ask = as_nobody(visit)
    path = f"/v1/unsubscribe/{token_of(visit)}"
    answer = await ask.get("ingest", path)
    done = await ask.command("POST", "ingest", path) if answer.ok else answer
    return _stop(visit, answer if done.ok else done, is_done=done.ok)


async def confirm_form(visit: Visit) -> Response:
    """Ask once more: programs follow links before people do."""
    return visit.page("pages/my_messages/confirm.html", token=token_of(visit), answer=None)


async def confirm(visit: Visit) -> Response:
    """Take their word that the address is theirs."""
    token = token_of(visit)
    answer = await as_nobody(visit).command("POST", "ingest", f"/v1/mail-addresses/{token}")
    status = 200 if answer.ok else 404 if answer.is_missing else 503
    return visit.page("pages/my_messages/confirm.html", status=status, token=token, answer=answer)


def _stop(visit: Visit, answer: Answer, *, is_done: bool) -> Response:
    status = 200 if answer.ok or is_done else 404 if answer.is_missing else 503
    return visit.page(
        "pages/my_messages/stop.html",
        status=status,
        answer=answer,
        token=token_of(visit),
        is_done=is_done,
        kind_words=KINDS,
    )


def as_nobody(visit: Visit) -> Asking:
    """Asks as nobody: a link shows all that is needed."""
    client = visit.request.client
    return Asking(visit.console.services, None, address=client.host if client else None)


def token_of(visit: Visit) -> str:
    """What a link ends in. Raises NotFoundError for what can be none of ours."""
    token = str(visit.request.path_params["token"])
    if len(token) > TOKEN_MAX_CHARS or not token.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise NotFoundError
    return token


async def _page(visit: Visit, refused: Answer | None = None) -> Response:
    answer = await visit.ask.get("ingest", f"/v1/members/{visit.signed_in.member_id}/messaging")
    refusal = None if refused is None else Refusal.of(refused)
    return visit.page(
        "pages/my_messages/page.html",
        status=200 if refusal is None else refusal.status,
        answer=answer,
        kind_words=KINDS,
        address_words=ADDRESS,
        paces=[(pace, visit.say(text)) for pace, text in PACES],
        shown=visit.form,
        refused=refusal,
    )


ROUTES = [
    Route(MY_MESSAGES.path, page(show, for_members=True), methods=["GET"]),
    Route(MY_MESSAGES.path, page(save, for_members=True), methods=["POST"]),
    Route("/unsubscribe/{token}", page(stop_form, is_open=True), methods=["GET"]),
    Route("/unsubscribe/{token}", page(stop, is_open=True), methods=["POST"]),
    Route("/confirm-address/{token}", page(confirm_form, is_open=True), methods=["GET"]),
    Route("/confirm-address/{token}", page(confirm, is_open=True), methods=["POST"]),
]
