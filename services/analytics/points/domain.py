"""What rules gave, added up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleTotal:
    """What a rule gave: `points` are net of reversals. The title is None while no version with it has arrived."""

    rule_id: str
    title: str | None
    points: int
    awards: int
    reversals: int
