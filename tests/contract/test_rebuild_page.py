"""docs/rebuild.md: its commands are those there are, and tests/e2e/test_rebuild.py runs them."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from plaudit.cli import main
from plaudit.rebuilds.commands import rebuild

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rebuild.md").read_text()
BLOCK = re.findall(r"^    plaudit rebuild (.+)$", PAGE, re.MULTILINE)
STORY = (ROOT / "tests" / "e2e" / "test_rebuild.py").read_text()


def test_the_page_speaks_of_every_command() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == set(rebuild.commands)


@pytest.mark.parametrize("words", BLOCK)
def test_a_command_of_the_page_is_taken_and_is_run_on_a_stack(words: str) -> None:
    name, *options = words.split()
    shown = CliRunner().invoke(main, ["rebuild", name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert all(option in shown.output for option in options)
    assert f'"{name}"' in STORY
