"""Suggestions: members make them and vote; whoever runs the community goes on with them."""

import secrets
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Filter, Listing
from console.frame.navigation import IDEAS, MY_IDEAS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.deciding import beside
from shared.contracts.texts import READ_MAX_CHARS, label

LIST_COUNT = 50
TITLE_MAX_CHARS = 120
TEXT_MAX_CHARS = 2_000
NOTE_MAX_CHARS = 500
#: From when on it is said what became of suggestions: of all of them.
FIRST_DAY = "2020-01-01"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


STATES = {
    "new": _("new"),
    "planned": _("planned"),
    "done": _("done"),
    "declined": _("will not be done"),
    "joined": _("joined to another"),
}
#: What somebody does by choosing a state.
STEPS = {
    "planned": _("It is planned"),
    "done": _("It is done"),
    "declined": _("It will not be done"),
    "new": _("It stands by itself again"),
}


def _listing(visit: Visit, path: str) -> Listing:
    state = Filter("state", visit.say(_("State")), [(name, visit.say(text)) for name, text in STATES.items()])
    return Listing.of(path, visit.request.query_params, filters=[state])


def _asked(listing: Listing) -> dict[str, Any]:
    state = listing.said.get("state")
    return {
        "limit": LIST_COUNT,
        "after": listing.said.get("after"),
        "state": state if state in STATES else None,
    }


async def mine(visit: Visit) -> Response:
    """What is suggested, and the form that suggests something."""
    return await _mine(visit)


async def _mine(visit: Visit, *, errors: dict[str, str] | None = None, refused: Refusal | None = None) -> Response:
    listing = _listing(visit, MY_IDEAS.path)
    answer = await visit.ask.get("ingest", "/v1/ideas", **_asked(listing))
    return visit.page(
        "pages/ideas/mine.html",
        status=422 if errors else 200 if refused is None else refused.status,
        answer=answer,
        listing=listing,
        states=STATES,
        typed=visit.form,
        errors=errors or {},
        refused=refused,
        key=visit.form_key or secrets.token_urlsafe(16),
        title_max_chars=TITLE_MAX_CHARS,
        text_max_chars=TEXT_MAX_CHARS,
    )


async def suggest(visit: Visit) -> Response:
    """Suggest something, in the language that one reads."""
    title, text = suggested(visit)
    errors = check_suggested(visit, title, text)
    if errors:
        return await _mine(visit, errors=errors)
    body = {"title": title, "text": text or None, "language": visit.language}
    answer = await visit.ask.post("ingest", "/v1/ideas", body, key=visit.form_key or secrets.token_urlsafe(16))
    if not answer.ok:
        return await _mine(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{MY_IDEAS.path}/{answer.body['idea_id']}", toast="suggested")


def suggested(visit: Visit) -> tuple[str, str]:
    """The title and the text of a suggestion that a form has."""
    return " ".join(visit.form.get("title", "").split()), visit.form.get("text", "").strip()


def check_suggested(visit: Visit, title: str, text: str) -> dict[str, str]:
    """What is wrong with them, by field."""
    errors = dict[str, str]()
    if not label(title[:READ_MAX_CHARS]):
        errors["title"] = visit.say(_("Say in a line what you suggest"))
    for name, said, most in (("title", title, TITLE_MAX_CHARS), ("text", text, TEXT_MAX_CHARS)):
        if len(said) > most:
            errors[name] = visit.say(_("Say it in at most {count} characters"), count=most)
    return errors


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["idea_id"])


async def my_one(visit: Visit) -> Response:
    """A suggestion, how it went on, and one's vote."""
    return await _my_one(visit)


async def _my_one(visit: Visit, *, refused: Refusal | None = None) -> Response:
    answer = await _found(visit)
    status = 200 if refused is None else refused.status
    return visit.page("pages/ideas/my_one.html", status=status, answer=answer, states=STATES, refused=refused)


async def _found(visit: Visit) -> Answer:
    answer = await visit.ask.get("ingest", f"/v1/ideas/{_id(visit)}")
    if answer.is_missing:
        raise NotFoundError
    return answer


async def vote(visit: Visit) -> Response:
    """Vote for it, or withdraw that."""
    verb = "withdraw" if visit.form.get("act") == "withdraw" else "vote"
    answer = await visit.ask.post("ingest", f"/v1/ideas/{_id(visit)}/{verb}", {})
    if not answer.ok:
        return await _my_one(visit, refused=Refusal.of(answer))
    toast = "voted" if verb == "vote" else "vote-withdrawn"
    return visit.see_other(f"{MY_IDEAS.path}/{_id(visit)}", toast=toast)


async def show(visit: Visit) -> Response:
    """What is suggested, what most want first, and whether the loop closes."""
    listing = _listing(visit, IDEAS.path)
    answers: dict[str, Answer] = await visit.ask.all(
        answer=visit.ask.get("ingest", "/v1/ideas", **_asked(listing)),
        loop=visit.ask.get("analytics", "/v1/idea-loop", **{"from": FIRST_DAY}),
    )
    return visit.page(
        "pages/ideas/page.html",
        answer=answers["answer"],
        loop_found=answers["loop"],
        decided=await beside(visit, "ideas_answered"),
        listing=listing,
        states=STATES,
    )


async def one(visit: Visit) -> Response:
    """A suggestion, how it went on, and the forms by which it goes on."""
    return await _one(visit)


async def _one(visit: Visit, *, errors: dict[str, str] | None = None, refused: Refusal | None = None) -> Response:
    answer = await _found(visit)
    others: list[Any] = []
    session = visit.session
    if session and session.may("recognition:write") and answer.ok and "joined" in answer.body["next_states"]:
        listed = await visit.ask.get("ingest", "/v1/ideas", limit=LIST_COUNT)
        others = [other for other in listed.items if other["idea_id"] != _id(visit)] if listed.ok else []
    return visit.page(
        "pages/ideas/one.html",
        status=422 if errors else 200 if refused is None else refused.status,
        answer=answer,
        others=others,
        states=STATES,
        steps=STEPS,
        typed=visit.form,
        errors=errors or {},
        refused=refused,
        note_max_chars=NOTE_MAX_CHARS,
    )


async def go_on(visit: Visit) -> Response:
    """Have it go on, or join it to another; why is told to whom it concerns."""
    note, state = visit.form.get("note", "").strip(), visit.form.get("state", "")
    other = visit.form.get("to", "")
    errors = dict[str, str]()
    if not note:
        errors["note"] = visit.say(_("Say why: its author and those who voted for it read that"))
    elif len(note) > NOTE_MAX_CHARS:
        errors["note"] = visit.say(_("Say it in at most {count} characters"), count=NOTE_MAX_CHARS)
    if state not in (*STEPS, "joined"):
        errors["state"] = visit.say(_("Choose how it goes on"))
    if state == "joined" and not other:
        errors["to"] = visit.say(_("Choose which one says the same"))
    if errors:
        return await _one(visit, errors=errors)
    path = f"/v1/ideas/{_id(visit)}"
    if state == "joined":
        answer = await visit.ask.post("ingest", f"{path}/join", {"to": other, "note": note})
    else:
        answer = await visit.ask.post("ingest", f"{path}/move", {"state": state, "note": note})
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{IDEAS.path}/{_id(visit)}", toast="idea-moved")


ROUTES = [
    Route(MY_IDEAS.path, page(mine, for_members=True), methods=["GET"]),
    Route(MY_IDEAS.path, page(suggest, for_members=True), methods=["POST"]),
    Route(f"{MY_IDEAS.path}/{{idea_id:uuid}}", page(my_one, for_members=True), methods=["GET"]),
    Route(f"{MY_IDEAS.path}/{{idea_id:uuid}}/vote", page(vote, for_members=True), methods=["POST"]),
    Route(IDEAS.path, page(show, scope=IDEAS.scope)),
    Route(f"{IDEAS.path}/{{idea_id:uuid}}", page(one, scope=IDEAS.scope), methods=["GET"]),
    Route(f"{IDEAS.path}/{{idea_id:uuid}}", page(go_on, scope="recognition:write"), methods=["POST"]),
]
