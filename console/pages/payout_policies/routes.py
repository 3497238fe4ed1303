"""What holds for payouts in a currency: entries that one person proposes and another approves, and who waits."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import PAYOUT_POLICIES
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.two_people import UNPROCESSABLE, WRITE, Entries
from console.sign_in.domain import new_secret

PATH = PAYOUT_POLICIES.path
WAITS, CHECKS = f"{PATH}/waits", f"{PATH}/checks"
SERVICE_PATH = "/v1/finance/payout-policies"
TYPED_MAX_CHARS = 20
COUNTRIES_MAX_CHARS = 1_000
#: What may be left empty, and is asked in minor units, as rewards takes it.
AMOUNTS: Final = ("minimum_minor", "warn_above_minor", "stop_above_minor")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


CHECK_NAMES = {
    "country": _("Country of the account"),
    "shared_account": _("Account of several persons, or the payer's"),
    "sanctions_list": _("Name like one of a sanctions list"),
    "tax_form": _("No tax form on file"),
    "minimum_age": _("Nobody attested the age"),
    "yearly_stop": _("Total of the year, above the limit"),
    "yearly_warning": _("Total of the year, worth a look"),
}
ENTRIES = Entries(PATH, SERVICE_PATH, "policy_id", "pages/payout_policies/policy.html")


async def show(visit: Visit) -> Response:
    """All entries, newest first."""
    listing = Listing.of(PATH, visit.request.query_params)
    answer = await visit.ask.get("rewards", SERVICE_PATH, limit=PAGE_COUNT, after=listing.said.get("after"))
    return visit.page("pages/payout_policies/page.html", answer=answer, listing=listing)


async def waits(visit: Visit) -> Response:
    """Whose points wait for their time, or for more of them."""
    listing = Listing.of(WAITS, visit.request.query_params)
    answer = await visit.ask.get("rewards", "/v1/payout-waits", limit=PAGE_COUNT, after=listing.said.get("after"))
    return visit.page("pages/payout_policies/waits.html", answer=answer, listing=listing)


async def checks(visit: Visit) -> Response:
    """Which payouts checks keep back, and of which finance is told, newest first."""
    kinds = Filter("check", visit.say(_("Check")), [(name, visit.say(text)) for name, text in CHECK_NAMES.items()])
    waiting = Filter(
        "waits", visit.say(_("State")), [("true", visit.say(_("waits"))), ("false", visit.say(_("over")))]
    )
    listing = Listing.of(CHECKS, visit.request.query_params, filters=[waiting, kinds])
    answer = await visit.ask.get(
        "rewards", "/v1/payout-findings", limit=PAGE_COUNT, after=listing.said.get("after"), **listing.chosen
    )
    return visit.page(
        "pages/payout_policies/checks.html",
        answer=answer,
        listing=listing,
        checks=CHECK_NAMES,
        may_write=visit.signed_in.may(WRITE),
    )


async def form(visit: Visit) -> Response:
    """Ask what is to hold."""
    return _form(visit, new_secret())


async def propose(visit: Visit) -> Response:
    """Propose it. The form's key makes that sending it twice is the same."""
    key = visit.form_key
    if key is None:
        raise NotFoundError
    typed = {name: visit.form.get(name, "").strip()[:TYPED_MAX_CHARS] for name in _USUAL}
    errors = {}
    body: dict[str, Any] = {"effective_from": typed["effective_from"], "currency": typed["currency"].upper()}
    if not typed["effective_from"]:
        errors["effective_from"] = visit.say(_("Say a day"))
    for name in ("holding_days", "minimum_age", *AMOUNTS):
        text = typed[name].replace(" ", "")
        if text.isdecimal():
            body[name] = int(text)
        elif text:
            errors[name] = visit.say(_("Say how many, in digits"))
    countries = visit.form.get("countries", "")[:COUNTRIES_MAX_CHARS].upper().replace(",", " ").split()
    if countries:
        body["countries"] = countries
    forms = visit.form.get("tax_forms", "")[:COUNTRIES_MAX_CHARS].upper().replace(",", " ").split()
    rules = [form.partition("=") for form in forms]
    if all(above.isdecimal() for _country, _is, above in rules):
        body["tax_forms"] = [{"country": country, "above_minor": int(above)} for country, _is, above in rules]
    else:
        errors["tax_forms"] = visit.say(_("Say a country and an amount each, such as US=60000"))
    body["stops_shared_accounts"] = bool(visit.form.get("stops_shared_accounts"))
    if errors:
        return _form(visit, key, errors=errors)
    answer = await visit.ask.post("rewards", SERVICE_PATH, body, key=key)
    if not answer.ok:
        return _form(visit, key, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/{answer.body['policy_id']}", toast="waits")


_USUAL = {
    "effective_from": "",
    "currency": "EUR",
    "holding_days": "0",
    "minimum_minor": "0",
    "countries": "",
    "warn_above_minor": "",
    "stop_above_minor": "",
    "tax_forms": "",
    "minimum_age": "",
}


def _form(
    visit: Visit, key: str, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    return visit.page(
        "pages/payout_policies/propose.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        key=key,
        typed={name: visit.form.get(name, text) for name, text in _USUAL.items()},
        stops_shared=bool(visit.form.get("stops_shared_accounts")),
        errors=errors or {},
        refused=refused,
    )


ROUTES = [
    Route(PATH, page(show, scope=PAYOUT_POLICIES.scope)),
    Route(WAITS, page(waits, scope=PAYOUT_POLICIES.scope)),
    Route(CHECKS, page(checks, scope=PAYOUT_POLICIES.scope)),
    Route(f"{PATH}/propose", page(form, scope=WRITE), methods=["GET"]),
    Route(f"{PATH}/propose", page(propose, scope=WRITE), methods=["POST"]),
    *ENTRIES.routes(PAYOUT_POLICIES.scope),
]
