"""What events count as: 1 each, or a part of that for each rule that listens to their type."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.costs.domain import Costs, rule_counts
from services.ingest.events.domain.admission import TooDearError, check_cost

MESSAGE, POST, RETRACTED = "chat.message.v1", "forum.post.v1", "activity.retracted.v1"


def document(**counts: int) -> dict[str, Any]:
    types = {"messages": MESSAGE, "posts": POST}
    return {
        "rules": [{"id": "r", "on": [types[name], types[name]]} for name in counts for _ in range(counts[name])]
    }


def test_rules_are_counted_once_for_each_type_they_listen_to() -> None:
    both = {"rules": [{"on": [MESSAGE, POST]}, {"on": [POST], "when": "false"}]}
    assert rule_counts(both) == {MESSAGE: 1, POST: 2}
    assert rule_counts(document(messages=3, posts=1)) == {MESSAGE: 3, POST: 1}


@pytest.mark.parametrize("broken", [{}, {"rules": None}, {"rules": [1]}, {"rules": [{}]}, {"rules": [{"on": 1}]}])
def test_what_is_no_programme_is_a_value_error(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="rules cannot be read"):
        rule_counts(broken)


def test_a_type_with_one_rule_or_none_counts_as_one() -> None:
    assert Costs([], 0.25).of([MESSAGE, POST]) == 2
    assert Costs([{POST: 1}], 0.25).of([POST, MESSAGE, RETRACTED]) == 3


def test_each_rule_counts_as_its_part_and_the_event_as_one_at_least() -> None:
    costs = Costs([{MESSAGE: 200, POST: 3}], 0.5)
    assert costs.of([MESSAGE]) == 100
    assert costs.of([POST, "code.star.v1"]) == 2.5


def test_what_takes_back_counts_as_the_dearest_that_it_may_take_back() -> None:
    assert Costs([{MESSAGE: 200, POST: 3}], 0.5).of([RETRACTED]) == 100


def test_of_several_versions_the_dearest_counts() -> None:
    assert Costs([{MESSAGE: 9}, {MESSAGE: 1, POST: 5}], 1).of([MESSAGE, POST]) == 9 + 5


@given(st.dictionaries(st.sampled_from([MESSAGE, POST]), st.integers(0, 200)), st.floats(0, 100))
def test_nothing_is_free_and_nothing_dearer_than_the_dearest(counts: dict[str, int], rule_cost: float) -> None:
    costs = Costs([counts], rule_cost)
    for one in (MESSAGE, POST, RETRACTED):
        assert 1 <= costs.of([one]) <= costs.dearest


def test_too_dear_says_how_many_would_fit_and_one_alone_always_does() -> None:
    check_cost(2_000, 1_000, 2_000)
    check_cost(10_000, 1, 2_000)
    with pytest.raises(TooDearError) as refused:
        check_cost(50_750, 1_000, 2_000)
    assert refused.value.fitting_count == 39
    assert "1000 events that count as 50750" in str(refused.value)
