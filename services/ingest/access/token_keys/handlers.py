"""The keys that verify tokens are told to every service one period ahead, under our signature."""

import logging

from services.ingest.access.token_keys import store
from services.ingest.access.token_keys.domain import VERIFIES_AFTER, Period, TokenKey
from services.ingest.settings import Settings
from shared.access_keys import INSTALLATION
from shared.access_keys.tokens import Claims, signed_token
from shared.contracts.facts import TOKEN_KEY_CHANGED, TokenKeyData
from shared.signatures import key_id_of
from shared.topics import PEOPLE
from shared.transaction import Transaction

ANNOUNCE_EVERY_SECONDS = 5.0

log = logging.getLogger(__name__)


class NoSigningKeyError(Exception):
    """Nothing signs here, so nobody can sign in."""


async def announce(tx: Transaction[Settings]) -> None:
    """Tell every service what verifies the tokens of this period and the next.

    After the signing key was changed the keys that the former one made end with the tokens that are out.
    """
    signer = tx.settings.signer
    if signer is None:
        return
    period = Period.at(tx.now, tx.settings.token_key_seconds)
    keys = [one.token_key(tx.settings.signing_key) for one in (period, period.next)]
    for key in keys:
        if await store.add_token_key(tx.conn, key=key, signed_with=signer.key_id):
            _tell(tx, key)
    ended = await store.end_others(
        tx.conn,
        kids=[key.kid for key in keys],
        beginning=signer.key_id,
        at=tx.now + VERIFIES_AFTER,
        signed_with=signer.key_id,
    )
    for key in ended:
        _tell(tx, key)
    if ended:
        log.info("%d keys of the former signing key verify tokens only until %s", len(ended), ended[0].not_after)


async def sign(tx: Transaction[Settings], *, claims: Claims) -> str:
    """The token that says so, signed with the key of this period. Raises NoSigningKeyError."""
    if tx.settings.signer is None:
        raise NoSigningKeyError
    period = Period.at(tx.now, tx.settings.token_key_seconds)
    # Told already, but where the process has only just begun, or the signing key was changed a moment ago.
    await announce(tx)
    keys = period.keys(tx.settings.signing_key)
    return signed_token(
        claims,
        issuer=tx.settings.token_issuer,
        signing_key=keys.signing_key,
        verifying_key=keys.verifying_key,
        kid=key_id_of(keys.verifying_key),
    )


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
