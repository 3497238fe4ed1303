"""HTTP routes of access keys, for the administrator."""

import secrets

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.ingest.access import handlers, store
from services.ingest.access.domain import AccessKey, UnknownKeyError
from shared.contracts.fields import Id, Name, Slug
from shared.http import (
    PROBLEMS,
    After,
    FieldError,
    Limit,
    Page,
    Principal,
    Problem,
    decode_cursor,
    encode_cursor,
    requires,
)
from shared.http.keys import SCOPES, hash_secret

router = APIRouter()


class KeyWanted(BaseModel):
    """An access key to be issued."""

    community: Slug = Field(examples=["acme"])
    name: Name = Field(description="Who will use it", examples=["forum plugin"])
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


@router.post("/v1/keys", status_code=201, summary="Issue an access key", responses=PROBLEMS)
async def post_key(request: Request, body: KeyWanted, _admin: Principal = requires("keys:write")) -> KeyIssued:
    """For the administrator. Every service learns of the key within moments."""
    unknown = sorted(set(body.scopes) - set(SCOPES))
    if unknown:
        detail = f"unknown: {', '.join(unknown)}; there are {', '.join(SCOPES)}"
        raise Problem(422, "Unknown scope", detail, [FieldError(field="/scopes", detail=detail)])
    key_id = secrets.token_hex(6)
    secret = f"plk_{key_id}_{secrets.token_urlsafe(24)}"
    key = AccessKey(body.community, key_id, body.name, hash_secret(secret), scopes=tuple(sorted(set(body.scopes))))
    async with request.app.state.begin() as tx:
        await handlers.issue_key(tx, key=key)
    return KeyIssued(key_id=key_id, key=secret, community=key.community, name=key.name, scopes=list(key.scopes))


@router.get("/v1/communities/{community}/keys", summary="Access keys of a community", responses=PROBLEMS)
async def get_keys(
    request: Request,
    community: Slug,
    limit: Limit = 100,
    after: After = None,
    _admin: Principal = requires("keys:write"),
) -> Page[KeyListed]:
    """For the administrator."""
    position = decode_cursor(after, str)
    async with request.app.state.pool.acquire() as conn:
        keys = await store.page_of_keys(
            conn, community=community, after=position[0] if position else None, limit_count=limit
        )
    return Page(
        items=[KeyListed.of(key) for key in keys],
        next=encode_cursor(keys[-1].key_id) if len(keys) == limit else None,
    )


@router.delete(
    "/v1/communities/{community}/keys/{key_id}", status_code=204, summary="Revoke a key", responses=PROBLEMS
)
async def delete_key(
    request: Request, community: Slug, key_id: Id, _admin: Principal = requires("keys:write")
) -> None:
    """For the administrator. The key stops working everywhere within moments, for good."""
    try:
        async with request.app.state.begin() as tx:
            await handlers.revoke_key(tx, community=community, key_id=key_id)
    except UnknownKeyError as error:
        raise Problem(404, "No such key", f"GET /v1/communities/{community}/keys lists them") from error
