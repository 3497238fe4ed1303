"""The decisions in docs/adr have numbers without holes, say what they are, and stand in the index."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs/adr"
INDEX = FOLDER / "README.md"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path != INDEX)
ROW = re.compile(r"^\| (\d+) \| \[(.+)\]\((.+)\) \| (.+) \|$", re.MULTILINE)
PAGE = re.compile(r"# (\d+)\. (.+)\n\nStatus: (accepted|replaced by ADR \d+)\n\n")


def test_numbers_have_no_holes_and_no_twins() -> None:
    numbers = [path.name.partition("-")[0] for path in PAGES]

    assert numbers == [f"{number:04d}" for number in range(1, len(PAGES) + 1)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_begins_with_its_number_title_and_status(path: Path) -> None:
    begins = PAGE.match(path.read_text())

    assert begins is not None, "the page begins otherwise than docs/adr/README.md shows"
    assert int(begins[1]) == int(path.name[:4])


def test_the_index_says_what_the_pages_say() -> None:
    stated = [
        (begins[1], begins[2], path.name, begins[3])
        for path in PAGES
        if (begins := PAGE.match(path.read_text())) is not None
    ]

    assert ROW.findall(INDEX.read_text()) == stated
