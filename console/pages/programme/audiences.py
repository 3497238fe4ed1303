"""Audiences of the programme: how many are in each, who they are, and who would be in one that is new."""

from typing import Any

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import PROGRAMME
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from shared.located_yaml import YamlError, read_yaml

AUDIENCES = f"{PROGRAMME.path}/audiences"
LOOK = "points:read"
WRITTEN_MAX_CHARS = 5_000
BEGINNING = """\
when: member.answers >= 3
measures:
  - {id: answers, of: awards, days: 30}
"""


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """The audiences of the version in force, and a place to write one."""
    return await _page(visit, BEGINNING)


async def preview(visit: Visit) -> Response:
    """Say how many would be in the audience that was written; nothing is kept."""
    written = visit.form.get("written", "")[:WRITTEN_MAX_CHARS]
    try:
        said = read_yaml(written).value
    except YamlError as refused:
        where = visit.say(_("Line %(line)s: %(detail)s")) % {"line": refused.mark.line, "detail": refused.detail}
        return await _page(visit, written, error=where)
    if not isinstance(said, dict) or not isinstance(said.get("when"), str):
        return await _page(visit, written, error=visit.say(_("Write a condition behind `when:`")))
    body = {"when": said["when"], "measures": said.get("measures") or []}
    answer = await visit.ask.post("scoring", "/v1/audiences/preview", body)
    if not answer.ok:
        wrong = [str(one.get("detail", "")) for one in (answer.problem or {}).get("errors", ())]
        if wrong:
            return await _page(visit, written, error=Markup("; ").join(map(visit.service_words, wrong)))
        return await _page(visit, written, refused=Refusal.of(answer))
    return await _page(visit, written, found=answer.body)


async def members(visit: Visit) -> Response:
    """A page of who is in an audience."""
    audience_id = visit.request.path_params["audience"]
    listing = Listing.of(visit.request.url.path, visit.request.query_params)
    answers: dict[str, Answer] = await visit.ask.all(
        audiences=visit.ask.get("scoring", "/v1/audiences"),
        members=visit.ask.get(
            "scoring",
            f"/v1/audiences/{audience_id}/members",
            limit=PAGE_COUNT,
            after=listing.said.get("after"),
        ),
    )
    if answers["members"].is_missing or answers["members"].status == UNPROCESSABLE:
        raise NotFoundError
    items = answers["audiences"].body["items"] if answers["audiences"].ok else ()
    audience = next((one for one in items if one["id"] == audience_id), None)
    return visit.page(
        "pages/programme/audience.html", members=answers["members"], audience=audience, listing=listing
    )


#: What scoring answers to what cannot be an id.
UNPROCESSABLE = 422


async def _page(
    visit: Visit,
    written: str,
    *,
    found: Any = None,
    error: str | None = None,
    refused: Refusal | None = None,
) -> Response:
    answer = await visit.ask.get("scoring", "/v1/audiences")
    return visit.page(
        "pages/programme/audiences.html",
        status=UNPROCESSABLE if error else 200 if refused is None else refused.status,
        answer=answer,
        written=written,
        found=found,
        error=error,
        refused=refused,
        may_look=visit.signed_in.may(LOOK),
    )


ROUTES = [
    Route(AUDIENCES, page(show, scope=PROGRAMME.scope)),
    Route(AUDIENCES, page(preview, scope=LOOK), methods=["POST"]),
    Route(f"{AUDIENCES}/{{audience}}", page(members, scope=LOOK)),
]
