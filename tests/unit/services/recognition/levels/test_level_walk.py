"""Levels by what somebody did: Discourse's table, and an oracle that looks at all each quarter of a day."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import plaudit
from services.recognition.levels.domain.courses import (
    DAY_SECONDS,
    Did,
    Spell,
    Step,
    course_of_suspensions,
)
from services.recognition.levels.domain.ladder import Hold, Ladder, Life, Surroundings
from services.recognition.levels.domain.walk import Reached, reached
from shared.contracts.programme import Level, Recognition, Requirement, detail_of

PRESET = Path(plaudit.__file__).parent / "programme" / "presets" / "discourse_trust_levels.yaml"
NOW = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp())
QUARTER = DAY_SECONDS // 4


def day_of(at: int) -> date:
    return datetime.fromtimestamp(at, UTC).date()


def start_of(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def around(**of_all: Sequence[tuple[date, int]]) -> Surroundings:
    return Surroundings(day_of, start_of, {f"{name.replace('_', '-')} all": days for name, days in of_all.items()})


def preset(text: str = "") -> Ladder:
    read = yaml.safe_load(text or PRESET.read_text(encoding="utf-8"))
    return Ladder.of(Recognition.model_validate(read["recognition"]))


def spread(count: int, *, keys: int = 1, days: int = 1, ago: int = 1, key: str = "k") -> list[Did]:
    """So many things on so many days, the last so many days ago, of so many different keys."""
    return [
        Did(NOW - (ago + number % days) * DAY_SECONDS + number // days % 80 * 900, f"{key} {number % keys}")
        for number in range(count)
    ]


def regular(**changed: Any) -> dict[str, list[Did]]:
    """Of everything exactly what the third level asks for, within the last days, but for what is changed."""
    of = {
        "visits": 50,
        "replied": 10,
        "viewed": 250,
        "read": 500,
        "flags": 0,
        "given": 30,
        "received": 20,
        "people": 5,
        "days": 7,
        "viewed_before": 0,
    } | changed
    # Reads on so many days, and so many different topics among them.
    reads = spread(max(of["read"], of["visits"]), days=of["visits"])
    topics = [Did(one.at, f"t {number % of['viewed']}") for number, one in enumerate(reads)]
    before = [Did(NOW - (200 + number % 50) * DAY_SECONDS, f"b {number}") for number in range(of["viewed_before"])]
    likes = spread(of["received"], keys=of["people"], days=of["days"])
    return {
        "trust-read events": reads + before,
        "trust-read topics": topics + before,
        "trust-read sum seconds": [Did(one.at, "", 20) for one in reads],
        "trust-visit events": reads,
        "trust-reply topics": spread(of["replied"], keys=of["replied"]),
        "trust-like events": spread(of["given"]),
        "trust-liked events": likes,
        "trust-liked people": likes,
        "trust-flagged objects": spread(of["flags"], keys=max(1, of["flags"])),
        "trust-flagged people": spread(of["flags"], keys=max(1, of["flags"])),
    }


CREATED = {"trust_topic": [(date(2026, 5, 2), 800)], "trust_post": [(date(2026, 5, 2), 2_000)]}
KNOWN = NOW - 400 * DAY_SECONDS
MEMBER, REGULAR = 2, 3


def height(
    life: Mapping[str, Sequence[Did]],
    *,
    kept_since: int | None = None,
    ladder: Ladder | None = None,
    suspensions: Sequence[Spell] = (),
    of_all: Mapping[str, Any] | None = None,
) -> int:
    """How many levels somebody has now; `kept_since` put them on the third so many days ago until now."""
    holds = []
    if kept_since is not None:
        at = NOW - kept_since * DAY_SECONDS
        holds = [Hold(at, NOW, "regular")]
    found = reached(
        ladder or preset(),
        Life(life, KNOWN, holds=holds, suspensions=suspensions),
        around(**(CREATED | dict(of_all or {}))),
        at=NOW,
    )
    return found.height


ROWS: list[tuple[str, dict[str, Any], dict[str, Any], bool, bool]] = [
    ("exactly at every minimum", {}, {}, True, True),
    ("45, 9, 27, 18", {"visits": 45, "replied": 9, "given": 27, "received": 18}, {}, False, True),
    ("44 days", {"visits": 44}, {}, False, False),
    ("liked by 4", {"people": 4}, {}, False, False),
    ("liked on 6 days", {"days": 6}, {}, False, False),
    ("liked on 7 days by 5", {"days": 7, "people": 5}, {}, True, True),
    ("199 topics ever", {"viewed": 199}, {"trust_topic": [(date(2026, 5, 2), 400)]}, False, False),
    ("1,000 topics, 225", {"viewed": 225}, {"trust_topic": [(date(2026, 5, 2), 1_000)]}, False, True),
    ("1,000 topics, 224", {"viewed": 224}, {"trust_topic": [(date(2026, 5, 2), 1_000)]}, False, False),
    ("3,000 topics, 450", {"viewed": 450}, {"trust_topic": [(date(2026, 5, 2), 3_000)]}, False, True),
    ("5 flags by 5", {"flags": 5}, {}, True, True),
    ("6 flags", {"flags": 6}, {}, False, False),
    ("26 given", {"given": 26}, {}, False, False),
    ("450 read of 2,000", {"read": 500, "viewed": 250}, {"trust_post": [(date(2026, 5, 2), 2_222)]}, False, True),
]


@pytest.mark.parametrize(("_", "did", "of_all", "is_promoted", "is_kept"), ROWS, ids=[row[0] for row in ROWS])
def test_discourse_s_table(
    _: str, did: dict[str, Any], of_all: dict[str, Any], *, is_promoted: bool, is_kept: bool
) -> None:
    life = regular(**did)
    assert (height(life, of_all=of_all) == REGULAR) == is_promoted
    # Of one who was there before: whether they still are, long after any grace.
    assert (height(life, kept_since=15, of_all=of_all) == REGULAR) == is_kept


def test_with_the_cap_that_comes_225_of_3000_keep_the_level() -> None:
    ladder = preset(PRESET.read_text(encoding="utf-8").replace("at_most: 500}", "at_most: 250}"))
    life = regular(viewed=225)
    created = {"trust_topic": [(date(2026, 5, 2), 3_000)]}
    assert height(life, ladder=ladder, of_all=created) == MEMBER
    assert height(life, kept_since=15, ladder=ladder, of_all=created) == REGULAR
    assert height(regular(viewed=250), ladder=ladder, of_all=created) == REGULAR


@pytest.mark.parametrize(("days", "is_there"), [(13, True), (14, False), (15, False)])
def test_a_level_is_not_lost_within_its_grace(days: int, *, is_there: bool) -> None:
    assert (height(regular(visits=44), kept_since=days) == REGULAR) == is_there


def test_the_first_two_are_never_lost_and_the_fourth_is_by_hand_alone() -> None:
    long_ago = {
        name: [one._replace(at=one.at - 300 * DAY_SECONDS) for one in did] for name, did in regular().items()
    }
    life = Life(long_ago, KNOWN - 300 * DAY_SECONDS)
    assert reached(preset(), life, around(**CREATED), at=NOW).height == MEMBER
    hold = Hold(NOW - 5, None, "leader")
    there = reached(preset(), Life({}, KNOWN, holds=[hold]), around(), at=NOW)
    assert (there.height, there.hold) == (4, hold)
    ended = reached(preset(), Life({}, KNOWN, holds=[Hold(NOW - 5, NOW, "leader")]), around(), at=NOW)
    # The two that are kept always stay; what needs a hand, and what is kept by acts after its grace, does not.
    assert ended.height == REGULAR
    later = reached(
        preset(), Life({}, KNOWN, holds=[Hold(NOW - 5, NOW, "leader")]), around(), at=NOW + 14 * 86_400
    )
    assert later.height == MEMBER


@pytest.mark.parametrize(
    ("ended", "is_there"),
    [(None, False), (NOW - 182 * DAY_SECONDS, False), (NOW - 183 * DAY_SECONDS, True), (NOW + 9, False)],
)
def test_a_suspension_takes_it_until_it_is_over_for_so_long(ended: int | None, *, is_there: bool) -> None:
    spell = Spell(NOW - 200 * DAY_SECONDS, ended)
    assert (height(regular(), suspensions=[spell]) == REGULAR) == is_there
    assert (height(regular(), suspensions=[spell], kept_since=20) == REGULAR) == is_there


def test_suspensions_that_follow_one_another_are_one() -> None:
    spells = [Spell(100, 200), Spell(150, 180), Spell(100 + DAY_SECONDS, None)]
    assert course_of_suspensions(spells, clean_days=1) == [Step(100, 1)]
    assert course_of_suspensions(spells[:2], clean_days=0) == [Step(100, 1), Step(200, 0)]
    assert course_of_suspensions([], clean_days=3) == []


def test_the_window_is_of_hours_and_not_of_days() -> None:
    ladder = Ladder.of(Recognition(levels=[one("a", {"rule": "r", "within_days": 100, "at_least": 1})]))
    did = {"r events": [Did(NOW)]}
    edge = NOW + 100 * DAY_SECONDS
    assert reached(ladder, Life(did), around(), at=edge - 1).height == 1
    assert reached(ladder, Life(did), around(), at=edge).height == 0
    assert reached(ladder, Life(did), around(), at=NOW).next_at == edge


# Against an oracle that looks at everything anew each quarter of a day.

REQUIREMENT = st.one_of(
    st.builds(
        lambda rule, count, window, number, bound: {
            "rule": rule,
            "count": count,
            "within_days": window,
            bound: number,
        },
        st.sampled_from("ab"),
        st.sampled_from(["events", "days", "people"]),
        st.sampled_from([None, 1, 2, 5]),
        st.integers(1, 4),
        st.sampled_from(["at_least", "at_least", "at_most"]),
    ),
    st.builds(
        lambda window, percent, most: {
            "rule": "a",
            "within_days": window,
            "share": {"percent": percent, "rule": "z", "at_most": most},
        },
        st.sampled_from([1, 3]),
        st.sampled_from([10, 50, 100]),
        st.integers(1, 4),
    ),
    st.builds(lambda days: {"unsuspended_days": days}, st.integers(0, 3)),
    st.builds(lambda quarters: {"known_minutes": quarters * 360}, st.integers(1, 8)),
)
KEEP = st.one_of(
    st.none(), st.just("always"), st.sampled_from([50, 90, 100]), st.lists(REQUIREMENT, min_size=1, max_size=2)
)


def one(id_: str, *requires: Any, keep: Any = None, grace: int | None = None, by_hand: bool = False) -> Level:
    said: dict[str, Any] = {"id": id_, "title": id_}
    if by_hand:
        return Level.model_validate(said | {"by_hand": True})
    said |= {"requires": list(requires), "keep": keep, "grace_days": None if keep == "always" else grace}
    return Level.model_validate(said)


@st.composite
def programmes(draw: st.DrawFn) -> list[Level]:
    levels = [
        one(
            f"l{place}",
            *draw(st.lists(REQUIREMENT, min_size=1, max_size=3)),
            keep=draw(KEEP),
            grace=draw(st.sampled_from([None, 1, 2])),
        )
        for place in range(draw(st.integers(1, 3)))
    ]
    return [*levels, one("hand", by_hand=True)] if draw(st.booleans()) else levels


QUARTERS = 40
AT = st.integers(0, QUARTERS - 1)
EVENTS = st.lists(st.tuples(AT, st.sampled_from("ab"), st.sampled_from("pq"), st.integers(1, 2)), max_size=25)
CREATIONS = st.lists(st.tuples(st.integers(0, QUARTERS // 4), st.integers(1, 5)), max_size=4)
SPELLS = st.lists(st.tuples(AT, st.one_of(st.none(), st.integers(1, 6))), max_size=2)
HOLDS = st.lists(
    st.tuples(AT, st.one_of(st.none(), st.integers(1, 6)), st.sampled_from([None, "l0", "l1", "hand", "gone"])),
    max_size=1,
)


def moment(quarter: int) -> int:
    return NOW + quarter * QUARTER


@settings(max_examples=100, deadline=None)
@given(programmes(), EVENTS, CREATIONS, SPELLS, HOLDS, st.one_of(st.none(), AT))
def test_what_is_reached_is_what_looking_at_everything_each_quarter_of_a_day_finds(
    levels: list[Level], events: Any, creations: Any, spells: Any, holds: Any, known: int | None
) -> None:
    ladder = Ladder.of(Recognition(levels=levels))
    done: dict[str, list[Did]] = {}
    for at, rule, who, times in events:
        for name, key in ((f"{rule} events", ""), (f"{rule} people", who)):
            done.setdefault(name, []).append(Did(moment(at), key, times))
    first = day_of(NOW)
    created = [(first + timedelta(days=day), count) for day, count in creations]
    life = Life(
        done,
        None if known is None else moment(known),
        [Spell(moment(at), None if length is None else moment(at + length)) for at, length in spells],
        [Hold(moment(at), None if length is None else moment(at + length), level) for at, length, level in holds],
    )
    surroundings = Surroundings(day_of, start_of, {"z all": created})
    oracle = Oracle(levels, life, created)
    before: Reached | None = None
    for quarter in range(QUARTERS + 24):
        at = moment(quarter)
        expected = oracle.look(at)
        found = reached(ladder, life, surroundings, at=at)
        assert list(found.since) == expected, quarter
        if before is not None:
            # What was foretold as next is when something changed.
            is_changed = found.since != before.since
            assert not is_changed or before.next_at == at, quarter
            assert before.next_at is None or before.next_at >= at, quarter
        before = found


class Oracle:
    """Looks at a member once each quarter of a day, at everything there is."""

    def __init__(self, levels: list[Level], life: Life, created: list[tuple[date, int]]) -> None:
        self.levels = levels
        self.life = life
        self.created = created
        self.since: list[int | None] = [None] * len(levels)
        self.hold: Hold | None = None

    def look(self, at: int) -> list[int | None]:
        begins = [did.at for one in self.life.done.values() for did in one]
        begins += [] if self.life.known_since is None else [self.life.known_since]
        begins += [hold.since for hold in self.life.holds]
        if not begins or at < min(begins):
            return list(self.since)
        ids: list[str | None] = [None, *(level.id for level in self.levels)]
        standing = [
            hold
            for hold in self.life.holds
            if hold.since <= at and (hold.until is None or at < hold.until) and hold.level_id in ids
        ]
        if standing:
            place = ids.index(standing[0].level_id)
            begun = standing[0].since
            kept = [begun if one is None else one for one in self.since[:place]]
            self.since = [*kept, *([None] * (len(self.levels) - place))]
            return list(self.since)
        lost = set()
        for place, level in enumerate(self.levels):
            since = self.since[place]
            if since is None:
                continue
            is_alone = place > 0 and self.since[place - 1] is None
            is_over = at >= since + (level.grace_days or 0) * DAY_SECONDS
            if is_alone or (is_over and not self.is_kept(level, at)):
                self.since[place] = None
                lost.add(place)
        for place, level in enumerate(self.levels):
            has_below = place == 0 or self.since[place - 1] is not None
            is_open = self.since[place] is None and place not in lost and has_below
            # What keeps it has to be there, too: else it would be lost at once.
            has_all = level.requires is not None and all(self.has(asked, at) for asked in level.requires)
            if is_open and has_all and self.is_kept(level, at):
                self.since[place] = at
        return list(self.since)

    def is_kept(self, level: Level, at: int) -> bool:
        if level.by_hand:
            return False
        if level.keep == "always":
            return True
        if isinstance(level.keep, list):
            return all(self.has(asked, at) for asked in level.keep)
        share = level.keep or 100
        return all(self.has(one, at, share if one.within_days else 100) for one in level.requires or ())

    def has(self, asked: Requirement, at: int, percent: int = 100) -> bool:
        if asked.known_minutes is not None:
            since = self.life.known_since
            return since is not None and at >= since + asked.known_minutes * 60
        if asked.unsuspended_days is not None:
            clean = asked.unsuspended_days * DAY_SECONDS
            return not any(
                since <= at and (until is None or at < until + clean) for since, until in self.life.suspensions
            )
        found = [
            did
            for did in self.life.done.get(f"{asked.rule} {detail_of(asked)}", ())
            if did.at <= at and (asked.within_days is None or at < did.at + asked.within_days * DAY_SECONDS)
        ]
        value = {
            "events": sum(did.events for did in found),
            "days": len({day_of(did.at) for did in found}),
            "people": len({did.key for did in found}),
        }[asked.counted]
        if asked.at_most is not None:
            return value <= asked.at_most
        if asked.at_least is not None:
            return value >= asked.at_least * percent / 100
        today, share = day_of(at), asked.share
        assert share is not None
        assert asked.within_days is not None
        of_all = sum(count for day, count in self.created if 0 < (today - day).days <= asked.within_days)
        return value >= min(share.percent * of_all / 100, share.at_most) * percent / 100


def test_what_was_fixed_and_let_go_within_a_second_holds_nothing() -> None:
    ladder = Ladder.of(Recognition(levels=[one("a", {"rule": "r", "at_least": 1}), one("hand", by_hand=True)]))
    holds = [Hold(NOW, NOW, "hand"), Hold(NOW, NOW + 5, "a"), Hold(NOW + 5, NOW + 5, "hand")]
    found = [reached(ladder, Life({}, NOW, holds=holds), around(), at=NOW + seconds) for seconds in (0, 4, 5)]
    assert [(one.height, one.hold) for one in found] == [(1, holds[1]), (1, holds[1]), (0, None)]


def test_numbers_that_are_near_are_told_from_those_that_are_not() -> None:
    shared = {"rule": "a", "within_days": 3, "share": {"percent": 50, "rule": "z", "at_most": 9}}
    ladder = Ladder.of(Recognition(levels=[one("l", {"rule": "b", "at_least": 2}, shared)]))
    created = [(day_of(NOW) - timedelta(days=1), 8)]
    found = [
        reached(
            ladder,
            Life({"b events": [Did(NOW, "", times)]}, NOW),
            Surroundings(day_of, start_of, {"z all": created}),
            at=NOW,
        )
        for times in (1, 2)
    ]
    assert [one.is_near for one in found] == [False, True]
    # With what all did gone by, it is there.
    assert found[1].next_at == start_of(day_of(NOW) + timedelta(days=3))
