"""Checking everything: on request, and every community's by a timer."""

import asyncio
import logging

from services.rewards.checks import store
from services.rewards.checks.domain import Findings
from services.rewards.ledger.store.check import FINDINGS_MAX_COUNT, check_ledger, see_one_moment
from services.rewards.metrics import ALTERED, LEDGER_CHECKED, LEDGER_DIFFERENCES
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.runs import store as run_store
from services.rewards.payouts.runs.domain.runs import Run
from services.rewards.payouts.runs.domain.sealing import SealDifference, differences
from services.rewards.payouts.seals.store import load_sealed_run
from services.rewards.settings import Settings
from shared.postgres import Connection
from shared.transaction import Transaction

RUNS_AT_ONCE_COUNT = 500

log = logging.getLogger(__name__)


async def check_all(tx: Transaction[Settings]) -> None:
    """Timer: check every community's books, show how much is wrong as metrics, and log what."""
    await see_one_moment(tx.conn)
    found = await check(tx.conn, community=None, timeout_seconds=tx.settings.ledger_check_seconds)
    for line in found.lines():
        log.error("the check of the ledger found: %s", line)
    LEDGER_DIFFERENCES.set(found.differences)
    ALTERED.set(found.altered)
    LEDGER_CHECKED.set(tx.now.timestamp())


async def check(conn: Connection, *, community: str | None, timeout_seconds: float) -> Findings:
    """Check the ledger, and what stands on it, of one community, or of all (None).

    At most FINDINGS_MAX_COUNT of each kind are listed. Call it in a transaction that sees one moment, so that all
    parts do. Each part may take `timeout_seconds`. Raises TimeoutError when one takes longer.
    """
    return Findings(
        ledger=await check_ledger(conn, community=community, timeout_seconds=timeout_seconds),
        accounts=await store.compare_accounts(conn, community=community, timeout_seconds=timeout_seconds),
        uses=await store.compare_uses(conn, community=community, timeout_seconds=timeout_seconds),
        states=await store.compare_states(conn, community=community, timeout_seconds=timeout_seconds),
        seals=await _compare_seals(conn, community=community, timeout_seconds=timeout_seconds),
    )


async def _compare_seals(
    conn: Connection, *, community: str | None, timeout_seconds: float
) -> list[SealDifference]:
    """Runs that do not fit their seals: one after the other, so that only one is in memory."""
    found: list[SealDifference] = []
    last: Run | None = None
    async with asyncio.timeout(timeout_seconds):
        while len(found) < FINDINGS_MAX_COUNT:
            runs = await run_store.page_of_all_runs(
                conn, community=community, after=last, limit=RUNS_AT_ONCE_COUNT
            )
            if not runs:
                break
            last = runs[-1]
            for run in runs:
                key = {"community": run.community, "run_id": run.run_id}
                payouts = await payout_store.load_payouts(conn, **key)
                found += differences(run, await load_sealed_run(conn, payouts, **key))
    return found[:FINDINGS_MAX_COUNT]
