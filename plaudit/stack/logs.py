"""The logs of a stack's processes: each writes its own file, which is rotated by size under it and read back here.

A process writes to its file itself, not through the supervisor, so it outlives a supervisor that is killed.
"""

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from shared.contracts.texts import written_out

MAX_LOG_BYTES = 10 * 1024 * 1024
KEPT_FILES_COUNT = 3
TAIL_BLOCK_BYTES = 64 * 1024
FOLLOW_SECONDS = 0.2


def open_private(path: Path, *, append: bool = True) -> IO[bytes]:
    """Opens a file for writing, at its end or anew; if it is made now, only its owner can read it."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC)
    return os.fdopen(os.open(path, flags, 0o600), "ab" if append else "wb")


def rotate(log: Path, max_bytes: int = MAX_LOG_BYTES, kept_count: int = KEPT_FILES_COUNT) -> bool:
    """Moves the content of a `log` of at least `max_bytes` to LOG.1, that to LOG.2 and so on; True if it did.

    The file stays the same one, opened for appending by its writer, so it is copied and emptied.
    """
    if not log.exists() or log.stat().st_size < max_bytes:
        return False
    for number in range(kept_count - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    with log.open("rb") as file, open_private(log.with_name(f"{log.name}.1"), append=False) as copy:
        shutil.copyfileobj(file, copy)
    with log.open("r+b") as file:
        file.truncate(0)
    return True


def tail(log: Path, lines_count: int) -> list[str]:
    """The last lines of `log`, without reading all of a long file; none when there is no such file."""
    if lines_count <= 0 or not log.exists():
        return []
    with log.open("rb") as file:
        position, content = file.seek(0, 2), b""
        while position > 0 and content.count(b"\n") <= lines_count:
            start = max(0, position - TAIL_BLOCK_BYTES)
            file.seek(start)
            content = file.read(position - start) + content
            position = start
    lines = content.decode(errors="replace").split("\n")
    return [_shown(line) for line in (lines[:-1] if lines[-1] == "" else lines)[-lines_count:]]


def follow(logs: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """Yields (name, line) for every line that is added to one of `logs` after this call, without end."""
    return _added(logs, {name: _size(log) for name, log in logs.items()})


def _added(logs: Mapping[str, Path], positions: dict[str, int]) -> Iterator[tuple[str, str]]:
    while True:
        for name, log in logs.items():
            # A log that became shorter was rotated: what is in it now is new.
            if _size(log) < positions[name]:
                positions[name] = 0
            if _size(log) > positions[name]:
                with log.open("rb") as file:
                    file.seek(positions[name])
                    content, newline, _ = file.read().rpartition(b"\n")
                positions[name] += len(content) + len(newline)
                for line in content.split(b"\n") if newline else ():
                    yield name, _shown(line.decode(errors="replace"))
        time.sleep(FOLLOW_SECONDS)


def _shown(line: str) -> str:
    """A line as it may be printed: Kafka and PostgreSQL write down what they are sent as it came."""
    return written_out(line.removesuffix("\r").expandtabs())


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0
