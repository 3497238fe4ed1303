"""Networks: what is known of small ones, and bridges beside the slow way to find them."""

import random
from collections.abc import Iterable, Sequence

from services.analytics.network.domain.network import Bridge, Tie, network_of


def ties(*pairs: str) -> list[Tie]:
    return [Tie(pair[0], pair[1], 1) for pair in pairs]


def pieces(members: Iterable[str], given: Sequence[Tie]) -> list[set[str]]:
    """The parts of a network: what can be reached, by hand."""
    left, found = set(members), []
    while left:
        piece, more = set(), {min(left)}
        while more:
            piece |= more
            more = {b for tie in given for a, b in (tie[:2], tie[1::-1]) if a in more and b in left} - piece
        found.append(piece)
        left -= piece
    return found


def test_figures_of_a_small_network() -> None:
    # Two triangles that d alone connects, and a pair of their own. Mutual: ab/ba and xy/yx.
    found = network_of([*ties("ab", "ba", "bc", "ca", "cd", "de", "ef", "fg", "ge", "xy", "yx"), Tie("a", "c", 5)])
    assert (found.members, found.ties, found.times, found.mutual) == (9, 12, 16, 6)
    assert (found.parts, found.largest_part) == (2, 7)
    assert (found.absence_factor, found.bridging_members) == (2, 3)
    assert list(found.bridges) == [Bridge("d", 3, 7), Bridge("c", 2, 7), Bridge("e", 2, 7)]


def test_a_star_falls_apart_without_its_middle_and_a_ring_without_nobody() -> None:
    assert list(network_of(ties("ab", "ac", "ad")).bridges) == [Bridge("a", 2, 4)]
    assert list(network_of(ties("ab", "bc", "cd", "da")).bridges) == []
    assert network_of([]).largest_part == 0


def test_bridges_are_those_that_taking_each_away_finds() -> None:
    chance = random.Random(3)
    for _ in range(150):
        members = "abcdefghij"[: chance.randint(2, 10)]
        given = sorted({Tie(*chance.sample(members, 2), 1) for _ in range(chance.randint(1, 12))})
        there = {one for tie in given for one in tie[:2]}
        wanted = set()
        for part in pieces(there, given):
            for member in part:
                rest = [tie for tie in given if member not in tie[:2]]
                sizes = [len(piece) for piece in pieces(part - {member}, rest)]
                if len(sizes) > 1:
                    wanted.add(Bridge(member, sum(sizes) - max(sizes), len(part)))
        found = network_of(given)
        assert set(found.bridges) == wanted
        assert found.parts == len(pieces(there, given))


def test_a_long_chain_needs_no_deep_recursion() -> None:
    chain = [Tie(f"{n:05}", f"{n + 1:05}", 1) for n in range(20_000)]
    assert network_of(chain).bridges[0].cut_off == 10_000
