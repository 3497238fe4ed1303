"""Months of the books: which are closed, what stood on the accounts at their ends, and who closes them."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Listing
from console.frame.approvers import others_who_may
from console.frame.navigation import LEDGER
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.ledger.words import ACCOUNTS
from console.pages.tables import amount, table

PATH = f"{LEDGER.path}/periods"
WRITE, APPROVE = "payouts:write", "payouts:approve"
UNPROCESSABLE = 422
#: Somebody proposed something of the month, and another person decides it.
WAITING = ("closing", "reopening")
REASON_MAX_CHARS = 200
HEADINGS = ("account", "currency", "accounts", "before", "change", "at its end")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """The months of the books, newest first."""
    listing = Listing.of(PATH, visit.request.query_params)
    answer = await visit.ask.get("rewards", "/v1/periods", limit=PAGE_COUNT, after=listing.said.get("after"))
    return visit.page("pages/closing/page.html", answer=answer, listing=listing)


async def month(visit: Visit) -> Response:
    """A month with its figures, and what may be decided about it."""
    return await _month(visit)


async def download(visit: Visit) -> Response:
    """The figures of a month as a table."""
    answer = await visit.ask.get("rewards", _path(visit))
    if not answer.ok:
        return await _month(visit)
    rows = []
    for one in answer.body["figures"]:
        before, end = (amount(one[name], one["currency"]) for name in ("before", "after"))
        rows.append([one["kind"], one["currency"], one["accounts_count"], before, end - before, end])
    return table(f"books-{visit.request.path_params['month']}", HEADINGS, rows)


async def close(visit: Visit) -> Response:
    """Propose to close it."""
    return await _decide(visit, "close", "proposed")


async def reopen(visit: Visit) -> Response:
    """Propose to open it again, and say why."""
    reason = " ".join(visit.form.get("reason", "").split())[:REASON_MAX_CHARS]
    if not reason:
        return await _month(visit, errors={"reason": visit.say(_("Say why it is opened again"))})
    return await _decide(visit, "reopen", "proposed", {"reason": reason})


async def confirm(visit: Visit) -> Response:
    """Confirm what somebody else proposed."""
    if not visit.form.get("seen"):
        return await _month(visit, errors={"seen": visit.say(_("Say that you have looked at it"))})
    return await _decide(visit, "confirm", "confirmed")


async def withdraw(visit: Visit) -> Response:
    """Have what is proposed come to nothing."""
    return await _decide(visit, "withdraw", "withdrawn")


async def _decide(visit: Visit, deed: str, toast: str, body: Any = None) -> Response:
    answer = await visit.ask.command("POST", "rewards", f"{_path(visit)}/{deed}", body)
    if not answer.ok:
        return await _month(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/{visit.request.path_params['month']}", toast=toast)


def _path(visit: Visit) -> str:
    return f"/v1/periods/{visit.request.path_params['month']}"


async def _month(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    answer = await visit.ask.get("rewards", _path(visit))
    if answer.is_missing or answer.status == UNPROCESSABLE:
        raise NotFoundError
    is_own = answer.body["is_about_you"] if answer.ok else False
    waits = answer.body["proposed"] if answer.ok and answer.body["state"] in WAITING else None
    return visit.page(
        "pages/closing/month.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        answer=answer,
        accounts=ACCOUNTS,
        approvers=await others_who_may(visit, APPROVE, proposed=waits),
        is_own=is_own,
        may_propose=visit.signed_in.may(WRITE),
        may_confirm=visit.signed_in.may(APPROVE) and not is_own,
        errors=errors or {},
        refused=refused,
    )


ROUTES = [
    Route(PATH, page(show, scope=LEDGER.scope)),
    Route(f"{PATH}/{{month}}.csv", page(download, scope=LEDGER.scope)),
    Route(f"{PATH}/{{month}}", page(month, scope=LEDGER.scope)),
    Route(f"{PATH}/{{month}}/close", page(close, scope=WRITE), methods=["POST"]),
    Route(f"{PATH}/{{month}}/reopen", page(reopen, scope=WRITE), methods=["POST"]),
    Route(f"{PATH}/{{month}}/confirm", page(confirm, scope=APPROVE), methods=["POST"]),
    Route(f"{PATH}/{{month}}/withdraw", page(withdraw, scope=WRITE), methods=["POST"]),
]
