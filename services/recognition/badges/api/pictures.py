"""HTTP routes of pictures that are uploaded for badges."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.recognition.badges.api.problems import PICTURE_REFUSED, UNKNOWN_BADGE
from services.recognition.badges.domain.pictures import PICTURE_MAX_BYTES, PNG, SVG
from services.recognition.badges.handlers import pictures as handlers
from shared.contracts.fields import Slug
from shared.http import Principal, Scope, Tx, problem_responses, requires

router = APIRouter(tags=["recognition"])
Painter = Annotated[Principal, requires(Scope.PROGRAMMES_WRITE)]


class PictureKept(BaseModel):
    """A picture as it is served from now on."""

    badge: str = Field(examples=["hero"])
    media_type: str = Field(examples=[PNG])
    size_bytes: int = Field(examples=[4096])
    etag: str = Field(description="What names these bytes", examples=["3f0e1d2c4b5a69788796a5b4c3d2e1f0"])


@router.put(
    "/v1/badges/{badge_id}/picture",
    summary="Upload what a badge looks like",
    responses=problem_responses(UNKNOWN_BADGE, PICTURE_REFUSED),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (PNG, SVG)},
        }
    },
)
async def put_badge_picture(principal: Painter, badge_id: Slug, request: Request, tx: Tx) -> PictureKept:
    """A PNG, drawn anew in 256 pixels at most, or an SVG, written anew from what draws and nothing else.

    One with a script, a link, a font or anything from elsewhere is refused, and is told what.
    """
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > PICTURE_MAX_BYTES:
            break
    picture = await handlers.put_picture(
        tx, community=principal.community, badge_id=badge_id, content=bytes(content)
    )
    return PictureKept(
        badge=badge_id, media_type=picture.media_type, size_bytes=len(picture.content), etag=picture.etag
    )


@router.delete(
    "/v1/badges/{badge_id}/picture",
    summary="Have a badge look as the programme says",
    status_code=204,
    responses=problem_responses(UNKNOWN_BADGE),
)
async def delete_badge_picture(principal: Painter, badge_id: Slug, tx: Tx) -> None:
    """Whether or not it had a picture."""
    await handlers.delete_picture(tx, community=principal.community, badge_id=badge_id)
