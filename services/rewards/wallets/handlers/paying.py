"""What redemptions and payout runs take from wallets: from which, and what becomes of it. Without one, nothing."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from services.rewards.ledger.domain.entries import derived_id
from services.rewards.metrics import WALLETS_OVERRUN
from services.rewards.wallets.domain.decisions import Spends, applying
from services.rewards.wallets.domain.reservations import Reservation, Settling
from services.rewards.wallets.domain.wallets import (
    BudgetUsedUpError,
    MoveKind,
    UsedFor,
    WalletActor,
    WalletExceededError,
    WalletRefusedError,
)
from services.rewards.wallets.handlers.moving import reserve, reserve_all, settle
from services.rewards.wallets.store import decisions as decision_store
from services.rewards.wallets.store import wallets as store
from shared.transaction import Transaction

#: All that was set aside for something.
WHOLE: Final = Fraction(1)


async def reserve_redemption(
    tx: Transaction,
    redemption: tuple[str, str],
    *,
    reward_id: str,
    points: int,
    by: str,
    cost: tuple[str, int] | None = None,
) -> None:
    """Set aside what a redemption, by community and id, takes from its wallet, if any pays for it.

    `cost` is what was quoted for it, by currency: a wallet of money in that currency pays it instead of what was
    agreed for each piece.

    Raises BudgetUsedUpError when less is left, or the wallet is not open: whoever redeems is not told which.
    """
    community, redemption_id = redemption
    assignments = await decision_store.load_assignments(tx.conn, community=community, spends=Spends.REDEMPTIONS)
    paid_from = applying(assignments, reward_id)
    if paid_from is None:
        return
    amount = paid_from.cost(points)
    if cost is not None and paid_from.unit_cost is not None:
        currency, quoted = cost
        wallet = await store.find_wallet(tx.conn, community=community, wallet_id=paid_from.wallet_id)
        if wallet is not None and wallet.currency == currency:
            amount = quoted
    if amount == 0:
        return
    try:
        await reserve(
            tx,
            community=community,
            wallet_id=paid_from.wallet_id,
            reservation_id=redemption_id,
            amount=amount,
            used_for=UsedFor.REDEMPTION,
            by=WalletActor(None, by),
        )
    except (WalletExceededError, WalletRefusedError) as error:
        raise BudgetUsedUpError from error


async def settle_redemptions(
    tx: Transaction, shares: Mapping[tuple[str, str], Fraction], *, kind: MoveKind, by: str
) -> None:
    """Spend or free what redemptions, by community and id, had set aside; most have nothing.

    The share is what of it is spent or freed, rounded up; the rest of one that is spent in part is freed.
    """
    known = await store.load_reservations(tx.conn, list(shares))
    wanted = []
    for one in known:
        share = shares[one.community, one.reservation_id]
        amount = None if share == 1 else math.ceil(share * one.left)
        wanted.append(Settling(one.community, one.reservation_id, kind, amount))
        if amount is not None:
            wanted.append(Settling(one.community, one.reservation_id, MoveKind.VOID))
    if wanted:
        await settle(tx, wanted, by=WalletActor(None, by))


async def refund_redemption(tx: Transaction, redemption: tuple[str, str], *, kept: Fraction, by: str) -> None:
    """Bring back to its wallet what a redemption, by community and id, spent, but for the share that is `kept`.

    What stays spent is rounded up, so that all parts together bring back what was spent and no more. Most spent
    nothing.
    """
    for one in await store.load_reservations(tx.conn, [redemption]):
        amount = one.net - math.ceil(kept * one.posted)
        if amount > 0:
            wanted = Settling(one.community, one.reservation_id, MoveKind.REFUND, amount)
            await settle(tx, [wanted], by=WalletActor(None, by))


async def reserve_run(
    tx: Transaction, *, community: str, run_id: str, currency: str, amount: int, by: WalletActor
) -> None:
    """Set aside what a payout run pays, where a wallet pays payouts in its currency. Raises as reserve does."""
    assignments = await decision_store.load_assignments(tx.conn, community=community, spends=Spends.PAYOUTS)
    wallet_id = next((one.wallet_id for one in assignments if one.currency == currency), None)
    if wallet_id is None or amount == 0:
        return
    await reserve(
        tx,
        community=community,
        wallet_id=wallet_id,
        reservation_id=run_id,
        amount=amount,
        used_for=UsedFor.PAYOUT_RUN,
        by=by,
    )


async def lock_runs_wallet(tx: Transaction, *, community: str, run_id: str) -> None:
    """Lock the wallet that a run takes from, before members' points are."""
    known = await store.load_reservations(tx.conn, [(community, run_id)])
    await store.lock_wallets(tx.conn, [(one.community, one.wallet_id) for one in known])


async def settle_run(
    tx: Transaction,
    amounts: Mapping[MoveKind, int],
    *,
    community: str,
    run_id: str,
    after_all: Mapping[str, int],
    by: WalletActor,
) -> None:
    """Spend, free or bring back parts of what a run had set aside, if it had.

    `after_all` is money, by payout, that had come back and left all the same, as the bank says now: that cannot be
    refused. What the wallet lacks of it is not booked on it, and counted.
    """
    known = await store.load_reservations(tx.conn, [(community, run_id)])
    if not known:
        return
    (reserved,) = known
    wanted = [Settling(community, run_id, kind, amount) for kind, amount in amounts.items() if amount]
    if wanted:
        await settle(tx, wanted, by=by)
    if after_all:
        await _take_after_all(tx, reserved, after_all=after_all, by=by)


async def _take_after_all(
    tx: Transaction, reserved: Reservation, *, after_all: Mapping[str, int], by: WalletActor
) -> None:
    locked = await store.lock_wallets(tx.conn, [(reserved.community, reserved.wallet_id)])
    wallet = locked[reserved.community, reserved.wallet_id]
    available = (await store.load_funds(tx.conn, [wallet]))[wallet.wallet_id].available
    left = min(available, sum(after_all.values())) if wallet.is_open else 0
    missing = sum(after_all.values()) - left
    if missing:
        WALLETS_OVERRUN.inc()
    wanted = []
    for payout_id, amount in sorted(after_all.items()):
        taken = min(amount, left)
        left -= taken
        if taken:
            made = derived_id(f"wallet after all|{payout_id}")
            wanted.append(
                Reservation(reserved.community, made, reserved.wallet_id, UsedFor.PAYOUT_RUN, taken, tx.now)
            )
    await reserve_all(tx, wanted, by=by)
    spent = [Settling(one.community, one.reservation_id, MoveKind.POST) for one in wanted]
    if spent:
        await settle(tx, spent, by=by)
