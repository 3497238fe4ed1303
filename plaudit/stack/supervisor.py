"""Keeps the processes of one stack running: `python -m plaudit.stack.supervisor DIRECTORY`.

Our own rather than PyPI's `supervisor`: a stack must stop its parts in order, run one of them as another user,
live in a path with spaces, and find what a killed supervisor left behind; none of these is a setting there.

SIGTERM stops everything in order and ends it; SIGHUP reads the stack's state again, starts what is new or has been
given up, and stops what is not wanted any more.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

from plaudit.stack import jars, kafka, postgres, services
from plaudit.stack.logs import open_private, rotate
from plaudit.stack.processes import SUPERVISOR, ProcessSpec
from plaudit.stack.state import EMBEDDED, STATE_FILE, StackState, write_processes
from shared.telemetry import with_rfc3339_times

ROTATE_EVERY_SECONDS = 5.0
ARCHIVE_AFTER_SECONDS = 15.0

log = logging.getLogger("plaudit.supervisor")


@dataclass
class RestartPolicy:
    """How long to wait before a process that ended is started again, and when to leave it.

    A process that lived less than `quick_seconds` crashed quickly. The wait doubles with each quick crash in a
    row; after `max_quick_count` of them the process stays down.
    """

    quick_seconds: float = 10.0
    max_quick_count: int = 8
    first_delay_seconds: float = 0.2
    max_delay_seconds: float = 5.0
    quick_count: int = 0

    def delay_seconds(self, lived_seconds: float) -> float | None:
        """The wait after a life of `lived_seconds`, None when the process is to stay down."""
        self.quick_count = self.quick_count + 1 if lived_seconds < self.quick_seconds else 0
        if self.quick_count > self.max_quick_count:
            return None
        return min(self.first_delay_seconds * 2.0 ** max(self.quick_count - 1, 0), self.max_delay_seconds)


@dataclass
class Entry:
    """What the stack's directory says about one process."""

    state: str = "starting"
    pid: int | None = None
    create_time: float | None = None
    port: int = 0
    restarts: int = 0
    last_exit: str | None = None


@dataclass
class Supervised:
    """A process under supervision."""

    spec: ProcessSpec
    entry: Entry
    policy: RestartPolicy
    task: asyncio.Task[None] | None = None
    process: asyncio.subprocess.Process | None = None


def specs(state: StackState) -> dict[str, ProcessSpec]:
    """The processes that `state` asks for, by name, in the order in which they are started."""
    found: dict[str, ProcessSpec] = {}
    for name in state.parts:
        if name == "kafka":
            found[name] = kafka.spec(state, jars.classpath())
        elif name == "postgres":
            # It may be being made still: whoever makes it says when it is there.
            if postgres.is_there(state):
                found[name] = postgres.spec(state)
        else:
            found[name] = services.spec(state, name)
    return found


class Supervisor:
    """Runs the processes of the stack in `directory` until `stopping` is set.

    `reload` makes it read the state again. `wanted` says what to run, `policy` makes a process's restart policy.
    """

    def __init__(
        self,
        directory: Path,
        wanted: Callable[[StackState], dict[str, ProcessSpec]] = specs,
        policy: Callable[[], RestartPolicy] = RestartPolicy,
    ) -> None:
        self.directory = directory
        self.wanted = wanted
        self.policy = policy
        self.supervised: dict[str, Supervised] = {}
        self.stopping = asyncio.Event()
        self.reload = asyncio.Event()
        self.own_create_time = psutil.Process().create_time()

    async def run(self) -> None:
        """Starts everything and keeps it running; returns when it was told to stop and all has ended."""
        self._write()
        self.reload.set()
        chores = [asyncio.create_task(chore()) for chore in (self._obey, self._rotate, self._archive)]
        await self.stopping.wait()
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        await self._stop([name for name in self.supervised if name not in EMBEDDED])
        await self._stop(["kafka"])
        await self._stop(["postgres"])
        log.info("stopped")

    async def _obey(self) -> None:
        while True:
            await self.reload.wait()
            self.reload.clear()
            wanted = self.wanted(self._state())
            changed = [name for name, known in self.supervised.items() if wanted.get(name) is None]
            changed += [name for name, spec in wanted.items() if self._differs(name, spec)]
            await self._stop([name for name in changed if name in self.supervised])
            for name, spec in wanted.items():
                known = self.supervised.get(name)
                if known is None or known.task is None or known.task.done():
                    restarts = known.entry.restarts + 1 if known else 0
                    self._start(Supervised(spec, Entry(port=spec.port, restarts=restarts), self.policy()))

    def _differs(self, name: str, spec: ProcessSpec) -> bool:
        known = self.supervised.get(name)
        if known is None:
            return False
        return replace(known.spec, before_start=None) != replace(spec, before_start=None)

    def _state(self) -> StackState:
        return StackState.model_validate_json((self.directory / STATE_FILE).read_bytes())

    def _start(self, one: Supervised) -> None:
        self.supervised[one.spec.name] = one
        one.task = asyncio.create_task(self._keep(one))

    async def _keep(self, one: Supervised) -> None:
        while True:
            started = time.monotonic()
            one.entry.last_exit = await self._live(one) or one.entry.last_exit
            delay = one.policy.delay_seconds(time.monotonic() - started)
            if delay is None:
                log.error("%s crashed %d times in a row: it stays down", one.spec.name, one.policy.quick_count)
                self._note(one, "failed")
                return
            log.error("%s ended (%s): starting it again in %.1f s", one.spec.name, one.entry.last_exit, delay)
            self._note(one, "waiting")
            await asyncio.sleep(delay)
            one.entry.restarts += 1

    async def _live(self, one: Supervised) -> str:
        """One life of the process; returns how it ended."""
        spec = one.spec
        try:
            if spec.before_start:
                spec.before_start()
            spec.directory.mkdir(parents=True, exist_ok=True)
            spec.log.parent.mkdir(parents=True, exist_ok=True)
            with open_private(spec.log) as output:
                one.process = await asyncio.create_subprocess_exec(
                    *spec.argv,
                    env=dict(spec.environment),
                    cwd=spec.directory,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    user=spec.user[0] if spec.user else None,
                    group=spec.user[1] if spec.user else None,
                    extra_groups=[] if spec.user else None,
                    # A Ctrl-C in the terminal of whoever started the stack is not for its processes.
                    start_new_session=True,
                )
        except OSError as error:
            return str(error)
        with contextlib.suppress(psutil.NoSuchProcess):
            one.entry.create_time = psutil.Process(one.process.pid).create_time()
        self._note(one, "running", one.process.pid)
        log.info("%s runs as process %d on port %d", spec.name, one.process.pid, spec.port)
        code = await one.process.wait()
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    async def _stop(self, names: Sequence[str]) -> None:
        """Ends these processes, side by side."""
        await asyncio.gather(*(self._stop_one(self.supervised[name]) for name in names if name in self.supervised))

    async def _stop_one(self, one: Supervised) -> None:
        if one.task:
            one.task.cancel()
            await asyncio.gather(one.task, return_exceptions=True)
        if one.process and one.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                one.process.send_signal(one.spec.stop_signal)
            try:
                await asyncio.wait_for(one.process.wait(), one.spec.stop_timeout_seconds)
            except TimeoutError:
                log.warning("%s did not stop in %.0f s: killed", one.spec.name, one.spec.stop_timeout_seconds)
                one.process.kill()
                await one.process.wait()
        self.supervised.pop(one.spec.name, None)
        self._write()

    async def _rotate(self) -> None:
        while True:
            await asyncio.sleep(ROTATE_EVERY_SECONDS)
            for path in (self.directory / "logs").glob("*.log"):
                rotate(path)

    async def _archive(self) -> None:
        await asyncio.sleep(ARCHIVE_AFTER_SECONDS)
        broker = self.supervised.get("kafka")
        if broker and broker.entry.state == "running":
            await kafka.archive_classes(self._state(), jars.classpath())

    def _note(self, one: Supervised, state: str, pid: int | None = None) -> None:
        one.entry.state, one.entry.pid = state, pid
        self._write()

    def _write(self) -> None:
        processes = {name: asdict(one.entry) for name, one in self.supervised.items()}
        own = {"pid": os.getpid(), "create_time": self.own_create_time}
        write_processes(self.directory, {SUPERVISOR: own, "processes": processes})


def main(directory: Path) -> None:
    """Runs the supervisor of the stack in `directory` as a daemon; returns at once if there is one already."""
    if os.fork() > 0:
        os._exit(0)
    os.setsid()
    # Events, names and bank details are in what the parts write: it is for the stack's owner alone.
    os.umask(0o077)
    _configure_logging()
    with (directory / "supervisor.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.warning("another supervisor runs this stack")
            return
        asyncio.run(_obey_signals(Supervisor(directory)))


def _configure_logging() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(with_rfc3339_times(logging.Formatter("%(asctime)s %(levelname)s %(message)s")))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


async def _obey_signals(supervisor: Supervisor) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stopping.set)
    loop.add_signal_handler(signal.SIGHUP, supervisor.reload.set)
    await supervisor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
