"""Checking everything: on request, in the background when asked for, and every community's by a timer."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator

from aiokafka.errors import KafkaError

from services.rewards.chain.store import compare_blocks
from services.rewards.checks import store
from services.rewards.checks.domain import Findings, LedgerChecks
from services.rewards.ledger.store.check import (
    FINDINGS_MAX_COUNT,
    LEDGER_PARTS_COUNT,
    OnPart,
    check_ledger,
    see_one_moment,
)
from services.rewards.metrics import ALTERED, LEDGER_CHECKED, LEDGER_CHECKS_GIVEN_UP, LEDGER_DIFFERENCES
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.runs.domain.runs import Run, RunState
from services.rewards.payouts.runs.domain.sealing import SealDifference, differences, told_differences
from services.rewards.payouts.runs.store import runs as run_store
from services.rewards.payouts.seals.handlers import load_told
from services.rewards.payouts.seals.store import is_waiting_to_be_told, load_sealed_run
from services.rewards.settings import Settings
from shared.audit import Did
from shared.postgres import TRANSIENT, Connection
from shared.service.spec import Begin
from shared.told import Told
from shared.transaction import Transaction

RUNS_AT_ONCE_COUNT = 500
#: What a check does one after the other: the ledger's own, seals, what was told of them, accounts, uses, states,
#: blocks of the chain.
PARTS_COUNT = LEDGER_PARTS_COUNT + 6
ASKED_EVERY_SECONDS = 1.0

log = logging.getLogger(__name__)


async def check_all(tx: Transaction[Settings]) -> None:
    """Timer: check every community's books, show how much is wrong as metrics, and log what."""
    await see_one_moment(tx.conn)
    try:
        found = await check(tx.conn, tx.told, community=None, timeout_seconds=tx.settings.ledger_check_seconds)
    except TimeoutError:
        LEDGER_CHECKS_GIVEN_UP.inc()
        raise
    if not found.is_told_compared:
        log.warning("the check of the ledger could not compare seals with payouts.v1")
    for line in found.lines():
        log.error("the check of the ledger found: %s", line)
    LEDGER_DIFFERENCES.set(found.differences)
    ALTERED.set(found.altered)
    LEDGER_CHECKED.set(tx.now.timestamp())


async def ask_for_check(tx: Transaction[Settings], *, community: str) -> LedgerChecks:
    """Have the community's ledger checked soon; while a check waits or is under way, nothing happens."""
    if await store.ask_for_check(tx.conn, community=community, now=tx.now):
        tx.did(Did("ledger.check", "ledger", community, after={"parts": PARTS_COUNT}))
    else:
        tx.did_nothing()
    return await store.find_checks(tx.conn, community=community)


async def check_asked(begin: Begin, until: float) -> None:
    """Errand: make the checks that were asked for, the oldest first.

    None begins after `until`; one that has begun goes on to its end: it reads, and is bounded part by part.
    """
    while time.monotonic() < until:
        async with begin() as tx:
            community = await store.start_check(tx.conn, now=tx.now)
        if community is None:
            return
        await _check_asked(begin, community)


async def _check_asked(begin: Begin, community: str) -> None:
    began, done_count = time.monotonic(), 0

    async def on_part() -> None:
        nonlocal done_count
        done_count += 1
        # How far it is, somebody would like to see: no reason to end a check, or to call it too slow.
        with contextlib.suppress(*TRANSIENT):
            async with begin() as beside:
                await store.set_parts_done(beside.conn, community=community, count=done_count)

    found: Findings | None = None
    async with begin() as tx:
        await see_one_moment(tx.conn)
        checked_at = tx.now
        try:
            found = await check(
                tx.conn,
                tx.told,
                community=community,
                timeout_seconds=tx.settings.ledger_check_seconds,
                on_part=on_part,
            )
        except TimeoutError:
            log.exception("the check of the ledger of %s took too long", community)
            LEDGER_CHECKS_GIVEN_UP.inc()
    async with begin() as tx:
        if found is None:
            await store.give_check_up(tx.conn, community=community)
            return
        for line in found.lines():
            log.error("the check of the ledger found: %s", line)
        await store.put_check(
            tx.conn,
            community=community,
            found=found,
            checked_at=checked_at,
            took_seconds=time.monotonic() - began,
        )


async def _nothing() -> None:
    """Nobody waits for how far a check is."""


async def check(
    conn: Connection,
    told: Told | None,
    *,
    community: str | None,
    timeout_seconds: float,
    on_part: OnPart = _nothing,
) -> Findings:
    """Check the ledger, and what stands on it, of one community, or of all (None).

    At most FINDINGS_MAX_COUNT of each kind are listed. Call it in a transaction that sees one moment, so that all
    parts do. Each part may take `timeout_seconds`. Raises TimeoutError when one takes longer; of the one that asks
    the broker the findings say that it was not made. After each of PARTS_COUNT parts `on_part` is called.
    """
    await store.may_idle(conn, seconds=timeout_seconds)
    seals = await _compare_seals(conn, community=community, timeout_seconds=timeout_seconds)
    await on_part()
    not_told = await _compare_told(conn, told, community=community, timeout_seconds=timeout_seconds)
    await on_part()
    ledger = await check_ledger(conn, community=community, timeout_seconds=timeout_seconds, on_part=on_part)
    accounts = await store.compare_accounts(conn, community=community, timeout_seconds=timeout_seconds)
    await on_part()
    uses = await store.compare_uses(conn, community=community, timeout_seconds=timeout_seconds)
    await on_part()
    states = await store.compare_states(conn, community=community, timeout_seconds=timeout_seconds)
    await on_part()
    blocks = await compare_blocks(
        conn, community=community, limit=FINDINGS_MAX_COUNT, timeout_seconds=timeout_seconds
    )
    await on_part()
    return Findings(
        ledger=ledger,
        accounts=accounts,
        uses=uses,
        states=states,
        seals=[*seals, *(not_told or ())][:FINDINGS_MAX_COUNT],
        blocks=blocks,
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
