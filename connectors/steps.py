"""How many steps a function takes for the values that it goes through."""

from collections.abc import Sequence
from typing import Any

from connectors.env import DELIVERY_STEPS_MAX_COUNT
from connectors.operators import COMPARED_CHARS

#: What a function that goes through text pays for: a step for so many characters.
STEP_CHARS = 50


def through(values: Sequence[Any]) -> int:
    """Of values that are gone through once: texts by their length, lists and objects by their size."""
    steps = 1
    for value in values:
        kind = type(value)
        if kind is str:
            steps += len(value) // STEP_CHARS
        elif kind is list or kind is dict:
            steps += len(value)
    return steps


def steps_through_all(values: Sequence[Any]) -> int:
    """Of values that are gone through to their leaves; of one without end as many as no delivery has."""
    if len(values) == 1 and type(values[0]) is str:
        return 1 + len(values[0]) // STEP_CHARS
    count, left = 1, list(values)
    while left and count <= DELIVERY_STEPS_MAX_COUNT:
        value = left.pop()
        count += 1 + (len(value) // STEP_CHARS if isinstance(value, str) else 0)
        if isinstance(value, dict):
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)
    return count


def through_part(values: Sequence[Any]) -> int:
    """Of text from one place to another, if the end is said."""
    most = len(values[0]) if isinstance(values[0], str) else 0
    if len(values) == 3 and all(isinstance(place, int) and place >= 0 for place in values[1:]):
        most = min(most, max(values[2] - values[1], 0))
    return 1 + most // STEP_CHARS


def through_compared(values: Sequence[Any]) -> int:
    """Of a text that is compared with another."""
    return 1 + (len(values[1]) // COMPARED_CHARS if isinstance(values[1], str) else 0)


def through_each(values: Sequence[Any]) -> int:
    """Of lists whose values are gone through too."""
    return 1 + sum(1 + through([one]) for many in values if isinstance(many, list) for one in many)
