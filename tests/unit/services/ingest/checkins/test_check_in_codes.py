"""Codes of check-ins: what is believed of one, and for how long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from services.ingest.checkins.domain import (
    Entry,
    ExpiredCodeError,
    NotAListError,
    NotOpenError,
    Occasion,
    UnusableCodeError,
    check_code,
    read_code,
    read_list,
    step_at,
    write_code,
)
from shared.contracts.attendance import ENTRIES_MAX_COUNT

NOW = datetime(2026, 1, 31, 18, 0, 10, tzinfo=UTC)
OCCASION = Occasion(
    "acme",
    "0190a0b0-0000-7000-8000-000000000001",
    "Meet-up",
    NOW - timedelta(hours=1),
    NOW + timedelta(hours=1),
    40,
    b"s" * 32,
    None,
    NOW,
)
STEP = step_at(NOW, 30)


def test_a_code_holds_in_its_step_and_the_next() -> None:
    code = read_code(write_code(OCCASION, step=STEP))
    assert code.occasion_id == OCCASION.occasion_id
    for step in (STEP - 1, STEP, STEP + 1):
        check_code(OCCASION, code, step=step)
    for step in (STEP - 2, STEP + 2, STEP + 1_000_000):
        with pytest.raises(ExpiredCodeError):
            check_code(OCCASION, code, step=step)


def test_a_step_lasts_as_long_as_is_said() -> None:
    assert step_at(NOW + timedelta(seconds=19), 30) == STEP
    assert step_at(NOW + timedelta(seconds=20), 30) == STEP + 1


def test_a_code_with_any_byte_changed_is_forged() -> None:
    text = write_code(OCCASION, step=STEP)
    for place in range(len(text) - 1):  # of the last letter some bits say nothing
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(UnusableCodeError):
            check_code(OCCASION, read_code(changed), step=STEP)


@pytest.mark.parametrize("other", [{"secret": b"t" * 32}, {"community": "acmf"}], ids=str)
def test_a_code_is_of_one_occasion_of_one_community(other: dict[str, object]) -> None:
    code = read_code(write_code(replace(OCCASION, **other), step=STEP))  # type: ignore[arg-type]
    with pytest.raises(UnusableCodeError):
        check_code(OCCASION, code, step=STEP)


@pytest.mark.parametrize("text", ["", "x", "é" * 50, "A" * 48, "A" * 53, "A" * 49, "+" * 50, " " * 50])
def test_what_is_no_code_is_unusable(text: str) -> None:
    with pytest.raises(UnusableCodeError):
        check_code(OCCASION, read_code(text), step=STEP)


def test_an_occasion_is_open_in_its_window_alone() -> None:
    for moment in (OCCASION.begins_at, NOW, OCCASION.ends_at):
        OCCASION.check_open(moment)
    for moment in (OCCASION.begins_at - timedelta(microseconds=1), OCCASION.ends_at + timedelta(microseconds=1)):
        with pytest.raises(NotOpenError):
            OCCASION.check_open(moment)


def test_a_list_says_who_and_when() -> None:
    entries = [{"member": "forum:ada", "at": "2026-01-31T18:00:10Z"}, {"member": "x", "at": "2026-01-31T18:00:10"}]
    text = orjson.dumps({"occasion_id": OCCASION.occasion_id, "entries": entries}).decode()
    assert read_list(text, occasion_id=OCCASION.occasion_id) == [Entry("forum:ada", NOW), Entry("x", None)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"occasion_id": "other", "entries": []}',
        f'{{"occasion_id": "{OCCASION.occasion_id}"}}',
        f'{{"occasion_id": "{OCCASION.occasion_id}", "entries": [{{"member": 1, "at": "now"}}]}}',
        "[" * 100_000,
        orjson.dumps(
            {
                "occasion_id": OCCASION.occasion_id,
                "entries": [{"member": "x", "at": "x"}] * (ENTRIES_MAX_COUNT + 1),
            }
        ).decode(),
    ],
    ids=["nothing", "array", "other", "no-entries", "no-text", "deep", "too-many"],
)
def test_what_is_no_list_of_the_occasion_is_refused(text: str) -> None:
    with pytest.raises(NotAListError):
        read_list(text, occasion_id=OCCASION.occasion_id)
