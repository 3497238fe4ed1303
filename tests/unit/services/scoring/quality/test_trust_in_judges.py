"""Whom others trust to judge: known answers of EigenTrust, and rings that like themselves."""

from fractions import Fraction

import pytest

from services.scoring.quality.domain.trust import Likes, shares, trusts
from services.scoring.quality.domain.weighing import FULL_TRUST, Sums, score_of, weight_of

#: A moderator, two members who found one another's answers good, and a ring of three.
RING = ("r1", "r2", "r3")
ATTACK: Likes = {
    "mod": {"ann": 4, "bob": 2},
    "ann": {"bob": 3, "mod": 1},
    "bob": {"ann": 3, "mod": 1},
    **{one: {other: 100 for other in RING if other != one} for one in RING},
}
CARELESS: Likes = {**ATTACK, "bob": {"ann": 3, "mod": 1, "r1": 1}}
EVERYBODY = tuple(ATTACK)


@pytest.mark.parametrize(
    ("likes", "seeds", "seeds_share", "wanted"),
    [
        (ATTACK, ("mod",), 0.1, {"mod": 0.2653, "ann": 0.3911, "bob": 0.3436, "r1": 0, "r2": 0, "r3": 0}),
        (ATTACK, EVERYBODY, 0.1, {"mod": 0.1054, "ann": 0.2067, "bob": 0.1878, "r1": 0.1667, "r2": 0.1667}),
        (CARELESS, ("mod",), 0.1, {"mod": 0.1885, "ann": 0.2260, "bob": 0.2091, "r1": 0.1428, "r2": 0.1168}),
    ],
)
def test_trust_is_what_the_reference_says(
    likes: Likes, seeds: tuple[str, ...], seeds_share: float, wanted: dict[str, float]
) -> None:
    found = shares(likes, seeds, seeds_share=seeds_share)
    assert {name: round(found[name], 4) for name in wanted} == wanted
    assert sum(found.values()) == pytest.approx(1)


@pytest.mark.parametrize(("seeds_share", "together"), [(0.1, 0.376), (0.3, 0.109), (0.5, 0.036)])
def test_one_careless_like_gives_a_ring_less_the_more_is_the_seeds(seeds_share: float, together: float) -> None:
    found = shares(CARELESS, ("mod",), seeds_share=seeds_share)
    assert round(sum(found[one] for one in RING), 3) == together


def test_nobody_is_trusted_where_nobody_is_a_seed_or_passes_it_on() -> None:
    assert trusts(ATTACK, ()) == {}
    assert set(trusts(ATTACK, ("mod",))) == {"mod", "ann", "bob"}
    assert trusts({}, ("mod",)) == {"mod": FULL_TRUST}
    # What is against somebody passes no trust on.
    assert trusts({"mod": {"ann": 0}}, ("mod",)) == {"mod": FULL_TRUST}


def test_a_seed_is_trusted_in_full_and_who_they_find_good_in_part() -> None:
    found = trusts(ATTACK, ("mod",))
    assert found["mod"] == FULL_TRUST
    assert 0 < found["bob"] < found["ann"] < FULL_TRUST


def attacked(size: int, *, careless: str | None) -> tuple[int, Fraction]:
    """How far a ring is trusted together, in thousandths, and what all its posts are worth.

    Each of it likes ten posts of each other, beside an honest community.
    """
    honest = [f"h{number}" for number in range(40)]
    likes: dict[str, dict[str, int]] = {"mod": dict.fromkeys(honest[:20], 100)}
    for place, one in enumerate(honest):
        likes[one] = {honest[(place + step) % len(honest)]: 100 for step in (1, 3, 7)}
    ring = [f"r{number}" for number in range(size)]
    for one in ring:
        likes[one] = {other: 1_000 for other in ring if other != one}
    if careless is not None:
        likes[careless][ring[0]] = 100
    found = trusts(likes, ("mod",))
    of_ring = [found.get(one, 0) for one in ring]
    posts = []
    for author in range(size):
        # Each of the others judges the author's ten posts, one after the other.
        for turn in range(1, 11):
            weights = [
                weight_of(trust=trust, kind_percent=100, percent_up=100, turn=turn)
                for place, trust in enumerate(of_ring)
                if place != author
            ]
            posts.append(Sums(sum(one.plus for one in weights), sum(one.total for one in weights)))
    return sum(of_ring), score_of(posts)


@pytest.mark.parametrize("size", [3, 5, 10, 20, 30])
def test_a_ring_without_a_like_from_outside_is_worth_nothing(size: int) -> None:
    assert attacked(size, careless=None) == (0, 0)


#: The same with one like from outside, by who liked, then by the ring's size; as docs/quality.md says.
WITH_ONE_LIKE = {
    "h0": {3: (6, "0.008"), 5: (8, "0.021"), 10: (3, "0.018"), 20: (3, "0.038"), 30: (3, "0.058")},
    "mod": {3: (49, "0.065"), 5: (46, "0.122"), 10: (52, "0.308"), 20: (43, "0.539"), 30: (53, "1.012")},
}


@pytest.mark.parametrize("size", [3, 5, 10, 20, 30])
@pytest.mark.parametrize("careless", list(WITH_ONE_LIKE))
def test_with_one_careless_like_each_of_a_ring_is_worth_a_tenth_of_one_good_answer_at_most(
    careless: str, size: int
) -> None:
    trust, worth = attacked(size, careless=careless)
    assert (trust, f"{float(worth):.3f}") == WITH_ONE_LIKE[careless][size]
    # One accepted answer with two votes is worth 0.5714.
    assert worth / size < Fraction(5714, 100_000)
