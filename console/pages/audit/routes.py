"""The audit log: who did what, with filters in the address, and all of it as a table for spreadsheets."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Listing
from console.frame.navigation import AUDIT, PEOPLE
from console.frame.refusals import Refusal
from console.frame.visits import Visit, page
from console.pages.audit.fields import changes
from console.pages.audit.words import COMMANDS, KINDS, READ, where
from console.pages.days import midnight
from shared.services import SERVICES

PAGE_COUNT = 25
#: Where nothing is filtered, one look at a page of members is one row, and not one of each of them.
UNFOLDED_COUNT = 30
PEOPLE_COUNT = 500
FILTERS = ("kind", "service", "command", "person", "credential", "object", "member", "trace", "from", "to")
TEXT_MAX_CHARS = 300
_TRACE_ID = re.compile(r"[0-9a-f]{32}")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """A page of entries, newest first."""
    said, asked, errors = _asked(visit)
    questions = {"people": _people(visit)}
    if not errors:
        after = visit.request.query_params.get("after")
        count = PAGE_COUNT if said else UNFOLDED_COUNT
        questions["entries"] = visit.ask.get("analytics", "/v1/audit", **asked, after=after, limit=count)
    answers = await visit.ask.all(**questions)
    return _page(visit, said, answers.get("entries"), answers["people"], errors)


async def download(visit: Visit) -> Response:
    """The same as a table, passed on as it comes."""
    said, asked, errors = _asked(visit)
    if errors:
        return _page(visit, said, None, await _people(visit), errors)
    answer, chunks = await visit.ask.download("analytics", "/v1/audit.csv", **asked)
    if not answer.ok:
        people = await _people(visit)
        return _page(visit, said, None, people, {}, refused=Refusal.of(answer))
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(chunks, media_type="text/csv; charset=utf-8", headers=headers)


def _asked(visit: Visit) -> tuple[dict[str, str], dict[str, Any], dict[str, str]]:
    """The filters as they were said, as analytics takes them, and what is wrong with them by field."""
    params = visit.request.query_params
    said = {name: params[name].strip()[:TEXT_MAX_CHARS] for name in FILTERS if params.get(name, "").strip()}
    # With an underscore, as `Asking` takes names that are its own.
    asked: dict[str, Any] = {f"{name}_": value for name, value in said.items()}
    errors: dict[str, str] = {}
    for name in ("person", "member"):
        if name in said and not _is_uuid(said[name]):
            errors[name] = visit.say(_("An id has 32 digits and letters from a to f"))
    if "trace" in said and not _TRACE_ID.fullmatch(said["trace"]):
        errors["trace"] = visit.say(_("A trace's id has 32 digits and small letters from a to f"))
    for name, days in (("from", 0), ("to", 1)):
        if name in said:
            moment = midnight(said[name], visit.community.time_zone, days=days)
            if moment is None:
                errors[name] = visit.say(_("A day is written as 2026-01-31"))
            asked[f"{name}_"] = moment
    return said, asked, errors


def _is_uuid(said: str) -> bool:
    try:
        UUID(said)
    except ValueError:
        return False
    return True


async def _people(visit: Visit) -> Answer:
    return await visit.ask.get(
        "ingest", f"/v1/communities/{visit.signed_in.community}{PEOPLE.path}", limit=PEOPLE_COUNT
    )


def _page(
    visit: Visit,
    said: Mapping[str, str],
    entries: Answer | None,
    people: Answer,
    errors: Mapping[str, str],
    *,
    refused: Refusal | None = None,
) -> Response:
    return visit.page(
        "pages/audit/page.html",
        status=422 if errors else 200 if refused is None else refused.status,
        answer=entries,
        rows=folded(entries.items, is_folding=not said) if entries else [],
        people={one["person_id"]: one["name"] for one in people.items},
        said=said,
        query=urlencode(said),
        listing=Listing.of(AUDIT.path, visit.request.query_params, kept=FILTERS),
        is_first="after" not in visit.request.query_params,
        services=SERVICES,
        commands=COMMANDS,
        errors=errors,
        refused=refused,
        **words(visit),
    )


def folded(entries: Sequence[Mapping[str, Any]], *, is_folding: bool) -> list[tuple[Mapping[str, Any], int]]:
    """Entries, and how many reads of the same person, question and second follow each and are left out."""
    rows: list[tuple[Mapping[str, Any], int]] = []
    for one in entries:
        if is_folding and rows and one["kind"] == "read" and _is_like(rows[-1][0], one):
            rows[-1] = (rows[-1][0], rows[-1][1] + 1)
        else:
            rows.append((one, 0))
    return rows


def _is_like(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    same = ("kind", "person_id", "credential", "service", "command")
    return all(one.get(name) == other.get(name) for name in same) and one["at"][:19] == other["at"][:19]


def words(visit: Visit) -> dict[str, Any]:
    """What templates write entries with."""
    where_of = partial(where, may=visit.signed_in.may)
    changes_of = partial(changes, write=visit.writer, say=visit.say)
    return {"did": COMMANDS, "kinds": KINDS, "read_words": READ, "changes": changes_of, "where": where_of}


ROUTES = [
    Route(AUDIT.path, page(show, scope=AUDIT.scope)),
    Route(f"{AUDIT.path}.csv", page(download, scope=AUDIT.scope)),
]
