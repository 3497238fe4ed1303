"""Exports made ready: every expression compiled once, file names as patterns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.closures import Scope, remembered
from connectors.env import Run
from connectors.exports import document
from connectors.leaves import Leaf, LeafOf, Path, PlaceError, ValueOf

#: What expressions over a record may read.
NAMES: Final = frozenset({"record", "records", "file", "before", "tables", "settings"})
_PLACE = re.compile(r"\{(?P<name>[a-z_]+)(?::(?P<kind>date))?\}|\*")
_KINDS = {None: "[^/]+?", "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}"}


@dataclass(frozen=True, slots=True)
class Gather:
    """Which records are one together, and in what order."""

    when: Leaf | None
    by: Leaf
    first: Leaf
    keep: Sequence[tuple[str, Leaf]]


@dataclass(frozen=True, slots=True)
class Made:
    """A delivery that can be made of a record."""

    each: Sequence[tuple[str, Leaf]]
    when: Leaf | None
    headers: Sequence[tuple[str, Leaf]]
    body: Run
    leaves: Sequence[Leaf]


@dataclass(frozen=True, slots=True)
class File:
    """A file of an export that can be recognised and cut."""

    document: document.File
    names: Sequence[re.Pattern[str]]
    gather: Gather | None
    made: Sequence[Made]


@dataclass(frozen=True, slots=True)
class Table:
    """What others refer to, by its key."""

    document: document.Table
    name: re.Pattern[str]
    key: Leaf


@dataclass(frozen=True, slots=True)
class Export:
    """An export that can be cut. `document` is what the connector's file says."""

    document: document.Export
    files: Sequence[File]
    tables: Mapping[str, Table]


def compile_export(
    read: document.Export, path: Path, settings: Mapping[str, object], leaf_of: LeafOf, value_of: ValueOf
) -> Export:
    """Make an export ready. Raises PlaceError at the first thing in it that cannot be used."""
    for number, name in enumerate(read.needs):
        if name not in settings:
            raise PlaceError((*path, "needs", number), f"there is no setting `{name}`")
    plain = Scope(NAMES - {"tables", "records", "before"})
    tables = {
        name: Table(one, pattern(one.file), leaf_of(one.key, (*path, "tables", name, "key"), plain))
        for name, one in read.tables.items()
    }
    scope = Scope(NAMES)
    for name, value in read.let.items():
        at = (*path, "let", name)
        if name in scope.names:
            raise PlaceError(at, f"`{name}` means something else already; take another name")
        run, leaves = value_of(value, at, scope)
        scope.lets[name] = remembered(run, name)
        scope.trees[name] = tuple(tree for leaf in leaves for tree in leaf.expression.trees)
        scope = scope.with_name(name)
    files = []
    for number, one in enumerate(read.files):
        at = (*path, "files", number)
        for place, name in enumerate(one.reads):
            if name not in tables:
                raise PlaceError((*at, "reads", place), f"there is no table `{name}`")
        gather = None if one.gather is None else _gather(one.gather, (*at, "gather"), scope, leaf_of)
        made = [
            _made(each, (*at, "deliveries", place), scope, leaf_of)
            for place, each in enumerate(one.deliveries or ())
        ]
        files.append(File(one, list(map(pattern, one.names)), gather, made))
    return Export(read, files, tables)


def _gather(read: document.Gather, path: Path, scope: Scope, leaf_of: LeafOf) -> Gather:
    when = None if read.when is None else leaf_of(read.when, (*path, "when"), scope)
    by, first = leaf_of(read.by, (*path, "by"), scope), leaf_of(read.first, (*path, "first"), scope)
    keep = [(name, leaf_of(text, (*path, "keep", name), scope)) for name, text in read.keep.items()]
    return Gather(when, by, first, keep)


def _made(read: document.Made, path: Path, scope: Scope, leaf_of: LeafOf) -> Made:
    each = []
    for name, text in (read.each or {}).items():
        at = (*path, "each", name)
        if name in scope.names:
            raise PlaceError(at, f"`{name}` means something else already; take another name")
        each.append((name, leaf_of(text, at, scope)))
        scope = scope.with_name(name)
    when = None if read.when is None else leaf_of(read.when, (*path, "when"), scope)
    headers = [
        (name.lower(), leaf_of(text, (*path, "headers", name), scope)) for name, text in read.headers.items()
    ]
    body, leaves = _body(read.body, (*path, "body"), scope, leaf_of)
    return Made(each, when, headers, body, leaves)


def _body(value: Any, path: Path, scope: Scope, leaf_of: LeafOf) -> tuple[Run, list[Leaf]]:
    """What a platform would have sent: as it is written, without what is null."""
    if isinstance(value, str):
        leaf = leaf_of(value, path, scope)
        return leaf.expression.run, [leaf]
    if isinstance(value, list):
        items = [_body(one, (*path, number), scope, leaf_of) for number, one in enumerate(value)]
        return _kept_list([run for run, _ in items]), [leaf for _, leaves in items for leaf in leaves]
    if isinstance(value, dict):
        fields = {name: _body(one, (*path, name), scope, leaf_of) for name, one in value.items()}
        runs = [(name, run) for name, (run, _) in fields.items()]
        return _kept_fields(runs), [leaf for _, leaves in fields.values() for leaf in leaves]
    return (lambda env: value), []


def _kept_list(runs: Sequence[Run]) -> Run:
    return lambda env: [value for run in runs if (value := run(env)) is not None]


def _kept_fields(runs: Sequence[tuple[str, Run]]) -> Run:
    return lambda env: {name: value for name, run in runs if (value := run(env)) is not None}


def pattern(name: str) -> re.Pattern[str]:
    """A pattern of the last parts of a path, in small letters or not, with the parts that it names."""
    text, at = "", 0
    for found in _PLACE.finditer(name):
        text += re.escape(name[at : found.start()])
        text += f"(?P<{found['name']}>{_KINDS[found['kind']]})" if found["name"] else "[^/]*"
        at = found.end()
    return re.compile(f"(?:.*/)?{text}{re.escape(name[at:])}", re.IGNORECASE | re.DOTALL)
