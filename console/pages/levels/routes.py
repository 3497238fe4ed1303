"""A member's levels and streaks for whoever runs a community: how far they are, locks, and freezes."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import Route

from console.frame.navigation import MEMBERS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.badges.routes import titles_of

READ = "recognition:read"
WRITE = "recognition:write"
UNPROCESSABLE = 422
REASON_MAX_CHARS = 300
#: What a form says for a lock below all levels.
BELOW = "-"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """How far a member is, with forms to fix their level, let it go, and give a freeze."""
    return await _page(visit)


async def lock(visit: Visit) -> Response:
    """Fix their level."""
    level = visit.form.get("level", "")
    errors = {} if level else {"level": visit.say(_("Choose a level"))}
    errors |= _wordless(visit, "lock-reason")
    if errors:
        return await _page(visit, errors=errors)
    body = {"level": None if level == BELOW else level, "reason": visit.form["lock-reason"].strip()}
    return await _done(visit, "level-lock", body)


async def unlock(visit: Visit) -> Response:
    """Let it be what they do again."""
    errors = _wordless(visit, "unlock-reason")
    if errors:
        return await _page(visit, errors=errors)
    return await _done(visit, "level-unlock", {"reason": visit.form["unlock-reason"].strip()})


async def freeze(visit: Visit) -> Response:
    """Give a freeze of a streak."""
    streak = visit.form.get("streak", "")
    errors = {} if streak else {"streak": visit.say(_("Choose a streak"))}
    errors |= _wordless(visit, "freeze-reason")
    if errors:
        return await _page(visit, errors=errors)
    return await _done(visit, f"streaks/{streak}/freezes", {"reason": visit.form["freeze-reason"].strip()})


async def _done(visit: Visit, path: str, body: Mapping[str, str | None]) -> Response:
    answer = await visit.ask.command("POST", "recognition", f"/v1/members/{_member_id(visit)}/{path}", dict(body))
    if not answer.ok:
        return await _page(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{MEMBERS.path}/{_member_id(visit)}/levels", toast="done")


def _wordless(visit: Visit, field: str) -> dict[str, str]:
    reason = visit.form.get(field, "").strip()
    return {} if reason and len(reason) <= REASON_MAX_CHARS else {field: visit.say(_("Say why, in a line"))}


def _member_id(visit: Visit) -> str:
    return str(visit.request.path_params["member_id"])


async def _page(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    member_id = _member_id(visit)
    answers = await visit.ask.all(
        recognition=visit.ask.get("recognition", f"/v1/members/{member_id}/recognition"),
        levels=visit.ask.get("recognition", f"/v1/members/{member_id}/levels"),
        streaks=visit.ask.get("recognition", f"/v1/members/{member_id}/streaks"),
        rules=visit.ask.get("scoring", "/v1/rules"),
    )
    if answers["levels"].is_missing:
        raise NotFoundError
    return visit.page(
        "pages/levels/member.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        member_id=member_id,
        may_change=visit.signed_in.may(WRITE),
        is_about_you=visit.signed_in.is_about(member_id),
        below=BELOW,
        said=visit.form,
        errors=errors or {},
        refused=refused,
        titles=titles_of(answers["rules"]),
        **{name: answers[name] for name in ("recognition", "levels", "streaks")},
    )


MEMBER = f"{MEMBERS.path}/{{member_id:uuid}}/levels"
ROUTES = [
    Route(MEMBER, page(show, scope=READ), methods=["GET"]),
    Route(f"{MEMBER}/lock", page(lock, scope=WRITE), methods=["POST"]),
    Route(f"{MEMBER}/unlock", page(unlock, scope=WRITE), methods=["POST"]),
    Route(f"{MEMBER}/freeze", page(freeze, scope=WRITE), methods=["POST"]),
]
