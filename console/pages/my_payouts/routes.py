"""A member's payouts with what each state means for them, and their bank details."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Listing
from console.frame.navigation import MY_PAYOUTS
from console.frame.refusals import Refusal
from console.frame.visits import Visit, page
from console.pages.gift_cards.words import PAYING

PAYOUTS_COUNT = 20
BANK = f"{MY_PAYOUTS.path}/bank"
RECEIVER = f"{MY_PAYOUTS.path}/receiver"
FIELDS: Final = ("name", "iban", "bic", "reference", "currency")
#: Asked only once rewards wants to know: that it is no mistake.
CONFIRMS: Final = ("confirm_bic_country", "confirm_account")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: What a member reads of a field that rewards does not take, before its own words.
WRONG: Final = {
    "name": _("Say whose account it is, as the bank has it"),
    "iban": _("That is no IBAN that money can be sent to"),
    "bic": _("That is not the account's BIC; leave it empty where you do not know it"),
    "reference": _("That is no reference that goes with this account"),
    "currency": _("This account cannot be paid in that currency"),
    "confirm_bic_country": _("Say whether the bank really is in another country than the account"),
    "confirm_account": _("Say whether the account is in order again"),
}


COUNTRY: Final = re.compile("[A-Z]{2}")
RECEIVER_FIELDS: Final = ("provider", "name", "address", "country")
RECEIVER_NEEDED: Final = ("provider", "name", "address")
RECEIVER_WRONG: Final = {
    "provider": _("Choose who pays you"),
    "name": _("Say whose account it is"),
    "address": _("That is no account there: PayPal and Wise want an e-mail address, Stripe acct_…"),
    "country": _("Say two letters, such as DE or IT, or leave it empty"),
    "confirm": _("Your money came back from this account: say that it is in order again"),
}


async def show(visit: Visit) -> Response:
    """Payouts, terms, and the account with its ends alone."""
    return await _page(visit)


async def set_bank(visit: Visit) -> Response:
    """Set the account that money goes to."""
    said: dict[str, Any] = {name: visit.form.get(name, "").strip() for name in FIELDS}
    missing = {name: visit.say(WRONG[name]) for name in ("name", "iban") if not said[name]}
    if missing:
        return await _page(visit, errors=missing)
    said |= {name: said[name] or None for name in ("bic", "reference", "currency")}
    said |= {name: True for name in CONFIRMS if visit.form.get(name)}
    done = await visit.ask.command("PUT", "rewards", f"/v1/payees/{visit.signed_in.member_id}", said)
    if done.ok:
        return visit.see_other(f"{MY_PAYOUTS.path}#bank", toast="saved")
    errors = _errors(visit, done.problem)
    return await _page(visit, errors=errors, refused=None if errors else Refusal.of(done))


async def set_receiver(visit: Visit) -> Response:
    """Be paid to an account at a provider."""
    said: dict[str, Any] = {name: visit.form.get(f"receiver_{name}", "").strip() for name in RECEIVER_FIELDS}
    missing = {f"receiver_{name}": visit.say(RECEIVER_WRONG[name]) for name in RECEIVER_NEEDED if not said[name]}
    country = said.pop("country").upper()
    if country and not COUNTRY.fullmatch(country):
        missing["receiver_country"] = visit.say(RECEIVER_WRONG["country"])
    if missing:
        return await _page(visit, errors=missing)
    if country:
        said["country"] = country
    if visit.form.get("confirm_receiver"):
        said["confirm_account"] = True
    done = await visit.ask.command("PUT", "rewards", f"/v1/payees/{visit.signed_in.member_id}/receiver", said)
    if done.ok:
        return visit.see_other(f"{MY_PAYOUTS.path}#receiver", toast="receiver-set")
    if done.problem_slug == "receiver-unconfirmed":
        return await _page(visit, errors={"confirm_receiver": visit.say(RECEIVER_WRONG["confirm"])})
    if done.problem_slug == "invalid-receiver":
        return await _page(visit, errors={"receiver_address": visit.say(RECEIVER_WRONG["address"])})
    return await _page(visit, refused=Refusal.of(done))


async def be_paid_by_bank(visit: Visit) -> Response:
    """Be paid by bank again."""
    url = f"/v1/payees/{visit.signed_in.member_id}/receiver"
    done = await visit.ask.command("DELETE", "rewards", url)
    if not done.ok:
        return await _page(visit, refused=Refusal.of(done))
    return visit.see_other(f"{MY_PAYOUTS.path}#bank", toast="by-bank-again")


def _errors(visit: Visit, problem: Mapping[str, Any]) -> dict[str, str]:
    """By the form's field, what is wrong with it: in the reader's words, then in the service's."""
    found: dict[str, str] = {}
    for error in problem.get("errors") or ():
        name = str(error.get("field") or "").strip("/")
        if name in WRONG:
            found.setdefault(
                name, Markup("{} ({})").format(visit.say(WRONG[name]), visit.service_words(error["detail"]))
            )
    return found


async def _page(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    ask, member = visit.ask, visit.signed_in.member_id
    listing = Listing.of(MY_PAYOUTS.path, visit.request.query_params)
    answers: dict[str, Answer] = await ask.all(
        payouts=ask.get(
            "rewards", f"/v1/members/{member}/payouts", limit=PAYOUTS_COUNT, after=listing.said.get("after")
        ),
        balance=ask.get("rewards", f"/v1/members/{member}/balance"),
        catalogue=ask.get("rewards", "/v1/catalogue"),
        payee=ask.get("rewards", f"/v1/payees/{member}"),
        wait=ask.get("rewards", f"/v1/members/{member}/payout-wait"),
        receiver=ask.get("rewards", f"/v1/payees/{member}/receiver"),
        providers=ask.get("rewards", "/v1/payout-providers"),
    )
    # What was typed is never lost, and is in no address.
    known = answers["payee"].body if answers["payee"].ok else {}
    kept = {name: known.get(name) or "" for name in ("reference", "currency")}
    named = (*FIELDS, *(f"receiver_{one}" for one in RECEIVER_FIELDS))
    typed = {name: visit.form.get(name, kept.get(name, "")) for name in named}
    return visit.page(
        "pages/my_payouts/page.html",
        status=422 if errors else 200 if refused is None else refused.status,
        **answers,
        typed=typed,
        asked=[name for name in CONFIRMS if name in (errors or {}) or visit.form.get(name)],
        errors=errors or {},
        refused=refused,
        listing=listing,
        names=PAYING,
        year=datetime.now(UTC).year,
    )


ROUTES = [
    Route(MY_PAYOUTS.path, page(show, for_members=True)),
    Route(RECEIVER, page(set_receiver, for_members=True), methods=["POST"]),
    Route(RECEIVER, page(show, for_members=True), methods=["GET"]),
    Route(f"{RECEIVER}/remove", page(be_paid_by_bank, for_members=True), methods=["POST"]),
    Route(BANK, page(set_bank, for_members=True), methods=["POST"]),
    Route(BANK, page(show, for_members=True), methods=["GET"]),
]
