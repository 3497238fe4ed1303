"""`plaudit programme`, as far as it goes without a service: a file to begin with, and answers in words."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from plaudit.cli import main
from plaudit.programme import programme
from plaudit.programme.asking import published_lines
from plaudit.programme.explaining import REASONS, explanation_lines
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.rules.domain.matching import Reason
from shared.contracts.programme import Programme

EVERY = sorted(programme.commands)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["programme", *arguments])


@pytest.mark.parametrize("command", EVERY)
def test_every_command_has_an_example_and_json(command: str) -> None:
    found = programme.commands[command]
    commands = list(getattr(found, "commands", {}).values()) or [found]
    for one in commands:
        assert (one.epilog or "").startswith("Example: plaudit programme"), one.name
        assert "--json" in {option for parameter in one.params for option in parameter.opts}, one.name


def test_a_file_to_begin_with_is_a_programme_and_overwrites_nothing(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    assert run("init", str(file), "--id", "gardeners", "--title", 'The "gardeners"').exit_code == 0
    read = read_programme(file.read_text())
    assert isinstance(read, Programme), read
    assert (read.programme, read.title) == ("gardeners", 'The "gardeners"')
    again = run("init", str(file))
    assert (again.exit_code, "is there already" in again.output) == (1, True)
    wrong = run("init", str(tmp_path / "other.yaml"), "--id", "Not an id")
    assert (wrong.exit_code, "lower-case" in wrong.output) == (2, True)
    assert not (tmp_path / "other.yaml").exists()


@pytest.mark.parametrize(
    ("because", "said"),
    [
        (["money"], "it changes money"),
        (["payouts"], "points are paid in this community"),
        (["policy"], "the community has two people publish"),
        (["asked"], "that was asked for"),
    ],
    ids=["money", "payouts", "policy", "asked"],
)
def test_why_it_waits_is_said(because: list[str], said: str) -> None:
    published = {
        "programme_id": "starter",
        "version": 3,
        "state": "proposed",
        "waits_because": because,
        "superseded": 2,
        "money_changes": [],
    }
    lines = published_lines(published)
    assert lines[0] == "version 2, which was proposed, can not be approved any more"
    assert lines[1].endswith(f"until another person approves it: {said}.")


def test_an_explanation_says_what_was_given_and_why_not_with_the_values_met() -> None:
    rule = {"programme_version": 2, "points": 3, "title": "Answered", "condition": "data.length_chars >= 20"}
    award = {
        "points": 5,
        "rule_id": "post",
        "beneficiary": "actor",
        "member_id": "m",
        "programme_version": 2,
        "recorded_at": "2026-01-31T12:00:00Z",
        "amends": None,
    }
    amended = award | {"points": -5, "amends": "a", "cause": "retracted", "total": 0}
    declined = {
        "rule_id": "answer",
        "beneficiary": "actor",
        "reason": "condition_false",
        "detail": "",
        "programme_version": 2,
        "met": {"data.length_chars": 7},
    }
    found = {
        "scored": True,
        "retracted": True,
        "awards": [award, amended],
        "declined": [declined],
        "attributes": [
            {"rule_id": "gold", "written": "member.tier", "member_id": "m", "since": None, "value": None}
        ],
        "calculated": [{"rule_id": "post", "beneficiary": "actor", "points": 5, "met": {"data.length_chars": 50}}],
        "rules": [rule | {"rule_id": "answer"}],
    }
    assert explanation_lines(found) == [
        "it was scored, and taken back since",
        "  +5 post to the actor m, by version 2, recorded 2026-01-31T12:00:00Z",
        "  -5 post (retracted): 0 since, by version 2, recorded 2026-01-31T12:00:00Z",
        "   0 answer to the actor: its condition does not hold, by version 2",
        "      Answered: asks data.length_chars >= 20",
        "      met: data.length_chars is 7",
        "    rule gold read member.tier of m: nothing",
        "    rule post came to 5 for the actor by data.length_chars is 50",
    ]
    nothing = found | {"awards": [], "declined": [], "attributes": [], "calculated": [], "rules": []}
    assert "no rule of the version" in explanation_lines(nothing)[1]
    assert "has not been scored" in explanation_lines(nothing | {"scored": False})[0]


def test_every_reason_has_words() -> None:
    assert set(Reason.__args__) <= set(REASONS)
