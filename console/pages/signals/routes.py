"""Held points: what was found about whom, who gave whom how much, and releasing or denying it."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.approvers import approvers
from console.frame.navigation import HELD
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page

WRITE, APPROVE = "points:write", "points:approve"
RELEASE_REASONS = ("honest", "same_place")
DENY_REASONS = ("traded", "one_person", "automated")
NOTE_MAX_CHARS = 200
#: Of a ring so many are decided together.
TOGETHER_MAX_COUNT = 30
#: What scoring answers to an id that none can have.
UNPROCESSABLE = 422


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


STATE_WORDS = {
    "waiting": _("waits"),
    "held": _("waits for somebody"),
    "release_asked": _("waits for a second person"),
    "marked": _("marked only"),
    "released": _("released"),
    "denied": _("denied"),
    "gone": _("not found any more"),
}


async def show(visit: Visit) -> Response:
    """What waits, the strongest first; or what is in another state."""
    choices = [(one, visit.say(words)) for one, words in STATE_WORDS.items()]
    states = Filter("state", visit.say(_("State")), choices, usual="waiting")
    filters = [states, Filter("member", visit.say(_("Member's id")))]
    listing = Listing.of(HELD.path, visit.request.query_params, filters=filters)
    answers = await visit.ask.all(
        cases=visit.ask.get(
            "scoring", "/v1/signals", limit=PAGE_COUNT, after=listing.said.get("after"), **listing.chosen
        ),
        terms=visit.ask.get("scoring", "/v1/signals/terms"),
    )
    return visit.page("pages/signals/page.html", cases=answers["cases"], terms=answers["terms"], listing=listing)


async def one(visit: Visit) -> Response:
    """One case: what was found, who gave whom how much, and what may be decided."""
    return await _one(visit)


async def release(visit: Visit) -> Response:
    """Have what is held given."""
    return await _decide(visit, "release", RELEASE_REASONS, "released")


async def deny(visit: Visit) -> Response:
    """Have nobody get it."""
    return await _decide(visit, "deny", DENY_REASONS, "denied")


async def approve(visit: Visit) -> Response:
    """Have it given, as another asked."""
    if not visit.form.get("seen"):
        return await _one(visit, errors={"seen": visit.say(_("Say that you have looked at it"))})
    answer = await visit.ask.command("POST", "scoring", f"{_path(visit)}/approve")
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    return visit.see_other(_address(visit), toast="approved")


async def _decide(visit: Visit, verb: str, reasons: tuple[str, ...], toast: str) -> Response:
    reason, note = visit.form.get("reason", ""), " ".join(visit.form.get("note", "").split())
    if reason not in reasons:
        return await _one(visit, errors={f"{verb}-reason": visit.say(_("Choose why"))})
    body: dict[str, Any] = {"reason": reason} | ({"note": note[:NOTE_MAX_CHARS]} if note else {})
    if visit.form.get("together"):
        case = await visit.ask.get("scoring", _path(visit))
        if not case.ok:
            return await _one(visit)
        ids = [case.body["case_id"], *case.body["ring_case_ids"]][:TOGETHER_MAX_COUNT]
        answer = await visit.ask.post(
            "scoring", "/v1/signals/decisions", body | {"case_ids": ids, "decision": verb}
        )
    else:
        answer = await visit.ask.post("scoring", f"{_path(visit)}/{verb}", body)
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    return visit.see_other(_address(visit), toast=toast)


def _path(visit: Visit) -> str:
    return f"/v1/signals/{visit.request.path_params['case_id']}"


def _address(visit: Visit) -> str:
    return f"{HELD.path}/{visit.request.path_params['case_id']}"


async def _one(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    case, terms = await asyncio.gather(
        visit.ask.get("scoring", _path(visit)), visit.ask.get("scoring", "/v1/signals/terms")
    )
    if case.is_missing or case.status == UNPROCESSABLE:
        raise NotFoundError
    said = case.body if case.ok else {}
    asker = said.get("asked_by_person")
    people = await approvers(visit, APPROVE) if said.get("state") == "release_asked" else []
    is_own, is_about_you = asker == visit.signed_in.person_id, bool(said.get("is_about_you"))
    return visit.page(
        "pages/signals/one.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        case=case,
        terms=terms,
        approvers=[one for one in people if one["person_id"] != asker],
        is_own=is_own,
        is_about_you=is_about_you,
        may_decide=visit.signed_in.may(WRITE) and not is_about_you,
        may_approve=visit.signed_in.may(APPROVE) and not is_own and not is_about_you,
        release_reasons=RELEASE_REASONS,
        deny_reasons=DENY_REASONS,
        chosen=visit.form.get("reason", ""),
        errors=errors or {},
        refused=refused,
    )


ONE = f"{HELD.path}/{{case_id:uuid}}"
ROUTES = [
    Route(HELD.path, page(show, scope=HELD.scope)),
    Route(ONE, page(one, scope=HELD.scope)),
    Route(f"{ONE}/release", page(release, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/deny", page(deny, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/approve", page(approve, scope=APPROVE), methods=["POST"]),
]
