"""Token buckets: how much may come at once and on average, counted in events and in bytes.

An event counts as what it costs behind the door: 1, or more where its community has many rules for it.

Time is an argument, in seconds of a clock that may stand still or go backwards. A request is taken whole or not at
all: it is taken while the bucket is open, and what it takes beyond what is there is a debt that is paid before the
next. An emptied bucket is closed until it is half full, so that large requests do not follow one another at once.
"""

import math
from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

#: Of a bucket that was emptied, so much must be there again before anything is taken.
OPENS_AT = 0.5
#: Whoever takes no more than this of a full bucket sends little.
LIGHT = 0.05
#: The same of a bucket that was made smaller, of which a twentieth may be less than one event.
LIGHT_SLOWED = 0.5
#: A wait that was computed to the last digit is long enough.
ROUNDING = 1 - 1e-9


class Share(NamedTuple):
    """What somebody may send: events and bytes a second on average, and so many at once."""

    events_per_second: float
    bytes_per_second: float
    #: What may be there at most; one at least, or none would ever be taken.
    burst_events: float
    burst_bytes: float
    #: Who took no more than this of a full bucket, and takes no more now, sends little.
    light_events: float
    light_bytes: float

    @classmethod
    def of(cls, events_per_second: float, bytes_per_second: float, burst_seconds: float) -> "Share":
        """The share of whoever may send at once, after a rest, what comes in so many seconds."""
        events = max(1.0, events_per_second * burst_seconds)
        octets = max(1.0, bytes_per_second * burst_seconds)
        return cls(events_per_second, bytes_per_second, events, octets, LIGHT * events, LIGHT * octets)

    def slowed(self, part: float) -> "Share":
        """The share at a part of its pace, and of what may come at once; half of that is little at most."""
        events = max(1.0, self.burst_events * part)
        octets = max(1.0, self.burst_bytes * part)
        return Share(
            self.events_per_second * part,
            self.bytes_per_second * part,
            events,
            octets,
            min(self.light_events, LIGHT_SLOWED * events),
            min(self.light_bytes, LIGHT_SLOWED * octets),
        )

    def is_little(self, cost: float) -> bool:
        """Whether events that count as so many are few of it."""
        return cost <= self.light_events


class Bucket:
    """What is left of one share; it is full at first, and open.

    Before a request is taken, what was taken is never more than burst + rate × time.
    """

    __slots__ = ("at", "bytes", "events", "is_open")

    def __init__(self, share: Share, now: float) -> None:
        self.events = share.burst_events
        self.bytes = share.burst_bytes
        self.at = now
        self.is_open = True

    def refill(self, share: Share, now: float) -> None:
        """Add what has come since the last time. A clock that went backwards adds nothing."""
        passed = now - self.at
        self.at = now
        if passed > 0:
            # Not min(): every request comes through here.
            events = self.events + passed * share.events_per_second
            octets = self.bytes + passed * share.bytes_per_second
            self.events = events if events < share.burst_events else share.burst_events
            self.bytes = octets if octets < share.burst_bytes else share.burst_bytes
            if not self.is_open:
                enough = OPENS_AT * ROUNDING
                self.is_open = (
                    self.events >= share.burst_events * enough and self.bytes >= share.burst_bytes * enough
                )

    def take(self, cost: float, byte_count: int) -> None:
        """Take so much, into debt if need be."""
        self.events -= cost
        self.bytes -= byte_count
        if self.events < 1 or self.bytes < 1:
            self.is_open = False

    def forgive(self, share: Share) -> None:
        """Keep no more of a debt than a burst: what was let in although the bucket was closed made it."""
        self.events = max(self.events, -share.burst_events)
        self.bytes = max(self.bytes, -share.burst_bytes)

    def is_light(self, share: Share, byte_count: int) -> bool:
        """Whether so little was taken lately, and comes now, that it disturbs nobody."""
        return (
            byte_count <= share.light_bytes
            and self.events >= share.burst_events - share.light_events
            and self.bytes >= share.burst_bytes - share.light_bytes
        )

    def wait_seconds(self, share: Share) -> tuple[float, float]:
        """How long the events, and the bytes, keep the bucket closed yet; 0 for what does not."""
        if self.is_open:
            return 0.0, 0.0
        return (
            max(0.0, share.burst_events * OPENS_AT - self.events) / share.events_per_second,
            max(0.0, share.burst_bytes * OPENS_AT - self.bytes) / share.bytes_per_second,
        )


class Buckets:
    """The buckets of those who sent something lately: of so many, beyond which the longest silent is forgotten.

    What is forgotten begins anew with a full bucket, which is no gift to whoever rested long enough to fill it.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def known(self, name: Hashable) -> Bucket | None:
        """The bucket of that name; None when nothing was sent lately."""
        return self._known.get(name)

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
