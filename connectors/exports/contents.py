"""What an export is made of: files by name, wherever they lie, and what is cut from them."""

import codecs
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

#: How a file may say what its bytes are, longest first: the mark of UTF-32 begins with that of UTF-16.
MARKS: Mapping[bytes, str] = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class Content(Protocol):
    """A file: its name with the folders that it lies in, and its bytes, as often as they are asked for."""

    @property
    def name(self) -> str: ...

    def open(self) -> io.BufferedReader:
        """The bytes from the beginning. Raises UnreadableError."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A file that is only a text, as in the cases of a connector."""

    name: str
    text: str

    def open(self) -> io.BufferedReader:
        """The text in UTF-8."""
        return io.BufferedReader(io.BytesIO(self.text.encode()))


class UnreadableError(Exception):
    """A file that cannot be read any further; the message says where, what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read: `encoding` where they do not say it, `columns` that are called otherwise than known."""

    encoding: str | None = None
    columns: Mapping[str, str] | None = None


class Row(NamedTuple):
    """A record of a file and where it is: "line 17", "record 3"."""

    place: str
    fields: Any


class BadRow(NamedTuple):
    """What should be a record and cannot be read."""

    place: str
    reason: str


class Heading(NamedTuple):
    """A line of a table that is no record, such as a heading between two parts of it."""

    place: str


def mark_of(first: bytes) -> tuple[bytes, str | None]:
    """The byte order mark that bytes begin with, and the encoding that it says."""
    mark = next((one for one in MARKS if first.startswith(one)), b"")
    return mark, MARKS.get(mark)
