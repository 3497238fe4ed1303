"""CloudEvents in JSON, one a line (JSON Lines), gzipped or not, sent as they are.

The ingest service judges them; only a line that is no JSON object is stopped here.
"""

import codecs
from collections.abc import Iterator
from typing import IO, cast

import orjson

from plaudit.importers.records import Bad, Input, Mapped, Record, Source, SourceError

LINE_MAX_BYTES = 1024 * 1024


def open_lines(path: str) -> Source:
    """The lines of a file as a source of records. Raises SourceError when it can't be opened."""
    source_input = Input(path)

    def records() -> Iterator[Record]:
        try:
            yield from _records(path, _in_utf8(source_input))
        finally:
            source_input.close()

    return Source(records(), source_input.total, source_input.position)


def _in_utf8(source_input: Input) -> IO[bytes]:
    """The lines in UTF-8, whatever the file's byte order mark says that they are in."""
    if source_input.encoding in (None, "utf-8"):
        return source_input.stream
    return cast(IO[bytes], codecs.EncodedFile(source_input.stream, "utf-8", source_input.encoding))


def _records(path: str, stream: IO[bytes]) -> Iterator[Record]:
    number = 0
    while True:
        try:
            line = stream.readline(LINE_MAX_BYTES + 1)
            number += 1
            place = f"line {number}"
            if len(line) > LINE_MAX_BYTES:
                while line and not line.endswith(b"\n"):
                    line = stream.readline(LINE_MAX_BYTES)
                yield Bad(place, f"the line is longer than {LINE_MAX_BYTES} bytes")
                continue
        except EOFError:
            raise SourceError(f"{path}: the gzip file ends in the middle; get it again") from None
        except (OSError, UnicodeError) as error:
            raise SourceError(f"{path}: after line {number}: {error}") from None
        if not line:
            return
        if line.strip():
            yield _record(place, line)


def _record(place: str, line: bytes) -> Record:
    try:
        event = orjson.loads(line)
    except ValueError:
        return Bad(place, "the line is not JSON")
    if not isinstance(event, dict):
        return Bad(place, "the line is not a JSON object")
    return Mapped(place, event)
