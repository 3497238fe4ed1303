"""How far members are trusted to judge, after EigenTrust (Kamvar, Schlosser, Garcia-Molina 2003).

Trust comes from outside: from members whom the community trusts by itself, its seeds. Each passes on what it has
to those whose content it found good, in proportion. Half of all trust goes back to the seeds in each round: with
the usual tenth a ring that likes itself keeps what one careless like brings it: more than a third of all.
"""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from services.scoring.quality.domain.weighing import FULL_TRUST
from shared.contracts.programme import Programme, TrustedMembers, opening


class Trusting(NamedTuple):
    """Whom a programme has trusted by themselves: `members` that it names, and whoever has one of the `levels`."""

    members: TrustedMembers
    levels: tuple[str, ...] = ()


def trusting(programme: Programme | None) -> Trusting | None:
    """Whom a programme has trusted; None where it measures no quality."""
    if programme is None or programme.quality is None:
        return None
    return Trusting(programme.quality.trusted, opening(programme.recognition.levels, "judge"))


#: Which share of all trust is the seeds' in each round.
SEEDS_SHARE: Final = 0.5
#: After so many rounds nothing changes by more than a thousand millionth: each halves what is left to change.
ROUNDS_MAX_COUNT: Final = 200
_CLOSE: Final = 1e-12

#: How much each found of others good, by whom and whose.
Likes = Mapping[str, Mapping[str, int]]


def shares(likes: Likes, seeds: Collection[str], *, seeds_share: float = SEEDS_SHARE) -> dict[str, float]:
    """The share of all trust that each member has; together 1. Without seeds nobody has any.

    Members who found nothing good pass theirs on to the seeds.
    """
    if not seeds:
        return {}
    prior = 1 / len(seeds)
    members = sorted({*seeds, *likes, *(one for liked in likes.values() for one in liked)})
    weights: dict[str, list[tuple[str, float]]] = {}
    for judge, liked in sorted(likes.items()):
        whole = sum(weight for weight in liked.values() if weight > 0)
        if whole:
            weights[judge] = [(author, weight / whole) for author, weight in sorted(liked.items()) if weight > 0]
    found = dict.fromkeys(seeds, prior)
    for _ in range(ROUNDS_MAX_COUNT):
        passed = dict.fromkeys(members, 0.0)
        silent = 0.0
        for member in members:
            has = found.get(member, 0.0)
            if not has:
                continue
            to = weights.get(member)
            if to is None:
                silent += has
                continue
            for author, share in to:
                passed[author] += has * share
        following = {member: (1 - seeds_share) * part for member, part in passed.items()}
        of_seed = prior * ((1 - seeds_share) * silent + seeds_share)
        for seed in seeds:
            following[seed] += of_seed
        change = sum(abs(following[member] - found.get(member, 0.0)) for member in members)
        found = following
        if change < _CLOSE:
            break
    return found


def trusts(likes: Likes, seeds: Collection[str]) -> dict[str, int]:
    """How far each is trusted, in thousandths: in full who has what a seed has by itself. None has 0."""
    own_share = SEEDS_SHARE / len(seeds) if seeds else 1.0
    found = shares(likes, seeds)
    whole = {member: min(FULL_TRUST, round(FULL_TRUST * share / own_share)) for member, share in found.items()}
    return {member: trust for member, trust in sorted(whole.items()) if trust > 0}
