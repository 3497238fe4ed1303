"""Nudges: what each of the programme does, who got them, and a member's own with why."""

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Filter, Listing
from console.frame.navigation import MY_NUDGES, NUDGES
from console.frame.refusals import Refusal
from console.frame.visits import Visit, page
from console.pages.nudges.words import KINDS, MEANT, OCCASIONS, VERDICTS
from console.pages.periods import asked_days

LIST_COUNT = 50
#: What nudges do is told of those of so many days.
COMPARED_DAYS = "90"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """What each nudge does, beside those who are held out, and who got which."""
    listing = Listing.of(NUDGES.path, visit.request.query_params, filters=(Filter("nudge", _("Nudge")),))
    days = asked_days({"days": COMPARED_DAYS}, visit.writer.zone)
    answers: dict[str, Answer] = await visit.ask.all(
        nudges=visit.ask.get("recognition", "/v1/nudges"),
        decisions=visit.ask.get(
            "recognition",
            "/v1/nudge-decisions",
            limit=LIST_COUNT,
            nudge=listing.chosen.get("nudge"),
            after=listing.said.get("after"),
        ),
        lift=visit.ask.get(
            "analytics",
            "/v1/lift/nudges",
            **{"from": days.first.isoformat(), "to": days.last.isoformat()},
        ),
        settings=visit.ask.get("ingest", "/v1/messages/settings"),
    )
    return visit.page(
        "pages/nudges/page.html",
        nudges=answers["nudges"],
        decisions=answers["decisions"],
        lift=answers["lift"],
        listing=listing,
        lifts={one["nudge"]: one for one in answers["lift"].items},
        silent=_silent(answers["nudges"], answers["settings"]),
        kind_words=KINDS,
        verdict_words=VERDICTS,
        days=days.count,
    )


def _silent(nudges: Answer, settings: Answer) -> set[str]:
    """The kinds of the programme's nudges that no message goes out for; none where that is not known."""
    if not nudges.ok or not settings.ok:
        return set()
    goes = {one["kind"] for one in settings.body["kinds"] if one["goes"]}
    return {one["kind"] for one in nudges.body["nudges"] if one["message_kind"] not in goes}


async def mine(visit: Visit) -> Response:
    """The nudges that one got and why, and those that one may get."""
    return await _mine(visit)


async def choose(visit: Visit) -> Response:
    """Want a kind of nudge, or want it no more; what else one wants stays as it is."""
    kind = visit.form.get("kind", "")
    own = f"/v1/members/{visit.signed_in.member_id}/messaging"
    now = await visit.ask.get("ingest", own)
    if not now.ok:
        return await _mine(visit, now)
    without = {one["kind"] for one in now.body["kinds"] if not one["wanted"]}
    changed = without | {kind} if visit.form.get("wanted") != "yes" else without - {kind}
    known = {f"nudge_{one}" for one in KINDS}
    if kind not in known:
        return await _mine(visit)
    wishes = {"without": sorted(changed), "pace": now.body["pace"], "quiet": now.body["quiet"]}
    done = await visit.ask.command("PUT", "ingest", f"{own}/wishes", wishes)
    return visit.see_other(MY_NUDGES.path, toast="saved") if done.ok else await _mine(visit, done)


async def _mine(visit: Visit, refused: Answer | None = None) -> Response:
    listing = Listing.of(MY_NUDGES.path, visit.request.query_params)
    member = visit.signed_in.member_id
    answers: dict[str, Answer] = await visit.ask.all(
        own=visit.ask.get(
            "recognition", f"/v1/members/{member}/nudges", limit=LIST_COUNT, after=listing.said.get("after")
        ),
        nudges=visit.ask.get("recognition", "/v1/nudges"),
        messaging=visit.ask.get("ingest", f"/v1/members/{member}/messaging"),
    )
    refusal = None if refused is None else Refusal.of(refused)
    return visit.page(
        "pages/nudges/mine.html",
        status=200 if refusal is None else refusal.status,
        **answers,
        listing=listing,
        wanted=_wanted(answers["messaging"]),
        refused=refusal,
        meant=MEANT,
        occasions=OCCASIONS,
    )


def _wanted(messaging: Answer) -> dict[str, Any]:
    """Whether each kind of nudge that goes out here is wanted."""
    if not messaging.ok:
        return {}
    return {
        one["kind"].removeprefix("nudge_"): one["wanted"]
        for one in messaging.body["kinds"]
        if one["kind"].startswith("nudge_")
    }


ROUTES = [
    Route(NUDGES.path, page(show, scope=NUDGES.scope)),
    Route(MY_NUDGES.path, page(mine, for_members=True), methods=["GET"]),
    Route(MY_NUDGES.path, page(choose, for_members=True), methods=["POST"]),
]
