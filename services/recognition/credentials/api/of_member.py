"""HTTP routes of the badges that a member took away."""

from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from services.recognition.badges.api.problems import BADGE_NOT_HELD, UNKNOWN_BADGE
from services.recognition.credentials import store
from services.recognition.credentials.api.problems import (
    CREDENTIAL_REVOKED,
    CREDENTIALS_NOT_SET_UP,
    UNKNOWN_CREDENTIAL,
)
from services.recognition.credentials.domain import Credential
from services.recognition.credentials.handlers import taking
from services.recognition.credentials.handlers.taking import MEDIA_TYPES, As
from services.recognition.credentials.store import CredentialPlace
from shared.contracts.fields import Slug
from shared.http import (
    Conn,
    Limit,
    MemberId,
    Page,
    Principal,
    Scope,
    Tx,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY

router = APIRouter(tags=["recognition"])
Own = Annotated[Principal, requires(Scope.RECOGNITION_READ, or_own=True, reads="member_id")]
#: Whatever a picture has in it, nothing of it runs, and nothing comes from elsewhere.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


class TakenAway(BaseModel):
    """A badge that a member took away."""

    credential_id: UUID
    badge: str = Field(examples=["hero"])
    tier: str | None = Field(examples=["gold"])
    title: str = Field(examples=["Hero"])
    grant_id: UUID = Field(description="What it stands by")
    issued_at: datetime
    revoked_at: datetime | None = Field(description="Null while it is valid; it ends with its badge")

    @classmethod
    def of(cls, credential: Credential) -> Self:
        """What is shown of a credential."""
        return cls(
            credential_id=UUID(credential.credential_id),
            badge=credential.badge,
            tier=credential.tier,
            title=credential.title,
            grant_id=UUID(credential.grant_id),
            issued_at=credential.issued_at,
            revoked_at=credential.revoked_at,
        )


@router.post(
    "/v1/members/{member_id}/badges/{badge_id}/credential",
    summary="Take a badge away",
    status_code=201,
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_BADGE, BADGE_NOT_HELD, CREDENTIALS_NOT_SET_UP),
)
async def take_badge_away(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_WRITE, or_own=True)],
    tx: Tx,
    member_id: MemberId,
    badge_id: Slug,
) -> TakenAway:
    """As an Open Badge 3.0, of its highest tier. Asked for again it is the same, as long as the badge stands."""
    return TakenAway.of(
        await taking.take_away(tx, community=principal.community, member_id=str(member_id), badge_id=badge_id)
    )


@router.get(
    "/v1/members/{member_id}/credentials",
    summary="The badges that a member took away",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_member_credentials(
    principal: Own,
    conn: Conn,
    member_id: MemberId,
    place: Annotated[CredentialPlace | None, after(CredentialPlace)],
    limit: Limit = 100,
) -> Page[TakenAway]:
    """The newest first, revoked ones too."""
    group = await taking.group_of(conn, community=principal.community, member_id=str(member_id))
    found = await store.page_of_credentials(
        conn, community=principal.community, member_ids=group, after=place, limit_count=limit
    )
    return Page[TakenAway].of(
        found, limit, item=TakenAway.of, place=lambda one: CredentialPlace(one.issued_at, one.credential_id)
    )


@router.get(
    "/v1/members/{member_id}/credentials/{credential_id}/file",
    summary="A badge to keep",
    response_class=Response,
    responses={
        200: {
            "content": {kind: {} for kind in MEDIA_TYPES.values()},
            "description": "A document with a proof in it, a token, or a picture with the token in it",
        },
        **problem_responses(UNKNOWN_IDENTITY, UNKNOWN_CREDENTIAL, CREDENTIAL_REVOKED, CREDENTIALS_NOT_SET_UP),
    },
)
async def get_credential_file(
    principal: Own,
    request: Request,
    conn: Conn,
    member_id: MemberId,
    credential_id: UUID,
    kind: Annotated[
        As, Query(alias="as", description="json has a Data Integrity proof; jwt, png and svg have a VC-JWT")
    ],
) -> Response:
    """Signed as it is asked for, with the newest key. It names its holder by a salted hash alone."""
    community = principal.community
    credential = await taking.find_of_member(
        conn, community=community, member_id=str(member_id), credential_id=str(credential_id)
    )
    found = await taking.file_of(
        conn, credential, settings=request.app.state.connected.settings, kind=kind, now=datetime.now(UTC)
    )
    headers = {
        "content-disposition": f'attachment; filename="{credential.badge}.{kind}"',
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
    }
    return Response(found.content, media_type=found.media_type, headers=headers)
