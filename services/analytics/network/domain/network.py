"""What a network of ties is like: how mutual, in how many parts, and who holds it together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Tie(NamedTuple):
    """How often one member turned to another."""

    from_id: str
    to_id: str
    times: int


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
    #: How often each member turned to somebody.
    given: Mapping[str, int]
    bridges: Sequence[Bridge]


def network_of(ties: Sequence[Tie]) -> Network:
    """What these ties come to, each pair of members being there once a direction."""
    pairs = {(tie.from_id, tie.to_id) for tie in ties}
    given: defaultdict[str, int] = defaultdict(int)
    beside: defaultdict[str, set[str]] = defaultdict(set)
    for tie in ties:
        given[tie.from_id] += tie.times
        beside[tie.from_id].add(tie.to_id)
        beside[tie.to_id].add(tie.from_id)
    ordered = {member: sorted(others) for member, others in sorted(beside.items())}
    parts, bridges = _parts(ordered)
    return Network(
        members=len(ordered),
        ties=len(pairs),
        mutual=sum((to, who) in pairs for who, to in pairs),
        times=sum(given.values()),
        parts=len(parts),
        largest_part=max(parts, default=0),
        given=dict(given),
        bridges=sorted(bridges, key=lambda one: (-one.cut_off, one.member_id)),
    )


def _parts(beside: Mapping[str, Sequence[str]]) -> tuple[list[int], list[Bridge]]:
    """The sizes of the parts, and whoever holds one of them together.

    Hopcroft and Tarjan, "Efficient algorithms for graph manipulation" (1973): depth first, without recursion.
    """
    order: dict[str, int] = {}
    sizes: list[int] = []
    bridges: list[Bridge] = []
    for root in beside:
        if root not in order:
            begun = len(order)
            pieces = _searched(root, beside, order)
            size = len(order) - begun
            sizes.append(size)
            for member, cut in pieces.items():
                left = [*cut, size - 1 - sum(cut)]
                if sum(one > 0 for one in left) > 1:
                    bridges.append(Bridge(member, size - 1 - max(left), size))
    return sizes, bridges


def _searched(root: str, beside: Mapping[str, Sequence[str]], order: dict[str, int]) -> dict[str, list[int]]:
    """The members of a part, numbered in `order`; how large the pieces are that each alone holds to the rest."""
    order[root] = len(order)
    low, below = {root: order[root]}, {root: 1}
    pieces: defaultdict[str, list[int]] = defaultdict(list)
    way = [(root, iter(beside[root]))]
    while way:
        member, others = way[-1]
        following = next(others, None)
        if following is None:
            way.pop()
            if way:
                above = way[-1][0]
                below[above] += below[member]
                low[above] = min(low[above], low[member])
                if low[member] >= order[above]:
                    pieces[above].append(below[member])
        elif following in order:
            low[member] = min(low[member], order[following])
        else:
            order[following] = low[following] = len(order)
            below[following] = 1
            way.append((following, iter(beside[following])))
    return pieces
