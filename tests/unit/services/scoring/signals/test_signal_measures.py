"""What the measures of giving come to, against figures that this code did not make."""

from fractions import Fraction

from services.scoring.signals.domain.measures import (
    concentration,
    effective_givers,
    insularity,
    insularity_of,
    reciprocity,
    strong_groups,
    weighted_reciprocity,
)

ARCS = {("a", "b"): 10, ("b", "a"): 8, ("a", "c"): 5, ("c", "a"): 1, ("c", "b"): 2}
MIXED = {("a", "b"): 1, ("b", "a"): 1, ("a", "c"): 1, ("c", "d"): 1, ("d", "a"): 1}


def ring(count: int, weight: int) -> dict[tuple[str, str], int]:
    names = [f"r{place}" for place in range(count)]
    return {(one, to): weight for one in names for to in names if one != to}


def test_reciprocity_is_the_share_of_arcs_whose_opposite_is_there() -> None:
    assert reciprocity(MIXED) == Fraction(2, 5)
    assert reciprocity({("a", "b"): 3}) == 0
    assert reciprocity({}) is None


def test_weighted_reciprocity_is_the_share_of_weight_that_comes_back() -> None:
    assert weighted_reciprocity(ARCS) == Fraction(18, 26)
    assert weighted_reciprocity({}) is None


def test_insularity_is_what_stays_of_what_a_group_gives_and_gets() -> None:
    alone = ring(3, 100)
    group = {"r0", "r1", "r2"}
    assert insularity_of(alone, group) == 1
    found = insularity_of(alone | {("bob", "r1"): 1}, group)
    assert found == Fraction(600, 601)
    assert round(float(found), 4) == 0.9983
    assert insularity(0, 0, 0) is None


def test_concentration_says_by_how_many_givers_it_would_be_as_concentrated() -> None:
    for weights, share, givers in (([100, 100], 0.5, 2.0), ([1] * 10, 0.1, 10.0), ([8, 1, 1], 0.66, 1.515)):
        found, effective = concentration(weights), effective_givers(weights)
        assert found is not None
        assert effective is not None
        assert (round(float(found), 4), round(float(effective), 3)) == (share, givers)
    assert concentration([]) is None
    assert effective_givers([]) is None
    # The largest of a whole: what is left out counts as nothing.
    assert concentration([8], 10) == Fraction(64, 100)


def test_strong_groups_are_of_arcs_that_are_strong_both_ways() -> None:
    assert strong_groups(MIXED, 1) == [frozenset({"a", "b"})]
    assert strong_groups(ARCS, 2) == [frozenset({"a", "b"})]
    assert strong_groups(ARCS, 11) == []
