"""Which audience a question asks for."""

from typing import Annotated

from fastapi import Depends, Query, Request

from services.analytics.audiences.store import load_titles
from shared.contracts.fields import Slug
from shared.http import Conn, Problem
from shared.http.connected import ACTOR
from shared.http.problem_types import UNKNOWN_AUDIENCE
from shared.near_names import suggestion


async def _asked_audience(
    request: Request,
    conn: Conn,
    audience: Annotated[Slug | None, Query(description="Only of members who are in this audience now")] = None,
) -> str | None:
    """The audience asked for. Raises Problem 404 where the programme declares none of that id."""
    if audience is None:
        return None
    titles = await load_titles(conn, community=request.scope[ACTOR].community)
    if audience not in titles:
        raise Problem(UNKNOWN_AUDIENCE, f"There is no audience `{audience}`: {suggestion(audience, titles)}")
    return audience


#: In a route's parameters the caller comes before it.
AskedAudience = Annotated[str | None, Depends(_asked_audience)]
