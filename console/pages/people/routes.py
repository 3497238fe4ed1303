"""People of the community: who acts and by which roles; added, changed, disabled, and let in by a link."""

import asyncio
from typing import Any
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Listing
from console.frame.navigation import AUDIT, KEYS, PEOPLE
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.audit.routes import words
from console.pages.people.roles import OF_MONEY, ROLES

PAGE_COUNT = 200
KEYS_COUNT = 50
DEEDS_COUNT = 8
#: Of so many members whom one person is the names are asked for.
MEMBERS_COUNT = 5
WRITE = "people:write"
LINK = "sign_in:write"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


def path_of(visit: Visit, person_id: str = "") -> str:
    """Where ingest has the people of the visitor's community, or one of them."""
    base = f"/v1/communities/{visit.signed_in.community}/people"
    return f"{base}/{person_id}" if person_id else base


async def show(visit: Visit) -> Response:
    """All of them, a page at a time."""
    after = visit.request.query_params.get("after")
    answer = await visit.ask.get("ingest", path_of(visit), limit=PAGE_COUNT, after=after)
    people = answer.items
    if answer.ok and not after and not answer.body["next"]:
        people = sorted(people, key=lambda one: (one["disabled"], one["name"].casefold()))
    return visit.page(
        "pages/people/page.html",
        answer=answer,
        people=people,
        is_first=not after,
        roles=ROLES,
        listing=Listing.of(PEOPLE.path, visit.request.query_params),
    )


async def add_form(visit: Visit) -> Response:
    """The form for somebody new."""
    return _form(visit)


async def add(visit: Visit) -> Response:
    """Add somebody, and go to their page."""
    name, email = visit.form.get("name", "").strip(), visit.form.get("email", "").strip()
    if not name:
        return _form(visit, errors={"name": visit.say(_("Say what they are called"))})
    if email and email.count("@") != 1:
        return _form(visit, errors={"email": visit.say(_("An address has one @"))})
    body: dict[str, Any] = {"name": name, "roles": _roles(visit), "email": email or None}
    body["kind"] = "service" if visit.form.get("kind") == "service" else "person"
    answer = await visit.ask.post("ingest", path_of(visit), body)
    if not answer.ok:
        return _form(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{PEOPLE.path}/{answer.body['person_id']}", toast="added")


async def look(visit: Visit) -> Response:
    """One of them."""
    return await _person(visit)


async def set_roles(visit: Visit) -> Response:
    """Say what somebody is, all of it."""
    path = f"{path_of(visit, _id(visit))}/roles"
    return await _done(visit, await visit.ask.command("PUT", "ingest", path, {"roles": _roles(visit)}), "saved")


async def disable(visit: Visit) -> Response:
    """Shut somebody out."""
    answer = await visit.ask.command("POST", "ingest", f"{path_of(visit, _id(visit))}/disable")
    return await _done(visit, answer, "disabled")


async def enable(visit: Visit) -> Response:
    """Let somebody in again."""
    answer = await visit.ask.command("POST", "ingest", f"{path_of(visit, _id(visit))}/enable")
    return await _done(visit, answer, "enabled")


async def tie(visit: Visit) -> Response:
    """Say which member somebody is."""
    member = visit.form.get("member", "").strip()
    if not member:
        return await _person(visit, errors={"member": visit.say(_("Say which member"))})
    return await _said_member(visit, "tie", member)


async def untie(visit: Visit) -> Response:
    """Say which member somebody is not."""
    return await _said_member(visit, "untie", visit.form.get("member", ""))


async def _said_member(visit: Visit, verb: str, member: str) -> Response:
    answer = await visit.ask.post("ingest", f"{path_of(visit, _id(visit))}/{verb}", {"member": member})
    return await _done(visit, answer, "saved")


async def make_link(visit: Visit) -> Response:
    """Make a link that signs somebody in once, and show it this once."""
    answer = await visit.ask.post("ingest", "/v1/sign-in-links", {"person_id": _id(visit)})
    if not answer.ok:
        return await _person(visit, refused=Refusal.of(answer))
    address = (
        f"{visit.console.settings.console_url.rstrip('/')}/sign-in/link?k={quote(answer.body['link'], safe='')}"
    )
    return await _person(visit, link={"address": address, "expires_at": answer.body["expires_at"]})


async def _done(visit: Visit, answer: Answer, toast: str) -> Response:
    if not answer.ok:
        return await _person(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{PEOPLE.path}/{_id(visit)}", toast=toast)


async def _person(
    visit: Visit, *, refused: Refusal | None = None, link: Any = None, errors: dict[str, str] | None = None
) -> Response:
    person_id, may, ask = _id(visit), visit.signed_in.may, visit.ask
    questions = {"person": ask.get("ingest", path_of(visit, person_id))}
    if may(KEYS.scope or ""):
        keys = f"/v1/communities/{visit.signed_in.community}/keys"
        questions["keys"] = ask.get("ingest", keys, person=person_id, limit=KEYS_COUNT)
    if may(AUDIT.scope or ""):
        questions["deeds"] = ask.get("analytics", "/v1/audit", person=person_id, limit=DEEDS_COUNT)
    answers = await ask.all(**questions)
    if answers["person"].is_missing:
        raise NotFoundError
    return visit.page(
        "pages/people/person.html",
        status=422 if errors else 200 if refused is None else refused.status,
        members=await _members(visit, answers["person"]),
        typed=visit.form.get("member", "") if errors or refused else "",
        errors=errors or {},
        **{"keys": None, "deeds": None, **answers},
        is_self=person_id == visit.signed_in.person_id,
        roles=ROLES,
        of_money=OF_MONEY,
        refused=refused,
        link=link,
        **words(visit),
    )


async def _members(visit: Visit, person: Answer) -> list[dict[str, Any]]:
    """The members who somebody is, with their names where ingest says them."""
    ids = person.body["members"] if person.ok else []
    found = await asyncio.gather(*(visit.ask.get("ingest", f"/v1/members/{one}") for one in ids[:MEMBERS_COUNT]))
    named = [
        {"member_id": member_id, "name": answer.body["name"] if answer.ok else None}
        for member_id, answer in zip(ids, found, strict=False)
    ]
    return [*named, *({"member_id": one, "name": None} for one in ids[MEMBERS_COUNT:])]


def _form(visit: Visit, *, errors: dict[str, str] | None = None, refused: Refusal | None = None) -> Response:
    status = 200 if not errors and refused is None else 422 if refused is None else refused.status
    return visit.page(
        "pages/people/add.html",
        status=status,
        shown=visit.form,
        chosen=_roles(visit),
        roles=ROLES,
        errors=errors or {},
        refused=refused,
    )


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["person_id"])


def _roles(visit: Visit) -> list[str]:
    return [role for role in ROLES if visit.form.get(f"role-{role}")]


ONE = f"{PEOPLE.path}/{{person_id:uuid}}"
ROUTES = [
    Route(PEOPLE.path, page(show, scope=PEOPLE.scope)),
    Route(f"{PEOPLE.path}/add", page(add_form, scope=WRITE), methods=["GET"]),
    Route(f"{PEOPLE.path}/add", page(add, scope=WRITE), methods=["POST"]),
    Route(ONE, page(look, scope=PEOPLE.scope)),
    Route(f"{ONE}/roles", page(set_roles, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/disable", page(disable, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/enable", page(enable, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/tie", page(tie, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/untie", page(untie, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/link", page(make_link, scope=LINK), methods=["POST"]),
]
