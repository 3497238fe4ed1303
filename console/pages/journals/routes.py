"""Entries by hand: what was proposed and booked, a form to propose some, and the second person's decision."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.approvers import others_who_may
from console.frame.navigation import LEDGER
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.ledger.words import ACCOUNTS
from console.sign_in.domain import new_secret
from shared.currencies import exponent

PATH = f"{LEDGER.path}/journals"
WRITE, APPROVE = "payouts:write", "payouts:approve"
UNPROCESSABLE = 422
#: Accounts that rewards lets people book on, and lines that the form has: the API and the command take more.
KINDS = (
    *("bank", "bank_charges", "payout_expense", "fx_gain_loss", "suspense"),
    *("provider_balance", "card_cost", "card_differences"),
)
LINES_COUNT = 4
TEXT_MAX_CHARS = 200
AMOUNT_MAX_CHARS = 20


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


STATES = {
    "proposed": _("waits for another person"),
    "posted": _("booked"),
    "withdrawn": _("withdrawn"),
}


async def show(visit: Visit) -> Response:
    """What was proposed and booked, newest first."""
    states = Filter("state", visit.say(_("State")), [(state, visit.say(words)) for state, words in STATES.items()])
    listing = Listing.of(PATH, visit.request.query_params, filters=[states])
    answer = await visit.ask.get(
        "rewards", "/v1/journals", limit=PAGE_COUNT, after=listing.said.get("after"), **listing.chosen
    )
    return visit.page(
        "pages/journals/page.html",
        answer=answer,
        listing=listing,
        accounts=ACCOUNTS,
        may_propose=visit.signed_in.may(WRITE),
    )


async def one(visit: Visit) -> Response:
    """One of them: its lines, who proposed it, and what may be decided."""
    return await _one(visit)


async def confirm(visit: Visit) -> Response:
    """Have it booked."""
    if not visit.form.get("seen"):
        return await _one(visit, errors={"seen": visit.say(_("Say that you have looked at it"))})
    return await _decide(visit, "confirm", "confirmed")


async def withdraw(visit: Visit) -> Response:
    """Have it come to nothing."""
    return await _decide(visit, "withdraw", "withdrawn")


async def form(visit: Visit) -> Response:
    """Ask for lines, and why."""
    return _form(visit, new_secret())


async def propose(visit: Visit) -> Response:
    """Propose them. The form's key makes that sending it twice is the same."""
    key = visit.form_key
    if key is None:
        raise NotFoundError
    body, errors = _body(visit)
    if errors:
        return _form(visit, key, errors=errors)
    answer = await visit.ask.post("rewards", "/v1/journals", body, key=key)
    if not answer.ok:
        return _form(visit, key, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/{answer.body['journal_id']}", toast="proposed")


def _body(visit: Visit) -> tuple[dict[str, Any], dict[str, str]]:
    """What the form says, as the API takes it, and what is wrong with it by field."""
    errors: dict[str, str] = {}
    reason = " ".join(visit.form.get("reason", "").split())[:TEXT_MAX_CHARS]
    if not reason:
        errors["reason"] = visit.say(_("Say why it is booked"))
    currency = visit.form.get("currency", "").strip().upper()[:3]
    lines: list[dict[str, Any]] = []
    for number in range(LINES_COUNT):
        minor = 0
        for side, sign in (("debit", -1), ("credit", 1)):
            typed = visit.form.get(f"{side}{number}", "").strip()[:AMOUNT_MAX_CHARS].replace(",", ".")
            if not typed:
                continue
            try:
                amount = Decimal(typed).scaleb(exponent(currency))
                if amount <= 0 or amount != amount.to_integral_value():
                    raise ValueError
                minor += sign * int(amount)
            except (InvalidOperation, ValueError, OverflowError):
                errors[f"{side}{number}"] = visit.say(_("Say an amount above zero, such as 12.50"))
        if minor:
            account = visit.form.get(f"account{number}", "")
            lines.append({"account": account, "currency": currency, "amount": minor})
    if not errors and sum(line["amount"] for line in lines):
        errors["debit0"] = visit.say(_("Debit and credit do not come to the same"))
    elif not errors and not lines:
        errors["debit0"] = visit.say(_("Say what goes from where to where"))
    body: dict[str, Any] = {"reason": reason, "lines": lines}
    month, amends = (visit.form.get(name, "").strip()[:TEXT_MAX_CHARS] for name in ("month", "amends"))
    body |= {"month": month} if month else {}
    return body | ({"amends": amends} if amends else {}), errors


def _form(
    visit: Visit, key: str, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    typed = {name: visit.form.get(name, "") for name in ("reason", "month", "amends", "currency")}
    rows = [
        {name: visit.form.get(f"{name}{number}", "") for name in ("account", "debit", "credit")}
        for number in range(LINES_COUNT)
    ]
    return visit.page(
        "pages/journals/form.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        key=key,
        kinds=[(kind, visit.say(ACCOUNTS[kind][0])) for kind in KINDS],
        typed=typed,
        rows=rows,
        errors=errors or {},
        refused=refused,
    )


async def _decide(visit: Visit, verb: str, toast: str) -> Response:
    answer = await visit.ask.command("POST", "rewards", f"{_path(visit)}/{verb}")
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/{visit.request.path_params['journal_id']}", toast=toast)


def _path(visit: Visit) -> str:
    return f"/v1/journals/{visit.request.path_params['journal_id']}"


async def _one(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    answer = await visit.ask.get("rewards", _path(visit))
    if answer.is_missing or answer.status == UNPROCESSABLE:
        raise NotFoundError
    is_own = answer.ok and answer.body["proposed"]["person_id"] == visit.signed_in.person_id
    waits = answer.body["proposed"] if answer.ok and answer.body["state"] == "proposed" else None
    return visit.page(
        "pages/journals/one.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        answer=answer,
        accounts=ACCOUNTS,
        approvers=await others_who_may(visit, APPROVE, proposed=waits),
        is_own=is_own,
        may_confirm=visit.signed_in.may(APPROVE) and not is_own,
        may_withdraw=visit.signed_in.may(WRITE),
        errors=errors or {},
        refused=refused,
    )


ROUTES = [
    Route(PATH, page(show, scope=LEDGER.scope)),
    Route(f"{PATH}/new", page(form, scope=WRITE), methods=["GET"]),
    Route(f"{PATH}/new", page(propose, scope=WRITE), methods=["POST"]),
    Route(f"{PATH}/{{journal_id:uuid}}", page(one, scope=LEDGER.scope)),
    Route(f"{PATH}/{{journal_id:uuid}}/confirm", page(confirm, scope=APPROVE), methods=["POST"]),
    Route(f"{PATH}/{{journal_id:uuid}}/withdraw", page(withdraw, scope=WRITE), methods=["POST"]),
]
