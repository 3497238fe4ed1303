"""Ending redemptions: confirmed, cancelled, or expired."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from services.rewards.fulfilment import handlers as fulfilment
from services.rewards.fulfilment.domain import Parcel
from services.rewards.fulfilment.store import find_fulfilment
from services.rewards.ledger.domain.entries import AlteredError
from services.rewards.ledger.handlers import alarm
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots.handlers.uses import carry_out, note_part_back
from services.rewards.lots.store import load_uses
from services.rewards.redemptions import store
from services.rewards.redemptions.domain import (
    STEPS,
    Redemption,
    RedemptionClosedError,
    RedemptionState,
    UnknownRedemptionError,
    altered,
    next_state,
)
from services.rewards.redemptions.handlers.telling import did, tell, tell_lots_back
from services.rewards.settings import Settings
from services.rewards.turns.handlers import take_turn
from services.rewards.vouchers.domain import GivenCode
from services.rewards.wallets.domain.wallets import MoveKind
from services.rewards.wallets.handlers.paying import WHOLE, settle_redemptions
from shared.access_keys import check_not_about_oneself
from shared.merges import find_head
from shared.transaction import Transaction

TIMER = "timer"


async def finish(
    tx: Transaction,
    *,
    community: str,
    redemption_id: str,
    wanted: RedemptionState,
    by: str,
    person_id: str | None = None,
    member_id: str | None = None,
    points: int | None = None,
) -> Redemption:
    """Confirm or cancel a redemption; asking again changes nothing. Return the redemption.

    Confirmed for fewer `points` than are reserved, the rest goes back to its lots in the same transaction.

    With `member_id` only one of that member's, or of who is merged into them, is found: they end it themselves.
    `person_id` confirms for others alone. Raises UnknownRedemptionError, AboutYourselfError when they confirm what
    is their own, RedemptionClosedError when it ended otherwise or its time is over, NotReservedError when fewer
    points are reserved, and AlteredError when it is not as it was reserved.
    """
    redemption = await store.lock_redemption(tx.conn, community=community, redemption_id=redemption_id)
    if redemption is None:
        raise UnknownRedemptionError(redemption_id)
    if member_id is not None:
        head_id = await find_head(tx.conn, community=community, member_id=redemption.member_id)
        if member_id not in (redemption.member_id, head_id):
            raise UnknownRedemptionError(redemption_id)
    if wanted is RedemptionState.CONFIRMED:
        await check_not_about_oneself(
            tx.conn, community=community, person_id=person_id, members=[redemption.member_id]
        )
    state = next_state(redemption.state, wanted, expires_at=redemption.expires_at, now=tx.now)
    verb = "confirm" if wanted == RedemptionState.CONFIRMED else "cancel"
    command = f"redemption.{verb}" if member_id is None else f"redemption.{verb}_own"
    before: dict[str, Any] = {"state": redemption.state}
    ended = redemption
    if points is not None and state != redemption.state:
        ended, before = redemption.spending(points), {**before, "points": redemption.points}
    tx.did(did(command, ended, before, state=state))
    if state == redemption.state:
        if points not in (None, redemption.points):
            raise RedemptionClosedError(redemption.state, wanted)
        return redemption
    going = await find_fulfilment(tx.conn, community=community, redemption_id=redemption_id)
    if going is not None:
        is_confirmed = state is RedemptionState.CONFIRMED
        going.check_may_end(fulfilled=is_confirmed, by_member=member_id is not None)
    for error in (await _altered(tx, [redemption])).values():
        raise alarm(error)
    return (await _end(tx, [ended], state=state, by=by))[0]


async def fulfil(
    tx: Transaction,
    *,
    community: str,
    redemption_id: str,
    by: str,
    parcel: Parcel | None = None,
    code: GivenCode | None = None,
) -> Redemption:
    """Confirm what arrived, or is on its way to its member, whoever saw to it; again changes nothing.

    `code` is what came with it, as it is told.

    Raises UnknownRedemptionError, UnknownFulfilmentError, RedemptionClosedError when it ended otherwise, and
    AlteredError when it is not as it was reserved.
    """
    return await _settle(
        tx,
        RedemptionState.CONFIRMED,
        community=community,
        redemption_id=redemption_id,
        by=by,
        parcel=parcel,
        code=code,
    )


async def fail(tx: Transaction, *, community: str, redemption_id: str, by: str, reason: str) -> Redemption:
    """Give the points back for what cannot be sent or had, and tell its member why; again changes nothing.

    Raises UnknownRedemptionError, UnknownFulfilmentError, RedemptionClosedError when it ended otherwise, and
    AlteredError when it is not as it was reserved.
    """
    return await _settle(
        tx, RedemptionState.CANCELLED, community=community, redemption_id=redemption_id, by=by, reason=reason
    )


async def _settle(
    tx: Transaction,
    wanted: RedemptionState,
    *,
    community: str,
    redemption_id: str,
    by: str,
    reason: str | None = None,
    code: GivenCode | None = None,
    parcel: Parcel | None = None,
) -> Redemption:
    redemption = await store.lock_redemption(tx.conn, community=community, redemption_id=redemption_id)
    if redemption is None:
        raise UnknownRedemptionError(redemption_id)
    await fulfilment.load(tx, community=community, redemption_id=redemption_id)
    if redemption.state is wanted:
        return redemption
    if STEPS.find(redemption.state, wanted) is None:
        raise RedemptionClosedError(redemption.state, wanted)
    for error in (await _altered(tx, [redemption])).values():
        raise alarm(error)
    codes = {redemption_id: code} if code is not None else None
    return (await _end(tx, [redemption], state=wanted, by=by, reason=reason, parcel=parcel, codes=codes))[0]


async def expire_reservations(tx: Transaction[Settings]) -> bool:
    """Timer: give back what was reserved for too long, of each community a share; True while there may be more.

    What was altered is left, and the others are not.
    """
    turn = await take_turn(tx, store.OVERDUE)
    overdue = await store.lock_overdue(tx.conn, turn, now=tx.now)
    if not overdue:
        return False
    errors = await _altered(tx, overdue)
    for error in errors.values():
        alarm(error)
    good = [redemption for redemption in overdue if redemption.redemption_id not in errors]
    if good:
        await _end(tx, good, state=RedemptionState.EXPIRED, by=TIMER)
    return turn.may_leave_some(redemption.community for redemption in good)


async def _altered(tx: Transaction, redemptions: Sequence[Redemption]) -> dict[str, AlteredError]:
    """What is wrong with those that are not as the ledger and the lots have them, by redemption."""
    transfer_ids = [transfer for redemption in redemptions for transfer in redemption.ends()]
    booked = await ledger_store.load_booked(tx.conn, transfer_ids=transfer_ids)
    used = await load_uses(tx.conn, [redemption.use for redemption in redemptions])
    errors = {}
    for redemption in redemptions:
        error = altered(redemption, booked=booked, used=used.get(redemption.redemption_id, ()))
        if error is not None:
            errors[redemption.redemption_id] = error
    return errors


async def _end(
    tx: Transaction,
    redemptions: Sequence[Redemption],
    *,
    state: RedemptionState,
    by: str,
    reason: str | None = None,
    codes: Mapping[str, GivenCode] | None = None,
    parcel: Parcel | None = None,
) -> list[Redemption]:
    ended = [redemption.becoming(state, by=by, now=tx.now) for redemption in redemptions]
    await store.set_states(tx.conn, ended)
    await fulfilment.end(
        tx,
        [(redemption.community, redemption.redemption_id) for redemption in ended],
        fulfilled=state is RedemptionState.CONFIRMED,
        by=by,
        reason=reason,
        parcel=parcel,
    )
    spent = state is RedemptionState.CONFIRMED
    keys = {
        (one.community, one.redemption_id): Fraction(one.points, one.reserved_points)
        if one.reserved_points
        else WHOLE
        for one in ended
    }
    await settle_redemptions(tx, keys, kind=MoveKind.POST if spent else MoveKind.VOID, by=by)
    for one in ended:
        if (rest := one.rest) is not None:
            tell_lots_back(tx, one, lots=await note_part_back(tx, rest, points=rest.points))
    # What was given for nothing moves nothing.
    moved = [made for one in ended for made in one.movements(RedemptionState.RESERVED) if made.use.points]
    await carry_out(tx, moved)
    tell(tx, ended, codes=codes)
    return ended
