"""What is looked at before anything is done with a run."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from services.rewards.ledger.domain.entries import AlteredError
from services.rewards.ledger.handlers import alarm
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.domain import altered
from services.rewards.payouts.runs.domain.runs import Run, RunStoppedError, UnknownRunError
from services.rewards.payouts.runs.domain.sealing import not_sealed_so, run_altered
from services.rewards.payouts.runs.store import runs as run_store
from services.rewards.payouts.sanctions.handlers import load_why_not_whole
from services.rewards.payouts.seals import store as seal_store
from services.rewards.payouts.seals.domain import SealedRun
from shared.access_keys import load_standings
from shared.audit import Did
from shared.postgres import Connection
from shared.transaction import Transaction


async def find_run(conn: Connection, *, community: str, run_id: str) -> Run:
    """A run, locked by nobody. Raises UnknownRunError."""
    run = await run_store.find_run(conn, community=community, run_id=run_id)
    if run is None:
        raise UnknownRunError(run_id)
    return run


async def lock_run(tx: Transaction, *, community: str, run_id: str) -> Run:
    """A run, locked with all of its community: only for as long as a piece takes. Raises UnknownRunError."""
    await payout_store.lock_runs(tx.conn, community)
    run = await run_store.lock_run(tx.conn, community=community, run_id=run_id)
    if run is None:
        raise UnknownRunError(run_id)
    return run


async def lock_again(tx: Transaction, run: Run) -> Run | None:
    """A run that somebody works at, locked with its community; None when it has left its state meanwhile.

    Raises AlteredError when it does not have the seals of its state: somebody else brought it there.
    """
    locked = await lock_run(tx, community=run.community, run_id=run.run_id)
    if locked.state is not run.state:
        return None
    error = not_sealed_so(locked, await seal_store.load_steps(tx.conn, community=run.community, run_id=run.run_id))
    if error is not None:
        raise alarm(error)
    return locked


async def load_sealed(conn: Connection, run: Run) -> SealedRun:
    """A run with all its payouts as they are, and its seals."""
    payouts = await payout_store.load_payouts(conn, community=run.community, run_id=run.run_id)
    return await seal_store.load_sealed_run(conn, payouts, community=run.community, run_id=run.run_id)


async def lock_as_sealed(tx: Transaction, *, community: str, run_id: str) -> tuple[Run, SealedRun]:
    """A run, locked with its community, whose payouts are as they were sealed.

    They are read and compared before anything is locked, for that takes a second of 20,000; they are read again
    only where somebody was at it meanwhile. Raises UnknownRunError, and AlteredError when the run is not as it was
    sealed.
    """
    run, sealed, error = await lock_and_compare(tx, community=community, run_id=run_id)
    if error is not None:
        raise alarm(error)
    return run, sealed


async def lock_and_compare(
    tx: Transaction, *, community: str, run_id: str
) -> tuple[Run, SealedRun, AlteredError | None]:
    """The same, with what is wrong with it in place of an error."""
    before = await find_run(tx.conn, community=community, run_id=run_id)
    sealed = await load_sealed(tx.conn, before)
    error = await asyncio.to_thread(run_altered, before, sealed)  # half a second of hashing, of 20,000
    run = await lock_run(tx, community=community, run_id=run_id)
    newest = await seal_store.load_newest(tx.conn, community=community, run_ids=[run_id])
    known = {seal.value for seal in sealed.seals.values()}
    if error is None and run.state is before.state and {seal.value for seal in newest.values()} <= known:
        return run, sealed, None
    # What was read before was read statement by statement: of several moments, where somebody was at it.
    sealed = await load_sealed(tx.conn, run)
    return run, sealed, run_altered(run, sealed)


def check_as_sealed(run: Run, sealed: SealedRun) -> None:
    """Check that a run is as it was sealed. Raises AlteredError when it is not."""
    error = run_altered(run, sealed)
    if error is not None:
        raise alarm(error)


async def load_as_sealed(conn: Connection, run: Run) -> SealedRun:
    """A run that somebody works at, as it was sealed: nobody else is at it. Raises AlteredError when it is not."""
    sealed = await load_sealed(conn, run)
    await asyncio.to_thread(check_as_sealed, run, sealed)
    return sealed


def check_histories(sealed: SealedRun) -> None:
    """Check that payouts are in the states that their histories end with. Raises AlteredError when one is not."""
    error = altered(sealed.payouts)
    if error is not None:
        raise alarm(error)


async def load_stopped(conn: Connection, runs: Sequence[Run]) -> dict[str, str]:
    """Why runs that are not paid yet do not go on, by run.

    Who made or approved them may not do so any more, or names cannot be compared with the sanctions list in force.
    """
    needed = [(run, *need) for run in runs for need in run.needed()]
    stopped: dict[str, str] = {}
    for community in {run.community for run in runs}:
        here = [need for need in needed if need[0].community == community]
        standings = await load_standings(conn, [actor for _, _, actor, _ in here], community=community)
        for (run, did, _, scope), standing in zip(here, standings, strict=True):
            reason = standing.why_not(scope)
            if reason is not None:
                stopped.setdefault(run.run_id, f"who {did} it may not do so any more: {reason}")
        lost = await load_why_not_whole(conn, community=community) if here else None
        if lost is not None:
            stopped |= {run.run_id: lost for run, _, _, _ in here if run.run_id not in stopped}
    return stopped


async def check_goes_on(tx: Transaction, run: Run) -> None:
    """Check that nothing stops a run. Raises RunStoppedError when something does."""
    reason = (await load_stopped(tx.conn, [run])).get(run.run_id)
    if reason is not None:
        raise RunStoppedError(reason)


def did(verb: str, run: Run, after: Mapping[str, Any]) -> Did:
    """What an entry says of a run, as it was before and is after."""
    before = None if verb == "create" else {"state": run.state}
    return Did(f"payout_run.{verb}", "payout_run", run.run_id, before=before, after=after)
