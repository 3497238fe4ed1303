"""Access keys are stored, and told to every service under our signature, in one transaction."""

import logging
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from services.ingest.access.keys import store
from services.ingest.access.keys.domain import (
    AccessKey,
    UnknownKeyError,
    check_issue,
    granted_scopes,
    never_issued,
    rotated,
)
from services.ingest.access.people.handlers import find_person, note_bootstrap, on_people_told
from services.ingest.access.people.handlers import tell_anew as tell_people_anew
from services.ingest.settings import Settings
from shared.access_keys import Principal, check_reach, load_clock
from shared.access_keys.store import put_access_keys
from shared.audit import Did
from shared.contracts.facts import ACCESS_KEY_CHANGED, PEOPLE_FACT, AccessKeyChanged, AccessKeyData
from shared.own_facts import ReadBack
from shared.telemetry import SIGNATURES_OUTDATED
from shared.topics import ACCESS_KEYS, PEOPLE
from shared.transaction import Transaction

#: How many facts one turn of the timer signs anew.
SIGNED_ANEW_MAX_COUNT = 1_000
SIGN_ANEW_EVERY_SECONDS = 5.0

log = logging.getLogger(__name__)


async def issue_key(
    tx: Transaction[Settings], *, caller: Principal, key: AccessKey, asked: Collection[str] | None
) -> AccessKey:
    """Store a new key of a person with the scopes `asked` for, or with theirs, and tell every service.

    Raises UnknownPersonError, OtherCommunityError, UnknownScopesError, NotTheirScopesError, PublishableAloneError,
    NotTheFirstKeyError, EndsBeforeItBeginsError and EndsTooLateError. The secret is known only to whoever asked.
    """
    person_id = key.person_id or ""
    # The person is locked: of two first keys by the bootstrap key one is refused.
    appointment = await find_person(tx, caller=caller, community=key.community, person_id=person_id)
    had_key = await store.has_had_key(tx.conn, person_id=person_id)
    check_issue(caller, had_key=had_key, expires_at=key.expires_at, now=await load_clock(tx.conn))
    issued = replace(key, scopes=granted_scopes(asked, roles=appointment.roles, community=key.community))
    await store.add_key(tx.conn, key=issued, signed_with=_signed_with(tx))
    _tell(tx, issued)
    await note_bootstrap(tx, caller=caller, community=key.community, person_id=person_id)
    after = {"person_id": person_id, "scopes": issued.scopes, "expires_at": issued.expires_at}
    tx.did(Did("key.issue", "key", issued.key_id, after=after, community=issued.community))
    return issued


async def rotate_key(
    tx: Transaction[Settings],
    *,
    caller: Principal,
    community: str,
    key_id: str,
    new_id: str,
    new_sha256: str,
    overlap: timedelta,
) -> AccessKey:
    """Put a new key in a key's place; the old one works until the overlap is over. Return the new one.

    Raises UnknownKeyError, OtherCommunityError, and NotUsableKeyError for one that works no more.
    """
    check_reach(caller, community)
    key = await store.lock_key(tx.conn, community=community, key_id=key_id)
    if key is None:
        raise UnknownKeyError(community, key_id)
    # By the database's clock, as whoever checks keys here goes by it too.
    now = await load_clock(tx.conn)
    old, new = rotated(key, new_id=new_id, new_sha256=new_sha256, by=caller.person_id, now=now, overlap=overlap)
    await store.set_replaced(tx.conn, key=old, signed_with=_signed_with(tx))
    await store.add_key(tx.conn, key=new, signed_with=_signed_with(tx))
    _tell(tx, old)
    _tell(tx, new)
    before, after = {"expires_at": key.expires_at}, {"expires_at": old.expires_at, "replaced_by": new_id}
    tx.did(Did("key.rotate", "key", key_id, before=before, after=after, community=community))
    return new


async def revoke_key(
    tx: Transaction[Settings], *, caller: Principal, community: str, key_id: str, even_unknown: bool
) -> None:
    """Revoke a key everywhere. Raises UnknownKeyError when there is no such key, unless `even_unknown`.

    A key that we never issued may have come to a service by other ways: every service refuses it from then on.
    Raises OtherCommunityError where the caller's authority does not reach.
    """
    check_reach(caller, community)
    if even_unknown:  # of two who come at once with an id that is not there, the second finds what the first added
        await store.lock_key_id(tx.conn, community=community, key_id=key_id)
    key = await store.set_revoked(tx.conn, community=community, key_id=key_id, signed_with=_signed_with(tx))
    if key is None:
        if not even_unknown:
            raise UnknownKeyError(community, key_id)
        key = never_issued(community, key_id)
        await store.add_key(tx.conn, key=key, signed_with=_signed_with(tx))
    _tell(tx, key)
    after = {"person_id": key.person_id, "revoked": True}
    tx.did(Did("key.revoke", "key", key_id, after=after, community=community))


async def sign_anew(tx: Transaction[Settings]) -> None:
    """Tell those people and access keys again, some at a time, that the present signing key has not signed.

    That is all of them after the signing key was changed, or set for the first time; and those that a migration
    has changed.
    """
    signed_with = _signed_with(tx)
    people_left = await tell_people_anew(tx)
    keys = await store.lock_keys_signed_otherwise(
        tx.conn, signed_with=signed_with, limit_count=SIGNED_ANEW_MAX_COUNT
    )
    for key in keys:
        _tell(tx, key)
    if keys:
        await store.set_signed_with(tx.conn, keys=keys, signed_with=signed_with)
        log.info("%d access keys are told anew, signed with the key %s", len(keys), signed_with)
    keys_left = await store.count_keys_signed_otherwise(tx.conn, signed_with=signed_with)
    SIGNATURES_OUTDATED.set(people_left + keys_left)


async def on_keys_told(tx: Transaction[Settings], facts: list[AccessKeyChanged]) -> None:
    """Take in access keys that were issued or revoked and that the database has forgotten; revoked is for good."""
    await put_access_keys(tx.conn, facts)


#: People first: whose a key is counts for nothing before they are there.
READ_BACK = (
    ReadBack((PEOPLE,), PEOPLE_FACT, on_people_told),
    ReadBack((ACCESS_KEYS,), ACCESS_KEY_CHANGED.adapter, on_keys_told),
)


def _signed_with(tx: Transaction[Settings]) -> str | None:
    signer = tx.settings.signer
    return signer.key_id if signer else None


def _tell(tx: Transaction, key: AccessKey) -> None:
    data: AccessKeyData = {
        "key_id": key.key_id,
        "name": key.name,
        "secret_sha256": key.secret_sha256,
        "scopes": list(key.scopes),
        "expires_at": key.expires_at,
        "revoked": key.revoked,
    }
    if key.person_id is not None:
        data["person_id"] = key.person_id
    state = "revoked" if key.revoked else "replaced" if key.replaced_by else "issued"
    tx.tell(
        ACCESS_KEYS,
        ACCESS_KEY_CHANGED,
        fact_id=f"{key.community}/{key.key_id}/{state}",
        community=key.community,
        subject=key.key_id,
        data=data,
    )
