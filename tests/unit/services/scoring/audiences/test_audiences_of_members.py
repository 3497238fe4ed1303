"""Audiences: what a programme may declare, who is in them at a time, and what rules make of that."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from services.scoring.audiences.domain import (
    SINCE_MAX_DAYS,
    DayEarned,
    Decision,
    State,
    decide_at,
    measured,
    next_change,
    turn_id,
    turn_of,
)
from services.scoring.programmes.domain.completing import Cursor, completions
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.rules.domain.asking import members_read
from services.scoring.rules.domain.attributes import SAID_LEAD, Known, MemberKey, Said
from services.scoring.rules.domain.compiling import CompiledVersion, compile_version
from services.scoring.rules.domain.matching import Matched, match
from shared.calendars import UTC_WEEKS, Calendar
from shared.contracts.programme import AudienceMeasure, Programme

ANN = "00000000-0000-5000-8000-00000000000a"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TODAY = NOON.date()

TEXT = """
programme: demo
title: Demo
attributes:
  - {id: country, title: Country, for_rules: true}
  - {id: seats, title: Seats, type: number, for_rules: true}
audiences:
  - {id: italy, title: In Italy, when: 'member.country == "IT"'}
  - id: helpers
    title: Helpers
    when: member.answers >= 3 && member.idle <= 30
    measures:
      - {id: answers, of: awards, rule: plain, days: 30}
      - {id: idle, of: days_since_last}
rules:
  - {id: plain, title: Plain, on: [forum.reply.v1], points: 1}
  - {id: ciao, title: Ciao, on: [forum.reply.v1], points: 5, audiences: [italy]}
  - id: both
    title: Both
    on: [forum.reply.v1]
    points: 7
    when: '"italy" in audiences && "helpers" in audiences'
  - {id: away, title: Away, on: [forum.reply.v1], points: 9, when: '!("italy" in audiences)'}
"""


def programme(text: str = TEXT) -> Programme:
    found = read_programme(text)
    assert isinstance(found, Programme), found
    return found


def version(text: str = TEXT) -> CompiledVersion:
    return compile_version(programme(text), 1, datetime(1970, 1, 1, tzinfo=UTC))


def reply(**more: Any) -> Any:
    return {
        "id": "1",
        "source": "forum",
        "type": "forum.reply.v1",
        "time": NOON,
        "community": "acme",
        "uid": "00000000-0000-5000-8000-000000000001",
        "member": ANN,
        "receivedat": NOON + timedelta(minutes=1),
        "data": {"channel": "forum", "actor": {"id": "ann"}},
        **more,
    }


def known(**said: list[Said]) -> Known:
    return {MemberKey("acme", ANN): {name.replace("__", ":"): facts for name, facts in said.items()}}


def given(matched: Matched) -> set[str]:
    return {one.rule.id for one in matched.candidates}


def mistakes(old: str, new: str) -> list[str]:
    assert old in TEXT
    found = read_programme(TEXT.replace(old, new))
    assert isinstance(found, list)
    return [f"{one.line} {one.field} {one.detail}" for one in found]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "member.country ==",
            "member.contry ==",
            "8 /audiences/0/when the programme declares no attribute `contry`",
        ),
        ('member.country == "IT"', "data.x == 1", "an audience reads `member` alone"),
        ("id: answers, of", "id: country, of", "an attribute is called `country` already"),
        ("id: idle, of", "id: answers, of", "another measure is called `answers` already"),
        ("rule: plain, days", "rule: plane, days", "there is no rule `plane`; "),
        ("of: days_since_last", "of: days_since_last, days: 3", "`days` is a window to count in"),
        ("days: 30", "days: 367", "366"),
        ("audiences: [italy]", "audiences: [itly]", "there is no audience `itly`; did you mean `italy`?"),
        (
            '!("italy" in audiences)',
            '!("itly" in audiences)',
            "there is no audience `itly`; did you mean `italy`?",
        ),
        ('!("italy" in audiences)', "size(audiences) > 0", "is asked for one by its id in quotes"),
        ('!("italy" in audiences)', 'in_audience("italy")', 'ask `"veterans" in audiences`'),
        ("id: helpers", "id: italy", "the id `italy` is used on line 8 already"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(old: str, new: str, said: str) -> None:
    assert any(said in one for one in mistakes(old, new)), mistakes(old, new)


def test_a_badge_cannot_count_events_that_are_for_an_audience() -> None:
    badge = "\nrecognition:\n  badges:\n    - {id: b, title: B, rule: ciao, at_least: 3}\n"
    found = read_programme(TEXT + badge)
    assert isinstance(found, list)
    assert "for members of audiences" in str(found)
    programme(TEXT + badge.replace("at_least: 3", "at_least: 3, count: awards"))


def test_rules_are_for_members_of_their_audiences() -> None:
    versions = {"acme": [version()]}
    italian = known(country=[Said(NOON - DAY, NOON - DAY, "IT")])
    found = match([reply()], versions, known=italian)
    assert given(found) == {"plain", "ciao"}
    assert {(one.name, one.value) for one in found.read} >= {("audience:italy", True)}
    elsewhere = match([reply()], versions, known=known(country=[Said(NOON - DAY, NOON - DAY, "DE")]))
    assert given(elsewhere) == {"plain", "away"}
    why = {one.rule_id: (one.reason, one.detail) for one in elsewhere.declined}
    assert why["ciao"] == ("audience", "the member was not in `italy`")
    nothing_said = match([reply()], versions)
    assert given(nothing_said) == {"plain", "away"}


def test_what_behaviour_decided_is_that_of_the_events_own_time() -> None:
    decided = [Said(NOON - 2 * DAY, NOON, False), Said(NOON, NOON, True), Said(NOON + DAY, NOON, False)]
    both = known(country=[Said(NOON - 9 * DAY, NOON - 9 * DAY, "IT")], audience__helpers=decided)
    times = [NOON - 2 * DAY, NOON, NOON + DAY]
    got = [
        "both" in given(match([reply(time=time, receivedat=NOON + 2 * DAY)], {"acme": [version()]}, known=both))
        for time in times
    ]
    assert got == [False, True, False]


def test_what_audiences_read_is_loaded() -> None:
    wanted = members_read([reply()], {"acme": [version()]})
    assert wanted == {MemberKey("acme", ANN): {"country", "audience:italy", "audience:helpers"}}


def _oracle(facts: Sequence[Said], event_time: datetime, received_at: datetime) -> bool:
    """Written apart: walk all that was known by time, and let the last that began, and then was said, count."""
    value: object = None
    best: tuple[datetime, datetime] | None = None
    for fact in facts:
        if fact.said_at + SAID_LEAD > received_at or fact.since > event_time:
            continue
        if best is None or (fact.since, fact.said_at) > best:
            best, value = (fact.since, fact.said_at), fact.value
    return value == "IT"


@pytest.mark.parametrize("seed", range(20))
def test_any_order_batching_and_repeating_gives_the_same_as_a_slow_oracle(seed: int) -> None:
    random = Random(seed)
    facts = [
        Said(NOON + random.randint(-40, 40) * DAY / 4, NOON + index * DAY / 7, random.choice(["IT", "DE"]))
        for index in range(8)
    ]
    events = [
        reply(
            uid=f"00000000-0000-5000-8000-{index:012d}",
            time=NOON + random.randint(-40, 40) * DAY / 4,
            receivedat=NOON + random.randint(0, 40) * DAY / 7,
        )
        for index in range(40)
    ]
    expected = {one["uid"] for one in events if _oracle(facts, one["time"], one["receivedat"])}
    for _ in range(4):
        random.shuffle(facts)
        random.shuffle(events)
        cuts = sorted({0, len(events), *random.sample(range(len(events)), 3)})
        got: list[str] = []
        for start, end in pairwise(cuts):
            found = match(events[start:end] + events[start:end], {"acme": [version()]}, known=known(country=facts))
            got += [one.event["uid"] for one in found.candidates if one.rule.id == "ciao"]
        assert set(got) == expected
        assert len(got) == 2 * len(expected)


def _measures(*of: tuple[str, str, str | None, int | None]) -> list[AudienceMeasure]:
    return [
        AudienceMeasure.model_validate({"id": name, "of": kind, "rule": rule, "days": days})
        for name, kind, rule, days in of
    ]


def test_measures_count_by_rule_and_by_days() -> None:
    earned = [
        DayEarned(TODAY - 400 * DAY, "a", 100, 10),
        DayEarned(TODAY - 30 * DAY, "a", 7, 1),
        DayEarned(TODAY - 29 * DAY, "a", 5, 1),
        DayEarned(TODAY, "b", 3, 2),
        # Taken back again: no award is left of that day.
        DayEarned(TODAY - DAY, "b", 0, 0),
        DayEarned(TODAY + DAY, "b", 50, 5),
    ]
    measures = _measures(
        ("all", "points", None, None),
        ("month", "points", None, 30),
        ("b_awards", "awards", "b", 1),
        ("active", "active_days", None, 366),
        ("first", "days_since_first", None, None),
        ("last", "days_since_last", "a", None),
        ("none", "days_since_last", "c", None),
    )
    # Of another score nothing counts where none is named, and that alone where it is.
    earned.append(DayEarned(TODAY, "quality", 57, 1, score="good"))
    good = AudienceMeasure.model_validate({"id": "good", "of": "points", "score": "good"})
    assert measured([good], earned, TODAY) == {"good": 57}
    assert measured(measures, earned, TODAY) == {
        "all": 115,
        "month": 8,
        "b_awards": 2,
        "active": 3,
        "first": 400,
        "last": 29,
    }
    old = [DayEarned(date(1990, 1, 1), "a", 1, 1)]
    assert measured(_measures(("first", "days_since_first", None, None)), old, TODAY) == {"first": SINCE_MAX_DAYS}


def test_by_behaviour_one_is_in_from_the_decision_on_and_leaves_by_doing_nothing() -> None:
    (_, helpers) = version().audiences
    earned = [DayEarned(TODAY - 10 * DAY, "plain", 3, 3)]

    def at(days: int) -> Decision:
        now = NOON + days * DAY
        return decide_at(
            helpers, said={}, earned=earned, event_time=now, received_at=now, today=TODAY + days * DAY
        )

    assert at(0) == Decision(True, NOON, {"answers": 3, "idle": 10})
    assert at(19).is_in
    assert at(20) == Decision(False, NOON + 20 * DAY, {"answers": 0, "idle": 30})
    # The last award is measured daily; without that the first day to look again is when the oldest leaves.
    assert next_change([helpers], said={}, earned=earned, now=NOON, calendar=Calendar()) == datetime(
        2026, 3, 2, tzinfo=UTC
    )
    assert next_change([helpers], said={}, earned=[], now=NOON, calendar=Calendar()) is None


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo", "Pacific/Kiritimati", "Europe/Rome"])
def test_who_leaves_by_time_alone_is_looked_at_when_the_communitys_day_begins(zone: str) -> None:
    calendar = Calendar((UTC_WEEKS._replace(time_zone=zone),))
    (_, helpers) = version().audiences
    yearly = replace(helpers, measures=_measures(("year", "awards", None, 366), ("month", "awards", None, 30)))
    earned = [DayEarned(TODAY - 29 * DAY, "plain", 3, 3)]
    # Also where it is looked at a moment before, when the day of UTC has begun already.
    for hours in range(0, 48, 5):
        now = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hours)
        today = calendar.day_of(now)
        daily = next_change([helpers], said={}, earned=earned, now=now, calendar=calendar)
        assert daily == calendar.start_of(today + DAY) > now
        leaves = next_change([yearly], said={}, earned=earned, now=now, calendar=calendar)
        assert leaves == calendar.start_of(TODAY + DAY if today <= TODAY else TODAY + 337 * DAY)
    # What was earned on a day to come counts once it begins.
    ahead = [DayEarned(TODAY + 2 * DAY, "plain", 3, 3)]
    alltime = replace(helpers, measures=_measures(("all", "awards", None, None)))
    found = next_change([alltime], said={}, earned=ahead, now=NOON, calendar=calendar)
    assert found == calendar.start_of(TODAY + 2 * DAY)


def test_a_fact_to_come_is_looked_at_when_it_begins() -> None:
    (italy, _) = version().audiences
    said = {"country": [Said(NOON + 3 * DAY, NOON - DAY, "IT")]}
    assert next_change([italy], said=said, earned=[], now=NOON, calendar=Calendar()) == NOON + 3 * DAY


def test_who_is_looked_at_before_what_was_just_said_counts_is_looked_at_again_once_it_does() -> None:
    (italy, _) = version().audiences
    said = {"country": [Said(NOON, NOON, "IT")]}
    of = {"said": said, "earned": [], "today": TODAY}
    assert not decide_at(italy, **of, event_time=NOON, received_at=NOON).is_in
    again = next_change([italy], said=said, earned=[], now=NOON, calendar=Calendar())
    assert again == NOON + SAID_LEAD
    assert decide_at(italy, **of, event_time=again, received_at=again).is_in
    assert next_change([italy], said=said, earned=[], now=again, calendar=Calendar()) is None


def test_turns_alternate_and_have_ids_of_their_own() -> None:
    def turn(before: State | None, is_in: bool, since: datetime) -> Any:
        return turn_of(
            before,
            Decision(is_in, since, {}),
            community="acme",
            member_id=ANN,
            audience_id="italy",
            known_at=NOON,
            programme_version=2,
        )

    assert turn(None, False, NOON) is None
    entered = turn(None, True, NOON)
    assert (entered.revision, entered.is_in, entered.since) == (1, True, NOON)
    state = State(1, True, NOON)
    assert turn(state, True, NOON + DAY) is None
    left = turn(state, False, NOON - DAY)
    # What is decided later is never before what was decided.
    assert (left.revision, left.is_in, left.since) == (2, False, NOON)
    assert turn_id(entered) == turn_id(entered) != turn_id(left)


def test_the_editor_completes_audiences_and_their_measures() -> None:
    def offered(text: str) -> set[str]:
        lines = text.split("\n")
        return {one.text for one in completions(text, Cursor(len(lines), len(lines[-1]) + 1)).found}

    begun = TEXT[: TEXT.index("rules:\n")]
    of_audience = begun.replace("    when: member.answers >= 3 && member.idle <= 30\n", "") + "    when: member."
    assert offered(of_audience) >= {"member.country", "member.seats", "member.answers", "member.idle"}
    rule = begun + "rules:\n  - id: a\n    title: A\n    on: [forum.reply.v1]\n"
    assert offered(rule + "    audiences: ") >= {"[italy]", "[helpers]"}
    assert '"italy" in audiences' in offered(rule + "    when: ita")
