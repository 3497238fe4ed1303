"""What a page says of a backtest: rules and weeks of both sides, also those that only one of them has."""

from typing import Any

from console.pages.programme.backtests import RuleRow, compared_of


def side(points: int, rules: dict[str, int], weeks: dict[str, int], worth: Any = None) -> dict[str, Any]:
    return {
        "points": points,
        "rules": [{"rule": rule, "score": "points", "points": given} for rule, given in rules.items()],
        "weeks": [{"week": week, "points": given} for week, given in weeks.items()],
        "worth": worth,
    }


def test_a_rule_and_a_week_that_one_side_lacks_has_nothing_there() -> None:
    live = side(5, {"old": 5}, {"2026-03-02": 5})
    found = compared_of(live, side(7, {"new": 7}, {"2026-03-09": 7}, {"minor": 70, "currency": "EUR"}))
    assert found.rules == [RuleRow("new", "points", 0, 7), RuleRow("old", "points", 5, 0)]
    assert (found.values, found.before) == ([0, 7], [5, 0])
    assert found.worth_minor == 70


def test_money_of_two_currencies_is_not_compared() -> None:
    live = side(5, {}, {}, {"minor": 50, "currency": "USD"})
    assert compared_of(live, side(7, {}, {}, {"minor": 70, "currency": "EUR"})).worth_minor == 70
    assert compared_of(live, side(7, {}, {})).worth_minor is None
