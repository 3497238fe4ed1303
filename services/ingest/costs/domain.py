"""What events cost: each type as the rules in force that listen to it do together, and 1 at least."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from shared.contracts.activities import RETRACTED_TYPE

#: How many rules listen to each type of event.
RuleCounts = Mapping[str, int]


class Version(NamedTuple):
    """How many rules of a version of a community's programme listen to each type of event."""

    community: str
    number: int
    rule_counts: RuleCounts


def rule_counts(document: Mapping[str, Any]) -> RuleCounts:
    """How many rules of a published programme listen to each type, with a condition or without.

    Raises ValueError for what is no list of rules.
    """
    counts: Counter[str] = Counter()
    try:
        for rule in document["rules"]:
            counts.update(set(map(str, rule["on"])))
    except (KeyError, TypeError) as error:
        raise ValueError(f"its rules cannot be read: {error!r}") from error
    return dict(counts)


class Costs:
    """What events of a community cost, by type: what their rules do together, and 1 at least."""

    __slots__ = ("_by_type", "dearest")

    def __init__(self, versions: Iterable[RuleCounts], rule_cost: float) -> None:
        """Of versions that are in force, or will be, the dearest counts; `rule_cost` is that of one rule."""
        by_type: dict[str, float] = {}
        for counts in versions:
            for event_type, count in counts.items():
                cost = rule_cost * count
                if cost > by_type.get(event_type, 1):
                    by_type[event_type] = cost
        #: What the dearest event costs.
        self.dearest = max(by_type.values(), default=1.0)
        if by_type:
            # Which event is taken back is known only behind the door, and then all of its awards are.
            by_type[RETRACTED_TYPE] = self.dearest
        self._by_type = by_type

    def of(self, types: Sequence[str]) -> float:
        """What events of these types cost together."""
        by_type = self._by_type
        if not by_type:
            return len(types)
        return sum(by_type.get(event_type, 1) for event_type in types)
