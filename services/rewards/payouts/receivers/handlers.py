"""Setting how a member is paid, and opening what was said of their account."""

from uuid import uuid4

import orjson

from services.rewards.payouts.domain import Actor
from services.rewards.payouts.receivers import store
from services.rewards.payouts.receivers.domain import (
    NoReceiverError,
    Receiver,
    ReceiverSet,
    UnconfirmedReceiverError,
    known_by,
)
from services.rewards.payouts.receivers.store import SealedReceiver
from services.rewards.payouts.store import lock_runs
from services.rewards.providers.domain.contract import ProviderName
from services.rewards.settings import Settings
from services.rewards.vouchers.handlers.sealing import sealer_of
from shared.audit import Did
from shared.postgres import Connection
from shared.transaction import Transaction

_SEALED_AT_ONCE_COUNT = 100


async def set_receiver(
    tx: Transaction[Settings],
    receiver: Receiver,
    *,
    community: str,
    member_id: str,
    provider: ProviderName,
    by: Actor,
    is_confirmed: bool,
) -> ReceiverSet:
    """Have a member be paid to an account at a provider from the next run on.

    The same again is no change. Raises UnconfirmedReceiverError where the provider sent money back from it and
    nobody says that it is in order, and NoVoucherKeysError where nothing could be sealed.
    """
    sealer = sealer_of(tx.settings.voucher_keys)
    await lock_runs(tx.conn, community)
    known = await store.find_receiver(tx.conn, community=community, member_id=member_id)
    is_same = known is not None and known.provider is provider
    if known is not None and is_same:
        is_same = (
            await open_receiver(tx.conn, known.receiver_id, community=community, settings=tx.settings) == receiver
        )
    tx.did(_did(known, provider, member_id=member_id, is_changed=not is_same))
    if known is not None and is_same:
        if known.refusal is None:
            return known
        if not is_confirmed:
            raise UnconfirmedReceiverError(known.refusal.words)
    said = ReceiverSet(community, member_id, str(uuid4()), provider, tx.now, by)
    key_id, content = sealer.wrap(orjson.dumps(tuple(receiver)), place=_place(community, said.receiver_id))
    fingerprint, *_ = fingerprints(provider, receiver, community=community, settings=tx.settings)
    return await store.add_receiver(tx.conn, said, sealed_by=key_id, content=content, fingerprint=fingerprint)


async def remove_receiver(tx: Transaction, *, community: str, member_id: str, by: Actor) -> None:
    """Have a member be paid by bank again. Raises NoReceiverError where they are."""
    await lock_runs(tx.conn, community)
    known = await store.find_receiver(tx.conn, community=community, member_id=member_id)
    if known is None:
        raise NoReceiverError(member_id)
    tx.did(_did(known, None, member_id=member_id, is_changed=True))
    said = ReceiverSet(community, member_id, str(uuid4()), None, tx.now, by)
    await store.add_receiver(tx.conn, said, sealed_by=None, content=None, fingerprint=None)


async def open_receiver(
    conn: Connection, receiver_id: str, *, community: str, settings: Settings
) -> Receiver | None:
    """What is said of an account; None where its member was erased, or there is none.

    Raises NoVoucherKeysError where the key that sealed it is gone.
    """
    sealed = await store.find_sealed(conn, community=community, receiver_id=receiver_id)
    return None if sealed is None else opened(sealed, settings=settings)


def fingerprints(provider: ProviderName, receiver: Receiver, *, community: str, settings: Settings) -> list[bytes]:
    """By what an account is found among those of others, under each key, the one that is kept first."""
    sealer = sealer_of(settings.voucher_keys)
    return sealer.fingerprints(f"{community}|receiver|{known_by(provider, receiver.address)}")


def opened(sealed: SealedReceiver, *, settings: Settings) -> Receiver | None:
    """What was sealed; None where its member was erased. Raises NoVoucherKeysError."""
    if sealed.sealed_by is None or sealed.content is None:
        return None
    sealer = sealer_of(settings.voucher_keys)
    place = _place(sealed.community, sealed.receiver_id)
    return Receiver(*orjson.loads(sealer.unwrap(sealed.sealed_by, sealed.content, place=place)))


async def seal_receivers_anew(tx: Transaction[Settings]) -> None:
    """Timer: seal with the first key what another one sealed, and make its fingerprint under that."""
    sealer = sealer_of(tx.settings.voucher_keys)
    if not sealer.key_ids:
        return
    for sealed in await store.lock_sealed_by(tx.conn, sealer.key_ids, limit=_SEALED_AT_ONCE_COUNT):
        receiver = opened(sealed, settings=tx.settings)
        if receiver is not None and sealed.provider is not None:
            place = _place(sealed.community, sealed.receiver_id)
            key_id, content = sealer.wrap(orjson.dumps(tuple(receiver)), place=place)
            fingerprint, *_ = fingerprints(
                sealed.provider, receiver, community=sealed.community, settings=tx.settings
            )
            again = sealed._replace(sealed_by=key_id, content=content)
            await store.set_sealed(tx.conn, again, fingerprint=fingerprint)


def _did(before: ReceiverSet | None, provider: ProviderName | None, *, member_id: str, is_changed: bool) -> Did:
    """What an entry says: by which provider, and never to which account."""
    return Did(
        "receiver.remove" if provider is None else "receiver.set",
        "receiver",
        member_id,
        member_id,
        before={"provider": before.provider if before else None},
        after={"provider": provider, "account_changed": is_changed},
    )


def _place(community: str, receiver_id: str) -> str:
    return f"receiver|{community}|{receiver_id}"
