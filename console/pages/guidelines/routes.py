"""What was reported, for who moderates: the most urgent first, both sides' history, and a decision."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import GUIDELINES, MEMBERS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.deciding import beside
from console.sign_in.domain import new_secret

WRITE = "guidelines:write"
UNPROCESSABLE = 422
DAYS_MAX = 1_096
NOTE_MAX_CHARS = 500


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


STATE_WORDS = {
    "waiting": _("waits for a decision"),
    "open": _("to decide"),
    "appealed": _("appealed"),
    "upheld": _("upheld"),
    "dismissed": _("dismissed"),
    "overturned": _("overturned"),
    "withdrawn": _("withdrawn"),
}


async def show(visit: Visit) -> Response:
    """What is to be decided, the most urgent first; who is suspended."""
    return await _show(visit)


async def _show(visit: Visit, refused: Refusal | None = None) -> Response:
    choices = [(state, visit.say(words)) for state, words in STATE_WORDS.items()]
    states = Filter("state", visit.say(_("State")), choices, usual="waiting")
    filters = [states, Filter("member", visit.say(_("Member's id")))]
    listing = Listing.of(GUIDELINES.path, visit.request.query_params, filters=filters)
    ask, questions = visit.ask, {}
    questions = {
        "cases": ask.get(
            "scoring",
            "/v1/guideline-cases",
            limit=PAGE_COUNT,
            after=listing.said.get("after"),
            **listing.chosen,
        ),
        "suspensions": ask.get("scoring", "/v1/suspensions"),
        "guidelines": ask.get("scoring", "/v1/guidelines"),
    }
    if visit.signed_in.may("analytics:read"):
        questions["figures"] = ask.get("analytics", "/v1/guidelines/figures")
    answers: dict[str, Answer] = await ask.all(**questions)
    return visit.page(
        "pages/guidelines/page.html",
        decided=await beside(visit, "reports_in_time", "appeals_in_time", "repeat_offenders"),
        status=200 if refused is None else refused.status,
        cases=answers["cases"],
        suspensions=answers["suspensions"],
        guidelines=answers["guidelines"],
        figures=answers.get("figures"),
        titles=titles_of(answers["guidelines"]),
        listing=listing,
        now=datetime.now(UTC).isoformat(),
        refused=refused,
    )


def titles_of(guidelines: Answer) -> dict[str, str]:
    """The titles of the guidelines' categories, by their ids."""
    return {one["id"]: one["title"] for one in guidelines.body["categories"]} if guidelines.ok else {}


async def one(visit: Visit) -> Response:
    """A case: what it is about, what was said, both sides' history, and what may be decided."""
    return await _one(visit)


async def decide(visit: Visit) -> Response:
    """Uphold it, or dismiss it."""
    return await _decide(visit, "decide")


async def rule(visit: Visit) -> Response:
    """Decide the appeal."""
    return await _decide(visit, "rule")


async def _decide(visit: Visit, verb: str) -> Response:
    form = visit.form
    if not form.get("outcome"):
        return await _one(visit, errors={"outcome": visit.say(_("Say what you decide"))})
    note = form.get("note", "").strip()
    if len(note) > NOTE_MAX_CHARS:
        return await _one(visit, errors={"note": visit.say(_("The note is too long"))})
    body: dict[str, Any] = {"outcome": form["outcome"], "reason": form.get("reason", ""), "note": note or None}
    if verb == "decide":
        body["category"] = form.get("category") or None
    answer = await visit.ask.post("scoring", f"{_path(visit)}/{verb}", body)
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{GUIDELINES.path}/{visit.request.path_params['case_id']}", toast="done")


def _path(visit: Visit) -> str:
    return f"/v1/guideline-cases/{visit.request.path_params['case_id']}"


async def _one(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    answers: dict[str, Answer] = await visit.ask.all(
        case=visit.ask.get("scoring", _path(visit)), guidelines=visit.ask.get("scoring", "/v1/guidelines")
    )
    case = answers["case"]
    if case.is_missing or case.status == UNPROCESSABLE:
        raise NotFoundError
    return visit.page(
        "pages/guidelines/one.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        case=case,
        guidelines=answers["guidelines"],
        titles=titles_of(answers["guidelines"]),
        written=await _written(visit, case.body["event_uids"] if case.ok else []),
        approvers=[],
        typed=visit.form,
        errors=errors or {},
        refused=refused,
    )


async def _written(visit: Visit, event_uids: list[str]) -> list[dict[str, Any]]:
    """What was written, and where it is seen, as far as that is kept and the visitor may read it."""
    if not event_uids or not visit.signed_in.may("members:read"):
        return []
    found = await asyncio.gather(*(visit.ask.get("ingest", f"/v1/texts/{uid}") for uid in event_uids))
    return [
        {"fields": answer.body["fields"], "url": _address(answer.body["fields"].get("url"))}
        for answer in found
        if answer.ok
    ]


def _address(url: str | None) -> str | None:
    """An address that leads to a page, and to nothing that runs here."""
    return url if url and urlsplit(url).scheme in ("http", "https") else None


async def lift(visit: Visit) -> Response:
    """End a suspension."""
    path = f"/v1/suspensions/{visit.request.path_params['suspension_id']}/lift"
    answer = await visit.ask.command("POST", "scoring", path)
    if not answer.ok:
        return await _show(visit, Refusal.of(answer))
    return visit.see_other(GUIDELINES.path, toast="done")


async def form(visit: Visit) -> Response:
    """Ask for how long, and why."""
    return await _form(visit, new_secret())


async def suspend(visit: Visit) -> Response:
    """Suspend a member. The form's key makes that sending it twice is the same."""
    key, typed = visit.form_key, visit.form.get("days", "").strip()
    if key is None:
        raise NotFoundError
    if typed and not (typed.isdecimal() and len(typed) <= len(str(DAYS_MAX)) and 0 < int(typed) <= DAYS_MAX):
        errors = {"days": visit.say(_("Say how many days, as a whole number, or nothing"))}
        return await _form(visit, key, errors=errors)
    body = {
        "member": _member_id(visit),
        "days": int(typed) if typed else None,
        "reason": visit.form.get("reason", ""),
    }
    made = await visit.ask.post("scoring", "/v1/suspensions", body, key=f"console-{key}")
    if not made.ok:
        return await _form(visit, key, refused=Refusal.of(made))
    return visit.see_other(f"{GUIDELINES.path}#suspended", toast="done")


def _member_id(visit: Visit) -> str:
    return str(visit.request.path_params["member_id"])


async def _form(
    visit: Visit, key: str, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    member_id = _member_id(visit)
    answers: dict[str, Answer] = await visit.ask.all(
        member=visit.ask.get("ingest", f"/v1/members/{member_id}"),
        guidelines=visit.ask.get("scoring", "/v1/guidelines"),
    )
    if answers["member"].is_missing:
        raise NotFoundError
    return visit.page(
        "pages/guidelines/suspend.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        **answers,
        titles=titles_of(answers["guidelines"]),
        member_id=UUID(member_id),
        key=key,
        days=visit.form.get("days", ""),
        reason=visit.form.get("reason", ""),
        errors=errors or {},
        refused=refused,
    )


ONE = f"{GUIDELINES.path}/{{case_id:uuid}}"
SUSPEND = f"{MEMBERS.path}/{{member_id:uuid}}/suspend"
ROUTES = [
    Route(GUIDELINES.path, page(show, scope=GUIDELINES.scope)),
    Route(ONE, page(one, scope=GUIDELINES.scope)),
    Route(f"{ONE}/decide", page(decide, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/rule", page(rule, scope=WRITE), methods=["POST"]),
    Route(f"{GUIDELINES.path}/suspensions/{{suspension_id:uuid}}/lift", page(lift, scope=WRITE), methods=["POST"]),
    Route(SUSPEND, page(form, scope=WRITE), methods=["GET"]),
    Route(SUSPEND, page(suspend, scope=WRITE), methods=["POST"]),
]
