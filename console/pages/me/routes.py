"""A member's own page: how many points, why, and what is next."""

from itertools import groupby
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import Listing
from console.frame.navigation import ME
from console.frame.visits import Visit, page

LINES_COUNT = 40
#: Accounts whose entries a member reads as points that came or went; the other side of a transfer is the house's.
OWN_ACCOUNTS = {"available", "pending"}


async def show(visit: Visit) -> Response:
    """What is the member's own, asked side by side."""
    member, ask = visit.signed_in.member_id, visit.ask
    listing = Listing.of(ME.path, visit.request.query_params)
    after = listing.said.get("after")
    answers: dict[str, Any] = await ask.all(
        recognition=ask.get("recognition", f"/v1/members/{member}/recognition"),
        balance=ask.get("rewards", f"/v1/members/{member}/balance"),
        statement=ask.get("rewards", f"/v1/members/{member}/statement", limit=LINES_COUNT, after=after),
        payouts=ask.get("rewards", f"/v1/members/{member}/payouts", limit=5),
        score=ask.get("scoring", f"/v1/members/{member}/score"),
    )
    return visit.page(
        "pages/me/page.html", **answers, listing=listing, days=_days(visit, answers["statement"].items)
    )


def _days(visit: Visit, lines: list[dict[str, Any]]) -> list[tuple[str, int, list[dict[str, Any]]]]:
    """Entries on the member's own points by day of event time, with each day's sum."""
    own = [line for line in lines if line["account"] in OWN_ACCOUNTS and line["currency"] == "PTS"]
    days = []
    for day, entries in groupby(own, key=lambda line: visit.writer.weekday(line["event_time"])):
        listed = list(entries)
        days.append((day, sum(entry["amount"] for entry in listed), listed))
    return days


ROUTES = [Route(ME.path, page(show, for_members=True))]
