"""Lists and objects of a body, as the functions of expressions make and count them."""

from typing import Any

from connectors.failures import MappingError
from connectors.operators import number


def size(value: Any) -> int:
    """How many there are in a list or object, or how many characters."""
    if isinstance(value, str | list | dict):
        return len(value)
    raise MappingError("only text, lists and objects have a size")


def sizes(*values: Any) -> int:
    """How many there are in all lists; what is no list has none."""
    return sum(len(value) for value in values if isinstance(value, list))


def merged(first: Any, second: Any) -> dict[str, Any]:
    """One object of two; where both have a field the second's holds."""
    if not isinstance(first, dict) or not isinstance(second, dict):
        raise MappingError("only objects are merged")
    return first | second


def listed(*values: Any) -> list[Any]:
    """One list: of what are lists all that is in them; what is None is left out."""
    found: list[Any] = []
    for value in values:
        if isinstance(value, list):
            found += value
        elif value is not None:
            found.append(value)
    return found


def sum_of(values: Any) -> Any:
    """Numbers added; what is None is left out."""
    if not isinstance(values, list):
        raise MappingError("only a list is summed up")
    return sum(number(value) for value in values if value is not None)


def flat(lists: Any) -> list[Any]:
    """What is in the lists of a list, one list; what is no list is left out."""
    if not isinstance(lists, list):
        raise MappingError("only a list of lists is made flat")
    return [one for many in lists if isinstance(many, list) for one in many]
