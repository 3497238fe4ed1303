"""Badges for whoever runs a community: which there are, who holds each, how far a new version is."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import BADGES, MEMBERS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.badges.pictures import picture
from console.sign_in.domain import new_secret
from shared.pictures import PICTURE_MAX_BYTES

WRITE = "recognition:write"
#: How badges look is part of the programme.
DRAW = "programmes:write"
DATA_URL = re.compile(r"data:image/(?:png|svg\+xml);base64,([A-Za-z0-9+/]+={0,2})")
GRANT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UNPROCESSABLE = 422
CITATION_MAX_CHARS = 500
REASON_MAX_CHARS = 300


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """All badges of the programme in force, and how far it is with members of before."""
    answers = await visit.ask.all(
        badges=visit.ask.get("recognition", "/v1/badges"),
        backfill=visit.ask.get("recognition", "/v1/badge-backfill"),
        rules=visit.ask.get("scoring", "/v1/rules"),
    )
    return visit.page(
        "pages/badges/page.html",
        badges=answers["badges"],
        backfill=answers["backfill"],
        titles=titles_of(answers["rules"]),
    )


def titles_of(rules: Any) -> Mapping[str, str]:
    """The titles of rules by id, of scores and audiences by kind and id; none where they are not known."""
    if not rules.ok:
        return {}
    others = {
        f"{kind}:{one['id']}": one["title"]
        for kind, name in (("score", "scores"), ("audience", "audiences"))
        for one in rules.body.get(name, ())
    }
    return {one["rule_id"]: one["title"] for one in rules.body["rules"]} | others


async def one(visit: Visit) -> Response:
    """One badge: what it asks for, how rare it is, and who holds it."""
    return await _one(visit)


async def renumber(visit: Visit) -> Response:
    """Give a grant its right number whose number is another member's, and say why."""
    badge_id = visit.request.path_params["badge_id"]
    grant, reason = visit.form.get("misnumbered", ""), visit.form.get("reason", "").strip()
    errors = {}
    if GRANT_ID.fullmatch(grant) is None:
        errors["misnumbered"] = visit.say(_("Choose whose number"))
    if not reason or len(reason) > REASON_MAX_CHARS:
        errors["reason"] = visit.say(_("Say why, in a line"))
    if errors:
        return await _one(visit, errors=errors)
    path = f"/v1/badges/{badge_id}/misnumbered/{grant}/renumber"
    done = await visit.ask.command("POST", "recognition", path, {"reason": reason})
    if not done.ok:
        return await _one(visit, refused=Refusal.of(done))
    return visit.see_other(f"{BADGES.path}/{badge_id}", toast="renumbered")


async def put_picture(visit: Visit) -> Response:
    """What it looks like from now on: a file that was opened in the page."""
    found = DATA_URL.fullmatch(visit.form.get("content", "").strip())
    if found is None:
        return await _one(visit, errors={"content": visit.say(_("Choose a picture"))})
    if len(found[1]) * 3 // 4 > PICTURE_MAX_BYTES:
        return await _one(visit, errors={"content": visit.say(_("It has more than 256 kB: make it smaller"))})
    return await _change_picture(visit, "PUT", {"content": found[1]})


async def remove_picture(visit: Visit) -> Response:
    """It looks as the programme says again."""
    return await _change_picture(visit, "DELETE")


async def _change_picture(visit: Visit, method: str, body: Any = None) -> Response:
    badge_id = visit.request.path_params["badge_id"]
    done = await visit.ask.command(method, "recognition", f"/v1/badges/{badge_id}/picture", body)
    if done.is_missing:
        raise NotFoundError
    if not done.ok:
        return await _one(visit, refused=Refusal.of(done))
    return visit.see_other(f"{BADGES.path}/{badge_id}", toast="saved")


async def _one(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    badge_id = visit.request.path_params["badge_id"]
    tier = visit.request.query_params.get("tier")
    path = f"{BADGES.path}/{badge_id}"
    listing = Listing.of(path, visit.request.query_params, kept=("tier",))
    answers = await visit.ask.all(
        badge=visit.ask.get("recognition", f"/v1/badges/{badge_id}"),
        holders=visit.ask.get(
            "recognition",
            f"/v1/badges/{badge_id}/holders",
            limit=PAGE_COUNT,
            tier=tier,
            after=listing.said.get("after"),
        ),
        rules=visit.ask.get("scoring", "/v1/rules"),
    )
    badge = answers["badge"]
    if badge.is_missing or badge.status == UNPROCESSABLE:
        raise NotFoundError
    misnumbered: list[Any] = []
    if badge.ok and badge.body["limited_to"] is not None:
        path = f"/v1/badges/{badge_id}/misnumbered"
        misnumbered = (await visit.ask.get("recognition", path, limit=PAGE_COUNT)).items
    return visit.page(
        "pages/badges/one.html",
        status=refused.status if refused is not None else UNPROCESSABLE if errors else 200,
        may_draw=visit.signed_in.may(DRAW),
        picture_max_bytes=PICTURE_MAX_BYTES,
        errors=errors or {},
        refused=refused,
        badge=badge,
        misnumbered=misnumbered,
        may_change=visit.signed_in.may(WRITE),
        said=visit.form if visit.request.method == "POST" else {},
        holders=answers["holders"],
        titles=titles_of(answers["rules"]),
        listing=listing,
        tier=tier,
    )


async def of_member(visit: Visit) -> Response:
    """A member's badges, how far they are, and forms to give one and to take one back."""
    return await _of_member(visit, new_secret())


async def give(visit: Visit) -> Response:
    """Give one, and say what for. The form's key makes that sending it twice is the same."""
    key, badge, citation = visit.form_key, visit.form.get("badge", ""), visit.form.get("citation", "").strip()
    if key is None:
        raise NotFoundError
    errors = {}
    if not badge:
        errors["badge"] = visit.say(_("Choose a badge"))
    if not citation or len(citation) > CITATION_MAX_CHARS:
        errors["citation"] = visit.say(_("Say what for, in a sentence"))
    if errors:
        return await _of_member(visit, key, errors=errors)
    body = {"badge": badge, "citation": citation}
    made = await visit.ask.post(
        "recognition", f"/v1/members/{_member_id(visit)}/badges", body, key=f"console-{key}"
    )
    if not made.ok:
        return await _of_member(visit, key, refused=Refusal.of(made))
    return visit.see_other(f"{MEMBERS.path}/{_member_id(visit)}/badges", toast="done")


async def take_back(visit: Visit) -> Response:
    """Take one back, and say why."""
    badge, reason = visit.form.get("held", ""), visit.form.get("reason", "").strip()
    errors = {}
    if not badge:
        errors["held"] = visit.say(_("Choose a badge"))
    if not reason or len(reason) > REASON_MAX_CHARS:
        errors["reason"] = visit.say(_("Say why, in a line"))
    if errors:
        return await _of_member(visit, new_secret(), errors=errors)
    path = f"/v1/members/{_member_id(visit)}/badges/{badge}/take-back"
    answer = await visit.ask.command("POST", "recognition", path, {"reason": reason})
    if not answer.ok:
        return await _of_member(visit, new_secret(), refused=Refusal.of(answer))
    return visit.see_other(f"{MEMBERS.path}/{_member_id(visit)}/badges", toast="taken-back")


def _member_id(visit: Visit) -> str:
    return str(visit.request.path_params["member_id"])


async def _of_member(
    visit: Visit, key: str, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    member_id = _member_id(visit)
    answers = await visit.ask.all(
        recognition=visit.ask.get("recognition", f"/v1/members/{member_id}/recognition"),
        badges=visit.ask.get("recognition", f"/v1/members/{member_id}/badges"),
    )
    if answers["badges"].is_missing:
        raise NotFoundError
    items = answers["badges"].items
    return visit.page(
        "pages/badges/member.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        member_id=member_id,
        held=[one for one in items if one["held"]],
        to_come=[one for one in items if not one["held"]],
        given=[one["badge"] for one in items if one["badge"]["by_hand"] and not one["held"]],
        others=[one["badge"] for one in items if not one["badge"]["by_hand"] and not one["held"]],
        may_change=visit.signed_in.may(WRITE),
        is_about_you=visit.signed_in.is_about(_member_id(visit)),
        key=key,
        said=visit.form,
        errors=errors or {},
        refused=refused,
        recognition=answers["recognition"],
        badges=answers["badges"],
    )


ONE = f"{BADGES.path}/{{badge_id}}"
MEMBER = f"{MEMBERS.path}/{{member_id:uuid}}/badges"
ROUTES = [
    Route(BADGES.path, page(show, scope=BADGES.scope)),
    Route(ONE, page(one, scope=BADGES.scope)),
    Route(f"{ONE}/misnumbered", page(renumber, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/picture", page(picture, is_for_anybody=True), methods=["GET"]),
    Route(f"{ONE}/picture", page(put_picture, scope=DRAW), methods=["POST"]),
    Route(f"{ONE}/picture/remove", page(remove_picture, scope=DRAW), methods=["POST"]),
    Route(MEMBER, page(of_member, scope=BADGES.scope), methods=["GET"]),
    Route(MEMBER, page(give, scope=WRITE), methods=["POST"]),
    Route(f"{MEMBER}/take-back", page(take_back, scope=WRITE), methods=["POST"]),
]
