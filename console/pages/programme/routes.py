"""The programme as it was published: rules, limits, badges, rewards, and its versions with who approved them."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Listing
from console.frame.navigation import PROGRAMME
from console.frame.visits import NotFoundError, Visit, page

VERSIONS_COUNT = 50
#: What scoring answers to a number that no version can have.
UNPROCESSABLE = 422


async def show(visit: Visit) -> Response:
    """The version that is in force, or the newest that will be."""
    versions = await _versions(visit)
    chosen = in_force(versions.items) or next((one for one in versions.items if one["state"] == "published"), None)
    return await _page(visit, versions, None if chosen is None else chosen["version"])


async def look(visit: Visit) -> Response:
    """Any version."""
    return await _page(visit, await _versions(visit), visit.request.path_params["version"])


def in_force(versions: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Of versions, newest first, the one that applies to what is received now; None when none does."""
    now = datetime.now(UTC)
    published = [one for one in versions if one["state"] == "published"]
    return next((one for one in published if datetime.fromisoformat(one["effective_from"]) <= now), None)


async def _versions(visit: Visit) -> Answer:
    after = visit.request.query_params.get("after")
    return await visit.ask.get("scoring", "/v1/programmes", limit=VERSIONS_COUNT, after=after)


async def _page(visit: Visit, versions: Answer, number: int | None) -> Response:
    questions = {}
    if number is not None:
        questions["version"] = visit.ask.get("scoring", f"/v1/programmes/{number}")
    if visit.signed_in.may("recognition:read"):
        questions["badges"] = visit.ask.get("recognition", "/v1/badges")
    answers = await visit.ask.all(**questions)
    version = answers.get("version")
    if version is not None and (version.is_missing or version.status == UNPROCESSABLE):
        raise NotFoundError
    badges = answers.get("badges")
    current = in_force(versions.items)
    holders = {}
    if badges is not None and badges.ok and version is not None and number == badges.body["programme_version"]:
        listed = [*badges.body["badges"], *badges.body["levels"]]
        holders = {one["name"]: one["holders"] for one in listed}
    return visit.page(
        "pages/programme/page.html",
        versions=versions,
        version=version,
        number=number,
        current=None if current is None else current["version"],
        waiting=[one for one in versions.items if one["state"] == "proposed"],
        holders=holders,
        listing=Listing.of(visit.request.url.path, visit.request.query_params),
    )


ROUTES = [
    Route(PROGRAMME.path, page(show, scope=PROGRAMME.scope)),
    Route(f"{PROGRAMME.path}/{{version:int}}", page(look, scope=PROGRAMME.scope)),
]
