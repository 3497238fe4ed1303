"""docs/restatements.md: its commands are those there are, with the options that they take."""

import re
import shlex
from pathlib import Path

import click
import pytest

from plaudit.programme.restating import restate

PAGE = (Path(__file__).parents[2] / "docs" / "restatements.md").read_text()
BLOCK = re.findall(r"^    plaudit programme restate (.+)$", PAGE, re.MULTILINE)
INLINE = re.findall(r"`plaudit programme restate ([a-z-]+)[^`]*`", PAGE)
#: What stands for an id of a restatement there.
ID = "5d451219-5098-4e95-ac3a-2d97160d07a2"


def test_the_page_speaks_of_every_command() -> None:
    assert {words.split()[0] for words in BLOCK} | set(INLINE) == set(restate.commands)


@pytest.mark.parametrize("words", BLOCK)
def test_a_command_of_the_page_is_taken_as_it_stands_there(words: str) -> None:
    name, *given = [ID if word == "ID" else word for word in shlex.split(words)]
    command = restate.commands[name]
    with command.make_context(name, given, parent=click.Context(restate)) as taken:
        assert set(taken.params) >= {"as_json"}
