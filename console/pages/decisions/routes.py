"""Notes and decisions on figures: the list, one with its reviews, and the form from any figure's page."""

import secrets
from datetime import date
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.figures import FIGURES, STATES, href_of, unit_of
from console.components.tables import Filter, Listing
from console.frame.navigation import DECISIONS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page

LIST_COUNT = 50
TEXT_MAX_CHARS = 2_000
REASON_MAX_CHARS = 500
OUTCOMES = ("kept", "changed", "dropped")
DECISIONS_API = "/v1/decisions"
DECIDED_FIGURES_API = "/v1/decided-figures"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


SAID = {
    "kept": _("We keep it"),
    "changed": _("We change it"),
    "dropped": _("We drop it"),
}


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["decision_id"])


async def show(visit: Visit) -> Response:
    """What was noted and decided, the newest first; what is to be looked at again is said on top."""
    listing = Listing.of(
        DECISIONS.path,
        visit.request.query_params,
        filters=[
            Filter("figure", visit.say(_("Figure")), [(one, visit.say(it.title)) for one, it in FIGURES.items()]),
            Filter("state", visit.say(_("State")), [(one, visit.say(it[0])) for one, it in STATES.items()]),
            Filter("due", visit.say(_("When")), [("true", visit.say(_("to be looked at again")))]),
        ],
    )
    figure, state = listing.said.get("figure"), listing.said.get("state")
    asked = {
        "figure": [figure] if figure in FIGURES else None,
        "limit": LIST_COUNT,
        "after": listing.said.get("after"),
    }
    answers: dict[str, Answer] = await visit.ask.all(
        answer=visit.ask.get(
            "ingest",
            DECISIONS_API,
            **asked,
            state=state if state in STATES else None,
            due="true" if listing.said.get("due") == "true" else None,
        ),
        due=visit.ask.get("ingest", DECISIONS_API, due="true", limit=LIST_COUNT),
        values=visit.ask.get("analytics", DECIDED_FIGURES_API, figure=asked["figure"], limit=200),
    )
    return visit.page(
        "pages/decisions/page.html",
        answer=answers["answer"],
        due_count=len(answers["due"].items) if answers["due"].ok else 0,
        values=_by_id(answers["values"]),
        listing=listing,
        figures=FIGURES,
        states=STATES,
        href_of=href_of,
    )


def _by_id(answer: Answer) -> dict[str, Any]:
    return {one["decision_id"]: one for one in answer.items} if answer.ok else {}


async def new(visit: Visit) -> Response:
    """The form that notes or decides something on a figure, with its value as it is now."""
    return await _new(visit)


async def _new(visit: Visit, *, errors: dict[str, str] | None = None, refused: Refusal | None = None) -> Response:
    said = visit.form or visit.request.query_params
    figure, about = said.get("figure", ""), said.get("about") or None
    if figure not in FIGURES or (figure == "goal") != (about is not None):
        raise NotFoundError
    now = await visit.ask.get("analytics", f"/v1/figures/{figure}", about=about)
    return visit.page(
        "pages/decisions/new.html",
        status=422 if errors else 200 if refused is None else refused.status,
        figure=figure,
        about=about,
        words=FIGURES[figure],
        unit=unit_of(figure),
        href=href_of(figure, about),
        now=now,
        typed=visit.form,
        errors=errors or {},
        refused=refused,
        key=visit.form_key or secrets.token_urlsafe(16),
        text_max_chars=TEXT_MAX_CHARS,
    )


async def decide(visit: Visit) -> Response:
    """Note or decide it, with the value that the page showed."""
    form, errors = visit.form, dict[str, str]()
    text, review_on = form.get("text", "").strip(), form.get("review_on", "").strip()
    kind = "note" if form.get("kind") == "note" else "decision"
    if not text:
        errors["text"] = visit.say(_("Say what you see and what is done about it"))
    elif len(text) > TEXT_MAX_CHARS:
        errors["text"] = visit.say(_("Say it in at most {count} characters"), count=TEXT_MAX_CHARS)
    if review_on and not _is_day(review_on):
        errors["review_on"] = visit.say(_("Choose a day"))
    if review_on and kind == "note":
        errors["review_on"] = visit.say(_("A note is not looked at again: leave the day out, or decide"))
    if errors:
        return await _new(visit, errors=errors)
    body = {
        "kind": kind,
        "figure": form.get("figure", ""),
        "about": form.get("about") or None,
        "value": _number(form.get("value", "")),
        "review_on": review_on or None,
        "text": text,
    }
    done = await visit.ask.post("ingest", DECISIONS_API, body, key=visit.form_key or secrets.token_urlsafe(16))
    if not done.ok:
        return await _new(visit, refused=Refusal.of(done))
    return visit.see_other(f"{DECISIONS.path}/{done.body['decision_id']}", toast="noted")


def _is_day(said: str) -> bool:
    try:
        date.fromisoformat(said)
    except ValueError:
        return False
    return True


def _number(said: str) -> float | None:
    try:
        number = float(said)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


async def one(visit: Visit) -> Response:
    """A decision: what was seen and is now, what became of it, and the forms that review it or take it back."""
    return await _one(visit)


async def _one(visit: Visit, *, errors: dict[str, str] | None = None, refused: Refusal | None = None) -> Response:
    answer = await visit.ask.get("ingest", f"{DECISIONS_API}/{_id(visit)}")
    if answer.is_missing:
        raise NotFoundError
    now: Answer | None = None
    if answer.ok:
        figure = answer.body["figure"]
        now = await visit.ask.get("analytics", f"/v1/figures/{figure}", about=answer.body["about"])
    return visit.page(
        "pages/decisions/one.html",
        status=422 if errors else 200 if refused is None else refused.status,
        answer=answer,
        now=now,
        figures=FIGURES,
        unit_of=unit_of,
        href_of=href_of,
        states=STATES,
        outcomes=SAID,
        typed=visit.form,
        errors=errors or {},
        refused=refused,
        text_max_chars=TEXT_MAX_CHARS,
        reason_max_chars=REASON_MAX_CHARS,
    )


async def go_on(visit: Visit) -> Response:
    """Say what became of it, or take it back."""
    form, errors = visit.form, dict[str, str]()
    path = f"{DECISIONS_API}/{_id(visit)}"
    if form.get("act") == "withdraw":
        reason = form.get("reason", "").strip()[:REASON_MAX_CHARS]
        if not reason:
            return await _one(visit, errors={"reason": visit.say(_("Say why"))})
        done = await visit.ask.post("ingest", f"{path}/withdraw", {"reason": reason})
    else:
        text, outcome = form.get("text", "").strip(), form.get("outcome", "")
        review_on = form.get("review_on", "").strip()
        if outcome not in OUTCOMES:
            errors["outcome"] = visit.say(_("Choose what becomes of it"))
        if not text:
            errors["text"] = visit.say(_("Say why"))
        elif len(text) > TEXT_MAX_CHARS:
            errors["text"] = visit.say(_("Say it in at most {count} characters"), count=TEXT_MAX_CHARS)
        if review_on and not _is_day(review_on):
            errors["review_on"] = visit.say(_("Choose a day"))
        if errors:
            return await _one(visit, errors=errors)
        body = {"outcome": outcome, "text": text, "review_on": review_on or None}
        done = await visit.ask.post("ingest", f"{path}/review", body)
    if not done.ok:
        return await _one(visit, refused=Refusal.of(done))
    return visit.see_other(f"{DECISIONS.path}/{_id(visit)}", toast="noted")


_ONE = f"{DECISIONS.path}/{{decision_id:uuid}}"
ROUTES = [
    Route(DECISIONS.path, page(show, scope=DECISIONS.scope), methods=["GET"]),
    Route(f"{DECISIONS.path}/new", page(new, scope="programmes:write"), methods=["GET"]),
    Route(f"{DECISIONS.path}/new", page(decide, scope="programmes:write"), methods=["POST"]),
    Route(_ONE, page(one, scope=DECISIONS.scope), methods=["GET"]),
    Route(_ONE, page(go_on, scope="programmes:write"), methods=["POST"]),
]
