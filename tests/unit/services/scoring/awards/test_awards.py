"""Ids of awards and amendments, and what a batch has to do, over every order and batching."""

from datetime import UTC, datetime, timedelta
from hashlib import sha1
from itertools import pairwise
from typing import Any
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.awards.domain.activities import Marks, Work, later, marks, sort_out
from services.scoring.awards.domain.awards import (
    AWARD_NAMESPACE,
    Earned,
    EventKey,
    Told,
    amended,
    amendment_id,
    award_id,
    make,
    of_claim,
)
from services.scoring.limits.domain.claims import State, Word
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.rules.domain.compiling import CompiledVersion, compile_version
from services.scoring.rules.domain.matching import match
from shared.contracts.programme import Programme

START = datetime(2026, 3, 1, 22, tzinfo=UTC)
MEMBERS = [f"00000000-0000-5000-8000-00000000000{letter}" for letter in "abc"]


def version(number: int = 1) -> CompiledVersion:
    programme = read_programme("""
programme: demo
title: Demo
rules:
  - {id: write, title: W, on: [chat.message.v1], points: 1}
  - {id: heard, title: H, on: [chat.message.v1], to: object_author, points: 3, daily_cap: 10}
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
        "data": {"channel": "chat", "actor": {"id": "ann"}},
    }


def said(number: int, hour: int, *, is_retraction: bool = True) -> Any:
    return {
        **message(number, hour=hour),
        "uid": uid(10_000 + 100 * number + hour),
        "id": f"{number}-{hour}",
        "type": "activity.retracted.v1" if is_retraction else "activity.restored.v1",
        "targetuid": uid(number),
    }


class Log:
    """What the marks of events hold, and what comes of each: its last word, once it has been scored."""

    def __init__(self) -> None:
        self.marks: dict[EventKey, Marks] = {}
        self.known: dict[EventKey, Word | None] = {}

    def score(self, events: list[Any]) -> Work:
        wanted = marks(events)
        before = {key: self.marks[key] for key in wanted if key in self.marks}
        for key, one in wanted.items():
            was = before.get(key, Marks(scored=False, event_time=None, word=None))
            self.marks[key] = Marks(
                was.scored or one.scored, was.event_time or one.event_time, later(was.word, one.word)
            )
        work = sort_out(events, wanted, before)
        for event in work.fresh:
            key = (event["community"], event["uid"])
            assert key not in self.known
            self.known[key] = work.words.get(key)
        for key, (word, _) in work.changed.items():
            assert self.known[key] != word
            self.known[key] = word
        return work


@st.composite
def logs(draw: st.DrawFn) -> list[Any]:
    log: list[Any] = [message(number) for number in range(draw(st.integers(1, 8)))]
    for _ in range(draw(st.integers(0, 8))):
        log.append(said(draw(st.integers(0, 8)), draw(st.integers(1, 9)), is_retraction=draw(st.booleans())))
    return draw(st.permutations(log + log[:3]))


@given(logs(), st.lists(st.integers(0, 40), max_size=6), st.randoms())
def test_the_last_word_counts_whatever_the_order_and_the_batching(
    log: list[Any], cuts: list[int], random: Any
) -> None:
    one_by_one, cut = Log(), Log()
    for event in log:
        one_by_one.score([event])
    again = list(log)
    random.shuffle(again)
    places = sorted({0, len(log), *(place % (len(log) + 1) for place in cuts)})
    for start, end in pairwise(places):
        cut.score(again[start:end])
    # At one time, for one event, only one thing was said: uids of words are by event and hour.
    if len({one["uid"] for one in log}) == len({(one["uid"], one["type"]) for one in log}):
        assert one_by_one.known == cut.known
        assert one_by_one.marks == cut.marks


def candidates(*events: Any, of: CompiledVersion = VERSION) -> Any:
    return match(list(events), {"acme": [of]}).candidates


WORD = Word(START + timedelta(hours=1), "no", uid(99), is_retraction=True, by_member=MEMBERS[2])


def test_what_no_limit_is_over_is_an_award_and_the_rest_is_claimed() -> None:
    made = make(candidates(message(1)), {})
    assert [(one.rule_id, one.points, one.amends) for one in made.awards] == [("write", 1, None)]
    assert [(one.rule_id, one.weight, one.state, one.revision) for one in made.claims] == [
        ("heard", 3, State.LIVE, None)
    ]
    taken_back = make(candidates(message(1)), {("acme", uid(1)): WORD})
    assert taken_back.awards == []
    assert [(one.rule_id, one.state) for one in taken_back.claims] == [
        ("write", State.REMOVED),
        ("heard", State.REMOVED),
    ]


def test_a_claim_is_told_as_an_award_and_then_amended() -> None:
    (claim,) = make(candidates(message(1)), {}).claims
    assert of_claim(claim, "limit") is None
    claim.room = 2
    first = of_claim(claim, "limit")
    assert first is not None
    assert (first.award_id, first.points, first.amends, first.total) == (claim.award_id, 2, None, None)
    claim.state = State.HELD
    gone = of_claim(claim, "retracted")
    claim.state, claim.room = State.LIVE, 3
    back = of_claim(claim, "restored")
    assert gone is not None
    assert back is not None
    assert [(one.points, one.revision, one.cause, one.total, one.amends) for one in (gone, back)] == [
        (-2, 1, "retracted", 0, first.award_id),
        (3, 2, "restored", 3, first.award_id),
    ]
    assert [one.award_id for one in (gone, back)] == [amendment_id(first.award_id, number) for number in (1, 2)]
    assert (gone.event_time, back.rule_id) == (first.event_time, "heard")
    assert of_claim(claim, "limit") is None


def test_an_award_that_no_limit_is_over_is_amended_once_for_each_change() -> None:
    (award,) = make(candidates(message(1)), {}).awards
    trace = "00-" + "1" * 32 + "-" + "2" * 16 + "-01"
    gone = amended(Earned(award, 1, 0), WORD, trace)
    assert gone is not None
    assert (gone.points, gone.revision, gone.total, gone.traceparent) == (-1, 1, 0, trace)
    assert amended(Earned(award, 0, 1), WORD, trace) is None
    back = amended(Earned(award, 0, 1), WORD._replace(is_retraction=False), None)
    assert back is not None
    assert (back.points, back.revision, back.cause, back.total) == (1, 2, "restored", 1)


def test_what_was_told_is_not_given_again_and_a_lost_version_gives_nothing_else() -> None:
    first, second = make(candidates(message(1)), {}), candidates(message(1))
    write, heard = first.awards[0].award_id, first.claims[0].award_id
    made = make(second, {}, {("acme", uid(1)): {write: Told(1, 0, 1), heard: Told(2, 4, 1)}})
    assert made.awards == []
    assert [(one.told, one.revision) for one in made.claims] == [(2, 4)]
    assert make(second, {}, {("acme", uid(1)): {write: Told(1, 0, 9)}}).claims == []


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
        ids.add(make(match([message(1)], {"acme": versions}).candidates, {}).awards[0].award_id)
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
