"""Badges for members, and for everybody where the community shows them."""

from starlette.responses import Response
from starlette.routing import Route

from console.frame.navigation import MY_BADGES
from console.frame.visits import NotFoundError, Visit, page
from console.pages.badges.routes import titles_of

UNPROCESSABLE = 422


async def mine(visit: Visit) -> Response:
    """The member's own badges, and how far they are with the others."""
    member = visit.signed_in.member_id
    badges = await visit.ask.get("recognition", f"/v1/members/{member}/badges")
    return visit.page(
        "pages/badges/mine.html",
        badges=badges,
        held=[one for one in badges.items if one["held"]],
        to_come=[one for one in badges.items if not one["held"]],
    )


async def one(visit: Visit) -> Response:
    """One badge: what it asks for, how far the member is, and how rare it is."""
    badge_id, member = visit.request.path_params["badge_id"], visit.signed_in.member_id
    answers = await visit.ask.all(
        badge=visit.ask.get("recognition", f"/v1/badges/{badge_id}"),
        mine=visit.ask.get("recognition", f"/v1/members/{member}/badges"),
        rules=visit.ask.get("scoring", "/v1/rules"),
    )
    if answers["badge"].is_missing or answers["badge"].status == UNPROCESSABLE:
        raise NotFoundError
    own = next((one for one in answers["mine"].items if one["badge"]["name"] == badge_id), None)
    return visit.page(
        "pages/badges/my_one.html",
        badge=answers["badge"],
        mine=answers["mine"],
        own=own,
        titles=titles_of(answers["rules"]),
    )


ROUTES = [
    Route(MY_BADGES.path, page(mine, for_members=True)),
    Route(f"{MY_BADGES.path}/{{badge_id}}", page(one, for_members=True)),
]
