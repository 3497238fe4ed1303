"""Starting, stopping and looking at a stack: what `plaudit up`, `down`, `status` and `reset` do."""

import asyncio
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
from pydantic import BaseModel

from plaudit.stack import jars, kafka, ports, postgres, processes, services
from plaudit.stack.errors import PortsTakenError, StackError
from plaudit.stack.logs import open_private
from plaudit.stack.paths import CHECKOUT, cache, close_to_others, make_private, stack_directory
from plaudit.stack.processes import SUPERVISOR
from plaudit.stack.state import PARTS, PROCESSES_FILE, StackState, find_state, load_state, read_processes
from shared.broker import Broker

MAX_MOVES_COUNT = 10
# Of everything after the parts have been prepared, however often ports are taken meanwhile.
READY_SECONDS = 180.0
SUPERVISOR_START_SECONDS = 20.0
# Services, then Kafka, then PostgreSQL, each with its own bound.
STOP_TIMEOUT_SECONDS = (
    services.STOP_TIMEOUT_SECONDS + kafka.STOP_TIMEOUT_SECONDS + postgres.STOP_TIMEOUT_SECONDS + 10
)

Report = Callable[[str], None]


class ProcessStatus(BaseModel):
    """One process of a stack. `state` is running, starting, waiting (to be started again), failed (given up),
    orphaned (its supervisor is dead) or stopped."""

    name: str
    state: str
    pid: int | None = None
    port: int | None = None
    uptime_seconds: float | None = None
    resident_bytes: int | None = None
    restarts: int = 0
    last_exit: str | None = None
    missing: list[str] = []
    """What keeps a service that runs from its work, in its own words: that it hangs, or has no database."""


class StackStatus(BaseModel):
    """A stack and its processes."""

    name: str
    directory: Path
    running: bool
    """The supervisor lives, all wanted processes run, and no service that was asked lacks something."""
    processes: list[ProcessStatus]


def start(
    name: str = "default",
    *,
    only: Sequence[str] | None = None,
    role: str = "all",
    kafka_metrics: bool = False,
    external_kafka: Broker | None = None,
    postgres_admin_url: str | None = None,
    environment: Mapping[str, str] | None = None,
    provision: bool = True,
    disposable: bool = False,
    report: Report = lambda text: None,
) -> StackState:
    """Starts the stack `name`, or what of it does not run yet, and returns when everything is ready.

    `only` limits it to some of PARTS. With `kafka_metrics` the embedded broker shows its own, for Prometheus.
    `external_kafka`, for its administrator, and `postgres_admin_url` (a superuser's) stand in for the embedded
    ones. `environment` adds to the parts' settings. A `disposable` stack is one that the next demo may delete,
    until somebody else starts it.
    `report` is told of each step. Raises StackError when a part does not get ready.
    """
    unknown = sorted(set(only or ()) - set(PARTS))
    if unknown:
        raise StackError(f"There is no part '{unknown[0]}' of the stack: choose from {', '.join(PARTS)}.")
    directory = stack_directory(name)
    with _locked(directory):
        state = find_state(name) or StackState(name=name, directory=directory, ports={})
        before = state.model_copy(deep=True)
        state.only, state.role = (tuple(only) if only is not None else None), role
        state.kafka_metrics = kafka_metrics
        state.external_kafka, state.external_postgres_admin_url = external_kafka, postgres_admin_url
        state.environment = dict(environment or {})
        state.disposable = disposable
        supervisor = processes.supervisor_process(directory, read_processes(directory).get(SUPERVISOR, {}))
        if supervisor and state.is_of_before:
            report(f"Stack '{name}' was started by an earlier version: stopping it first")
            processes.stop([supervisor], signal.SIGTERM, STOP_TIMEOUT_SECONDS)
            supervisor = None
        if supervisor and state == before and status(name).running:
            report(f"Stack '{name}' is already up.")
        elif supervisor:
            with _ports_chosen(state, _ports_in_use(state)):
                _prepare(state, report)
            supervisor.send_signal(signal.SIGHUP)
        else:
            _sweep(directory, report)
            _start_all(state, report)
        _get_ready(state, provision, report)
    return state


def stop(name: str = "default", *, report: Report = lambda text: None) -> bool:
    """Stops the stack `name` in order and leaves no process; its data stays. False when nothing ran.

    Raises StackError when a process survives even being killed.
    """
    directory = stack_directory(name)
    if not directory.exists():
        return False
    with _locked(directory):
        supervisor = processes.supervisor_process(directory, read_processes(directory).get(SUPERVISOR, {}))
        if supervisor:
            report("Stopping the services, then Kafka, then PostgreSQL")
            processes.stop([supervisor], signal.SIGTERM, STOP_TIMEOUT_SECONDS)
        return _sweep(directory, report) or supervisor is not None


def reset(name: str = "default", *, report: Report = lambda text: None) -> None:
    """Stops the stack `name` and deletes everything it holds."""
    stop(name, report=report)
    if stack_directory(name).exists():
        shutil.rmtree(stack_directory(name))


def status(name: str = "default", *, ask: bool = False) -> StackStatus:
    """The processes of the stack `name`, as they are now, and with `ask` what each service says of itself.

    Raises StackError when there is no such stack.
    """
    state = load_state(name, even_of_before=True)
    recorded = read_processes(state.directory)
    supervisor = processes.supervisor_process(state.directory, recorded.get(SUPERVISOR, {}))
    entries = recorded.get("processes", {})
    found = [_process_status(one, entries.get(one, {}), state, supervisor is not None) for one in state.parts]
    if ask:
        from plaudit.stack.readiness import what_is_missing  # noqa: PLC0415 -- it imports every client

        urls = {one.name: url for one in found if one.pid and (url := state.part_urls.get(one.name))}
        missing = what_is_missing(urls)
        found = [one.model_copy(update={"missing": missing.get(one.name, [])}) for one in found]
    running = supervisor is not None and all(one.state == "running" and not one.missing for one in found)
    if supervisor:
        found.insert(0, _measured(ProcessStatus(name=SUPERVISOR, state="running"), supervisor))
    return StackStatus(name=name, directory=state.directory, running=running, processes=found)


def _process_status(name: str, entry: Mapping[str, object], state: StackState, supervised: bool) -> ProcessStatus:
    found = ProcessStatus.model_validate(
        {"state": "stopped", **entry, "name": name, "port": state.ports.get(name)}
    )
    if found.pid is None:
        return found if supervised else found.model_copy(update={"state": "stopped"})
    try:
        process = psutil.Process(found.pid)
        if abs(process.create_time() - float(str(entry["create_time"]))) > 1 or processes.is_gone(process):
            raise psutil.NoSuchProcess(found.pid)
    except psutil.NoSuchProcess:
        return found.model_copy(update={"state": "starting" if supervised else "stopped", "pid": None})
    return _measured(found if supervised else found.model_copy(update={"state": "orphaned"}), process)


def _measured(found: ProcessStatus, process: psutil.Process) -> ProcessStatus:
    try:
        # Backends share PostgreSQL's buffers: counting shared pages once per process would count them many times.
        family = [process, *process.children(recursive=True)] if found.name != SUPERVISOR else [process]
        infos = [member.memory_info() for member in family]
        resident = infos[0].rss + sum(max(info.rss - getattr(info, "shared", 0), 0) for info in infos[1:])
        uptime = time.time() - process.create_time()
    except psutil.Error:
        return found
    return found.model_copy(
        update={"pid": process.pid, "resident_bytes": resident, "uptime_seconds": round(uptime, 1)}
    )


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """One `up` or `down` of a stack at a time. The lock lies beside the directory, which `reset` deletes."""
    # As root the way to PostgreSQL's data stays passable: its server runs as another user.
    make_private(directory, passable=os.geteuid() == 0)
    with directory.with_name(f".{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sweep(directory: Path, report: Report) -> bool:
    """Stops what a dead supervisor left behind, in order. True when there was something."""
    found = processes.find_processes(directory)
    left: list[psutil.Process] = []
    if found:
        report(f"Stopping what an earlier run left behind: {', '.join(sorted(found))}")
    stages = ((SUPERVISOR, "archive"), _services_of(found), ("kafka",), ("postgres",))
    for stage in stages:
        members = [process for one in stage for process in found.get(one, [])]
        first = signal.SIGINT if stage == ("postgres",) else signal.SIGTERM
        left += processes.stop(members, first, postgres.STOP_TIMEOUT_SECONDS)
    if left:
        raise StackError(f"These processes cannot be stopped: {', '.join(str(one.pid) for one in left)}.")
    return bool(found)


def _services_of(found: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(one for one in found if one not in {SUPERVISOR, "archive", "kafka", "postgres"})


@contextmanager
def _ports_chosen(state: StackState, kept: set[int]) -> Iterator[None]:
    """Chooses all ports anew, except those of `kept`, which are the stack's own, and saves them.

    No other program can take any of them as long as the block lasts.
    """
    with closing(ports.Held()) as held:
        with ports.claimed(cache() / "ports.json", str(state.directory), held) as usable:
            state.ports = ports.choose(state.ports, lambda port: port in kept or usable(port))
        state.save()
        yield


def _ports_in_use(state: StackState) -> set[int]:
    """The ports of the stack's processes that run."""
    running = {one.name for one in status(state.name).processes if one.state == "running"}
    return set(ports.of_parts(state.ports, running).values())


def _get_ready(state: StackState, provision: bool, report: Report) -> None:
    """Waits for everything, and moves what another program took the port of between choosing and listening."""
    # Imported only now: the clients take half a second, in which the parts already start.
    from plaudit.stack.readiness import wait_until_ready  # noqa: PLC0415

    deadline = time.monotonic() + READY_SECONDS
    for attempt in range(1, MAX_MOVES_COUNT + 2):
        try:
            # In a thread of its own, because the caller may have an event loop running, as asynchronous tests do.
            with ThreadPoolExecutor(1) as pool:
                ready = wait_until_ready(state, provision, report, deadline=deadline)
                pool.submit(asyncio.run, ready).result()
        except PortsTakenError as error:
            if attempt > MAX_MOVES_COUNT:
                raise
            for line in error.lines:
                report(line)
            with _ports_chosen(state, set(state.ports.values()) - set(error.ports.values())):
                _prepare(state, report)
            if (supervisor := _supervisor_of(state)) is None:
                raise StackError("The stack's supervisor has died: see `plaudit logs supervisor`.") from error
            supervisor.send_signal(signal.SIGHUP)
        else:
            return


def _start_all(state: StackState, report: Report) -> None:
    """Starts everything, PostgreSQL as soon as it has its cluster: Kafka starts while that is made."""
    postgres_too = "postgres" in state.parts
    with _ports_chosen(state, set()):
        if postgres_too:
            postgres.check_place(state)
        if "kafka" in state.parts:
            kafka.prepare(state, jars.classpath())
    _say_starting(state, report)
    _spawn_supervisor(state)
    if not postgres_too:
        return
    try:
        postgres.prepare(state)
        _started_supervisor(state).send_signal(signal.SIGHUP)
    except BaseException:
        if (supervisor := _supervisor_of(state)) is not None:
            processes.stop([supervisor], signal.SIGTERM, STOP_TIMEOUT_SECONDS)
        raise


def _prepare(state: StackState, report: Report) -> None:
    """Fetches, formats and creates what the embedded parts need, side by side."""

    def prepare_kafka() -> None:
        kafka.prepare(state, jars.classpath())

    steps = {"kafka": prepare_kafka, "postgres": lambda: postgres.prepare(state)}
    with ThreadPoolExecutor() as pool:
        for step in [pool.submit(steps[one]) for one in state.parts if one in steps]:
            step.result()
    _say_starting(state, report)


def _say_starting(state: StackState, report: Report) -> None:
    report(f"Starting {', '.join(state.parts) or 'nothing'}")


def _supervisor_of(state: StackState) -> psutil.Process | None:
    return processes.supervisor_process(state.directory, read_processes(state.directory).get(SUPERVISOR, {}))


def _started_supervisor(state: StackState) -> psutil.Process:
    """The supervisor that was just started, once it listens to signals, which is when it has said who it is."""
    end = time.monotonic() + SUPERVISOR_START_SECONDS
    while (supervisor := _supervisor_of(state)) is None:
        if time.monotonic() > end:
            raise StackError("The stack's supervisor did not start: see `plaudit logs supervisor`.")
        time.sleep(processes.POLL_SECONDS)
    return supervisor


def _spawn_supervisor(state: StackState) -> None:
    for name in ("logs", "kafka", "services"):
        make_private(state.directory / name)
        close_to_others(state.directory / name)
    # What an earlier supervisor wrote would be taken for what this one found.
    (state.directory / PROCESSES_FILE).unlink(missing_ok=True)
    environment = processes.marked(os.environ, state.directory, SUPERVISOR)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(CHECKOUT), os.environ.get("PYTHONPATH"))))
    with open_private(state.directory / "logs" / "supervisor.log") as output:
        subprocess.run(
            [sys.executable, "-P", "-m", "plaudit.stack.supervisor", str(state.directory)],
            env=environment,
            cwd=state.directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            timeout=SUPERVISOR_START_SECONDS,
            check=True,
        )
