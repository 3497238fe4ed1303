"""`make faults PART=3/8` runs the third of eight parts: about as long as the others, and together they are all.

A part is made of whole test functions, so that every line of the table comes from one part.
"""

import re
from collections.abc import Mapping

PARTS_MAX_COUNT = 20
#: What a run takes on the reference machine (see bench/factor.py), and those that wait for longer than others.
RUN_SECONDS = 15.0
LONG_RUN_SECONDS: Mapping[str, float] = {}


class WrongPartError(ValueError):
    """A PART that is none; the message says what to write."""


def read_part(text: str) -> tuple[int, int]:
    """The number of a part, from 1, and how many there are. Raises WrongPartError when `text` says none."""
    found = re.fullmatch(r"(\d{1,3})/(\d{1,3})", text.strip(), re.ASCII)
    number, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= count <= PARTS_MAX_COUNT:
        raise WrongPartError(
            f"PART is {text!r}: write which part of how many, such as PART=3/8 for the third of eight; "
            f"there may be {PARTS_MAX_COUNT}"
        )
    return number, count


def split(seconds: Mapping[str, float], count: int) -> list[set[str]]:
    """Deals out names in `count` parts: the longest first, each to the part that is the shortest so far."""
    parts: list[set[str]] = [set() for _ in range(count)]
    totals = [0.0] * count
    for name in sorted(seconds, key=lambda name: (-seconds[name], name)):
        shortest = totals.index(min(totals))
        parts[shortest].add(name)
        totals[shortest] += seconds[name]
    return parts


def run_seconds(name: str) -> float:
    """About how long one run of a test function takes; `name` is the function's."""
    return LONG_RUN_SECONDS.get(name, RUN_SECONDS)
