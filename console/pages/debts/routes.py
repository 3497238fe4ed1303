"""Who owes points, by for how long, and the same as a table."""

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import DEBTS
from console.frame.refusals import Refusal
from console.frame.visits import Visit, page
from console.pages.tables import TOO_LONG, columns, table, whole

AGES = ("days_0_to_30", "days_31_to_60", "days_61_to_90", "days_91_on")
COLUMNS = ("member_id", "name", "points", *AGES, "since", "is_older")


async def show(visit: Visit) -> Response:
    """Members below zero, with what they owe by age."""
    return await _show(visit)


async def _show(visit: Visit, refused: Refusal | None = None) -> Response:
    listing = Listing.of(DEBTS.path, visit.request.query_params)
    answer = await visit.ask.get("rewards", "/v1/debts", limit=PAGE_COUNT, after=listing.said.get("after"))
    return visit.page(
        "pages/debts/page.html",
        status=200 if refused is None else refused.status,
        answer=answer,
        listing=listing,
        ages=AGES,
        file=f"{DEBTS.path}.csv",
        refused=refused,
    )


async def download(visit: Visit) -> Response:
    """The same as a table."""
    items, missing, is_long = await whole(visit, "rewards", "/v1/debts")
    if missing is not None or is_long:
        return await _show(visit, Refusal(TOO_LONG) if is_long else None)
    return table("debts", COLUMNS, [columns(*COLUMNS)(one) for one in items])


ROUTES = [
    Route(DEBTS.path, page(show, scope=DEBTS.scope)),
    Route(f"{DEBTS.path}.csv", page(download, scope=DEBTS.scope)),
]
