"""Mistakes in a programme's text, and looking into it whatever else is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.scoring.rules.domain.attributes import Declared
from services.scoring.rules.domain.costs import Bound
from services.scoring.rules.domain.kinds import EventKind
from shared.conditions.errors import ConditionError
from shared.conditions.tree import Node
from shared.located_yaml import Located, Mark, Path, mark_within

SHOWN_MAX_CHARS = 60


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing that is wrong: line and column from 1, the field as a JSON Pointer, and what to write."""

    line: int
    column: int
    field: str
    detail: str


@dataclass(frozen=True, slots=True)
class Read:
    """A condition that was read; `event_types` are all there are where some of the rule's are not known."""

    tree: Node
    bound: Bound
    event_types: tuple[EventKind, ...]
    are_types_known: bool
    declared: Declared


#: The conditions of rules by the rules' places.
Conditions = Mapping[int, Read | ConditionError]


def mistake(mark: Mark, path: Path, detail: str) -> Mistake:
    """What is wrong with what stands at `path`, there in the text."""
    return Mistake(mark.line, mark.column, _pointer(path), detail)


def condition_mistake(located: Located, text: str, path: Path, refused: ConditionError) -> Mistake:
    """What is wrong with the condition at `path`: where in it, as far as that is known."""
    mark = located.values[path]
    if refused.offset is not None:
        mark = mark_within(text, mark, str(value_at(located, path)), refused.offset)
    return mistake(mark, path, refused.detail)


def _pointer(path: Path) -> str:
    """The path as a JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def list_at(located: Located, path: Path) -> list[Any]:
    """The list at `path`; an empty one where the document is built otherwise."""
    found = value_at(located, path)
    return found if isinstance(found, list) else []


def value_at(located: Located, path: Path) -> Any:
    """The value at `path`; None where the document is built otherwise."""
    found = located.value
    for part in path:
        inside = found if isinstance(found, dict) else dict(enumerate(found)) if isinstance(found, list) else {}
        found = inside.get(part)
    return found
