"""What levels open: a right that any of them opens is closed to whoever has none that does."""

from collections.abc import Collection, Iterable

from shared.contracts.programme import Level, Right, opening


def is_open(levels: Iterable[Level], right: Right, *, held: Collection[str]) -> bool:
    """Whether a right is open to whoever has these levels, by their ids."""
    opened = opening(levels, right)
    return not opened or not set(opened).isdisjoint(held)
