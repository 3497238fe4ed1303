"""The ledger: the trial balance, an account's entries, a transfer, and a check of all of it."""

from datetime import UTC, datetime

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import LEDGER
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.ledger.words import ACCOUNTS, CHECKS, TRANSFERS
from console.pages.tables import amount, table

UNPROCESSABLE = 422
CSV_HEADINGS = ("account", "whose", "currency", "accounts", "debit", "credit")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """What is on every kind of account, now or at another time, and that it sums to zero."""
    return await _books(visit)


async def download(visit: Visit) -> Response:
    """The trial balance as a table."""
    at, errors = _time(visit)
    if errors:
        return await _books(visit)
    answer = await visit.ask.get("rewards", "/v1/ledger/accounts", at=at)
    if not answer.ok:
        return await _books(visit)
    rows = []
    for one in answer.body["accounts"]:
        value = amount(one["amount"], one["currency"])
        whose = "community" if one["account_id"] else "members"
        sides = ("", value) if value >= 0 else (-value, "")
        rows.append([one["kind"], whose, one["currency"], one["accounts_count"], *sides])
    return table("trial-balance", CSV_HEADINGS, rows)


async def _books(visit: Visit) -> Response:
    at, errors = _time(visit)
    answer = None if errors else await visit.ask.get("rewards", "/v1/ledger/accounts", at=at)
    return visit.page(
        "pages/ledger/page.html",
        status=UNPROCESSABLE if errors else 200,
        answer=answer,
        accounts=ACCOUNTS,
        typed=visit.request.query_params.get("at", "").strip(),
        errors=errors,
    )


def _time(visit: Visit) -> tuple[str | None, dict[str, str]]:
    """The time that the books are asked for, and what is wrong with it; None is now."""
    typed = visit.request.query_params.get("at", "").strip()
    if not typed:
        return None, {}
    try:
        found = datetime.fromisoformat(typed)
        known = found if found.tzinfo is not None else found.replace(tzinfo=visit.writer.zone)
        return known.astimezone(UTC).isoformat(), {}
    except (ValueError, OverflowError):
        return None, {"at": visit.say(_("Say a day and a time"))}


async def chain(visit: Visit) -> Response:
    """How far the chain of the ledger goes, and its blocks."""
    listing = Listing.of(f"{LEDGER.path}/chain", visit.request.query_params)
    after = listing.said.get("after")
    answers = await visit.ask.all(
        answer=visit.ask.get("rewards", "/v1/ledger/chain"),
        blocks=visit.ask.get("rewards", "/v1/ledger/blocks", limit=PAGE_COUNT, after=after),
    )
    return visit.page(
        "pages/ledger/chain.html", answer=answers["answer"], blocks=answers["blocks"], listing=listing
    )


async def check(visit: Visit) -> Response:
    """What the last check found, and how far the next one is."""
    return await _checks(visit)


async def check_again(visit: Visit) -> Response:
    """Have all of it computed again."""
    answer = await visit.ask.command("POST", "rewards", "/v1/ledger/checks")
    if answer.ok:
        return visit.see_other(f"{LEDGER.path}/check")
    return await _checks(visit, refused=Refusal.of(answer))


async def _checks(visit: Visit, refused: Refusal | None = None) -> Response:
    return visit.page(
        "pages/ledger/check.html",
        status=200 if refused is None else refused.status,
        answer=await visit.ask.get("rewards", "/v1/ledger/checks"),
        checks=CHECKS,
        refused=refused,
    )


async def members(visit: Visit) -> Response:
    """Members' accounts of a kind: what a sum of the trial balance is made of."""
    params = visit.request.query_params
    kind, currency = params.get("kind", ""), params.get("currency", "")
    listing = Listing.of(f"{LEDGER.path}/members", params, kept=("kind", "currency", "at"))
    at, errors = _time(visit)
    if errors:
        raise NotFoundError
    after = listing.said.get("after")
    answer = await visit.ask.get(
        "rewards",
        "/v1/ledger/member-accounts",
        kind=kind,
        currency=currency,
        at=at,
        limit=PAGE_COUNT,
        after=after,
    )
    _refuse_missing(answer)
    return visit.page(
        "pages/ledger/members.html",
        answer=answer,
        listing=listing,
        kind_name=kind,
        currency=currency,
        accounts=ACCOUNTS,
    )


async def account(visit: Visit) -> Response:
    """An account, with its entries, newest first."""
    path = f"/v1/ledger/accounts/{visit.request.path_params['account_id']}"
    listing = Listing.of(visit.request.url.path, visit.request.query_params)
    after = listing.said.get("after")
    answers = await visit.ask.all(
        answer=visit.ask.get("rewards", path),
        entries=visit.ask.get("rewards", f"{path}/entries", limit=PAGE_COUNT, after=after),
    )
    _refuse_missing(answers["answer"])
    return visit.page(
        "pages/ledger/account.html",
        answer=answers["answer"],
        entries=answers["entries"],
        listing=listing,
        accounts=ACCOUNTS,
        transfers=TRANSFERS,
    )


async def transfer(visit: Visit) -> Response:
    """A transfer, with all of its entries."""
    answer = await visit.ask.get("rewards", f"/v1/ledger/transfers/{visit.request.path_params['transfer_id']}")
    _refuse_missing(answer)
    return visit.page("pages/ledger/transfer.html", answer=answer, accounts=ACCOUNTS, transfers=TRANSFERS)


def _refuse_missing(answer: Answer) -> None:
    if answer.is_missing or answer.status == UNPROCESSABLE:
        raise NotFoundError


ROUTES = [
    Route(LEDGER.path, page(show, scope=LEDGER.scope)),
    Route(f"{LEDGER.path}.csv", page(download, scope=LEDGER.scope)),
    Route(f"{LEDGER.path}/chain", page(chain, scope=LEDGER.scope)),
    Route(f"{LEDGER.path}/check", page(check, scope=LEDGER.scope), methods=["GET"]),
    Route(f"{LEDGER.path}/check", page(check_again, scope=LEDGER.scope), methods=["POST"]),
    Route(f"{LEDGER.path}/members", page(members, scope=LEDGER.scope)),
    Route(f"{LEDGER.path}/accounts/{{account_id:uuid}}", page(account, scope=LEDGER.scope)),
    Route(f"{LEDGER.path}/transfers/{{transfer_id:uuid}}", page(transfer, scope=LEDGER.scope)),
]
