"""Checking everything: on request, and every community's by a timer."""

import asyncio
import logging
from collections.abc import AsyncIterator

from aiokafka.errors import KafkaError

from services.rewards.chain.store import compare_blocks
from services.rewards.checks import store
from services.rewards.checks.domain import Findings
from services.rewards.ledger.store.check import FINDINGS_MAX_COUNT, check_ledger, see_one_moment
from services.rewards.metrics import ALTERED, LEDGER_CHECKED, LEDGER_DIFFERENCES
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.runs import store as run_store
from services.rewards.payouts.runs.domain.runs import Run, RunState
from services.rewards.payouts.runs.domain.sealing import SealDifference, differences, told_differences
from services.rewards.payouts.seals.handlers import load_told
from services.rewards.payouts.seals.store import is_waiting_to_be_told, load_sealed_run
from services.rewards.settings import Settings
from shared.postgres import Connection
from shared.told import Told
from shared.transaction import Transaction

RUNS_AT_ONCE_COUNT = 500

log = logging.getLogger(__name__)


async def check_all(tx: Transaction[Settings]) -> None:
    """Timer: check every community's books, show how much is wrong as metrics, and log what."""
    await see_one_moment(tx.conn)
    found = await check(tx.conn, tx.told, community=None, timeout_seconds=tx.settings.ledger_check_seconds)
    if not found.is_told_compared:
        log.warning("the check of the ledger could not compare seals with payouts.v1")
    for line in found.lines():
        log.error("the check of the ledger found: %s", line)
    LEDGER_DIFFERENCES.set(found.differences)
    ALTERED.set(found.altered)
    LEDGER_CHECKED.set(tx.now.timestamp())


async def check(conn: Connection, told: Told | None, *, community: str | None, timeout_seconds: float) -> Findings:
    """Check the ledger, and what stands on it, of one community, or of all (None).

    At most FINDINGS_MAX_COUNT of each kind are listed. Call it in a transaction that sees one moment, so that all
    parts do. Each part may take `timeout_seconds`. Raises TimeoutError when one takes longer; of the one that asks
    the broker the findings say that it was not made.
    """
    seals = await _compare_seals(conn, community=community, timeout_seconds=timeout_seconds)
    not_told = await _compare_told(conn, told, community=community, timeout_seconds=timeout_seconds)
    return Findings(
        ledger=await check_ledger(conn, community=community, timeout_seconds=timeout_seconds),
        accounts=await store.compare_accounts(conn, community=community, timeout_seconds=timeout_seconds),
        uses=await store.compare_uses(conn, community=community, timeout_seconds=timeout_seconds),
        states=await store.compare_states(conn, community=community, timeout_seconds=timeout_seconds),
        seals=[*seals, *(not_told or ())][:FINDINGS_MAX_COUNT],
        blocks=await compare_blocks(
            conn, community=community, limit=FINDINGS_MAX_COUNT, timeout_seconds=timeout_seconds
        ),
        is_told_compared=not_told is not None,
    )


async def _compare_told(
    conn: Connection, told: Told | None, *, community: str | None, timeout_seconds: float
) -> list[SealDifference] | None:
    """Runs whose seals are not those that were told; None when the broker does not show that, or not in time."""
    if told is None:
        return None
    found: list[SealDifference] = []
    try:
        async with asyncio.timeout(timeout_seconds), told.reading() as reader:
            async for run in _runs(conn, community):
                if run.state not in (RunState.APPROVED, RunState.FILED) or len(found) >= FINDINGS_MAX_COUNT:
                    continue
                sealed = await load_sealed_run(conn, (), community=run.community, run_id=run.run_id)
                if not sealed.seals or not await is_waiting_to_be_told(conn, run_id=run.run_id):
                    found += told_differences(run, sealed, await load_told(reader, sealed))
    except (KafkaError, TimeoutError) as error:
        log.warning("payouts.v1 cannot be compared with: %r", error)
        return None
    return found


async def _runs(conn: Connection, community: str | None) -> AsyncIterator[Run]:
    last: Run | None = None
    while runs := await run_store.page_of_all_runs(
        conn, community=community, after=last, limit=RUNS_AT_ONCE_COUNT
    ):
        for run in runs:
            yield run
        last = runs[-1]


async def _compare_seals(
    conn: Connection, *, community: str | None, timeout_seconds: float
) -> list[SealDifference]:
    """Runs that do not fit their seals: one after the other, so that only one is in memory."""
    found: list[SealDifference] = []
    async with asyncio.timeout(timeout_seconds):
        async for run in _runs(conn, community):
            key = {"community": run.community, "run_id": run.run_id}
            payouts = await payout_store.load_payouts(conn, **key)
            found += differences(run, await load_sealed_run(conn, payouts, **key))
            if len(found) >= FINDINGS_MAX_COUNT:
                break
    return found[:FINDINGS_MAX_COUNT]
