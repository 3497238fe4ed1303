"""What operators do with two values of a body. Raises MappingError for values that they are not for."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.failures import MappingError

#: What text an expression may put together, so that no value doubles itself.
TEXT_MAX_CHARS = 200_000


#: Whole numbers are of at most so many bits, as in a body: a number that is squared again and again has no end.
NUMBER_MAX_BITS = 64
#: Comparing so many characters is a step.
COMPARED_CHARS = 1_000


def kind(value: Any) -> str:
    """What a value is, in a reader's words; never the value itself, which may be somebody's."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    names = {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "a time")


def number(value: Any) -> Any:
    """The value. Raises MappingError when it is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MappingError(f"{kind(value)} where a number is needed")
    return value


def _ordered(one: Any, two: Any) -> tuple[Any, Any]:
    if isinstance(one, bool) or isinstance(two, bool) or isinstance(one, str) is not isinstance(two, str):
        raise MappingError(f"{kind(one)} has no order beside {kind(two)}")
    if not isinstance(one, str | int | float) or not isinstance(two, str | int | float):
        raise MappingError(f"{kind(one)} has no order beside {kind(two)}")
    return one, two


def within_bits(value: Any) -> Any:
    """A number that was worked out. Raises MappingError when it is larger than those of a body are."""
    if isinstance(value, int) and value.bit_length() > NUMBER_MAX_BITS:
        raise MappingError(f"a whole number of more than {NUMBER_MAX_BITS} bits")
    return value


def _divided(one: Any, two: Any) -> Any:
    if not number(two):
        raise MappingError("nothing is divided by zero")
    if isinstance(one, int) and isinstance(two, int):
        whole = abs(one) // abs(two)
        return whole if (one < 0) == (two < 0) else -whole
    return number(one) / two


def _rest(one: Any, two: Any) -> Any:
    return number(one) - two * _divided(one, two) if isinstance(one, int) and isinstance(two, int) else None


def _less(one: Any, two: Any) -> bool:
    if type(one) is int and type(two) is int:
        return one < two
    first, second = _ordered(one, two)
    return bool(first < second)


def added(values: Sequence[Any]) -> Any:
    """Texts put together, or numbers added; null where one of them is."""
    if None in values:
        return None
    if isinstance(values[0], str):
        for value in values:
            if not isinstance(value, str):
                raise MappingError(f"text + {kind(value)}: write string(…) around it, or key(…)")
        if sum(map(len, values)) > TEXT_MAX_CHARS:
            raise MappingError(f"text of more than {TEXT_MAX_CHARS:,} characters is not put together")
        return "".join(values)
    return within_bits(sum(map(number, values)))


def _difference(one: Any, two: Any) -> Any:
    if type(one) is int and type(two) is int:
        return within_bits(one - two)
    return within_bits(number(one) - number(two))


#: What operators of two values do, neither of which is null.
COMPUTE: Mapping[str, Callable[[Any, Any], Any]] = {
    "-": _difference,
    "*": lambda one, two: within_bits(number(one) * number(two)),
    "/": _divided,
    "%": _rest,
    "<": _less,
    ">": lambda one, two: _less(two, one),
    "<=": lambda one, two: not _less(two, one),
    ">=": lambda one, two: not _less(one, two),
}
