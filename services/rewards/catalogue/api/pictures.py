"""HTTP routes of what rewards look like."""

from base64 import b64encode
from typing import Annotated, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.rewards.catalogue import handlers, store
from services.rewards.catalogue.api.rewards import UNKNOWN_CATALOGUE_REWARD
from services.rewards.catalogue.domain import UnknownPictureError, UnusableRewardError
from shared.contracts.fields import NO_CONTROL, Language, Slug
from shared.http import Conn, Principal, ProblemType, RequestBody, Scope, Tx, problem_responses, requires
from shared.pictures import JPEG, PHOTO_MAX_BYTES, PNG, SVG, decoded

NO_PICTURE = ProblemType("no-reward-picture", 404, "The reward has no picture")
PICTURE_REFUSED = ProblemType("reward-picture-refused", 422, "What was uploaded is no picture that is served")
#: In base64 four signs are three bytes; one more is refused in words.
CONTENT_MAX_CHARS: Final = PHOTO_MAX_BYTES * 4 // 3 + 8
ALT_MAX_CHARS: Final = 200
ALTS_MAX_COUNT: Final = 20
#: A picture that was changed is another for whoever keeps a copy after this.
KEPT_SECONDS: Final = 300
#: Whatever a picture has in it, nothing of it runs, and nothing comes from elsewhere.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
EXAMPLE: Final = b64encode(
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h7v7z" fill="#0a667e"/></svg>'
).decode()
Alt = Annotated[str, Field(min_length=1, max_length=ALT_MAX_CHARS, pattern=NO_CONTROL)]

router = APIRouter(tags=["catalogue"])
Keeper = Annotated[Principal, requires(Scope.REWARDS_WRITE)]


class AltSaid(RequestBody):
    """What a picture shows, in another language."""

    language: Language
    alt: Alt = Field(examples=["Una tazza blu con il nostro logo"])


class RewardPictureUpload(RequestBody):
    """What a reward is to look like."""

    content: str = Field(
        pattern=r"^[A-Za-z0-9+/]+={0,2}$",
        max_length=CONTENT_MAX_CHARS,
        description=f"A JPEG of {PHOTO_MAX_BYTES:,} bytes at most, or a smaller PNG or SVG, in base64",
        examples=[EXAMPLE],
    )
    alt: Alt = Field(
        description="What it shows, for whoever does not see it", examples=["A blue mug with our logo"]
    )
    translations: list[AltSaid] = Field(
        default_factory=list, max_length=ALTS_MAX_COUNT, description="The same in other languages, each once"
    )

    def alts(self) -> dict[str, str]:
        """What it shows by language, '' for all others. Raises UnusableRewardError for a language said twice."""
        said = {one.language: one.alt for one in self.translations}
        if len(said) < len(self.translations):
            raise UnusableRewardError("translations", "each language once")
        return {"": self.alt, **said}


class RewardPictureKept(BaseModel):
    """A picture as it is served from now on."""

    reward_id: str = Field(examples=["mug"])
    media_type: str = Field(examples=[JPEG])
    size_bytes: int = Field(examples=[40_960])
    etag: str = Field(description="What names these bytes", examples=["3f0e1d2c4b5a69788796a5b4c3d2e1f0"])


@router.put(
    "/v1/catalogue/rewards/{reward_id}/picture",
    summary="Upload what a reward looks like",
    responses=problem_responses(UNKNOWN_CATALOGUE_REWARD, PICTURE_REFUSED),
)
async def put_reward_picture(
    principal: Keeper, reward_id: Slug, uploaded: RewardPictureUpload, tx: Tx
) -> RewardPictureKept:
    """A JPEG or PNG, drawn anew without what a camera noted, or an SVG, written anew from what draws alone.

    One with a script, a link, a font or anything from elsewhere is refused, and is told what.
    """
    picture = await handlers.put_picture(
        tx,
        decoded(uploaded.content),
        community=principal.community,
        reward_id=reward_id,
        alts=uploaded.alts(),
    )
    return RewardPictureKept(
        reward_id=reward_id,
        media_type=picture.media_type,
        size_bytes=len(picture.content),
        etag=picture.etag,
    )


@router.delete(
    "/v1/catalogue/rewards/{reward_id}/picture",
    summary="Have a reward have no picture",
    status_code=204,
    responses=problem_responses(UNKNOWN_CATALOGUE_REWARD),
)
async def delete_reward_picture(principal: Keeper, reward_id: Slug, tx: Tx) -> None:
    """Whether or not it had one."""
    await handlers.delete_picture(tx, community=principal.community, reward_id=reward_id)


@router.get(
    "/v1/catalogue/rewards/{reward_id}/picture",
    summary="What a reward looks like",
    response_class=Response,
    responses={
        200: {"content": {JPEG: {}, PNG: {}, SVG: {}}, "description": "The picture, made again"},
        304: {"description": "It is the one that the caller has"},
        **problem_responses(NO_PICTURE),
    },
)
async def get_reward_picture(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_member=True)],
    request: Request,
    reward_id: Slug,
    conn: Conn,
) -> Response:
    """For whoever may see what is on offer."""
    picture = await store.find_picture(conn, community=principal.community, reward_id=reward_id)
    if picture is None:
        raise UnknownPictureError(reward_id)
    etag = f'"{picture.etag}"'
    headers = {
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "cache-control": f"private, max-age={KEPT_SECONDS}",
        "etag": etag,
    }
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(picture.content, media_type=picture.media_type, headers=headers)
