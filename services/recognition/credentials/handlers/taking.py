"""Badges are taken away: a credential a grant, signed whenever it is asked for, and ended with an erasure."""

import asyncio
import secrets
from base64 import b64encode
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Final, NamedTuple
from uuid import uuid4

import orjson
import resvg_py

from services.recognition.badges.domain.art import drawing
from services.recognition.badges.domain.by_hand import NotHeldError, UnknownBadgeError
from services.recognition.badges.store import shown as shown_store
from services.recognition.credentials import store
from services.recognition.credentials.domain import (
    OF_LIST_MAX_COUNT,
    Credential,
    RevokedError,
    Said,
    UnknownCredentialError,
    badge_document,
    list_document,
)
from services.recognition.credentials.handlers.issuers import Signing, find_signing
from services.recognition.metrics import CREDENTIALS
from services.recognition.settings import Settings
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import RecognitionInForce, ThresholdKey
from shared.audit import Did
from shared.contracts.programme import Badge
from shared.followed_members import Followed
from shared.merges import find_head, load_group
from shared.open_badges import baking, proofs
from shared.open_badges.status_lists import LIST_BITS
from shared.pictures import PNG, SVG, Picture
from shared.postgres import Connection
from shared.transaction import Transaction

_DRAWS_MAX_COUNT: Final = 64
_SALT_BYTES: Final = 16
_PICTURE_PIXELS: Final = 400


class As(StrEnum):
    """As what a credential is taken away."""

    JSON = "json"
    JWT = "jwt"
    PNG = "png"
    SVG = "svg"


class File(NamedTuple):
    """A credential as a file."""

    content: bytes
    media_type: str


MEDIA_TYPES: Final = {As.JSON: "application/vc", As.JWT: "application/vc+jwt", As.PNG: PNG, As.SVG: SVG}


async def take_away(tx: Transaction[Settings], *, community: str, member_id: str, badge_id: str) -> Credential:
    """Make a credential of a badge that a member holds, of the highest tier; the same grant has the same one.

    Raises UnknownBadgeError, NotHeldError, and NotSetUpError.
    """
    await find_signing(tx.conn, community=community, settings=tx.settings)
    in_force = await thresholds_store.find_recognition(tx.conn, community=community) or RecognitionInForce()
    badge = {one.id: one for one in in_force.recognition.badges}.get(badge_id)
    if badge is None:
        raise UnknownBadgeError
    head_id = await find_head(tx.conn, community=community, member_id=member_id)
    group = await load_group(tx.conn, community=community, head_id=head_id)
    keys = {ThresholdKey.of_badge(badge.id, tier_id): title for tier_id, title, _ in badge.steps} or {
        ThresholdKey.of_badge(badge.id): badge.title
    }
    standing = await store.load_standing(
        tx.conn, community=community, member_ids=group, names=[key.id for key in keys]
    )
    held = [key for key in keys if key.id in standing]
    if not held:
        raise NotHeldError
    key, grant = held[-1], standing[held[-1].id]
    found = await store.find_of_grant(tx.conn, community=community, grant_id=grant.grant_id)
    if found is None:
        title = badge.title if key.tier_id is None else f"{badge.title}: {keys[key]}"
        found = await _add(
            tx, community=community, member_id=head_id, grant_id=grant.grant_id, key=key, title=title
        )
        CREDENTIALS.labels("taken_away").inc()
    tx.did(
        Did(
            "credential.take_away",
            "credential",
            found.credential_id,
            member_id=head_id,
            after={"badge": badge_id, "grant_id": found.grant_id},
        )
    )
    return found


async def _add(
    tx: Transaction[Settings], *, community: str, member_id: str, grant_id: str, key: ThresholdKey, title: str
) -> Credential:
    list_no, taken = await store.newest_list(tx.conn, community=community)
    if taken >= OF_LIST_MAX_COUNT:
        list_no += 1
    for _ in range(_DRAWS_MAX_COUNT):
        credential = Credential(
            community=community,
            credential_id=str(uuid4()),
            grant_id=grant_id,
            member_id=member_id,
            badge=key.base_id,
            tier=key.tier_id,
            title=title,
            salt=secrets.token_hex(_SALT_BYTES),
            list_no=list_no,
            # Drawn, not counted: a place says nothing of who came before.
            list_index=secrets.randbelow(LIST_BITS),
            issued_at=tx.now.replace(microsecond=0),
        )
        if await store.add_credential(tx.conn, credential):
            return credential
        # Two requests at once: the other's stands.
        found = await store.find_of_grant(tx.conn, community=community, grant_id=grant_id)
        if found is not None:
            return found
    raise RuntimeError(f"no free place in {_DRAWS_MAX_COUNT} draws of a list that is half empty")


async def file_of(
    conn: Connection, credential: Credential, *, settings: Settings, kind: As, now: datetime
) -> File:
    """A credential, signed now. Raises RevokedError where its badge stands no more, and NotSetUpError."""
    if credential.revoked_at is not None:
        raise RevokedError
    signing = await find_signing(conn, community=credential.community, settings=settings)
    in_force = await thresholds_store.find_recognition(conn, community=credential.community)
    badges = {} if in_force is None else {one.id: one for one in in_force.recognition.badges}
    badge = badges.get(credential.badge)
    picture = await shown_store.find_picture(conn, community=credential.community, badge=credential.badge)
    # Signing and drawing are work of some milliseconds: nobody else waits for it.
    content = await asyncio.to_thread(_made, credential, badge, picture, signing, kind, now)
    return File(content, MEDIA_TYPES[kind])


def _made(
    credential: Credential, badge: Badge | None, picture: Picture | None, signing: Signing, kind: As, now: datetime
) -> bytes:
    document = badge_document(
        credential, issuer=signing.issuer, place=signing.place, said=_said(credential, badge)
    )
    if kind == As.JSON:
        signed = proofs.with_proof(document, private_key=signing.private_key, method=signing.method, at=now)
        return orjson.dumps(signed)
    token = proofs.as_token(document, private_key=signing.private_key, method=signing.method)
    if kind == As.JWT:
        return token.encode()
    if picture is None:
        colours = {one.id: one.colour for one in (badge.tiers or () if badge else ())}
        art = badge.art if badge else None
        picture = Picture(SVG, drawing(art, credential.title, colour=colours.get(credential.tier or "")).encode())
    if kind == As.SVG:
        return baking.bake_svg(_as_svg(picture, credential.title), token, is_token=True)
    return baking.bake_png(_as_png(picture), token)


def _said(credential: Credential, badge: Badge | None) -> Said:
    if badge is None:
        return Said("", f"It was given as {credential.title}; the programme has it no more.")
    if badge.by_hand:
        return Said(badge.description, "Somebody who runs the community gave it.")
    if badge.when is not None:
        return Said(badge.description, f"What the programme asks for: {badge.when}")
    height = {tier_id: at_least for tier_id, _, at_least in badge.steps}.get(credential.tier)
    of = badge.measure or (f"{badge.counted} of the rule {badge.rule}" if badge.rule else "points")
    return Said(badge.description, f"What the programme asks for: {of}, at least {height}")


def _as_svg(picture: Picture, title: str) -> bytes:
    if picture.media_type == SVG:
        return picture.content
    data = b64encode(picture.content).decode()
    side = f'viewBox="0 0 {_PICTURE_PIXELS} {_PICTURE_PIXELS}"'
    image = f'<image width="{_PICTURE_PIXELS}" height="{_PICTURE_PIXELS}" href="data:image/png;base64,{data}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {side} role="img">{image}</svg>'.encode()


def _as_png(picture: Picture) -> bytes:
    if picture.media_type == PNG:
        return picture.content
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=picture.content.decode(),
            width=_PICTURE_PIXELS,
            height=_PICTURE_PIXELS,
            skip_system_fonts=True,
        )
    )


async def find_of_member(conn: Connection, *, community: str, member_id: str, credential_id: str) -> Credential:
    """A credential of a member's, or of who is one person with them. Raises UnknownCredentialError."""
    group = await group_of(conn, community=community, member_id=member_id)
    found = await store.find_credential(conn, community=community, member_ids=group, credential_id=credential_id)
    if found is None:
        raise UnknownCredentialError
    return found


async def group_of(conn: Connection, *, community: str, member_id: str) -> Collection[str]:
    """All who are one person with a member."""
    head_id = await find_head(conn, community=community, member_id=member_id)
    return await load_group(conn, community=community, head_id=head_id)


async def status_list(conn: Connection, *, community: str, list_no: int, settings: Settings, now: datetime) -> str:
    """A list of revocations as a token. Raises UnknownCredentialError, and NotSetUpError."""
    valid = await store.load_valid(conn, community=community, list_no=list_no)
    if valid is None:
        raise UnknownCredentialError
    signing = await find_signing(conn, community=community, settings=settings)

    def made() -> str:
        document = list_document(valid, list_no=list_no, place=signing.place, at=now)
        return proofs.as_token(document, private_key=signing.private_key, method=signing.method)

    return await asyncio.to_thread(made)


async def forget(tx: Transaction, followed: Followed) -> None:
    """Revoke what members took away who were erased."""
    keys = [(one["community"], one["data"]["member_id"]) for one in followed.erased]
    for community, of_community in groupby(keys, key=lambda key: key[0]):
        ids = [member_id for _, member_id in of_community]
        revoked = await store.set_revoked(tx.conn, community=community, member_ids=ids, at=tx.now)
        CREDENTIALS.labels("revoked").inc(revoked)
