"""That a check lets a person be paid all the same: proposed by one person, approved by another."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import PAYOUT_POLICIES
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.payout_policies.routes import CHECK_NAMES
from console.pages.two_people import UNPROCESSABLE, WRITE, Entries
from console.sign_in.domain import new_secret

PATH = f"{PAYOUT_POLICIES.path}/clearances"
SERVICE_PATH = "/v1/payout-clearances"
REASON_MAX_CHARS = 200


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


STATES = {
    "proposed": _("waits for another person"),
    "approved": _("let pass"),
    "withdrawn": _("withdrawn"),
}
ENTRIES = Entries(
    PATH, SERVICE_PATH, "clearance_id", "pages/payout_policies/clearance.html", {"checks": CHECK_NAMES}
)


async def show(visit: Visit) -> Response:
    """All of them, newest first."""
    states = Filter("state", visit.say(_("State")), [(state, visit.say(words)) for state, words in STATES.items()])
    listing = Listing.of(PATH, visit.request.query_params, filters=[states])
    answer = await visit.ask.get(
        "rewards", SERVICE_PATH, limit=PAGE_COUNT, after=listing.said.get("after"), **listing.chosen
    )
    return visit.page("pages/payout_policies/clearances.html", answer=answer, listing=listing, checks=CHECK_NAMES)


async def form(visit: Visit) -> Response:
    """Ask why somebody is to be let pass."""
    return await _form(visit, new_secret())


async def propose(visit: Visit) -> Response:
    """Propose it. The form's key makes that sending it twice is the same."""
    key = visit.form_key
    if key is None:
        raise NotFoundError
    reason = " ".join(visit.form.get("reason", "").split())[:REASON_MAX_CHARS]
    if not reason:
        return await _form(visit, key, errors={"reason": visit.say(_("Say why"))})
    body = {"check": visit.request.path_params["check"], "reason": reason}
    answer = await visit.ask.post("rewards", f"{_payout(visit)}/clearances", body, key=key)
    if not answer.ok:
        return await _form(visit, key, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/{answer.body['clearance_id']}", toast="waits")


async def _form(
    visit: Visit, key: str, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    check = visit.request.path_params["check"]
    payout = await visit.ask.get("rewards", _payout(visit))
    if check not in CHECK_NAMES or payout.is_missing or payout.status == UNPROCESSABLE:
        raise NotFoundError
    return visit.page(
        "pages/payout_policies/clear.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        payout=payout,
        check=check,
        checks=CHECK_NAMES,
        key=key,
        typed={"reason": visit.form.get("reason", "")},
        errors=errors or {},
        refused=refused,
    )


def _payout(visit: Visit) -> str:
    return f"/v1/payouts/{visit.request.path_params['payout_id']}"


CLEAR = f"{PAYOUT_POLICIES.path}/checks/{{payout_id:uuid}}/{{check:str}}"
ROUTES = [
    Route(PATH, page(show, scope=PAYOUT_POLICIES.scope)),
    Route(CLEAR, page(form, scope=WRITE), methods=["GET"]),
    Route(CLEAR, page(propose, scope=WRITE), methods=["POST"]),
    *ENTRIES.routes(PAYOUT_POLICIES.scope),
]
