"""What must never be otherwise, and how much of it was found otherwise: services look again and again."""

import time
from collections.abc import Mapping
from typing import Final

from prometheus_client import Gauge

#: Who was erased is known again.
ERASED_MEMBERS: Final = "erased_members"
#: More than so many are shown as so many.
DIFFERENCES_MAX_COUNT: Final = 100

INVARIANT_DIFFERENCES = Gauge(
    "plaudit_invariant_differences",
    "What was found that must never be, by the last look at each part of it; anything but 0 is an alarm",
    ["invariant"],
)
INVARIANTS_LOOKED = Gauge(
    "plaudit_invariants_looked_timestamp_seconds",
    "When this process looked last whether all is as it must be; 0 where another of the service does",
)


def show_differences(differences: Mapping[str, int]) -> None:
    """Show how much is not as it must be, by invariant, and that it was looked at now."""
    for invariant, count in differences.items():
        INVARIANT_DIFFERENCES.labels(invariant).set(count)
    INVARIANTS_LOOKED.set(time.time())
