"""Cursors: what was encoded comes back, and anything else is a problem."""

import base64

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http import Problem, decode_cursor, encode_cursor
from shared.kafka import partition_of


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**63), 2**63 - 1))
def test_a_cursor_comes_back_as_it_was(text: str, number: int) -> None:
    assert decode_cursor(encode_cursor(text, number), str, int) == [text, number]


@given(st.text(max_size=30) | st.binary(max_size=30).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_whatever_is_no_cursor_is_a_problem(after: str) -> None:
    try:
        found = decode_cursor(after, str)
    except Problem as raised:
        problem = raised
    else:
        assert found is not None
        assert isinstance(found[0], str)
        return
    assert problem.status == 422
    assert [one.field for one in problem.errors] == ["after"]


@pytest.mark.parametrize("key", [[1], ["a", "b"], {"a": 1}, "a", None, [True], [None]])
def test_a_cursor_of_another_list_is_a_problem(key: object) -> None:
    after = base64.urlsafe_b64encode(orjson.dumps(key)).decode()
    with pytest.raises(Problem):
        decode_cursor(after, str)


def test_no_cursor_is_the_first_page() -> None:
    assert decode_cursor(None, str) is None


@given(st.binary(), st.integers(1, 50))
def test_a_key_has_one_partition_of_those_there_are(key: bytes, count: int) -> None:
    partitions = list(range(count))
    assert partition_of(key, partitions) in partitions
    assert partition_of(key, partitions) == partition_of(bytes(key), partitions)
