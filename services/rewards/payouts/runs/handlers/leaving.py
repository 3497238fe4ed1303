"""Giving out a run's bank file: only what the broker has the facts of, and what was told of it."""

import asyncio

from aiokafka.errors import KafkaError

from services.rewards.ledger.domain.entries import AlteredError
from services.rewards.ledger.handlers import alarm
from services.rewards.payouts.runs.domain.bank import BankFile, NoBankFileError, NotToldYetError
from services.rewards.payouts.runs.domain.sealing import check_as_told, check_may_leave
from services.rewards.payouts.runs.handlers.checks import check_as_sealed, load_sealed
from services.rewards.payouts.runs.store import files as file_store
from services.rewards.payouts.runs.store import runs as run_store
from services.rewards.payouts.seals import store as seal_store
from services.rewards.payouts.seals.handlers import load_told
from shared.postgres import Connection, Pool
from shared.told import Told

#: As a rule facts are with the broker a few milliseconds after they were told.
TOLD_TRIES_COUNT = 20
TOLD_PAUSE_SECONDS = 0.05


async def find_file(conn: Connection, told: Told, *, community: str, run_id: str) -> BankFile:
    """A run's bank file, as long as it is what was written, its payouts what was filed, and both what was told.

    Call it in a transaction that sees one moment, after all own facts were found to be known. Raises
    NoBankFileError, AlteredError when something changed, and NotToldYetError when the broker does not have all
    that was told of the run, or does not show it: a restored database would not know of a file that has left.
    """
    file = await file_store.find_file(conn, community=community, run_id=run_id)
    run = await run_store.find_run(conn, community=community, run_id=run_id)
    if file is None or run is None:
        raise NoBankFileError(run_id)
    sealed = await load_sealed(conn, run)
    check_as_sealed(run, sealed)
    if await seal_store.is_waiting_to_be_told(conn, run_id=run_id):
        raise NotToldYetError(run_id, "facts of the run wait for the broker")
    try:
        check_may_leave(run, sealed)
        async with told.reading() as reader:
            check_as_told(run, sealed, await load_told(reader, sealed))
    except AlteredError as error:
        raise alarm(error) from error
    except (KafkaError, TimeoutError) as error:
        raise NotToldYetError(run_id, "the broker does not show what was told of the run") from error
    return file


async def wait_until_told(pool: Pool, run_id: str) -> None:
    """Give the relay a moment to take to the broker what was told of a run just now."""
    for _ in range(TOLD_TRIES_COUNT):
        async with pool.acquire() as conn:
            if not await seal_store.is_waiting_to_be_told(conn, run_id=run_id):
                return
        await asyncio.sleep(TOLD_PAUSE_SECONDS)


async def check_all_is_known(told: Told, run_id: str) -> None:
    """Look whether own topics hold what the database knows alone. Raises NotToldYetError when they may not."""
    try:
        why = await told.look()
    except (KafkaError, TimeoutError) as error:
        raise NotToldYetError(run_id, "the broker does not answer") from error
    if why is not None:
        raise NotToldYetError(run_id, why)
