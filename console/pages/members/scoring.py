"""What a member had at a time, as it was known at another."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from console.frame.visits import NotFoundError, Visit
from console.pages.members.member import id_of

UNPROCESSABLE = 422
#: What is asked: until when things happened, and until when they were recorded.
ASKED = ("at", "known_at")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def look(visit: Visit) -> Response:
    """Points by score and rule, of what happened until a time, as recorded until another; both now unless said."""
    member_id, ask = id_of(visit), visit.ask
    typed = {name: visit.request.query_params.get(name, "").strip() for name in ASKED}
    moments: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, text in typed.items():
        at = _moment(visit, text) if text else None
        if text and at is None:
            errors[name] = visit.say(_("Say a day and a time"))
        elif at is not None:
            moments[name] = at.astimezone(UTC).isoformat()
    questions: dict[str, Any] = {"member": ask.get("ingest", f"/v1/members/{member_id}")}
    if not errors:
        questions["score"] = ask.get("scoring", f"/v1/members/{member_id}/score", **moments)
    if visit.signed_in.may("programmes:read"):
        questions["rules"] = ask.get("scoring", "/v1/rules")
    answers = await ask.all(**questions)
    if answers["member"].is_missing:
        raise NotFoundError
    score, rules = answers.get("score"), answers.get("rules")
    said: list[Mapping[str, Any]] = rules.body["rules"] if rules is not None and rules.ok else []
    return visit.page(
        "pages/members/score.html",
        status=UNPROCESSABLE if errors else 200,
        member=answers["member"],
        member_id=member_id,
        score=score,
        by_rule=sorted(score.body["rules"], key=lambda one: -one["points"])
        if score is not None and score.ok
        else [],
        titles={one["rule_id"]: one["title"] for one in said},
        typed=typed,
        errors=errors,
    )


def _moment(visit: Visit, text: str) -> datetime | None:
    """A moment as a form says it, in the community's zone; None where it says none."""
    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo is not None else found.replace(tzinfo=visit.writer.zone)
    except ValueError:
        return None
