"""As many deeds as steps still need lead to what all of them lead to."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.recognition.deeds.domain import Done, Window
from services.recognition.quests.domain import Join, Progress, Team, deeds_at_most, walk
from services.recognition.quests.handlers.party import Party
from services.recognition.suspensions.domain import Spell
from shared.calendars import PLAIN
from shared.contracts.programme import Quest
from tests.unit.services.recognition.quests.test_quest_progress import NOON, quest

RULES = ("ask", "answer", "thank")
COUNTERS = {"ask": "asks", "answer": "answers"}
#: Who is whom: two members are one person.
HEADS = {"a": "a", "b": "b", "c": "a"}
Deeds = Mapping[str, Mapping[str, Sequence[Done]]]


def at(hours: int) -> datetime:
    return NOON + timedelta(hours=hours)


def first(deeds: Deeds, window: Window) -> list[Done]:
    """What the database answers, worked out the long way."""
    found = [
        done
        for done in deeds.get(window.member_id, {}).get(window.counter, ())
        if (done.event_time, done.event_uid) > (window.after, window.after_uid)
        and done.event_time < window.before
        and window.first_day <= done.day <= window.last_day
    ]
    return sorted(found)[: window.limit_count]


def asked_for(party: Party, deeds: Deeds, wanted: Quest) -> tuple[Deeds, list[int]]:
    """What is loaded of all deeds for a quest, and how much each try asked for."""
    found: dict[str, dict[str, list[Done]]] = {}
    sizes: list[int] = []
    for one in party.tries(["a", "b"], [wanted]):
        a_walk, size = walk(one, COUNTERS), 0
        windows = next(a_walk, None)
        while windows is not None:
            answers = [first(deeds, window) for window in windows]
            size += sum(map(len, answers))
            for window, answer in zip(windows, answers, strict=True):
                of = found.setdefault(window.member_id, {}).setdefault(window.counter, [])
                of += [done for done in answer if done not in of]
            try:
                windows = a_walk.send(answers)
            except StopIteration:
                windows = None
        sizes.append(size)
    return found, sizes


@st.composite
def quests(draw: st.DrawFn) -> Quest:
    in_order = draw(st.booleans())
    rules = st.lists(st.sampled_from(RULES), min_size=1, max_size=4, unique=not in_order)
    steps = [(rule, draw(st.integers(1, 3))) for rule in draw(rules)]
    more: dict[str, Any] = draw(
        st.sampled_from(
            [
                {},
                {"within_days": 1},
                {"team": {"max_members": 2}},
                {"team": {"max_members": 2}, "within_days": 2},
                {"starts": "2026-03-01"},
                {"starts": "2026-03-02", "ends": "2026-03-02"},
                {"ends": "2026-03-02", "within_days": 1},
                {"starts": "0001-01-01", "ends": "9999-12-31"},
            ]
        )
    )
    return quest(*steps, in_order=in_order, **more)


@st.composite
def parties(draw: st.DrawFn) -> Party:
    """Who joined when, alone and in teams, left and came again, and was suspended."""
    joins: list[Join] = []
    for member_id in HEADS:
        for hour in sorted(draw(st.lists(st.integers(-12, 40), max_size=3, unique=True))):
            team_id = draw(st.sampled_from([None, "owls", "bats"]))
            left = None if team_id is None else draw(st.none() | st.integers(hour, 60))
            joins.append(Join("q", member_id, at(hour), None if left is None else at(left), team_id))
    joins.sort(key=lambda join: join.joined_at)
    teams = {name: Team(name, "q", name, "a", at(-12)) for name in ("owls", "bats")}
    spells = {("c", "a"): [Spell(at(10), at(20))]} if draw(st.booleans()) else {}
    return Party(HEADS, joins, teams, {}, spells, "c", PLAIN)


@st.composite
def all_deeds(draw: st.DrawFn) -> Deeds:
    """Who did what: an event may be of two members, meet two rules, and happen with others at one moment."""
    done = st.lists(st.tuples(st.integers(-20, 60), st.integers(0, 3)), max_size=14, unique=True)
    return {
        member_id: {
            counter: [
                Done(
                    when, f"00000000-0000-0000-0000-{hour + 50:06}{uid:06}", when.astimezone(UTC).date(), member_id
                )
                for hour, uid in draw(done)
                for when in (at(hour),)
            ]
            for counter in COUNTERS.values()
        }
        for member_id in HEADS
    }


def progresses(party: Party, wanted: Quest) -> list[Progress]:
    found = [party.progress(head_id, wanted, COUNTERS) for head_id in ("a", "b")]
    if wanted.team is not None:
        found += [party.of_team(team, wanted, COUNTERS) for team in party.teams.values()]
    return found


@given(party=parties(), deeds=all_deeds(), wanted=quests())
def test_what_steps_still_need_leads_to_what_all_deeds_lead_to(party: Party, deeds: Deeds, wanted: Quest) -> None:
    loaded, sizes = asked_for(party, deeds, wanted)
    assert progresses(replace(party, deeds=loaded), wanted) == progresses(replace(party, deeds=deeds), wanted)
    # However much somebody does: of each member, and time in which they were in, as much as the steps ask for.
    sources = max(len(HEADS), len(party.joins) * len(HEADS))
    assert all(size <= sources * sum(step.times for step in wanted.steps) for size in sizes)


@given(party=parties(), deeds=all_deeds(), one=quests(), other=quests())
def test_what_is_loaded_for_other_quests_changes_nothing(
    party: Party, deeds: Deeds, one: Quest, other: Quest
) -> None:
    together: dict[str, dict[str, list[Done]]] = {}
    for wanted in (one, other):
        for member_id, by_counter in asked_for(party, deeds, wanted)[0].items():
            for counter, done in by_counter.items():
                of = together.setdefault(member_id, {}).setdefault(counter, [])
                of += [each for each in done if each not in of]
    for wanted in (one, other):
        assert progresses(replace(party, deeds=together), wanted) == progresses(
            replace(party, deeds=deeds), wanted
        )


def test_a_quest_says_how_much_a_look_at_a_member_may_hold() -> None:
    assert deeds_at_most(quest(("ask", 2), ("answer", 3)), tries=50) == 5
    assert deeds_at_most(quest(("ask", 2), within_days=1), tries=50) == 100
    assert deeds_at_most(quest(("ask", 2), within_days=1, team={"max_members": 4}), tries=50) == 8
