"""What tests share: the real Kafka and PostgreSQL, alone or with all five services, in a home of their own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plaudit.stack import StackState, start, stop
from plaudit.stack.services import connections

ROOT = Path(__file__).parents[1]
SHARED_DATA = Path(os.environ.get("PLAUDIT_SHARED_DATA", ROOT / ".." / "shared" / "data")).resolve()


@dataclass(frozen=True)
class Stack:
    """A running Kafka and PostgreSQL with every topic and database."""

    state: StackState

    def settings(self, service: str) -> dict[str, Any]:
        """Arguments for the Settings of `service` that connect it to this stack, with a free port."""
        return {**connections(self.state, service), "admin_key": self.state.admin_key, "http_port": 0}


@pytest.fixture(scope="session")
def plaudit_home() -> Iterator[Path]:
    """Where the tests' stacks live: never among a user's. Another user, PostgreSQL's, must be able to enter."""
    home = Path(tempfile.mkdtemp(prefix="plaudit-tests-"))
    home.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAUDIT_HOME", str(home))
        yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def stack(plaudit_home: Path) -> Iterator[Stack]:
    """Kafka and PostgreSQL without services, for tests that run parts of a service themselves."""
    state = start("parts", only=["kafka", "postgres"])
    yield Stack(state)
    stop("parts")


@pytest.fixture(scope="session")
def platform(plaudit_home: Path) -> Iterator[StackState]:
    """The whole platform, as `plaudit up` starts it."""
    state = start("whole")
    yield state
    stop("whole")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data to try the platform on; tests that need it are skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data is not at {SHARED_DATA}; set PLAUDIT_SHARED_DATA to where it is")
    return SHARED_DATA
