"""Matching: which rules an event meets under which version, and why not."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.scoring.programmes.domain.reading import read_programme
from services.scoring.rules.domain.compiling import JUDGED_MAX_CHARS, CompiledVersion, compile_version, version_at
from services.scoring.rules.domain.conditions import Judged
from services.scoring.rules.domain.costs import UNBOUNDED
from services.scoring.rules.domain.matching import match
from shared.conditions.evaluation import Condition
from shared.contracts.programme import Programme

ANN, BOB = "00000000-0000-5000-8000-00000000000a", "00000000-0000-5000-8000-00000000000b"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

TEXT = """
programme: demo
title: Demo
rules:
  - {id: write, title: W, on: [chat.message.v1, forum.post.v1], points: 1}
  - {id: long, title: L, on: [forum.post.v1], when: data.length_chars > 100, points: 2}
  - {id: heard, title: H, on: [chat.message.v1], to: object_author, points: 3}
  - {id: answered, title: A, on: [forum.reply.v1], to: reply_author, points: 4}
"""


def version(number: int = 1, effective_from: datetime = EPOCH, text: str = TEXT) -> CompiledVersion:
    programme = read_programme(text)
    assert isinstance(programme, Programme)
    return compile_version(programme, number, effective_from)


def event(event_type: str = "chat.message.v1", **other: Any) -> Any:
    return {
        "specversion": "1.0",
        "id": "1",
        "source": "chat",
        "type": event_type,
        "time": NOON,
        "community": "acme",
        "uid": "00000000-0000-5000-8000-000000000001",
        "member": ANN,
        "receivedat": NOON,
        "data": {"channel": "chat", "actor": {"id": "ann"}},
        **other,
    }


def found(*events: Any) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    matched = match(events, {"acme": [version()]})
    return (
        [(one.rule.id, one.member_id) for one in matched.candidates],
        [(one.rule_id, one.reason) for one in matched.declined],
    )


def test_points_go_to_the_beneficiary() -> None:
    assert found(event(objectmember=BOB)) == ([("write", ANN), ("heard", BOB)], [])
    assert found(event("forum.reply.v1", replymember=BOB)) == ([("answered", BOB)], [])


def test_without_a_beneficiary_there_is_nothing_to_award() -> None:
    assert found(event()) == ([("write", ANN)], [("heard", "no_beneficiary")])


def test_nobody_earns_by_answering_themselves() -> None:
    assert found(event(objectmember=ANN)) == ([("write", ANN)], [("heard", "own_act")])
    assert found(event("forum.reply.v1", replymember=ANN)) == ([], [("answered", "own_act")])


def test_bots_earn_nothing_and_people_do_for_what_bots_do_for_them() -> None:
    assert found(event(objectmember=BOB, bots="member")) == ([("heard", BOB)], [("write", "bot")])
    assert found(event(objectmember=BOB, bots="objectmember")) == ([("write", ANN)], [("heard", "bot")])
    assert found(event(objectmember=BOB, bots="member objectmember"))[0] == []


def test_a_condition_that_is_false_or_fails_matches_nothing_and_says_so() -> None:
    short = {"channel": "forum", "actor": {"id": "ann"}, "length_chars": 5}
    assert found(event("forum.post.v1", data=short))[1] == [("long", "condition_false")]
    matched = match([event("forum.post.v1")], {"acme": [version()]})
    assert [(one.rule_id, one.reason, one.detail) for one in matched.declined] == [
        ("long", "condition_failed", "the event has no field length_chars")
    ]
    assert [one.rule.id for one in matched.candidates] == ["write"]


def test_an_event_type_without_rules_finds_nothing() -> None:
    assert found(event("code.commit.v1")) == ([], [])


def test_an_event_before_the_first_version_earns_nothing() -> None:
    matched = match([event()], {"acme": [version(1, NOON + timedelta(microseconds=1))]})
    assert (matched.candidates, matched.without_version) == ([], 1)
    assert match([event(community="other")], {"acme": [version()]}).without_version == 1


def test_the_newest_version_in_effect_at_receipt_counts() -> None:
    versions = [version(1), version(2, NOON), version(3, NOON + timedelta(hours=1))]

    def at(moment: datetime) -> int:
        in_effect = version_at(versions, moment)
        assert in_effect is not None
        return in_effect.number

    assert at(NOON - timedelta(microseconds=1)) == 1
    assert at(NOON) == 2
    assert at(NOON + timedelta(hours=1)) == 3
    assert at(NOON + timedelta(days=999)) == 3


def test_a_later_version_with_an_earlier_start_wins() -> None:
    """A version scheduled ahead never starts when a newer one was published to start sooner."""
    versions = [version(1), version(2, NOON + timedelta(hours=1)), version(3, NOON)]
    in_effect = version_at(versions, NOON + timedelta(hours=2))
    assert in_effect is not None
    assert in_effect.number == 3


def test_the_day_of_a_cap_is_the_utc_day_of_event_time() -> None:
    late = datetime.fromisoformat("2026-03-01T23:30:00-02:00")
    capped = version(text=TEXT.replace("points: 1}", "points: 1, daily_cap: 5}"))
    (window,) = match([event(time=late)], {"acme": [capped]}).candidates[0].windows
    assert date.fromordinal(int.from_bytes(window[:4])).isoformat() == "2026-03-02"


def test_a_type_listed_twice_counts_once() -> None:
    text = TEXT.replace("[chat.message.v1, forum.post.v1]", "[chat.message.v1, chat.message.v1]")
    matched = match([event()], {"acme": [version(text=text)]})
    assert [one.rule.id for one in matched.candidates] == ["write"]


def test_of_long_conditions_only_so_much_is_read_before_they_are_evaluated() -> None:
    """A batch waits for that: two hundred of two thousand characters took seconds."""
    long = f"data.channel in [{', '.join(['1'] * 600)}]"
    rules = [
        {"id": f"r{n}", "title": "R", "on": ["chat.message.v1"], "points": 1, "when": long} for n in range(200)
    ]
    rules.append({"id": "short", "title": "S", "on": ["chat.message.v1"], "points": 1, "when": "size(data) > 1"})
    programme = Programme.model_validate({"programme": "demo", "title": "Demo", "rules": rules[-100:]})
    compiled = compile_version(programme, 1, EPOCH).rules["chat.message.v1"]
    assert isinstance(compiled[-1].condition, Condition)
    judged = [one.condition for one in compiled if isinstance(one.condition, Judged)]
    read = [one for one in judged if one.steps < UNBOUNDED]
    assert len(judged) - len(read) >= 99 - JUDGED_MAX_CHARS // len(long)
    assert {(one.text, one.variables) for one in judged if one.steps == UNBOUNDED} == {(long, ("event", "data"))}
