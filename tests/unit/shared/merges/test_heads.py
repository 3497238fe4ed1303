"""Whom members belong to, by whom each is merged into."""

from hypothesis import given
from hypothesis import strategies as st

from shared.merges.domain import heads

MEMBERS = "abcdef"


def test_a_chain_has_one_head() -> None:
    assert heads({"a": "b", "b": "c", "d": "c"}) == {"a": "c", "b": "c", "d": "c"}


def test_who_is_in_a_circle_for_a_moment_has_the_least_for_a_head() -> None:
    assert heads({"b": "c", "c": "b", "d": "c"}) == {"c": "b", "d": "b"}


@given(st.dictionaries(st.sampled_from(MEMBERS), st.sampled_from(MEMBERS)))
def test_all_who_are_tied_have_one_head_that_has_none(into: dict[str, str]) -> None:
    into = {member: other for member, other in into.items() if member != other}
    found = heads(into)
    assert not set(found.values()) & found.keys()
    for member, other in into.items():
        assert found.get(member, member) == found.get(other, other)
