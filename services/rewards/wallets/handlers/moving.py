"""What is in wallets moves: set aside for a cause, spent, freed, given back; never more than there is.

A wallet's row is locked before its accounts are looked at, all wallets of a transaction in one call and before any
member's points (see rewards' README), so that of any number who spend at once those get it who come first.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.rewards.ledger.store import entries as ledger_store
from services.rewards.metrics import WALLET_MOVES, WALLETS_REFUSED
from services.rewards.settings import Settings
from services.rewards.turns.handlers import take_turn
from services.rewards.wallets.domain.reservations import Reservation, Settling, UnknownReservationError
from services.rewards.wallets.domain.wallets import (
    Move,
    MoveKind,
    UnknownWalletError,
    UsedFor,
    Wallet,
    WalletActor,
    WalletExceededError,
    WalletRefusedError,
)
from services.rewards.wallets.handlers.limits import limit_campaigns
from services.rewards.wallets.handlers.telling import tell_moves, tell_wallet
from services.rewards.wallets.store import wallets as store
from shared.transaction import Transaction

TIMER = WalletActor(None, "timer")


async def reserve(
    tx: Transaction,
    *,
    community: str,
    wallet_id: str,
    reservation_id: str,
    amount: int,
    used_for: UsedFor,
    by: WalletActor,
    expires_at: datetime | None = None,
) -> Reservation:
    """Set so much (points or minor units) of a wallet aside; what was set aside under that id is the answer again.

    What has an `expires_at` is freed then, unless it was spent. Raises UnknownWalletError, WalletRefusedError when
    the wallet is frozen or closed or the id stands for something else, and WalletExceededError when less is left.
    """
    wanted = Reservation(community, reservation_id, wallet_id, used_for, amount, tx.now, expires_at)
    return (await reserve_all(tx, [wanted], by=by))[0]


async def reserve_all(tx: Transaction, wanted: Sequence[Reservation], *, by: WalletActor) -> list[Reservation]:
    """Set aside what is wanted, of all wallets at once, or nothing: see reserve."""
    wallets = await store.lock_wallets(tx.conn, {(one.community, one.wallet_id) for one in wanted})
    known = {
        (one.community, one.reservation_id): one
        for one in await store.load_reservations(tx.conn, [(one.community, one.reservation_id) for one in wanted])
    }
    funds = await store.load_funds(tx.conn, wallets.values())
    left = {wallet_id: found.available for wallet_id, found in funds.items()}
    made, moves = [], []
    for one in wanted:
        wallet = wallets.get((one.community, one.wallet_id))
        if wallet is None:
            raise UnknownWalletError(one.wallet_id)
        there = known.get((one.community, one.reservation_id))
        if there is not None:
            if (there.wallet_id, there.amount, there.used_for) != (one.wallet_id, one.amount, one.used_for):
                raise WalletRefusedError("That id stands for something else that was set aside")
            made.append(there)
            continue
        try:
            wallet.check_spendable()
            wallet.check_holds(funds[wallet.wallet_id]._replace(available=left[wallet.wallet_id]), one.amount)
        except (WalletRefusedError, WalletExceededError):
            WALLETS_REFUSED.inc()
            raise
        left[wallet.wallet_id] -= one.amount
        await store.put_reservation(tx.conn, one)
        moves.append(one.move(MoveKind.RESERVE, one.amount, by=by, now=tx.now))
        made.append(one)
    until = {one.reservation_id: one.expires_at for one in made if one.expires_at is not None}
    await carry_out_moves(
        tx, moves, wallets={wallet.wallet_id: wallet for wallet in wallets.values()}, until=until
    )
    return made


async def post(
    tx: Transaction, *, community: str, reservation_id: str, by: WalletActor, amount: int | None = None
) -> Reservation:
    """Spend what was set aside, or `amount` of it; the rest stays set aside. Nothing left changes nothing.

    Raises UnknownReservationError, and WalletRefusedError when less is set aside.
    """
    wanted = Settling(community, reservation_id, MoveKind.POST, amount)
    return (await settle(tx, [wanted], by=by))[0]


async def void(
    tx: Transaction, *, community: str, reservation_id: str, by: WalletActor, amount: int | None = None
) -> Reservation:
    """Free what was set aside, or `amount` of it. Nothing left to free changes nothing. Raises as post does."""
    wanted = Settling(community, reservation_id, MoveKind.VOID, amount)
    return (await settle(tx, [wanted], by=by))[0]


async def refund(
    tx: Transaction, *, community: str, reservation_id: str, by: WalletActor, amount: int | None = None
) -> Reservation:
    """Bring back what was spent, or `amount` of it. Nothing to bring back changes nothing. Raises as post does."""
    wanted = Settling(community, reservation_id, MoveKind.REFUND, amount)
    return (await settle(tx, [wanted], by=by))[0]


async def settle(tx: Transaction, wanted: Sequence[Settling], *, by: WalletActor) -> list[Reservation]:
    """Spend, free or bring back what was set aside, of all wallets at once: see post, void and refund."""
    keys = [(one.community, one.reservation_id) for one in wanted]
    before = await store.load_reservations(tx.conn, keys)
    wallets = await store.lock_wallets(tx.conn, {(one.community, one.wallet_id) for one in before})
    # What was read before the lock may have moved meanwhile.
    there = {(one.community, one.reservation_id): one for one in await store.load_reservations(tx.conn, keys)}
    moves = []
    for one, key in zip(wanted, keys, strict=True):
        if key not in there:
            raise UnknownReservationError(one.reservation_id)
        reservation = there[key]
        amount = one.amount
        if amount is None:
            amount = reservation.net if one.kind is MoveKind.REFUND else reservation.left
        if amount == 0:
            continue
        moved = reservation.moved(one.kind, amount)
        await store.put_reservation(tx.conn, moved)
        moves.append(moved.move(one.kind, amount, by=by, now=tx.now))
        there[key] = moved
    await carry_out_moves(tx, moves, wallets={wallet.wallet_id: wallet for wallet in wallets.values()})
    return [there[key] for key in keys]


async def carry_out_moves(
    tx: Transaction,
    moves: Sequence[Move],
    *,
    wallets: Mapping[str, Wallet],
    until: Mapping[str, datetime] | None = None,
) -> None:
    """Book moves of wallets, which are locked, note and tell them; owners of a wallet that gets low are told.

    `until` is when what is set aside is freed, by reservation.
    """
    if not moves:
        return
    await store.add_moves(tx.conn, moves)
    await ledger_store.post(
        tx.conn,
        [one.transfer(tx.now) for one in moves],
        entries=[entry for one in moves for entry in one.entries(wallets)],
        now=tx.now,
    )
    tell_moves(tx, moves, wallets=wallets, until=until or {})
    for one in moves:
        WALLET_MOVES.labels(one.kind).inc()
    touched = {wallet_id for one in moves for wallet_id in (one.wallet_id, one.to_wallet_id) if wallet_id}
    await note_low(tx, [wallets[wallet_id] for wallet_id in sorted(touched)])
    # What is paid of a campaign leaves what that may come to as it is.
    others = [one for one in moves if one.used_for is not UsedFor.CAMPAIGN]
    changed = {wallet_id for one in others for wallet_id in (one.wallet_id, one.to_wallet_id) if wallet_id}
    await limit_campaigns(tx, [wallets[wallet_id] for wallet_id in sorted(changed)])


async def note_low(tx: Transaction, wallets: Sequence[Wallet]) -> None:
    """Note and tell of wallets, which are locked, that became low or are not any more."""
    funds = await store.load_funds(tx.conn, wallets)
    for wallet in wallets:
        is_low = wallet.is_lower_than_wanted(funds[wallet.wallet_id].available)
        if is_low == wallet.is_low:
            continue
        changed = wallet.changed(by=TIMER, now=tx.now, is_low=is_low)
        await store.put_wallet(tx.conn, changed)
        await tell_wallet(tx, changed, available=funds[wallet.wallet_id].available)


async def free_expired(tx: Transaction[Settings]) -> bool:
    """Timer: free what was set aside for too long, of each community a share; True while there may be more."""
    turn = await take_turn(tx, store.OVERDUE)
    over = await store.load_expired(tx.conn, turn, now=tx.now)
    if over:
        wanted = [Settling(one.community, one.reservation_id, MoveKind.VOID) for one in over]
        await settle(tx, wanted, by=TIMER)
    return turn.may_leave_some(one.community for one in over)
