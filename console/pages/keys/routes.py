"""Access keys: listed, made and shown once, rotated, revoked."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Listing
from console.frame.navigation import KEYS, PEOPLE
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.keys.scopes import SCOPES
from shared.access_keys.roles import scopes_of
from shared.access_keys.scopes import go_together

PAGE_COUNT = 100
#: People whose names a list shows; further ones are shown by their ids.
PEOPLE_COUNT = 500
#: Days until a key ends, and hours for which a rotated one works on. The first of each is what a form begins with.
LASTS_DAYS = ("90", "30", "365", "")
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
OVERLAP_HOURS = ("24", "1", "168", "0")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


def path_of(visit: Visit, key_id: str = "") -> str:
    """Where ingest has the keys of the visitor's community, or one of them."""
    base = f"/v1/communities/{visit.signed_in.community}/keys"
    return f"{base}/{key_id}" if key_id else base


async def show(visit: Visit) -> Response:
    """All of them, or a person's, a page at a time."""
    said = visit.request.query_params
    person = _person(said.get("person", ""))
    answers = await visit.ask.all(
        keys=visit.ask.get("ingest", path_of(visit), person=person, after=said.get("after"), limit=PAGE_COUNT),
        people=_people(visit),
    )
    return visit.page(
        "pages/keys/page.html",
        answer=answers["keys"],
        people={one["person_id"]: one for one in answers["people"].items},
        person=person,
        is_first="after" not in said,
        listing=Listing.of(KEYS.path, said, kept=("person",)),
        now=_now(),
    )


async def make_form(visit: Visit) -> Response:
    """The form: first whose it is to be, then what it may do of what their roles let them."""
    return await _form(visit, _person(visit.request.query_params.get("person", "")))


async def make(visit: Visit) -> Response:
    """Make a key, and show it this once."""
    person, name = _person(visit.form.get("person", "")), visit.form.get("name", "").strip()
    scopes = [scope for scope in SCOPES if visit.form.get(f"scope-{scope}")]
    errors = {}
    if not name:
        errors["name"] = visit.say(_("Say what uses it, so that somebody knows when it may go"))
    if not scopes:
        errors["scopes"] = visit.say(_("Choose what it may do: nothing is not enough"))
    if not go_together(scopes):
        errors["scopes"] = visit.say(
            _("A key for pages in a browser does that alone: make one of its own for the rest")
        )
    if person is None or errors:
        return await _form(visit, person, errors=errors)
    days = visit.form.get("days", "")
    ends = _now() + timedelta(days=int(days)) if days in LASTS_DAYS and days else None
    body = {
        "community": visit.signed_in.community,
        "person_id": person,
        "name": name,
        "scopes": scopes,
        "expires_at": None if ends is None else ends.isoformat(),
    }
    answer = await visit.ask.post("ingest", "/v1/keys", body)
    if not answer.ok:
        return await _form(visit, person, refused=Refusal.of(answer))
    return visit.page("pages/keys/once.html", key=answer.body, scopes=SCOPES, replaced=None)


async def look(visit: Visit) -> Response:
    """One key."""
    return await _key(visit)


async def rotate(visit: Visit) -> Response:
    """Make another key in its place, and show that this once."""
    hours = visit.form.get("hours", "")
    body = {"overlap_hours": int(hours)} if hours in OVERLAP_HOURS else {}
    answer = await visit.ask.post("ingest", f"{path_of(visit, _id(visit))}/rotate", body)
    if not answer.ok:
        return await _key(visit, refused=Refusal.of(answer))
    return visit.page("pages/keys/once.html", key=answer.body, scopes=SCOPES, replaced=_id(visit))


async def revoke(visit: Visit) -> Response:
    """End a key for good."""
    answer: Answer = await visit.ask.command("DELETE", "ingest", path_of(visit, _id(visit)))
    if not answer.ok:
        return await _key(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{KEYS.path}/{_id(visit)}", toast="revoked")


async def _key(visit: Visit, *, refused: Refusal | None = None) -> Response:
    answers = await visit.ask.all(key=visit.ask.get("ingest", path_of(visit, _id(visit))), people=_people(visit))
    if answers["key"].is_missing:
        raise NotFoundError
    return visit.page(
        "pages/keys/key.html",
        status=200 if refused is None else refused.status,
        answer=answers["key"],
        people={one["person_id"]: one for one in answers["people"].items},
        scopes=SCOPES,
        hours=OVERLAP_HOURS,
        refused=refused,
        now=_now(),
    )


async def _form(
    visit: Visit, person: str | None, *, errors: dict[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    people = await _people(visit)
    owner: Any = next((one for one in people.items if one["person_id"] == person), None)
    theirs = set() if owner is None else scopes_of(owner["roles"], visit.signed_in.community)
    return visit.page(
        "pages/keys/make.html",
        status=422 if errors else 200 if refused is None else refused.status,
        people=people,
        owner=owner,
        scopes={scope: text for scope, text in SCOPES.items() if scope in theirs},
        chosen=[scope for scope in SCOPES if visit.form.get(f"scope-{scope}")],
        days=LASTS_DAYS,
        shown=visit.form,
        errors=errors or {},
        refused=refused,
    )


async def _people(visit: Visit) -> Answer:
    return await visit.ask.get(
        "ingest", f"/v1/communities/{visit.signed_in.community}{PEOPLE.path}", limit=PEOPLE_COUNT
    )


def _person(said: str) -> str | None:
    try:
        return str(UUID(said))
    except ValueError:
        return None


def _id(visit: Visit) -> str:
    """The key's id of the address. Raises NotFoundError for what leads elsewhere at ingest, or is a whole key."""
    said = str(visit.request.path_params["key_id"])
    if not KEY_ID.fullmatch(said) or said.startswith("plk_"):
        raise NotFoundError
    return said


def _now() -> datetime:
    return datetime.now(UTC)


ONE = f"{KEYS.path}/{{key_id}}"
ROUTES = [
    Route(KEYS.path, page(show, scope=KEYS.scope)),
    Route(f"{KEYS.path}/add", page(make_form, scope=KEYS.scope), methods=["GET"]),
    Route(f"{KEYS.path}/add", page(make, scope=KEYS.scope), methods=["POST"]),
    Route(ONE, page(look, scope=KEYS.scope)),
    Route(f"{ONE}/rotate", page(rotate, scope=KEYS.scope), methods=["POST"]),
    Route(f"{ONE}/revoke", page(revoke, scope=KEYS.scope), methods=["POST"]),
]
