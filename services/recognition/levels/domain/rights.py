"""What levels open: a right that any of them opens is closed to whoever has none that does."""

from collections.abc import Collection, Iterable

from shared.contracts.programme import Level, Right


def opening(levels: Iterable[Level], right: Right) -> frozenset[str]:
    """The ids of the levels that open a right; none where it is open to everybody."""
    return frozenset(level.id for level in levels if right in (level.opens or ()))


def is_open(levels: Iterable[Level], right: Right, *, held: Collection[str]) -> bool:
    """Whether a right is open to whoever has these levels, by their ids."""
    opened = opening(levels, right)
    return not opened or not opened.isdisjoint(held)
