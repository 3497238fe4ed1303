"""Debts that two people write off, or have owed again."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import DEBTS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.tables import TOO_LONG, columns, table, whole
from console.pages.two_people import UNPROCESSABLE, WRITE, Entries
from console.sign_in.domain import new_secret

PATH = f"{DEBTS.path}/write-offs"
SERVICE_PATH = "/v1/debt-write-offs"
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


def _reversing(visit: Visit, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the form takes by which somebody proposes that it is owed again, where it was booked."""
    may = visit.signed_in.may(WRITE) and entry.get("state") == "approved" and entry.get("reverses") is None
    return {
        "may_reverse": may,
        "key": visit.form_key or new_secret(),
        "typed": {"reason": visit.form.get("reason", "")},
    }


ENTRIES = Entries(PATH, SERVICE_PATH, "write_off_id", "pages/debts/write_off.html", more=_reversing)


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


async def reverse(visit: Visit) -> Response:
    """Propose that it is owed again."""
    key = visit.form_key
    if key is None:
        raise NotFoundError
    reason = _reason(visit)
    if not reason:
        return await ENTRIES.show(visit, errors={"reason": visit.say(_("Say why"))})
    answer = await visit.ask.post("rewards", f"{ENTRIES.at_service(visit)}/reverse", {"reason": reason}, key=key)
    if not answer.ok:
        return await ENTRIES.show(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/{answer.body['write_off_id']}", toast="waits")


def _reason(visit: Visit) -> str:
    return " ".join(visit.form.get("reason", "").split())[:TEXT_MAX_CHARS]


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


ROUTES = [
    Route(PATH, page(show, scope=DEBTS.scope)),
    Route(f"{PATH}.csv", page(download, scope=DEBTS.scope)),
    Route(f"{PATH}/propose", page(form, scope=WRITE), methods=["GET"]),
    Route(f"{PATH}/propose", page(propose, scope=WRITE), methods=["POST"]),
    *ENTRIES.routes(DEBTS.scope),
    Route(f"{PATH}/{{write_off_id:uuid}}/reverse", page(reverse, scope=WRITE), methods=["POST"]),
]
