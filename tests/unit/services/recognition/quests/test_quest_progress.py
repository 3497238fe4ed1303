"""How far a quest is follows from what was done alone, in whatever order it came, and whoever did it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.recognition.deeds.domain import Done
from services.recognition.quests.domain import (
    Join,
    Progress,
    QuestMember,
    Team,
    best,
    ends_at,
    progress,
    spans_alone,
    spans_of_team,
    within,
)
from services.recognition.quests.handlers.party import Party
from services.recognition.thresholds.domain import Due
from services.scoring.programmes.domain.reading import read_programme
from shared.calendars import PLAIN, Calendar, Reckoning
from shared.contracts.programme import Programme, Quest

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = ("ask", "answer", "thank")


def quest(*steps: tuple[str, int], **more: Any) -> Quest:
    said = [
        {"id": f"s{place}", "title": rule, "rule": rule, "times": times}
        for place, (rule, times) in enumerate(steps)
    ]
    return Quest.model_validate({"id": "q", "title": "Q", "steps": said, **more})


def deed(minute: int, uid: object = None, member: str = "a") -> Done:
    at = NOON + timedelta(minutes=minute)
    return Done(at, f"{minute if uid is None else uid}", at.date(), member)


def test_steps_in_any_order_are_completed_by_the_last_that_was_missing() -> None:
    both = quest(("ask", 1), ("answer", 2))
    assert progress(both, {}) == Progress((0, 0))
    assert progress(both, {"answer": [deed(1), deed(2), deed(9)]}) == Progress((0, 2))
    assert progress(both, {"answer": [deed(1), deed(2), deed(9)], "ask": [deed(5)]}) == Progress((1, 2), deed(5))


def test_steps_in_order_count_only_what_was_done_after_those_before() -> None:
    ordered = quest(("ask", 1), ("answer", 2), ("ask", 1), in_order=True)
    done = {"ask": [deed(3), deed(4), deed(8)], "answer": [deed(1), deed(5), deed(7)]}
    assert progress(ordered, done) == Progress((1, 2, 1), deed(8))
    assert progress(ordered, done | {"ask": [deed(3)]}) == Progress((1, 2, 0))
    # One event is one step, whatever rules it meets.
    same = quest(("ask", 1), ("answer", 1), in_order=True)
    assert progress(same, {"ask": [deed(1)], "answer": [deed(1)]}) == Progress((1, 0))


def test_an_event_of_two_members_who_are_one_person_counts_once() -> None:
    twice = quest(("ask", 2))
    done = [deed(1, "x", "a"), deed(1, "x", "b")]
    assert progress(twice, {"ask": done}) == Progress((1,))


def test_days_and_time_since_joining_bound_what_counts() -> None:
    bounded = quest(("ask", 1), starts="2026-03-01", ends="2026-03-02", within_days=1)
    deeds = [deed(-1), deed(0), deed(24 * 60 - 1), deed(24 * 60), deed(48 * 60)]
    spans = spans_alone(bounded, [Join("q", "a", NOON)], calendar=PLAIN)
    assert within(bounded, deeds, spans) == deeds[1:3]
    assert within(bounded, [deed(0)._replace(day=date(2026, 2, 28))], spans) == []


def test_its_days_end_at_the_time_of_day_at_which_one_joined_also_where_clocks_are_changed() -> None:
    """The reference's known answer: 167 hours, of seven days in which Rome's clocks go forward."""
    rome = Calendar([Reckoning(None, "Europe/Rome", "monday")])
    joined = datetime(2024, 3, 25, 9, tzinfo=UTC)
    end = datetime(2024, 4, 1, 8, tzinfo=UTC)
    for timed in (quest(("ask", 1), within_days=7), quest(("ask", 1), within_days=7, team={"max_members": 2})):
        assert ends_at(timed, joined, calendar=rome) == end
    (alone,) = spans_alone(timed, [Join("q", "a", joined)], calendar=rome)
    of_team = spans_of_team(
        timed, Team("t", "q", "Owls", "a", joined), [Join("q", "a", joined, None, "t")], calendar=rome
    )
    assert of_team == [alone] == [(joined, end)]
    just, late = (deed(0)._replace(event_time=at) for at in (end - timedelta(seconds=1), end))
    assert within(timed, [just, late], [alone]) == [just]
    # In autumn a day has 25 hours; in UTC all have 24.
    autumn = datetime(2024, 10, 26, 8, tzinfo=UTC)
    daily = quest(("ask", 1), within_days=1)
    assert ends_at(daily, autumn, calendar=rome) == autumn + timedelta(hours=25)
    assert ends_at(daily, autumn, calendar=PLAIN) == autumn + timedelta(hours=24)


def test_of_several_tries_the_first_that_was_completed_counts_and_else_the_last() -> None:
    one = quest(("ask", 2))
    early, late = Progress((2,), deed(1)), Progress((2,), deed(5))
    assert best([Progress((1,)), late, early], one) == early
    assert best([Progress((1,)), Progress((0,))], one) == Progress((0,))
    assert best([], one) == Progress((0,))


def test_in_a_team_counts_what_each_did_between_joining_and_leaving() -> None:
    together = quest(("ask", 1), team={"max_members": 3}, within_days=2)
    team = Team("t", "q", "Owls", "a", NOON)
    spans = spans_of_team(
        together,
        team,
        [
            Join("q", "a", NOON, NOON + timedelta(hours=1), "t"),
            Join("q", "a", NOON + timedelta(hours=3), None, "t"),
        ],
        calendar=PLAIN,
    )
    deeds = [deed(30), deed(90), deed(200), deed(3 * 24 * 60)]
    assert within(together, deeds, spans) == [deeds[0], deeds[2]]


DEEDS = st.lists(st.tuples(st.sampled_from(RULES), st.integers(0, 30)), max_size=14, unique=True)
STEPS = st.lists(st.tuples(st.sampled_from(RULES), st.integers(1, 3)), min_size=1, max_size=4)


def by_rule(deeds: list[tuple[str, int]]) -> dict[str, list[Done]]:
    return {rule: [deed(minute, f"{rule} {minute}") for of, minute in deeds if of == rule] for rule in RULES}


@given(steps=STEPS, deeds=DEEDS, data=st.data())
def test_progress_in_order_is_that_of_a_walk_through_time_whatever_order_deeds_come_in(
    steps: list[tuple[str, int]], deeds: list[tuple[str, int]], data: st.DataObject
) -> None:
    ordered = quest(*steps, in_order=True)
    found = progress(ordered, by_rule(data.draw(st.permutations(deeds))))
    # The oracle goes through time, one deed after the other.
    left = [rule for rule, times in steps for _ in range(times)]
    last = None
    for minute, of in sorted((minute, of) for of, minute in deeds):
        if left and left[0] == of:
            left.pop(0)
            last = (minute, of)
    assert sum(found.done) == sum(times for _, times in steps) - len(left)
    assert found.is_complete == (not left)
    if found.completed_by is not None and last is not None:
        assert found.completed_by.event_uid == f"{last[1]} {last[0]}"
    # A step is begun only once those before are done.
    for (_, times), (before, after) in zip(steps, pairwise(found.done), strict=False):
        assert after == 0 or before == times


@given(deeds=DEEDS, taken=st.data())
def test_what_is_taken_back_and_restored_leaves_nothing_behind(
    deeds: list[tuple[str, int]], taken: st.DataObject
) -> None:
    both = quest(("ask", 2), ("answer", 1))
    whole = progress(both, by_rule(deeds))
    away = taken.draw(st.lists(st.sampled_from(deeds), unique=True)) if deeds else []
    less = progress(both, by_rule([one for one in deeds if one not in away]))
    assert all(now <= before for now, before in zip(less.done, whole.done, strict=True))
    member, due, turns = QuestMember("c", "a"), Due(NOON), []
    for found in (whole, less, whole):
        complete = {"q": found} if found.is_complete else {}
        turns += member.bring({"q": both}, complete, due, version=1)
    assert ("q" in member.standing) == whole.is_complete
    # Each is taken back once, and what stands is the last that was granted.
    granted = [one for one in turns if one.reverses is None]
    assert [one.reverses for one in turns if one.reverses] == [
        one.grant_id for one in granted[: len(granted) - ("q" in member.standing)]
    ]
    assert len({one.grant_id for one in turns}) == len(turns)


class Walked(list[Join]):
    """What was joined, and how often somebody went through all of it."""

    times = 0

    def __iter__(self) -> Iterator[Join]:
        self.times += 1
        return super().__iter__()


def test_of_many_teams_each_is_looked_at_by_what_is_theirs_alone() -> None:
    relay = quest(("answer", 3), team={"max_members": 2})
    names = [f"{number:03}" for number in range(100)]
    of_members = {name: name for name in names} | {"guest": "000"}
    joins = Walked(Join("q", name, NOON, None, f"team {number // 2}") for number, name in enumerate(names))
    joins.append(Join("q", "guest", NOON, None, "team 0"))
    teams = {f"team {number}": Team(f"team {number}", "q", "Owls", "001", NOON) for number in range(50)}
    done = {name: {"c": [deed(number, name, name)]} for number, name in enumerate([*names, "guest"], 1)}
    party = Party(of_members, joins, teams, done, {}, "c", PLAIN)

    found = {name: party.progress(name, relay, {"answer": "c"}) for name in names}

    # Of the first team one is two members.
    assert {name for name, one in found.items() if one.is_complete} == {"000", "001"}
    assert {one.done for name, one in found.items() if name > "001"} == {(2,)}
    assert party.group("000") == ["000", "guest"]
    assert [party.heads_in(team) for team in teams.values()] == [names[at : at + 2] for at in range(0, 100, 2)]
    assert joins.times <= 2


def test_the_starters_quest_is_done_by_a_topic_three_answers_and_a_thank_you_in_any_order() -> None:
    text = (Path(__file__).parents[5] / "programmes" / "starter.yaml").read_text(encoding="utf-8")
    programme = read_programme(text)
    assert isinstance(programme, Programme)
    (first_steps,) = programme.recognition.quests
    done = {"kudos-given": [deed(1)], "reply": [deed(2), deed(3), deed(9)], "post": [deed(8)]}
    assert progress(first_steps, done) == Progress((1, 3, 1), deed(9))
    assert progress(first_steps, done | {"reply": [deed(2), deed(3)]}) == Progress((1, 2, 1))
    # Each step has a rule of the programme, and a badge is what comes of it.
    assert {step.rule for step in first_steps.steps} <= {rule.id for rule in programme.rules}
    assert [badge.id for badge in programme.recognition.badges if "first-steps" in (badge.when or "")] == [
        "settled-in"
    ]
