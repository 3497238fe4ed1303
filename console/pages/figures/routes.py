"""What the figures of the overview are made of, as tables: by day, by rule, event by event."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import Filter, Listing
from console.frame.navigation import RECEIPTS, REJECTED
from console.frame.visits import NotFoundError, Visit, page
from console.pages.figures.causes import cause_of
from console.pages.periods import DAYS, asked_days
from console.pages.refused.words import CAUSES

PAGE_COUNT = 50


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: The figures by day: what is asked, which number of it, and how it is called.
BY_DAY = {
    "active-members": ("/v1/participation", "active_members", "channels", _("Active members a day")),
    "events": ("/v1/participation", "events", "types", _("Events")),
    "new-members": ("/v1/acquisition", "new_members", "channels", _("New members")),
}


async def by_day(visit: Visit) -> Response:
    """A figure's days, newest first, each with its channels or types."""
    name = visit.request.path_params["name"]
    if name not in BY_DAY:
        raise NotFoundError
    path, number, parts, title = BY_DAY[name]
    days = asked_days(visit.request.query_params, visit.writer.zone)
    listing = Listing.of(
        visit.request.url.path,
        visit.request.query_params,
        sorts=("starts_on", number),
        usual_sort="-starts_on",
        kept=("days",),
    )
    answer = await visit.ask.get("analytics", path, by="day", from_=days.first, to=days.last, limit=200)
    return visit.page(
        "pages/figures/by_day.html",
        answer=answer,
        listing=listing,
        shown=listing.arranged(answer.items),
        views=await visit.views(listing),
        name=name,
        figure_title=title,
        number=number,
        parts=parts,
        days=days,
        choices=DAYS,
    )


async def points(visit: Visit) -> Response:
    """Every rule of the days, with its points, awards and how many were taken back."""
    days = asked_days(visit.request.query_params, visit.writer.zone)
    listing = Listing.of(
        visit.request.url.path,
        visit.request.query_params,
        sorts=("title", "awards", "taken_back", "points"),
        usual_sort="-points",
        filters=[Filter("rule", visit.say(_("Rule")))],
        kept=("days",),
    )
    answer = await visit.ask.get("analytics", "/v1/points-by-rule", from_=days.first, to=days.last, limit=500)
    rules = [{**rule, "title": rule["title"] or rule["rule_id"]} for rule in answer.items]
    views = await visit.views(listing)

    def text(rule: Mapping[str, Any]) -> str:
        return f"{rule['title']} {rule['rule_id']}"

    return visit.page(
        "pages/figures/points.html",
        answer=answer,
        rules=rules,
        # Points of other scores are no more of the same.
        spendable=sum(rule["points"] for rule in rules if rule.get("score", "points") == "points"),
        listing=listing,
        shown=listing.arranged(rules, text=text),
        views=views,
        # Of views of other days nothing is here to be counted.
        counted={
            query: listing.count_of(query, rules, text)
            for query in ("", *(view.query for view in views))
            if answer.ok and asked_days(dict(parse_qsl(query)), visit.writer.zone) == days
        },
        days=days,
        choices=DAYS,
    )


async def rejected(visit: Visit) -> Response:
    """Why events were rejected, and which."""
    days = asked_days(visit.request.query_params, visit.writer.zone)
    listing = Listing.of(
        REJECTED.path,
        visit.request.query_params,
        filters=[
            Filter(
                "outcome",
                visit.say(_("Outcome")),
                [("rejected", visit.say(_("rejected"))), ("conflict", visit.say(_("conflict")))],
            ),
            Filter("reason", visit.say(_("Reason"))),
            Filter("source", visit.say(_("Source"))),
            Filter("event_id", visit.say(_("Event"))),
        ],
        kept=("days",),
    )
    after = listing.said.get("after")
    door: dict[str, Any] = {}
    if visit.signed_in.may(RECEIPTS.scope or ""):
        door["door"] = visit.ask.get("ingest", "/v1/refused-events/counts")
    answers: dict[str, Any] = await visit.ask.all(
        **door,
        reasons=visit.ask.get("analytics", "/v1/rejections", from_=days.first, to=days.last, limit=100),
        events=visit.ask.get(
            "analytics", "/v1/rejections/events", limit=PAGE_COUNT, after=after, **listing.chosen
        ),
    )
    return visit.page(
        "pages/figures/rejected.html",
        **{"door": None, **answers},
        door_causes=CAUSES,
        cause_of=cause_of,
        listing=listing,
        views=await visit.views(listing),
        days=days,
        choices=DAYS,
    )


ROUTES = [
    Route("/figures/points", page(points, scope="analytics:read")),
    Route(REJECTED.path, page(rejected, scope=REJECTED.scope)),
    Route("/figures/{name}", page(by_day, scope="analytics:read")),
]
