"""Celebrations: a stream to react to for members, and all of it for whoever runs it and for everybody."""

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Filter, Listing
from console.frame.navigation import CELEBRATIONS, MY_CELEBRATIONS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.badges.routes import titles_of
from console.pages.visitors.feeds import feed_of
from console.pages.visitors.routes import check_shown, visited
from shared.contracts.facts.celebrations import REACTIONS

STREAM_COUNT = 20
LIST_COUNT = 50
SEEN_MAX_COUNT = 100
GIVEN, TAKEN = "yes", "no"
KINDS = ("milestone", "badge", "level", "quest")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


KIND_CHOICES = (
    ("", _("Everything")),
    ("milestone", _("Milestones")),
    ("badge", _("Badges")),
    ("level", _("Levels")),
)


def _listing(visit: Visit, path: str) -> Listing:
    kinds = Filter("kind", _("What"), KIND_CHOICES)
    return Listing.of(path, visit.request.query_params, filters=(kinds,))


def _asked(visit: Visit, listing: Listing, count: int) -> Any:
    return visit.ask.get(
        "recognition",
        "/v1/celebrations",
        limit=count,
        kind=listing.chosen.get("kind"),
        after=listing.said.get("after"),
    )


async def mine(visit: Visit) -> Response:
    """What members and the community reached, newest first, to react to; and how far one is oneself."""
    return await _mine(visit)


async def _mine(visit: Visit, refused: Refusal | None = None) -> Response:
    listing = _listing(visit, MY_CELEBRATIONS.path)
    member = visit.signed_in.member_id
    answers: dict[str, Answer] = await visit.ask.all(
        celebrations=_asked(visit, listing, STREAM_COUNT),
        own=visit.ask.get("recognition", f"/v1/members/{member}/milestones"),
        all_of_us=visit.ask.get("recognition", "/v1/milestones"),
    )
    items = answers["celebrations"].items
    return visit.page(
        "pages/celebrations/mine.html",
        status=200 if refused is None else refused.status,
        **answers,
        listing=listing,
        unseen=[one["celebration_id"] for one in items if not one["is_seen"] and one["member_id"] != member],
        member=member,
        refused=refused,
    )


async def react(visit: Visit) -> Response:
    """React to one, or take that back: an event of the member's own."""
    reaction = visit.form.get("reaction", "")
    if reaction not in REACTIONS:
        raise NotFoundError
    body = {
        "celebration_id": visit.form.get("celebration_id", ""),
        "reaction": reaction,
        "is_given": visit.form.get("is_given") != TAKEN,
    }
    answer = await visit.ask.post("ingest", "/v1/celebration-reactions", body)
    if not answer.ok:
        return await _mine(visit, Refusal.of(answer))
    return visit.see_other(MY_CELEBRATIONS.path, toast="reacted")


async def see(visit: Visit) -> Response:
    """Say that those on the page were seen."""
    ids = visit.form.get("celebration_ids", "").split()[:SEEN_MAX_COUNT]
    answer = await visit.ask.post("ingest", "/v1/celebrations-seen", {"celebration_ids": ids})
    if not answer.ok:
        return await _mine(visit, Refusal.of(answer))
    return visit.see_other(MY_CELEBRATIONS.path, toast="reacted")


async def show(visit: Visit) -> Response:
    """All celebrations, who reacted to them and saw them, and the milestones of the programme."""
    listing = _listing(visit, CELEBRATIONS.path)
    answers: dict[str, Answer] = await visit.ask.all(
        celebrations=_asked(visit, listing, LIST_COUNT),
        milestones=visit.ask.get("recognition", "/v1/milestones"),
        rules=visit.ask.get("scoring", "/v1/rules"),
    )
    return visit.page(
        "pages/celebrations/page.html",
        celebrations=answers["celebrations"],
        milestones=answers["milestones"],
        titles=titles_of(answers["rules"]),
        listing=listing,
    )


async def public(visit: Visit) -> Response:
    """What was celebrated, for everybody, with names where they are public."""
    listing = Listing.of(f"/c/{visit.community.id}/celebrations", visit.request.query_params)
    answer = await visit.ask.get(
        "recognition", "/v1/celebrations", limit=LIST_COUNT, after=listing.said.get("after")
    )
    check_shown(answer)
    return visit.page("pages/celebrations/public.html", celebrations=answer, listing=listing)


async def feed(visit: Visit) -> Response:
    """The newest as JSON Feed 1.1, for feed readers."""
    return await feed_of(visit, "recognition", "/v1/celebrations/feed", name="celebrations")


ROUTES = [
    Route(MY_CELEBRATIONS.path, page(mine, for_members=True)),
    Route(f"{MY_CELEBRATIONS.path}/react", page(react, for_members=True), methods=["POST"]),
    Route(f"{MY_CELEBRATIONS.path}/seen", page(see, for_members=True), methods=["POST"]),
    Route(CELEBRATIONS.path, page(show, scope=CELEBRATIONS.scope)),
    Route("/c/{community}/celebrations", page(visited(public, "celebrations"), is_open=True)),
    Route("/c/{community}/celebrations.json", page(visited(feed, "celebrations"), is_open=True)),
]
