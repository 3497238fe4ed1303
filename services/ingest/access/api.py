"""HTTP routes of access keys, for the administrator."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator, Field

from services.ingest.access import handlers, store
from services.ingest.access.domain import AccessKey, KeyPlace
from services.ingest.shares.api import QUOTA_EXCEEDED, WithinShare
from shared.access_keys import SCOPES, hash_secret
from shared.contracts.fields import Id, Name, Slug
from shared.contracts.texts import if_text, label
from shared.http import (
    AdminScope,
    Conn,
    FieldError,
    Limit,
    Page,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Tx,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_PATH

UNKNOWN_SCOPE = ProblemType("unknown-scope", 422, "Unknown scope")
UNKNOWN_KEY = ProblemType("unknown-key", 404, "No such key")

Administrator = Annotated[Principal, requires(AdminScope.KEYS_WRITE)]

router = APIRouter()


class KeyWanted(RequestBody):
    """An access key to be issued."""

    community: Slug = Field(examples=["acme"])
    name: Annotated[Name, BeforeValidator(if_text(label))] = Field(
        description="Who will use it", examples=["forum plugin"]
    )
    scopes: list[str] = Field(min_length=1, max_length=len(SCOPES), examples=[["events:write", "receipts:read"]])


class KeyIssued(BaseModel):
    """A new access key. `key` is shown this once and stored nowhere."""

    key_id: str
    key: str
    community: str
    name: str
    scopes: list[str]


class KeyListed(BaseModel):
    """An access key without its secret."""

    key_id: str
    name: str
    scopes: list[str]
    revoked: bool

    @classmethod
    def of(cls, key: AccessKey) -> "KeyListed":
        """What is shown of a key."""
        return cls(key_id=key.key_id, name=key.name, scopes=list(key.scopes), revoked=key.revoked)


@router.post(
    "/v1/keys",
    status_code=201,
    summary="Issue an access key",
    responses=problem_responses(UNKNOWN_SCOPE, QUOTA_EXCEEDED),
)
async def post_key(_admin: Administrator, _share: WithinShare, tx: Tx, body: KeyWanted) -> KeyIssued:
    """For the administrator. Every service learns of the key within moments."""
    unknown = sorted(set(body.scopes) - set(SCOPES))
    if unknown:
        detail = f"unknown: {', '.join(unknown)}; there are {', '.join(SCOPES)}"
        raise Problem(UNKNOWN_SCOPE, detail, [FieldError(field="/scopes", detail=detail)])
    key_id = secrets.token_hex(6)
    secret = f"plk_{key_id}_{secrets.token_urlsafe(24)}"
    key = AccessKey(
        community=body.community,
        key_id=key_id,
        name=body.name,
        secret_sha256=hash_secret(secret),
        scopes=tuple(sorted(set(body.scopes))),
    )
    await handlers.issue_key(tx, key=key)
    return KeyIssued(key_id=key_id, key=secret, community=key.community, name=key.name, scopes=list(key.scopes))


@router.get(
    "/v1/communities/{community}/keys",
    summary="Access keys of a community",
    responses=problem_responses(UNKNOWN_PATH),
)
async def get_keys(
    _admin: Administrator,
    conn: Conn,
    community: Slug,
    place: Annotated[KeyPlace | None, after(KeyPlace)],
    limit: Limit = 100,
) -> Page[KeyListed]:
    """For the administrator."""
    keys = await store.page_of_keys(conn, community=community, after=place, limit_count=limit)
    return Page[KeyListed].of(keys, limit, item=KeyListed.of, place=KeyPlace.of)


@router.delete(
    "/v1/communities/{community}/keys/{key_id}",
    status_code=204,
    summary="Revoke a key",
    responses=problem_responses(UNKNOWN_KEY),
)
async def delete_key(
    _admin: Administrator,
    tx: Tx,
    community: Slug,
    key_id: Id,
    even_unknown: Annotated[
        bool, Query(description="Also an id that was never issued here, in case some service believes in it")
    ] = False,
) -> None:
    """For the administrator. The key stops working everywhere within moments, for good."""
    await handlers.revoke_key(tx, community=community, key_id=key_id, even_unknown=even_unknown)
