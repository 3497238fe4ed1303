"""What each person was paid in a year, also as a table for whoever declares it."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import PAYOUT_POLICIES
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.tables import TOO_LONG, amount, table, whole

PATH = f"{PAYOUT_POLICIES.path}/totals"
YEAR_MIN, YEAR_MAX = 2000, 9998
COLUMNS = ("member_id", "member_name", "year", "currency", "paid_count", "paid", "on_its_way")


async def newest(_visit: Visit) -> Response:
    """The totals of this year."""
    return RedirectResponse(f"{PATH}/{datetime.now(UTC).year}", 303)


async def show(visit: Visit) -> Response:
    """Totals of a year, by person."""
    return await _show(visit)


async def _show(visit: Visit, refused: Refusal | None = None) -> Response:
    year = _year(visit)
    listing = Listing.of(f"{PATH}/{year}", visit.request.query_params)
    answer = await visit.ask.get(
        "rewards", f"/v1/payout-totals/{year}", limit=PAGE_COUNT, after=listing.said.get("after")
    )
    return visit.page(
        "pages/payout_policies/totals.html",
        status=200 if refused is None else refused.status,
        answer=answer,
        listing=listing,
        year=year,
        file=f"{PATH}/{year}.csv",
        refused=refused,
    )


async def download(visit: Visit) -> Response:
    """The same as a table."""
    year = _year(visit)
    items, missing, is_long = await whole(visit, "rewards", f"/v1/payout-totals/{year}")
    if missing is not None or is_long:
        return await _show(visit, Refusal(TOO_LONG) if is_long else None)
    return table(f"payout-totals-{year}", COLUMNS, [_row(one) for one in items])


def _row(one: Any) -> list[Any]:
    money = [amount(one[name], one["currency"]) for name in ("paid_minor", "on_its_way_minor")]
    return [one["member_id"], one["member_name"], one["year"], one["currency"], one["paid_count"], *money]


def _year(visit: Visit) -> int:
    year = int(visit.request.path_params["year"])
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise NotFoundError
    return year


ROUTES = [
    Route(PATH, page(newest, scope=PAYOUT_POLICIES.scope)),
    Route(f"{PATH}/{{year:int}}", page(show, scope=PAYOUT_POLICIES.scope)),
    Route(f"{PATH}/{{year:int}}.csv", page(download, scope=PAYOUT_POLICIES.scope)),
]
