"""Three processes run the tests side by side: those that share a stack stay in one, and the longest begin first.

`make test` says `-n 3` to pytest-xdist, also for two cores: what waits for sessions, partitions and timers leaves
them idle for a third of the time when only two run. A process takes a group as a whole and starts its stack for
itself, so no test meets the topics, outboxes, consumer groups or killed brokers of another process's. Files that
share nothing fill up what is left at the end. A test marked `alone` compares times: while it runs no other does.
Without `-n` nothing here has an effect.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

#: Folders whose tests share a stack, the longest first: what is begun last ends last. A folder stands before the
#: one that it is in.
GROUPS = (
    ("tests/e2e/", "tests/integration/dashboards/", "tests/integration/importers/"),
    ("tests/integration/services/rewards/",),
    ("tests/faults/",),
    ("tests/browser/", "tests/integration/console/"),
    ("tests/integration/services/",),
    ("tests/integration/shared/",),
    ("tests/integration/stack/",),
)


def group_of(nodeid: str) -> str:
    """The group of a test: its folder's, or its file alone."""
    group = next((one for one in GROUPS if nodeid.startswith(one)), None)
    return group[0] if group is not None else nodeid.partition("::")[0]


def rank(item: pytest.Item) -> int:
    """Where a test's group stands in the order of groups."""
    return next((place for place, one in enumerate(GROUPS) if item.nodeid.startswith(one)), len(GROUPS))


class Groups(LoadScopeScheduling):
    """Hands out whole groups, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    """In the process that hands out the tests."""
    config.option.loadscopereorder = False
    return Groups(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a process that runs them: the longest groups first."""
    if hasattr(config, "workerinput"):
        items.sort(key=rank)


@contextmanager
def beside_others(
    *, alone: bool, door: Path = Path(__file__), room: Path = Path(__file__).parent
) -> Iterator[None]:
    """As long as the block lasts no test runs that is to be `alone`, or, if this one is, none at all.

    What is locked is there anyhow, so that nothing is left to be cleared away.
    """
    with ExitStack() as held:
        locks = [os.open(path, os.O_RDONLY) for path in (door, room)]
        for lock in locks:
            held.callback(os.close, lock)
        # 1. Whoever waits to be alone stands in the door: nobody else comes in meanwhile, so that it empties.
        fcntl.flock(locks[0], fcntl.LOCK_EX)
        fcntl.flock(locks[1], fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        # 2. Who is alone holds the room; the next one waits for that, and the others behind it.
        fcntl.flock(locks[0], fcntl.LOCK_UN)
        yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Any:
    """A test that measures what others would disturb has the machine for itself; waiting is no test's time."""
    if not hasattr(item.config, "workerinput"):
        return (yield)
    with beside_others(alone=item.get_closest_marker("alone") is not None):
        return (yield)
