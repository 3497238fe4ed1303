"""What a condition met in an event that it was not true for: the values of the fields that it reads."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.conditions.tree import Name, Node, Select, children

#: A variable and the fields behind it: data, length_chars.
Path = tuple[str, ...]
#: A field's value as it is kept: a number, a text, true or false; of a list how many it has.
Met = str | bool | int | float | None

#: Of one condition; nobody reads more to understand why.
MET_MAX_COUNT = 8
TEXT_MAX_CHARS = 80
SIZE = "size({})"


def data_fields(tree: Node) -> frozenset[str] | None:
    """The fields of `data` that an expression can read; None for all, where it does not stand before one's name.

    Only these are converted to be evaluated: that takes most of the time.
    """
    found = set(_data_fields(tree))
    return None if None in found else frozenset(name for name in found if name is not None)


def _data_fields(node: Node) -> Iterator[str | None]:
    match node:
        case Select(operand=Name(name="data"), field=field):
            yield field
        case Name(name="data"):
            yield None
        case _:
            for child in children(node):
                yield from _data_fields(child)


def fields_of_all(several: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    """The fields that several expressions can read together."""
    known = list(several)
    return None if None in known else frozenset[str]().union(*(one for one in known if one is not None))


def values_met(event: Mapping[str, Any], paths: Iterable[Path]) -> dict[str, Met]:
    """The values of fields by how conditions write them, as in `data.length_chars`; what is not there is left out.

    A text is cut. Of a list there is how many it has, as `size(data.tags)`, and nothing of a map.
    """
    met: dict[str, Met] = {}
    for path in paths:
        if len(met) == MET_MAX_COUNT:
            break
        value, is_there = _value(event, path)
        name = ".".join(path)
        if not is_there or isinstance(value, Mapping):
            continue
        if isinstance(value, list | tuple):
            met[SIZE.format(name)] = len(value)
        elif isinstance(value, str | bool | int | float) or value is None:
            met[name] = value[:TEXT_MAX_CHARS] if isinstance(value, str) else value
        else:
            met[name] = str(value)[:TEXT_MAX_CHARS]
    return met


def _value(event: Mapping[str, Any], path: Path) -> tuple[Any, bool]:
    found: Any = event["data"] if path[0] == "data" else event
    for field in path[1:]:
        if not isinstance(found, Mapping) or field not in found:
            return None, False
        found = found[field]
    return found, True
