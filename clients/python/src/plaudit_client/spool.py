"""Events that wait on disk while the platform is away."""

import itertools
import os
import time
from collections.abc import Sequence
from pathlib import Path

_SUFFIX = ".jsonl"


class Spool:
    """A directory with a file for each batch, oldest first; together at most `max_bytes`.

    Several processes may share it: at worst two send the same batch, and the second finds duplicates.
    """

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._numbers = itertools.count()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, events: Sequence[bytes]) -> bool:
        """Keep a batch; False where there is no room. Whole on disk when it returns. Raises OSError."""
        content = b"".join(event + b"\n" for event in events)
        if self.size_bytes() + len(content) > self._max_bytes:
            return False
        name = f"{time.time_ns():020d}-{os.getpid()}-{next(self._numbers)}"
        unfinished = self._directory / f"{name}.part"
        try:
            with unfinished.open("xb") as file:
                # What members did is nobody else's on this machine to read.
                unfinished.chmod(0o600)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(unfinished.with_suffix(_SUFFIX))
        except OSError:
            # It is tried again under another name: what was begun would fill a full disk further.
            unfinished.unlink(missing_ok=True)
            raise
        return True

    def oldest(self) -> Path | None:
        """The batch that has waited longest; None when none waits."""
        return min(self._files(), default=None)

    @staticmethod
    def read(batch: Path) -> list[bytes]:
        """The events of a batch; none where another process has sent it meanwhile. Raises OSError."""
        try:
            return batch.read_bytes().splitlines()
        except FileNotFoundError:
            return []

    @staticmethod
    def remove(batch: Path) -> None:
        """Forget a batch that was taken. Raises OSError."""
        batch.unlink(missing_ok=True)

    def size_bytes(self) -> int:
        """How much waits."""
        total = 0
        for file in self._files():
            try:
                total += file.stat().st_size
            except FileNotFoundError:
                continue
        return total

    def _files(self) -> list[Path]:
        return list(self._directory.glob(f"*{_SUFFIX}"))
