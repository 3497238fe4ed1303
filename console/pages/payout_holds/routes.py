"""Whose money finance holds back, and the form that holds a payout or leaves it out of its run."""

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import PAYOUT_HOLDS, PAYOUT_RUNS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page

WRITE = "payouts:write"
STATES = ("standing", "released")
NOTE_MAX_CHARS = 200
#: What rewards answers to an id that none can have.
UNPROCESSABLE = 422
HOLD, LEAVE_OUT = "hold", "leave_out"
#: The states in which a payout can be stopped.
STOPPABLE = ("held", "eligible", "reserved")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


CAUSES = {
    "under_review": _("It is being looked at"),
    "disputed": _("The amount is disputed"),
    "asked": _("The member asked for it"),
    "bank_details": _("The bank details are being looked at"),
    "other": _("Another reason: finance can say which"),
}


async def show(visit: Visit) -> Response:
    """Holds, newest first."""
    return await _show(visit)


async def _show(visit: Visit, refused: Refusal | None = None) -> Response:
    states = Filter("state", visit.say(_("State")), [(state, visit.say(state)) for state in STATES])
    listing = Listing.of(PAYOUT_HOLDS.path, visit.request.query_params, filters=[states])
    answer = await visit.ask.get(
        "rewards", "/v1/payout-holds", limit=PAGE_COUNT, after=listing.said.get("after"), **listing.chosen
    )
    return visit.page(
        "pages/payout_holds/page.html",
        status=200 if refused is None else refused.status,
        answer=answer,
        listing=listing,
        causes=CAUSES,
        may_write=visit.signed_in.may(WRITE),
        refused=refused,
    )


async def release(visit: Visit) -> Response:
    """Let held money go on."""
    hold_id = visit.request.path_params["hold_id"]
    answer = await visit.ask.command("POST", "rewards", f"/v1/payout-holds/{hold_id}/release")
    if not answer.ok:
        return await _show(visit, Refusal.of(answer))
    return visit.see_other(PAYOUT_HOLDS.path, toast="hold-released")


async def form(visit: Visit) -> Response:
    """What stopping a payout does, and why it is to be stopped."""
    return await _form(visit)


async def stop(visit: Visit) -> Response:
    """Hold the payout, or leave it out of its run."""
    how, cause = visit.form.get("how"), visit.form.get("cause")
    errors = {}
    if how not in (HOLD, LEAVE_OUT):
        errors["how"] = visit.say(_("Say what is to happen"))
    if cause not in CAUSES:
        errors["cause"] = visit.say(_("Say why"))
    if errors:
        return await _form(visit, errors=errors)
    body: dict[str, Any] = {"cause": cause}
    note = " ".join(visit.form.get("note", "").split())[:NOTE_MAX_CHARS]
    if how == HOLD and note:
        body["note"] = note
    verb = "hold" if how == HOLD else "leave-out"
    answer = await visit.ask.command("POST", "rewards", f"{_path(visit)}/{verb}", body)
    if not answer.ok:
        return await _form(visit, refused=Refusal.of(answer))
    if how == HOLD:
        return visit.see_other(PAYOUT_HOLDS.path, toast="payout-held")
    return visit.see_other(f"{PAYOUT_RUNS.path}/{answer.body['run_id']}", toast="payout-left-out")


async def _form(visit: Visit, *, errors: dict[str, str] | None = None, refused: Refusal | None = None) -> Response:
    payout = await visit.ask.get("rewards", _path(visit))
    if payout.is_missing or payout.status == UNPROCESSABLE:
        raise NotFoundError
    return visit.page(
        "pages/payout_holds/stop.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        payout=payout,
        is_over=payout.ok and payout.body["state"] not in STOPPABLE,
        causes=CAUSES,
        typed={name: visit.form.get(name, "") for name in ("how", "cause", "note")},
        errors=errors or {},
        refused=refused,
    )


def _path(visit: Visit) -> str:
    return f"/v1/payouts/{visit.request.path_params['payout_id']}"


STOP = f"{PAYOUT_HOLDS.path}/stop/{{payout_id:uuid}}"
ROUTES = [
    Route(PAYOUT_HOLDS.path, page(show, scope=PAYOUT_HOLDS.scope)),
    Route(f"{PAYOUT_HOLDS.path}/{{hold_id:uuid}}/release", page(release, scope=WRITE), methods=["POST"]),
    Route(STOP, page(form, scope=WRITE), methods=["GET"]),
    Route(STOP, page(stop, scope=WRITE), methods=["POST"]),
]
