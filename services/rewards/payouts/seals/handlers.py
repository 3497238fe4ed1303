"""Sealing lists of payouts."""

from collections.abc import Sequence

from services.rewards.payouts.domain import Payout
from services.rewards.payouts.seals import store
from services.rewards.payouts.seals.domain import Seal, SealedTerms, SealStep, seal_of
from shared.transaction import Transaction


async def seal(
    tx: Transaction,
    terms: SealedTerms,
    *,
    payouts: Sequence[Payout],
    step: SealStep,
    by: str,
    file_sha256: str | None = None,
) -> None:
    """Seal the payouts of a run's step, with the bank file once it is written."""
    value = seal_of(terms, payouts, file_sha256=file_sha256)
    await store.add_seal(tx.conn, Seal(terms.community, terms.run_id, step, value, tx.now, by))
