"""What wallets pay of the points of campaigns, and telling what those may come to.

Awards are booked whatever a wallet has: they were given. Scoring gives no more than it was told may come; what was
given all the same, as when something is withdrawn meanwhile, is not taken from an empty wallet, and is paid once
something comes in.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from uuid import uuid4

from services.rewards.metrics import CAMPAIGNS_LACKING
from services.rewards.settings import Settings
from services.rewards.wallets.domain.campaigns import CampaignKey, CampaignPoints
from services.rewards.wallets.domain.reservations import Reservation, Settling
from services.rewards.wallets.domain.wallets import Funds, MoveKind, UsedFor, Wallet
from services.rewards.wallets.handlers.limits import tell_campaign
from services.rewards.wallets.handlers.moving import TIMER, reserve_all, settle
from services.rewards.wallets.store import campaigns as store
from services.rewards.wallets.store import wallets as wallet_store
from shared.transaction import Transaction


async def note_points(tx: Transaction, points: Iterable[tuple[CampaignKey, int]]) -> None:
    """Note what campaigns awarded, or what of it was taken back; it is paid by a timer."""
    sums: dict[CampaignKey, int] = {}
    for key, amount in points:
        sums[key] = sums.get(key, 0) + amount
    due = [(key, amount) for key, amount in sorted(sums.items()) if amount]
    if due:
        await store.add_due(tx.conn, due)


async def pay_campaigns(tx: Transaction[Settings]) -> None:
    """Timer: have wallets pay what their campaigns awarded, and get back what was taken back."""
    limit = tx.settings.upkeep_max_count
    keys = await store.find_due(tx.conn, limit=limit)
    keys |= {one.key for one in await store.load_unpaid(tx.conn, limit=limit)}
    if keys:
        await _pay(tx, keys)
    CAMPAIGNS_LACKING.set(await store.count_lacking(tx.conn))


async def _pay(tx: Transaction[Settings], keys: Collection[CampaignKey]) -> None:
    # 1. Wallets, campaigns, then what is noted of these: as whoever decides of a wallet takes them.
    found = await store.load_campaigns(tx.conn, keys)
    wallets = await wallet_store.lock_wallets(
        tx.conn, {(one.key.community, one.wallet_id) for one in found.values() if one.wallet_id}
    )
    funds = await wallet_store.load_funds(tx.conn, wallets.values())
    locked = await store.lock_campaigns(tx.conn, keys)
    due = await store.take_due(tx.conn, keys, limit=tx.settings.upkeep_max_count)
    after: list[CampaignPoints] = []
    for key, before in locked.items():
        one = before.awarded(due.get(key, 0))
        # 2. Who was assigned another wallet meanwhile is paid the next time.
        wallet = wallets.get((key.community, one.wallet_id or ""))
        if wallet is not None and wallet.is_open:
            one = await _settle(tx, one, wallet=wallet, funds=funds[wallet.wallet_id])
        after.append(one)
    await store.put_campaigns(tx.conn, after)


async def _settle(
    tx: Transaction[Settings], one: CampaignPoints, *, wallet: Wallet, funds: Funds
) -> CampaignPoints:
    """Pay what a wallet, which is locked, has; or give it back what its campaign took back."""
    if one.unpaid_points > 0:
        amount = min(one.unpaid_points, funds.available)
        if amount:
            made = Reservation(one.key.community, str(uuid4()), wallet.wallet_id, UsedFor.CAMPAIGN, amount, tx.now)
            await reserve_all(tx, [made], by=TIMER)
            await settle(tx, [Settling(one.key.community, made.reservation_id, MoveKind.POST)], by=TIMER)
        one = one.paid(amount)
        return replace(one, is_lacking=one.unpaid_points > 0)
    back = -one.unpaid_points
    if not back:
        return replace(one, is_lacking=False)
    wanted: list[Settling] = []
    left = back
    for paid in await store.load_paying(
        tx.conn,
        community=one.key.community,
        wallet_id=wallet.wallet_id,
        limit=tx.settings.upkeep_max_count,
    ):
        amount = min(left, paid.net)
        left -= amount
        wanted.append(Settling(one.key.community, paid.reservation_id, MoveKind.REFUND, amount))
        if not left:
            break
    if wanted:
        await settle(tx, wanted, by=TIMER)
    one = replace(one.paid(left - back), is_lacking=False)
    if not left:
        return one
    # Another paid it, or none did: then there is no more of what the limit has for free either.
    limit = None if one.limit_points is None else one.limit_points - left
    one = replace(one, free_points=one.free_points - left, limit_points=limit, revision=one.revision + 1)
    tell_campaign(tx, one, root_id=wallet.root_id)
    return one
