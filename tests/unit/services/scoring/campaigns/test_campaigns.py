"""Campaigns: their days, books, holdout, budget and pace, as they are decided of an event and a claim alone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.scoring.awards.domain.awards import make
from services.scoring.awards.domain.reasons import why_less
from services.scoring.campaigns.domain.books import (
    Books,
    BookState,
    Phase,
    bounds_of,
    days_left,
    give,
    pace_percent,
    parts_of_claim,
    phase_of,
)
from services.scoring.limits.domain.claims import Ceiling, Claim, State
from services.scoring.programmes.domain.money import money_changes
from services.scoring.programmes.domain.reading import document_of, read_programme
from services.scoring.rules.domain.attributes import Said
from services.scoring.rules.domain.compiling import compile_version
from services.scoring.rules.domain.matching import match
from shared.contracts.drawing import is_drawn
from shared.contracts.programme import Campaign, Programme

ANN, BOB = "00000000-0000-5000-8000-00000000000a", "00000000-0000-5000-8000-00000000000b"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TEXT = """
programme: demo
title: Demo
campaigns:
  - id: spring
    title: Spring
    starts: 2026-03-29
    ends: 2026-04-07
    late_days: 2
    {more}
    budget: {{points: 100, per_rule: [{{rule: post, points: 60}}], per_day: 30, per_week: 80}}
rules:
  - {{id: post, title: Posted, on: [forum.post.v1], points: 7, campaign: spring}}
  - {{id: wrote, title: Wrote, on: [chat.message.v1], points: 5, campaign: spring}}
"""


def programme(more: str = "", text: str = TEXT) -> Programme:
    found = read_programme(text.format(more=more) if text is TEXT else text)
    assert isinstance(found, Programme), found
    return found


def event(number: int = 1, *, at: datetime, zone: str = "UTC", kind: str = "forum.post.v1", **more: Any) -> Any:
    day = at.astimezone(ZoneInfo(zone)).date()
    return {
        "id": f"{number:04}",
        "type": kind,
        "time": at,
        "community": "acme",
        "uid": f"00000000-0000-5000-8000-{number:012}",
        "member": ANN,
        "receivedat": at,
        "data": {"channel": "chat", "actor": {"id": "ann"}},
        **({} if day == at.astimezone(UTC).date() else {"day": day}),
        **more,
    }


def outcome(one: Any, more: str = "") -> str:
    """Why the first rule gave nothing, or `earned`."""
    version = compile_version(programme(more), 1, EPOCH)
    found = match([one], {"acme": [version]})
    return "earned" if found.candidates else found.declined[0].reason


@pytest.mark.parametrize(
    ("zone", "instant", "expected"),
    [
        # The clocks of Berlin go forward on the first day: it begins at 23:00 of UTC, the last ends at 22:00.
        ("Europe/Berlin", "2026-03-28T22:59:59", "campaign"),
        ("Europe/Berlin", "2026-03-28T23:00:00", "earned"),
        ("Europe/Berlin", "2026-04-07T21:59:59", "earned"),
        ("Europe/Berlin", "2026-04-07T22:00:00", "campaign"),
        # In Sydney they go back on 5 April: it begins at 13:00 of UTC, and ends at 14:00.
        ("Australia/Sydney", "2026-03-28T12:59:59", "campaign"),
        ("Australia/Sydney", "2026-03-28T13:00:00", "earned"),
        ("Australia/Sydney", "2026-04-07T13:59:59", "earned"),
        ("Australia/Sydney", "2026-04-07T14:00:00", "campaign"),
        ("UTC", "2026-03-28T23:59:59", "campaign"),
        ("UTC", "2026-04-07T23:59:59", "earned"),
    ],
)
def test_its_days_are_those_of_the_community(zone: str, instant: str, expected: str) -> None:
    at = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert outcome(event(at=at, zone=zone)) == expected


def test_what_arrives_late_counts_while_its_books_are_open() -> None:
    at = datetime(2026, 4, 7, 12, tzinfo=UTC)
    open_until = datetime(2026, 4, 10, tzinfo=UTC)
    assert outcome(event(at=at, receivedat=open_until - timedelta(seconds=1))) == "earned"
    assert outcome(event(at=at, receivedat=open_until)) == "campaign"


def test_the_same_members_are_held_out_whatever_they_do_and_whoever_they_are_merged_with() -> None:
    at = datetime(2026, 4, 1, 12, tzinfo=UTC)
    members = [f"00000000-0000-5000-8000-{number:012}" for number in range(1, 2_001)]
    out = {one for one in members if outcome_of(one, at) == "holdout"}
    assert 150 < len(out) < 250
    assert out == {one for one in members if outcome_of(one, at + timedelta(days=3)) == "holdout"}
    held, other = min(out), min(set(members) - out)
    version = compile_version(programme("holdout_percent: 10"), 1, EPOCH)
    merged = match([event(at=at, member=other)], {"acme": [version]}, heads={("acme", other): held})
    assert [one.reason for one in merged.declined] == ["holdout"]
    # Another campaign draws others.
    drawn = [{one for one in members if is_drawn("holdout", "acme", name, one, percent=10)} for name in "ab"]
    assert drawn[0] != drawn[1]


def outcome_of(member: str, at: datetime) -> str:
    version = _HELD_OUT
    found = match([event(at=at, member=member)], {"acme": [version]})
    return "earned" if found.candidates else found.declined[0].reason


_HELD_OUT = compile_version(programme("holdout_percent: 10"), 1, EPOCH)


def claims(text: Programme, events: list[Any]) -> list[Claim]:
    """Claims that have all the room that they want."""
    made = make(match(events, {"acme": [compile_version(text, 1, EPOCH)]}).candidates, {})
    assert not made.awards
    for claim in made.claims:
        claim.room, claim.is_counted = claim.weight, True
    return made.claims


def tell(claims: list[Claim]) -> None:
    for claim in claims:
        claim.told = claim.due


def campaign(text: Programme) -> Campaign:
    assert text.campaigns is not None
    return text.campaigns[0]


@pytest.mark.parametrize("seed", range(20))
def test_no_budget_is_passed_and_what_is_spent_is_what_its_awards_amount_to(seed: int) -> None:
    rng, text = Random(seed), programme()
    start = datetime(2026, 3, 29, tzinfo=UTC)
    kinds = ["forum.post.v1", "chat.message.v1"]
    mine = claims(
        text,
        [
            event(number, at=start + timedelta(hours=rng.randrange(240)), kind=rng.choice(kinds))
            for number in range(120)
        ],
    )
    assert len(mine) == 120
    books = Books()
    for _ in range(40):
        batch = rng.sample(mine, rng.randrange(1, 20))
        for claim in batch:
            claim.state = rng.choice([State.LIVE, State.LIVE, State.HELD, State.REMOVED])
            claim.room = rng.randrange(claim.weight + 1)
        give(batch, {1: campaign(text)}, books)
        tell(batch)
        spent: dict[str, int] = {}
        bounds: dict[str, int] = {}
        for claim in mine:
            for part in parts_of_claim(claim):
                spent[part] = spent.get(part, 0) + claim.told
            bounds |= bounds_of(campaign(text), parts_of_claim(claim))
        assert all(books.spent.get(part, 0) == points for part, points in spent.items())
        assert all(spent[part] <= bound for part, bound in bounds.items())
    assert books.declined[Ceiling.BUDGET] > 0


def test_what_a_budget_declined_it_does_not_give_when_others_give_back() -> None:
    text = programme()
    at = datetime(2026, 4, 1, 12, tzinfo=UTC)
    mine = claims(text, [event(number, at=at + timedelta(minutes=number)) for number in range(5)])
    books = Books()
    give(mine, {1: campaign(text)}, books)
    tell(mine)
    # 30 of a day.
    assert [claim.told for claim in mine] == [7, 7, 7, 7, 2]
    declined = why_less(mine[4], document_of(text))
    assert declined is not None
    assert declined.reason == "budget"
    assert declined.detail == "2 of 7 points were left in the budget of the campaign “Spring”"
    mine[0].state = State.REMOVED
    give(mine, {1: campaign(text)}, books)
    tell(mine)
    assert [claim.told for claim in mine] == [0, 7, 7, 7, 2]
    # Another finds the room; then what is restored does not find it any more.
    (late,) = claims(text, [event(9, at=at + timedelta(hours=1))])
    give([late], {1: campaign(text)}, books)
    tell([late])
    assert late.told == 7
    mine[0].state = State.LIVE
    give([mine[0]], {1: campaign(text)}, books)
    assert (mine[0].due, mine[0].ceiling_by) == (0, Ceiling.BUDGET)


PACED = "pacing: {{ratio_percent: 200, from_percent: 10, then: {then}, give_percent: 50}}"


def paced(then: str) -> Programme:
    text = TEXT.replace(", per_rule: [{{rule: post, points: 60}}], per_day: 30, per_week: 80", "")
    return programme(text=text.format(more=PACED.format(then=then).replace("{{", "{").replace("}}", "}")))


def test_what_spends_too_fast_stops_until_a_person_lets_it_go_on() -> None:
    text, books = paced("stop"), Books()
    at = datetime(2026, 3, 29, 12, tzinfo=UTC)
    mine = claims(text, [event(number, at=at + timedelta(minutes=number)) for number in range(10)])
    give(mine, {1: campaign(text)}, books)
    tell(mine)
    # On the first of ten days 10 points are even, and more than 20 too fast.
    assert (sum(claim.told for claim in mine), books.state) == (21, BookState.BRAKED)
    assert {claim.ceiling_by for claim in mine[3:]} == {Ceiling.PACING}
    assert pace_percent(campaign(text), 21, at.date()) == 210
    books.state, books.is_let_go = BookState.RUNNING, True
    more = claims(text, [event(number, at=at + timedelta(minutes=number)) for number in range(10, 30)])
    give(more, {1: campaign(text)}, books)
    assert sum(claim.due for claim in more) == 79


def test_what_spends_too_fast_slows_down_until_the_pace_is_right() -> None:
    text, books = paced("slow"), Books()
    at = datetime(2026, 3, 29, 12, tzinfo=UTC)
    mine = claims(text, [event(number, at=at + timedelta(minutes=number)) for number in range(14)])
    give(mine, {1: campaign(text)}, books)
    tell(mine)
    given = [claim.told for claim in mine]
    assert given[:3] == [7, 7, 7]
    assert set(given[3:]) == {0, 7}
    assert books.is_slowed
    assert books.state is BookState.RUNNING
    # A version that says no pace any more lets it run at once.
    (freed,) = claims(programme(), [event(80, at=at)])
    unpaced = replace(books, spent=dict(books.spent))
    give([freed], {1: campaign(text).model_copy(update={"pacing": None})}, unpaced)
    assert (freed.due, unpaced.is_slowed) == (7, False)
    (later,) = claims(text, [event(90, at=at + timedelta(days=9))])
    give([later], {1: campaign(text)}, books)
    assert (later.due, books.is_slowed) == (7, False)


def test_one_that_was_stopped_gives_nothing_and_takes_back_what_is_taken_back() -> None:
    text, at = programme(), datetime(2026, 4, 1, 12, tzinfo=UTC)
    mine = claims(text, [event(number, at=at + timedelta(minutes=number)) for number in range(2)])
    books = Books()
    give(mine[:1], {1: campaign(text)}, books)
    tell(mine[:1])
    books.state = BookState.STOPPED
    mine[0].state = State.HELD
    give(mine, {1: campaign(text)}, books)
    assert (books.spent["all"], mine[1].due, mine[1].ceiling_by) == (0, 0, Ceiling.STOPPED)


def test_where_it_stands_is_a_matter_of_its_days_and_its_books() -> None:
    one = campaign(programme())

    def phase(day: str, books: Books | None = None) -> Phase:
        today = date.fromisoformat(day)
        now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
        return phase_of(one, books or Books(), today=today, now=now)

    assert phase("2026-03-28") is Phase.PLANNED
    assert phase("2026-03-29") is Phase.RUNNING
    slowed = Books(is_slowed=True)
    noon = datetime(2026, 4, 7, 12, tzinfo=UTC)
    assert phase_of(campaign(paced("slow")), slowed, today=noon.date(), now=noon) is Phase.SLOWED
    # Its programme says no pace any more, or that it is to stop.
    assert phase("2026-04-07", slowed) is Phase.RUNNING
    assert phase_of(campaign(paced("stop")), slowed, today=noon.date(), now=noon) is Phase.RUNNING
    assert phase("2026-04-01", Books(state=BookState.BRAKED)) is Phase.BRAKED
    assert phase("2026-04-01", Books(state=BookState.STOPPED)) is Phase.STOPPED
    assert phase("2026-04-08") is Phase.LATE
    assert phase("2026-04-10") is Phase.CLOSED
    assert [days_left(one, date(2026, 4, day)) for day in (1, 7, 8)] == [7, 1, 0]
    assert days_left(one, date(2026, 1, 1)) == 10


def test_its_budget_is_money() -> None:
    before = document_of(programme())
    after = document_of(programme(text=TEXT.replace("points: 100,", "points: 200,").format(more="")))
    changes = money_changes(before, after)
    assert [(one.field, one.before, one.after) for one in changes] == [
        ("campaigns.spring.budget.points", 100, 200)
    ]
    assert money_changes(before, document_of(programme("wallet: marketing")))[0].field == "campaigns.spring.wallet"


HEAD = """
programme: demo
title: Demo
campaigns: [{id: spring, title: S, starts: 2026-03-29, ends: 2026-04-07, budget: {points: 100}}]
rules:
"""


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (
            HEAD + "  - {id: post, title: P, on: [forum.post.v1], points: 7}",
            "no rule is of this campaign; write `campaign: spring` at those that are",
        ),
        (
            HEAD + "  - {id: post, title: P, on: [forum.post.v1], points: 7, campaign: sprung}",
            "there is no campaign `sprung`; did you mean `spring`?",
        ),
        (
            HEAD + "  - {id: post, title: P, on: [forum.post.v1], points: -7, campaign: spring}",
            "a rule of a campaign gives points; one that takes them stands by itself",
        ),
        (
            HEAD
            + "  - {id: post, title: P, on: [forum.post.v1], points: 7, campaign: spring}\n"
            + "  - {id: bad, title: P, on: [forum.post.v1], points: -7}",
            "another rule takes from the score that this one counts for, and asks what there is of it before the"
            " budget decides; let this one count for a score of its own",
        ),
        (
            HEAD.replace("points: 100", "points: 100, per_rule: [{rule: other, points: 9}]")
            + "  - {id: post, title: P, on: [forum.post.v1], points: 7, campaign: spring}",
            "`other` is no rule of this campaign; write `campaign: spring` there",
        ),
        (
            HEAD.replace("2026-04-07", "2026-03-28")
            + "  - {id: post, title: P, on: [forum.post.v1], points: 7, campaign: spring}",
            "a campaign `ends` on the day on which it `starts`, or later",
        ),
    ],
)
def test_what_cannot_be_is_said_where_it_is(text: str, detail: str) -> None:
    mistakes = read_programme(text)
    assert isinstance(mistakes, list)
    assert detail in [one.detail for one in mistakes]


def test_rules_of_no_declared_campaign_are_as_before() -> None:
    text = programme()
    plain = text.model_copy(update={"campaigns": None, "rules": [replace_campaign(rule) for rule in text.rules]})
    at = datetime(2020, 1, 1, tzinfo=UTC)
    found = match([event(at=at)], {"acme": [compile_version(plain, 1, EPOCH)]})
    assert [replace(one.version).number for one in found.candidates] == [1]
    assert make(found.candidates, {}).claims == []


def replace_campaign(rule: Any) -> Any:
    return rule.model_copy(update={"campaign": None})


AUDIENCE = """
programme: demo
title: Demo
attributes: [{id: tier, title: Tier, for_rules: true, personal: false}]
audiences: [{id: gold, title: Gold, when: 'member.tier == "gold"'}]
campaigns:
  - {id: spring, title: S, starts: 2026-03-29, ends: 2026-04-07, audiences: [gold], budget: {points: 100}}
rules:
  - {id: post, title: P, on: [forum.post.v1], points: 7, campaign: spring}
"""


def test_a_campaign_is_for_its_audiences() -> None:
    at = datetime(2026, 4, 1, 12, tzinfo=UTC)
    version = compile_version(programme(text=AUDIENCE), 1, EPOCH)
    known: Any = {("acme", ANN): {"tier": [Said(EPOCH, EPOCH, "gold")]}}
    events = [event(1, at=at), event(2, at=at, member=BOB)]
    found = match(events, {"acme": [version]}, known=known)
    assert [one.member_id for one in found.candidates] == [ANN]
    assert [one.reason for one in found.declined] == ["audience"]
    unknown = read_programme(AUDIENCE.replace("audiences: [gold]", "audiences: [silver]"))
    assert isinstance(unknown, list)
    assert [one.detail for one in unknown] == ["there is no audience `silver`; known are gold"]
