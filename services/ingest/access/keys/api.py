"""HTTP routes of access keys, for administrators; the bootstrap key issues a person's first."""

import secrets
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from services.ingest.access.keys import handlers, store
from services.ingest.access.keys.domain import LASTS_MAX_DAYS, AccessKey, KeyPlace, UnknownKeyError
from services.ingest.access.people.api import PERSON_EXAMPLE, UNKNOWN_PERSON
from services.ingest.settings import Settings
from shared.access_keys import KEY_PREFIX, SCOPES, check_reach, hash_secret, is_publishable
from shared.contracts.fields import Id, Name, Slug
from shared.contracts.texts import if_text, label
from shared.http import (
    Conn,
    Limit,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import OTHER_COMMUNITY, UNKNOWN_PATH

UNKNOWN_SCOPE = ProblemType("unknown-scope", 422, "Unknown scope")
NOT_THEIR_SCOPES = ProblemType("not-their-scopes", 422, "The person's roles do not give that")
PUBLISHABLE_ALONE = ProblemType("publishable-alone", 422, "A publishable key reads what is public alone")
UNKNOWN_KEY = ProblemType("unknown-key", 404, "No such key")
NOT_THE_FIRST_KEY = ProblemType("not-the-first-key", 409, "The bootstrap key issues first keys alone")
NOT_USABLE_KEY = ProblemType("not-usable-key", 409, "The key works no more")

OVERLAP_MAX_HOURS = 24 * 30

Issuer = Annotated[Principal, requires(Scope.KEYS_WRITE, or_bootstrap=True)]
Administrator = Annotated[Principal, requires(Scope.KEYS_WRITE)]
OwnSettings = Annotated[Settings, configured(Settings)]

router = APIRouter(tags=["keys"])


def _without_secret(key_id: str) -> str:
    if key_id.startswith(KEY_PREFIX):  # what stands in a path is kept in logs, and here in the audit
        raise PydanticCustomError(
            "whole_key", "Give the id alone: what stands in a key between plk_ and the next underscore"
        )
    return key_id


KeyId = Annotated[Id, AfterValidator(_without_secret)]


class KeyWanted(RequestBody):
    """An access key to be issued for a person."""

    community: Slug = Field(examples=["acme"])
    person_id: UUID = Field(description="Whose it is; an account of a program too", examples=[PERSON_EXAMPLE])
    name: Annotated[Name, BeforeValidator(if_text(label))] = Field(
        description="The owner's note: what uses it", examples=["forum plugin"]
    )
    scopes: list[str] | None = Field(
        None,
        min_length=1,
        max_length=len(SCOPES),
        description="Left out: all that the person's roles give, but for payouts and for exporting and erasing "
        "members. `public:read` alone makes a publishable key: it may stand in a browser, and reads what the "
        "community shows to everybody",
        examples=[["events:write", "receipts:read"]],
    )
    expires_at: AwareDatetime | None = Field(
        None, description=f"When it ends, within {LASTS_MAX_DAYS} days; left out: when it is revoked"
    )


class Rotation(RequestBody):
    """How a key is rotated."""

    overlap_hours: int | None = Field(
        None,
        ge=0,
        le=OVERLAP_MAX_HOURS,
        examples=[48],
        description="How long the old key works beside the new one",
    )


class KeyIssued(BaseModel):
    """A new access key. `key` is shown this once and stored nowhere."""

    key_id: str
    key: str
    community: str
    person_id: str | None
    name: str
    scopes: list[str]
    publishable: bool = Field(description="Whether it may stand in a browser: it reads what is public alone")
    expires_at: datetime | None

    @classmethod
    def of(cls, key: AccessKey, secret: str) -> "KeyIssued":
        """What is shown of a new key, this once."""
        return cls(
            key_id=key.key_id,
            key=secret,
            community=key.community,
            person_id=key.person_id,
            name=key.name,
            scopes=list(key.scopes),
            publishable=is_publishable(key.scopes),
            expires_at=key.expires_at,
        )


class KeyListed(BaseModel):
    """An access key without its secret."""

    key_id: str
    person_id: str | None = Field(description="Null for an id that was never issued here")
    name: str
    scopes: list[str]
    publishable: bool = Field(description="Whether it may stand in a browser: it reads what is public alone")
    created_at: datetime | None = Field(description="Null for keys of before this was kept")
    issued_by: str | None = Field(description="The person who issued it; empty for the bootstrap key")
    expires_at: datetime | None
    replaced_by: str | None = Field(description="The key that took its place when it was rotated")
    last_used_at: datetime | None = Field(description="At this service, to the minute; null: never here")
    revoked: bool

    @classmethod
    def of(cls, key: AccessKey) -> "KeyListed":
        """What is shown of a key."""
        return cls(
            key_id=key.key_id,
            person_id=key.person_id,
            name=key.name,
            scopes=list(key.scopes),
            publishable=is_publishable(key.scopes),
            created_at=key.created_at,
            issued_by=key.issued_by,
            expires_at=key.expires_at,
            replaced_by=key.replaced_by,
            last_used_at=key.last_used_at,
            revoked=key.revoked,
        )


@router.post(
    "/v1/keys",
    status_code=201,
    summary="Issue an access key",
    responses=problem_responses(
        UNKNOWN_SCOPE, NOT_THEIR_SCOPES, PUBLISHABLE_ALONE, UNKNOWN_PERSON, OTHER_COMMUNITY, NOT_THE_FIRST_KEY
    ),
)
async def post_key(caller: Issuer, tx: Tx, body: KeyWanted) -> KeyIssued:
    """For administrators; for the bootstrap key where the person never had one.

    Every service learns of the key within moments.
    """
    key_id, secret = _new_secret()
    key = AccessKey(
        community=body.community,
        key_id=key_id,
        person_id=str(body.person_id),
        name=body.name,
        secret_sha256=hash_secret(secret),
        scopes=(),
        created_at=tx.now,
        issued_by=caller.person_id,
        expires_at=body.expires_at,
    )
    return KeyIssued.of(await handlers.issue_key(tx, caller=caller, key=key, asked=body.scopes), secret)


@router.get(
    "/v1/communities/{community}/keys",
    summary="Access keys of a community",
    responses=problem_responses(UNKNOWN_PATH, OTHER_COMMUNITY),
)
async def get_keys(
    caller: Administrator,
    conn: Conn,
    community: Slug,
    place: Annotated[KeyPlace | None, after(KeyPlace)],
    person: Annotated[UUID | None, Query(description="Only this person's")] = None,
    limit: Limit = 100,
) -> Page[KeyListed]:
    """For administrators."""
    check_reach(caller, community)
    keys = await store.page_of_keys(
        conn,
        community=community,
        person_id=None if person is None else str(person),
        after=place,
        limit_count=limit,
    )
    return Page[KeyListed].of(keys, limit, item=KeyListed.of, place=KeyPlace.of)


@router.get(
    "/v1/communities/{community}/keys/{key_id}",
    summary="An access key",
    responses=problem_responses(UNKNOWN_KEY, OTHER_COMMUNITY),
)
async def get_key(caller: Administrator, conn: Conn, community: Slug, key_id: KeyId) -> KeyListed:
    """For administrators. Its secret is kept nowhere."""
    check_reach(caller, community)
    key = await store.find_key(conn, community=community, key_id=key_id)
    if key is None:
        raise UnknownKeyError(community, key_id)
    return KeyListed.of(key)


@router.post(
    "/v1/communities/{community}/keys/{key_id}/rotate",
    status_code=201,
    summary="Rotate a key",
    responses=problem_responses(UNKNOWN_KEY, OTHER_COMMUNITY, NOT_USABLE_KEY),
)
async def post_rotation(
    caller: Administrator, tx: Tx, settings: OwnSettings, community: Slug, key_id: KeyId, body: Rotation
) -> KeyIssued:
    """For administrators. A new key with the same scopes; the old one works until the overlap is over."""
    new_id, secret = _new_secret()
    hours = settings.key_overlap_hours if body.overlap_hours is None else body.overlap_hours
    key = await handlers.rotate_key(
        tx,
        caller=caller,
        community=community,
        key_id=key_id,
        new_id=new_id,
        new_sha256=hash_secret(secret),
        overlap=timedelta(hours=hours),
    )
    return KeyIssued.of(key, secret)


@router.delete(
    "/v1/communities/{community}/keys/{key_id}",
    status_code=204,
    summary="Revoke a key",
    responses=problem_responses(UNKNOWN_KEY, OTHER_COMMUNITY),
)
async def delete_key(
    caller: Administrator,
    tx: Tx,
    community: Slug,
    key_id: KeyId,
    even_unknown: Annotated[
        bool, Query(description="Also an id that was never issued here, in case some service believes in it")
    ] = False,
) -> None:
    """For administrators. The key stops working everywhere within moments, for good."""
    await handlers.revoke_key(tx, caller=caller, community=community, key_id=key_id, even_unknown=even_unknown)


def _new_secret() -> tuple[str, str]:
    """The id of a new key, and the key."""
    key_id = secrets.token_hex(6)
    return key_id, f"{KEY_PREFIX}{key_id}_{secrets.token_urlsafe(24)}"
