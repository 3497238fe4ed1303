"""A member's own page: how many points, why, and what is next."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Listing
from console.frame.navigation import ME
from console.frame.visits import Visit, page
from console.pages.badges.routes import titles_of
from console.pages.me.acts import acts_by_day

ACTS_COUNT = 20
PAYOUTS_COUNT = 2
BY_HAND_COUNT = 5
CELEBRATIONS_COUNT = 4
EXPIRING_COUNT = 3


async def show(visit: Visit) -> Response:
    """What is the member's own, asked side by side; why each act earned what it did after what they are."""
    member, ask = visit.signed_in.member_id, visit.ask
    listing = Listing.of(ME.path, visit.request.query_params)
    answers: dict[str, Answer] = await ask.all(
        recognition=ask.get("recognition", f"/v1/members/{member}/recognition"),
        badges=ask.get("recognition", f"/v1/members/{member}/badges"),
        streaks=ask.get("recognition", f"/v1/members/{member}/streaks"),
        levels=ask.get("recognition", f"/v1/members/{member}/levels"),
        celebrations=ask.get("recognition", "/v1/celebrations", limit=CELEBRATIONS_COUNT),
        place=ask.get("recognition", f"/v1/members/{member}/place"),
        rules=ask.get("scoring", "/v1/rules"),
        campaigns=ask.get("scoring", "/v1/running-campaigns"),
        balance=ask.get("rewards", f"/v1/members/{member}/balance"),
        expiring=ask.get("rewards", f"/v1/members/{member}/expiring-points", limit=EXPIRING_COUNT),
        payouts=ask.get("rewards", f"/v1/members/{member}/payouts", limit=PAYOUTS_COUNT),
        audiences=ask.get("scoring", f"/v1/members/{member}/audiences"),
        by_hand=ask.get("scoring", f"/v1/members/{member}/manual-awards", limit=BY_HAND_COUNT),
        held=ask.get("scoring", f"/v1/members/{member}/held-awards", limit=BY_HAND_COUNT),
        topics=ask.get("analytics", f"/v1/members/{member}/topics"),
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
    return visit.page(
        "pages/me/page.html",
        **shown,
        running=running(answers["campaigns"], answers["rules"]),
        titles=titles_of(answers["rules"]),
        is_explained=explained is not None,
        listing=listing,
        days=acts_by_day(visit, answers["events"].items, explained),
    )


def running(campaigns: Answer, rules: Answer) -> list[Mapping[str, Any]]:
    """The campaigns that give points today, with the rules of each as far as they are known."""
    known = rules.body["rules"] if rules.ok else []
    return [
        {**one, "rules": [rule for rule in known if rule["rule_id"] in one["rule_ids"]]}
        for one in campaigns.items
        if one["state"] == "running"
    ]


ROUTES = [Route(ME.path, page(show, for_members=True))]
