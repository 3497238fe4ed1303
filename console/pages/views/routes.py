"""Somebody's own views of tables: kept under a name, removed, and brought back."""

import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response
from starlette.routing import Route

from console.frame.visits import NotFoundError, Visit, page
from console.saved_views import store

NAME_MAX_CHARS = 40
QUERY_MAX_CHARS = 2_000
PARAMETERS_MAX_COUNT = 20
#: Views of one page that one person may have.
VIEWS_MAX_COUNT = 12
#: Of all pages together: which pages there are is not checked, and what is kept has an end.
ALL_VIEWS_MAX_COUNT = 500
PAGE = re.compile(r"(/[a-z0-9-]{1,40}){1,4}")


async def keep(visit: Visit) -> Response:
    """Keep what a table shows now under a name."""
    path, name = visit.form.get("page", ""), " ".join(visit.form.get("name", "").split())[:NAME_MAX_CHARS]
    said = visit.form.get("query", "")
    if not PAGE.fullmatch(path) or len(said) > QUERY_MAX_CHARS or "\x00" in name + said:
        raise NotFoundError
    try:
        query = urlencode(sorted(parse_qsl(said, max_num_fields=PARAMETERS_MAX_COUNT)))
    except ValueError:
        raise NotFoundError from None
    if not name or not query:
        return visit.see_other(path)
    session = visit.signed_in
    async with visit.console.database.begin() as conn:
        is_kept = await store.put_view(
            conn,
            community=session.community,
            person_id=session.person_id,
            page=path,
            name=name,
            query=query,
            now=datetime.now(UTC),
            max_count=VIEWS_MAX_COUNT,
            all_max_count=ALL_VIEWS_MAX_COUNT,
        )
    return visit.see_other(f"{path}?{query}", toast="view-saved" if is_kept else "views-full")


async def remove(visit: Visit) -> Response:
    """Remove a view; the page says so and offers to bring it back."""
    view_id = await _set_removed(visit, datetime.now(UTC))
    return visit.see_other(visit.form.get("back", "/"), toast="view-removed", undo=f"/views/{view_id}/restore")


async def restore(visit: Visit) -> Response:
    """Bring a removed view back."""
    await _set_removed(visit, None)
    return visit.see_other(visit.form.get("back", "/"), toast="view-restored")


async def _set_removed(visit: Visit, removed_at: datetime | None) -> str:
    session, view_id = visit.signed_in, str(visit.request.path_params["view_id"])
    async with visit.console.database.begin() as conn:
        is_theirs = await store.set_removed(
            conn,
            community=session.community,
            person_id=session.person_id,
            view_id=view_id,
            removed_at=removed_at,
        )
    if not is_theirs:
        raise NotFoundError
    return view_id


ROUTES = [
    Route("/views", page(keep), methods=["POST"]),
    Route("/views/{view_id:uuid}/remove", page(remove), methods=["POST"]),
    Route("/views/{view_id:uuid}/restore", page(restore), methods=["POST"]),
]
