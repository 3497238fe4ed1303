"""The faults' table at the end of a run, in docs/guarantees.md too when PLAUDIT_FAULTS_TABLE names the page.

Rows come with the tests' reports, because the process that prints is not always the one that ran the tests.
"""

import os
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.faults.report import REPORT, Row, merge, table

ROOT = Path(__file__).parents[2]
ROW, NOTE = "fault", "faults' note"
#: The page to write the lines into, by `make faults`, and which part of the faults ran.
PAGE = os.environ.get("PLAUDIT_FAULTS_TABLE", "")
PART = os.environ.get("PLAUDIT_FAULTS_PART", "")


def attach(report: pytest.TestReport, note: str) -> None:
    """Put the rows of the test that has just run into its report; `note` says how they came about."""
    report.user_properties += [(ROW, asdict(row)) for row in REPORT]
    report.user_properties += [(NOTE, note)] if REPORT else []
    REPORT.clear()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    """Print what the faults came to, and write it down if all of it passed."""
    reports = [
        one for kind in terminalreporter.stats.values() for one in kind if isinstance(one, pytest.TestReport)
    ]
    found = [entry for one in reports if one.when == "call" for entry in one.user_properties]
    rows = [Row(**value) for name, value in found if name == ROW]
    if not rows:
        return
    terminalreporter.section("faults")
    for line in (*table(rows), *dict.fromkeys(value for name, value in found if name == NOTE)):
        terminalreporter.write_line(line)
    if PAGE and exitstatus == pytest.ExitCode.OK:
        page = ROOT / PAGE
        # Of a part, or of what -k chose, the lines of the others stay.
        is_everything = not PART and not any(terminalreporter.stats.get(one) for one in ("skipped", "deselected"))
        page.write_text(merge(page.read_text(), rows, commit=_commit(), machine=_machine(), only=is_everything))
        terminalreporter.write_line(f"The table of {PAGE} has these lines.")
    elif PAGE:
        terminalreporter.write_line(f"The table of {PAGE} stays as it is: not everything passed.")


def _machine() -> str:
    """The machine that the faults ran on, and how fast it is."""
    from bench.factor import measure  # noqa: PLC0415 -- takes seconds, and only here
    from bench.machine import core_count, cpu_model  # noqa: PLC0415

    return f"{core_count()} × {cpu_model()}, factor {measure().factor:.2f}"


def _commit() -> str:
    """The commit that ran; with a plus when there was more than is committed."""
    head = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", f":!{PAGE}")
    return f"{head}{'+' if changed else ''}" if head else "not known"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
