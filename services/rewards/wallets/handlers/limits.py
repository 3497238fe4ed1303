"""What the points of campaigns may come to, as their wallets have it: kept, and told to whoever awards them."""

from collections.abc import Sequence
from dataclasses import replace

from services.rewards.wallets.domain.campaigns import CampaignKey, CampaignPoints
from services.rewards.wallets.domain.wallets import Funds, Wallet
from services.rewards.wallets.store import campaigns as store
from services.rewards.wallets.store import wallets as wallet_store
from shared.contracts.facts import WALLET_CAMPAIGN_CHANGED, WalletCampaignData
from shared.topics import WALLETS
from shared.transaction import Transaction


async def assign_campaign(tx: Transaction, wallet: Wallet, *, is_over: bool = False) -> None:
    """Have a wallet, which is locked, pay what its campaign awards from now on; or not any more (`is_over`)."""
    if wallet.campaign_id is None:
        return
    key = CampaignKey(wallet.community, wallet.campaign_id)
    one = (await store.lock_campaigns(tx.conn, [key]))[key]
    if is_over and one.wallet_id != wallet.wallet_id:
        return
    # What was awarded before is nothing to the wallet.
    one = one.awarded(await store.take_due_of(tx.conn, key))
    one = one.assigned(None if is_over else wallet.wallet_id)
    await _keep(tx, one, wallet=wallet, funds=(await wallet_store.load_funds(tx.conn, [wallet]))[wallet.wallet_id])


async def limit_campaigns(tx: Transaction, wallets: Sequence[Wallet]) -> None:
    """Keep and tell what campaigns may come to, whose wallets, which are locked, have more or less than before."""
    of_campaigns = {CampaignKey(one.community, one.campaign_id): one for one in wallets if one.campaign_id}
    known = await store.load_campaigns(tx.conn, of_campaigns) if of_campaigns else {}
    wallet_of = {one.wallet_id: one for one in wallets}
    keys = [key for key, one in known.items() if one.wallet_id in wallet_of]
    if not keys:
        return
    funds = await wallet_store.load_funds(tx.conn, list(wallets))
    for one in (await store.lock_campaigns(tx.conn, keys)).values():
        if one.wallet_id in wallet_of and one.wallet_id is not None:
            await _keep(tx, one, wallet=wallet_of[one.wallet_id], funds=funds[one.wallet_id])


async def _keep(tx: Transaction, one: CampaignPoints, *, wallet: Wallet, funds: Funds) -> None:
    available = funds.available if wallet.is_open else 0
    after = replace(one.limited(available), is_lacking=one.is_lacking and not available)
    await store.put_campaigns(tx.conn, [after])
    if after.revision != one.revision:
        tell_campaign(tx, after, root_id=wallet.root_id)


def tell_campaign(tx: Transaction, one: CampaignPoints, *, root_id: str) -> None:
    """Tell what the points of a campaign may come to."""
    data: WalletCampaignData = {
        "campaign_id": one.key.campaign_id,
        "revision": one.revision,
        "free_points": one.free_points,
    }
    if one.wallet_id is not None:
        data["wallet_id"] = one.wallet_id
    if one.limit_points is not None:
        data["limit_points"] = one.limit_points
    tx.tell(
        WALLETS,
        WALLET_CAMPAIGN_CHANGED,
        fact_id=one.fact_id,
        community=one.key.community,
        subject=root_id,
        data=data,
    )
