"""A part of the faults: what may be asked for; and the parts are all of them, each about as long as the others."""

import pytest

from tests.faults.parts import WrongPartError, read_part, split

SECONDS = {f"test_{number}": float(number % 7 + 1) * 15 for number in range(40)} | {"test_long": 300.0}


@pytest.mark.parametrize(
    ("text", "part"), [("1/1", (1, 1)), ("3/8", (3, 8)), (" 8/8 ", (8, 8)), ("20/20", (20, 20))]
)
def test_a_part_is_its_number_and_how_many_there_are(text: str, part: tuple[int, int]) -> None:
    assert read_part(text) == part


@pytest.mark.parametrize(
    "text", ["", "3", "3/", "/8", "0/8", "9/8", "3/0", "-1/8", "3/8/2", "3 of 8", "1/21", "٣/٨"]
)
def test_what_is_none_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(WrongPartError, match=r"such as PART=3/8 for the third of eight"):
        read_part(text)


@pytest.mark.parametrize("count", [1, 2, 8, 20])
def test_the_parts_are_everything_once(count: int) -> None:
    parts = split(SECONDS, count)
    assert len(parts) == count
    assert sorted(name for part in parts for name in part) == sorted(SECONDS)


def test_the_parts_take_about_as_long_as_one_another() -> None:
    totals = [sum(SECONDS[name] for name in part) for part in split(SECONDS, 5)]
    assert max(totals) - min(totals) <= max(SECONDS.values()) / 10


def test_the_parts_are_the_same_in_whatever_order_the_tests_come() -> None:
    assert split(SECONDS, 8) == split(dict(reversed(SECONDS.items())), 8)
