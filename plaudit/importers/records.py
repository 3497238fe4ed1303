"""What an importer reads: events, and what is not an event, each with its place in the source."""

import codecs
import gzip
import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from pydantic import ValidationError

from shared.contracts.activities import ACTIVITY_ADAPTER, faults

GZIP_MAGIC = b"\x1f\x8b"
#: How a file may say what its bytes are, longest first: the mark of UTF-32 begins with that of UTF-16.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class SourceError(Exception):
    """The source as a whole can't be read (any further); the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Mapped:
    """One event, and where in the source it came from ("line 17", "commit 3be5b81…")."""

    place: str
    event: Mapping[str, Any]


@dataclass(frozen=True)
class Bad:
    """Something that should have been an event and can't be; `reason` carries no values of the row."""

    place: str
    reason: str


@dataclass(frozen=True)
class Skipped:
    """Something that carries no activity worth counting."""

    place: str
    reason: str


@dataclass(frozen=True)
class Unsupported:
    """Something that may well be an activity, but of a kind that nobody has taught us to read."""

    place: str
    reason: str


Record = Mapped | Bad | Skipped | Unsupported


@dataclass(frozen=True)
class SamePerson:
    """Ids on the channel `code` that are one person's, as the source itself says, and the name to show."""

    ids: tuple[str, ...]
    name: str | None = None


@dataclass(frozen=True)
class Source:
    """A stream of records. `position` of `total` is how far reading has come, in any one unit.

    `people` is who the source says is the same: told before the first event, so that nobody becomes two members.
    """

    records: Iterator[Record]
    total: int | None = None
    position: Callable[[], int] = int
    people: Sequence[SamePerson] = ()


def checked(place: str, event: Mapping[str, Any]) -> Record:
    """The event if it keeps the contract of its type, or what is wrong with it, field by field.

    https://docs.pydantic.dev/latest/errors/errors/
    """
    try:
        ACTIVITY_ADAPTER.validate_python(event)
    except ValidationError as error:
        return Bad(place, explain(error))
    return Mapped(place, event)


def explain(error: ValidationError) -> str:
    """The first thing wrong, as "/data/actor/id: String should have at least 1 character"."""
    first = faults(error)[0]
    where = "/".join(map(str, first.place))
    return f"/{where}: {first.detail}" if where else first.detail


def _standard_input() -> Any:
    # Without its buffer, whose lock a thread that waits for input would hold when the process is told to end.
    return getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)


class Input:
    """A file, gzipped or not (told by its first bytes, not by its name); "-" is standard input.

    `encoding` is what a byte order mark says, None without one; that of UTF-8 is passed over. Raises SourceError
    when the file can't be opened.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            raw: IO[bytes] = _standard_input() if path == "-" else Path(path).open("rb")  # noqa: SIM115
            self.total = None if path == "-" else Path(path).stat().st_size
        except OSError as error:
            raise SourceError(f"{path}: {error.strerror or error}") from None
        self._raw = _Counting(raw)
        buffered = io.BufferedReader(self._raw, 1024 * 1024)
        zipped = buffered.peek(2)[:2] == GZIP_MAGIC
        stream = gzip.GzipFile(fileobj=buffered) if zipped else buffered
        self.stream = cast(IO[bytes], stream)
        try:
            first = stream.peek(4)[:4]
        except (EOFError, OSError):  # whoever reads on is told
            first = b""
        mark = next((one for one in _MARKS if first.startswith(one)), None)
        self.encoding = None if mark is None else _MARKS[mark]
        if mark == codecs.BOM_UTF8:
            stream.read(len(mark))

    def position(self) -> int:
        """How many bytes of the file as stored have been read."""
        return self._raw.count_bytes

    def close(self) -> None:
        self.stream.close()
        self._raw.close()


class _Counting(io.RawIOBase):
    """Passes reads on and counts bytes; `tell` of a compressed stream would cost a seek."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._inner = raw
        self.count_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        # read1 where there is one: a pipe gives what it has instead of blocking for a full buffer.
        read = getattr(self._inner, "read1", self._inner.read)
        chunk: bytes = read(len(buffer))
        buffer[: len(chunk)] = chunk
        self.count_bytes += len(chunk)
        return len(chunk)

    def close(self) -> None:
        if self._inner is not _standard_input():
            self._inner.close()
        super().close()
