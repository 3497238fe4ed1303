"""A member's statement: found by an id or identity, read, printed, and taken as a table."""

from datetime import UTC, datetime

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import LEDGER, STATEMENTS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.explorer.finding import member_of_identity, spelled
from console.pages.ledger.words import ACCOUNTS, TRANSFERS
from console.pages.tables import PAGE_COUNT as MOST_COUNT
from console.pages.tables import TOO_LONG, amount, table, whole

SEARCH_MAX_CHARS = 300
UNPROCESSABLE = 422
CSV_HEADINGS = (
    *("recorded_at", "event_time", "what", "account", "points", "money", "currency", "transfer_id", "cause_id"),
)


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
    items, missing, is_long = await whole(visit, "rewards", f"/v1/members/{_id(visit)}/statement")
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


async def _statement(visit: Visit, *, refused: Refusal | None = None) -> Response:
    path = f"/v1/members/{_id(visit)}"
    listing = Listing.of(visit.request.url.path.removesuffix(".csv"), visit.request.query_params, kept=("rows",))
    is_long = listing.said.get("rows") == "most"
    answers = await visit.ask.all(
        balance=visit.ask.get("rewards", f"{path}/balance"),
        entries=visit.ask.get(
            "rewards",
            f"{path}/statement",
            limit=MOST_COUNT if is_long else PAGE_COUNT,
            after=listing.said.get("after"),
        ),
    )
    if answers["balance"].is_missing or answers["balance"].status == UNPROCESSABLE:
        raise NotFoundError
    return visit.page(
        "pages/statements/statement.html",
        status=200 if refused is None else refused.status,
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
