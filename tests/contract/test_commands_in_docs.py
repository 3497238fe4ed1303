"""Every command that a page of docs/ or the README names is one, and takes the options that it is given there."""

import re
from pathlib import Path

import click
import pytest

from plaudit.cli import main

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "guides").glob("*.md")])
TYPED = re.compile(r"`(?P<inline>plaudit [^`]+)`|^(?:\$ | {4,})(?P<block>plaudit [^\n]+)$", re.MULTILINE)
#: Begin as a command does and are none: the first line of a list that is handed in, and what a key is called.
NO_COMMANDS = {"plaudit attendance list v1", "plaudit command"}
#: What stands for something else, and a name of a file.
NAMES_NOTHING = re.compile(r"[A-Z<…{$|/.]|^-$")


def wrong_with(line: str) -> str | None:
    """What is wrong with a command as it is typed; None where nothing is."""
    words = line.replace("\\\n", " ").split()[1:]
    found: click.Command = main
    place = 0
    while isinstance(found, click.Group) and place < len(words) and not words[place].startswith("-"):
        if NAMES_NOTHING.search(words[place]):
            return None
        named = found.get_command(click.Context(found), words[place])
        if named is None:
            return f"there is no {' '.join(words[: place + 1])}"
        found, place = named, place + 1
    options = {name for one in found.params for name in (*one.opts, *one.secondary_opts)}
    for word in words[place:]:
        if word in ("|", ">", "&&", ";"):
            return None
        name = word.partition("=")[0].rstrip(".,;:)]")
        if name.startswith("--") and name != "--" and name not in options:
            return f"{' '.join(words[:place])} takes no {name}"
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_names_no_command_that_there_is_not(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    lines = [" ".join((found["inline"] or found["block"]).split()) for found in TYPED.finditer(text)]
    wrong = {line: said for line in lines if line not in NO_COMMANDS and (said := wrong_with(line))}
    assert not wrong


def test_a_command_that_there_is_not_is_found() -> None:
    assert wrong_with("plaudit community change demo --backtest") == "there is no community change"
    assert wrong_with("plaudit community set demo --loudly") == "community set takes no --loudly"
    assert wrong_with("plaudit community set COMMUNITY --backtest | less") is None
