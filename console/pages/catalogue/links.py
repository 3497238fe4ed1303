"""Links that give rewards: made, shown with what one shows to claim them, and revoked."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from starlette.responses import Response
from starlette.routing import Route

from console.components.languages import zone
from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import CATALOGUE
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.catalogue.routes import WRITE
from console.pages.catalogue.words import LINK_WORDS

LINKS_PATH = "/reward-links"
USES_MAX_DIGITS = 6
NOTE_MAX_CHARS = 200
USUAL_DAYS = 30
UNPROCESSABLE = 422


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """Links, newest first, and the form that makes one."""
    return await _show(visit)


async def make(visit: Visit) -> Response:
    """Make one. The form's key makes that sending it twice is the same link."""
    key, uses = visit.form_key, visit.form.get("uses", "").strip()
    if key is None:
        raise NotFoundError
    errors = {}
    if not (uses.isdecimal() and len(uses) <= USES_MAX_DIGITS and int(uses)):
        errors["uses"] = visit.say(_("Say how many people may claim it"))
    try:
        day = datetime.fromisoformat(visit.form.get("ends", "").strip())
    except ValueError:
        errors["ends"] = visit.say(_("Give a day"))
    if not visit.form.get("reward"):
        errors["reward"] = visit.say(_("Choose what it gives"))
    if errors:
        return await _show(visit, errors=errors)
    ends = day.replace(hour=0, minute=0, tzinfo=zone(visit.community.time_zone)) + timedelta(days=1)
    body = {
        "reward_id": visit.form["reward"],
        "uses_max_count": int(uses),
        "expires_at": ends.isoformat(),
        "note": visit.form.get("note", "").strip()[:NOTE_MAX_CHARS],
    }
    made = await visit.ask.post("rewards", "/v1/reward-links", body, key=f"console-{key}")
    if not made.ok:
        return await _show(visit, refused=Refusal.of(made))
    return visit.see_other(f"{LINKS_PATH}/{made.body['link_id']}", toast="done")


async def _show(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    listing = Listing.of(LINKS_PATH, visit.request.query_params)
    answers = await visit.ask.all(
        links=visit.ask.get("rewards", "/v1/reward-links", limit=PAGE_COUNT, after=listing.said.get("after")),
        offered=visit.ask.get("rewards", "/v1/catalogue"),
    )
    usual = datetime.now(UTC).astimezone(zone(visit.community.time_zone)) + timedelta(days=USUAL_DAYS)
    return visit.page(
        "pages/catalogue/links.html",
        status=refused.status if refused is not None else UNPROCESSABLE if errors else 200,
        links=answers["links"],
        offered=answers["offered"],
        titles={one["id"]: one["title"] for one in answers["offered"].items},
        listing=listing,
        shown={"uses": "1", "ends": usual.date().isoformat()} | dict(visit.form),
        key=visit.form_key or uuid4().hex,
        states=LINK_WORDS,
        may_write=visit.signed_in.may(WRITE),
        errors=errors or {},
        refused=refused,
    )


async def one(visit: Visit) -> Response:
    """One link, with its address."""
    return await _one(visit)


async def revoke(visit: Visit) -> Response:
    """Have it give nothing any more."""
    link_id = visit.request.path_params["link_id"]
    done = await visit.ask.post("rewards", f"/v1/reward-links/{link_id}/revoke", b"")
    if not done.ok:
        return await _one(visit, refused=Refusal.of(done))
    return visit.see_other(f"{LINKS_PATH}/{link_id}", toast="done")


async def _one(visit: Visit, *, refused: Refusal | None = None) -> Response:
    answers = await visit.ask.all(
        link=visit.ask.get("rewards", f"/v1/reward-links/{visit.request.path_params['link_id']}"),
        offered=visit.ask.get("rewards", "/v1/catalogue"),
    )
    link = answers["link"]
    if link.is_missing:
        raise NotFoundError
    return visit.page(
        "pages/catalogue/link.html",
        status=200 if refused is None else refused.status,
        link=link,
        titles={one["id"]: one["title"] for one in answers["offered"].items},
        address=f"{visit.console.settings.console_url}/claim/{link.body['token']}" if link.ok else "",
        states=LINK_WORDS,
        refused=refused,
    )


ONE = f"{LINKS_PATH}/{{link_id:uuid}}"
ROUTES = [
    Route(LINKS_PATH, page(show, scope=CATALOGUE.scope), methods=["GET"]),
    Route(LINKS_PATH, page(make, scope=WRITE), methods=["POST"]),
    Route(ONE, page(one, scope=WRITE)),
    Route(f"{ONE}/revoke", page(revoke, scope=WRITE), methods=["POST"]),
]
