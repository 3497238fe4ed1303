"""The keys that verify tokens are told to every service one period ahead, under our signature."""

import logging
from datetime import datetime

from services.ingest.access.token_keys import store
from services.ingest.access.token_keys.domain import GENERATIONS_MAX_COUNT, VERIFIES_AFTER, Period, TokenKey
from services.ingest.settings import Settings
from shared.access_keys import INSTALLATION, load_clock
from shared.access_keys.tokens import Claims, signed_token
from shared.contracts.facts import TOKEN_KEY_CHANGED, TokenKeyData
from shared.signatures import SigningKeys, key_id_of
from shared.topics import PEOPLE
from shared.transaction import Transaction

ANNOUNCE_EVERY_SECONDS = 5.0

log = logging.getLogger(__name__)


class NoSigningKeyError(Exception):
    """Nothing signs here, so nobody can sign in."""


async def announce(tx: Transaction[Settings]) -> None:
    """Tell every service what verifies the tokens of this period and the next.

    After the signing key was changed the keys that follow from the former one end with the tokens that are out.
    """
    signer = tx.settings.signer
    if signer is None:
        return
    # The database's clock is the same for all processes, and orders whose keys were told first.
    now = await load_clock(tx.conn)
    period = Period.at(now, tx.settings.token_key_seconds)
    for one in (period, period.next):
        await _usable_keys(tx, one, derived_from=signer.key_id, now=now)
    ended = await store.end_former(tx.conn, derived_from=signer.key_id, at=now + VERIFIES_AFTER)
    for key in ended:
        _tell(tx, key)
    if ended:
        log.info("%d keys of a former signing key verify tokens only until %s", len(ended), ended[0].not_after)


async def sign(tx: Transaction[Settings], *, claims: Claims) -> str:
    """The token that says so, signed with the key of this period. Raises NoSigningKeyError."""
    signer = tx.settings.signer
    if signer is None:
        raise NoSigningKeyError
    now = await load_clock(tx.conn)
    period = Period.at(now, tx.settings.token_key_seconds)
    # Told already, but where the process has only just begun, or the signing key was changed a moment ago.
    await _usable_keys(tx, period.next, derived_from=signer.key_id, now=now)
    keys = await _usable_keys(tx, period, derived_from=signer.key_id, now=now)
    return signed_token(
        claims,
        issuer=tx.settings.token_issuer,
        signing_key=keys.signing_key,
        verifying_key=keys.verifying_key,
        kid=key_id_of(keys.verifying_key),
    )


async def _usable_keys(
    tx: Transaction[Settings], period: Period, *, derived_from: str, now: datetime
) -> SigningKeys:
    """The pair of a period whose tokens will be verified until they end; it is told where it was not."""
    for generation in range(GENERATIONS_MAX_COUNT):
        key = period.token_key(tx.settings.signing_key, generation)
        known = await store.find_token_key(tx.conn, kid=key.kid)
        if known is None and await store.add_token_key(tx.conn, key=key, derived_from=derived_from, at=now):
            _tell(tx, key)
        # One that was ended before its time, because another signing key was tried meanwhile, signs no more.
        if known is None or known.outlives_token_of(now):
            return period.keys(tx.settings.signing_key, generation)
    raise NoSigningKeyError


def _tell(tx: Transaction[Settings], key: TokenKey) -> None:
    data: TokenKeyData = {
        "kid": key.kid,
        "public_key": key.public_key,
        "not_after": key.not_after,
        "revoked": False,
    }
    tx.tell(
        PEOPLE,
        TOKEN_KEY_CHANGED,
        fact_id=f"token-key/{key.kid}/{int(key.not_after.timestamp())}",
        community=INSTALLATION,
        subject=key.kid,
        data=data,
    )
