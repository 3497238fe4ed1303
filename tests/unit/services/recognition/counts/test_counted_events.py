"""Counted events: whether each counts depends on the set of what was said, not on the order it came in."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.recognition.counts.domain import (
    Cause,
    CountedEvent,
    CountedRule,
    Counter,
    CountingMember,
    Plan,
    kept,
)
from services.recognition.thresholds.domain import Thresholds
from shared.contracts.drawing import is_drawn
from shared.contracts.programme import Recognition

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMESPACE = UUID("00000000-0000-5000-8000-000000000000")


def uid(name: object) -> str:
    return str(uuid5(NAMESPACE, str(name)))


def event(name: str = "e", **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "source": "chat",
        "type": "chat.message.v1",
        "time": NOON,
        "community": "acme",
        "uid": uid(name),
        "member": uid("ann"),
        "receivedat": NOON,
        "data": {"channel": "chat", "actor": {"id": "ann", "name": "Ann"}},
    } | more


SAID = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["activity.retracted.v1", "activity.restored.v1"])),
    max_size=5,
)


@given(SAID, st.randoms(use_true_random=False))
def test_an_event_counts_as_the_last_that_was_said_of_it_says_in_every_order(
    said: list[tuple[int, str]], chance: random.Random
) -> None:
    facts = [
        event(f"say {place}", type=kind, time=NOON + timedelta(minutes=minute), targetuid=uid("e"))
        for place, (minute, kind) in enumerate(said)
    ]
    heard = [event(), *facts, *facts, event()]
    chance.shuffle(heard)
    counted = CountedEvent()
    total = sum(counted.hear(fact) for fact in heard)
    last = max(facts, key=lambda fact: (fact["time"], fact["id"]), default=None)
    assert total == (last is None or last["type"] == "activity.restored.v1")


@pytest.mark.parametrize("uids", ["12", "21"])
@pytest.mark.parametrize("ids", ["ab", "ba"])
def test_of_two_words_at_one_time_the_greater_id_holds_as_in_scoring(ids: str, uids: str) -> None:
    kinds = ("activity.retracted.v1", "activity.restored.v1")
    said = [
        event(said_id, type=kind, uid=uid(number), targetuid=uid("e"))
        for said_id, kind, number in zip(ids, kinds, uids, strict=True)
    ]
    for order in (said, said[::-1]):
        counted = CountedEvent()
        assert sum(counted.hear(fact) for fact in [event(), *order]) == int(ids == "ab")


@pytest.mark.parametrize(
    ("rule", "given_event", "member"),
    [
        ({}, {}, "ann"),
        ({"on": ["forum.post.v1"]}, {}, None),
        ({"to": "object_author"}, {}, None),
        ({"to": "object_author"}, {"objectmember": uid("bob")}, "bob"),
        ({"to": "object_author"}, {"objectmember": uid("ann")}, None),
        ({"when": "data.channel == 'chat'"}, {}, "ann"),
        ({"when": "!has(data.attributes.bot)"}, {}, "ann"),
        ({"when": "data.length_chars > 3"}, {}, None),
        ({"when": "event.time.getFullYear() == 2026"}, {}, "ann"),
        ({"when": "this is none"}, {}, None),
    ],
)
def test_who_meets_a_rule_by_an_event(rule: Any, given_event: Any, member: str | None) -> None:
    counted = CountedRule.of({"on": ["chat.message.v1"]} | rule)
    assert counted.member_of(kept(event(**given_event))) == (member and uid(member))


def done(kind: str, **more: Any) -> dict[str, Any]:
    """Something that Ann does to what is her own, or answers herself."""
    return event(type=kind, objectmember=uid("ann"), **more)


@pytest.mark.parametrize(
    ("rule", "given_event", "counts"),
    [
        ({"on": ["code.review.v1"]}, done("code.review.v1"), False),
        ({"on": ["support.ticket_resolved.v1"]}, done("support.ticket_resolved.v1"), False),
        ({"on": ["code.review.v1"], "own": True}, done("code.review.v1"), True),
        ({"on": ["code.review.v1"]}, done("code.review.v1") | {"objectmember": uid("bob")}, True),
        ({"on": ["kudos.given.v1"], "to": "object_author"}, done("kudos.given.v1"), False),
        ({"on": ["kudos.given.v1"], "to": "object_author", "own": True}, done("kudos.given.v1"), True),
        # What an act makes was nobody's before; an answer to oneself is one's own.
        ({"on": ["forum.post.v1"]}, done("forum.post.v1"), True),
        ({"on": ["forum.reply.v1"]}, done("forum.reply.v1"), True),
        ({"on": ["forum.reply.v1"]}, done("forum.reply.v1", replymember=uid("ann")), False),
        ({"on": ["code.issue.v1"]}, done("code.issue.v1", data={"channel": "code", "action": "opened"}), True),
        ({"on": ["code.issue.v1"]}, done("code.issue.v1", data={"channel": "code", "action": "closed"}), False),
    ],
)
def test_ones_own_acts_count_as_they_earn(rule: Any, given_event: Any, counts: bool) -> None:
    assert CountedRule.of(rule).member_of(kept(given_event)) == (uid("ann") if counts else None)
    assert CountedRule.of(rule).key != CountedRule.of(rule | {"own": not rule.get("own", False)}).key


@pytest.mark.parametrize(
    ("to", "bots", "member"),
    [
        ("actor", "member", None),
        ("actor", "objectmember replymember", "ann"),
        ("object_author", "member", "bob"),
        ("object_author", "member objectmember", None),
    ],
)
def test_bots_have_no_badges_and_people_count_for_what_bots_do_for_them(
    to: str, bots: str, member: str | None
) -> None:
    rule = CountedRule.of({"on": ["chat.message.v1"], "to": to})
    one = kept(event(objectmember=uid("bob"), bots=bots))
    assert rule.member_of(one) == (member and uid(member))


def test_of_a_campaign_counts_what_it_may_give_points_for() -> None:
    campaign = {"community": "acme", "id": "spring", "starts": "2026-02-28", "ends": "2026-03-01"}
    of_nobody = {"on": ["chat.message.v1"], "campaign": campaign | {"holdout_percent": 0}}
    half = CountedRule.of({"on": ["chat.message.v1"], "campaign": campaign | {"holdout_percent": 50}})
    rule = CountedRule.of(of_nobody)
    for at, day, counts in (
        (NOON, None, True),
        (NOON + timedelta(days=1), None, False),
        # The day is the community's, where it is another than that of UTC.
        (NOON + timedelta(hours=13), NOON.date(), True),
        (NOON - timedelta(hours=37), NOON.date() - timedelta(days=2), False),
    ):
        one = kept(event(time=at, **({} if day is None else {"day": day})))
        assert rule.member_of(one) == (uid("ann") if counts else None)
    held_out = [n for n in range(400) if half.member_of(kept(event(member=uid(n)))) is None]
    assert 150 < len(held_out) < 250
    assert held_out == [n for n in range(400) if is_drawn("holdout", "acme", "spring", uid(n), percent=50)]
    # Another window is another number, so that what was before is counted anew; a name alone changes nothing.
    moved = CountedRule.of(of_nobody | {"campaign": campaign | {"holdout_percent": 0, "ends": "2026-03-02"}})
    plain = CountedRule.of({"on": ["chat.message.v1"]})
    assert len({rule.key, half.key, moved.key, plain.key}) == 4
    assert CountedRule.of({"on": ["chat.message.v1"], "campaign": "spring"}) == plain


def test_nobodys_name_or_handle_is_kept() -> None:
    author = {"author": {"id": "bob", "name": "Planted"}}
    data = {"channel": "chat", "actor": {"id": "ann", "name": "Planted"}, "object": {"id": "1"} | author}
    one = kept(event(data=data | {"in_reply_to": {"id": "2"} | author}))
    assert "Planted" not in str(one)
    assert one["data"]["object"] == {"id": "1", "author": {}}


def plan(version: int, at_least: int, counter: str = "k.1") -> Plan:
    badges = [{"id": "b", "title": "Some messages", "rule": "message", "at_least": at_least}]
    thresholds = Thresholds.of("p", version, Recognition.model_validate({"badges": badges}))
    rule = CountedRule(("chat.message.v1",), "actor", None)
    return Plan((Counter(counter, rule, None),), thresholds, NOON, None, {"message": counter})


def test_a_badge_comes_goes_and_comes_again_each_by_a_grant_of_its_own() -> None:
    asks_for_two = plan(1, 2)
    member = CountingMember("acme", uid("ann"), version=1)
    grants = [
        grant
        for number, by in enumerate([1, 1, -1, 1])
        for grant in member.add("k.1", by, Cause(uid(number), NOON, None, None), asks_for_two)
    ]
    assert [(grant.event_uid, bool(grant.reverses)) for grant in grants] == [
        (uid(1), False),
        (uid(2), True),
        (uid(3), False),
    ]
    assert grants[1].reverses == grants[0].grant_id
    assert len({grant.grant_id for grant in grants}) == 3
    assert all(grant.award_id is None for grant in grants)


def test_what_stands_follows_a_version_and_forgets_what_it_does_not_count() -> None:
    member = CountingMember("acme", uid("ann"), {"k.1": 4, "old.1": 9}, last_event_uid=uid(1))
    (granted,) = member.follow(plan(1, 3))
    assert member.counts == {"k.1": 4}
    assert member.follow(plan(1, 3)) == []
    (taken,) = member.follow(plan(2, 5))
    assert taken.reverses == granted.grant_id
    assert member.standing == {}
