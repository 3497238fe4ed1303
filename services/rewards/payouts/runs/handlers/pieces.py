"""Working at runs in pieces: each is a transaction that is short, so that nobody waits for longer than that.

Whoever begins something with a run goes on with it, and answers once it is done or its seconds are over; a timer
takes over what is left, and what a process that died has left. Two never work at one run.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from enum import Enum

from services.rewards.ledger.domain.entries import AlteredError
from services.rewards.metrics import RUNS_WORKED_AT
from services.rewards.payouts.runs.domain.runs import Run, RunState, RunStoppedError
from services.rewards.payouts.runs.handlers.computing import compute_some
from services.rewards.payouts.runs.handlers.deciding import approve_some, cancel_some
from services.rewards.payouts.runs.handlers.filing import file_some
from services.rewards.payouts.runs.store import runs as run_store
from services.rewards.settings import Settings
from shared.transaction import Transaction

#: While somebody else works at a run, its state is looked at so often.
LOOK_AGAIN_SECONDS = 0.05
RUNS_AT_ONCE_COUNT = 1_000

log = logging.getLogger(__name__)

_WORK: Mapping[RunState, Callable[[Transaction[Settings], Run], Awaitable[bool]]] = {
    RunState.COMPUTING: compute_some,
    RunState.APPROVING: approve_some,
    RunState.FILING: file_some,
    RunState.CANCELLING: cancel_some,
}


class Worked(Enum):
    """How a run stands after a piece: there is more, nothing is left, or somebody else works at it."""

    MORE = "more"
    DONE = "done"
    BUSY = "busy"


async def work_on(tx: Transaction[Settings], *, community: str, run_id: str) -> Worked:
    """Do one piece of what a run waits for.

    Raises RunStoppedError when who made or approved it may not do so any more, and AlteredError when it is not as
    it was left: then nothing of the piece is done.
    """
    if not await run_store.try_to_work_at(tx.conn, run_id=run_id):
        return Worked.BUSY
    run = await run_store.find_run(tx.conn, community=community, run_id=run_id)
    if run is None or run.state not in _WORK:
        return Worked.DONE
    return Worked.DONE if await _WORK[run.state](tx, run) else Worked.MORE


async def carry_on(
    begin: Callable[[], AbstractAsyncContextManager[Transaction[Settings]]],
    *,
    community: str,
    run_id: str,
) -> None:
    """Work at a run until nothing is left to do, or for as long as a request may. Raises what work_on does."""
    began = time.monotonic()
    while True:
        async with begin() as tx:
            tx.did_nothing()  # what was commanded has its entry
            worked = await work_on(tx, community=community, run_id=run_id)
        if worked is Worked.DONE or time.monotonic() - began >= tx.settings.payout_request_seconds:
            return
        if worked is Worked.BUSY:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def carry_on_runs(tx: Transaction[Settings]) -> None:
    """Timer: do one piece of one of the runs that somebody began; another one the next time."""
    runs = await run_store.load_worked_at(tx.conn, limit=RUNS_AT_ONCE_COUNT)
    RUNS_WORKED_AT.set(len(runs))
    first = int(tx.now.timestamp()) % len(runs) if runs else 0
    for run in (*runs[first:], *runs[:first]):
        try:
            # What fails lets go of its locks: the next run may be of another community.
            async with tx.conn.transaction():
                worked = await work_on(tx, community=run.community, run_id=run.run_id)
        except (AlteredError, RunStoppedError) as error:
            log.warning("payout run %s of %s does not go on: %s", run.run_id, run.community, error)
            continue
        if worked is not Worked.BUSY:
            return
