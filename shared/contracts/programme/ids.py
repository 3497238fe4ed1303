"""Ids within a programme: what a section declares of its own, and the check of a whole programme against that."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from shared.contracts.programme.section import Section

#: Where a value is in a programme: names of fields and places in lists.
Path = tuple[str | int, ...]


class Ids(NamedTuple):
    """A list of a programme in which each item has an `id` of its own. `noun` is what an item is called.

    One that `may_lack` has none where it is left out: then nothing can be named of it.
    """

    path: tuple[str, ...]
    noun: str
    may_lack: bool = False


class Reference(NamedTuple):
    """A field of a list's items that names an item of another list, or several; `verb` is what it does to them.

    `beside` are names that are always there.
    """

    source: Ids
    field: str
    verb: str
    target: Ids
    beside: tuple[str, ...] = ()


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
        source, _, verb, target, _ = self.reference
        who = f"{'.'.join(source.path)}: {source.noun} {self.owner_id!r}"
        return f"{who} {verb} {target.noun} {self.id!r}, which is not there"


class IdsError(ValueError):
    """A programme has ids twice or names none that is there; `problems` has all of them, the message the first."""

    def __init__(self, problems: Sequence[RepeatedId | UnknownId]) -> None:
        super().__init__(str(problems[0]))
        self.problems = tuple(problems)


def check_ids(programme: Section, declared: Sequence[Ids], references: Sequence[Reference]) -> None:
    """Check the ids of a programme.

    Raises IdsError when an id is used twice in its list, or a reference names none of its target's.
    """
    problems = id_problems(programme.model_dump(), declared, references)
    if problems:
        raise IdsError(problems)


def id_problems(
    document: Any, declared: Sequence[Ids], references: Sequence[Reference]
) -> list[RepeatedId | UnknownId]:
    """What is wrong with the ids of a programme as plain values; they need not be a valid programme's.

    What has no id to be compared is passed over, and nothing is said of references into a list of which not every
    item has one.
    """
    items = {ids: _items(document, ids) for ids in declared}
    problems: list[RepeatedId | UnknownId] = []
    for ids in declared:
        problems += _repeated(ids, items[ids])
    for reference in references:
        problems += _unknown(reference, items)
    return problems


def _items(document: Any, ids: Ids) -> Sequence[Any] | None:
    """The list, or None when there is none where it should be."""
    found = document
    for name in ids.path:
        found = _field(found, name)
    if found is None and ids.may_lack:
        return ()
    return found if isinstance(found, list) else None


def _field(item: Any, name: str) -> Any:
    return item.get(name) if isinstance(item, Mapping) else None


def _id(item: Any, name: str = "id") -> str | None:
    found = _field(item, name)
    return found if isinstance(found, str) else None


def _repeated(ids: Ids, items: Sequence[Any] | None) -> Iterator[RepeatedId]:
    first: dict[str, Path] = {}
    for index, item in enumerate(items or ()):
        path: Path = (*ids.path, index, "id")
        item_id = _id(item)
        if item_id is not None and first.setdefault(item_id, path) != path:
            yield RepeatedId(path, item_id, first[item_id])


def _unknown(reference: Reference, items: Mapping[Ids, Sequence[Any] | None]) -> Iterator[UnknownId]:
    targets = items[reference.target]
    if targets is None and reference.beside:
        targets = ()
    known = tuple(found for item in targets or () if (found := _id(item)) is not None)
    if targets is None or len(known) < len(targets):
        return
    known = (*reference.beside, *known)
    for index, item in enumerate(items[reference.source] or ()):
        path: Path = (*reference.source.path, index, reference.field)
        for place, named in _named(_field(item, reference.field), path):
            if named not in known:
                yield UnknownId(place, named, reference, _id(item) or f"{index + 1}", known)


def _named(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """The ids that a field names, and where each of them is."""
    if isinstance(value, str):
        yield path, value
    for index, one in enumerate(value if isinstance(value, list) else ()):
        if isinstance(one, str):
            yield (*path, index), one
