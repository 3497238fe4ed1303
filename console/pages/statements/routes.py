"""A member's statement: found by an id or identity, read, printed, and taken as a table."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import LEDGER, STATEMENTS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.days import midnight
from console.pages.explorer.finding import member_of_identity, spelled
from console.pages.ledger.words import ACCOUNTS, TRANSFERS
from console.pages.tables import PAGE_COUNT as MOST_COUNT
from console.pages.tables import TOO_LONG, amount, table, whole

SEARCH_MAX_CHARS = 300
UNPROCESSABLE = 422
DAY_MAX_CHARS = 20
#: The days of a statement, the first and the last, and how many days after its midnight that ends.
DAYS = {"from": 0, "to": 1}
CSV_HEADINGS = (
    *("recorded_at", "event_time", "what", "account", "points", "money", "currency", "transfer_id", "cause_id"),
)


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """The form that asks whose statement."""
    return visit.page("pages/statements/page.html", said="", is_unknown=False)


async def search(visit: Visit) -> Response:
    """Go to the statement of whoever was named. It comes in a form: handles stay out of addresses."""
    said = visit.form.get("q", "")[:SEARCH_MAX_CHARS]
    id_ = spelled(said) or await member_of_identity(visit, said)
    if id_ is None:
        return visit.page("pages/statements/page.html", status=404, said=said, is_unknown=True)
    return visit.see_other(f"{STATEMENTS.path}/{id_}")


async def statement(visit: Visit) -> Response:
    """What was booked on a member's accounts, newest first."""
    return await _statement(visit)


async def download(visit: Visit) -> Response:
    """All of it as a table."""
    _said, span, errors = _span(visit)
    if errors:
        return await _statement(visit)
    items, missing, is_long = await whole(visit, "rewards", f"/v1/members/{_id(visit)}/statement", **span)
    if missing is not None or is_long:
        return await _statement(visit, refused=Refusal(TOO_LONG) if is_long else None)
    rows = []
    for one in items:
        value = amount(one["amount"], one["currency"])
        points, money = (value, "") if one["currency"] == "PTS" else ("", value)
        rows.append(
            [
                *(one["recorded_at"], one["event_time"], one["kind"], one["account"], points, money),
                *(one["currency"], one["transfer_id"], one["cause_id"]),
            ]
        )
    return table(f"statement-{_id(visit)}", CSV_HEADINGS, rows)


def _span(visit: Visit) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """The days that are asked for as they were said, as rewards takes them, and what is wrong with them."""
    params = visit.request.query_params
    said = {name: params[name].strip()[:DAY_MAX_CHARS] for name in DAYS if params.get(name, "").strip()}
    span: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, days in DAYS.items():
        if name in said:
            moment = midnight(said[name], visit.community.time_zone, days=days)
            if moment is None:
                errors[name] = visit.say(_("A day is written as 2026-01-31"))
            else:
                # With an underscore, as `Asking` takes names that are its own.
                span[f"{name}_"] = moment
    return said, span, errors


async def _statement(visit: Visit, *, refused: Refusal | None = None) -> Response:
    path = f"/v1/members/{_id(visit)}"
    listing = Listing.of(
        visit.request.url.path.removesuffix(".csv"), visit.request.query_params, kept=("rows", *DAYS)
    )
    said, span, errors = _span(visit)
    is_long = listing.said.get("rows") == "most"
    answers = await visit.ask.all(
        balance=visit.ask.get("rewards", f"{path}/balance"),
        entries=visit.ask.get(
            "rewards",
            f"{path}/statement",
            **(span if not errors else {}),
            limit=MOST_COUNT if is_long else PAGE_COUNT,
            after=listing.said.get("after"),
        ),
    )
    if answers["balance"].is_missing or answers["balance"].status == UNPROCESSABLE:
        raise NotFoundError
    return visit.page(
        "pages/statements/statement.html",
        status=(UNPROCESSABLE if errors else 200) if refused is None else refused.status,
        **answers,
        listing=listing,
        member_id=_id(visit),
        is_long=is_long,
        most_count=MOST_COUNT,
        now=datetime.now(UTC),
        may_see_transfers=visit.signed_in.may(LEDGER.scope or ""),
        accounts=ACCOUNTS,
        transfers=TRANSFERS,
        refused=refused,
        said=said,
        days=urlencode(said),
        errors=errors,
    )


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["member_id"])


ONE = f"{STATEMENTS.path}/{{member_id:uuid}}"
ROUTES = [
    Route(STATEMENTS.path, page(show, scope=STATEMENTS.scope), methods=["GET"]),
    Route(STATEMENTS.path, page(search, scope=STATEMENTS.scope), methods=["POST"]),
    Route(f"{ONE}.csv", page(download, scope=STATEMENTS.scope)),
    Route(ONE, page(statement, scope=STATEMENTS.scope)),
]
