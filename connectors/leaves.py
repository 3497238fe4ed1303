"""An expression at its place in a connector's file, and what is wrong at a place."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.closures import Scope
from connectors.env import Run
from connectors.expressions import Expression

Path = tuple[str | int, ...]


class PlaceError(Exception):
    """A fault of a connector at a path of its file; `offset` is where in the expression, if it is in one."""

    def __init__(self, path: Path, detail: str, offset: int | None = None) -> None:
        super().__init__(detail)
        self.path, self.detail, self.offset = path, detail, offset


@dataclass(frozen=True, slots=True)
class Leaf:
    """An expression and its path in the file."""

    path: Path
    expression: Expression


#: How an expression at a place is made ready, and how a value of them is.
LeafOf = Callable[[str, Path, Scope], Leaf]
ValueOf = Callable[[Any, Path, Scope], tuple[Run, list[Leaf]]]


def shown(path: Path) -> str:
    """A path as it is written: mappings[3].activities[0].actor."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
