import asyncio
import signal
import sys

import psutil
import pytest

from plaudit.stack.paths import stack_directory
from plaudit.stack.ports import USUAL
from plaudit.stack.processes import ProcessSpec, find_processes, is_gone, marked
from plaudit.stack.state import StackState, read_processes
from plaudit.stack.supervisor import RestartPolicy, Supervisor

WAIT_SECONDS = 60.0
FOR_EVER = "import signal; signal.pause()"
DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
while True:
    signal.pause()
"""


def test_each_quick_crash_in_a_row_doubles_the_wait_up_to_a_limit():
    policy = RestartPolicy(first_delay_seconds=0.2, max_delay_seconds=1.0, max_quick_count=5)
    assert [policy.delay_seconds(1.0) for _ in range(5)] == [0.2, 0.4, 0.8, 1.0, 1.0]


def test_after_so_many_quick_crashes_a_process_stays_down():
    policy = RestartPolicy(max_quick_count=2)
    assert [policy.delay_seconds(0.0) is None for _ in range(3)] == [False, False, True]


def test_a_long_life_forgives_the_crashes_before_it():
    policy = RestartPolicy(quick_seconds=10, max_quick_count=2)
    policy.delay_seconds(1.0)
    policy.delay_seconds(1.0)
    assert policy.delay_seconds(11.0) == policy.first_delay_seconds
    assert policy.delay_seconds(1.0) == policy.first_delay_seconds


@pytest.fixture
def state(home):
    state = StackState(name="trial", directory=stack_directory("trial"), ports=USUAL)
    state.save()
    return state


def a_process(state, name, code, **changes):
    return ProcessSpec(
        name=name,
        argv=(sys.executable, "-c", code),
        environment=marked({}, state.directory, name),
        directory=state.directory,
        log=state.directory / "logs" / f"{name}.log",
        port=1,
        **changes,
    )


class Run:
    """A supervisor in this process, and what it says about its processes."""

    def __init__(self, state, *specs, policy=RestartPolicy):
        self.state = state
        self.specs = {spec.name: spec for spec in specs}
        self.supervisor = Supervisor(state.directory, lambda state: self.specs, policy)

    async def __aenter__(self):
        self.task = asyncio.create_task(self.supervisor.run())
        return self

    async def __aexit__(self, *error):
        self.supervisor.stopping.set()
        await asyncio.wait_for(self.task, WAIT_SECONDS)

    def entry(self, name):
        return read_processes(self.state.directory).get("processes", {}).get(name, {})

    async def until(self, condition):
        async with asyncio.timeout(WAIT_SECONDS):
            while not condition():
                await asyncio.sleep(0.01)


async def test_a_killed_process_is_started_again(state):
    async with Run(state, a_process(state, "worker", FOR_EVER)) as run:
        await run.until(lambda: run.entry("worker").get("state") == "running")
        first = run.entry("worker")["pid"]
        psutil.Process(first).kill()
        await run.until(lambda: run.entry("worker").get("restarts") == 1 and run.entry("worker")["pid"])
        assert run.entry("worker")["pid"] != first
        assert run.entry("worker")["last_exit"] == "signal SIGKILL"
    assert find_processes(state.directory) == {}


async def test_a_process_that_always_crashes_stays_down_until_a_reload(state):
    def policy():
        return RestartPolicy(max_quick_count=2, first_delay_seconds=0.01)

    async with Run(state, a_process(state, "worker", "print('oh'); exit(3)"), policy=policy) as run:
        await run.until(lambda: run.entry("worker").get("state") == "failed")
        assert run.entry("worker")["last_exit"] == "exit code 3"
        assert (state.directory / "logs" / "worker.log").read_text() == "oh\n" * 3
        run.specs = {"worker": a_process(state, "worker", FOR_EVER)}
        run.supervisor.reload.set()
        await run.until(lambda: run.entry("worker").get("state") == "running")


async def test_a_program_that_is_missing_is_a_crash_and_not_the_end_of_the_supervisor(state):
    def policy():
        return RestartPolicy(max_quick_count=0)

    missing = ProcessSpec("gone", ("/no/such/program",), {}, state.directory, state.directory / "gone.log", 1)
    async with Run(state, missing, a_process(state, "worker", FOR_EVER), policy=policy) as run:
        await run.until(lambda: run.entry("gone").get("state") == "failed")
        assert "No such file" in run.entry("gone")["last_exit"]
        await run.until(lambda: run.entry("worker").get("state") == "running")


async def test_a_reload_starts_what_is_new_stops_what_is_unwanted_and_leaves_the_rest(state):
    first, second, third = (a_process(state, name, FOR_EVER) for name in ("first", "second", "third"))
    async with Run(state, first, second) as run:
        await run.until(lambda: all(run.entry(name).get("pid") for name in ("first", "second")))
        kept, dropped = run.entry("first")["pid"], psutil.Process(run.entry("second")["pid"])
        run.specs = {"first": first, "third": third}
        run.supervisor.reload.set()
        await run.until(lambda: run.entry("third").get("pid"))
        assert run.entry("first")["pid"] == kept
        assert is_gone(dropped)
        assert run.entry("second") == {}


async def test_services_stop_before_kafka_and_kafka_before_postgres(state):
    order = state.directory / "order"
    tell = (
        "import signal, sys\n"
        "def stop(*_):\n"
        f"    open({str(order)!r}, 'a').write(sys.argv[1] + '\\n')\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        "print('ready', flush=True)\n"
        "signal.pause()\n"
    )
    specs = []
    for name in ("postgres", "kafka", "scoring"):
        spec = a_process(state, name, tell)
        specs.append(ProcessSpec(**{**vars(spec), "argv": (*spec.argv, name)}))
    async with Run(state, *specs) as run:
        logs = [state.directory / "logs" / f"{spec.name}.log" for spec in specs]
        await run.until(lambda: all(log.exists() and log.read_text() == "ready\n" for log in logs))
    assert order.read_text().split() == ["scoring", "kafka", "postgres"]


async def test_a_process_that_ignores_the_signal_is_killed_in_bounded_time(state):
    spec = a_process(state, "deaf", DEAF, stop_signal=signal.SIGTERM, stop_timeout_seconds=0.1)
    async with Run(state, spec) as run:
        log = state.directory / "logs" / "deaf.log"
        await run.until(lambda: log.exists() and log.read_text())
        process = psutil.Process(run.entry("deaf")["pid"])
    assert is_gone(process)
