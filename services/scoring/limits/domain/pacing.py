"""What a claim gets that depends on those before it: a cooldown, diminishing returns, and the floor of a score.

Claims have their turn by event time. One within the cooldown of what its rule gave last gets nothing. Of the
others each gets the share of its turn, which is how many awards its window has so far; then what fits under
limits.
What is taken of a score is at most what is above the floor when it is its turn.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from services.scoring.limits.domain.claims import Claim, Cut, Pace

#: Shares are in hundredths of a percent.
WHOLE_SHARE = 10_000


class PacedWindow(Protocol):
    """What is known of a window: how much is used of it, and when something was given last."""

    used: int
    given_at: datetime | None
    is_changed: bool


def share_of(points: int, share: int) -> int:
    """A share of points in hundredths of a percent, to the nearest whole number, halves up."""
    return (points * share + WHOLE_SHARE // 2) // WHOLE_SHARE


def shares_by_factor(factor: int, turns: int) -> tuple[int, ...]:
    """The shares of turns of which each is worth `factor` % of the one before, each rounded by itself."""
    return tuple((WHOLE_SHARE * factor**turn + 100**turn // 2) // 100**turn for turn in range(turns))


def given_before(earlier: Iterable[Claim]) -> dict[bytes, datetime]:
    """When something was given last in the windows of cooldowns, by claims that keep what they have."""
    given: dict[bytes, datetime] = {}
    for claim in earlier:
        name = claim.cooldown_window
        if name is not None and claim.is_counted and claim.room:
            given[name] = max(given.get(name, claim.event_time), claim.event_time)
    return given


def allot_paced(claim: Claim, pace: Pace, windows: Mapping[bytes, PacedWindow]) -> None:
    """Give a claim what it gets now that it is its turn, and use its windows."""
    room, claim.cut = claim.weight, None
    count = len(claim.windows)
    if pace.floor is not None:
        count -= 1
        if pace.takes:
            room = _less(claim, room, windows[claim.windows[count]].used - pace.floor, Cut.FLOOR)
    if pace.shares is not None:
        count -= 1
        turn = min(windows[claim.windows[count]].used, len(pace.shares) - 1)
        room = _less(claim, room, share_of(claim.weight, pace.shares[turn]), Cut.DIMINISHED)
    if pace.cooldown_seconds is not None:
        count -= 1
        given_at = windows[claim.windows[count]].given_at
        if given_at is not None and claim.event_time - given_at < timedelta(seconds=pace.cooldown_seconds):
            room = _less(claim, room, 0, Cut.COOLDOWN)
    for name, bound in zip(claim.windows[:count], claim.bounds, strict=False):
        used = windows[name].used
        room = _less(claim, room, bound - used if bound > 0 else (room if used < -bound else 0), Cut.LIMIT)
    claim.room = room
    use_paced(claim, pace, windows, 1)


def use_paced(claim: Claim, pace: Pace, windows: Mapping[bytes, PacedWindow], sign: int) -> None:
    """Let the windows know of what a claim has, or (-1) have them forget it.

    When something was given last is not forgotten so: `given_before` says it.
    """
    last = len(claim.windows)
    if pace.floor is not None:
        last -= 1
        total = windows[claim.windows[last]]
        summed = claim.due if sign > 0 else 0
        if summed != claim.summed:
            total.used += summed - claim.summed
            claim.summed, total.is_changed = summed, True
    if not claim.room:
        return
    for name, bound in zip(claim.windows[:last], claim.bounds, strict=False):
        window = windows[name]
        window.used += sign * (claim.room if bound > 0 else 1)
        window.is_changed = True
    cooldown = claim.cooldown_window
    if sign > 0 and cooldown is not None:
        windows[cooldown].given_at = claim.event_time


def _less(claim: Claim, room: int, most: int, cut: Cut) -> int:
    """As much of the room as there may be at most; what cuts it last is why."""
    if most >= room:
        return room
    claim.cut = cut
    return max(most, 0)
