"""What is held of a member as one archive, and forgetting them: what goes, a word that is typed, a proof."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from console.frame.navigation import MEMBERS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit
from shared.personal_data.archive import archive
from shared.services import SERVICES

#: Who knows whether there is such a member; others may hold nothing of theirs.
WHO_THERE_IS = "ingest"
EXPORT = "members:export"
ERASE = "members:erase"
#: Rows that an archive takes from a page; more are asked for by `plaudit member export`, which has no such end.
ROWS_MAX_COUNT = 20_000
PAGE_COUNT = 500
#: What becomes of points that were not used, as the API calls it.
FORFEITED, NOTHING = "forfeited", "nothing"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: What went, or would go, by the table of ingest's that an erasure names.
TABLES = {
    "identities": _("Identities on channels"),
    "told_identities": _("Identities that are known by a hash"),
    "alike_keys": _("What others may have alike: name, handle, address"),
    "check_ins": _("Check-ins"),
    "message_addresses": _("Where they were reached by mail"),
    "message_recipients": _("Where they were written to before they were members"),
    "message_wishes": _("What they wanted to be written to of"),
    "messages": _("Messages to them"),
    "reactables": _("Celebrations of theirs that others may react to"),
    "kudos": _("Thanks that they gave and got"),
    "idea_moves": _("How suggestions of theirs went on"),
    "ideas": _("What they suggested, with the votes for it"),
    "idea_votes": _("Suggestions that they voted for"),
    "nominations": _("Nominations of theirs, and those that they made"),
    "nomination_votes": _("Whom they voted for"),
    "survey_invitations": _("What surveys asked them, and what they answered by name"),
    "survey_triggers": _("Events after which a survey is to ask them"),
    "followed_audiences": _("In which audiences they are"),
    "reactions": _("Celebrations that they saw or reacted to"),
    "refused_events": _("Events of theirs that were refused"),
    "dated_facts": _("What was known of them, and their wishes"),
    "sign_in_links": _("Links that sign in"),
    "sign_in_renewals": _("Sessions of theirs"),
    "texts": _("Texts that they wrote"),
    "dead_letters": _("Dead letters of theirs"),
}


async def export(visit: Visit) -> Response:
    """All that all services hold of the member, as an archive: whole, or not at all."""
    member_id = str(visit.request.path_params["member_id"])
    parts = await asyncio.gather(*(_held(visit, service, member_id) for service in SERVICES))
    silent = [service for service, rows in zip(SERVICES, parts, strict=True) if rows is None]
    if silent or sum(len(rows or ()) for rows in parts) > ROWS_MAX_COUNT:
        return await _look(visit, silent=silent, is_too_much=not silent)
    content = archive(
        {service: rows or [] for service, rows in zip(SERVICES, parts, strict=True)},
        community=visit.signed_in.community,
        member_id=member_id,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    headers = {"Content-Disposition": f'attachment; filename="member-{member_id}.zip"'}
    return Response(content, media_type="application/zip", headers=headers)


async def _held(visit: Visit, service: str, member_id: str) -> list[dict[str, Any]] | None:
    """What a service holds, row by row; None where it does not say all of it."""
    found: list[dict[str, Any]] = []
    after = None
    while len(found) <= ROWS_MAX_COUNT:
        path = f"/v1/members/{member_id}/personal-data"
        answer = await visit.ask.get(service, path, limit=PAGE_COUNT, after=after)
        if answer.is_missing and service != WHO_THERE_IS:
            break
        if not answer.ok:
            return None
        found += answer.items
        after = answer.body["next"]
        if after is None:
            break
    return found


async def look(visit: Visit) -> Response:
    """What forgetting them would do, or has done."""
    return await _look(visit)


async def forget(visit: Visit) -> Response:
    """Forget them, once the word was typed and it was said what becomes of their points."""
    member_id = str(visit.request.path_params["member_id"])
    errors = {}
    if visit.form.get("typed", "").strip().casefold() != visit.say(_("forget")).casefold():
        errors["typed"] = visit.say(_("Type the word as it stands there"))
    points = visit.form.get("points", "")
    if points not in (FORFEITED, NOTHING):
        errors["points"] = visit.say(_("Say what becomes of the points"))
    if errors:
        return await _look(visit, errors=errors)
    answer = await visit.ask.post("ingest", f"/v1/members/{member_id}/erase", {"points": points})
    if not answer.ok:
        return await _look(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{MEMBERS.path}/{member_id}/forget", toast="forgotten")


async def _look(
    visit: Visit,
    *,
    errors: dict[str, str] | None = None,
    refused: Refusal | None = None,
    silent: list[str] | None = None,
    is_too_much: bool = False,
) -> Response:
    member_id, may = str(visit.request.path_params["member_id"]), visit.signed_in.may
    questions = {
        "member": visit.ask.get("ingest", f"/v1/members/{member_id}"),
        "erasure": visit.ask.get("ingest", f"/v1/members/{member_id}/erasure"),
    }
    if may("rewards:read"):
        questions["open"] = visit.ask.get("rewards", f"/v1/members/{member_id}/open")
    answers = await visit.ask.all(**questions)
    if answers["erasure"].is_missing:
        raise NotFoundError
    status = 503 if silent else 422 if errors or is_too_much else 200 if refused is None else refused.status
    return visit.page(
        "pages/members/forget.html",
        status=status,
        **{"open": None, **answers},
        member_id=member_id,
        tables=TABLES,
        shown=visit.form,
        errors=errors or {},
        refused=refused,
        silent=silent or [],
        is_too_much=is_too_much,
    )
