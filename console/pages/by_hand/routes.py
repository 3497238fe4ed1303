"""Points by hand: given or taken for a reason of the programme's, approved by another person, taken back."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.approvers import approvers
from console.frame.navigation import BY_HAND, MEMBERS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.sign_in.domain import new_secret

WRITE, APPROVE = "points:write", "points:approve"
STATES = ("waiting", "given", "declined", "reversed")
#: What scoring answers to an id that none can have.
UNPROCESSABLE = 422
POINTS_MAX_DIGITS = 7


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """What was given and taken, and what waits, newest first."""
    states = Filter("state", visit.say(_("State")), [(state, visit.say(state)) for state in STATES])
    filters = [states, Filter("member", visit.say(_("Member's id")))]
    listing = Listing.of(BY_HAND.path, visit.request.query_params, filters=filters)
    answers = await visit.ask.all(
        awards=visit.ask.get(
            "scoring", "/v1/manual-awards", limit=PAGE_COUNT, after=listing.said.get("after"), **listing.chosen
        ),
        terms=visit.ask.get("scoring", "/v1/manual-awards/terms"),
    )
    return visit.page("pages/by_hand/page.html", awards=answers["awards"], terms=answers["terms"], listing=listing)


async def one(visit: Visit) -> Response:
    """One of them: what became of it, who had a hand in it, and what may be decided."""
    return await _one(visit)


async def approve(visit: Visit) -> Response:
    """Have it given."""
    if not visit.form.get("seen"):
        return await _one(visit, errors={"seen": visit.say(_("Say that you have looked at it"))})
    return await _decide(visit, "approve", "approved")


async def decline(visit: Visit) -> Response:
    """Have nobody get it."""
    return await _decide(visit, "decline", "declined")


async def reverse(visit: Visit) -> Response:
    """Take it back."""
    return await _decide(visit, "reverse", "taken-back")


async def confirm_reversal(visit: Visit) -> Response:
    """Take it back, as another person asked."""
    return await _decide(visit, "confirm-reversal", "taken-back")


async def _decide(visit: Visit, verb: str, toast: str) -> Response:
    answer = await visit.ask.command("POST", "scoring", f"{_path(visit)}/{verb}")
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    if answer.body["state"] == "given" and verb == "reverse":
        toast = "waits"
    return visit.see_other(f"{BY_HAND.path}/{visit.request.path_params['manual_id']}", toast=toast)


def _path(visit: Visit) -> str:
    return f"/v1/manual-awards/{visit.request.path_params['manual_id']}"


async def _one(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    award, people = await asyncio.gather(visit.ask.get("scoring", _path(visit)), approvers(visit, APPROVE))
    if award.is_missing or award.status == UNPROCESSABLE:
        raise NotFoundError
    said = award.body if award.ok else {}
    is_own = said.get("asked_by_person") == visit.signed_in.person_id
    is_own_reversal = said.get("reversal_asked_by_person") == visit.signed_in.person_id
    is_about_you = visit.signed_in.is_about(said.get("member_id"))
    may_approve = visit.signed_in.may(APPROVE) and not is_about_you
    return visit.page(
        "pages/by_hand/one.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        award=award,
        approvers=[one for one in people if one["person_id"] != said.get("asked_by_person")],
        confirmers=[one for one in people if one["person_id"] != said.get("reversal_asked_by_person")],
        is_own=is_own,
        is_own_reversal=is_own_reversal,
        is_about_you=is_about_you,
        may_confirm=may_approve and not is_own_reversal,
        may_approve=may_approve and not is_own,
        may_decline=may_approve,
        may_reverse=visit.signed_in.may(WRITE) and not is_about_you,
        errors=errors or {},
        refused=refused,
    )


async def form(visit: Visit) -> Response:
    """Ask for how many points, and what for."""
    return await _form(visit, new_secret())


async def give(visit: Visit) -> Response:
    """Give or take them. The form's key makes that sending it twice is the same."""
    key, reason, typed = visit.form_key, visit.form.get("reason", ""), visit.form.get("points", "").strip()
    if key is None:
        raise NotFoundError
    errors = {}
    if not typed.isdecimal() or not int(typed[:POINTS_MAX_DIGITS]) > 0 or len(typed) > POINTS_MAX_DIGITS:
        errors["points"] = visit.say(_("Say how many points, as a whole number"))
    if not reason:
        errors["reason"] = visit.say(_("Choose what for"))
    if errors:
        return await _form(visit, key, errors=errors)
    terms = await visit.ask.get("scoring", "/v1/manual-awards/terms")
    takes = {one["id"]: one["takes"] for one in terms.body["reasons"]} if terms.ok else {}
    points = -int(typed) if takes.get(reason) else int(typed)
    body = {"member": _member_id(visit), "points": points, "reason": reason}
    made = await visit.ask.post("scoring", "/v1/manual-awards", body, key=f"console-{key}")
    if not made.ok:
        # What was not done leaves no answer: the form may go again with its key.
        return await _form(visit, key, refused=Refusal.of(made))
    toast = "waits" if made.body["state"] == "waiting" else "done"
    return visit.see_other(f"{BY_HAND.path}/{made.body['manual_id']}", toast=toast)


def _member_id(visit: Visit) -> str:
    return str(visit.request.path_params["member_id"])


async def _form(
    visit: Visit, key: str, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    member_id = _member_id(visit)
    questions: dict[str, Any] = {
        "member": visit.ask.get("ingest", f"/v1/members/{member_id}"),
        "terms": visit.ask.get("scoring", "/v1/manual-awards/terms"),
        "score": visit.ask.get("scoring", f"/v1/members/{member_id}/score"),
    }
    answers: dict[str, Answer] = await visit.ask.all(**questions)
    if answers["member"].is_missing:
        raise NotFoundError
    if answers["member"].ok and answers["member"].body["member_id"] != member_id:
        return visit.see_other(f"{MEMBERS.path}/{answers['member'].body['member_id']}", toast="merged-before")
    return visit.page(
        "pages/by_hand/give.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        member=answers["member"],
        terms=answers["terms"],
        score=answers["score"],
        member_id=UUID(member_id),
        key=key,
        points=visit.form.get("points", ""),
        reason=visit.form.get("reason", ""),
        errors=errors or {},
        refused=refused,
    )


ONE = f"{BY_HAND.path}/{{manual_id:uuid}}"
GIVE = f"{MEMBERS.path}/{{member_id:uuid}}/points"
ROUTES = [
    Route(BY_HAND.path, page(show, scope=BY_HAND.scope)),
    Route(ONE, page(one, scope=BY_HAND.scope)),
    Route(f"{ONE}/approve", page(approve, scope=APPROVE), methods=["POST"]),
    Route(f"{ONE}/decline", page(decline, scope=APPROVE), methods=["POST"]),
    Route(f"{ONE}/reverse", page(reverse, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/confirm-reversal", page(confirm_reversal, scope=APPROVE), methods=["POST"]),
    Route(GIVE, page(form, scope=WRITE), methods=["GET"]),
    Route(GIVE, page(give, scope=WRITE), methods=["POST"]),
]
