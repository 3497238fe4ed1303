"""The colours and the logo of the community that a visitor is signed in to."""

from base64 import b64decode

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.looks import branded
from console.frame.visits import NotFoundError, Visit, page

BASE = "/look"
KEPT = {"Cache-Control": "private, max-age=60"}


async def colours(visit: Visit) -> Response:
    """The colours as a stylesheet, empty where there are none."""
    answer = await _community(visit)
    return sheet(answer.body["look"] if answer.ok else None)


async def logo(visit: Visit) -> Response:
    """The logo, a PNG that ingest has written anew from its pixels."""
    answer = await _community(visit)
    return picture(answer.body["look"] if answer.ok else None)


async def _community(visit: Visit) -> Answer:
    return await visit.ask.get("ingest", f"/v1/communities/{visit.signed_in.community}")


def sheet(look: dict[str, object] | None) -> Response:
    """A look's colours as they are served; Plaudit's own where there is no look."""
    said = None if look is None else look["colours"]
    return Response(branded(said if isinstance(said, dict) else None), media_type="text/css", headers=KEPT)


def picture(look: dict[str, object] | None) -> Response:
    """A look's logo as it is served. Raises NotFoundError where there is none."""
    png = None if look is None else look["logo_png"]
    if not isinstance(png, str):
        raise NotFoundError
    return Response(b64decode(png), media_type="image/png", headers=KEPT)


ROUTES = [
    Route(f"{BASE}.css", page(colours, for_members=True), methods=["GET"]),
    Route(f"{BASE}/logo.png", page(logo, for_members=True), methods=["GET"]),
]
