"""What the community is: title, days and weeks, languages, look, and how many people publishing takes."""

from collections.abc import Mapping
from datetime import UTC, datetime

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.frame.navigation import COMMUNITY
from console.frame.refusals import Refusal
from console.frame.visits import Visit, page
from console.pages.community.forms import PUBLIC, WEEK_STARTS, WRONG, change, errors_of, filled, planned

POLICY = f"{COMMUNITY.path}/review-policy"


async def show(visit: Visit) -> Response:
    """The form, with what there is."""
    return _page(visit, await _asked(visit))


async def save(visit: Visit) -> Response:
    """Change what is different."""
    answer = await _asked(visit)
    if not answer.ok:
        return _page(visit, answer)
    try:
        wanted = change(visit.form, answer.body)
        revision = int(visit.form.get("revision", ""))
    except ValueError:
        wrong = [
            name for name in ("texts_days", "rejected_days") if not visit.form.get(name, "").strip().isdigit()
        ]
        return _page(visit, answer, errors={name: visit.say(WRONG[name]) for name in wrong or ["title"]})
    if not wanted:
        return visit.see_other(COMMUNITY.path, toast="saved")
    changed = await visit.ask.command("PATCH", "ingest", _path(visit), {"revision": revision, **wanted})
    if changed.ok:
        visit.console.communities.forget(visit.signed_in.community)
        return visit.see_other(COMMUNITY.path, toast="saved")
    errors = {
        name: Markup("{} ({})").format(visit.say(WRONG[name]), visit.service_words(said))
        for name, said in errors_of(changed.problem).items()
    }
    return _page(visit, answer, errors=errors, refused=None if errors else Refusal.of(changed))


async def approve_policy(visit: Visit) -> Response:
    """Let one person publish, as another asked."""
    return await _decide_policy(visit, "approve", "approved")


async def withdraw_policy(visit: Visit) -> Response:
    """Let two people publish as before."""
    return await _decide_policy(visit, "withdraw", "withdrawn")


async def _decide_policy(visit: Visit, verb: str, toast: str) -> Response:
    decided = await visit.ask.command("POST", "ingest", f"{_path(visit)}/review-policy/{verb}")
    if decided.ok:
        return visit.see_other(COMMUNITY.path, toast=toast)
    return _page(visit, await _asked(visit), refused=Refusal.of(decided))


def _path(visit: Visit) -> str:
    return f"/v1/communities/{visit.signed_in.community}"


async def _asked(visit: Visit) -> Answer:
    return await visit.ask.get("ingest", _path(visit))


def _page(
    visit: Visit, answer: Answer, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    shown, to_come = {}, None
    if answer.ok:
        shown = dict(visit.form) if "title" in visit.form else filled(answer.body)
        last = planned(answer.body)
        if last["since"] and datetime.fromisoformat(last["since"]) > datetime.now(UTC):
            to_come = last
    return visit.page(
        "pages/community/page.html",
        status=422 if errors else 200 if refused is None else refused.status,
        answer=answer,
        shown=shown,
        to_come=to_come,
        week_starts=WEEK_STARTS,
        public=PUBLIC,
        errors=errors or {},
        is_own_policy=answer.ok
        and (answer.body["proposed_policy"] or {}).get("asked_by") == visit.signed_in.person_id,
        refused=refused,
    )


ROUTES = [
    Route(COMMUNITY.path, page(show, scope=COMMUNITY.scope), methods=["GET"]),
    Route(COMMUNITY.path, page(save, scope=COMMUNITY.scope), methods=["POST"]),
    Route(f"{POLICY}/approve", page(approve_policy, scope=COMMUNITY.scope), methods=["POST"]),
    Route(f"{POLICY}/withdraw", page(withdraw_policy, scope=COMMUNITY.scope), methods=["POST"]),
]
