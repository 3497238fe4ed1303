"""Messages: what goes which way, the words, trying them, and what became of each."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Filter, Listing
from console.frame.navigation import MESSAGES
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.messages.words import CHANNELS, KINDS, STATES, WHY

WRITES = "messages:write"
MESSAGES_COUNT = 25
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
ROOMS = ("slack", "discord")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """What is sent, in which words, and what became of the last."""
    return await _page(visit)


async def save(visit: Visit) -> Response:
    """Say what a community's messages are."""
    now = await visit.ask.get("ingest", "/v1/messages/settings")
    if not now.ok:
        return await _page(visit, refused=now)
    form, errors = visit.form, {}
    kinds = {
        one["kind"]: [way for way in one["may_go"] if form.get(f"{one['kind']}-{way}") == "yes"]
        for one in now.body["kinds"]
    }
    if not form.get("day_max_count", "").isdigit():
        errors["day_max_count"] = visit.say(_("Give a number"))
    begins, ends = form.get("quiet_begins", "").strip(), form.get("quiet_ends", "").strip()
    if bool(begins) != bool(ends):
        errors["quiet_begins"] = visit.say(_("Give both, or leave both empty"))
    if errors:
        return await _page(visit, errors=errors)
    body = {
        "revision": int(form.get("revision", "0")) if form.get("revision", "0").isdigit() else 0,
        "kinds": {name: ways for name, ways in kinds.items() if ways},
        "sender_name": form.get("sender_name", "").strip() or None,
        "reply_to": form.get("reply_to", "").strip() or None,
        "day_max_count": int(form["day_max_count"]),
        "quiet": {"begins": begins, "ends": ends} if begins else None,
        "digest_at": form.get("digest_at", "").strip() or "08:00",
    }
    done = await visit.ask.command("PUT", "ingest", "/v1/messages/settings", body)
    return visit.see_other(MESSAGES.path, toast="saved") if done.ok else await _page(visit, refused=done)


async def save_room(visit: Visit) -> Response:
    """Say where a room is, or that nothing is posted there any more."""
    channel = visit.form.get("channel", "")
    if channel not in ROOMS:
        raise NotFoundError
    path = f"/v1/messages/rooms/{channel}"
    if visit.form.get("remove") == "yes":
        done = await visit.ask.command("DELETE", "ingest", path)
    else:
        done = await visit.ask.command("PUT", "ingest", path, {"url": visit.form.get("url", "").strip()})
    return visit.see_other(MESSAGES.path, toast="saved") if done.ok else await _page(visit, refused=done)


async def look(visit: Visit) -> Response:
    """One message: what became of it, and why."""
    return await _one(visit)


async def again(visit: Visit) -> Response:
    """Send one again."""
    path = f"/v1/messages/{visit.request.path_params['message_id']}/again"
    done = await visit.ask.command("POST", "ingest", path)
    if not done.ok:
        return await _one(visit, refused=Refusal.of(done))
    return visit.see_other(f"{MESSAGES.path}/{visit.request.path_params['message_id']}", toast="message-goes")


async def words(visit: Visit) -> Response:
    """The words of a kind in a language, and how they read."""
    return await _words(visit)


async def change_words(visit: Visit) -> Response:
    """Look at words, keep them, go back to those that come with Plaudit, or send them to oneself."""
    kind, language = _key(visit)
    form = visit.form
    path = f"/v1/messages/templates/{kind}/{language}"
    typed = {"subject": form.get("subject", "").strip(), "body": form.get("body", "").replace("\r\n", "\n")}
    match form.get("do"):
        case "keep":
            done = await visit.ask.command("PUT", "ingest", path, typed)
        case "revert":
            done = await visit.ask.command("DELETE", "ingest", path)
        case "try":
            trial = {"kind": kind, "language": language, "to": form.get("to", "").strip()}
            done = await visit.ask.post("ingest", "/v1/messages/trials", trial)
        case _:
            return await _words(visit)
    if not done.ok:
        return await _words(visit, refused=done)
    if form["do"] == "try":
        return visit.see_other(f"{MESSAGES.path}/{done.body['message_id']}", toast="message-goes")
    return visit.see_other(f"{MESSAGES.path}/words/{kind}/{language}", toast="saved")


async def _page(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Answer | None = None
) -> Response:
    states = tuple((state, visit.say(text)) for state, (text, _tone, _icon) in STATES.items())
    kinds = tuple((kind, visit.say(text)) for kind, text in KINDS.items())
    listing = Listing.of(
        MESSAGES.path,
        visit.request.query_params,
        filters=(
            Filter("state", visit.say(_("What became of it")), states),
            Filter("kind", visit.say(_("What it is about")), kinds),
        ),
    )
    answers: dict[str, Any] = await visit.ask.all(
        settings=visit.ask.get("ingest", "/v1/messages/settings"),
        templates=visit.ask.get("ingest", "/v1/messages/templates"),
        counts=visit.ask.get("ingest", "/v1/messages/counts"),
        messages=visit.ask.get(
            "ingest",
            "/v1/messages",
            limit=MESSAGES_COUNT,
            state=listing.said.get("state"),
            kind=listing.said.get("kind"),
            after=listing.said.get("after"),
        ),
    )
    refusal = None if refused is None else Refusal.of(refused)
    return visit.page(
        "pages/messages/page.html",
        status=422 if errors else 200 if refusal is None else refusal.status,
        **answers,
        listing=listing,
        kind_words=KINDS,
        channel_words=CHANNELS,
        state_words=STATES,
        shown=visit.form,
        errors=errors or {},
        refused=refusal,
        may_write=visit.signed_in.may(WRITES),
    )


async def _one(visit: Visit, *, refused: Refusal | None = None) -> Response:
    answer = await visit.ask.get("ingest", f"/v1/messages/{visit.request.path_params['message_id']}")
    if answer.is_missing:
        raise NotFoundError
    return visit.page(
        "pages/messages/one.html",
        status=200 if refused is None else refused.status,
        answer=answer,
        kind_words=KINDS,
        channel_words=CHANNELS,
        state_words=STATES,
        why_words=WHY,
        refused=refused,
        may_write=visit.signed_in.may(WRITES),
    )


async def _words(visit: Visit, *, refused: Answer | None = None) -> Response:
    kind, language = _key(visit)
    typed = None
    if visit.form.get("body") is not None:
        typed = {
            "subject": visit.form.get("subject", "").strip(),
            "body": visit.form["body"].replace("\r\n", "\n"),
        }
    wanted: dict[str, Any] = {"kind": kind, "language": language}
    if typed is not None and typed["subject"] and typed["body"].strip():
        wanted["words"] = typed
    answers: dict[str, Any] = await visit.ask.all(
        templates=visit.ask.get("ingest", "/v1/messages/templates"),
        preview=visit.ask.post("ingest", "/v1/messages/previews", wanted),
        settings=visit.ask.get("ingest", "/v1/messages/settings"),
    )
    items = answers["templates"].items
    own = next((one for one in items if (one["kind"], one["language"]) == (kind, language)), None)
    main = next((one for one in items if (one["kind"], one["language"]) == (kind, "en")), None)
    wrong = refused if refused is not None else None if answers["preview"].ok else answers["preview"]
    refusal = None if wrong is None else Refusal.of(wrong)
    mistakes = [] if wrong is None else wrong.problem.get("errors", [])
    return visit.page(
        "pages/messages/words.html",
        status=200 if refusal is None else refusal.status,
        **answers,
        kind=kind,
        words_language=language,
        own=own,
        words=typed or own or main or {"subject": "", "body": ""},
        values=next((one["values"] for one in answers["settings"].body["kinds"] if one["kind"] == kind), {})
        if answers["settings"].ok
        else {},
        kind_words=KINDS,
        mistakes=mistakes,
        refused=refusal,
        to=visit.form.get("to", ""),
        may_write=visit.signed_in.may(WRITES),
    )


def _key(visit: Visit) -> tuple[str, str]:
    kind, language = visit.request.path_params["kind"], visit.request.path_params["language"]
    if kind not in KINDS or not LANGUAGE.fullmatch(language):
        raise NotFoundError
    return kind, language


WORDS = f"{MESSAGES.path}/words/{{kind}}/{{language}}"
ONE = f"{MESSAGES.path}/{{message_id:uuid}}"

ROUTES = [
    Route(MESSAGES.path, page(show, scope=MESSAGES.scope), methods=["GET"]),
    Route(MESSAGES.path, page(save, scope=WRITES), methods=["POST"]),
    Route(f"{MESSAGES.path}/rooms", page(save_room, scope=WRITES), methods=["POST"]),
    Route(WORDS, page(words, scope=MESSAGES.scope), methods=["GET"]),
    Route(WORDS, page(change_words, scope=WRITES), methods=["POST"]),
    Route(ONE, page(look, scope=MESSAGES.scope), methods=["GET"]),
    Route(f"{ONE}/again", page(again, scope=WRITES), methods=["POST"]),
]
