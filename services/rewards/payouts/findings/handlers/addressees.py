"""Whom payouts go to: by bank as their details say, by a provider once what is said of the account is opened."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from services.rewards.payouts.domain import Payout
from services.rewards.payouts.findings import store
from services.rewards.payouts.findings.domain import PaidTo
from services.rewards.payouts.links.store import MEMBERS_MAX_COUNT, load_paying
from services.rewards.payouts.receivers import store as receiver_store
from services.rewards.payouts.receivers.domain import Receiver, known_by
from services.rewards.payouts.receivers.handlers import fingerprints, opened
from services.rewards.providers.domain.accounts import OWN_ADDRESS, UnknownAccountError
from services.rewards.providers.domain.contract import ProviderName
from services.rewards.providers.handlers.accounts import open_credentials
from services.rewards.providers.store.accounts import find_account
from services.rewards.settings import Settings
from services.rewards.vouchers.domain import NoVoucherKeysError
from shared.merges import load_heads
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Addressees:
    """Whom payouts go to, by payout; the accounts at providers of some; and the payouts whose key is missing."""

    paid_to: Mapping[str, PaidTo]
    receivers: Mapping[str, tuple[ProviderName, Receiver]]
    unopened: Collection[str]


async def load_addressees(
    conn: Connection, payouts: Sequence[Payout], *, community: str, settings: Settings
) -> Addressees:
    """Whom payouts of one community go to; one without an account is left out."""
    paid_to = {
        payout.payout_id: PaidTo(payout.payee.name, payout.payee.iban[:2], f"revision {_revision(payout)}")
        for payout in payouts
        if payout.payee is not None
    }
    receivers: dict[str, tuple[ProviderName, Receiver]] = {}
    unopened = set()
    by_provider = [payout for payout in payouts if payout.receiver_id is not None]
    receiver_ids = {payout.receiver_id for payout in by_provider if payout.receiver_id is not None}
    sealed = {}
    if receiver_ids:
        sealed = await receiver_store.load_sealed(conn, community=community, receiver_ids=receiver_ids)
    for payout in by_provider:
        content = sealed.get(payout.receiver_id or "")
        try:
            receiver = None if content is None else opened(content, settings=settings)
        except NoVoucherKeysError:
            unopened.add(payout.payout_id)
            continue
        if content is not None and content.provider is not None and receiver is not None:
            receivers[payout.payout_id] = (content.provider, receiver)
            paid_to[payout.payout_id] = PaidTo(
                receiver.name, receiver.country or None, f"receiver revision {_revision(payout)}"
            )
    return Addressees(paid_to, receivers, unopened)


async def load_sharing(
    conn: Connection, payouts: Sequence[Payout], *, addressees: Addressees, community: str, settings: Settings
) -> dict[str, int]:
    """How many persons beside its own are paid to the account of each payout, where there are any."""
    sharing = await store.load_sharing(conn, payouts)
    hashes = {
        payout_id: fingerprints(provider, receiver, community=community, settings=settings)
        for payout_id, (provider, receiver) in addressees.receivers.items()
    }
    if not hashes:
        return sharing
    wanted = {fingerprint for of_payout in hashes.values() for fingerprint in of_payout}
    found = await receiver_store.load_members_at(conn, wanted, community=community, limit=MEMBERS_MAX_COUNT)
    heads = await load_heads(conn, keys=[(community, payout.member_id) for payout in payouts])
    for payout in payouts:
        # Under another key it is kept until the timer that seals anew has come to it.
        persons = {one for fingerprint in hashes.get(payout.payout_id, ()) for one in found.get(fingerprint, ())}
        others = persons - {heads.get((community, payout.member_id), payout.member_id)}
        if others:
            sharing[payout.payout_id] = len(others)
    return sharing


async def load_payers(
    conn: Connection, payouts: Sequence[Payout], *, addressees: Addressees, community: str, settings: Settings
) -> set[str]:
    """The payouts that go to an account that the programme pays from, by bank or at the provider."""
    ibans = {payout.payee.iban for payout in payouts if payout.payee}
    paying = await load_paying(conn, community=community, ibans=ibans)
    found = {payout.payout_id for payout in payouts if payout.payee and payout.payee.iban in paying}
    own = {}
    for provider in {provider for provider, _ in addressees.receivers.values()}:
        own[provider] = await _own_account(conn, provider, community=community, settings=settings)
    return found | {
        payout_id
        for payout_id, (provider, receiver) in addressees.receivers.items()
        if own[provider] == known_by(provider, receiver.address)
    }


async def _own_account(
    conn: Connection, provider: ProviderName, *, community: str, settings: Settings
) -> str | None:
    """By what the community's own account is known; None where nobody said so, or no key opens it."""
    account = await find_account(conn, community=community, provider=provider)
    try:
        fields = {} if account is None else open_credentials(account, settings).fields
    except (UnknownAccountError, NoVoucherKeysError):
        return None
    return known_by(provider, fields[OWN_ADDRESS]) if OWN_ADDRESS in fields else None


def _revision(payout: Payout) -> int:
    return payout.payee_set.revision if payout.payee_set else 0
