"""Each minimum of Discourse's table by itself: exactly there it is enough, and with one less it is not."""

from datetime import date
from typing import Any

import pytest

from services.recognition.levels.domain.courses import DAY_SECONDS, Did
from services.recognition.levels.domain.ladder import Life
from services.recognition.levels.domain.walk import reached
from tests.unit.services.recognition.levels.test_level_walk import (
    CREATED,
    KNOWN,
    MEMBER,
    NOW,
    REGULAR,
    around,
    height,
    preset,
    regular,
    spread,
)

NONE, BASIC = 0, 1
#: What the first two levels ask for: topics entered, posts read, seconds of reading, and minutes since they came.
FIRST = {"topics": 5, "read": 30, "seconds": 600, "minutes": 10}
#: And the second beside more of these: days of visits, likes given and received, topics with a reply.
SECOND = {
    "topics": 20,
    "read": 100,
    "seconds": 3_600,
    "minutes": 60,
    "visits": 15,
    "given": 1,
    "received": 1,
    "replied": 3,
}
CREATED_ON = date(2026, 5, 2)


def reached_with(**of: int) -> int:
    """How many levels somebody has who did exactly so much, and nothing that is not named."""
    reads = [Did(one.at, f"t {number % of['topics']}") for number, one in enumerate(spread(of["read"], days=5))]
    replied = of.get("replied", 0)
    did = {
        "trust-read events": reads,
        "trust-read topics": reads,
        "trust-read sum seconds": [Did(NOW - DAY_SECONDS, "", of["seconds"])],
        "trust-visit days": spread(of.get("visits", 0), days=max(1, of.get("visits", 0))),
        "trust-visit events": spread(of.get("visits", 0), days=max(1, of.get("visits", 0))),
        "trust-like events": spread(of.get("given", 0)),
        "trust-liked events": spread(of.get("received", 0)),
        "trust-reply topics": spread(replied, keys=max(1, replied)),
    }
    return reached(preset(), Life(did, NOW - of["minutes"] * 60), around(**CREATED), at=NOW).height


def test_what_the_first_two_levels_ask_for_is_enough() -> None:
    assert reached_with(**FIRST) == BASIC
    assert reached_with(**SECOND) == MEMBER


@pytest.mark.parametrize("name", FIRST)
def test_with_one_less_the_first_level_is_not_reached(name: str) -> None:
    assert reached_with(**FIRST | {name: FIRST[name] - 1}) == NONE


@pytest.mark.parametrize("name", SECOND)
def test_with_one_less_the_second_level_is_not_reached(name: str) -> None:
    assert reached_with(**SECOND | {name: SECOND[name] - 1}) == BASIC


def test_many_visits_on_fourteen_days_are_fourteen() -> None:
    often = {"trust-visit days": spread(60, days=14), "trust-visit events": spread(60, days=14)}
    reads = [Did(one.at, f"t {number % 20}") for number, one in enumerate(spread(100, days=5))]
    did = {
        "trust-read events": reads,
        "trust-read topics": reads,
        "trust-read sum seconds": [Did(NOW - DAY_SECONDS, "", 3_600)],
        "trust-like events": spread(1),
        "trust-liked events": spread(1),
        "trust-reply topics": spread(3, keys=3),
    }
    found = [
        reached(preset(), Life(did | visits, KNOWN), around(**CREATED), at=NOW).height
        for visits in (often, {name: spread(15, days=15) for name in often})
    ]
    assert found == [BASIC, MEMBER]


#: What is exactly enough for the third level, by what it asks for: what was done, and what all began or wrote.
ENOUGH: dict[str, tuple[dict[str, int], dict[str, int]]] = {
    "visits": ({"visits": 50}, {}),
    "replied": ({"replied": 10}, {}),
    "given": ({"given": 30}, {}),
    "received": ({"received": 20}, {}),
    "people": ({"people": 5}, {}),
    "days": ({"days": 7}, {}),
    # A quarter of the topics in the window, where the 200 of ever are there; and those 200.
    "viewed": ({"viewed": 220, "viewed_before": 100}, {"trust_topic": 880}),
    "viewed at most 500": ({"viewed": 500, "read": 500}, {"trust_topic": 9_000}),
    "viewed ever": ({"viewed": 200}, {"trust_topic": 400}),
    # And the same of posts.
    "read": ({"read": 600, "viewed_before": 100}, {"trust_post": 2_400}),
    "read at most 20,000": ({"read": 20_000}, {"trust_post": 100_000}),
    "read ever": ({"read": 500}, {"trust_post": 400}),
}


@pytest.mark.parametrize("name", ENOUGH)
def test_each_minimum_of_the_third_level(name: str) -> None:
    did, of_all = ENOUGH[name]
    created = {rule: [(CREATED_ON, count)] for rule, count in of_all.items()}
    (of, *_) = name.split(" ")
    assert height(regular(**did), of_all=created) == REGULAR
    assert height(regular(**did | {of: did[of] - 1}), of_all=created) == MEMBER


@pytest.mark.parametrize(
    ("posts", "people", "expected"),
    [
        (5, 5, REGULAR),
        (6, 1, MEMBER),
        (1, 6, MEMBER),
        (5, 1, REGULAR),
        (1, 5, REGULAR),
        (6, 5, MEMBER),
        (5, 6, MEMBER),
    ],
)
def test_flags_are_bounded_by_posts_and_by_people_each(posts: int, people: int, expected: int) -> None:
    flags = max(posts, people)
    flagged: dict[str, Any] = {
        "trust-flagged objects": spread(flags, keys=posts),
        "trust-flagged people": spread(flags, keys=people),
    }
    assert height(regular() | flagged) == expected
    # Who has the level is bounded by as many: nine tenths are of what is asked for at least.
    assert height(regular() | flagged, kept_since=15) == expected
