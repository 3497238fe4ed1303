"""Token buckets: how much may come at once and on average, counted in events and in bytes.

Time is an argument, in seconds of a clock that may stand still or go backwards. A request is taken whole or not at
all: it is taken while anything is left, and what it takes beyond that is a debt that is paid before the next.
"""

import math
from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

#: What is left may come to this after a wait that was computed to the last digit, and stands for one.
ALMOST_ONE = 1 - 1e-6


class Share(NamedTuple):
    """What somebody may send: events and bytes a second on average, and what comes in so many seconds at once."""

    events_per_second: float
    bytes_per_second: float
    burst_seconds: int

    @property
    def burst_events(self) -> float:
        """Events that may come at once after a rest; one at least, or none would ever be taken."""
        return max(1.0, self.events_per_second * self.burst_seconds)

    @property
    def burst_bytes(self) -> float:
        """Bytes that may come at once after a rest, one at least."""
        return max(1.0, self.bytes_per_second * self.burst_seconds)


class Quota(NamedTuple):
    """What is left of a share: below zero it is a debt. `seconds` is how long until something is, or all is."""

    left: float
    seconds: float

    @property
    def is_left(self) -> bool:
        """Whether the next may be taken."""
        return self.left >= ALMOST_ONE


class Bucket:
    """What is left of one share; it is full at first.

    What was taken before a request is never more than burst + rate × time, less one.
    """

    __slots__ = ("at", "bytes", "events")

    def __init__(self, share: Share, now: float) -> None:
        self.events = share.burst_events
        self.bytes = share.burst_bytes
        self.at = now

    def refill(self, share: Share, now: float) -> bool:
        """Add what has come since; whether the next may be taken. A clock that went backwards adds nothing."""
        passed = now - self.at
        self.at = now
        if passed > 0:
            events = self.events + passed * share.events_per_second
            octets = self.bytes + passed * share.bytes_per_second
            self.events = min(events, share.burst_events)
            self.bytes = min(octets, share.burst_bytes)
        return self.events >= ALMOST_ONE and self.bytes >= ALMOST_ONE

    def take(self, event_count: int, byte_count: int) -> None:
        """Take so much, into debt if need be."""
        self.events -= event_count
        self.bytes -= byte_count

    def quotas(self, share: Share) -> tuple[Quota, Quota]:
        """What is left of events and of bytes."""
        return (
            _quota(self.events, share.events_per_second, share.burst_events),
            _quota(self.bytes, share.bytes_per_second, share.burst_bytes),
        )


def _quota(left: float, per_second: float, burst: float) -> Quota:
    wanted = burst if left >= ALMOST_ONE else 1
    return Quota(left, max(0.0, wanted - left) / per_second)


class Buckets:
    """The buckets of those who sent something lately: of so many, beyond which the longest silent is forgotten.

    What is forgotten begins anew with a full bucket, which is no gift to whoever rested long enough to fill it.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def of(self, name: Hashable, share: Share, now: float, max_count: int) -> Bucket:
        """The bucket of that name, as it was left."""
        bucket = self._known.get(name)
        if bucket is None:
            while len(self._known) >= max_count:
                self._known.popitem(last=False)
            bucket = self._known[name] = Bucket(share, now)
        else:
            self._known.move_to_end(name)
        return bucket


def retry_after_seconds(seconds: float) -> int:
    """A wait as HTTP has it: whole seconds, one at least."""
    return max(1, math.ceil(seconds))
