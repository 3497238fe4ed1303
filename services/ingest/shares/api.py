"""What whoever sends more than their share is answered, and what everybody is told of theirs.

The headers are those of draft-ietf-httpapi-ratelimit-headers-10. The buckets are this process's own.
"""

import math
import time
from typing import Annotated, NamedTuple, cast

from fastapi import Depends, Request, Response

from services.ingest.metrics import REQUESTS_LIMITED, SHARE_NAMES, SHARES_KNOWN
from services.ingest.settings import Settings
from services.ingest.shares.domain import Bucket, Buckets, Share, retry_after_seconds
from shared.http import Principal, Problem, ProblemType
from shared.http.auth import authorise
from shared.http.connected import ConnectedService

QUOTA_EXCEEDED = ProblemType("quota-exceeded", 429, "More was sent than the share allows")

#: What a caller is told of.
NAMES = SHARE_NAMES[:4]
#: While the line behind the door is late, all together may send this part of what they may otherwise.
LATE = 0.25
#: While the shares are slowed nobody is told to wait longer than this: they may be whole again long before.
SLOWED_WAIT_MAX_SECONDS = 10
_UNITS = ("events", "content-bytes") * 3
_LEFT = ", ".join(f'"{name}";r=%d' for name in NAMES)
_WHY = {
    "key": "The share of this access key is used up",
    "community": "The share of this community is used up",
    "all": "All communities together send more than is taken in, and this one not little",
}

_SLOWED = ", and fills more slowly while events are scored late"


class Shares(NamedTuple):
    """What each access key, each community and all together may send, and how the answers say it."""

    key: Share
    community: Share
    all: Share
    policy: str
    #: Whether it is less than the settings give, because what was let in before waits to be scored.
    is_slowed: bool = False

    @classmethod
    def of(cls, settings: Settings) -> "Shares":
        """The shares that the settings give."""
        seconds = settings.share_burst_seconds
        key = Share.of(settings.key_events_per_second, settings.key_bytes_per_second, seconds)
        community = Share.of(settings.community_events_per_second, settings.community_bytes_per_second, seconds)
        everybody = Share.of(settings.all_events_per_second, settings.all_bytes_per_second, seconds)
        bursts = [
            burst for share in (key, community, everybody) for burst in (share.burst_events, share.burst_bytes)
        ]
        policy = ", ".join(
            f'"{name}";q={math.ceil(burst)};w={seconds};qu="{unit}"'
            for name, burst, unit in zip(SHARE_NAMES, bursts, _UNITS, strict=True)
        )
        return cls(key, community, everybody, policy)

    def slowed(self, pace: float, is_late: bool) -> "Shares":
        """The shares while the line is late, or events are scored late.

        Each community's is slowed by the pace, so that who has sent least goes first.
        """
        slowed = self
        if pace < 1:
            slowed = self._replace(
                community=self.community.slowed(pace), all=self.all.slowed(pace), is_slowed=True
            )
        if is_late and pace > LATE:
            # A moment's wait makes no bucket smaller.
            events, octets = LATE * self.all.events_per_second, LATE * self.all.bytes_per_second
            slowed = slowed._replace(all=slowed.all._replace(events_per_second=events, bytes_per_second=octets))
        return slowed


class Visit:
    """One request at the door: the buckets that it takes from."""

    __slots__ = ("_all", "_as_little", "_community", "_key", "_shares")

    def __init__(self, shares: Shares, key: Bucket, community: Bucket, everybody: Bucket) -> None:
        self._shares = shares
        self._key = key
        self._community = community
        self._all = everybody
        self._as_little = False

    def check(self, byte_count: int) -> None:
        """Let the request of so many bytes go on. Raises Problem 429 when one of its shares is used up.

        What all may send together keeps out only those of whom much came lately, or comes now.
        """
        if not (self._key.is_open and self._community.is_open):
            raise self._refusal()
        self._as_little = not self._all.is_open
        if self._as_little and not self._community.is_light(self._shares.community, byte_count):
            raise self._refusal()

    def take(self, cost: float, byte_count: int) -> None:
        """Count what the request brings: what its events count as, and its bytes."""
        self._key.take(cost, byte_count)
        self._community.take(cost, byte_count)
        self._all.take(cost, byte_count)
        if not self._all.is_open:
            self._all.forgive(self._shares.all)

    def take_more(self, cost: float) -> None:
        """Count what the events count as, once that is known, beyond the one that was taken.

        Raises Problem 429 when it is much, and the request was let in because it seemed little.
        """
        if self._as_little and not self._shares.community.is_little(cost):
            raise self._refusal()
        self.take(cost, 0)

    def headers(self) -> dict[str, str]:
        """What is left, as headers of the answer."""
        key, community = self._key, self._community
        left = (key.events, key.bytes, community.events, community.bytes)
        if not (key.is_open and community.is_open):  # some of it may be a debt
            left = (max(0, key.events), max(0, key.bytes), max(0, community.events), max(0, community.bytes))
        return {"RateLimit-Policy": self._shares.policy, "RateLimit": _LEFT % left}

    def _refusal(self) -> Problem:
        shares = self._shares
        waits = [
            wait
            for bucket, share in (
                (self._key, shares.key),
                (self._community, shares.community),
                (self._all, shares.all),
            )
            for wait in bucket.wait_seconds(share)
        ]
        seconds, name = max(zip(waits, SHARE_NAMES, strict=True))
        if shares.is_slowed:
            seconds = min(seconds, SLOWED_WAIT_MAX_SECONDS)
        REQUESTS_LIMITED.labels(name).inc()
        return quota_exceeded(name, retry_after_seconds(seconds), shares)


def quota_exceeded(name: str, seconds: int, shares: Shares) -> Problem:
    """The answer to who has used up the share of that name, for so many seconds yet."""
    scope, _, unit = name.partition("-")
    why = _WHY[scope] + (_SLOWED if shares.is_slowed else "")
    policy = shares.policy
    detail = f"{why} ({unit}). Nothing was taken; send the same again in {seconds} s"
    headers = {"Retry-After": str(seconds), "RateLimit-Policy": policy, "RateLimit": f'"{name}";r=0;t={seconds}'}
    return Problem(QUOTA_EXCEEDED, detail, headers=headers)


class Door:
    """Who has sent how much at this process lately."""

    def __init__(self) -> None:
        self._keys = Buckets()
        self._communities = Buckets()
        self._all: Bucket
        self._settings: Settings | None = None
        self._shares: Shares
        self._slowed: tuple[float, bool, Shares]
        SHARES_KNOWN.set_function(lambda: len(self._keys) + len(self._communities))

    def visit(
        self,
        principal: Principal,
        settings: Settings,
        byte_count: int,
        *,
        pace: float = 1.0,
        is_late: bool = False,
    ) -> Visit:
        """The shares that a request of that caller takes from. Raises Problem 429 when one is used up.

        While the line behind the door is late, all together may send less; at a pace below 1 each community, too.
        """
        now = time.monotonic()
        if settings is not self._settings:
            self._settings, self._shares = settings, Shares.of(settings)
            self._all = Bucket(self._shares.all, now)
            self._slowed = 1.0, False, self._shares
        if self._slowed[:2] != (pace, is_late):
            self._slowed = pace, is_late, self._shares.slowed(pace, is_late)
        shares, most = self._slowed[2], settings.shares_max_count
        key = self._keys.of((principal.community, principal.credential), shares.key, now, most)
        community = self._communities.of(principal.community, shares.community, now, most)
        key.refill(shares.key, now)
        community.refill(shares.community, now)
        self._all.refill(shares.all, now)
        visit = Visit(shares, key, community, self._all)
        visit.check(byte_count)
        return visit


DOOR = Door()


async def _one_event(request: Request, response: Response, service: ConnectedService) -> Visit:
    """Count a command as one event of its caller's, whose key the route has checked before."""
    principal = await authorise(service.keys, request.headers.get("authorization"), None)
    byte_count = len(await request.body())
    visit = DOOR.visit(principal, cast("Settings", service.settings), byte_count)
    visit.take(1, byte_count)
    response.headers.update(visit.headers())
    return visit


#: The annotation of a route's parameter, after the caller: the command takes from the caller's share.
#: One that does what several do takes more of it.
WithinShare = Annotated[Visit, Depends(_one_event)]
