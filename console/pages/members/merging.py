"""Two members who are one person: what merging them would be, doing it, and parting them again."""

import asyncio
import re
from typing import Any

from starlette.responses import Response

from console.asking import Answer
from console.frame.navigation import MEMBERS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit
from console.pages.members.searching import FOUND_COUNT, TEXT_MAX_CHARS, TEXT_MIN_CHARS, members_like

OTHER = "with"
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: What two members differ in, as the API calls it, where it is no attribute.
DIFFERENCES = {
    "name": _("Name"),
    "bot": _("bot"),
    "staff": _("staff"),
    "departed": _("departed"),
    "hidden": _("hidden"),
    "unverified": _("Unverified"),
}


async def look(visit: Visit) -> Response:
    """Who else it may be, or, with another in the address, what merging the two would be."""
    other_id = visit.request.query_params.get(OTHER)
    if other_id is None:
        return await _choose(visit)
    return await _compare(visit, _id(other_id))


async def merge(visit: Visit) -> Response:
    """Look for the other by what was typed, or merge the one that was seen into this member."""
    if "q" in visit.form:
        text = " ".join(visit.form["q"].split())[:TEXT_MAX_CHARS]
        return await _choose(visit, text)
    other_id = _id(visit.form.get("member_id", ""))
    done = await visit.ask.post("ingest", f"{_api(visit)}/merge", {"member_id": other_id})
    if not done.ok:
        return await _compare(visit, other_id, refused=Refusal.of(done))
    return visit.see_other(f"{MEMBERS.path}/{done.body['stays']['member_id']}", toast="merged")


async def part(visit: Visit) -> Response:
    """Have one that was merged be by itself again: the page shows that one then."""
    other_id = _id(visit.form.get("member_id", ""))
    done = await visit.ask.post("ingest", f"{_api(visit)}/unmerge", {"member_id": other_id})
    if not done.ok and done.problem_slug != "not-merged":
        return await _choose(visit, refused=Refusal.of(done))
    return visit.see_other(f"{MEMBERS.path}/{other_id}", toast="parted")


async def _choose(visit: Visit, text: str | None = None, *, refused: Refusal | None = None) -> Response:
    questions: dict[str, Any] = {"member": visit.ask.get("ingest", _api(visit))}
    is_asked = text is not None and len(text) >= TEXT_MIN_CHARS
    if is_asked:
        questions["found"] = members_like(visit, text, limit=FOUND_COUNT + 1)
    answers = await visit.ask.all(**questions)
    if answers["member"].is_missing:
        raise NotFoundError
    own_id = answers["member"].body["member_id"] if answers["member"].ok else None
    found = answers.get("found")
    return visit.page(
        "pages/members/merge_choose.html",
        status=200 if refused is None else refused.status,
        member=answers["member"],
        found=found,
        others=[one for one in found.items if one["member_id"] != own_id][:FOUND_COUNT] if found else [],
        member_id=str(visit.request.path_params["member_id"]),
        sought=text or "",
        refused=refused,
    )


async def _compare(visit: Visit, other_id: str, *, refused: Refusal | None = None) -> Response:
    member_id = str(visit.request.path_params["member_id"])
    sides = [member_id, other_id]
    trial, members, recognised = await asyncio.gather(
        visit.ask.post("ingest", f"{_api(visit)}/merge", {"member_id": other_id, "dry_run": True}),
        asyncio.gather(*(visit.ask.get("ingest", f"/v1/members/{one}") for one in sides)),
        asyncio.gather(*(_recognised(visit, one) for one in sides)),
    )
    if any(one.is_missing for one in members):
        raise NotFoundError
    if not trial.ok and not trial.is_down and refused is None:
        refused = Refusal.of(trial)
    points = [one.body["points"] if one is not None and one.ok else None for one in recognised]
    return visit.page(
        "pages/members/merge.html",
        status=200 if refused is None else refused.status,
        trial=trial,
        sides=list(zip(members, recognised, strict=True)),
        points=None if None in points else sum(points),
        member_id=member_id,
        other_id=other_id,
        differs_in=DIFFERENCES,
        refused=refused,
    )


async def _recognised(visit: Visit, member_id: str) -> Answer | None:
    """Points, level and badges of one of them; None for whoever may not see these."""
    if not visit.signed_in.may("recognition:read"):
        return None
    answer = await visit.ask.get("recognition", f"/v1/members/{member_id}/recognition")
    if answer.is_missing:
        # Nothing arrived of them there yet: they have nothing.
        return Answer("recognition", 200, {"points": 0, "level": None, "badges": []})
    return answer


def _id(text: str) -> str:
    if not ID.fullmatch(text):
        raise NotFoundError
    return text


def _api(visit: Visit) -> str:
    return f"/v1/members/{visit.request.path_params['member_id']}"
