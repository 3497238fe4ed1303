"""Conditions as they are evaluated, in the service and in its child processes, which import nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from reprlib import Repr
from types import MappingProxyType
from typing import Any

import cel

from shared.conditions.errors import ConditionError

EVENT_FIELDS = ("id", "source", "type", "time")

#: What is known of a member of whom nothing is known.
NOTHING: Mapping[str, Any] = MappingProxyType({})

REASON_MAX_CHARS = 300
NAME_MAX_CHARS = 100
VALUE_MAX_CHARS = 80

#: Writes out the beginning of a value, however large it is.
_beginning = Repr()
_beginning.maxstring = VALUE_MAX_CHARS
_beginning.maxother = VALUE_MAX_CHARS


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled expression and the variables it reads."""

    program: Any
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotEvaluated:
    """Why a condition has no answer for an event, such as a field that the event does not have."""

    reason: str


@dataclass(frozen=True, slots=True)
class TooSlow:
    """A condition that was not asked to its end, because it took more than it may; `detail` says of what."""

    detail: str


Answer = bool | NotEvaluated | TooSlow


def compiled(text: str) -> Any:
    """The evaluator's program for a text. Raises ConditionError when it is not a CEL expression."""
    try:
        return cel.compile(text)
    except ValueError as error:
        raise ConditionError(f"not a CEL expression: {_first_line(error)}") from None


def holds(condition: Condition, context: Any) -> bool | NotEvaluated:
    """Whether the condition is true in `context`; NotEvaluated when it has no true or false answer there."""
    result = _result(condition, context)
    if isinstance(result, bool | NotEvaluated):
        return result
    shown = _beginning.repr(result)[:VALUE_MAX_CHARS]
    return NotEvaluated(f"the result is {type(result).__name__} {shown}, neither true nor false")


def number_of(expression: Condition, context: Any) -> int | float | NotEvaluated:
    """The number that an expression comes to in `context`; NotEvaluated when it comes to none, or to no end."""
    result = _result(expression, context)
    if isinstance(result, NotEvaluated):
        return result
    if isinstance(result, int | float) and not isinstance(result, bool) and isfinite(result):
        return result
    shown = _beginning.repr(result)[:VALUE_MAX_CHARS]
    return NotEvaluated(f"the result is {type(result).__name__} {shown}, no number")


def _result(condition: Condition, context: Any) -> Any:
    try:
        return condition.program.execute(context)
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is this condition's, and the others go on
        return NotEvaluated(_explained(error))
    except BaseException as error:
        # A mistake in the evaluator itself, which is no Exception and has no other name to be known by.
        if type(error).__name__ != "PanicException":
            raise
        return NotEvaluated(f"the evaluator failed: {_first_line(error)}")


def context_of(
    event: Mapping[str, Any],
    variables: Iterable[str],
    member: Mapping[str, Any] = NOTHING,
    *,
    fields: frozenset[str] | None = None,
) -> Any:
    """The CEL context of an accepted event, with only `variables`: converting `data` is the costly part.

    `member` has what is known of the attributes of whoever the points are for; `fields` are those of `data` that
    are read (None: all).
    """
    context = cel.Context()
    for name in variables:
        if name == "data":
            data = event["data"]
            read = data if fields is None else {field: data[field] for field in fields if field in data}
            context.add_variable("data", read)
        elif name == "member":
            context.add_variable("member", dict(member))
        else:
            context.add_variable("event", {field: event[field] for field in EVENT_FIELDS})
    return context


def _explained(error: Exception) -> str:
    if isinstance(error, KeyError):
        name = _plain(str(error.args[0])[:NAME_MAX_CHARS]) if error.args else ""
        return f"the event has no field {name}" if name else "the event lacks a field"
    return _first_line(error)


def _first_line(error: BaseException) -> str:
    return _plain(str(error)[:REASON_MAX_CHARS].split("\n", 1)[0])


def _plain(text: str) -> str:
    """Text that may hold an event's own, so that it can be stored and shown: PostgreSQL has no text with a NUL."""
    return text if text.isprintable() else repr(text)[1:-1][:REASON_MAX_CHARS]
