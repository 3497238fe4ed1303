"""The process of a local stack that reads for a rebuild: beside the others, and ended with them."""

import asyncio
import subprocess
import sys
import time

from plaudit.rebuilds.databases import REBUILT, connected, is_reading
from plaudit.stack import processes, services
from plaudit.stack.errors import StackError
from plaudit.stack.logs import open_private
from plaudit.stack.state import load_state

NAME = "rebuild"
#: Importing takes seconds where a machine has other work.
BEGINS_SECONDS = 60.0
POLL_SECONDS = 0.2


async def start_reader(stack: str) -> bool:
    """Start the process, unless it runs, and return once it reads; whether it was started now.

    Raises StackError when it ends, or does not begin.
    """
    state = load_state(stack)
    if processes.find_processes(state.directory).get(NAME):
        return False
    log = state.directory / "logs" / f"{NAME}.log"
    environment = processes.marked(services.environment(state, "analytics"), state.directory, NAME)
    with open_private(log) as output:
        process = subprocess.Popen(  # noqa: ASYNC220 -- it outlives this one
            (sys.executable, "-P", "-m", "services.analytics.rebuild", "--database", REBUILT),
            env=environment,
            cwd=state.directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    async with connected(state.postgres_admin_url) as admin:
        end = time.monotonic() + BEGINS_SECONDS
        while not await is_reading(admin):
            if process.poll() is not None or time.monotonic() > end:
                raise StackError(
                    f"The rebuild's process does not read: see `plaudit logs {NAME} --stack {stack}`."
                )
            await asyncio.sleep(POLL_SECONDS)
    return True
