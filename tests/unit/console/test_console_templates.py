"""What templates take from one another is there: Jinja itself says so only when a page is shown."""

import re
from pathlib import Path

import pytest

from console.frame.rendering import ROOT

IMPORT = re.compile(r'{% from "([a-z.]+)" import ([\w, ]+?) with context %}')
MACRO = re.compile(r"{% macro (\w+)\(")
INSTEAD = re.compile(r"{{ (?:instead|down|forbidden)\(([^{}]*)\) }}")
SECTION = re.compile(r"</?section|{% block content")
TEMPLATES = sorted([*(ROOT / "pages").rglob("*.html"), *(ROOT / "components").glob("*.html")])


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_imports_what_there_is(path: object) -> None:
    text = (ROOT / str(path)).read_text()
    for source, names in IMPORT.findall(text):
        there = set(MACRO.findall((ROOT / "components" / source).read_text()))
        assert {name.strip().partition(" as ")[0] for name in names.split(",")} <= there


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_stands_for_a_part_that_is_not_there_skips_no_heading(path: object) -> None:
    text = (ROOT / str(path)).read_text()
    for found in INSTEAD.finditer(text):
        before = [one.start() for one in SECTION.finditer(text, 0, found.start())]
        is_below_h2 = "<h2" in text[before[-1] if before else 0 : found.start()]
        assert is_below_h2 or "level" in found[1], found[0]


@pytest.mark.parametrize(
    "path",
    [path for path in TEMPLATES if "not_allowed(" in path.read_text() and path.name != "parts.html"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_who_may_decide_is_known_where_somebody_may_not(path: Path) -> None:
    """What says that somebody may not decide names who may: a page without them breaks for that reader alone."""
    name = str(path.relative_to(ROOT))
    showing = [file for file in (ROOT / "pages").rglob("*.py") if f'"{name}"' in file.read_text()]
    assert showing
    for file in showing:
        text = file.read_text()
        assert "approvers=" in text or "Entries(" in text, file
