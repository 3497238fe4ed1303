"""What a page says of a backtest: rules and weeks of both sides, also those that only one of them has."""

import html
import re
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jinja2 import ChoiceLoader, DictLoader

from console.components.languages import Writer
from console.frame.rendering import Templates
from console.frame.static import load_static
from console.pages.programme.backtests import FAILURES, REASONS, STATES, RuleRow, compared_of


def side(points: int, rules: dict[str, int], weeks: dict[str, int], worth: Any = None) -> dict[str, Any]:
    return {
        "points": points,
        "rules": [{"rule": rule, "score": "points", "points": given} for rule, given in rules.items()],
        "weeks": [{"week": week, "points": given} for week, given in weeks.items()],
        "worth": worth,
        "titles": {
            "rules": {rule: f"The rule {rule}" for rule in rules},
            "campaigns": {"spring": "Spring"},
            "audiences": {},
        },
    }


def test_a_rule_and_a_week_that_one_side_lacks_has_nothing_there() -> None:
    live = side(5, {"old": 5}, {"2026-03-02": 5})
    found = compared_of(live, side(7, {"new": 7}, {"2026-03-09": 7}, {"minor": 70, "currency": "EUR"}))
    assert found.rules == [RuleRow("new", "points", 0, 7), RuleRow("old", "points", 5, 0)]
    assert (found.values, found.before) == ([0, 7], [5, 0])
    assert found.worth_minor == 70
    # Rules go by their titles, those that the draft has no more by the one they had.
    assert found.titles["rules"] == {"new": "The rule new", "old": "The rule old"}


def test_money_of_two_currencies_is_not_compared() -> None:
    live = side(5, {}, {}, {"minor": 50, "currency": "USD"})
    assert compared_of(live, side(7, {}, {}, {"minor": 70, "currency": "EUR"})).worth_minor is None
    assert compared_of(live, side(7, {}, {})).worth_minor is None


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "“More” would have given 430 more points (+11.9%), EUR 4.30 more"),
        ("it", "“More” avrebbe dato 430 punti in più (+11,9%), 4,30 € in più"),
    ],
)
def test_the_page_answers_in_its_heading(language: str, title: str) -> None:
    worth = {"minor": 3612, "currency": "EUR", "per_point": "1.000000"}
    live = side(3612, {"write": 3612}, {"2026-03-02": 3000, "2026-03-09": 612}, worth) | {"members_count": 40}
    draft = side(4042, {"write": 4042}, {"2026-03-02": 4042}, worth | {"minor": 4042}) | {
        "title": "More",
        "liability": worth,
        "limits": [{"rule": "write", "reason": "limit", "count": 3, "points": 7}],
        "budgets": [{"campaign": "spring", "budget": 100, "spent": 100, "ends_on": "2026-03-09"}],
        "compared": {
            "points": 430,
            "percent": 11.9,
            "winners_count": 12,
            "losers_count": 1,
            "audiences": [
                {"audience": "new", "points_before": 1, "points_after": 2, "winners_count": 1, "losers_count": 0}
            ],
            "movers": [{"member_id": "0d9b6cfd", "member_name": "Ada", "before": 1, "after": 9}],
        },
    }
    found = {
        "backtest_id": "1",
        "state": "done",
        "percent": 100,
        "failure": None,
        "drafts": [{"title": "More"}],
        "since": "2026-03-01T00:00:00+00:00",
        "until": "2026-04-01T00:00:00+00:00",
        "audience": None,
        "events_count": 1204,
        "asked_by": "Ada",
        "asked_at": "2026-04-01T00:00:00+00:00",
        "result": {"digest": "0" * 64},
    }
    environment = Templates(load_static())._environments[language]
    assert environment.loader is not None
    # The page without what is around every page.
    alone = DictLoader({"layout.html": "{% block content %}{% endblock %}"})
    template = environment.overlay(loader=ChoiceLoader([alone, environment.loader])).get_template(
        "pages/programme/backtest.html"
    )
    text = template.render(
        {
            "write": Writer(language, ZoneInfo("UTC")),
            "session": SimpleNamespace(may=lambda _: True),
            "found": found,
            "answer": None,
            "live": live,
            "compared": [compared_of(live, draft)],
            "refused": None,
            "states": STATES,
            "failures": FAILURES,
            "reasons": REASONS,
            "may_write": True,
            "form_token": "",
        }
    )
    text = html.unescape(text)
    heading = re.search(r"<h1>(.*?)</h1>", text, re.DOTALL)
    assert heading is not None
    assert heading[1].replace("\u00a0", " ") == title
    assert text.count("<svg") >= 2
    assert "Ada" in text
