"""Feeds of what a community shows to everybody, for feed readers."""

import orjson
from starlette.responses import Response

from console.frame.visits import Visit
from console.pages.visitors.routes import check_shown

KEPT_SECONDS = 300


async def feed_of(visit: Visit, service: str, path: str, *, name: str) -> Response:
    """What a service answers as JSON Feed 1.1, with the community's title and the address of the page it is of.

    Raises NotFoundError where it is public no more.
    """
    answer = await visit.ask.get(service, path)
    check_shown(answer)
    if not answer.ok:
        return Response("Ask again later.\n", 503, {"retry-after": "60"}, media_type="text/plain")
    address = f"{visit.console.settings.console_url}/c/{visit.community.id}/{name}"
    made = {
        **answer.body,
        "title": visit.community.title,
        "home_page_url": address,
        "feed_url": f"{address}.json",
    }
    return Response(
        orjson.dumps(made),
        media_type="application/feed+json",
        headers={"cache-control": f"public, max-age={KEPT_SECONDS}"},
    )
