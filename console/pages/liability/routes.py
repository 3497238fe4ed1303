"""What points are worth: now, at the end of each day, by lot; and how it moved."""

from datetime import date
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import LIABILITY
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.liability.words import WORDS
from console.pages.tables import TOO_LONG, amount, columns, table, whole

#: Days of the chart.
CHART_COUNT = 90
UNPROCESSABLE = 422
_COLUMNS = (
    *("vintage", "issued_points", "redeemed_points", "expired_points", "reserved_points", "outstanding_points"),
    *("debt_points", "still_expected_points", "estimated_by", "ultimate_redemption", "minor_per_point"),
)
_MONEY = ("liability", "breakage", "full")
VINTAGE_HEADINGS = (*_COLUMNS, *_MONEY, "currency")
_DAY_COLUMNS = (
    *("day", "taken_at", "issued_points", "redeemed_points", "expired_points", "outstanding_points"),
    "still_expected_points",
)
DAY_HEADINGS = (*_DAY_COLUMNS, *_MONEY, "currency")
LOT_COLUMNS = (
    *("award_id", "member_id", "points", "left_points", "is_pending", "earned_at", "expires_at", "vintage"),
    *("still_expected_points", "liability_minor"),
)


async def show(visit: Visit) -> Response:
    """What points are worth now, by vintage, and how it went."""
    answers = await visit.ask.all(
        answer=visit.ask.get("rewards", "/v1/finance/liability"),
        days=visit.ask.get("rewards", "/v1/finance/liability/days", limit=CHART_COUNT),
        waiting=visit.ask.get("rewards", "/v1/finance/liability-policies", state="proposed", limit=PAGE_COUNT),
    )
    days = list(reversed(answers["days"].items))
    moved = None
    if len(days) > 1:
        moved = await visit.ask.get("rewards", "/v1/finance/liability/movement", **_span(days))
    return visit.page(
        "pages/liability/page.html",
        answer=answers["answer"],
        days=answers["days"],
        waiting=answers["waiting"],
        **WORDS,
        moved=moved,
        chart_days=[one["day"] for one in days],
        chart_values=[round(amount(one["liability_minor"], one["currency"])) for one in days],
        file=f"{LIABILITY.path}.csv",
    )


def _span(days: list[Any]) -> dict[str, str]:
    """From the last day before the month of the newest one, where that was taken, to the newest."""
    newest = date.fromisoformat(days[-1]["day"])
    before = [one["day"] for one in days[:-1] if date.fromisoformat(one["day"]) < newest.replace(day=1)]
    return {"from_": before[-1] if before else days[0]["day"], "to": days[-1]["day"]}


async def download(visit: Visit) -> Response:
    """What points are worth now, as a table."""
    answer = await visit.ask.get("rewards", "/v1/finance/liability")
    return _vintages("liability", answer.body) if answer.ok else await show(visit)


def _vintages(name: str, said: Any) -> Response:
    currency = said["policy"]["currency"]
    rows = [[*columns(*_COLUMNS)(one), *_money(one, currency)] for one in said["vintages"]]
    return table(name, VINTAGE_HEADINGS, rows)


def _money(one: Any, currency: str) -> list[Any]:
    return [*(amount(one[f"{name}_minor"], currency) for name in _MONEY), currency]


async def days(visit: Visit) -> Response:
    """Days that were taken, newest first."""
    return await _days(visit)


async def _days(visit: Visit, refused: Refusal | None = None) -> Response:
    listing = Listing.of(f"{LIABILITY.path}/days", visit.request.query_params)
    answer = await visit.ask.get(
        "rewards", "/v1/finance/liability/days", limit=PAGE_COUNT, after=listing.said.get("after")
    )
    return visit.page("pages/liability/days.html", answer=answer, listing=listing, refused=refused)


async def download_days(visit: Visit) -> Response:
    """All days that were taken, as a table."""
    items, missing, is_long = await whole(visit, "rewards", "/v1/finance/liability/days")
    if missing is not None or is_long:
        return await _days(visit, Refusal(TOO_LONG) if is_long else None)
    rows = [[*columns(*_DAY_COLUMNS)(one), *_money(one, one["currency"])] for one in items]
    return table("liability-days", DAY_HEADINGS, rows)


async def day(visit: Visit) -> Response:
    """What points were worth at the end of a day."""
    answer = await _day(visit)
    return visit.page("pages/liability/day.html", answer=answer, **WORDS, file=f"{visit.request.url.path}.csv")


async def download_day(visit: Visit) -> Response:
    """The same as a table."""
    answer = await _day(visit)
    if not answer.ok:
        return visit.page("pages/liability/day.html", answer=answer, **WORDS, file=visit.request.url.path)
    return _vintages(f"liability-{visit.request.path_params['day']}", answer.body)


async def _day(visit: Visit) -> Answer:
    answer = await visit.ask.get("rewards", f"/v1/finance/liability/days/{visit.request.path_params['day']}")
    if answer.is_missing or answer.status == UNPROCESSABLE:
        raise NotFoundError
    return answer


async def lots(visit: Visit) -> Response:
    """Lots with points left, and what they are worth."""
    return await _lots(visit)


async def _lots(visit: Visit, refused: Refusal | None = None) -> Response:
    listing = Listing.of(f"{LIABILITY.path}/lots", visit.request.query_params)
    answers = await visit.ask.all(
        answer=visit.ask.get(
            "rewards", "/v1/finance/liability/lots", limit=PAGE_COUNT, after=listing.said.get("after")
        ),
        last=visit.ask.get("rewards", "/v1/finance/liability/days", limit=1),
    )
    return visit.page(
        "pages/liability/lots.html",
        answer=answers["answer"],
        last=answers["last"],
        listing=listing,
        refused=refused,
    )


async def download_lots(visit: Visit) -> Response:
    """The same as a table."""
    items, missing, is_long = await whole(visit, "rewards", "/v1/finance/liability/lots")
    if missing is not None or is_long:
        return await _lots(visit, Refusal(TOO_LONG) if is_long else None)
    return table("liability-lots", LOT_COLUMNS, [columns(*LOT_COLUMNS)(one) for one in items])


ROUTES = [
    Route(LIABILITY.path, page(show, scope=LIABILITY.scope)),
    Route(f"{LIABILITY.path}.csv", page(download, scope=LIABILITY.scope)),
    Route(f"{LIABILITY.path}/days", page(days, scope=LIABILITY.scope)),
    Route(f"{LIABILITY.path}/days.csv", page(download_days, scope=LIABILITY.scope)),
    Route(f"{LIABILITY.path}/days/{{day}}.csv", page(download_day, scope=LIABILITY.scope)),
    Route(f"{LIABILITY.path}/days/{{day}}", page(day, scope=LIABILITY.scope)),
    Route(f"{LIABILITY.path}/lots", page(lots, scope=LIABILITY.scope)),
    Route(f"{LIABILITY.path}/lots.csv", page(download_lots, scope=LIABILITY.scope)),
]
