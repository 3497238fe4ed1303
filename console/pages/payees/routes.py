"""Bank details of a member, as finance gives them where the member does not."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page

READ, WRITE = "payouts:read", "payouts:write"
HISTORY_COUNT = 20
UNPROCESSABLE = 422
FIELDS = ("name", "iban", "bic", "reference", "currency")
CONFIRMS = ("confirm_bic_country", "confirm_account")
UNCONFIRMED = "bank-details-unconfirmed"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """What they are, and what they were."""
    return await _page(visit)


async def save(visit: Visit) -> Response:
    """Give others."""
    said = {name: visit.form.get(name, "").strip() for name in FIELDS}
    errors = {}
    if not said["name"]:
        errors["name"] = visit.say(_("Say whose account it is"))
    if not said["iban"]:
        errors["iban"] = visit.say(_("Give the IBAN as it stands on a statement"))
    if errors:
        return await _page(visit, errors=errors)
    body: dict[str, Any] = said | {name: said[name] or None for name in ("bic", "reference")}
    body["currency"] = said["currency"].upper() or None
    body |= {name: True for name in CONFIRMS if visit.form.get(name)}
    answer = await visit.ask.command("PUT", "rewards", f"/v1/payees/{_id(visit)}", body)
    if answer.ok:
        return visit.see_other(f"/payees/{_id(visit)}", toast="saved")
    found = {one["field"].rpartition("/")[2]: one["detail"] for one in answer.problem.get("errors") or []}
    if answer.problem_slug == UNCONFIRMED:
        return await _page(visit, asked=found)
    known = {name: visit.service_words(text) for name, text in found.items() if name in FIELDS}
    return await _page(visit, errors=known, refused=None if known else Refusal.of(answer))


async def _page(
    visit: Visit,
    *,
    errors: Mapping[str, str] | None = None,
    asked: Mapping[str, str] | None = None,
    refused: Refusal | None = None,
) -> Response:
    ask, id_ = visit.ask, _id(visit)
    answers = await ask.all(
        payee=ask.get("rewards", f"/v1/payees/{id_}"),
        history=ask.get("rewards", f"/v1/payees/{id_}/history", limit=HISTORY_COUNT),
        balance=ask.get("rewards", f"/v1/members/{id_}/balance"),
    )
    balance = answers["balance"]
    if balance.is_missing or balance.status == UNPROCESSABLE:
        raise NotFoundError
    wrong = bool(errors) or bool(asked)
    # What stays as a rule stands there already; an account is typed anew.
    known = answers["payee"].body if answers["payee"].ok else {}
    kept = {name: known.get(name) or "" for name in ("reference", "currency")}
    typed = {name: visit.form.get(name, kept.get(name, "")) for name in FIELDS}
    return visit.page(
        "pages/payees/page.html",
        status=422 if wrong else 200 if refused is None else refused.status,
        **answers,
        member_id=id_,
        name=balance.body["name"] if balance.ok else None,
        typed=typed,
        may_write=visit.signed_in.may(WRITE),
        errors=errors or {},
        asked=asked or {},
        confirms=CONFIRMS,
        refused=refused,
    )


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["member_id"])


ONE = "/payees/{member_id:uuid}"
ROUTES = [
    Route(ONE, page(show, scope=READ), methods=["GET"]),
    Route(ONE, page(save, scope=WRITE), methods=["POST"]),
]
