"""Windows of goals, which definition held when they ended, and what events bring about."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.analytics.goals.domain.counting import outcome_of
from services.analytics.goals.domain.definitions import (
    VersionGoals,
    definition_of,
    definitions_of,
    in_force,
    past_windows,
)
from shared.calendars import Calendar, Reckoning

ROME = Calendar([Reckoning(None, "Europe/Rome", "sunday")])


def at(month: int, day: int, hour: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def version(number: int, since: datetime, **goal: Any) -> VersionGoals:
    said = {"id": "g", "title": "G", "metric": "mentions", "target": number, **goal}
    return VersionGoals(number, since, [said] if goal else [])


@pytest.mark.parametrize(
    ("goal", "day", "starts_on", "ends_on"),
    [
        ({"every": "week"}, date(2026, 6, 10), date(2026, 6, 7), date(2026, 6, 13)),
        ({"every": "month"}, date(2026, 2, 28), date(2026, 2, 1), date(2026, 2, 28)),
        ({"every": "quarter"}, date(2026, 12, 31), date(2026, 10, 1), date(2026, 12, 31)),
        ({"every": "quarter"}, date(2026, 5, 1), date(2026, 4, 1), date(2026, 6, 30)),
        ({"starts": "2026-01-05", "ends": "2026-01-09"}, date(2026, 6, 1), date(2026, 1, 5), date(2026, 1, 9)),
    ],
)
def test_the_window_that_a_day_is_in(goal: Any, day: date, starts_on: date, ends_on: date) -> None:
    found = definition_of({"id": "g", "title": "G", **goal}, version=1, since=at(1, 1))
    assert found.window_of(day, ROME) == (starts_on, ends_on)
    assert found.lacks == ["metric", "target", "owner"]


def test_a_goal_without_a_window_has_none() -> None:
    found = definition_of({"id": "g", "title": "G", "owner": "Team"}, version=1, since=at(1, 1))
    assert found.window_of(date(2026, 1, 1), ROME) is None
    assert (found.lacks, found.is_measured) == (["metric", "target", "window"], False)


def test_months_are_shown_by_what_held_when_they_ended() -> None:
    versions = [
        version(1, at(1, 15), every="month"),
        # The last moment of March in Rome, and the first of May there.
        version(2, datetime(2026, 3, 31, 21, 59, 59, tzinfo=UTC), every="month"),
        version(3, datetime(2026, 4, 30, 22, tzinfo=UTC), every="month"),
    ]
    found = past_windows(versions, "g", before=date(2026, 6, 10), calendar=ROME, limit_count=9)
    assert [(one.span.starts_on.month, one.definition.version) for one in found] == [
        (5, 3),
        (4, 2),
        (3, 2),
        (2, 1),
        (1, 1),
    ]
    assert len(past_windows(versions, "g", before=date(2026, 6, 10), calendar=ROME, limit_count=2)) == 2


def test_days_of_its_own_are_one_window_and_what_was_dropped_has_none_then() -> None:
    own = {"starts": "2026-02-01", "ends": "2026-02-10"}
    versions = [version(1, at(1, 1), **own), version(2, at(3, 1)), version(3, at(4, 1), every="month")]
    found = past_windows(versions, "g", before=date(2026, 6, 1), calendar=ROME, limit_count=9)
    assert [(one.span.starts_on, one.definition.version) for one in found] == [
        (date(2026, 5, 1), 3),
        (date(2026, 4, 1), 3),
        (date(2026, 2, 1), 1),
    ]
    # One that was cut short by another definition never ended.
    cut = [version(1, at(1, 1), **own), version(2, at(2, 5), every="month")]
    spans = [one.span for one in past_windows(cut, "g", before=date(2026, 3, 1), calendar=ROME, limit_count=9)]
    assert spans == [(date(2026, 2, 1), date(2026, 2, 28))]


def test_what_a_goal_said_is_kept_by_what_changed_and_none_where_it_was_dropped() -> None:
    versions = [
        version(1, at(1, 1), every="month"),
        version(1, at(2, 1), every="month"),
        version(3, at(3, 1)),
        version(4, at(4, 1)),
        version(5, at(5, 1), every="week"),
    ]
    found = [one and (one.version, one.every) for one in definitions_of(versions, "g")]
    assert found == [(1, "month"), None, (5, "week")]
    assert in_force(versions, at(3, 15)) == []
    assert in_force(versions, datetime(2025, 1, 1, tzinfo=UTC)) == []


def accepted(kind: str, **more: Any) -> Any:
    data = more.pop("data", {})
    return {
        "community": "acme",
        "uid": "u",
        "type": kind,
        "time": at(6, 1),
        "member": "m",
        "data": data,
        **more,
    }


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (accepted("idea.status_changed.v1", data={"status": " Done "}), "suggestions_closed"),
        (accepted("idea.status_changed.v1", data={"status": "planned"}), None),
        (accepted("forum.answer_accepted.v1", objectmember="o"), "resolved_by_members"),
        (accepted("forum.answer_accepted.v1", objectmember="o", unearning="objectmember"), None),
        (accepted("forum.answer_accepted.v1", objectmember="o", bots="objectmember"), None),
        (accepted("forum.answer_accepted.v1", objectmember="o", bots="member"), "resolved_by_members"),
        (accepted("forum.answer_accepted.v1", objectmember="m"), None),
        (accepted("forum.answer_accepted.v1"), None),
        (accepted("support.ticket_resolved.v1"), "resolved_by_members"),
        (accepted("support.ticket_resolved.v1", unearning="member"), None),
        (accepted("forum.reply.v1", objectmember="o"), None),
    ],
)
def test_what_events_bring_about(event: Any, outcome: str | None) -> None:
    found = outcome_of(event)
    assert (found and found.outcome) == outcome
    if found:
        assert found.day == date(2026, 6, 1)
