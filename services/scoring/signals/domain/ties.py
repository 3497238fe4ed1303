"""Ties: who gave whom how many points within a window, and the groups that strong ties make.

Windows are of 30 days, one after the other, the same for everybody: what is in one is a function of the set of
facts, whatever their order.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

#: From a member to those at the other end of their ties.
Way = Callable[[str], set[str]]

WINDOW_DAYS = 30
#: Who has more strong ties one way is known by the whole community: no group is followed through them.
STRONG_TIES_MAX_COUNT = 64
#: How many members one look goes through, on the way to a group and back.
REACHED_MAX_COUNT = 128


def window_of(day: date) -> int:
    """The window that a day is in."""
    return day.toordinal() // WINDOW_DAYS


def window_starts(window: int) -> date:
    """The first day of a window."""
    return date.fromordinal(window * WINDOW_DAYS)


class TieKey(NamedTuple):
    """Who gave, and who received."""

    giver: str
    receiver: str


class Tie(NamedTuple):
    """What one member gave another within a window: points, by how many acts, and how many on the busiest day."""

    giver: str
    receiver: str
    points: int
    acts: int
    peak_acts: int

    @property
    def key(self) -> TieKey:
        """Who gave, and who received."""
        return TieKey(self.giver, self.receiver)


class Totals(NamedTuple):
    """What a member gave all others within a window, and received of them."""

    given: int = 0
    received: int = 0


NOTHING = Totals()


@dataclass(slots=True)
class Graph:
    """The strong ties around a member, as far as they were looked at: `loaded` are whose all are there.

    Nothing is followed through `hubs`; those of them who are `crowded` were not even looked at.
    """

    ties: dict[TieKey, Tie] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    hubs: set[str] = field(default_factory=set)
    crowded: set[str] = field(default_factory=set)
    _givers: dict[str, set[str]] = field(default_factory=dict)
    _receivers: dict[str, set[str]] = field(default_factory=dict)

    def add(self, members: Collection[str], ties: Iterable[Tie], *, crowded: Collection[str] = ()) -> None:
        """Add all strong ties of `members`, of each at most one more than STRONG_TIES_MAX_COUNT either way."""
        for tie in ties:
            self.ties[tie.key] = tie
            self._givers.setdefault(tie.receiver, set()).add(tie.giver)
            self._receivers.setdefault(tie.giver, set()).add(tie.receiver)
        self.loaded |= set(members)
        self.crowded |= set(crowded)
        self.hubs |= set(crowded)
        for member in members:
            most = max(len(self._givers.get(member, ())), len(self._receivers.get(member, ())))
            if most > STRONG_TIES_MAX_COUNT:
                self.hubs.add(member)

    def wanted(self, root: str, *, max_count: int) -> set[str]:
        """Whose ties have to be loaded before `groups` can say which groups the root is in."""
        mutual = self._reached(root, self._mutual, max_count)
        backward = self._reached(root, self._giving, REACHED_MAX_COUNT)
        forward = None if backward is not None else self._reached(root, self._receiving, REACHED_MAX_COUNT)
        found = set[str]().union(*(one for one in (mutual, backward, forward) if one is not None))
        return found - self.loaded

    def groups(self, root: str, *, max_count: int) -> list[frozenset[str]]:
        """The groups of two members to `max_count` that the root is in: by mutual ties, and by ties in a circle.

        A group that is part of a larger one without end is no group.
        """
        found: list[frozenset[str]] = []
        mutual = self._reached(root, self._mutual, max_count)
        if mutual is not None and len(mutual) > 1:
            found.append(frozenset(mutual))
        for way, back in ((self._giving, self._receiving), (self._receiving, self._giving)):
            reached = self._reached(root, way, REACHED_MAX_COUNT)
            if reached is None:
                continue
            circle = {root}
            todo = [root]
            while todo:
                more = (back(todo.pop()) & reached) - circle
                circle |= more
                todo += more
            if 1 < len(circle) <= max_count and frozenset(circle) not in found:
                found.append(frozenset(circle))
            break
        return found

    def inside(self, group: Collection[str]) -> list[Tie]:
        """The strong ties within a group."""
        return [tie for key, tie in sorted(self.ties.items()) if key.giver in group and key.receiver in group]

    def _giving(self, member: str) -> set[str]:
        return self._givers.get(member, set())

    def _receiving(self, member: str) -> set[str]:
        return self._receivers.get(member, set())

    def _mutual(self, member: str) -> set[str]:
        return self._giving(member) & self._receiving(member)

    def _reached(self, root: str, way: Way, max_count: int) -> set[str] | None:
        """Who is reached by ties of a kind, the root too; None for more than `max_count`, or by a hub."""
        reached, todo = {root}, [root]
        while todo:
            member = todo.pop()
            if member in self.hubs:
                return None
            more = way(member) - reached
            reached |= more
            todo += more
            if len(reached) > max_count:
                return None
        return reached


def totals_of(ties: Iterable[Tie]) -> Mapping[str, Totals]:
    """What members gave and received in all of these ties."""
    found: dict[str, Totals] = {}
    for tie in ties:
        given = found.get(tie.giver, NOTHING)
        found[tie.giver] = given._replace(given=given.given + tie.points)
        received = found.get(tie.receiver, NOTHING)
        found[tie.receiver] = received._replace(received=received.received + tie.points)
    return found
