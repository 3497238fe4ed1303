"""The policy of what points are worth: its entries, proposed by one person and approved by another."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import LIABILITY
from console.frame.refusals import Refusal
from console.frame.visits import Visit, page
from console.pages.liability.words import WORDS
from console.pages.two_people import UNPROCESSABLE, WRITE, Entries
from console.sign_in.domain import new_secret

POLICIES = f"{LIABILITY.path}/policies"
SERVICE_PATH = "/v1/finance/liability-policies"
FIELDS = {
    "effective_from": "",
    "currency": "EUR",
    "basis": "cost",
    "minor_per_point": "",
    "estimate": "rate",
    "expected_redemption": "",
    "vintage_unit": "month",
}
TYPED_MAX_CHARS = 40


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: What is wrong with a field that rewards does not take.
WRONG = {
    "effective_from": _("Say a day"),
    "currency": _("Say a currency by its three letters, like EUR"),
    "minor_per_point": _("Say a number like 0.95, with at most nine digits after the point"),
    "expected_redemption": _("Say a part between 0 and 1, like 0.8"),
}


ENTRIES = Entries(POLICIES, SERVICE_PATH, "policy_id", "pages/liability/policy.html", WORDS)


async def show(visit: Visit) -> Response:
    """All entries, newest first."""
    listing = Listing.of(POLICIES, visit.request.query_params)
    answer = await visit.ask.get("rewards", SERVICE_PATH, limit=PAGE_COUNT, after=listing.said.get("after"))
    return visit.page("pages/liability/policies.html", answer=answer, listing=listing, **WORDS)


async def form(visit: Visit) -> Response:
    """Ask what points are to be worth."""
    return await _form(visit, new_secret())


async def propose(visit: Visit) -> Response:
    """Propose it. The form's key makes that sending it twice is the same."""
    key = visit.form.get("key") or new_secret()
    said = {name: visit.form.get(name, "").strip()[:TYPED_MAX_CHARS] for name in FIELDS}
    answer = await visit.ask.post("rewards", SERVICE_PATH, said, key=key)
    if answer.ok:
        return visit.see_other(f"{POLICIES}/{answer.body['policy_id']}", toast="waits")
    wrong = [one["field"].lstrip("/") for one in answer.problem.get("errors", ())]
    errors = {name: visit.say(WRONG[name]) for name in wrong if name in WRONG}
    if answer.problem_slug != "invalid-request" or not errors:
        return await _form(visit, key, refused=Refusal.of(answer))
    return await _form(visit, key, errors=errors)


async def _form(
    visit: Visit, key: str, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    return visit.page(
        "pages/liability/propose.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        **WORDS,
        key=key,
        typed={name: visit.form.get(name, usual) for name, usual in FIELDS.items()},
        errors=errors or {},
        refused=refused,
    )


ROUTES = [
    Route(POLICIES, page(show, scope=LIABILITY.scope)),
    Route(f"{POLICIES}/propose", page(form, scope=WRITE), methods=["GET"]),
    Route(f"{POLICIES}/propose", page(propose, scope=WRITE), methods=["POST"]),
    *ENTRIES.routes(LIABILITY.scope),
]
