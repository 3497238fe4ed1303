"""Ids within a programme: what a section declares of its own, and the check of a whole programme against that."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from shared.contracts.programme.section import Section

#: Where a value is in a programme: names of fields and places in lists.
Path = tuple[str | int, ...]


class Ids(NamedTuple):
    """A list of a programme in which each item has an `id` of its own. `noun` is what an item is called."""

    path: tuple[str, ...]
    noun: str


class Reference(NamedTuple):
    """A field of a list's items that names an item of another list; `verb` is what the one does with the other."""

    source: Ids
    field: str
    verb: str
    target: Ids


class RepeatedId(NamedTuple):
    """An id that an earlier item of the list has already; the paths lead to both ids."""

    path: Path
    id: str
    earlier: Path

    def __str__(self) -> str:
        section = ".".join(str(part) for part in self.path[:-2])
        return f"{section}: the id {self.id!r} is used twice; ids must be unique"


class UnknownId(NamedTuple):
    """A field, where `path` leads, that names an item that isn't there; `known` are the ids that it could name."""

    path: Path
    id: str
    reference: Reference
    owner_id: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        source, _, verb, target = self.reference
        who = f"{'.'.join(source.path)}: {source.noun} {self.owner_id!r}"
        return f"{who} {verb} {target.noun} {self.id!r}, which is not there"


class IdsError(ValueError):
    """A programme has ids twice or names none that is there; `problems` has all of them, the message the first."""

    def __init__(self, problems: Sequence[RepeatedId | UnknownId]) -> None:
        super().__init__(str(problems[0]))
        self.problems = tuple(problems)


def check_ids(programme: Section, declared: Sequence[Ids], references: Sequence[Reference]) -> None:
    """Check the ids of a programme, of which each declared path leads to a list.

    Raises IdsError when an id is used twice in its list, or a reference names none of its target's.
    """
    items = {ids: _items(programme, ids) for ids in declared}
    problems: list[RepeatedId | UnknownId] = []
    for ids in declared:
        problems += _repeated(ids, items[ids])
    for reference in references:
        problems += _unknown(reference, items)
    if problems:
        raise IdsError(problems)


def _items(programme: Section, ids: Ids) -> Sequence[Any]:
    found: Any = programme
    for name in ids.path:
        found = getattr(found, name)
    listed: Sequence[Any] = found
    return listed


def _repeated(ids: Ids, items: Sequence[Any]) -> Iterator[RepeatedId]:
    first: dict[str, Path] = {}
    for index, item in enumerate(items):
        path: Path = (*ids.path, index, "id")
        if first.setdefault(item.id, path) != path:
            yield RepeatedId(path, item.id, first[item.id])


def _unknown(reference: Reference, items: Mapping[Ids, Sequence[Any]]) -> Iterator[UnknownId]:
    known = tuple(item.id for item in items[reference.target])
    for index, item in enumerate(items[reference.source]):
        named = getattr(item, reference.field)
        if named is not None and named not in known:
            yield UnknownId((*reference.source.path, index, reference.field), named, reference, item.id, known)
