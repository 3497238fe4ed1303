"""YAML text → plain values that remember the line and column each of them was written at.

Scalars resolve by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema), because the
older reading turns the key `on` into a boolean and `1:30` into ninety. Everything a document of ours has no
use for is refused rather than interpreted: anchors and aliases (a few lines of them expand to gigabytes),
tags, merge keys, several documents, duplicate keys.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

DOCUMENT_MAX_BYTES = 256 * 1024
DEPTH_MAX_COUNT = 16
INTEGER_MAX_DIGITS = 18

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
#: What neither JSON documents in PostgreSQL nor UTF-8 can hold; escapes in quotes would bring it in.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
#: What the parser was at when it came upon the end of what is not closed, or not gone on with.
_OPENED = {
    "while scanning a quoted scalar",
    "while parsing a flow sequence",
    "while parsing a flow mapping",
    "while scanning a simple key",
}
#: What to do about what the parser says.
_HINTS = (
    ("mapping values", "put text that has `: ` in quotes, and each field on a line, indented like its neighbours"),
    ("expected ',' or", "a comma is missing, or a bracket is not closed"),
    ("end of stream", "the quote that opens here is not closed"),
    ("'-' indicator", "indent it like the lines that it belongs to; an item of a list begins with `- `"),
    ("expected key", "this belongs to no field: a bracket too many, text behind a quote, or another indentation"),
    ("start any token", "put text that begins with this in quotes"),
    ("unknown escape", "write a backslash twice in double quotes, or use single ones"),
    ("expected ':'", "a field is written `name: value`"),
)
#: A character of a scalar as it is written: escaped, or by itself.
_ESCAPED = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|\r\n|.)|.", re.DOTALL)
_DOUBLED = re.compile(r"''|.", re.DOTALL)
_PLAIN = re.compile(r".", re.DOTALL)
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
#: Escapes that are white space once read, or nothing.
_WHITE_ESCAPES = frozenset("ntrvfNLP_ \t\n\r")
_WORDS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the text: line and column from 1, `index` in characters from 0."""

    line: int
    column: int
    index: int


@dataclass(frozen=True, slots=True)
class Located:
    """The value of a document, and where each key and each value in it starts."""

    value: Any
    keys: dict[Path, Mark] = field(default_factory=dict)
    values: dict[Path, Mark] = field(default_factory=dict)


class YamlError(ValueError):
    """The text is not YAML that a document of ours may be written in; says where, and what to write instead."""

    def __init__(self, mark: Mark, path: Path, detail: str) -> None:
        super().__init__(detail)
        self.mark = mark
        self.path = path
        self.detail = detail


def read_yaml(text: str, *, begins_with: str = "programme") -> Located:
    """Read one YAML (or JSON) document of at most DOCUMENT_MAX_BYTES; `begins_with` is its first key.

    Raises YamlError when the text is too long, isn't YAML, or uses a construct that isn't allowed.
    """
    size_bytes = len(text.encode("utf-8", "surrogatepass"))
    if size_bytes > DOCUMENT_MAX_BYTES:
        raise YamlError(
            Mark(1, 1, 0), (), f"the text has {size_bytes} bytes; at most {DOCUMENT_MAX_BYTES} are read"
        )
    try:
        events = yaml.parse(text, Loader=_LOADER)
        return _document(events, begins_with)
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        mark = Mark(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1, len(before))
        raise YamlError(mark, (), f"a character that YAML does not allow ({error.reason})") from error
    except yaml.MarkedYAMLError as error:
        mark = _place(error)
        noticed = mark if error.problem_mark is None else _mark(error.problem_mark)
        if text[noticed.index : noticed.index + 1] == "\t":
            raise YamlError(noticed, (), "a tab; YAML is indented with spaces") from error
        context = f" ({error.context})" if error.context else ""
        hint = next((f"; {hint}" for said, hint in _HINTS if said in str(error.problem)), "")
        raise YamlError(mark, (), f"this is not YAML: {error.problem}{context}{hint}") from error
    except UnicodeEncodeError as error:
        raise YamlError(Mark(1, 1, 0), (), "the text is not valid Unicode") from error


def _place(error: yaml.MarkedYAMLError) -> Mark:
    """Where it is wrong: where something opens that is never closed, not on the line where that is noticed."""
    at, opened = error.problem_mark or error.context_mark, error.context_mark
    if opened is not None and at is not None and error.context in _OPENED and opened.line < at.line:
        at = opened
    return _mark(at) if at is not None else Mark(1, 1, 0)


def mark_within(text: str, start: Mark, value: str, offset: int) -> Mark:
    """Where character `offset` of a scalar's value stands in the text, however it is written.

    Folding, indentation and quotes change white space alone: what is not white space stands in the same order.
    """
    style = text[start.index : start.index + 1]
    at = start.index
    if style in {"|", ">"}:
        line_end = text.find("\n", at)
        at = len(text) if line_end < 0 else line_end + 1
    elif style in {"'", '"'}:
        at += 1
    written = {"'": _DOUBLED, '"': _ESCAPED}.get(style, _PLAIN)
    before = value[:offset]
    wanted = sum(not character.isspace() for character in before)
    passed = at
    for found in written.finditer(text, at):
        if _is_white(found[0]):
            continue
        if wanted == 0:
            at = found.start()
            break
        wanted -= 1
        passed = found.end()
    if offset >= len(value) or value[offset].isspace():
        # It stands in white space, or behind the value: so far behind what comes before it, on the same line.
        at, gap = passed, len(before) - len(before.rstrip())
        while gap and text[at : at + 1] == " ":
            at, gap = at + 1, gap - 1
    return _mark_at(text, start, at)


def _is_white(written: str) -> bool:
    if written[0] != "\\" or len(written) == 1:
        return written.isspace()
    if written[1] in "xuU":
        return chr(int(written[2:], 16)).isspace()
    return written[1] in _WHITE_ESCAPES


def _mark_at(text: str, start: Mark, index: int) -> Mark:
    breaks = list(_BREAK.finditer(text, start.index, index))
    if not breaks:
        return Mark(start.line, start.column + index - start.index, index)
    return Mark(start.line + len(breaks), index - breaks[-1].end() + 1, index)


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1, mark.index)


def _document(events: Iterator[Any], begins_with: str) -> Located:
    located = Located(None)
    value: Any = None
    documents = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise YamlError(_mark(event.start_mark), (), "one document only; remove this `---`")
        elif isinstance(event, yaml.NodeEvent):
            value = _node(event, events, (), located)
    if documents == 0:
        raise YamlError(Mark(1, 1, 0), (), f"the text is empty; a {begins_with} starts with `{begins_with}:`")
    return Located(value, located.keys, located.values)


def _node(event: Any, events: Iterator[Any], path: Path, located: Located) -> Any:
    mark = _mark(event.start_mark)
    if isinstance(event, yaml.AliasEvent):
        raise YamlError(mark, path, "aliases (`*name`) are not allowed; write the value out")
    if event.anchor is not None:
        raise YamlError(mark, path, "anchors (`&name`) are not allowed; remove it")
    if event.tag not in (None, "!"):
        raise YamlError(mark, path, f"tags are not allowed; remove `{event.tag}`")
    if len(path) > DEPTH_MAX_COUNT:
        raise YamlError(mark, path, f"nested deeper than {DEPTH_MAX_COUNT} levels")
    located.values[path] = mark
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event, path)
    if isinstance(event, yaml.SequenceStartEvent):
        return _sequence(events, path, located)
    return _mapping(events, path, located)


def _sequence(events: Iterator[Any], path: Path, located: Located) -> list[Any]:
    items: list[Any] = []
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            break
        items.append(_node(event, events, (*path, len(items)), located))
    return items


def _mapping(events: Iterator[Any], path: Path, located: Located) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        mark = _mark(event.start_mark)
        if not isinstance(event, yaml.ScalarEvent):
            raise YamlError(mark, path, "a key must be plain text")
        key = event.value
        _check_storable(event, path)
        if event.anchor is not None or event.tag not in (None, "!"):
            raise YamlError(mark, (*path, key), "anchors and tags are not allowed on a key")
        if key == "<<":
            raise YamlError(mark, (*path, key), "merge keys (`<<`) are not allowed; write the fields out")
        if key in entries:
            first = located.keys[(*path, key)].line
            raise YamlError(mark, (*path, key), f"`{key}` is given twice; the first is on line {first}")
        located.keys[(*path, key)] = mark
        entries[key] = _node(next(events), events, (*path, key), located)
    return entries


def _scalar(event: Any, path: Path) -> Any:
    text: str = event.value
    _check_storable(event, path)
    if event.style not in (None, ""):
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        if len(text) > INTEGER_MAX_DIGITS:
            raise YamlError(_mark(event.start_mark), path, "the number is too large")
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _check_storable(event: Any, path: Path) -> None:
    found = _UNSTORABLE.search(event.value)
    if found is not None:
        raise YamlError(_mark(event.start_mark), path, f"a character that cannot be kept, U+{ord(found[0]):04X}")
