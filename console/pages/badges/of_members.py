"""Badges for members, and for everybody where the community shows them."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from console.frame.navigation import MY_BADGES
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.badges.routes import titles_of

UNPROCESSABLE = 422


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


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


#: As what a badge is taken away: the kind, what it is called, and what for.
KINDS: Final = (
    ("png", _("As a picture (PNG)"), _("To show, with the badge in it")),
    ("svg", _("As a drawing (SVG)"), _("The same, sharp at any size")),
    ("jwt", _("As a token (VC-JWT)"), _("For wallets that take one")),
    ("json", _("As a document (JSON)"), _("For wallets that read a proof in it")),
)


async def one(visit: Visit) -> Response:
    """One badge: what it asks for, how far the member is, how rare it is, and how it is taken away."""
    return await _one(visit)


async def take_away(visit: Visit) -> Response:
    """Make a credential of it; asked for again it is the same."""
    badge_id, member = visit.request.path_params["badge_id"], visit.signed_in.member_id
    path = f"/v1/members/{member}/badges/{badge_id}/credential"
    answer = await visit.ask.command("POST", "recognition", path)
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{MY_BADGES.path}/{badge_id}#take-away", toast="taken-away")


async def file(visit: Visit) -> Response:
    """What was taken away, as a file."""
    badge_id, member = visit.request.path_params["badge_id"], visit.signed_in.member_id
    kind = visit.request.query_params.get("as")
    taken = await visit.ask.get("recognition", f"/v1/members/{member}/credentials")
    mine = [one for one in taken.items if one["badge"] == badge_id and one["revoked_at"] is None]
    if not mine or kind not in {one[0] for one in KINDS}:
        raise NotFoundError
    path = f"/v1/members/{member}/credentials/{mine[0]['credential_id']}/file"
    answer, content = await visit.ask.download("recognition", path, as_=kind)
    if not answer.ok:
        raise NotFoundError
    whole = b"".join([chunk async for chunk in content])
    headers = {
        "content-disposition": f'attachment; filename="{badge_id}.{kind}"',
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
    }
    return Response(whole, media_type="application/octet-stream", headers=headers)


async def _one(visit: Visit, *, refused: Refusal | None = None) -> Response:
    badge_id, member = visit.request.path_params["badge_id"], visit.signed_in.member_id
    answers = await visit.ask.all(
        badge=visit.ask.get("recognition", f"/v1/badges/{badge_id}"),
        mine=visit.ask.get("recognition", f"/v1/members/{member}/badges"),
        rules=visit.ask.get("scoring", "/v1/rules"),
        taken=visit.ask.get("recognition", f"/v1/members/{member}/credentials"),
    )
    if answers["badge"].is_missing or answers["badge"].status == UNPROCESSABLE:
        raise NotFoundError
    own = next((one for one in answers["mine"].items if one["badge"]["name"] == badge_id), None)
    held = own["held"] if own else None
    return visit.page(
        "pages/badges/my_one.html",
        status=200 if refused is None else refused.status,
        badge=answers["badge"],
        mine=answers["mine"],
        own=own,
        titles=titles_of(answers["rules"]),
        taken=answers["taken"],
        # Of the tier that is held now: a higher one is taken away anew.
        credential=next(
            (
                one
                for one in answers["taken"].items
                if held and one["grant_id"] == held["grant_id"] and one["revoked_at"] is None
            ),
            None,
        ),
        kinds=KINDS,
        refused=refused,
    )


ROUTES = [
    Route(MY_BADGES.path, page(mine, for_members=True)),
    Route(f"{MY_BADGES.path}/{{badge_id}}", page(one, for_members=True)),
    Route(f"{MY_BADGES.path}/{{badge_id}}/take-away", page(take_away, for_members=True), methods=["POST"]),
    Route(f"{MY_BADGES.path}/{{badge_id}}/file", page(file, for_members=True)),
]
