"""The sealed list that a payout stands in: read before anything is locked, and compared again once it is."""

from collections.abc import Sequence
from typing import NamedTuple

from services.rewards.ledger.domain.entries import AlteredError
from services.rewards.ledger.handlers import alarm
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.domain import Actor, Payout, PayoutState, changes_to
from services.rewards.payouts.handlers import change
from services.rewards.payouts.seals import store as seal_store
from services.rewards.payouts.seals.domain import SealedRun, SealStep, seal_of
from services.rewards.payouts.seals.handlers import seal
from shared.transaction import Transaction


class PreparedList(NamedTuple):
    """A run as it is, why it does not fit its seals, and the seal of its list with one more payout."""

    sealed: SealedRun
    reason: str | None
    payouts: Sequence[Payout]
    value: str


async def prepare(tx: Transaction, payout: Payout) -> PreparedList:
    """Read the run of a payout, and work out the seal of its list with the payout in it: a second, of 20,000."""
    payouts = await payout_store.load_payouts(tx.conn, community=payout.community, run_id=payout.run_id)
    sealed = await seal_store.load_sealed_run(tx.conn, payouts, community=payout.community, run_id=payout.run_id)
    reasons = (sealed.why_not(step) for step in (SealStep.COMPUTED, SealStep.APPROVED))
    known = [known for known in sealed.listed(SealStep.COMPUTED) if known.payout_id != payout.payout_id]
    listed = [*known, payout]
    reason = next((reason for reason in reasons if reason is not None), None)
    return PreparedList(sealed, reason, listed, seal_of(sealed.terms, listed))


async def compared(tx: Transaction, payout: Payout, *, prepared: PreparedList | None) -> PreparedList:
    """What was prepared, or what it is by now where somebody was at the list meanwhile; runs are locked.

    Raises AlteredError when the list is not as it was sealed.
    """
    newest = await seal_store.load_newest(tx.conn, community=payout.community, run_ids=[payout.run_id])
    known = {seal.value for seal in prepared.sealed.seals.values()} if prepared else set()
    is_as_it_was = {seal.value for seal in newest.values()} <= known
    if prepared is None or not is_as_it_was or prepared.reason is not None:
        prepared = await prepare(tx, payout)
    if prepared.reason is not None:
        raise alarm(AlteredError(f"payout run {payout.run_id}", prepared.reason))
    return prepared


async def let_be_paid(tx: Transaction, payout: Payout, *, prepared: PreparedList, by: Actor) -> None:
    """Have a held payout of an open run be eligible, and seal its list with it; it was compared."""
    await change(tx, changes_to(PayoutState.ELIGIBLE, [payout]), by=by)
    if prepared.sealed.is_sealed:
        await seal(
            tx,
            prepared.sealed,
            payouts=prepared.payouts,
            step=SealStep.COMPUTED,
            by=by,
            value=prepared.value,
        )
