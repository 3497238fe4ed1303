"""Why the sandbox provider does not do what it is asked."""

from typing import Final

#: Of orders, and of payouts.
KEPT_MAX_COUNT: Final = 100_000


class OtherContentError(Exception):
    """The key has an order, or payout, with other content."""


class FullError(Exception):
    """It keeps as many as it can."""


class WrongStandingError(Exception):
    """An order or payout cannot become that from how it stands."""
