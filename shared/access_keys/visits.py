"""How often whoever found a publishable key may ask: from one address, and with one key from everywhere."""

from collections import OrderedDict

SECONDS = 60.0


class Visits:
    """So many a minute for each name, as many of them at once; in bounded memory, the longest silent forgotten.

    A virtual schedule (the generic cell rate algorithm): of each name, until when its visits are used up.
    """

    def __init__(self, max_per_minute: int, known_max_count: int) -> None:
        self._interval = SECONDS / max_per_minute
        self._known_max_count = known_max_count
        self._used_up: OrderedDict[str, float] = OrderedDict()

    def wait_seconds(self, name: str, now: float) -> float:
        """Count a visit, by a clock in seconds. 0 where there is room for it; else for how long there is none."""
        used_up = max(self._used_up.get(name, now), now)
        wait = used_up + self._interval - now - SECONDS
        if wait > 1e-9:
            return wait
        self._used_up[name] = used_up + self._interval
        self._used_up.move_to_end(name)
        while len(self._used_up) > self._known_max_count:
            self._used_up.popitem(last=False)
        return 0.0
