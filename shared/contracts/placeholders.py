"""Ids that are nobody's: who is known by one would be one member with everybody else of whom nothing is known."""

from importlib.resources import files
from typing import Final


def _listed() -> frozenset[str]:
    lines = (files("shared.contracts") / "placeholder_ids.txt").read_text().splitlines()
    return frozenset(line.strip().lower() for line in lines if line.strip() and not line.startswith("#"))


#: In small letters, as `placeholder_ids.txt` has them.
PLACEHOLDER_IDS: Final = _listed()


#: What is wrong with an event whose actor is nobody.
NOBODYS: Final = "is what software writes where it knows no id; say who did it, or send no event"


def is_placeholder(person_id: str) -> bool:
    """Whether an id, as it is compared, is what software writes where it knows none."""
    return person_id.lower() in PLACEHOLDER_IDS
