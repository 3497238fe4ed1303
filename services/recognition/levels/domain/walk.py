"""From the first that is known of a member on: which levels were reached and lost, and what is next.

Wherever something changes, first what is kept no more is lost, then what is there is reached, and nothing that was
lost is reached at the same moment. So which levels somebody has is a function of all that is known of them and of
the moment, whenever it is asked and in whatever order it came.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import merge
from typing import Final, NamedTuple

from services.recognition.levels.domain.ladder import Asked, Courses, Hold, Ladder, Life, Surroundings

#: After everything.
END: Final = 1 << 60


class Reached(NamedTuple):
    """Which levels somebody has at a moment, and since when each; what is next.

    `next_at` is when that changes if nothing is done until then; None where it never does. `is_near` says that
    what everybody does may change it too, `was_near` that it could have before. `hold` is what was said by hand.
    """

    since: tuple[int | None, ...]
    next_at: int | None
    is_near: bool
    was_near: bool
    hold: Hold | None

    @property
    def height(self) -> int:
        """How many levels that are, from the lowest on."""
        return sum(one is not None for one in self.since)


class _Flip(NamedTuple):
    at: int
    place: int
    is_of_keep: bool
    is_of_all: bool
    change: int


@dataclass(slots=True)
class _Rung:
    """What of a level is not there: to reach it and to keep it, and how much of both hangs on what all do."""

    lacks: int = 0
    lacks_of_all: int = 0
    keep_lacks: int = 0
    keep_lacks_of_all: int = 0
    reads_all: bool = False
    keep_reads_all: bool = False
    since: int | None = None


@dataclass(slots=True)
class _Walk:
    ladder: Ladder
    rungs: list[_Rung] = field(default_factory=list)
    hold: Hold | None = None
    was_near: bool = False

    def flip(self, flip: _Flip) -> None:
        """Take in that something is there from now on, or no more."""
        rung = self.rungs[flip.place]
        if flip.is_of_keep:
            rung.keep_lacks += flip.change
            rung.keep_lacks_of_all += flip.change * flip.is_of_all
        else:
            rung.lacks += flip.change
            rung.lacks_of_all += flip.change * flip.is_of_all

    def fix(self, hold: Hold, at: int) -> None:
        """Have somebody be on the level that was said, and on those below."""
        height = self.ladder.place(hold.level_id)
        if height is None:
            # A level that this version has not: nothing holds by it.
            return
        self.hold = hold
        for place, rung in enumerate(self.rungs):
            if place >= height:
                rung.since = None
            elif rung.since is None:
                rung.since = at

    def settle(self, at: int) -> None:
        """Lose what is kept no more, and reach what is there."""
        if self.hold is not None:
            return
        lost: set[int] = set()
        has_below = True
        for place, rung in enumerate(self.rungs):
            if rung.since is not None and (not has_below or self._is_lost(place, at)):
                rung.since = None
                lost.add(place)
            has_below = rung.since is not None
        has_below = True
        for place, rung in enumerate(self.rungs):
            if rung.since is None and place not in lost and has_below and self._is_reached(place):
                rung.since = at
            has_below = rung.since is not None
        self.was_near = self.was_near or self.is_near

    @property
    def since(self) -> tuple[int | None, ...]:
        """The levels that are there, and since when each."""
        return tuple(rung.since for rung in self.rungs)

    def _is_lost(self, place: int, at: int) -> bool:
        rung, asked = self.rungs[place], self.ladder.rungs[place]
        if asked.level.by_hand:
            return True
        return asked.keep is not None and rung.keep_lacks > 0 and at >= (rung.since or 0) + asked.grace_seconds

    def _is_reached(self, place: int) -> bool:
        # What keeps it has to be there, too: else it would be lost at once.
        rung = self.rungs[place]
        return not self.ladder.rungs[place].level.by_hand and rung.lacks == 0 and rung.keep_lacks == 0

    @property
    def is_near(self) -> bool:
        """Whether what all do may change something: of a level that is there, or lacks nothing else."""
        has_below = True
        for rung in self.rungs:
            if rung.since is not None and rung.keep_reads_all:
                return True
            reads_all = rung.reads_all or rung.keep_reads_all
            lacks_else = rung.lacks - rung.lacks_of_all + rung.keep_lacks - rung.keep_lacks_of_all
            if has_below and rung.since is None and reads_all and lacks_else == 0:
                return True
            has_below = rung.since is not None
        return False

    def grace_ends(self, after: int) -> int:
        """When the next grace is over of what would be lost without."""
        ends = [
            rung.since + asked.grace_seconds
            for rung, asked in zip(self.rungs, self.ladder.rungs, strict=True)
            if rung.since is not None and asked.keep is not None and rung.keep_lacks > 0
        ]
        return min((end for end in ends if end > after), default=END)


def reached(ladder: Ladder, life: Life, around: Surroundings, *, at: int) -> Reached:
    """Which levels a member has at a moment, of all that is known of them until now."""
    begins = [one.at for done in life.done.values() for one in done]
    begins += [] if life.known_since is None else [life.known_since]
    # What was fixed and let go within one second was never so.
    fixed = [hold for hold in life.holds if hold.until is None or hold.until > hold.since]
    begins += [hold.since for hold in fixed]
    begin = min(begins, default=None)
    walk = _Walk(ladder, [_Rung() for _ in ladder.rungs])
    if begin is None or begin > at:
        return Reached(tuple(None for _ in ladder.rungs), begin, is_near=False, was_near=False, hold=None)
    flips = _flips(ladder, Courses(life, around), walk)
    holds = sorted(
        [
            *((hold.since, True, hold) for hold in fixed),
            *((hold.until, False, hold) for hold in fixed if hold.until is not None),
        ],
        key=lambda one: (one[0], one[1]),
    )
    found: Reached | None = None
    moment, place, of_hold = begin, 0, 0
    while moment < END:
        if moment > at and found is None:
            found = _standing(walk)
        while place < len(flips) and flips[place].at <= moment:
            walk.flip(flips[place])
            place += 1
        while of_hold < len(holds) and holds[of_hold][0] <= moment:
            _, is_begin, hold = holds[of_hold]
            if is_begin:
                walk.fix(hold, moment)
            elif walk.hold == hold:
                walk.hold = None
            of_hold += 1
        walk.settle(moment)
        if found is not None and walk.since != found.since:
            return found._replace(next_at=moment)
        moment = min(
            flips[place].at if place < len(flips) else END,
            holds[of_hold][0] if of_hold < len(holds) else END,
            walk.grace_ends(moment),
        )
    return found or _standing(walk)


def _standing(walk: _Walk) -> Reached:
    near = walk.is_near
    return Reached(walk.since, None, is_near=near, was_near=walk.was_near or near, hold=walk.hold)


def _flips(ladder: Ladder, courses: Courses, walk: _Walk) -> list[_Flip]:
    streams: list[Iterator[_Flip]] = []
    for place, rung in enumerate(ladder.rungs):
        state = walk.rungs[place]
        for is_of_keep, all_asked in ((False, rung.requires), (True, rung.keep or ())):
            for asked in all_asked:
                if asked.is_of_all and is_of_keep:
                    state.keep_reads_all = True
                elif asked.is_of_all:
                    state.reads_all = True
                streams.append(_flips_of(courses, asked, place=place, is_of_keep=is_of_keep))
    return list(merge(*streams))


def _flips_of(courses: Courses, asked: Asked, *, place: int, is_of_keep: bool) -> Iterator[_Flip]:
    """What changes of how much a level lacks: at first all that is not there, then one less or one more."""
    was = True
    for at, is_met in courses.flips(asked):
        if is_met != was:
            yield _Flip(at, place, is_of_keep, asked.is_of_all, -1 if is_met else 1)
            was = is_met
