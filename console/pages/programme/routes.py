"""The programme as it was published: rules, limits, badges and rewards; its versions, and what each changed."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Listing
from console.frame.navigation import PROGRAMME, WAITING
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.programme.words import WORDS
from shared.programme_changes import Change, called, changes

VERSIONS_COUNT = 50
#: What scoring answers to a number that no version can have.
UNPROCESSABLE = 422
WRITE = "programmes:write"
VERSIONS = f"{PROGRAMME.path}/versions"
NOTE_MAX_CHARS = 500


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """The version that is in force, or the newest that will be."""
    listed = await _versions(visit)
    chosen = in_force(listed.items) or next((one for one in listed.items if one["state"] == "published"), None)
    return await _page(visit, listed, None if chosen is None else chosen["version"])


async def look(visit: Visit) -> Response:
    """Any version, and what it changed."""
    return await _page(visit, await _versions(visit), visit.request.path_params["version"])


async def versions(visit: Visit) -> Response:
    """Every version: its state, who published and who approved it."""
    listed = await _versions(visit)
    return visit.page(
        "pages/programme/versions.html",
        versions=listed,
        current=(in_force(listed.items) or {}).get("version"),
        listing=Listing.of(visit.request.url.path, visit.request.query_params),
    )


async def withdraw(visit: Visit) -> Response:
    """Have a scheduled version not take effect: what is in force before it goes on."""
    number = visit.request.path_params["version"]
    answer = await visit.ask.command("POST", "scoring", f"/v1/programmes/{number}/withdraw")
    if not answer.ok:
        return await _page(visit, await _versions(visit), number, refused=Refusal.of(answer))
    replaced_by = answer.body["replaced_by"]
    if answer.body["replacement_state"] == "proposed":
        return visit.see_other(f"{WAITING.path}/programmes/{replaced_by}", toast="withdrawal-waits")
    return visit.see_other(f"{PROGRAMME.path}/{number}", toast="goes-on-as-before")


async def roll_back(visit: Visit) -> Response:
    """Publish again what a version says."""
    number = visit.request.path_params["version"]
    note = " ".join(visit.form.get("note", "").split())
    if not note:
        errors = {"note-of-rollback": visit.say(_("Say in plain words why"))}
        return await _page(visit, await _versions(visit), number, errors=errors)
    body = {"note": note[:NOTE_MAX_CHARS]}
    answer = await visit.ask.post("scoring", f"/v1/programmes/{number}/rollback", body)
    if not answer.ok:
        return await _page(visit, await _versions(visit), number, refused=Refusal.of(answer))
    made = answer.body["version"]
    if answer.body["state"] == "proposed":
        return visit.see_other(f"{WAITING.path}/programmes/{made}", toast="proposed")
    return visit.see_other(f"{PROGRAMME.path}/{made}", toast="published")


def in_force(listed: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Of versions, newest first, the one that applies to what is received now; None when none does."""
    now = datetime.now(UTC)
    published = [one for one in listed if one["state"] == "published"]
    return next((one for one in published if datetime.fromisoformat(one["effective_from"]) <= now), None)


async def _versions(visit: Visit) -> Answer:
    after = visit.request.query_params.get("after")
    return await visit.ask.get("scoring", "/v1/programmes", limit=VERSIONS_COUNT, after=after)


async def _page(
    visit: Visit,
    listed: Answer,
    number: int | None,
    *,
    refused: Refusal | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    questions = {}
    against = _against(visit, listed.items, number)
    if number is not None:
        questions["version"] = visit.ask.get("scoring", f"/v1/programmes/{number}")
    if against is not None:
        questions["against"] = visit.ask.get("scoring", f"/v1/programmes/{against}")
    if visit.signed_in.may("recognition:read"):
        questions["badges"] = visit.ask.get("recognition", "/v1/badges")
    answers = await visit.ask.all(**questions)
    version = answers.get("version")
    if version is not None and (version.is_missing or version.status == UNPROCESSABLE):
        raise NotFoundError
    badges = answers.get("badges")
    current = in_force(listed.items)
    holders = {}
    if badges is not None and badges.ok and version is not None and number == badges.body["programme_version"]:
        there = [*badges.body["badges"], *badges.body["levels"]]
        holders = {one["name"]: one["holders"] for one in there}
    return visit.page(
        "pages/programme/page.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        errors=errors or {},
        note=visit.form.get("note", ""),
        version=version,
        versions=listed,
        number=number,
        current=None if current is None else current["version"],
        is_own_page="version" in visit.request.path_params,
        others=[one for one in listed.items if one["version"] != number],
        against=against,
        changed=_changed(answers.get("against"), version),
        later=[one for one in reversed(listed.items) if one["in_force"] == "later" and one["version"] != number],
        waiting=[one for one in listed.items if one["state"] == "proposed"],
        may_write=visit.signed_in.may(WRITE),
        holders=holders,
        refused=refused,
        with_titles=called,
        **WORDS,
    )


def _against(visit: Visit, listed: list[dict[str, Any]], number: int | None) -> int | None:
    """The version to compare with: the one that the address names, else the published one before."""
    if number is None or "version" not in visit.request.path_params:
        return None
    named = visit.request.query_params.get("against", "")
    if named.isdecimal() and 0 < int(named[:9]) != number:
        return int(named[:9])
    before = (one["version"] for one in listed if one["state"] == "published" and one["version"] < number)
    return next(before, None)


def _changed(against: Answer | None, version: Answer | None) -> list[Change] | None:
    """What the version changed; None where that is not known."""
    if version is None or not version.ok or (against is not None and not against.ok):
        return None
    return changes(None if against is None else against.body["document"], version.body["document"])


ROUTES = [
    Route(PROGRAMME.path, page(show, scope=PROGRAMME.scope)),
    Route(VERSIONS, page(versions, scope=PROGRAMME.scope)),
    Route(f"{PROGRAMME.path}/{{version:int}}", page(look, scope=PROGRAMME.scope)),
    Route(f"{PROGRAMME.path}/{{version:int}}/withdraw", page(withdraw, scope=WRITE), methods=["POST"]),
    Route(f"{PROGRAMME.path}/{{version:int}}/rollback", page(roll_back, scope=WRITE), methods=["POST"]),
]
