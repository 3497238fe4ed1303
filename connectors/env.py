"""What an expression is asked with: the values of one delivery, and the steps that are left for it."""

from collections.abc import Callable
from typing import Any, Final

from connectors.failures import MappingError

#: What all that runs for one delivery may take: loops, functions that go through text, activities.
DELIVERY_STEPS_MAX_COUNT = 2_000_000
#: Values by name. LEFT has the steps that are left for the delivery.
Env = dict[str, Any]
Run = Callable[[Env], Any]
LEFT: Final = "#left"
#: What stands for a named value that nobody asked for yet.
UNSET: Final = object()


def spend(env: Env, steps: int) -> None:
    """Take steps from what the delivery has left. Raises MappingError when there are not as many."""
    env[LEFT] -= steps
    if env[LEFT] < 0:
        raise MappingError(f"the delivery takes more than {DELIVERY_STEPS_MAX_COUNT:,} steps to map")
