"""Fulfilments begin with a redemption, go on by whoever sees to them, and end as the redemption ends.

Whoever calls has locked the redemption. `services.rewards.redemptions.handlers.ending` has `fulfil` and `fail`,
which end both together; what happens between the two is `advance`.
"""

from collections.abc import Sequence

from services.rewards.fulfilment import store
from services.rewards.fulfilment.domain import (
    UNDER_WAY,
    FulfilledBy,
    Fulfilment,
    FulfilmentState,
    Parcel,
    UnknownFulfilmentError,
)
from services.rewards.metrics import FULFILMENTS
from shared.transaction import Transaction


async def begin(
    tx: Transaction, *, community: str, redemption_id: str, fulfilled_by: FulfilledBy, by: str
) -> None:
    """Have somebody see to it that what was just redeemed arrives."""
    await store.add_fulfilment(
        tx.conn,
        Fulfilment(
            community=community,
            redemption_id=redemption_id,
            by=fulfilled_by,
            state=FulfilmentState.RESERVED,
            created_at=tx.now,
            changed_at=tx.now,
            changed_by=by,
        ),
    )
    FULFILMENTS.labels(FulfilmentState.RESERVED).inc()


async def load(tx: Transaction, *, community: str, redemption_id: str) -> Fulfilment:
    """The fulfilment of a redemption that is locked. Raises UnknownFulfilmentError."""
    found = await store.find_fulfilment(tx.conn, community=community, redemption_id=redemption_id)
    if found is None:
        raise UnknownFulfilmentError(redemption_id)
    return found


async def advance(tx: Transaction, fulfilments: Sequence[Fulfilment]) -> None:
    """Write fulfilments in states that they reached (`becoming`)."""
    if not fulfilments:
        return
    await store.set_states(tx.conn, fulfilments)
    for fulfilment in fulfilments:
        FULFILMENTS.labels(fulfilment.state).inc()


async def end(
    tx: Transaction,
    keys: Sequence[tuple[str, str]],
    *,
    fulfilled: bool,
    by: str,
    reason: str | None = None,
    parcel: Parcel | None = None,
) -> None:
    """Note that redemptions ended, as far as they have fulfilments: fulfilled, or their points are back.

    What failed, with a reason, is told apart from what was given up. Raises WrongFulfilmentError.
    """
    found = await store.load_fulfilments(tx.conn, keys)
    if not fulfilled:
        failing = [
            one
            for one in found
            if one.state in UNDER_WAY or (reason is not None and one.state is FulfilmentState.RESERVED)
        ]
        failed = [one.becoming(FulfilmentState.FAILED, by=by, now=tx.now, reason=reason) for one in failing]
        await advance(tx, failed)
        by_id = {one.redemption_id: one for one in failed}
        found = [by_id.get(one.redemption_id, one) for one in found]
    state = FulfilmentState.FULFILLED if fulfilled else FulfilmentState.COMPENSATED
    await advance(tx, [one.becoming(state, by=by, now=tx.now, parcel=parcel) for one in found])
