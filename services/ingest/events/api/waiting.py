"""Admission control: how many requests may wait for the broker at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Gauge


class TooManyWaitingError(Exception):
    """As many requests wait as may."""


class WaitingRequests:
    """Counts the requests that wait, up to a number. The gauge shows the count and decides nothing."""

    def __init__(self, gauge: Gauge) -> None:
        self._count = 0
        gauge.set_function(lambda: self._count)

    @contextmanager
    def one_more(self, *, max_count: int) -> Iterator[None]:
        """Count one request for as long as the block runs.

        Raises TooManyWaitingError, and does not run the block, when `max_count` wait already.
        """
        if self._count >= max_count:
            raise TooManyWaitingError
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1
