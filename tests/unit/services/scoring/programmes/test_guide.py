"""The guide tells the truth: its programmes are programmes, and its errors are what the reader says."""

import re
from pathlib import Path

import pytest

from services.scoring.programmes.domain.reading import read_programme
from services.scoring.rules.domain.conditions import check_condition
from shared.contracts.activities import ACTIVITY_TYPES
from shared.contracts.programme import Programme

GUIDE = (Path(__file__).parents[5] / "docs" / "programmes.md").read_text(encoding="utf-8")
REFUSED = re.compile(r"<!-- refused -->\n```yaml\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
PROGRAMME = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
CONDITION = re.compile(r"^\| `(.*?)` \| [^`]*\|$", re.MULTILINE)


@pytest.mark.parametrize("text", PROGRAMME.findall(REFUSED.sub("", GUIDE)))
def test_a_programme_of_the_guide_is_valid(text: str) -> None:
    assert isinstance(read_programme(text), Programme), read_programme(text)


@pytest.mark.parametrize(("text", "shown"), REFUSED.findall(GUIDE))
def test_an_error_of_the_guide_is_what_is_said(text: str, shown: str) -> None:
    errors = read_programme(text)
    assert isinstance(errors, list)
    said = [f"line {one.line}, column {one.column}: {one.field} {one.detail}" for one in errors]
    assert said == shown.splitlines()


def conditions() -> list[str]:
    table = GUIDE.split("| Condition |")[1].split("\n\n")[0]
    return [found.replace("\\|", "|") for found in CONDITION.findall(table)]


@pytest.mark.parametrize("condition", conditions())
def test_a_condition_of_the_guide_can_be_used(condition: str) -> None:
    check_condition(condition, [one for one in ACTIVITY_TYPES if one.startswith(("code.", "forum."))])


def test_the_guide_has_examples() -> None:
    assert (len(PROGRAMME.findall(GUIDE)), len(REFUSED.findall(GUIDE)), len(conditions())) == (16, 5, 15)
