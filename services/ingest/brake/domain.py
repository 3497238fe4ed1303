"""How old the oldest event is that is not scored, and at which part of the shares events are let in meanwhile.

Time is an argument, in seconds of a clock that may stand still.
"""

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

#: Looks that are remembered; beyond them the newest is overwritten, and the age of the oldest stays right.
LOOKS_MAX_COUNT = 600
#: While events are late, so much of the pace is left after each of these intervals.
SLOWER = 0.5
SLOWER_EVERY_SECONDS = 0.25
#: Once they are no longer late the pace grows by this factor a second: it doubles in three.
FASTER = 1.25

#: Offsets by partition.
Offsets = Mapping[int, int]


class Look(NamedTuple):
    """Where the log ended at a moment."""

    at: float
    ends: Offsets


class Backlog:
    """What of the log is not scored yet, from looks at where it ends and up to where it is scored."""

    def __init__(self) -> None:
        self._looks: deque[Look] = deque()

    def age_seconds(self, now: float, ends: Offsets, scored: Offsets) -> float:
        """How long ago the oldest event that is not scored was first seen in the log; 0 when all are scored.

        A partition of which nobody said up to where it is scored does not count.
        """
        if len(self._looks) == LOOKS_MAX_COUNT:
            self._looks.pop()
        self._looks.append(Look(now, ends))
        while self._looks and not _has_unscored(self._looks[0].ends, scored):
            self._looks.popleft()
        return now - self._looks[0].at if self._looks else 0.0

    def forget(self) -> None:
        """Know nothing of what came before: nobody could say how it stands."""
        self._looks.clear()


def _has_unscored(ends: Offsets, scored: Offsets) -> bool:
    return any(scored[partition] < end for partition, end in ends.items() if partition in scored)


class Pace:
    """Which part of their shares all are let in at: 1, and less while events are scored late.

    It falls fast, so that what waits is soon through, and rises slowly, so that it is seldom too much.
    """

    def __init__(self) -> None:
        self.part = 1.0
        self._looked_at: float | None = None
        self._slower_at = 0.0

    def see(self, now: float, *, is_late: bool, least: float) -> None:
        """Adapt to whether events are late; the part is never less than `least`."""
        passed = 0.0 if self._looked_at is None else max(0.0, now - self._looked_at)
        self._looked_at = now
        if not is_late:
            self.part = min(1.0, self.part * FASTER**passed)
        elif now >= self._slower_at:
            self.part = max(min(least, self.part), self.part * SLOWER)
            self._slower_at = now + SLOWER_EVERY_SECONDS
