"""What becomes of used points that are taken back: entries that one person proposes and another approves."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import DEBTS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.two_people import UNPROCESSABLE, WRITE, Entries
from console.sign_in.domain import new_secret

PATH = f"{DEBTS.path}/policies"
SERVICE_PATH = "/v1/finance/clawback-policies"
TYPED_MAX_CHARS = 20


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


TREATMENTS = {
    "owe": _("Members owe them"),
    "keep_below": _("Members keep them where they are few"),
    "keep": _("Members keep them"),
}


ENTRIES = Entries(PATH, SERVICE_PATH, "policy_id", "pages/debts/policy.html", {"treatments": TREATMENTS})


async def show(visit: Visit) -> Response:
    """All entries, newest first."""
    listing = Listing.of(PATH, visit.request.query_params)
    answer = await visit.ask.get("rewards", SERVICE_PATH, limit=PAGE_COUNT, after=listing.said.get("after"))
    return visit.page("pages/debts/policies.html", answer=answer, listing=listing, treatments=TREATMENTS)


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


ROUTES = [
    Route(PATH, page(show, scope=DEBTS.scope)),
    Route(f"{PATH}/propose", page(form, scope=WRITE), methods=["GET"]),
    Route(f"{PATH}/propose", page(propose, scope=WRITE), methods=["POST"]),
    *ENTRIES.routes(DEBTS.scope),
]
