"""What tests share: the real Kafka and PostgreSQL, alone or with all five services, in a home of their own."""

import gc
import os
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from signal import SIGKILL, SIGQUIT
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

from plaudit.stack import StackState, kafka, processes, start
from plaudit.stack.services import connections

# How long an example takes says how busy the machine is; what a case may cost is held by counting steps.
hypothesis_settings.register_profile("plaudit", deadline=None)
hypothesis_settings.load_profile("plaudit")

# Thousands of tests are collected, and modules imported, that stay: the collector would walk all of it again and
# again (8 s of CPU instead of 13 in each of the processes).
GC_THRESHOLD_COUNT = 50_000
gc.set_threshold(GC_THRESHOLD_COUNT)

pytest_plugins = ["tests.side_by_side", "tests.faults.summary"]

ROOT = Path(__file__).parents[1]
SHARED_DATA = Path(os.environ.get("PLAUDIT_SHARED_DATA", ROOT / ".." / "shared" / "data")).resolve()

#: A killed worker's partitions wait for this, and a rebalance is heard of after a quarter of it: short, because
#: tests kill workers and wait for the next. The default is 10 s.
SESSION_SECONDS = 3.0
THROW_AWAY_SECONDS = 20.0
#: Whole files are imported into the platform that tests share, at the pace of the line behind the door. How the
#: door is by default is what tests/faults/test_fair_share.py is about.
WIDE_DOOR = {
    "PLAUDIT_KEY_EVENTS_PER_SECOND": "1e6",
    "PLAUDIT_COMMUNITY_EVENTS_PER_SECOND": "1e6",
    "PLAUDIT_ALL_EVENTS_PER_SECOND": "1e6",
    "PLAUDIT_KEY_BYTES_PER_SECOND": "1e9",
    "PLAUDIT_COMMUNITY_BYTES_PER_SECOND": "1e9",
    "PLAUDIT_ALL_BYTES_PER_SECOND": "1e9",
    "PLAUDIT_BACKFILL_EVENTS_PER_SECOND": "1e6",
    "PLAUDIT_BACKFILL_BATCH_MAX_COUNT": "2000",
    "PLAUDIT_LINE_AGE_MAX_SECONDS": "3600",
    "PLAUDIT_SCORED_AGE_MAX_SECONDS": "0",
    "PLAUDIT_NUDGES_SETTLE_SECONDS": "0",
}


@dataclass(frozen=True)
class Stack:
    """A running Kafka and PostgreSQL with every topic and database."""

    state: StackState

    def settings(self, service: str) -> dict[str, Any]:
        """Arguments for the Settings of `service` that connect it to this stack, with a free port.

        Nobody scores here unless a test does, so the front door must not wait for it; and what other tests left in
        the topics that nothing can read ends no reader.
        """
        return {
            **connections(self.state, service),
            **({"scored_age_max_seconds": 0} if service == "ingest" else {}),
            "admin_key": self.state.admin_key,
            "http_port": 0,
            "dead_letters_max_per_minute": 1_000,
            "session_seconds": SESSION_SECONDS,
        }


def pytest_collection_finish() -> None:
    """What was collected stays until the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def one_tls_context() -> Iterator[None]:
    """HTTP clients share it: nobody here speaks TLS, and each would read the world's certificates for 10 ms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield


@pytest.fixture(scope="session")
def plaudit_home() -> Iterator[Path]:
    """Where the tests' stacks live: never among a user's. Another user, PostgreSQL's, must be able to enter.

    Their brokers take consumer sessions that are shorter than Kafka's own minimum.
    """
    home = Path(tempfile.mkdtemp(prefix="plaudit-tests-"))
    home.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAUDIT_HOME", str(home))
        properties = kafka.properties
        patch.setattr(kafka, "properties", lambda state: f"{properties(state)}group.min.session.timeout.ms=1000\n")
        yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def stack(plaudit_home: Path) -> Iterator[Stack]:
    """Kafka and PostgreSQL without services, for tests that run parts of a service themselves."""
    state = start("parts", only=["kafka", "postgres"])
    yield Stack(state)
    throw_away(state)


def throw_away(state: StackState) -> None:
    """Ends a stack whose data nobody wants: an orderly stop writes all of it to the disk first."""
    found = processes.find_processes(state.directory)
    server = found.pop("postgres", [])
    supervisor = found.pop(processes.SUPERVISOR, [])
    others = [process for members in found.values() for process in members]
    for members, signal_number in ((supervisor, SIGKILL), (others, SIGKILL), (server, SIGQUIT)):
        assert not processes.stop(members, signal_number, THROW_AWAY_SECONDS)


@pytest.fixture(scope="session")
def platform(plaudit_home: Path) -> Iterator[StackState]:
    """The whole platform, as `plaudit up` starts it."""
    state = start("whole", environment={"PLAUDIT_SESSION_SECONDS": str(SESSION_SECONDS)} | WIDE_DOOR)
    yield state
    throw_away(state)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data to try the platform on; tests that need it are skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data is not at {SHARED_DATA}; set PLAUDIT_SHARED_DATA to where it is")
    return SHARED_DATA
