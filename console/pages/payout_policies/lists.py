"""Sanctions lists: loaded as a file by one person, put in force by another; and their names."""

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from console.components.opened import bytes_of
from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import PAYOUT_POLICIES
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.two_people import UNPROCESSABLE, WRITE, Entries
from console.sign_in.domain import new_secret

PATH = f"{PAYOUT_POLICIES.path}/lists"
SERVICE_PATH = "/v1/finance/sanctions-lists"
TITLE_MAX_CHARS = 200


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


ENTRIES = Entries(PATH, SERVICE_PATH, "list_id", "pages/payout_policies/list.html")


async def show(visit: Visit) -> Response:
    """All lists, newest first, and the form for another one."""
    return await _show(visit, new_secret())


async def load(visit: Visit) -> Response:
    """Load a list. The form's key makes that sending it twice is the same."""
    key = visit.form_key
    if key is None:
        raise NotFoundError
    title = " ".join(visit.form.get("title", "").split())[:TITLE_MAX_CHARS]
    text = visit.form.get("file", "")
    errors = {}
    if not title:
        errors["title"] = visit.say(_("Say what list it is, and of when"))
    if not text.strip():
        errors["file"] = visit.say(_("Open the list's file, or paste what is in it"))
    if errors:
        return await _show(visit, key, errors=errors)
    path = f"{SERVICE_PATH}?{urlencode({'title': title})}"
    answer = await visit.ask.post("rewards", path, bytes_of(text), content_type="text/csv", key=key)
    if not answer.ok:
        return await _show(visit, key, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/{answer.body['list_id']}", toast="waits")


async def _show(
    visit: Visit, key: str, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    listing = Listing.of(PATH, visit.request.query_params)
    answer = await visit.ask.get("rewards", SERVICE_PATH, limit=PAGE_COUNT, after=listing.said.get("after"))
    return visit.page(
        "pages/payout_policies/lists.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        answer=answer,
        listing=listing,
        key=key,
        typed={name: visit.form.get(name, "") for name in ("title", "file")},
        may_write=visit.signed_in.may(WRITE),
        errors=errors or {},
        refused=refused,
    )


async def names(visit: Visit) -> Response:
    """The names of a list, as its file has them."""
    list_id = visit.request.path_params["list_id"]
    listing = Listing.of(f"{PATH}/{list_id}/names", visit.request.query_params)
    answers = await visit.ask.all(
        loaded=visit.ask.get("rewards", f"{SERVICE_PATH}/{list_id}"),
        answer=visit.ask.get(
            "rewards", f"{SERVICE_PATH}/{list_id}/entries", limit=PAGE_COUNT, after=listing.said.get("after")
        ),
    )
    if answers["loaded"].is_missing:
        raise NotFoundError
    return visit.page(
        "pages/payout_policies/names.html", loaded=answers["loaded"], answer=answers["answer"], listing=listing
    )


ROUTES = [
    Route(PATH, page(show, scope=PAYOUT_POLICIES.scope), methods=["GET"]),
    Route(PATH, page(load, scope=WRITE), methods=["POST"]),
    Route(f"{PATH}/{{list_id:uuid}}/names", page(names, scope=PAYOUT_POLICIES.scope)),
    *ENTRIES.routes(PAYOUT_POLICIES.scope),
]
