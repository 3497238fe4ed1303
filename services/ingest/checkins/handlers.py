"""Members check in, by codes and by lists; each check-in is an event like any other."""

import secrets
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import uuid_utils
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.ingest.checkins import domain, store
from services.ingest.checkins.domain import CHANNEL, Entry, Occasion, Outcome
from services.ingest.events.handlers import send_own
from services.ingest.members.domain import MemberKey
from services.ingest.members.handlers.own import own_identities
from services.ingest.members.handlers.resolving import find_owner
from services.ingest.members.store import members as members_store
from services.ingest.metrics import CHECK_INS
from services.ingest.settings import Settings
from shared.audit import Did
from shared.contracts.attendance import signed_bytes
from shared.contracts.identities import NotAnIdentityError, read_identity
from shared.merges import find_head
from shared.postgres import Connection
from shared.transaction import Transaction

SECRET_BYTES = 32
#: Occasions of a community that are not over.
OCCASIONS_MAX_COUNT = 200


@dataclass(frozen=True)
class AddOccasion:
    """What an occasion is to be."""

    title: str
    begins_at: datetime
    ends_at: datetime
    capacity: int | None


async def add_occasion(tx: Transaction[Settings], *, community: str, wanted: AddOccasion) -> Occasion:
    """Add an occasion. Raises TooManyOccasionsError."""
    if await store.count_to_come(tx.conn, community=community, now=tx.now) >= OCCASIONS_MAX_COUNT:
        raise domain.TooManyOccasionsError
    occasion = Occasion(
        community,
        str(uuid_utils.uuid7()),
        wanted.title,
        wanted.begins_at,
        wanted.ends_at,
        wanted.capacity,
        secrets.token_bytes(SECRET_BYTES),
        None,
        tx.now,
    )
    await store.add_occasion(tx.conn, occasion=occasion)
    after = {"begins_at": occasion.begins_at, "ends_at": occasion.ends_at, "capacity": occasion.capacity}
    tx.did(Did("occasion.add", "occasion", occasion.occasion_id, after=after))
    return occasion


async def find_occasion(conn: Connection, *, community: str, occasion_id: str) -> Occasion:
    """An occasion of a community. Raises UnknownOccasionError."""
    occasion = await store.find_occasion(conn, community=community, occasion_id=occasion_id)
    if occasion is None:
        raise domain.UnknownOccasionError
    return occasion


async def set_device_key(
    tx: Transaction[Settings], *, community: str, occasion_id: str, device_key: bytes
) -> Occasion:
    """Say which device takes an occasion's lists, in place of the one before. Raises UnknownOccasionError."""
    occasion = await _locked(tx, community=community, occasion_id=occasion_id)
    await store.set_device_key(tx.conn, occasion=occasion, device_key=device_key)
    before = {"device": None if occasion.device_key is None else occasion.device_key.hex()[:16]}
    after = {"device": device_key.hex()[:16]}
    tx.did(Did("occasion.set_device", "occasion", occasion_id, before=before, after=after))
    return replace(occasion, device_key=device_key)


async def check_in(
    tx: Transaction[Settings], *, community: str, member_id: str, code: str
) -> tuple[Occasion, Outcome]:
    """Check a member in by a code; whoever checked in before has done so.

    Raises UnusableCodeError, ExpiredCodeError, NotOpenError, FullError, and UnusableCodeError where the member is
    nobody any more.
    """
    read = domain.read_code(code)
    found = await store.find_occasion(tx.conn, community=community, occasion_id=read.occasion_id)
    if found is None:
        raise domain.UnusableCodeError
    # Before anything is locked: a code that is none must cost next to nothing.
    domain.check_code(found, read, step=domain.step_at(tx.now, tx.settings.checkin_code_seconds))
    found.check_open(tx.now)
    occasion = await _locked(tx, community=community, occasion_id=read.occasion_id)
    outcome = await _admit(tx, occasion, member_id=member_id, at=tx.now)
    if outcome is Outcome.FULL and occasion.capacity is not None:
        raise domain.FullError(occasion.capacity)
    if outcome is Outcome.UNKNOWN:
        raise domain.UnusableCodeError
    after = {"outcome": outcome.value}
    tx.did(Did("occasion.check_in", "occasion", occasion.occasion_id, member_id, after=after))
    return occasion, outcome


async def take_list(
    tx: Transaction[Settings], *, community: str, occasion_id: str, text: str, signature: bytes
) -> list[tuple[Entry, Outcome]]:
    """Check those in who stand on a signed list, in its order; say of each what became of it.

    Raises UnknownOccasionError, UntrustedListError, TooLateError and NotAListError.
    """
    occasion = await _locked(tx, community=community, occasion_id=occasion_id)
    if occasion.device_key is None:
        raise domain.UntrustedListError
    try:
        Ed25519PublicKey.from_public_bytes(occasion.device_key).verify(signature, signed_bytes(text))
    except InvalidSignature as error:
        raise domain.UntrustedListError from error
    taken_until = occasion.ends_at + timedelta(days=tx.settings.checkin_late_days)
    if tx.now > taken_until:
        raise domain.TooLateError(f"they were until {taken_until.isoformat()}")
    done = []
    for entry in domain.read_list(text, occasion_id=occasion_id):
        outcome = await _admit_entry(tx, entry, occasion=occasion)
        if outcome is Outcome.CHECKED_IN:
            occasion = replace(occasion, checked_in_count=occasion.checked_in_count + 1)
        done.append((entry, outcome))
    after = {outcome.value: count for outcome, count in Counter(outcome for _, outcome in done).items()}
    tx.did(Did("occasion.take_list", "occasion", occasion_id, after=after))
    return done


async def _admit_entry(tx: Transaction[Settings], entry: Entry, *, occasion: Occasion) -> Outcome:
    if entry.at is None or not occasion.begins_at <= entry.at <= min(occasion.ends_at, tx.now):
        return Outcome.OUTSIDE
    member_id = await _named(tx, community=occasion.community, named=entry.member)
    if member_id is None:
        return Outcome.UNKNOWN
    return await _admit(tx, occasion, member_id=member_id, at=entry.at)


async def _named(tx: Transaction[Settings], *, community: str, named: str) -> str | None:
    """The id of whom a list names; None where that is nobody's name."""
    if ":" in named:
        try:
            identity = read_identity(named)
        except NotAnIdentityError:
            return None
        return await find_owner(tx.conn, tx.settings, community=community, identity=identity)
    try:
        return str(uuid_utils.UUID(named))
    except ValueError:
        return None


async def _admit(tx: Transaction[Settings], occasion: Occasion, *, member_id: str, at: datetime) -> Outcome:
    """Check a member in at an occasion that is locked, unless they are in, nobody, or too many."""
    # The token, or the list, may be older than a merge.
    member_id = await find_head(tx.conn, community=occasion.community, member_id=member_id)
    key = MemberKey(occasion.community, member_id)
    if await store.find_check_in(tx.conn, occasion=occasion, member_id=member_id) is not None:
        return _counted(Outcome.AGAIN)
    if occasion.is_full:
        return _counted(Outcome.FULL)
    if await members_store.find_member(tx.conn, key=key) is None:
        return _counted(Outcome.UNKNOWN)
    if await members_store.load_erased_members(tx.conn, keys=[key]):
        return _counted(Outcome.UNKNOWN)
    await store.add_check_in(tx.conn, occasion=occasion, member_id=member_id, at=at)
    await own_identities(tx, community=occasion.community, member_ids=[member_id], channel=CHANNEL, host="")
    send_own(tx, community=occasion.community, event=domain.event_of(occasion, member_id=member_id, at=at))
    return _counted(Outcome.CHECKED_IN)


def _counted(outcome: Outcome) -> Outcome:
    CHECK_INS.labels(outcome).inc()
    return outcome


async def _locked(tx: Transaction[Settings], *, community: str, occasion_id: str) -> Occasion:
    occasion = await store.lock_occasion(tx.conn, community=community, occasion_id=occasion_id)
    if occasion is None:
        raise domain.UnknownOccasionError
    return occasion
