"""Daily caps: what one member may get from one rule in a day."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple


class CapKey(NamedTuple):
    """What a daily cap is counted by; `day` is the event's, in the community's time zone."""

    community: str
    member_id: str
    rule_id: str
    day: date


class CapUsage:
    """The points used of each cap, while a batch uses more of them one after the other."""

    __slots__ = ("_used",)

    def __init__(self, used: Mapping[CapKey, int]) -> None:
        """Begin with what is used so far; a cap that isn't there has used none."""
        # A list of one number each, so that a key is looked up once for each use: it is slow to compare.
        self._used = {key: [points] for key, points in used.items()}

    def use(self, key: CapKey, cap: int, points: int) -> int:
        """Use `points` of a cap as far as they fit under it; return how many do, from 0 to `points`.

        More than `cap` may be used before, under a version of the programme with a higher one: then none fit, and
        what is used stays.
        """
        used = self._used.get(key)
        if used is None:
            used = self._used[key] = [0]
        room = cap - used[0]
        if room < points:
            points = max(room, 0)
        used[0] += points
        return points

    def points(self) -> dict[CapKey, int]:
        """The points used of each cap now."""
        return {key: points for key, (points,) in self._used.items()}
