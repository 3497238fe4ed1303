"""Does a consumer loop get on? It hangs when records wait and no batch is finished, whatever the cause."""

import time
from collections.abc import Callable


class Progress:
    """When a batch was last finished, or nothing waited."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._waits = False

    def finished(self) -> None:
        """A batch, or a part of one, was finished: the time is taken anew."""
        self._since = self._clock()

    def idle(self) -> None:
        """No records wait."""
        self._since = self._clock()
        self._waits = False

    def waits(self) -> None:
        """Records wait to be processed."""
        self._waits = True

    def stalled_seconds(self) -> float:
        """How long records have been waiting with no batch finished; 0 when none wait."""
        return self._clock() - self._since if self._waits else 0.0
