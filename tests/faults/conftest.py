"""One platform for all faults, the choice between the quick, the full ones and a part, and what they report."""

import math
from collections import Counter
from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.conftest import SESSION_SECONDS
from tests.faults.arena import EVENTS_COUNT, FULL, SEED, Arena, arena
from tests.faults.parts import WrongPartError, read_part, run_seconds, split
from tests.faults.summary import PART, attach

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
    """Without PLAUDIT_FAULTS=full, leave out what is not quick; with PLAUDIT_FAULTS_PART, the other parts."""
    here = Path(__file__).parent
    faults = [one for one in items if here in one.path.parents]
    chosen = faults if FULL else [one for one in faults if hasattr(getattr(one, "obj", None), "is_quick")]
    if PART:
        chosen = of_part(chosen, PART)
    left_out = [one for one in faults if one not in chosen]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [one for one in items if one not in left_out]


def of_part(items: list[pytest.Item], part: str) -> list[pytest.Item]:
    """The tests of a part, such as 3/8."""
    try:
        number, count = read_part(part)
    except WrongPartError as error:
        raise pytest.UsageError(str(error)) from None
    seconds: Counter[str] = Counter()
    for one in items:
        seconds[function_of(one)] += run_seconds(function_of(one))
    names = split(seconds, count)[number - 1]
    return [one for one in items if function_of(one) in names]


def function_of(item: pytest.Item) -> str:
    """The name of a test's function."""
    return str(getattr(item, "originalname", item.name))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test's report has the rows of its runs."""
    report = yield
    if report.when == "call":
        load = f"{EVENTS_COUNT} events a run, sessions of {SESSION_SECONDS:.0f} s"
        attach(report, f"{load}; again with PLAUDIT_FAULT_SEED={SEED}")
    return report


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def platform_under_faults(plaudit_home: Path) -> AsyncIterator[Arena]:
    """The platform that the faults share."""
    async with arena("faults") as one:
        yield one
