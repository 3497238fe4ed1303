"""Whether limits stand one within another: only then a total never falls because of what is done more.

Where two limits are over one rule, each window of the one must lie within a window of the other: its rules among
the other's, what it is counted by at least as fine, its time within the other's. A limit that counts awards must
be the inner one of a limit of points: an award that a day's points cut to a rest would use up a place of the week.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from services.scoring.limits.domain.windows import Holder, Kind, Limit, Within

_BEYOND = {Within.CAMPAIGN, Within.EVER}
#: The times that a time lies within, besides itself: a week may lie in two months.
_WIDER: Mapping[Within, set[Within]] = {
    Within.HOUR: {Within.DAY, Within.WEEK, Within.MONTH, Within.QUARTER, Within.YEAR, *_BEYOND},
    Within.DAY: {Within.WEEK, Within.MONTH, Within.QUARTER, Within.YEAR, *_BEYOND},
    Within.WEEK: _BEYOND,
    Within.MONTH: {Within.QUARTER, Within.YEAR, *_BEYOND},
    Within.QUARTER: {Within.YEAR, *_BEYOND},
    Within.YEAR: _BEYOND,
    Within.CAMPAIGN: {Within.EVER},
    Within.EVER: set(),
}


def is_within(inner: Limit, outer: Limit) -> bool:
    """Whether each window of `inner` lies in one of `outer`."""
    return (
        inner.rules <= outer.rules
        and (inner.by_other or not outer.by_other)
        and (inner.by_object or not outer.by_object)
        and (outer.for_all or not inner.for_all)
        and (inner.within is outer.within or outer.within in _WIDER[inner.within])
        and (inner.kind is outer.kind or outer.kind is Kind.POINTS)
    )


def why_crossing(one: Limit, other: Limit) -> str | None:
    """Why two limits that are over one rule cross; None when they nest, or have no rule in common."""
    if not one.rules & other.rules or is_within(one, other) or is_within(other, one):
        return None
    if not (one.rules <= other.rules or other.rules <= one.rules):
        return "each is over a rule that the other is not over"
    if Kind.POINTS in (one.kind, other.kind) and one.kind is not other.kind:
        points, count = (one, other) if one.kind is Kind.POINTS else (other, one)
        if is_within(points, replace(count, kind=Kind.POINTS)):
            return f"awards are counted ({count.words}) over more than the points are ({points.words})"
    return f"neither lies within the other: {one.words}, and {other.words}"


def crossings(limits: Sequence[Limit]) -> Iterator[tuple[Limit, Limit, str]]:
    """The pairs of limits that cross, in their order, and why."""
    for one, other in combinations(limits, 2):
        why = why_crossing(one, other)
        if why is not None:
            yield one, other, why


def heaviest_first(limits: Iterable[Limit]) -> frozenset[str]:
    """The rules whose awards get room by weight and then by time: all that a limit of awards has to do with."""
    everything = list(limits)
    return joined(everything, {rule for limit in everything if limit.kind is Kind.COUNT for rule in limit.rules})


def joined(limits: Iterable[Limit], rules: Iterable[str]) -> frozenset[str]:
    """The rules, and all that share a limit with one of them, or with one of those."""
    left, found = list(limits), set(rules)
    while more := [limit for limit in left if limit.rules & found and not limit.rules <= found]:
        for limit in more:
            found |= limit.rules
    return frozenset(found)


def held(limits: Sequence[Limit]) -> list[Limit]:
    """The limits with whose their windows are.

    Where one is for everybody together, all that it has to do with are changed under one lock: so the windows of
    all of them are everybody's, of one object if all of them are counted by object.
    """
    holders: dict[str, Holder] = {}
    for limit in limits:
        if limit.for_all and not limit.rules <= holders.keys():
            rules = joined(limits, limit.rules)
            is_by_object = all(one.by_object for one in limits if one.rules & rules)
            holders |= dict.fromkeys(rules, Holder.OBJECT if is_by_object else Holder.EVERYBODY)
    if not holders:
        return list(limits)
    return [replace(limit, holder=holders.get(min(limit.rules), Holder.MEMBER)) for limit in limits]
