"""What becomes of used points that are taken back: entries that one person proposes and another approves."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Listing
from console.frame.approvers import approvers
from console.frame.navigation import DEBTS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.sign_in.domain import new_secret

WRITE, APPROVE = "payouts:write", "payouts:approve"
PATH = f"{DEBTS.path}/policies"
SERVICE_PATH = "/v1/finance/clawback-policies"
UNPROCESSABLE = 422
TYPED_MAX_CHARS = 20


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


TREATMENTS = {
    "owe": _("Members owe them"),
    "keep_below": _("Members keep them where they are few"),
    "keep": _("Members keep them"),
}


async def show(visit: Visit) -> Response:
    """All entries, newest first."""
    listing = Listing.of(PATH, visit.request.query_params)
    answer = await visit.ask.get("rewards", SERVICE_PATH, limit=PAGE_COUNT, after=listing.said.get("after"))
    return visit.page("pages/debts/policies.html", answer=answer, listing=listing, treatments=TREATMENTS)


async def one(visit: Visit) -> Response:
    """An entry: what it says, who had a hand in it, and what may be decided."""
    return await _one(visit)


async def approve(visit: Visit) -> Response:
    """Put it in force."""
    if not visit.form.get("seen"):
        return await _one(visit, errors={"seen": visit.say(_("Say that you have looked at it"))})
    return await _decide(visit, "approve", "approved")


async def withdraw(visit: Visit) -> Response:
    """Have it never come into force."""
    return await _decide(visit, "withdraw", "withdrawn")


async def _decide(visit: Visit, verb: str, toast: str) -> Response:
    policy_id = visit.request.path_params["policy_id"]
    answer = await visit.ask.command("POST", "rewards", f"{SERVICE_PATH}/{policy_id}/{verb}")
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/{policy_id}", toast=toast)


async def _one(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    path = f"{SERVICE_PATH}/{visit.request.path_params['policy_id']}"
    answer, people = await asyncio.gather(visit.ask.get("rewards", path), approvers(visit, APPROVE))
    if answer.is_missing or answer.status == UNPROCESSABLE:
        raise NotFoundError
    said = answer.body if answer.ok else {}
    is_own = said.get("proposed_by_person") == visit.signed_in.person_id
    return visit.page(
        "pages/debts/policy.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        answer=answer,
        treatments=TREATMENTS,
        approvers=[one for one in people if one["person_id"] != said.get("proposed_by_person")],
        is_own=is_own,
        may_approve=visit.signed_in.may(APPROVE) and not is_own,
        may_withdraw=visit.signed_in.may(WRITE),
        errors=errors or {},
        refused=refused,
    )


async def form(visit: Visit) -> Response:
    """Ask what is to become of them."""
    return _form(visit, new_secret())


async def propose(visit: Visit) -> Response:
    """Propose it. The form's key makes that sending it twice is the same."""
    key = visit.form_key
    if key is None:
        raise NotFoundError
    treatment, below = visit.form.get("treatment", ""), visit.form.get("below_points", "").strip()
    errors = {}
    body: dict[str, Any] = {
        "effective_from": visit.form.get("effective_from", "").strip()[:TYPED_MAX_CHARS],
        "treatment": treatment,
    }
    if not body["effective_from"]:
        errors["effective_from"] = visit.say(_("Say a day"))
    if treatment == "keep_below":
        if len(below) <= TYPED_MAX_CHARS and below.isdecimal() and int(below):
            body["below_points"] = int(below)
        else:
            errors["below_points"] = visit.say(_("Say how many, in digits"))
    if errors:
        return _form(visit, key, errors=errors)
    answer = await visit.ask.post("rewards", SERVICE_PATH, body, key=key)
    if not answer.ok:
        return _form(visit, key, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/{answer.body['policy_id']}", toast="waits")


def _form(
    visit: Visit, key: str, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    usual = {"effective_from": "", "treatment": "keep_below", "below_points": ""}
    return visit.page(
        "pages/debts/propose_policy.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        treatments=TREATMENTS,
        key=key,
        typed={name: visit.form.get(name, text) for name, text in usual.items()},
        errors=errors or {},
        refused=refused,
    )


ONE = f"{PATH}/{{policy_id:uuid}}"
ROUTES = [
    Route(PATH, page(show, scope=DEBTS.scope)),
    Route(f"{PATH}/propose", page(form, scope=WRITE), methods=["GET"]),
    Route(f"{PATH}/propose", page(propose, scope=WRITE), methods=["POST"]),
    Route(ONE, page(one, scope=DEBTS.scope)),
    Route(f"{ONE}/approve", page(approve, scope=APPROVE), methods=["POST"]),
    Route(f"{ONE}/withdraw", page(withdraw, scope=WRITE), methods=["POST"]),
]
