"""HTTP routes of pictures that are uploaded for badges."""

from base64 import b64encode
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.recognition.badges.api.problems import PICTURE_REFUSED, UNKNOWN_BADGE
from services.recognition.badges.handlers import pictures as handlers
from shared.contracts.fields import Slug
from shared.http import Principal, RequestBody, Scope, Tx, problem_responses, requires
from shared.pictures import PICTURE_MAX_BYTES, PNG, decoded

#: In base64 four signs are three bytes; one more is refused in words.
CONTENT_MAX_CHARS: Final = PICTURE_MAX_BYTES * 4 // 3 + 8
EXAMPLE: Final = b64encode(
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h7v7z" fill="#0a667e"/></svg>'
).decode()

router = APIRouter(tags=["recognition"])
Painter = Annotated[Principal, requires(Scope.PROGRAMMES_WRITE)]


class PictureUpload(RequestBody):
    """What a badge is to look like."""

    content: str = Field(
        pattern=r"^[A-Za-z0-9+/]+={0,2}$",
        max_length=CONTENT_MAX_CHARS,
        description=f"A PNG or an SVG in base64, of {PICTURE_MAX_BYTES:,} bytes at most",
        examples=[EXAMPLE],
    )


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
)
async def put_badge_picture(principal: Painter, badge_id: Slug, uploaded: PictureUpload, tx: Tx) -> PictureKept:
    """A PNG, drawn anew in 256 pixels at most, or an SVG, written anew from what draws and nothing else.

    One with a script, a link, a font or anything from elsewhere is refused, and is told what.
    """
    picture = await handlers.put_picture(
        tx, community=principal.community, badge_id=badge_id, content=decoded(uploaded.content)
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
