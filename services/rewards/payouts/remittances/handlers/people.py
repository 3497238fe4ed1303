"""What people do about payouts at providers: have one asked about, taken back, or noted as put right."""

from services.rewards.payouts.domain import Payout
from services.rewards.payouts.remittances import store
from services.rewards.payouts.remittances.domain import (
    AT_PROVIDER,
    NotCancellableError,
    Remittance,
    UnknownRemittanceError,
)
from services.rewards.payouts.store import find_payout
from services.rewards.providers.domain.paying import PaidStanding
from shared.audit import Did
from shared.transaction import Transaction


class NotPutRightError(Exception):
    """Nothing is to be put right, or somebody has to say first what became of the payout."""


async def ask_now(tx: Transaction, *, community: str, payout_id: str) -> Remittance:
    """Have its provider asked now. Raises UnknownRemittanceError."""
    known = await _lock(tx, community=community, payout_id=payout_id)
    await store.hint(
        tx.conn, community=community, provider=known.provider, reference=None, key=payout_id, at=tx.now
    )
    tx.did(_did("ask", known, {}))
    return await _lock(tx, community=community, payout_id=payout_id)


async def take_back(tx: Transaction, *, community: str, payout_id: str) -> Remittance:
    """Have its provider take a payment back that it has not paid yet; what comes of it, its answer says.

    Raises UnknownRemittanceError, and NotCancellableError for one that is paid, or over.
    """
    known = await _lock(tx, community=community, payout_id=payout_id)
    if known.standing not in (None, PaidStanding.SENT) or known.trouble is not None:
        raise NotCancellableError("it is paid or over; what was paid is taken back at the provider itself")
    tx.did(_did("cancel", known, {"is_cancel_asked": True}))
    await store.set_cancel_asked(tx.conn, community=community, payout_id=payout_id, at=tx.now)
    return await _lock(tx, community=community, payout_id=payout_id)


async def acknowledge(tx: Transaction, note: str, *, community: str, payout_id: str) -> Remittance:
    """Note that trouble was put right: it waits for nobody any more.

    Raises UnknownRemittanceError, and NotPutRightError where there is none, or nobody has said yet what became of
    the payout.
    """
    known = await _lock(tx, community=community, payout_id=payout_id)
    payout: Payout | None = await find_payout(tx.conn, community=community, payout_id=payout_id)
    if known.trouble is None:
        raise NotPutRightError("there is no trouble with it")
    if payout is None or payout.state in AT_PROVIDER:
        raise NotPutRightError(f"first say what became of it: POST /v1/payout-runs/{known.run_id}/outcomes")
    tx.did(_did("acknowledge", known, {"note": note}))
    ended = known.ended(note)
    await store.set_remittance(tx.conn, ended)
    return ended


async def _lock(tx: Transaction, *, community: str, payout_id: str) -> Remittance:
    known = await store.lock_remittance(tx.conn, community=community, payout_id=payout_id)
    if known is None:
        raise UnknownRemittanceError(payout_id)
    return known


def _did(verb: str, known: Remittance, after: dict[str, object]) -> Did:
    return Did(
        f"remittance.{verb}",
        "remittance",
        known.payout_id,
        before={"standing": known.standing, "trouble": known.trouble},
        after={"provider": known.provider, **after},
    )
