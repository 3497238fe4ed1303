"""Cases of programmes: the examples' own, what a wrong one says, and where a mistake is."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from plaudit.cli import main
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.rehearsals.domain.cases import read_cases
from services.scoring.rehearsals.domain.playing import History, play, points_by_person_and_rule
from services.scoring.rehearse import rehearse
from shared.contracts.programme import Programme

FOLDER = Path(__file__).parents[5] / "programmes"
WHOLE = ("customer-forum", "employee-recognition", "open-source")
PROGRAMME = """\
programme: small
title: Small
attributes:
  - {id: tier, title: Tier, for_rules: true, personal: false}
rules:
  - {id: post, title: Wrote, on: [forum.post.v1], points: 5, daily_cap: 10}
  - {id: gold, title: Wrote as gold, on: [forum.post.v1], points: 1, when: 'member.tier == "gold"'}
"""

CAMPAIGN = """\
campaigns:
  - {id: spring, title: Spring, starts: 2026-03-01, ends: 2026-03-31, budget: {points: 8}}
"""


def small() -> Programme:
    programme = read_programme(PROGRAMME)
    assert isinstance(programme, Programme)
    return programme


def mistakes(text: str) -> list[str]:
    found = read_cases(text, small())
    assert isinstance(found, list)
    return [f"{one.line}:{one.column} {one.field} {one.detail}" for one in found]


def run(tmp_path: Path, cases: str, *more: str) -> Result:
    (tmp_path / "tests").mkdir()
    (tmp_path / "small.yaml").write_text(PROGRAMME)
    (tmp_path / "tests" / "small.yaml").write_text(cases)
    return CliRunner().invoke(main, ["programme", "test", str(tmp_path / "small.yaml"), *more])


@pytest.mark.parametrize("name", WHOLE)
def test_an_example_gives_what_its_cases_say_and_each_rule_is_shown(name: str) -> None:
    found = rehearse(FOLDER / f"{name}.yaml", FOLDER / "tests" / f"{name}.yaml")
    assert found["mistakes"] == []
    assert [one for one in found["cases"] if not one["passed"]] == []
    assert found["rules_not_shown"] == []


def test_every_whole_example_has_cases() -> None:
    assert {file.stem for file in (FOLDER / "tests").glob("*.yaml")} == set(WHOLE)


def test_a_case_that_is_wrong_says_who_has_what_and_why(tmp_path: Path) -> None:
    cases = """\
cases:
  - title: Three posts
    known: {ann: {tier: gold}}
    events: [{type: forum.post.v1, by: ann, times: 3}]
    gives: {ann: {post: 15, gold: 3}, bob: {gold: 1}}
    declines: {gold: [own_act]}
  - title: One post
    events: [{type: forum.post.v1, by: bob}]
    gives: {bob: {post: 5}}
    declines: {gold: [condition_failed]}
"""
    ran = run(tmp_path, cases)
    assert ran.exit_code == 1
    assert ran.output.splitlines() == [
        "NOT  line 2: Three posts",
        "       ann has 10 points of post, not 15 (limit: 0 of 5 points fit under its limits: 10 points a day)",
        "       bob has 0 points of gold, not 1",
        "       gold declined nothing as own_act; its reasons were: none",
        "ok  line 7: One post",
        "1 of 2 cases as expected",
    ]


def test_the_command_prints_json_and_names_rules_that_no_case_shows(tmp_path: Path) -> None:
    ran = run(
        tmp_path,
        "cases: [{title: One, events: [{type: forum.post.v1, by: ann}], gives: {ann: {post: 5}}}]",
        "--json",
    )
    said: dict[str, Any] = json.loads(ran.output)
    assert (ran.exit_code, said["rules_not_shown"]) == (0, ["gold"])
    assert said["cases"] == [{"title": "One", "line": 1, "passed": True, "differences": []}]


def test_a_mistake_ends_with_two_and_its_place(tmp_path: Path) -> None:
    ran = run(tmp_path, "cases:\n  - title: One\n    evens: []\n    gives: {}\n")
    assert ran.exit_code == 2
    assert "line 3, column 5: /cases/0/evens there is no field `evens` here" in ran.output
    missing = CliRunner().invoke(main, ["programme", "test", str(FOLDER / "starter.yaml")])
    assert (missing.exit_code, "there are no cases at" in missing.output) == (2, True)


def test_mistakes_in_cases_have_places() -> None:
    text = """\
cases:
  - title: Much is wrong
    events:
      - {type: forum.pots.v1, by: ann}
      - {type: forum.post.v1}
      - {type: forum.post.v1, by: ann, at: yesterday, data: {length_char: 5}}
      - {type: activity.retracted.v1, by: ann}
    gives: {ann: {pots: 5}}
    declines: {gould: [limit]}
"""
    found = mistakes(text)
    assert (
        found[0]
        == "4:10 /cases/0/events/0/type there is no event type `forum.pots.v1`; did you mean `forum.post.v1`?"
    )
    assert found[1] == "5:9 /cases/0/events/1 who did it is missing: `by: NAME`"
    assert found[2].startswith("6:40 /cases/0/events/2/at expected a time with its zone")
    assert found[3].startswith("6:62 /cases/0/events/2/data/length_char `data.length_char`")
    assert found[4] == "7:9 /cases/0/events/3 what takes back or restores says of which event: `takes_back: ID`"
    assert found[5] == "8:19 /cases/0/gives/ann/pots there is no rule `pots`; did you mean `post`?"
    assert found[6] == "9:16 /cases/0/declines/gould there is no rule `gould`; did you mean `gold`?"
    assert len(found) == 7


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it starts with `cases:`"),
        ("cases: []", "at least 1 item"),
        ("cases: [{title: A, events: [{type: forum.post.v1, by: a}]}]", "the field `gives` is missing"),
    ],
)
def test_what_is_no_list_of_cases_is_refused(text: str, said: str) -> None:
    assert said in mistakes(text)[0]


def test_a_case_meets_the_budget_of_a_campaign_in_order_of_time() -> None:
    programme = read_programme(
        PROGRAMME.replace("\nrules:", f"\n{CAMPAIGN}rules:").replace("daily_cap: 10", "campaign: spring")
    )
    assert isinstance(programme, Programme)
    history = History(lambda _, name: name)
    for minute in (2, 1, 3):
        history.add(
            {
                "type": "forum.post.v1",
                "source": "urn:x",
                "id": str(minute),
                "time": datetime(2026, 3, 2, 10, minute, tzinfo=UTC),
                "data": {"channel": "forum", "actor": {"id": f"who {minute}"}, "object": {"id": str(minute)}},
            }
        )
    played = play(programme, history)
    assert points_by_person_and_rule(played.given) == {"who 1": {"post": 5}, "who 2": {"post": 3}}
    assert [(one.person, one.reason) for one in played.refused if one.rule_id == "post"] == [
        ("who 2", "budget"),
        ("who 3", "budget"),
    ]
