"""Measures of who gives to whom. They are exact, and have no value (None) where there is nothing to measure."""

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction

#: Weights of arcs, by who gives and who receives.
Arcs = Mapping[tuple[str, str], int]


def reciprocity(arcs: Arcs) -> Fraction | None:
    """The share of arcs whose opposite is there."""
    if not arcs:
        return None
    return Fraction(sum((to, one) in arcs for one, to in arcs), len(arcs))


def weighted_reciprocity(arcs: Arcs) -> Fraction | None:
    """The share of all weight that is given back (Squartini and others, 2013)."""
    weight = sum(arcs.values())
    if not weight:
        return None
    return Fraction(sum(min(given, arcs.get((to, one), 0)) for (one, to), given in arcs.items()), weight)


def insularity(inside: int, given: int, received: int) -> Fraction | None:
    """Of the weight that a group gave, or that was given into it, the share that stayed inside.

    `given` and `received` are what its members gave and received in all.
    """
    whole = given + received - inside
    return Fraction(inside, whole) if whole else None


def insularity_of(arcs: Arcs, group: Collection[str]) -> Fraction | None:
    """The same of arcs that are all there are."""
    return insularity(
        sum(weight for (one, to), weight in arcs.items() if one in group and to in group),
        sum(weight for (one, _), weight in arcs.items() if one in group),
        sum(weight for (_, to), weight in arcs.items() if to in group),
    )


def concentration(weights: Iterable[int], whole: int | None = None) -> Fraction | None:
    """The sum of the squares of the shares (Herfindahl and Hirschman): 1 where one has all.

    With `whole` the weights are the largest of that many; those left out are taken as nothing.
    """
    found = list(weights)
    whole = sum(found) if whole is None else whole
    return Fraction(sum(weight * weight for weight in found), whole * whole) if whole else None


def effective_givers(weights: Iterable[int], whole: int | None = None) -> Fraction | None:
    """By how many givers of equal weight it would be as concentrated."""
    found = concentration(weights, whole)
    return 1 / found if found else None


def strong_groups(arcs: Arcs, least: int) -> list[frozenset[str]]:
    """The groups of more than one that arcs of at least that weight make, both ways."""
    beside: dict[str, set[str]] = {}
    for (one, to), weight in arcs.items():
        if weight >= least and arcs.get((to, one), 0) >= least:
            beside.setdefault(one, set()).add(to)
    found: list[frozenset[str]] = []
    left = set(beside)
    while left:
        group = {min(left)}
        todo = list(group)
        while todo:
            more = beside[todo.pop()] - group
            group |= more
            todo += more
        left -= group
        found.append(frozenset(group))
    return found
