"""Cursors: what was encoded comes back, and anything else is a problem."""

import base64
from datetime import UTC, datetime
from typing import NamedTuple

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from shared.contracts.fields import Timestamp, Uuid
from shared.http import Page, Problem
from shared.http.pages import decode_cursor, encode_cursor


class TextPlace(NamedTuple):
    text: str


class NumberedPlace(NamedTuple):
    text: str
    number: int


class TimePlace(NamedTuple):
    at: Timestamp
    member_id: Uuid


TEXT = TypeAdapter(TextPlace)
NUMBERED = TypeAdapter(NumberedPlace)
TIME = TypeAdapter(TimePlace)
ID = "0e6c1f0a-6d3f-5b0e-9a51-6f5c1d2e3f40"


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), st.integers(-(2**63), 2**63 - 1)
)
def test_a_cursor_comes_back_as_it_was(text: str, number: int) -> None:
    assert decode_cursor(encode_cursor((text, number)), NUMBERED) == NumberedPlace(text, number)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_cursor_of_a_time_comes_back_as_it_was(at: datetime) -> None:
    assert decode_cursor(encode_cursor((at, ID)), TIME) == TimePlace(at, ID)


@given(st.text(max_size=30) | st.binary(max_size=30).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_whatever_is_no_cursor_is_a_problem(after: str) -> None:
    try:
        found = decode_cursor(after, TEXT)
    except Problem as raised:
        problem = raised
    else:
        assert isinstance(found.text, str)
        return
    assert problem.status == 422
    assert [one.field for one in problem.errors] == ["after"]


@pytest.mark.parametrize("key", [[1], ["a", "b"], {"a": 1}, "a", None, [True], [None], ["a\x00b"]])
def test_a_cursor_of_another_list_is_a_problem(key: object) -> None:
    after = base64.urlsafe_b64encode(orjson.dumps(key)).decode()
    with pytest.raises(Problem):
        decode_cursor(after, TEXT)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_a_number_that_no_column_holds_is_a_problem(number: int) -> None:
    after = base64.urlsafe_b64encode(b'["a",%d]' % number).decode()
    with pytest.raises(Problem):
        decode_cursor(after, NUMBERED)


@pytest.mark.parametrize(
    "at", ["2026-01-31T12:00:00", "0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-02:00", 5]
)
def test_a_time_that_cannot_be_compared_is_a_problem(at: object) -> None:
    with pytest.raises(Problem):
        decode_cursor(encode_cursor((at, ID)), TIME)


def test_a_page_says_how_to_go_on_only_when_it_is_full() -> None:
    page = Page.of(["a", "b"], 2, item=str.upper, place=TextPlace)
    assert page.items == ["A", "B"]
    assert page.next is not None
    assert decode_cursor(page.next, TEXT) == TextPlace("b")
    assert Page.of(["a", "b"], 3, item=str.upper, place=TextPlace).next is None
    assert Page.of(list[str](), 3, item=str.upper, place=TextPlace).next is None
