"""The processes of a stack: what to run, which of them run, and how to stop them.

Every process carries its stack's directory in its environment, so that those of a supervisor that was killed are
found again, and no other process is ever taken for one of them.
"""

import contextlib
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

MARKER = "PLAUDIT_STACK_DIRECTORY"
MARKER_NAME = "PLAUDIT_STACK_PROCESS"
SUPERVISOR = "supervisor"
POLL_SECONDS = 0.02
KILL_SECONDS = 5.0


@dataclass(frozen=True)
class ProcessSpec:
    """One process: how to start it and how to stop it. `user` is the (uid, gid) to run as, None for one's own."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    log: Path
    port: int
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_seconds: float = 20.0
    user: tuple[int, int] | None = None
    before_start: Callable[[], None] | None = None


def marked(environment: Mapping[str, str], directory: Path, name: str) -> dict[str, str]:
    """`environment` with the marks by which the process is recognised as the stack's."""
    return {**environment, MARKER: str(directory), MARKER_NAME: name}


def is_gone(process: psutil.Process) -> bool:
    """Whether the process has ended; one that only waits to be reaped has."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def find_processes(directory: Path) -> dict[str, list[psutil.Process]]:
    """The living processes of the stack in `directory`, by name. Postgres' backends are listed with it."""
    data = str(directory / "postgres" / "data")
    found: dict[str, list[psutil.Process]] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            environment = process.environ()
            name = environment.get(MARKER_NAME, "") if environment.get(MARKER) == str(directory) else ""
            # A backend writes its title over its environment, but it always works in the data directory.
            if not name and process.name() == "postgres" and process.cwd() == data:
                name = "postgres"
            if name and not is_gone(process):
                found.setdefault(name, []).append(process)
    return found


def listens(pid: int, port: int) -> bool:
    """Whether the process listens on TCP `port`."""
    try:
        found = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in found)


def others_listening(directory: Path, ports: Mapping[str, int]) -> dict[str, int]:
    """Those of `ports` on which another program listens, and no process of the stack in `directory`."""
    listeners: dict[int, set[int | None]] = {}
    for one in psutil.net_connections("tcp"):
        if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port in ports.values():
            listeners.setdefault(one.laddr.port, set()).add(one.pid)
    if not listeners:
        return {}
    own = {process.pid for found in find_processes(directory).values() for process in found}
    return {name: port for name, port in ports.items() if port in listeners and not listeners[port] & own}


def supervisor_process(directory: Path, recorded: Mapping[str, float]) -> psutil.Process | None:
    """The living supervisor, by the `pid` and `create_time` it recorded; None if another process has its id."""
    try:
        process = psutil.Process(int(recorded["pid"]))
        if abs(process.create_time() - recorded["create_time"]) > 1 or is_gone(process):
            return None
        return process if process.environ().get(MARKER) == str(directory) else None
    except (KeyError, psutil.Error):
        return None


def wait_gone(processes: Iterable[psutil.Process], timeout_seconds: float) -> list[psutil.Process]:
    """Waits until the processes have ended; returns those that have not when the time is over."""
    left = list(processes)
    end = time.monotonic() + timeout_seconds
    while (left := [process for process in left if not is_gone(process)]) and time.monotonic() < end:
        time.sleep(POLL_SECONDS)
    return left


def stop(
    processes: Iterable[psutil.Process], first: signal.Signals, timeout_seconds: float
) -> list[psutil.Process]:
    """Sends `first`, waits, then kills what is left. Returns what even that did not end."""
    chosen = list(processes)
    _signal(chosen, first)
    left = wait_gone(chosen, timeout_seconds)
    _signal(left, signal.SIGKILL)
    return wait_gone(left, KILL_SECONDS)


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
