"""One platform for all faults, the choice between the quick and the full ones, and the table at the end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.arena import EVENTS_COUNT, FULL, SEED, SESSION_SECONDS, Arena, arena
from tests.faults.report import REPORT, table


def quick(test):
    """A fault that `make test` has the time for; `make faults` runs all of them."""
    test.is_quick = True
    return test


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


@pytest_asyncio.fixture(scope="session")
async def platform_under_faults(plaudit_home: Path) -> AsyncIterator[Arena]:
    """The platform that the faults share."""
    async with arena("faults") as one:
        yield one
