"""Files of an export where they lie: by themselves, in folders, zipped. Nothing is unpacked onto the disk.

What says that it is small and is not is stopped: a zip by what it says of itself, all else while it is read.
"""

import contextlib
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, cast

from connectors.exports.contents import UnreadableError
from plaudit.importers.records import GZIP_MAGIC, SourceError

FILES_MAX_COUNT = 200_000
BESIDE_MAX_COUNT = 1_000
#: What is packed may become so many times as large. Text does not by far; made to burst it does.
RATIO_MAX = 200
#: Below this nobody minds.
RATIO_FREE_BYTES = 100 * 1024 * 1024
ZIP_MAGIC = b"PK\x03\x04"
#: What is no file of an export, and what to do with it, by its first bytes.
_OTHERS = {
    b"7z\xbc\xaf\x27\x1c": "it is a 7z archive; unpack it first (7z x FILE)",
    b"Rar!\x1a\x07": "it is a RAR archive; unpack it first",
    b"\xfd7zXZ\x00": "it is packed by xz; unpack it first (xz -d FILE)",
    b"BZh": "it is packed by bzip2; unpack it first (bunzip2 FILE)",
    b"\xd0\xcf\x11\xe0": "it is a workbook; save it as CSV in UTF-8",
    b"%PDF": "it is a PDF; export it as CSV",
}


@dataclass
class Progress:
    """How many bytes of files were read, of how many there are."""

    total_bytes: int = 0
    read_bytes: int = 0


@dataclass(frozen=True)
class _File:
    """A file in a folder, or by itself; gzipped or not."""

    name: str
    path: Path
    progress: Progress = field(compare=False)

    def open(self) -> io.BufferedReader:
        try:
            raw = self.path.open("rb")
        except OSError as error:
            raise UnreadableError(f"{self.path}: {error.strerror or error}") from None
        first = raw.peek(8)[:8]
        for magic, what in _OTHERS.items():
            if first.startswith(magic):
                raw.close()
                raise UnreadableError(what)
        if not first.startswith(GZIP_MAGIC):
            return _counted(raw, self.progress, None)
        size = self.path.stat().st_size
        return _counted(gzip.GzipFile(fileobj=raw), self.progress, size, raw)


@dataclass(frozen=True)
class _Member:
    """A file within a zip."""

    name: str
    archive: Path
    info: zipfile.ZipInfo
    progress: Progress = field(compare=False)

    def open(self) -> io.BufferedReader:
        archive = zipfile.ZipFile(self.archive)
        try:
            stream = archive.open(self.info)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
            archive.close()
            raise UnreadableError(f"it cannot be unpacked: {error}") from None
        return _counted(stream, self.progress, self.info.compress_size, archive)


def contents(paths: Sequence[Path], progress: Progress | None = None) -> list[Any]:
    """The files that paths name: themselves, what lies in folders, and what is in a zip, in order of name.

    Raises SourceError for what is not there, or is made to burst.
    """
    progress = progress or Progress()
    found: list[Any] = []
    for path in paths:
        try:
            found.extend(_at(path, progress))
        except OSError as error:
            raise SourceError(f"{path}: {error.strerror or error}") from None
        if len(found) > FILES_MAX_COUNT:
            raise SourceError(f"{path}: there are more than {FILES_MAX_COUNT:,} files")
    return found


def beside(paths: Sequence[Path]) -> list[Any]:
    """The files that lie in the same folders as files that are given by themselves, and are not."""
    given, found = {path.absolute() for path in paths}, list[Any]()
    for folder in dict.fromkeys(path.absolute().parent for path in paths if path.is_file()):
        with contextlib.suppress(OSError):
            others = (one for one in sorted(folder.iterdir()) if one.is_file() and one.absolute() not in given)
            found.extend(_File(one.name, one, Progress()) for one in islice(others, BESIDE_MAX_COUNT))
    return found


def _at(path: Path, progress: Progress) -> Iterator[Any]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            name = file.relative_to(path)
            if file.is_file() and not any(part.startswith(".") for part in name.parts):
                progress.total_bytes += file.stat().st_size
                yield _File(name.as_posix(), file, progress)
        return
    with path.open("rb") as stream:
        is_zip = stream.read(4) == ZIP_MAGIC
    if is_zip:
        yield from _members(path, progress)
    else:
        progress.total_bytes += path.stat().st_size
        yield _File(path.name, path, progress)


def _members(path: Path, progress: Progress) -> Iterator[_Member]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, ValueError) as error:
        raise SourceError(f"{path}: it is no whole zip archive ({error}); get it again") from None
    names = {info.filename for info in infos}
    if "[Content_Types].xml" in names:
        raise SourceError(f"{path}: it is a workbook; save it as CSV in UTF-8")
    if len(infos) > FILES_MAX_COUNT:
        raise SourceError(f"{path}: it holds more than {FILES_MAX_COUNT:,} files")
    whole = sum(info.file_size for info in infos)
    if whole > RATIO_FREE_BYTES and whole > RATIO_MAX * path.stat().st_size:
        raise SourceError(f"{path}: it says to become {whole:,} bytes, more than {RATIO_MAX} times its size")
    for info in sorted(infos, key=lambda one: one.filename):
        parts = info.filename.split("/")
        if info.is_dir() or parts[0] == "__MACOSX" or any(part.startswith(".") for part in parts):
            continue
        progress.total_bytes += info.file_size
        yield _Member(info.filename, path, info, progress)


def _counted(stream: Any, progress: Progress, packed_bytes: int | None, *held: Any) -> io.BufferedReader:
    return io.BufferedReader(cast(Any, _Counting(stream, progress, packed_bytes, held)), 256 * 1024)


class _Counting(io.RawIOBase):
    """Passes reads on, counts them, and stops what becomes far larger than it was packed."""

    def __init__(self, stream: Any, progress: Progress, packed_bytes: int | None, held: Sequence[Any]) -> None:
        self._inner, self._progress, self._held = stream, progress, held
        self._max_bytes = None if packed_bytes is None else max(RATIO_FREE_BYTES, RATIO_MAX * packed_bytes)
        self._count_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            chunk: bytes = self._inner.read(len(buffer))
        except EOFError:
            raise UnreadableError("the packed file ends in the middle; get it again") from None
        except (OSError, zipfile.BadZipFile, zlib.error, ValueError) as error:
            raise UnreadableError(f"it cannot be read: {error}") from None
        buffer[: len(chunk)] = chunk
        self._count_bytes += len(chunk)
        self._progress.read_bytes += len(chunk)
        if self._max_bytes is not None and self._count_bytes > self._max_bytes:
            raise UnreadableError(f"it becomes more than {RATIO_MAX} times as large as it was packed")
        return len(chunk)

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
            for one in self._held:
                one.close()
        super().close()
