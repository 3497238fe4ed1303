"""HTTP routes of access keys, for the administrator."""

import secrets

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.ingest.access import handlers, store
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


@router.post("/v1/keys", status_code=201, summary="Issue an access key", responses=PROBLEMS)
async def post_key(request: Request, body: KeyWanted, _admin: Principal = requires("keys:write")) -> KeyIssued:
    """For the administrator. Every service learns of the key within moments."""
    unknown = sorted(set(body.scopes) - set(SCOPES))
    if unknown:
        detail = f"unknown: {', '.join(unknown)}; there are {', '.join(SCOPES)}"
        raise Problem(422, "Unknown scope", detail, [FieldError(field="/scopes", detail=detail)])
    key_id = secrets.token_hex(6)
    secret = f"plk_{key_id}_{secrets.token_urlsafe(24)}"
    scopes = sorted(set(body.scopes))
    stored = {"key_id": key_id, "name": body.name, "secret_sha256": hash_secret(secret), "scopes": scopes}
    async with request.app.state.begin() as tx:
        await handlers.issue_access_key(tx, body.community, stored)
    return KeyIssued(key_id=key_id, key=secret, community=body.community, name=body.name, scopes=scopes)


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
        rows = await store.page_of_access_keys(conn, community, position[0] if position else None, limit)
    items = [KeyListed(**dict(row)) for row in rows]
    return Page(items=items, next=encode_cursor(rows[-1]["key_id"]) if len(rows) == limit else None)


@router.delete(
    "/v1/communities/{community}/keys/{key_id}", status_code=204, summary="Revoke a key", responses=PROBLEMS
)
async def delete_key(
    request: Request, community: Slug, key_id: Id, _admin: Principal = requires("keys:write")
) -> None:
    """For the administrator. The key stops working everywhere within moments, for good."""
    async with request.app.state.begin() as tx:
        if not await handlers.revoke_access_key(tx, community, key_id):
            raise Problem(404, "No such key", f"GET /v1/communities/{community}/keys lists them")
