"""A member's own page: how many points, why, and what is next."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Listing
from console.frame.navigation import ME
from console.frame.visits import Visit, page
from console.pages.me.acts import acts_by_day

ACTS_COUNT = 20
PAYOUTS_COUNT = 2
BY_HAND_COUNT = 5


async def show(visit: Visit) -> Response:
    """What is the member's own, asked side by side; why each act earned what it did after what they are."""
    member, ask = visit.signed_in.member_id, visit.ask
    listing = Listing.of(ME.path, visit.request.query_params)
    answers: dict[str, Answer] = await ask.all(
        recognition=ask.get("recognition", f"/v1/members/{member}/recognition"),
        badges=ask.get("recognition", "/v1/badges"),
        streaks=ask.get("recognition", f"/v1/members/{member}/streaks"),
        place=ask.get("recognition", f"/v1/members/{member}/place"),
        rules=ask.get("scoring", "/v1/rules"),
        balance=ask.get("rewards", f"/v1/members/{member}/balance"),
        payouts=ask.get("rewards", f"/v1/members/{member}/payouts", limit=PAYOUTS_COUNT),
        audiences=ask.get("scoring", f"/v1/members/{member}/audiences"),
        by_hand=ask.get("scoring", f"/v1/members/{member}/manual-awards", limit=BY_HAND_COUNT),
        held=ask.get("scoring", f"/v1/members/{member}/held-awards", limit=BY_HAND_COUNT),
        events=ask.get(
            "analytics", f"/v1/members/{member}/events", limit=ACTS_COUNT, after=listing.said.get("after")
        ),
    )
    shown: dict[str, Any] = dict(answers)
    words = [one["word"] for one in answers["events"].items]
    explained: Mapping[str, Any] | None = {}
    if words:
        why = await ask.get("scoring", f"/v1/members/{member}/explanations", event=words)
        explained = {one["event_uid"]: one for one in why.items} if why.ok else None
    held = {one["name"] for one in answers["recognition"].body["badges"]} if answers["recognition"].ok else set()
    return visit.page(
        "pages/me/page.html",
        **shown,
        to_come=[one for one in answers["badges"].body["badges"] if one["name"] not in held]
        if answers["badges"].ok and answers["recognition"].ok
        else [],
        campaigns=running(visit, answers["rules"]),
        is_explained=explained is not None,
        listing=listing,
        days=acts_by_day(visit, answers["events"].items, explained),
    )


def running(visit: Visit, rules: Answer) -> list[Mapping[str, Any]]:
    """The campaigns of today, with the rules of each; today is the community's."""
    today = str(datetime.now(visit.writer.zone).date())
    return [
        {**one, "rules": [rule for rule in rules.body["rules"] if rule["campaign"] == one["id"]]}
        for one in (rules.body.get("campaigns", []) if rules.ok else [])
        if one["starts"] <= today <= one["ends"]
    ]


ROUTES = [Route(ME.path, page(show, for_members=True))]
