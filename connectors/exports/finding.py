"""Which export files are of: those of a connector that knows most of them, or why none does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.compiled import Connector
from connectors.exports import compiled
from connectors.exports.contents import Content, Reading, Row, UnreadableError
from connectors.exports.tables import Table
from connectors.exports.trees import records_of, root_of


@dataclass(frozen=True, slots=True)
class Part:
    """A file of an export: which of them it is, and what its path names."""

    file: compiled.File
    content: Content
    named: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """An export of a connector, with the files of it that are there, in the order of the connector's file."""

    connector: Connector
    export: compiled.Export
    parts: Sequence[Part]
    contents: Sequence[Content]
    #: Files that are none of the export's.
    others: Sequence[Content]


def find(
    connectors: Sequence[Connector],
    contents: Sequence[Content],
    reading: Reading | None = None,
    beside: Sequence[Content] = (),
) -> list[Found]:
    """The exports that files are of: those that know most of them. Several cannot be told apart.

    `beside` are files that lie beside them: what others refer to may be among them.
    Raises UnreadableError for a file that cannot be read at all.
    """
    found = []
    for connector in connectors:
        for export in connector.exports:
            parts = [part for part in (_part(export, one, reading or Reading()) for one in contents) if part]
            if parts:
                order = {id(file): number for number, file in enumerate(export.files)}
                parts.sort(key=lambda part: (order[id(part.file)], part.content.name))
                known = {id(part.content) for part in parts}
                others = [
                    one
                    for one in contents
                    if id(one) not in known and not any(t.name.fullmatch(one.name) for t in export.tables.values())
                ]
                near = [one for one in beside if any(t.name.fullmatch(one.name) for t in export.tables.values())]
                found.append(Found(connector, export, parts, [*contents, *near], others))
    most = max((len(one.parts) for one in found), default=0)
    return [one for one in found if len(one.parts) == most]


def _part(export: compiled.Export, content: Content, reading: Reading) -> Part | None:
    for file in export.files:
        named = next(filter(None, (name.fullmatch(content.name) for name in file.names)), None)
        if named and (file.document.name != "*" or _has(file, content, reading)):
            return Part(file, content, {name: value for name, value in named.groupdict().items() if value})
    return None


def _has(file: compiled.File, content: Content, reading: Reading) -> bool:
    """Whether a file is what it would have to be, by its first record."""
    read = file.document
    with content.open() as stream:
        if read.form == "xml":
            return root_of(stream) in read.has
        try:
            if read.form == "csv":
                Table(stream, read, reading)
                return True
            rows = records_of(read.form, stream, read.each)
            first = next((row.fields for row in rows if isinstance(row, Row)), None)
        except UnreadableError:
            return False
    return first is not None and all(_path(first, path) for path in read.has)


def _path(fields: Any, path: str) -> bool:
    for step in path.split("."):
        if not isinstance(fields, Mapping) or step not in fields:
            return False
        fields = fields[step]
    return True


def why_not(connector: Connector, content: Content, reading: Reading) -> str:
    """Why a file is none of a connector's exports, as far as it can be said."""
    tables = [
        file.document for export in connector.exports for file in export.files if file.document.form == "csv"
    ]
    if len(tables) == 1:
        with content.open() as stream:
            try:
                Table(stream, tables[0], reading)
            except UnreadableError as error:
                return str(error)
    known = "; ".join(
        ", ".join(
            " or ".join(file.document.names)
            if file.document.name != "*"
            else f"a file of {file.document.form.replace('_', ' ')} with {', '.join(file.document.has)}"
            for file in export.files
        )
        for export in connector.exports
    )
    return f"it is none of the files of {connector.document.title}'s export: {known}"
