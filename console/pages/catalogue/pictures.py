"""Pictures of rewards, passed on as the service serves them: nothing of them runs."""

from starlette.responses import Response

from console.frame.visits import NotFoundError, Visit
from console.pages.badges.pictures import HEADERS

#: By which bytes a file of each kind begins; what begins otherwise is an SVG, as the service cleaned it.
BEGINS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg"}


async def picture(visit: Visit) -> Response:
    """What a reward looks like, for an `img` of ours."""
    path = f"/v1/catalogue/rewards/{visit.request.path_params['reward_id']}/picture"
    answer, content = await visit.ask.download("rewards", path)
    if not answer.ok:
        raise NotFoundError
    whole = b"".join([chunk async for chunk in content])
    kind = next((kind for begins, kind in BEGINS.items() if whole.startswith(begins)), "image/svg+xml")
    return Response(whole, media_type=kind, headers=HEADERS)
