"""One platform for all faults, the choice between the quick and the full ones, and the table at the end."""

import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.conftest import SESSION_SECONDS
from tests.faults.arena import EVENTS_COUNT, FULL, SEED, Arena, arena
from tests.faults.report import REPORT, table

#: A fault that is not injected into one service after the other strikes at so many moments.
MOMENTS_COUNT = 3


def quick(test):
    """A fault that `make test` has the time for; `make faults` runs all of them."""
    test.is_quick = True
    return test


def once(test):
    """It chooses many moments by itself."""
    test.is_once = True
    return test


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """With PLAUDIT_FAULTS=full, run a test several times: each run draws other moments (see Arena.run)."""
    variants = math.prod(len(mark.args[1]) for mark in metafunc.definition.iter_markers("parametrize"))
    if FULL and variants < MOMENTS_COUNT and not hasattr(metafunc.function, "is_once"):
        metafunc.fixturenames.append("moment")
        metafunc.parametrize("moment", range(1, MOMENTS_COUNT + 1))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without PLAUDIT_FAULTS=full, leave out what is not quick."""
    here = Path(__file__).parent
    left_out = [
        one
        for one in items
        if not FULL and here in one.path.parents and not hasattr(getattr(one, "obj", None), "is_quick")
    ]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [one for one in items if one not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the faults came to."""
    lines = table(REPORT)
    if lines:
        terminalreporter.section("faults")
        for line in lines:
            terminalreporter.write_line(line)
        terminalreporter.write_line(
            f"{EVENTS_COUNT} events a run, sessions of {SESSION_SECONDS:.0f} s; "
            f"again with PLAUDIT_FAULT_SEED={SEED}"
        )


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def platform_under_faults(plaudit_home: Path) -> AsyncIterator[Arena]:
    """The platform that the faults share."""
    async with arena("faults") as one:
        yield one
