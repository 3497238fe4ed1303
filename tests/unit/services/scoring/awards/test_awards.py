"""Caps, ids and retractions, over every batching and every order: the arithmetic that must never differ.

`Records` does what the store does, with dictionaries: the marks of events, the use of caps, the awards.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from itertools import pairwise
from typing import Any
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.awards.domain.activities import Marks, marks, sort_out
from services.scoring.awards.domain.awards import (
    AWARD_NAMESPACE,
    Award,
    EventKey,
    amendment_id,
    award_id,
    cap_keys,
    make_awards,
    reversal,
)
from services.scoring.limits.domain import CapKey
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.rules.domain.matching import CompiledVersion, compile_version, match
from shared.contracts.programme import Programme

START = datetime(2026, 3, 1, 22, tzinfo=UTC)
CAP = 10
MEMBERS = [f"00000000-0000-5000-8000-00000000000{letter}" for letter in "abc"]


def version(cap: int = CAP, number: int = 1) -> CompiledVersion:
    programme = read_programme(f"""
programme: demo
title: Demo
rules:
  - {{id: write, title: W, on: [chat.message.v1], points: 1}}
  - {{id: heard, title: H, on: [chat.message.v1], to: object_author, points: 3, daily_cap: {cap}}}
""")
    assert isinstance(programme, Programme)
    return compile_version(programme, number, datetime(1970, 1, 1, tzinfo=UTC))


VERSION = version()


def uid(number: int) -> str:
    return str(UUID(int=number))


def message(number: int, writer: int = 0, reader: int = 1, hour: int = 0) -> Any:
    return {
        "id": str(number),
        "source": "chat",
        "type": "chat.message.v1",
        "time": START + timedelta(hours=hour),
        "community": "acme",
        "uid": uid(number),
        "member": MEMBERS[writer],
        "objectmember": MEMBERS[reader],
        "receivedat": START,
        "data": {},
    }


def retraction(number: int) -> Any:
    return {
        **message(number),
        "uid": uid(10_000 + number),
        "type": "activity.retracted.v1",
        "targetuid": uid(number),
    }


class Records:
    """What the tables of the service hold, and what one transaction does to them."""

    def __init__(self, versions: Sequence[CompiledVersion] = (VERSION,)) -> None:
        self.versions = versions
        self.marks: dict[EventKey, Marks] = {}
        self.used: dict[CapKey, int] = {}
        self.awards: list[Award] = []

    def score(self, events: Sequence[Any]) -> None:
        before: dict[EventKey, Marks] = {}
        for key, wanted in marks(events).items():
            was = self.marks.get(key)
            if was is None:
                self.marks[key] = wanted
            else:
                before[key] = was
                self.marks[key] = Marks(
                    was.scored or wanted.scored,
                    was.retracted or wanted.retracted,
                    was.event_time or wanted.event_time,
                )
        work = sort_out(events, before)
        candidates = match(work.fresh, {"acme": self.versions}).candidates
        loaded = {key: self.used.get(key, 0) for key in cap_keys(candidates)}
        made = make_awards(candidates, loaded, work.retracted)
        self.used.update(made.usage)
        self.awards.extend(made.awards)
        for key, traceparent in work.to_reverse.items():
            self.awards.extend(
                reversal(one, traceparent)
                for one in list(self.awards)
                if one.event_uid == key[1] and one.reverses is None
            )

    def totals(self) -> dict[tuple[str, str], int]:
        points: Counter[tuple[str, str]] = Counter()
        for one in self.awards:
            points[one.member_id, one.rule_id] += one.points
        return {key: value for key, value in points.items() if value}

    def ids(self) -> list[str]:
        return [one.award_id for one in self.awards]


def batches(events: list[Any], cuts: list[int]) -> list[list[Any]]:
    places = sorted({0, len(events), *(cut % (len(events) + 1) for cut in cuts)})
    return [events[start:end] for start, end in pairwise(places)]


messages = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 4)), min_size=1, max_size=25
).map(lambda rows: [message(number, *row) for number, row in enumerate(rows)])
cuts = st.lists(st.integers(0, 60), max_size=8)


@given(messages, cuts, st.randoms())
def test_a_daily_cap_is_the_smaller_of_sum_and_cap_in_any_order_and_batching(
    events: list[Any], places: list[int], random: Any
) -> None:
    random.shuffle(events)
    records = Records()
    for batch in batches(events, places):
        records.score(batch)

    wanted: defaultdict[tuple[str, object], int] = defaultdict(int)
    for event in events:
        if event["member"] != event["objectmember"]:
            wanted[event["objectmember"], event["time"].date()] += 3
    got: defaultdict[tuple[str, object], int] = defaultdict(int)
    for one in records.awards:
        if one.rule_id == "heard":
            assert 0 < one.points <= 3
            got[one.member_id, one.event_time.date()] += one.points
    assert got == {key: min(points, CAP) for key, points in wanted.items()}


@st.composite
def logs(draw: st.DrawFn) -> list[Any]:
    """Messages, and retractions of some of them, before or after what they retract; some come twice."""
    log: list[Any] = draw(messages)
    for number in draw(st.lists(st.integers(0, 27), max_size=6)):
        log.insert(draw(st.integers(0, len(log))), retraction(number))
    for number in draw(st.lists(st.integers(0, len(log) - 1), max_size=4)):
        log.insert(draw(st.integers(0, len(log))), log[number])
    return log


@given(logs(), cuts)
def test_the_awards_are_the_same_whatever_the_batching(log: list[Any], places: list[int]) -> None:
    one_by_one, cut = Records(), Records()
    for event in log:
        one_by_one.score([event])
    for batch in batches(log, places):
        cut.score(batch)
    assert sorted(cut.awards) == sorted(one_by_one.awards)
    assert cut.used == one_by_one.used


@given(logs(), cuts, cuts)
def test_a_second_delivery_changes_nothing(log: list[Any], places: list[int], again: list[int]) -> None:
    records = Records()
    for batch in batches(log, places):
        records.score(batch)
    ids, totals, used = records.ids(), records.totals(), dict(records.used)
    for batch in batches(log, again):
        records.score(batch)
    assert len(set(ids)) == len(ids)
    assert (records.ids(), records.totals(), records.used) == (ids, totals, used)


@given(messages, st.lists(st.integers(0, 24), max_size=6), st.randoms(), cuts)
def test_totals_do_not_depend_on_when_retractions_come(
    events: list[Any], retracted: list[int], random: Any, places: list[int]
) -> None:
    """The activities keep their order; the retractions come first, last, or anywhere."""
    first, last, anywhere = Records(), Records(), Records()
    taken_back = [retraction(number) for number in retracted]
    first.score(taken_back + events)
    last.score(events + taken_back)
    mixed = list(events)
    for one in taken_back:
        mixed.insert(random.randrange(len(mixed) + 1), one)
    for batch in batches(mixed, places):
        anywhere.score(batch)
    assert first.totals() == last.totals() == anywhere.totals()


def test_a_retracted_event_earns_nothing_whichever_comes_first() -> None:
    for log in ([message(1), retraction(1)], [retraction(1), message(1)]):
        together, apart = Records(), Records()
        together.score(log)
        for event in log:
            apart.score([event])
        assert together.totals() == apart.totals() == {}


def test_a_retraction_makes_no_room_under_the_cap() -> None:
    records = Records()
    records.score([message(number, writer=0) for number in range(4)])
    assert records.totals()[MEMBERS[1], "heard"] == CAP
    records.score([retraction(0), message(9, writer=2)])
    assert records.totals()[MEMBERS[1], "heard"] == CAP - 3


def test_the_last_award_under_a_cap_is_partial_and_the_rest_is_explained() -> None:
    candidates = match([message(number) for number in range(5)], {"acme": [VERSION]}).candidates
    made = make_awards(candidates, {}, ())
    assert [one.points for one in made.awards if one.rule_id == "heard"] == [3, 3, 3, 1]
    assert [one.detail for one in made.declined] == [
        "1 of 3 points fit under the cap of 10 a day",
        "0 of 3 points fit under the cap of 10 a day",
    ]


def test_a_cap_that_a_new_version_lowers_takes_nothing_back() -> None:
    records = Records()
    records.score([message(number) for number in range(3)])
    records.versions = (VERSION, version(cap=4, number=2))
    records.score([message(5)])
    assert records.totals()[MEMBERS[1], "heard"] == 9
    records.versions = (VERSION, version(cap=12, number=3))
    records.score([message(6)])
    assert records.totals()[MEMBERS[1], "heard"] == 12


WHAT: Any = {
    "community": "acme",
    "rule_id": "write",
    "beneficiary": "actor",
    "event_uid": uid(1),
    "member_id": MEMBERS[0],
    "event_time": START,
}


def test_an_award_id_does_not_depend_on_the_version_but_on_everything_else() -> None:
    ids = set()
    for versions in ([VERSION], [version(number=2)]):
        ids.add(make_awards(match([message(1)], {"acme": versions}).candidates, {}, ()).awards[0].award_id)
    assert ids == {award_id(**WHAT)}
    # Fixed for ever: a change of this value would pay everything a second time.
    assert ids == {"019cab6a-5b00-8000-8000-ff0e1752bd7a"}
    others = {
        award_id(**WHAT | {"community": "other"}),
        award_id(**WHAT | {"rule_id": "heard"}),
        award_id(**WHAT | {"beneficiary": "object_author"}),
        award_id(**WHAT | {"event_uid": uid(2)}),
        award_id(**WHAT | {"member_id": MEMBERS[1]}),
        award_id(**WHAT | {"event_time": START + timedelta(milliseconds=1)}),
    }
    assert len(others | ids) == 7


MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 -- the strategy wants them naive


@given(st.text(), st.text(), MOMENTS)
def test_ids_are_version_8_uuids_that_begin_with_the_time(rule_id: str, member_id: str, at: datetime) -> None:
    made = award_id(**WHAT | {"rule_id": rule_id, "member_id": member_id, "event_time": at})
    number = UUID(made)
    assert str(number) == made
    assert number.version == 8
    assert number.variant == RFC_4122
    assert number.int >> 80 == max(0, (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))
    name = f"acme|{rule_id}|actor|{uid(1)}|{member_id}"
    hashed = sha1(AWARD_NAMESPACE.bytes + name.encode(), usedforsecurity=False).hexdigest()
    assert made[24:] == hashed[:12]
    back = amendment_id(made, 1)
    assert UUID(back).version == 8
    assert back[:24] == made[:24]
    assert back != made


def test_a_reversal_is_the_award_with_the_sign_changed() -> None:
    (made,) = make_awards(match([message(1)], {"acme": [VERSION]}).candidates[:1], {}, ()).awards
    back = reversal(made, "00-" + "1" * 32 + "-" + "2" * 16 + "-01")
    assert (back.award_id, back.reverses) == (amendment_id(made.award_id, 1), made.award_id)
    assert back.points == -made.points
    assert back.event_time == made.event_time
    assert UUID(back.award_id).version == UUID(made.award_id).version == 8
