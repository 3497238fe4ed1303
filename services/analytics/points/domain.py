"""What rules gave, added up."""

from dataclasses import dataclass
from typing import NamedTuple


class RulePlace(NamedTuple):
    """A rule's place among the others: by its id."""

    rule_id: str


@dataclass(frozen=True, slots=True)
class RuleTotal:
    """What a rule gave: `points` are what its awards amount to now; those `taken_back` amount to nothing.

    `amendments` is how often any of them was amended. The title is None while no version with it has arrived. Only
    those of the score `points` can be spent.
    """

    rule_id: str
    title: str | None
    points: int
    awards: int
    taken_back: int
    amendments: int
    score: str

    @property
    def place(self) -> RulePlace:
        """Where it stands among the others."""
        return RulePlace(self.rule_id)
