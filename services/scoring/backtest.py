"""`python -m services.scoring.backtest`: runs backtests and works out restatements until none is asked for.

It is a process of its own at the lowest priority (`PLAUDIT_BACKTEST_NICENESS`): the kernel gives it what the live
line leaves. Its settings are those of scoring, whose process starts it, and with whose process it ends.
"""

import asyncio
import logging
import os
import resource

from services.scoring.backtests.handlers.log import EventLog
from services.scoring.backtests.handlers.running import Runner
from services.scoring.restatements.handlers.computing import Computer
from services.scoring.settings import Settings
from shared.postgres import create_pool
from shared.telemetry import configure_logging

#: Once nothing is asked for it waits as long for more, which spares a start.
IDLE_SECONDS = 5.0
LOOK_SECONDS = 0.5

log = logging.getLogger(__name__)


async def run(settings: Settings) -> None:
    """Run what is asked for until there has been nothing for a while."""
    pool = await create_pool("scoring", settings.model_copy(update={"pool_max_count": 2}))
    events = EventLog(pool, settings)
    ending = asyncio.create_task(_end_with(os.getppid()))
    try:
        await events.start()
        runner, computer = Runner(pool, events, settings), Computer(pool, events, settings)
        idle = 0.0
        while idle < IDLE_SECONDS:
            if any([await runner.turn(), await computer.turn()]):
                idle = 0.0
            else:
                await asyncio.sleep(LOOK_SECONDS)
                idle += LOOK_SECONDS
    finally:
        ending.cancel()
        await events.close()
        await pool.close()


async def _end_with(parent: int) -> None:
    """End with the process that started this one, also where that was killed: what was found so far is kept."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if os.getppid() != parent:
            os._exit(0)


def main() -> None:
    """The command of the process."""
    settings = Settings()
    configure_logging("scoring", settings.log_level)
    os.nice(settings.backtest_niceness)
    resource.setrlimit(resource.RLIMIT_DATA, (settings.backtest_memory_bytes, settings.backtest_memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()
