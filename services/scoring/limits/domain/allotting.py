"""What each claim gets of its windows: in order of event time, and heaviest first where awards are counted.

The answer is a function of the claims, their states and their order, and of nothing else. A claim gets what fits
into all of its windows when it is its turn; claims that were taken back by their member have their turn too. What
comes late, or is taken back, changes what those behind it get. A claim with a pace also asks what was given before
(`pacing.py`): it keeps to the order of time.

Three ways lead there, from the cheapest on. Where a window has room for all that is wanted of it, it binds
nobody, and nothing has to be looked at. Where all new claims come after those that are there, sums are enough.
Only the rest is settled: claims behind the first change are read again and get their room anew.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.scoring.limits.domain.claims import Claim, Place, State
from services.scoring.limits.domain.pacing import allot_paced, given_before, use_paced


@dataclass(slots=True)
class Window:
    """A room: how much of it is `used`, how much is `wanted` of it, and the least that a claim found to fit.

    Awards are counted in it, or points. No claim of it is behind the place `last`. It `is_mixed` when claims found
    different bounds, under versions of the programme that differ. In that of a cooldown something was `given_at` a
    time last.
    """

    used: int = 0
    wanted: int = 0
    bound: int | None = None
    last: Place | None = None
    is_mixed: bool = False
    is_changed: bool = False
    given_at: datetime | None = None

    def binds(self, more: int = 0, bound: int | None = None) -> bool:
        """Whether anybody may find it too small, also with `more` wanted of it by claims that find `bound`."""
        least = self.bound if bound is None else bound if self.bound is None else min(self.bound, bound)
        return least is not None and self.wanted + more > least


Windows = Mapping[bytes, Window]


def give_room(claims: Sequence[Claim], windows: Windows) -> list[Claim]:
    """Give new claims room where sums are enough for it; returns those that have to be settled.

    `windows` has all of theirs. What is returned is untouched, and shares no window that binds with the others.
    """
    new = [claim for claim in claims if claim.state is not State.REMOVED]
    more: dict[bytes, int] = {}
    bounds: dict[bytes, int] = {}
    for claim in new:
        for name, bound in zip(claim.windows, claim.bounds, strict=True):
            more[name] = more.get(name, 0) + (claim.weight if bound > 0 else 1)
            bounds[name] = min(bounds.get(name, abs(bound)), abs(bound))
    binding = {name for name, wanted in more.items() if windows[name].binds(wanted, bounds[name])}
    hard = {
        name
        for claim in (new if binding else ())
        for name in claim.windows
        if name in binding and not _is_behind(claim, windows[name])
    }
    late: list[Claim] = []
    while hard:
        late = [claim for claim in new if not hard.isdisjoint(claim.windows)]
        wider = hard | {name for claim in late for name in claim.windows if name in binding}
        if wider == hard:
            break
        hard = wider
    in_order = [claim for claim in new if hard.isdisjoint(claim.windows)] if hard else new
    for claim in sorted(in_order, key=_order) if len(in_order) > 1 else in_order:
        _count(claim, windows)
        _allot(claim, windows)
    return late


def binding_windows(claims: Iterable[Claim], windows: Windows) -> set[bytes]:
    """Of the windows of claims those whose other claims have to be known before these can be settled.

    A window binds before what is to be settled is counted, or after; in between does not matter.
    """
    more: dict[bytes, int] = {}
    bounds: dict[bytes, int] = {}
    for claim in claims:
        is_new = not claim.is_counted and claim.state is not State.REMOVED
        for name, bound in zip(claim.windows, claim.bounds, strict=True):
            added = (claim.weight if bound > 0 else 1) if is_new else 0
            more[name] = more.get(name, 0) + added
            bounds[name] = min(bounds.get(name, abs(bound)), abs(bound))
    return {name for name, wanted in more.items() if windows[name].binds(wanted, bounds[name])}


def settle(
    changed: Collection[Claim], others: Iterable[Claim], windows: Windows, earlier: Iterable[Claim] = ()
) -> list[Claim]:
    """Give `changed` claims the room that they have by their states now; returns all whose room is another.

    `others` are all claims that share a window that binds with one of them, or with one of the others, and do not
    come before the first that changed; `earlier` those that do, in windows of cooldowns, as far as these reach.
    """
    claims = sorted({id(claim): claim for claim in (*changed, *others)}.values(), key=_order)
    before = [(claim.room, claim.summed, claim.cut) for claim in claims]
    given = given_before(earlier)
    for claim in claims:
        if (name := claim.cooldown_window) is not None:
            windows[name].given_at, windows[name].is_changed = given.get(name), True
    for claim in claims:
        if claim.is_counted:
            _use(claim, windows, -1)
    for claim in changed:
        if claim.is_counted and claim.state is State.REMOVED:
            _count(claim, windows, -1)
        elif not claim.is_counted and claim.state is not State.REMOVED:
            _count(claim, windows)
        claim.is_settled = True
    for claim in claims:
        claim.room = 0
        if claim.is_counted:
            _allot(claim, windows)
    now = ((claim.room, claim.summed, claim.cut) for claim in claims)
    return [claim for claim, was, is_now in zip(claims, before, now, strict=True) if was != is_now]


def since(changed: Iterable[Claim]) -> datetime | None:
    """From which event time on claims may get another room because of these; None for always."""
    times = [None if claim.is_heaviest_first else claim.event_time for claim in changed]
    return None if None in times else min(time for time in times if time is not None)


def _order(claim: Claim) -> tuple[int, datetime, str, str, str]:
    return claim.order


def _is_behind(claim: Claim, window: Window) -> bool:
    return window.last is None or claim.place > window.last


def _count(claim: Claim, windows: Windows, sign: int = 1) -> None:
    """Let the windows know of a claim, or forget it."""
    claim.is_counted = sign > 0
    place = claim.place
    for name, bound in zip(claim.windows, claim.bounds, strict=True):
        window = windows[name]
        window.is_changed = True
        window.wanted += sign * (claim.weight if bound > 0 else 1)
        if sign > 0:
            least = abs(bound)
            window.is_mixed |= window.bound not in (None, least)
            if window.bound is None or least < window.bound:
                window.bound = least
            if window.last is None or place > window.last:
                window.last = place


def _allot(claim: Claim, windows: Windows) -> None:
    if claim.pace is not None:
        allot_paced(claim, claim.pace, windows)
        return
    room = claim.weight
    for name, bound in zip(claim.windows, claim.bounds, strict=True):
        used = windows[name].used
        free = bound - used if bound > 0 else (room if used < -bound else 0)
        room = max(min(room, free), 0)
    claim.room = room
    _use(claim, windows, 1)


def _use(claim: Claim, windows: Windows, sign: int) -> None:
    if claim.pace is not None:
        use_paced(claim, claim.pace, windows, sign)
    elif claim.room:
        for name, bound in zip(claim.windows, claim.bounds, strict=True):
            window = windows[name]
            window.used += sign * (claim.room if bound > 0 else 1)
            window.is_changed = True
