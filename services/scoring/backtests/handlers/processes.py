"""The process that runs backtests, as the service has it: started while something is asked for."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from asyncio.subprocess import Process
from dataclasses import dataclass

from services.scoring.backtests.handlers.asking import watch
from services.scoring.backtests.store.backtests import load_waiting
from services.scoring.settings import Settings
from shared.transaction import Transaction

#: The module of the process, which stands above all that it may do.
MODULE = "services.scoring.backtest"
CLOSE_SECONDS = 2.0

log = logging.getLogger(__name__)


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as a process reads them: it needs the log and the database, as the service does."""
    return {f"PLAUDIT_{name.upper()}": str(value) for name, value in settings.model_dump(mode="json").items()}


@dataclass(slots=True)
class Processes:
    """At most one process of this worker, which ends by itself when nothing is asked for."""

    process: Process | None = None

    async def look(self, tx: Transaction[Settings]) -> None:
        """Timer: have a process run while backtests are asked for; one that was killed is started again."""
        await watch(tx)
        waiting = await load_waiting(tx.conn)
        if waiting.queued or waiting.running:
            await self.start(tx.settings)

    async def start(self, settings: Settings) -> None:
        """Have the process run, if it does not."""
        if self.process is not None and self.process.returncode is None:
            return
        if self.process is not None and self.process.returncode:
            log.warning("the process of backtests ended with %s", self.process.returncode)
        # In a session of its own: a terminal's ^C is the service's.
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "shared.starting", MODULE),
            start_new_session=True,
            env={**os.environ, **environment_of(settings)},
        )

    async def close(self) -> None:
        """End it: what it found so far is kept."""
        if self.process is None or self.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.process.wait()
                return
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


PROCESSES = Processes()
