"""Whether limits stand one within another: only then a total never falls because of what is done more.

Where two limits are over one rule, each window of the one must lie within a window of the other: its rules among
the other's, what it is counted by at least as fine, its time within the other's. A limit that counts awards must
be the inner one of a limit of points: an award that a day's points cut to a rest would use up a place of the week.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from services.scoring.limits.domain.windows import Kind, Limit, Within

#: The times that a time lies within, besides itself: a week may lie in two months.
_WIDER = {
    Within.DAY: {Within.WEEK, Within.MONTH, Within.YEAR, Within.EVER},
    Within.WEEK: {Within.EVER},
    Within.MONTH: {Within.YEAR, Within.EVER},
    Within.YEAR: {Within.EVER},
    Within.EVER: set(),
}


def is_within(inner: Limit, outer: Limit) -> bool:
    """Whether each window of `inner` lies in one of `outer`."""
    return (
        inner.rules <= outer.rules
        and (inner.by_other or not outer.by_other)
        and (inner.by_object or not outer.by_object)
        and (inner.within is outer.within or outer.within in _WIDER[inner.within])
        and (inner.kind is outer.kind or inner.kind is Kind.COUNT)
    )


def why_crossing(one: Limit, other: Limit) -> str | None:
    """Why two limits that are over one rule cross; None when they nest, or have no rule in common."""
    if not one.rules & other.rules or is_within(one, other) or is_within(other, one):
        return None
    if not (one.rules <= other.rules or other.rules <= one.rules):
        return "each is over a rule that the other is not over"
    if one.kind is not other.kind:
        count, points = (one, other) if one.kind is Kind.COUNT else (other, one)
        if is_within(points, _as_points(count)):
            return f"awards are counted ({count.words}) over more than the points are ({points.words})"
    return f"neither lies within the other: {one.words}, and {other.words}"


def _as_points(limit: Limit) -> Limit:
    return Limit(limit.id, limit.rules, Kind.POINTS, limit.most, limit.within, limit.by_other, limit.by_object)


def crossings(limits: Sequence[Limit]) -> Iterator[tuple[Limit, Limit, str]]:
    """The pairs of limits that cross, in their order, and why."""
    for one, other in combinations(limits, 2):
        why = why_crossing(one, other)
        if why is not None:
            yield one, other, why


def heaviest_first(limits: Iterable[Limit]) -> frozenset[str]:
    """The rules whose awards get room by weight and then by time: all that a limit of awards has to do with."""
    left = list(limits)
    found = {rule for limit in left if limit.kind is Kind.COUNT for rule in limit.rules}
    while joined := [limit for limit in left if limit.rules & found and not limit.rules <= found]:
        for limit in joined:
            found |= limit.rules
    return frozenset(found)
