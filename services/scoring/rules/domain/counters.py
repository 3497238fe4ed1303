"""Counters as conditions read them: what the member did until then, by numbers that the programme declares.

A condition says `counter("answers") >= 3`. That is read as an attribute of the member which nobody can declare,
`counter:answers`, so that it is kept and explained as attributes are. What it was is decided when an event is
scored, as for audiences by behaviour.
"""

from collections.abc import Iterable
from typing import Final

#: What conditions call the function that a counter is asked by.
COUNTER: Final = "counter"
#: Where a programme declares them.
COUNTERS: Final = "counters"
#: What stands before a counter's id where it is read as an attribute; no attribute's name has a colon.
PREFIX: Final = "counter:"


def name_of(counter_id: str) -> str:
    """What a counter is called among attributes."""
    return PREFIX + counter_id


def is_counter(name: str) -> bool:
    """Whether a counter is called so among attributes."""
    return name.startswith(PREFIX)


def counter_of(name: str) -> str | None:
    """The counter that is called so among attributes; None for anything else."""
    return name.removeprefix(PREFIX) if name.startswith(PREFIX) else None


def declared_counters(ids: Iterable[str]) -> dict[str, str]:
    """Counters as attributes that conditions may read: the type of each."""
    return {name_of(counter_id): "number" for counter_id in ids}
