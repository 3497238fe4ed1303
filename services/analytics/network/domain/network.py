"""What a network of ties is like: how mutual, in how many parts, and who holds it together."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import NamedTuple

from services.analytics.response_times.domain.waiting import absence_factor


class Tie(NamedTuple):
    """How often one member turned to another."""

    from_id: str
    to_id: str
    times: int


class PagedTie(NamedTuple):
    """A tie, and whether there is one the other way round."""

    tie: Tie
    is_mutual: bool


class TiePlace(NamedTuple):
    """A tie's place in the list."""

    times: int
    from_id: str
    to_id: str


class BridgePlace(NamedTuple):
    """The place of somebody who holds the network together."""

    cut_off: int
    member_id: str


class Bridge(NamedTuple):
    """Somebody without whom so many others would not be connected with the most of those they are with."""

    member_id: str
    cut_off: int
    members: int


@dataclass(frozen=True, slots=True)
class Network:
    """What ties come to. `mutual` ties have one the other way round; parts are connected whichever way ties go."""

    members: int
    ties: int
    mutual: int
    times: int
    parts: int
    largest_part: int
    #: The fewest members who turned to somebody half of the times or more; None without ties.
    absence_factor: int | None
    bridging_members: int
    #: Who they are, those without whom most would not be connected first.
    bridges: Sequence[Bridge] = ()


def network_of(ties: Sequence[Tie]) -> Network:
    """What these ties come to, each pair of members being there once a direction."""
    members: list[str] = []
    numbers: dict[str, int] = {}
    beside: list[list[int]] = []
    given: defaultdict[str, int] = defaultdict(int)
    # Members are numbered: pairs of small numbers are compared and kept in a fraction of the time that ids take.
    pairs: set[tuple[int, int]] = set()
    mutual = 0
    for from_id, to_id, times in ties:
        for member in (from_id, to_id):
            if member not in numbers:
                numbers[member] = len(members)
                members.append(member)
                beside.append([])
        given[from_id] += times
        who, to = numbers[from_id], numbers[to_id]
        pairs.add((who, to))
        if (to, who) in pairs:
            mutual += 2
        else:
            beside[who].append(to)
            beside[to].append(who)
    parts, bridges = _parts(members, beside)
    return Network(
        members=len(members),
        ties=len(pairs),
        mutual=mutual,
        times=sum(given.values()),
        parts=len(parts),
        largest_part=max(parts, default=0),
        absence_factor=absence_factor(given.values()),
        bridging_members=len(bridges),
        bridges=sorted(bridges, key=lambda one: (-one.cut_off, one.member_id)),
    )


def strongest(ties: Sequence[Tie], *, limit_count: int) -> list[PagedTie]:
    """So many of these ties at most, those of most times first."""
    first = nsmallest(limit_count, ties, key=lambda tie: (-tie.times, tie.from_id, tie.to_id))
    turned = {(tie.to_id, tie.from_id) for tie in first}
    mutual = {tie[:2] for tie in ties if tie[:2] in turned}
    return [PagedTie(tie, (tie.to_id, tie.from_id) in mutual) for tie in first]


def _parts(members: Sequence[str], beside: Sequence[Sequence[int]]) -> tuple[list[int], list[Bridge]]:
    """The sizes of the parts, and whoever holds one of them together.

    Hopcroft and Tarjan, "Efficient algorithms for graph manipulation" (1973): depth first, without recursion.
    """
    search = _Search(beside, order=[-1] * len(members), low=[0] * len(members), below=[1] * len(members))
    sizes: list[int] = []
    bridges: list[Bridge] = []
    begun = 0
    for root in range(len(members)):
        if search.order[root] < 0:
            pieces = _searched(search, root, begun)
            size = search.below[root]
            begun += size
            sizes.append(size)
            for member, cut in pieces.items():
                left = size - 1 - sum(cut)
                if len(cut) + (left > 0) > 1:
                    bridges.append(Bridge(members[member], size - 1 - max(left, *cut), size))
    return sizes, bridges


class _Search(NamedTuple):
    """A search of a network, by the numbers of its members.

    `order` is when each was come to, -1 of who was not yet; `low` the first whom it is led back to from there on,
    and `below` how many were come to by way of it, itself among them.
    """

    beside: Sequence[Sequence[int]]
    order: list[int]
    low: list[int]
    below: list[int]


def _searched(search: _Search, root: int, begun: int) -> dict[int, list[int]]:
    """Go through the part of `root`; how large the pieces are that each member alone holds to the rest."""
    beside, order, low, below = search
    order[root] = low[root] = begun
    pieces: dict[int, list[int]] = {}
    member, others, reached = root, iter(beside[root]), begun + 1
    way: list[tuple[int, Iterator[int]]] = []
    while True:
        lowest = low[member]
        for following in others:
            if order[following] < 0:
                break
            lowest = min(lowest, order[following])
        else:
            low[member] = lowest
            if not way:
                return pieces
            size = below[member]
            member, others = way.pop()
            below[member] += size
            if lowest >= order[member]:
                pieces.setdefault(member, []).append(size)
            elif lowest < low[member]:
                low[member] = lowest
            continue
        low[member] = lowest
        way.append((member, others))
        order[following] = low[following] = reached
        reached += 1
        member, others = following, iter(beside[following])
