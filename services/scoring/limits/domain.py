"""Daily caps: what one member may get from one rule in a day."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple


class CapKey(NamedTuple):
    """What a daily cap is counted by; `day` is the UTC day of event time."""

    community: str
    member_id: str
    rule_id: str
    day: date


class CapUsage:
    """The points used of each cap, while a batch uses more of them one after the other."""

    __slots__ = ("points",)

    def __init__(self, used: Mapping[CapKey, int]) -> None:
        """Begin with what is used so far; a cap that isn't there has used none."""
        self.points = dict(used)

    def use(self, key: CapKey, cap: int, points: int) -> int:
        """Use `points` of a cap as far as they fit under it; return how many do, from 0 to `points`.

        More than `cap` may be used before, under a version of the programme with a higher one: then none fit, and
        what is used stays.
        """
        used = self.points.get(key, 0)
        room = cap - used
        if room < points:
            points = max(room, 0)
        self.points[key] = used + points
        return points
