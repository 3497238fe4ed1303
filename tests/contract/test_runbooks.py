"""Every runbook has a command that can be run as it stands, and names none that there is not."""

import re
import shlex
from pathlib import Path

import click
import pytest

from plaudit.cli import main

RUNBOOKS = sorted((Path(__file__).parents[2] / "docs" / "runbooks").glob("*.md"))
#: What stands in a block of its own is typed as it is.
BLOCK = re.compile(r"^ {4,}(?P<command>plaudit .+)$", re.MULTILINE)
IN_TEXT = re.compile(r"`(?P<command>plaudit [^`]+)`")
#: Backups are made by PostgreSQL's own tools: tests/integration/services/backups.py runs those.
BY_OTHER_TOOLS = {"restore"}


def blocks(page: Path) -> list[str]:
    return [found["command"] for found in BLOCK.finditer(page.read_text())]


def known(command: str) -> None:
    """Fail unless there is such a command, which takes such options."""
    found: click.Command = main
    words = shlex.split(command.replace("…", ""))[1:]
    while words and isinstance(found, click.Group):
        named = found.get_command(click.Context(found), words.pop(0))
        assert named is not None, f"there is no `{command}`"
        found = named
    options = {name for one in found.params for name in (*one.opts, *one.secondary_opts)}
    asked = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert asked <= options, f"`{command}` takes no {', '.join(sorted(asked - options))}"


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_a_runbook_has_a_command_to_run_and_names_none_that_there_is_not(page: Path) -> None:
    assert blocks(page) or page.stem in BY_OTHER_TOOLS, "put a command into a block of its own"
    named = [" ".join(found["command"].split()) for found in IN_TEXT.finditer(page.read_text())]
    for command in [*blocks(page), *named]:
        known(command)
    for command in blocks(page):
        assert not re.search(r"[<…]|\b[A-Z]{2,}\b", command), f"`{command}` cannot be run as it stands"


def test_a_command_that_there_is_not_is_found() -> None:
    with pytest.raises(AssertionError, match="there is no `plaudit dead-letters list rewards`"):
        known("plaudit dead-letters list rewards")
    with pytest.raises(AssertionError, match="takes no --loudly"):
        known("plaudit status --loudly")
