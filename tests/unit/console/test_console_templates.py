"""What templates take from one another is there: Jinja itself says so only when a page is shown."""

import re

import pytest

from console.frame.rendering import ROOT

IMPORT = re.compile(r'{% from "([a-z.]+)" import ([\w, ]+?) with context %}')
MACRO = re.compile(r"{% macro (\w+)\(")
TEMPLATES = sorted([*(ROOT / "pages").rglob("*.html"), *(ROOT / "components").glob("*.html")])


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_imports_what_there_is(path: object) -> None:
    text = (ROOT / str(path)).read_text()
    for source, names in IMPORT.findall(text):
        there = set(MACRO.findall((ROOT / "components" / source).read_text()))
        assert {name.strip().partition(" as ")[0] for name in names.split(",")} <= there
