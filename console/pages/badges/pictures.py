"""Pictures of badges, passed on as the service serves them: nothing of them runs."""

from starlette.responses import Response

from console.frame.visits import NotFoundError, Visit

KEPT_SECONDS = 300
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
    "cache-control": f"private, max-age={KEPT_SECONDS}",
}
PNG_BEGINS = b"\x89PNG"


async def picture(visit: Visit) -> Response:
    """What a badge looks like, for an `img` of ours."""
    path = f"/v1/badges/{visit.request.path_params['badge_id']}/picture"
    answer, content = await visit.ask.download("recognition", path)
    if not answer.ok:
        raise NotFoundError
    whole = b"".join([chunk async for chunk in content])
    kind = "image/png" if whole.startswith(PNG_BEGINS) else "image/svg+xml"
    return Response(whole, media_type=kind, headers=HEADERS)
