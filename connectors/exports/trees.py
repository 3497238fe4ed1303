"""Records of JSON, of JSON Lines and of XML: one after the other, and nothing that grows without bounds."""

import io
from collections.abc import Iterator, Mapping
from typing import Any
from xml.parsers import expat

import orjson

from connectors.exports.contents import BadRow, Row, UnreadableError, mark_of

#: JSON is read as a whole.
JSON_MAX_BYTES = 128 * 1024 * 1024
LINE_MAX_BYTES = 1024 * 1024
#: An element of XML with all its attributes.
ELEMENT_MAX_BYTES = 4 * 1024 * 1024
CHUNK_BYTES = 64 * 1024


def of_json(stream: io.BufferedReader, each: str | None) -> Iterator[Row | BadRow]:
    """The objects of a list, of the list at a key, or the one that there is. Raises UnreadableError."""
    raw = stream.read(JSON_MAX_BYTES + 1)
    if len(raw) > JSON_MAX_BYTES:
        raise UnreadableError(f"it is larger than {JSON_MAX_BYTES:,} bytes; JSON Lines and CSV may be longer")
    read = _read(_utf8(raw))
    held = read.get(each) if each and isinstance(read, dict) else None
    many = read if isinstance(read, list) else held if isinstance(held, list) else [read]
    for number, one in enumerate(many, 1):
        if isinstance(one, dict):
            yield Row(f"record {number}", one)
        else:
            yield BadRow(f"record {number}", "it is not a JSON object")


def _read(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise UnreadableError(
            f"line {error.lineno}, column {error.colno}: this is not JSON ({error.msg})"
        ) from None


def _utf8(raw: bytes) -> bytes:
    """JSON in UTF-8, whatever a byte order mark says that it is in."""
    mark, encoding = mark_of(raw[:4])
    if encoding in (None, "utf-8"):
        return raw.removeprefix(mark)
    try:
        return raw.decode(str(encoding)).encode()
    except UnicodeError as error:
        raise UnreadableError(f"it is not {encoding}, as its first bytes say: {error}") from None


def of_json_lines(stream: io.BufferedReader) -> Iterator[Row | BadRow]:
    """The object of each line; a line that is none, or too long, is bad by itself."""
    number = 0
    while line := stream.readline(LINE_MAX_BYTES + 1):
        number += 1
        place = f"line {number}"
        if number == 1:
            line = line.removeprefix(mark_of(line[:4])[0])
        if len(line) > LINE_MAX_BYTES:
            while line and not line.endswith(b"\n"):
                line = stream.readline(LINE_MAX_BYTES)
            yield BadRow(place, f"the line is longer than {LINE_MAX_BYTES:,} bytes")
        elif line.strip():
            try:
                read = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                yield BadRow(place, f"column {error.colno}: this is not JSON ({error.msg})")
                continue
            yield Row(place, read) if isinstance(read, dict) else BadRow(place, "it is not a JSON object")


def of_xml(stream: io.BufferedReader) -> Iterator[Row | BadRow]:
    """The attributes of each element below the root, as it is read. Raises UnreadableError.

    A document type is refused, and with it every entity that could grow or fetch something.
    """
    rows = _Rows()
    while chunk := stream.read(CHUNK_BYTES):
        rows.feed(chunk)
        yield from rows.taken()
    rows.feed(b"", is_last=True)
    yield from rows.taken()


def root_of(stream: io.BufferedReader) -> str | None:
    """The name of an XML's root, of its first bytes; None for what is no XML."""
    rows = _Rows()
    try:
        rows.feed(stream.read(CHUNK_BYTES))
    except UnreadableError:
        return rows.root
    return rows.root


class _Rows:
    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._depth = 0
        self._found: list[Row | BadRow] = []
        self._pending_bytes = 0
        self.root: str | None = None

    def feed(self, chunk: bytes, *, is_last: bool = False) -> None:
        count = len(self._found)
        try:
            self._parser.Parse(chunk, is_last)
        except expat.ExpatError as error:
            where = f"line {error.lineno}, column {error.offset + 1}"
            raise UnreadableError(f"{where}: this is not XML ({expat.ErrorString(error.code)})") from None
        self._pending_bytes = 0 if len(self._found) > count else self._pending_bytes + len(chunk)
        if self._pending_bytes > ELEMENT_MAX_BYTES:
            line = self._parser.CurrentLineNumber
            raise UnreadableError(f"line {line}: an element is longer than {ELEMENT_MAX_BYTES:,} bytes")

    def taken(self) -> list[Row | BadRow]:
        """What was found since."""
        found, self._found = self._found, []
        return found

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self.root = name
        elif self._depth == 2:
            self._found.append(Row(f"line {self._parser.CurrentLineNumber}", dict(attributes)))

    def _end(self, _name: str) -> None:
        self._depth -= 1

    def _doctype(self, *_declared: Any) -> None:
        line = self._parser.CurrentLineNumber
        raise UnreadableError(
            f"line {line}: it declares a document type, which no export has: entities are not read"
        )


def records_of(form: str, stream: io.BufferedReader, each: str | None = None) -> Iterator[Row | BadRow]:
    """The records of a file of XML, JSON or JSON lines; `each` is where in a file of JSON they lie."""
    if form == "xml":
        return of_xml(stream)
    return of_json(stream, each) if form == "json" else of_json_lines(stream)
