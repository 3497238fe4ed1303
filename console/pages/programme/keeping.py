"""Drafts that several people write: kept, opened, never saved over one another unseen, and submitted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Listing
from console.frame.navigation import PROGRAMME, WAITING
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page

WRITE = "programmes:write"
DRAFTS = f"{PROGRAMME.path}/drafts"
DRAFTS_COUNT = 50
TITLE_MAX_CHARS = 200
#: What scoring answers to an id that none can have.
UNPROCESSABLE = 422


@dataclass(frozen=True)
class Kept:
    """Which draft a page writes, if any: its id, the revision that the page saw, its title, who saved it last.

    `differences` are what somebody else saved meanwhile, line by line, where a save was refused for that.
    """

    draft_id: str = ""
    revision: int = 0
    title: str = ""
    said: Mapping[str, Any] | None = None
    differences: tuple[Mapping[str, Any], ...] = ()
    is_overtaken: bool = False

    @property
    def path(self) -> str:
        """Of its editor."""
        return f"{PROGRAMME.path}/edit?draft={self.draft_id}"

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Kept":
        """A draft as scoring has it."""
        return cls(document["draft_id"], document["revision"], document["title"], document)

    @classmethod
    def typed(cls, visit: Visit) -> "Kept":
        """What a form says of it."""
        revision = visit.form.get("revision", "")
        return cls(
            visit.form.get("draft", ""),
            int(revision[:9]) if revision.isdecimal() else 0,
            visit.form.get("title", "").strip()[:TITLE_MAX_CHARS],
        )


async def find(visit: Visit, draft_id: str) -> Answer:
    """A draft. Raises NotFoundError where there is none."""
    if not draft_id.replace("-", "").isalnum():
        raise NotFoundError
    answer = await visit.ask.get("scoring", f"/v1/programme-drafts/{draft_id}")
    if answer.is_missing or answer.status == UNPROCESSABLE:
        raise NotFoundError
    return answer


async def put(visit: Visit, kept: Kept, text: str) -> Answer:
    """Save a text: over the draft that the page writes, or as a new one."""
    body = {"title": kept.title, "text": text}
    if not kept.draft_id:
        return await visit.ask.post("scoring", "/v1/programme-drafts", body)
    path = f"/v1/programme-drafts/{kept.draft_id}"
    return await visit.ask.command("PUT", "scoring", path, body | {"revision": kept.revision})


async def overtaken(visit: Visit, kept: Kept, refused: Answer) -> Kept:
    """The draft as somebody else saved it: to save again puts one's own in its place, now that it is seen."""
    now = await find(visit, kept.draft_id)
    if not now.ok:
        return kept
    errors = tuple(refused.problem.get("errors") or ())
    return Kept(kept.draft_id, now.body["revision"], kept.title, now.body, errors, is_overtaken=True)


def where_it_went(document: Mapping[str, Any]) -> str | None:
    """The page of what a draft became; None while it may be written."""
    if document["state"] == "in_review":
        return f"{WAITING.path}/programmes/{document['version']}"
    return f"{PROGRAMME.path}/{document['version']}" if document["state"] == "published" else None


async def show(visit: Visit) -> Response:
    """The drafts, what was saved last first."""
    return await _page(visit)


async def discard(visit: Visit) -> Response:
    """Delete a draft as it was seen."""
    revision = visit.form.get("revision", "")
    if not revision.isdecimal():
        raise NotFoundError
    path = f"/v1/programme-drafts/{visit.request.path_params['draft_id']}?revision={int(revision[:9])}"
    answer = await visit.ask.command("DELETE", "scoring", path)
    if not answer.ok:
        return await _page(visit, refused=Refusal.of(answer))
    return visit.see_other(DRAFTS, toast="draft-discarded")


async def _page(visit: Visit, *, refused: Refusal | None = None) -> Response:
    after = visit.request.query_params.get("after")
    drafts = await visit.ask.get("scoring", "/v1/programme-drafts", limit=DRAFTS_COUNT, after=after)
    return visit.page(
        "pages/programme/drafts.html",
        status=200 if refused is None else refused.status,
        drafts=drafts,
        went={one["draft_id"]: where_it_went(one) for one in drafts.items},
        may_write=visit.signed_in.may(WRITE),
        listing=Listing.of(visit.request.url.path, visit.request.query_params),
        refused=refused,
    )


ROUTES = [
    Route(DRAFTS, page(show, scope=PROGRAMME.scope)),
    Route(f"{DRAFTS}/{{draft_id:uuid}}/discard", page(discard, scope=WRITE), methods=["POST"]),
]
