"""Debts that two people write off, or have owed again."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.approvers import approvers
from console.frame.navigation import DEBTS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.tables import TOO_LONG, columns, table, whole
from console.sign_in.domain import new_secret

WRITE, APPROVE = "payouts:write", "payouts:approve"
PATH = f"{DEBTS.path}/write-offs"
SERVICE_PATH = "/v1/debt-write-offs"
UNPROCESSABLE = 422
TEXT_MAX_CHARS = 200
COLUMNS = (
    *("write_off_id", "member_id", "name", "state", "points", "booked_points", "reason", "reverses"),
    *("transfer_id", "proposed_at", "proposed_by", "decided_at", "decided_by"),
)


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


STATES = {
    "proposed": _("waits for another person"),
    "approved": _("booked"),
    "withdrawn": _("withdrawn"),
}


async def show(visit: Visit) -> Response:
    """All of them, newest first."""
    return await _show(visit)


async def _show(visit: Visit, refused: Refusal | None = None) -> Response:
    states = Filter("state", visit.say(_("State")), [(state, visit.say(words)) for state, words in STATES.items()])
    listing = Listing.of(PATH, visit.request.query_params, filters=[states])
    answer = await visit.ask.get(
        "rewards", SERVICE_PATH, limit=PAGE_COUNT, after=listing.said.get("after"), **listing.chosen
    )
    return visit.page(
        "pages/debts/write_offs.html",
        status=200 if refused is None else refused.status,
        answer=answer,
        listing=listing,
        file=f"{PATH}.csv",
        refused=refused,
    )


async def download(visit: Visit) -> Response:
    """The same as a table."""
    items, missing, is_long = await whole(visit, "rewards", SERVICE_PATH)
    if missing is not None or is_long:
        return await _show(visit, Refusal(TOO_LONG) if is_long else None)
    return table("write-offs", COLUMNS, [columns(*COLUMNS)(one) for one in items])


async def one(visit: Visit) -> Response:
    """One of them: who had a hand in it, and what may be decided."""
    return await _one(visit)


async def approve(visit: Visit) -> Response:
    """Have it booked."""
    if not visit.form.get("seen"):
        return await _one(visit, errors={"seen": visit.say(_("Say that you have looked at it"))})
    return await _decide(visit, "approve", "approved")


async def withdraw(visit: Visit) -> Response:
    """Have it come to nothing."""
    return await _decide(visit, "withdraw", "withdrawn")


async def reverse(visit: Visit) -> Response:
    """Propose that it is owed again."""
    key = visit.form_key
    if key is None:
        raise NotFoundError
    reason = _reason(visit)
    if not reason:
        return await _one(visit, errors={"reason": visit.say(_("Say why"))})
    answer = await visit.ask.post("rewards", f"{_path(visit)}/reverse", {"reason": reason}, key=key)
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/{answer.body['write_off_id']}", toast="waits")


async def _decide(visit: Visit, verb: str, toast: str) -> Response:
    answer = await visit.ask.command("POST", "rewards", f"{_path(visit)}/{verb}")
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/{visit.request.path_params['write_off_id']}", toast=toast)


def _path(visit: Visit) -> str:
    return f"{SERVICE_PATH}/{visit.request.path_params['write_off_id']}"


def _reason(visit: Visit) -> str:
    return " ".join(visit.form.get("reason", "").split())[:TEXT_MAX_CHARS]


async def _one(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    answer, people = await asyncio.gather(visit.ask.get("rewards", _path(visit)), approvers(visit, APPROVE))
    if answer.is_missing or answer.status == UNPROCESSABLE:
        raise NotFoundError
    said: Mapping[str, Any] = answer.body if answer.ok else {}
    is_own = said.get("proposed_by_person") == visit.signed_in.person_id
    may_write = visit.signed_in.may(WRITE)
    return visit.page(
        "pages/debts/write_off.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        answer=answer,
        approvers=[one for one in people if one["person_id"] != said.get("proposed_by_person")],
        is_own=is_own,
        may_approve=visit.signed_in.may(APPROVE) and not is_own,
        may_withdraw=may_write,
        may_reverse=may_write and said.get("state") == "approved" and said.get("reverses") is None,
        key=visit.form_key or new_secret(),
        typed={"reason": visit.form.get("reason", "")},
        errors=errors or {},
        refused=refused,
    )


async def form(visit: Visit) -> Response:
    """Ask how much of a member's debt is to be written off, and why."""
    said = visit.request.query_params
    typed = {name: said.get(name, "")[:TEXT_MAX_CHARS] for name in ("member_id", "points")}
    return _form(visit, new_secret(), typed | {"reason": ""})


async def propose(visit: Visit) -> Response:
    """Propose it. The form's key makes that sending it twice is the same."""
    key = visit.form_key
    if key is None:
        raise NotFoundError
    typed = {name: visit.form.get(name, "").strip()[:TEXT_MAX_CHARS] for name in ("member_id", "points")}
    typed["reason"] = _reason(visit)
    errors = {}
    if not typed["points"].isdecimal() or not int(typed["points"]):
        errors["points"] = visit.say(_("Say how many, in digits"))
    if not typed["reason"]:
        errors["reason"] = visit.say(_("Say why"))
    if errors:
        return _form(visit, key, typed, errors=errors)
    body = typed | {"points": int(typed["points"])}
    answer = await visit.ask.post("rewards", SERVICE_PATH, body, key=key)
    if not answer.ok:
        return _form(visit, key, typed, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/{answer.body['write_off_id']}", toast="waits")


def _form(
    visit: Visit,
    key: str,
    typed: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    refused: Refusal | None = None,
) -> Response:
    return visit.page(
        "pages/debts/propose.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        key=key,
        typed=typed,
        errors=errors or {},
        refused=refused,
    )


ONE = f"{PATH}/{{write_off_id:uuid}}"
ROUTES = [
    Route(PATH, page(show, scope=DEBTS.scope)),
    Route(f"{PATH}.csv", page(download, scope=DEBTS.scope)),
    Route(f"{PATH}/propose", page(form, scope=WRITE), methods=["GET"]),
    Route(f"{PATH}/propose", page(propose, scope=WRITE), methods=["POST"]),
    Route(ONE, page(one, scope=DEBTS.scope)),
    Route(f"{ONE}/approve", page(approve, scope=APPROVE), methods=["POST"]),
    Route(f"{ONE}/withdraw", page(withdraw, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/reverse", page(reverse, scope=WRITE), methods=["POST"]),
]
