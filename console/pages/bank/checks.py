"""What ledger, payouts and bank say of each day, side by side, and what differs until somebody explains it."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import BANK
from console.frame.refusals import Refusal
from console.frame.visits import Visit, page
from console.pages.two_people import UNPROCESSABLE, WRITE

PATH = f"{BANK.path}/checks"
DAYS_COUNT = 35
REASON_MAX_CHARS = 500
ITEM = f"{PATH}/{{item_id:uuid}}"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


STATES = {"open": _("Waits"), "explained": _("Explained"), "gone": _("Gone")}


async def show(visit: Visit) -> Response:
    """What differs, newest first, and the last days."""
    return await _show(visit)


async def check(visit: Visit) -> Response:
    """Compare a day now."""
    day = visit.form.get("day", "")[:20]
    if not day:
        return await _show(visit, errors={"day": visit.say(_("Say a day"))})
    answer = await visit.ask.command("POST", "rewards", "/v1/bank-checks", {"day": day})
    if not answer.ok:
        return await _show(visit, refused=Refusal.of(answer))
    return visit.see_other(PATH, toast="saved")


async def look(visit: Visit) -> Response:
    """Say that this person looks at a difference."""
    return await _decide(visit, "look", None)


async def explain(visit: Visit) -> Response:
    """Say why the three differ."""
    reason = " ".join(visit.form.get("reason", "").split())[:REASON_MAX_CHARS]
    if not reason:
        return await _show(visit, errors={"reason": visit.say(_("Say why they differ"))})
    return await _decide(visit, "explain", {"reason": reason})


async def _decide(visit: Visit, verb: str, body: Mapping[str, str] | None) -> Response:
    path = f"/v1/bank-check-items/{visit.request.path_params['item_id']}/{verb}"
    answer = await visit.ask.command("POST", "rewards", path, body)
    if not answer.ok:
        return await _show(visit, refused=Refusal.of(answer))
    return visit.see_other(PATH, toast="saved")


async def _show(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    states = Filter("state", visit.say(_("State")), [(state, visit.say(text)) for state, text in STATES.items()])
    listing = Listing.of(PATH, visit.request.query_params, filters=[states])
    answers = await visit.ask.all(
        items=visit.ask.get(
            "rewards",
            "/v1/bank-check-items",
            limit=PAGE_COUNT,
            after=listing.said.get("after"),
            **listing.chosen,
        ),
        days=visit.ask.get("rewards", "/v1/bank-checks", limit=DAYS_COUNT),
    )
    return visit.page(
        "pages/bank/checks.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        items=answers["items"],
        days=answers["days"],
        listing=listing,
        states=STATES,
        day=visit.form.get("day", ""),
        may_write=visit.signed_in.may(WRITE),
        errors=errors or {},
        refused=refused,
    )


ROUTES = [
    Route(PATH, page(show, scope=BANK.scope), methods=["GET"]),
    Route(PATH, page(check, scope=WRITE), methods=["POST"]),
    Route(f"{ITEM}/look", page(look, scope=WRITE), methods=["POST"]),
    Route(f"{ITEM}/explain", page(explain, scope=WRITE), methods=["POST"]),
]
