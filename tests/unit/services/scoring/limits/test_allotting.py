"""Rooms under limits: any order, any batching, any history of taking back gives what the oracle says."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.limits.domain.allotting import Window, binding_windows, give_room, settle, since
from services.scoring.limits.domain.claims import Claim, State, Word
from services.scoring.limits.domain.corrections import graced
from services.scoring.limits.domain.nesting import crossings, heaviest_first
from services.scoring.limits.domain.windows import Kind, Limit, Within, monday
from tests.unit.services.scoring.limits.limits_oracle import (
    RESTORED,
    RETRACTED,
    Key,
    OLimit,
    ORule,
    amounts,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SMALL, LARGE = ORule("small", "small", 2, to="object_author"), ORule("large", "large", 5, to="object_author")
POST = ORule("post", "post", 5)
RULES = (SMALL, LARGE, POST)
#: As in most histories somebody corrects something.
GRACIOUS = (
    SMALL,
    replace(LARGE, grace_minutes=300, grace_count=1),
    replace(POST, grace_minutes=600, grace_count=2),
)


def limit_of(one: OLimit) -> Limit:
    return Limit(
        repr(one),
        frozenset(one.rules),
        Kind.COUNT if one.points is None else Kind.POINTS,
        one.points or one.count or 0,
        Within(one.within),
        by_other="pair" in one.per,
        by_object="object" in one.per,
    )


def event(number: int, kind: str = "post", at: timedelta = timedelta(), member: str = "ann", **more: Any) -> Any:
    return {"type": kind, "uid": f"u{number}", "id": f"e{number:03}", "time": NOON + at, "member": member,
            "data": {}} | more  # fmt: skip


def said(number: int, kind: str, by: str | None, at: timedelta, of: int) -> Any:
    fact = event(1000 + number, kind, at, targetuid=f"u{of}")
    del fact["member"]
    return fact if by is None else fact | {"member": by}


@dataclass
class Tables:
    """What the database holds, and what one transaction does to it."""

    rules: Sequence[ORule]
    limits: Sequence[OLimit]
    claims: dict[Key, Claim] = field(default_factory=dict)
    windows: dict[bytes, Window] = field(default_factory=dict)
    words: dict[str, Word] = field(default_factory=dict)
    looked_at: int = 0

    def score(self, facts: Sequence[Any]) -> None:
        for fact in facts:
            if "targetuid" in fact:
                is_retraction = fact["type"] == RETRACTED
                word = Word(fact["time"], fact["id"], fact["uid"], is_retraction, fact.get("member"))
                self.words[fact["targetuid"]] = max(
                    self.words.get(fact["targetuid"], word), word, key=lambda w: w[:3]
                )
        new = []
        for fact in {one["uid"]: one for one in facts}.values():
            new += [] if "targetuid" in fact else self._claims(fact)
        for claim in self.claims.values():
            claim.hear(self.words.get(claim.event_uid))
        everything = [*self.claims.values(), *new]
        graced(claim for claim in everything if claim.corrected_on is not None)
        changed = [claim for claim in self.claims.values() if claim.is_to_settle]
        late = [*give_room(new, self.windows), *changed]
        self.claims |= {(one.event_uid, one.rule_id, one.member_id): one for one in new}
        if late:
            self._settle(late)

    def _settle(self, late: list[Claim]) -> None:
        start = since(late)
        others: list[Claim] = []
        while True:
            hard = binding_windows([*late, *others], self.windows)
            found = [
                one
                for one in self.claims.values()
                if one not in late and not hard.isdisjoint(one.windows) and (not start or one.event_time >= start)
            ]
            if len(found) == len(others):
                break
            others = found
        self.looked_at += len(others)
        earlier = [one for one in self.claims.values() if start and one.event_time < start]
        settle(late, others, self.windows, earlier)

    def _claims(self, fact: Any) -> list[Claim]:
        found = []
        limits = [limit_of(one) for one in self.limits]
        heaviest = heaviest_first(limits)
        for rule in self.rules:
            member = fact.get({"actor": "member", "object_author": "objectmember"}[rule.to])
            if rule.on != fact["type"] or member is None or (fact["uid"], rule.id, member) in self.claims:
                continue
            day = fact["time"].date()
            placed = [
                (window, one.bound)
                for one in limits
                if rule.id in one.rules
                and (
                    window := one.window(
                        community="acme",
                        member_id=member,
                        other_id=fact["member"] if rule.to == "object_author" else fact.get("objectmember"),
                        object_id=fact["data"].get("object", {}).get("id"),
                        day=day,
                        week=monday(day),
                    )
                )
            ]
            claim = Claim(
                "acme", f"{fact['uid']}-{rule.id}", member, member, fact["uid"], fact["id"],
                fact["type"], fact["time"],
                NOON, None, None, rule.id, "actor", "demo", 1, rule.points, member == fact["member"],
                rule.grace_minutes * 60, rule.id in heaviest, tuple(one for one, _ in placed),
                tuple(bound for _, bound in placed), grace_count=rule.grace_count if rule.grace_minutes else 0,
            )  # fmt: skip
            claim.hear(self.words.get(fact["uid"]))
            for window, _ in placed:
                self.windows.setdefault(window, Window())
            found.append(claim)
        return found

    def amounts(self) -> dict[Key, int]:
        return {key: claim.due for key, claim in self.claims.items() if claim.due}


def total(facts: Sequence[Any], rules: Sequence[ORule], limits: Sequence[OLimit]) -> int:
    """By the service, one by one; it agrees with the oracle, in this order and the other way round."""
    for order in (facts, facts[::-1]):
        tables = Tables(rules, limits)
        for fact in order:
            tables.score([fact])
        assert tables.amounts() == amounts(facts, rules, limits)
    return sum(amounts(facts, rules, limits).values())


HOUR = timedelta(hours=1)
DAILY = (OLimit(("post",), points=12),)


def posts(count: int, first: int = 0) -> list[Any]:
    return [event(number, at=number * HOUR / 10) for number in range(first, first + count)]


@pytest.mark.parametrize(("by", "right"), [("mod", 10), ("ann", 7), (None, 7)], ids=["other", "own", "unknown"])
def test_c1_one_value_whatever_the_order(by: str | None, right: int) -> None:
    assert total([*posts(3), said(1, RETRACTED, by, HOUR, of=0)], [POST], DAILY) == right


def test_c2_nobody_uses_up_anothers_room() -> None:
    rule = ORule("liked", "like", 1, to="object_author")
    facts: list[Any] = []
    for number in range(10):
        facts.append(event(number, "like", number * HOUR / 10, "troll", objectmember="victim"))
        facts.append(said(number, RETRACTED, "troll", number * HOUR / 10 + HOUR / 20, of=number))
    facts += [event(n, "like", 2 * HOUR, f"fan-{n}", objectmember="victim") for n in range(20, 23)]
    assert total(facts, [rule], [OLimit(("liked",), points=10)]) == 3


def test_c3_who_deletes_and_posts_anew_pays_the_room() -> None:
    capped = (OLimit(("post",), points=25),)
    five, anew = posts(5), event(9, at=9 * HOUR / 10)
    deleted = said(1, RETRACTED, "ann", HOUR / 2, of=2)
    assert total([*five, deleted, anew], [POST], capped) == 20
    assert total([*five, said(1, RETRACTED, "mod", HOUR / 2, of=2), anew], [POST], capped) == 25
    assert total([*five, deleted, anew, said(2, RESTORED, "mod", 2 * HOUR, of=2)], [POST], capped) == 25
    corrected = (ORule("post", "post", 5, grace_minutes=30),)
    assert total([*five, deleted, anew], corrected, capped) == 25


def test_the_first_corrections_of_a_day_have_the_grace() -> None:
    """Two a day: of three posts deleted at once the third keeps its room, whichever comes first."""
    rule, capped = (ORule("post", "post", 5, grace_minutes=30, grace_count=2),), (OLimit(("post",), points=25),)
    gone = [said(n, RETRACTED, "ann", (n + 1) * HOUR / 10, of=n) for n in range(4)]
    six = posts(6, first=4)
    assert total([*posts(4), *gone[:2], *six], rule, capped) == 25
    assert total([*posts(4), *gone[:3], *six], rule, capped) == 20
    assert total([*posts(4), *gone, *six], rule, capped) == 15
    # One of them is restored: the next has its grace.
    restored = said(9, RESTORED, "mod", 20 * HOUR, of=0)
    assert total([*posts(4), *gone, restored, *six], rule, capped) == 20
    # On another day there are others.
    tomorrow = [event(50, at=20 * HOUR), said(50, RETRACTED, "ann", 20 * HOUR, of=50)]
    assert total([*posts(4), *gone[:2], *six, *tomorrow], rule, capped) == 25


def test_mixed_taking_back() -> None:
    """12 a day: a 5 taken back by its member, b 5 by another, c 5 and d 5 live."""
    facts = [*posts(4), said(1, RETRACTED, "ann", HOUR, of=0), said(2, RETRACTED, "mod", HOUR, of=1)]
    assert total(facts, [POST], DAILY) == 7
    for by in ("ann", "mod"):
        assert total([*posts(3), said(1, RETRACTED, by, HOUR, of=2)], [POST], DAILY) == 10


def test_the_heaviest_count_not_the_first() -> None:
    one, five = ORule("one", "one", 1, to="object_author"), ORule("five", "five", 5, to="object_author")
    facts = [event(n, "one", n * HOUR / 100, "troll", objectmember="b") for n in range(10)]
    facts += [event(n, "five", HOUR, f"m{n}", objectmember="b") for n in (20, 21)]
    assert total(facts, [one, five], [OLimit(("one", "five"), count=10)]) == 18


def test_the_last_word_counts_by_event_time_then_id() -> None:
    facts = [*posts(1), said(2, RETRACTED, "mod", HOUR, of=0), said(1, RESTORED, "mod", HOUR, of=0)]
    assert total(facts, [POST], DAILY) == 0
    facts = [*posts(1), said(1, RETRACTED, "mod", HOUR, of=0), said(2, RESTORED, "mod", HOUR, of=0)]
    assert total(facts, [POST], DAILY) == 5


def test_limits_that_cross_can_make_less_of_more() -> None:
    """Members A and B are the others, X and Y objects, each limited to 1: a third makes 1 of 2."""
    rule = ORule("met", "met", 1)
    limits = (OLimit(("met",), points=1, per="pair"), OLimit(("met",), points=1, per="object"))

    def met(number: int, other: str, thing: str) -> Any:
        return event(number, "met", number * HOUR / 10, objectmember=other, data={"object": {"id": thing}})

    two = [met(1, "a", "y"), met(2, "b", "x")]
    assert total(two, [rule], limits) == 2
    assert total([met(0, "a", "x"), *two], [rule], limits) == 1
    assert list(crossings([limit_of(one) for one in limits]))


NESTED = [
    (OLimit(("small", "large"), points=12),),
    (
        OLimit(("small",), points=5),
        OLimit(("small", "large"), points=9),
        OLimit(("small", "large"), 20, within="week"),
    ),
    (
        OLimit(("small", "large"), count=2, per="pair_and_object", within="day"),
        OLimit(("small", "large"), points=15),
    ),
    (
        OLimit(("small", "large"), count=3),
        OLimit(("small", "large"), count=5, within="ever"),
        OLimit(("post",), 12),
    ),
    (OLimit(("large",), count=1, per="object"), OLimit(("small", "large", "post"), points=17, within="month")),
]
CROSSING = [
    (OLimit(("small",), count=1, per="pair_and_object", within="ever"), OLimit(("small", "post"), points=9)),
    (OLimit(("large", "small"), points=12, within="week"), OLimit(("large", "post"), points=30, within="month")),
]


@st.composite
def histories(draw: st.DrawFn) -> list[Any]:
    """Events of three members over four days, and what is said of them by whom, some of it unknown."""
    facts = []
    count = draw(st.integers(1, 14))
    for number in range(count):
        kind = draw(st.sampled_from(["small", "large", "post"]))
        at = timedelta(hours=draw(st.integers(0, 70)))
        member, author = draw(st.sampled_from("abc")), draw(st.sampled_from("ab"))
        more = {} if kind == "post" or member == author else {"objectmember": author}
        data = {"object": {"id": draw(st.sampled_from("xy"))}} if draw(st.booleans()) else {}
        facts.append(event(number, kind, at, member, data=data, **more))
    for number in range(draw(st.integers(0, 10))):
        kind = draw(st.sampled_from([RETRACTED, RETRACTED, RESTORED]))
        by = draw(st.sampled_from(["a", "b", "mod", None]))
        at = timedelta(hours=draw(st.integers(0, 99)))
        facts.append(said(number, kind, by, at, of=draw(st.integers(0, count))))
    return facts


@given(
    histories(),
    st.sampled_from(NESTED + CROSSING),
    st.randoms(),
    st.lists(st.integers(0, 40), max_size=6),
    st.sampled_from([RULES, GRACIOUS]),
)
def test_any_order_and_batching_gives_what_the_oracle_says(
    facts: list[Any], limits: Sequence[OLimit], random: Any, cuts: list[int], rules: Sequence[ORule]
) -> None:
    log = facts + random.sample(facts, len(facts) // 4)
    random.shuffle(log)
    tables = Tables(rules, limits)
    places = sorted({0, len(log), *(cut % (len(log) + 1) for cut in cuts)})
    for start, end in pairwise(places):
        tables.score(log[start:end])
    assert tables.amounts() == amounts(facts, rules, limits)
    for name, window in tables.windows.items():
        inside = [one for one in tables.claims.values() if name in one.windows]
        bounds = [one.bounds[one.windows.index(name)] for one in inside]
        is_points = bounds[0] > 0
        assert window.used == sum(one.room if is_points else bool(one.room) for one in inside)
        assert window.wanted == sum(one.weight if is_points else 1 for one in inside if one.state != State.REMOVED)
        assert window.used <= abs(bounds[0])


@given(histories(), st.sampled_from(NESTED), st.data())
def test_under_nested_limits_more_never_makes_less(facts: list[Any], limits: Sequence[OLimit], data: Any) -> None:
    """A live event more never lowers, taking one back never raises, and one's own taken back makes no room."""
    assert not list(crossings([limit_of(one) for one in limits]))
    before = sum(amounts(facts, RULES, limits).values())
    live = event(500, data.draw(st.sampled_from(["small", "large"])), data.draw(st.integers(0, 70)) * HOUR, "c",
                 objectmember="a", data={"object": {"id": data.draw(st.sampled_from("xy"))}})  # fmt: skip
    with_live = sum(amounts([*facts, live], RULES, limits).values())
    assert with_live >= before
    gone = [said(50, RETRACTED, by, 200 * HOUR, of=500) for by in ("a", "mod")]
    own, others = (sum(amounts([*facts, live, one], RULES, limits).values()) for one in gone)
    assert own <= before
    assert others == before


def test_what_comes_in_order_or_fits_looks_at_nothing() -> None:
    tables = Tables([POST], [OLimit(("post",), points=5000, within="ever")])
    for start in range(0, 2000, 100):
        tables.score(posts(100, start))
    assert tables.looked_at == 0
    tables.score([event(9_000, at=5 * HOUR)])
    assert tables.looked_at == 2000 - 50
    roomy = Tables([POST], [OLimit(("post",), points=50_000, within="ever")])
    for start in range(1900, -1, -100):
        roomy.score(posts(100, start))
    assert roomy.looked_at == 0
