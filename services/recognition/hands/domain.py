"""Who does something by hand, and why in words."""

from dataclasses import dataclass
from typing import Final, NamedTuple

REASON_MAX_CHARS: Final = 300


class NobodyThereError(Exception):
    """There is no such member, or they were forgotten."""


class NoWordsError(ValueError):
    """Nothing is left of a text once it is cleaned."""


@dataclass(frozen=True, slots=True)
class Giver:
    """Who gives or takes: a person, and the name they had then."""

    person_id: str | None
    name: str


class Person(NamedTuple):
    """Whom a command is about: who stays of those who are one person, and all of them."""

    member_id: str
    group: list[str]


def cleaned(words: str) -> str:
    """Words as they are kept: one line, no blanks around it. Raises NoWordsError where nothing is left."""
    line = " ".join(words.split())
    if not line:
        raise NoWordsError
    return line
