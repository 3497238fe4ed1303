"""Which accounts of finance's chart ours are: mappings, proposed by one person and approved by another."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import GENERAL_LEDGER
from console.frame.refusals import Refusal
from console.frame.visits import Visit, page
from console.pages.general_ledger.words import GL_ACCOUNTS
from console.pages.two_people import UNPROCESSABLE, WRITE, Entries
from console.sign_in.domain import new_secret

MAPPINGS = f"{GENERAL_LEDGER.path}/mappings"
SERVICE_PATH = "/v1/finance/account-mappings"
TYPED_MAX_CHARS = 60
LINES_MAX_CHARS = 20_000
#: What a mapping begins with: every account that a journal of today can have.
NAMES = (
    *("payable", "payout_expense", "bank_in_transit", "bank", "bank_charges", "fx_gain_loss", "suspense"),
    *("provider_balance", "card_cost", "card_fees", "card_discounts", "card_differences"),
    *("points_liability", "points_expense"),
)
LINES = "".join(f"{name} * \n" for name in NAMES)


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


ENTRIES = Entries(
    MAPPINGS, SERVICE_PATH, "mapping_id", "pages/general_ledger/mapping.html", {"accounts": GL_ACCOUNTS}
)


async def show(visit: Visit) -> Response:
    """All mappings, newest first."""
    listing = Listing.of(MAPPINGS, visit.request.query_params)
    answer = await visit.ask.get("rewards", SERVICE_PATH, limit=PAGE_COUNT, after=listing.said.get("after"))
    return visit.page("pages/general_ledger/mappings.html", answer=answer, listing=listing)


async def form(visit: Visit) -> Response:
    """Ask which account of finance's is which of ours."""
    return await _form(visit, new_secret())


async def propose(visit: Visit) -> Response:
    """Propose it. The form's key makes that sending it twice is the same."""
    key = visit.form.get("key") or new_secret()
    accounts, wrong = read_accounts(visit.form.get("lines", "")[:LINES_MAX_CHARS])
    errors = {}
    if wrong is not None:
        errors["lines"] = visit.say(
            _("Line {line}: say account, event and number, with blanks between"), line=wrong
        )
    elif not accounts:
        errors["lines"] = visit.say(_("Say at least one account"))
    if errors:
        return await _form(visit, key, errors=errors)
    body = {
        "effective_from": visit.form.get("effective_from", "").strip()[:TYPED_MAX_CHARS],
        "accounts": accounts,
        "tax_rate": visit.form.get("tax_rate", "").strip()[:TYPED_MAX_CHARS],
    }
    answer = await visit.ask.post("rewards", SERVICE_PATH, body, key=key)
    if answer.ok:
        return visit.see_other(f"{MAPPINGS}/{answer.body['mapping_id']}", toast="waits")
    errors = _errors(visit, answer.problem.get("errors", ()))
    if answer.problem_slug not in ("invalid-request", "mapped-twice") or not errors:
        return await _form(visit, key, refused=Refusal.of(answer))
    return await _form(visit, key, errors=errors)


def read_accounts(text: str) -> tuple[list[dict[str, str]], int | None]:
    """Lines of account, event and number, and which line is none; lines without a number are left out.

    In place of the event stands `*` for every event.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if len(words) > 3 or len(words) == 1:
            return [], number
        if len(words) == 3:
            found.append(dict(zip(("account", "event", "number"), words, strict=True)))
    return found, None


def _errors(visit: Visit, said: Any) -> dict[str, str]:
    """What rewards does not take, by the form's fields."""
    found = {}
    for error in said:
        field = error["field"].lstrip("/").partition("/")[0]
        if field == "effective_from":
            found["effective_from"] = visit.say(_("Say a day"))
        elif field == "tax_rate":
            found["tax_rate"] = visit.say(_("Say the tax rate's name"))
        elif field == "accounts":
            found["lines"] = visit.say(
                _("An account or event is none or is named twice, or a number has a character that it may not")
            )
    return found


async def _form(
    visit: Visit, key: str, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    return visit.page(
        "pages/general_ledger/propose.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        key=key,
        accounts=GL_ACCOUNTS,
        effective_from=visit.form.get("effective_from", ""),
        tax_rate=visit.form.get("tax_rate", "Tax Exempt"),
        lines=visit.form.get("lines", LINES),
        errors=errors or {},
        refused=refused,
    )


ROUTES = [
    Route(MAPPINGS, page(show, scope=GENERAL_LEDGER.scope)),
    Route(f"{MAPPINGS}/propose", page(form, scope=WRITE), methods=["GET"]),
    Route(f"{MAPPINGS}/propose", page(propose, scope=WRITE), methods=["POST"]),
    *ENTRIES.routes(GENERAL_LEDGER.scope),
]
