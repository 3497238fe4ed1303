"""Days that are handed to finance: what they would say, exports with their files, and the trial balance."""

from datetime import date, datetime, timedelta
from typing import Any

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import GENERAL_LEDGER
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.general_ledger.words import EVENTS, GL_ACCOUNTS
from console.pages.tables import amount, columns, table
from console.sign_in.domain import new_secret

WRITE = "payouts:write"
EXPORTS = f"{GENERAL_LEDGER.path}/exports"
BALANCE = f"{GENERAL_LEDGER.path}/trial-balance"
SERVICE_PATH = "/v1/finance/journal-exports"
UNPROCESSABLE = 422
TYPED_MAX_CHARS = 20
BALANCE_COLUMNS = ("account", "currency", "opening", "debit", "credit", "closing")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """Exports, newest first."""
    listing = Listing.of(GENERAL_LEDGER.path, visit.request.query_params)
    answers = await visit.ask.all(
        answer=visit.ask.get("rewards", SERVICE_PATH, limit=PAGE_COUNT, after=listing.said.get("after")),
        waiting=visit.ask.get("rewards", "/v1/finance/account-mappings", state="proposed", limit=PAGE_COUNT),
    )
    return visit.page(
        "pages/general_ledger/page.html", answer=answers["answer"], waiting=answers["waiting"], listing=listing
    )


async def form(visit: Visit) -> Response:
    """Ask for which days, and show what they would say."""
    asked = visit.request.query_params
    return await _form(visit, new_secret(), asked, is_asked="last" in asked)


async def export(visit: Visit) -> Response:
    """Hand them over. The form's key makes that sending it twice is the same."""
    key = visit.form.get("key") or new_secret()
    body = {"last_day": visit.form.get("last", ""), "grain": visit.form.get("grain", "")}
    if visit.form.get("first"):
        body["first_day"] = visit.form["first"]
    answer = await visit.ask.post("rewards", SERVICE_PATH, body, key=key)
    if not answer.ok:
        return await _form(visit, key, visit.form, refused=Refusal.of(answer))
    return visit.see_other(f"{EXPORTS}/{answer.body['number']}", toast="saved")


async def _form(
    visit: Visit, key: str, said: Any, refused: Refusal | None = None, *, is_asked: bool = False
) -> Response:
    """The days as they were typed, or those that follow on the last export; and the journal of them.

    `is_asked`: somebody wants to see the journal, so that a day that is not said is an error.
    """
    last_one = await visit.ask.get("rewards", SERVICE_PATH, limit=1)
    typed = {name: said.get(name, "").strip()[:TYPED_MAX_CHARS] for name in ("first", "last", "grain")}
    if last_one.items:
        follows = date.fromisoformat(last_one.items[0]["last_day"]) + timedelta(days=1)
        typed["first"] = follows.isoformat()
    typed["grain"] = typed["grain"] or "day"
    lacking = [name for name in ("first", "last") if is_asked and not typed[name]]
    journal = None
    if typed["first"] and typed["last"]:
        journal = await visit.ask.get(
            "rewards", "/v1/finance/journal", from_=typed["first"], to=typed["last"], grain=typed["grain"]
        )
    return visit.page(
        "pages/general_ledger/export.html",
        status=UNPROCESSABLE if lacking else 200 if refused is None else refused.status,
        key=key,
        typed=typed,
        errors={name: visit.say(_("Say a day")) for name in lacking},
        is_first=not last_one.items,
        journal=journal,
        accounts=GL_ACCOUNTS,
        events=EVENTS,
        refused=refused,
    )


async def one(visit: Visit) -> Response:
    """An export, and its files."""
    answer = await visit.ask.get("rewards", _path(visit))
    _refuse_missing(answer)
    return visit.page("pages/general_ledger/one.html", answer=answer)


async def file(visit: Visit) -> Response:
    """An export as rewards writes it."""
    params = visit.request.query_params
    asked = {name: params[name][:TYPED_MAX_CHARS] for name in ("format", "part") if name in params}
    answer, chunks = await visit.ask.download("rewards", f"{_path(visit)}/file", **asked)
    if not answer.ok:
        _refuse_missing(answer)
        return visit.page("pages/general_ledger/one.html", answer=answer)
    name = "-".join(("journal", str(visit.request.path_params["number"]), *asked.values()))
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(chunks, media_type="text/csv; charset=utf-8", headers=headers)


def _path(visit: Visit) -> str:
    return f"{SERVICE_PATH}/{visit.request.path_params['number']}"


def _refuse_missing(answer: Answer) -> None:
    if answer.is_missing or answer.status == UNPROCESSABLE:
        raise NotFoundError


async def trial_balance(visit: Visit) -> Response:
    """What accounts had, took and gave, and have, of some days."""
    typed, answer = await _balance(visit)
    return visit.page("pages/general_ledger/balance.html", typed=typed, answer=answer, accounts=GL_ACCOUNTS)


async def download_trial_balance(visit: Visit) -> Response:
    """The same as a table."""
    typed, answer = await _balance(visit)
    if not answer.ok:
        return visit.page("pages/general_ledger/balance.html", typed=typed, answer=answer, accounts=GL_ACCOUNTS)
    rows = []
    for found in answer.body["accounts"]:
        account, currency, *values = columns(*BALANCE_COLUMNS)(found)
        rows.append([account, currency, *(amount(value, currency) for value in values)])
    return table(f"trial-balance-{typed['first']}-{typed['last']}", BALANCE_COLUMNS, rows)


async def _balance(visit: Visit) -> tuple[dict[str, str], Answer]:
    """The days that were typed, or the last month, and its trial balance."""
    params = visit.request.query_params
    end = datetime.now(visit.writer.zone).date().replace(day=1) - timedelta(days=1)
    usual = {"first": end.replace(day=1).isoformat(), "last": end.isoformat()}
    typed = {name: params.get(name, "").strip()[:TYPED_MAX_CHARS] or day for name, day in usual.items()}
    answer = await visit.ask.get("rewards", "/v1/finance/trial-balance", from_=typed["first"], to=typed["last"])
    return typed, answer


ROUTES = [
    Route(GENERAL_LEDGER.path, page(show, scope=GENERAL_LEDGER.scope)),
    Route(f"{EXPORTS}/make", page(form, scope=WRITE), methods=["GET"]),
    Route(f"{EXPORTS}/make", page(export, scope=WRITE), methods=["POST"]),
    Route(f"{EXPORTS}/{{number:int}}", page(one, scope=GENERAL_LEDGER.scope)),
    Route(f"{EXPORTS}/{{number:int}}/file", page(file, scope=GENERAL_LEDGER.scope)),
    Route(BALANCE, page(trial_balance, scope=GENERAL_LEDGER.scope)),
    Route(f"{BALANCE}.csv", page(download_trial_balance, scope=GENERAL_LEDGER.scope)),
]
