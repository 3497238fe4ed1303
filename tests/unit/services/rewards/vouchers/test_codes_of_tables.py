"""Codes as they are written in tables: what is taken, and what is said of what is not."""

import contextlib
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.vouchers.domain import (
    FAULTS_MAX_COUNT,
    LINES_MAX_COUNT,
    CodeLine,
    CodesRefusedError,
    Secret,
    read_codes,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def read(text: str) -> list[CodeLine]:
    return read_codes(text, now=NOW, start_of=start_of)


def faults(text: str) -> list[int]:
    with pytest.raises(CodesRefusedError) as refused:
        read(text)
    assert "SECRET" not in repr(refused.value.faults)
    return [fault.line for fault in refused.value.faults]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_however_its_cells_are_divided(delimiter: str) -> None:
    rows = [["code", "PIN", "expires_on"], ["A-1", "77", "2026-05-01"], [], ['"A,2"', "", ""], []]
    text = "\n".join(delimiter.join(row) for row in rows)
    assert read("\ufeff" + text) == [
        CodeLine(2, Secret("A-1", "77"), start_of(date(2026, 5, 2))),
        CodeLine(4, Secret("A,2"), None),
    ]


def test_a_code_that_ended_is_refused_and_one_of_today_is_not() -> None:
    assert faults("code,expires_on\nSECRET,2026-04-30\n") == [2]
    assert len(read("code,expires_on\nSECRET,2026-05-01\n")) == 1


def test_more_lines_than_a_table_has_and_faults_are_bounded() -> None:
    lines = [f"SECRET-{number}" for number in range(LINES_MAX_COUNT + 5)]
    assert faults("\n".join(["code", *lines])) == [LINES_MAX_COUNT + 2]
    wrong = "\n".join(["code,expires_on", *(f"{line},soon" for line in lines[:300])])
    assert len(faults(wrong)) == FAULTS_MAX_COUNT


def test_a_secret_says_nothing_of_itself() -> None:
    assert "A-1" not in repr(CodeLine(2, Secret("A-1", "77"), NOW + timedelta(days=1)))


@given(st.text())
def test_whatever_is_sent_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(CodesRefusedError):
        assert read(text)
