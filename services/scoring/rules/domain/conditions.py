"""Conditions of rules: CEL expressions over `event` and `data`, checked once and evaluated often.

The Common Expression Language (https://github.com/google/cel-spec) has no loops without a bound, no
assignment and no side effects, so a condition always ends. What can be known before the first event is
refused when a programme is published: syntax, names and functions that do not exist, fields that the
events of the rule do not have, and results that are not true or false.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal, get_args, get_origin

import cel
from typing_extensions import get_type_hints, is_typeddict

from shared.contracts.activities import ACTIVITIES, activity_type
from shared.near_names import suggestion

#: A loop inside a loop over literals is the only way to make a short condition slow.
COMPREHENSIONS_MAX_COUNT = 1

VARIABLES = ("event", "data")
EVENT_FIELDS = ("id", "source", "type", "time")
FUNCTIONS = (
    *("size", "contains", "startsWith", "endsWith", "matches", "type", "dyn"),
    *("string", "int", "uint", "double", "bytes", "timestamp", "duration"),
    *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
    *("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
)

#: What the evaluator raises when an expression cannot be evaluated over the given values.
EVALUATION_ERRORS = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)

_STRING = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")
_MACRO = re.compile(r"\.\s*(?:all|exists|exists_one|existsOne|map|filter)\s*\(\s*([A-Za-z_]\w*)\s*,")
_SELECTION = re.compile(r"(?<![.\w])(event|data)((?:\.[A-Za-z_]\w*)+)(\s*\()?")
_SYNTAX_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")


class ConditionError(ValueError):
    """An expression that cannot be a condition; `offset` is where in it, in characters from 0, if known."""

    def __init__(self, detail: str, offset: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled expression and the variables it reads."""

    program: Any
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotEvaluated:
    """Why a condition has no answer for an event, such as a field that the event does not have."""

    reason: str


def compile_condition(expression: str) -> Condition:
    """Compile `expression`, as it is done for a version that was published before.

    Raises ConditionError when it is not a CEL expression.
    """
    try:
        program = cel.compile(expression)
    except ValueError as error:
        raise _syntax_refused(expression, str(error)) from None
    loops = _MACRO.findall(_without_texts(expression))
    return Condition(program, tuple(name for name in program.variables() if name not in loops))


def check_condition(expression: str, event_types: Iterable[str]) -> None:
    """Check, before it is published, that `expression` can be the condition of a rule on `event_types`.

    Raises ConditionError when it cannot, with the first thing that is wrong and what to write instead.
    """
    condition = compile_condition(expression)
    bare = _without_texts(expression)
    if len(_MACRO.findall(bare)) > COMPREHENSIONS_MAX_COUNT:
        raise ConditionError(f"at most {COMPREHENSIONS_MAX_COUNT} of all, exists, exists_one, map or filter")
    _check_names(bare, condition.variables, condition.program.functions())
    types = tuple(event_types)
    _check_selections(bare, types)
    _check_result(condition.program, types)


def holds(condition: Condition, context: Any) -> bool | NotEvaluated:
    """Whether the condition is true in `context`; NotEvaluated when it has no true or false answer there."""
    try:
        result = condition.program.execute(context)
    except EVALUATION_ERRORS as error:
        return NotEvaluated(_explained(error))
    if isinstance(result, bool):
        return result
    return NotEvaluated(f"the result is {type(result).__name__} {result!r:.80}, neither true nor false")


def context_of(event: Mapping[str, Any], variables: Iterable[str]) -> Any:
    """The CEL context of an accepted event, with only `variables`: converting `data` is the costly part."""
    context = cel.Context()
    for name in variables:
        if name == "data":
            context.add_variable("data", event["data"])
        else:
            context.add_variable("event", {field: event[field] for field in EVENT_FIELDS})
    return context


def _without_texts(expression: str) -> str:
    """The expression with every text literal blanked, at the same length: what is quoted names nothing."""
    return _STRING.sub(lambda match: '"' + "_" * (len(match[0]) - 2) + '"', expression)


def _explained(error: BaseException) -> str:
    if isinstance(error, KeyError):
        return f"the event has no field {error.args[0]}" if error.args else "the event lacks a field"
    return str(error).split("\n", 1)[0][:300]


def _syntax_refused(expression: str, message: str) -> ConditionError:
    found = _SYNTAX_ERROR.search(message)
    if found is None:
        return ConditionError("this is not a CEL expression")
    line, column, problem = int(found[1]), int(found[2]), found[3]
    lines = expression.splitlines(keepends=True) or [""]
    offset = sum(len(before) for before in lines[: line - 1]) + column - 1
    if "mismatched input '<EOF>'" in problem:
        return ConditionError("the expression ends too early; something is missing after this", offset)
    if "Recursion limit" in problem:
        return ConditionError("the expression is nested too deeply", offset)
    problem = problem.removeprefix("Syntax error: ").split(" expecting ")[0]
    return ConditionError(f"not a CEL expression: {problem}", offset)


def _check_names(bare: str, variables: Iterable[str], functions: Iterable[str]) -> None:
    for name in variables:
        if name not in VARIABLES:
            found = re.search(rf"(?<![.\w]){re.escape(name)}\b", bare)
            raise ConditionError(
                f"there is no variable `{name}`; a condition reads `event` and `data`, as in"
                " `data.channel` (text is written in quotes)",
                found.start() if found else None,
            )
    for name in functions:
        # Operators are listed as functions too, under names such as `_&&_` and `@in`.
        if not name.isidentifier() or name.startswith("_") or name.endswith("_") or name in FUNCTIONS:
            continue
        found = re.search(rf"\b{re.escape(name)}\s*\(", bare)
        raise ConditionError(
            f"there is no function `{name}`; {suggestion(name, FUNCTIONS)}", found.start() if found else None
        )


def _check_selections(bare: str, event_types: tuple[str, ...]) -> None:
    for found in _SELECTION.finditer(bare):
        names = found[2][1:].split(".")
        if found[3]:
            names.pop()
        if not names:
            continue
        if found[1] == "event":
            if names[0] not in EVENT_FIELDS:
                raise ConditionError(
                    f"there is no `event.{names[0]}`; {suggestion(names[0], EVENT_FIELDS)}", found.start()
                )
            continue
        unknown = [_unknown_field(_data_of(event_type), names) for event_type in event_types]
        if unknown and all(unknown):
            missing, known = next(field for field in unknown if field is not None)
            raise ConditionError(
                f"{' or '.join(event_types)} has no field `data.{missing}`;"
                f" {suggestion(missing.rsplit('.', 1)[-1], known)}",
                found.start(),
            )


@cache
def _data_of(event_type: str) -> Any:
    """The contract of an event type's `data`."""
    contract = next(activity for activity in ACTIVITIES if activity_type(activity) == event_type)
    return get_type_hints(contract)["data"]


def _unknown_field(contract: Any, names: list[str]) -> tuple[str, list[str]] | None:
    """The first of `names` that the contract does not have, as a path, with what it has instead."""
    for depth, name in enumerate(names):
        if not is_typeddict(contract):
            return None
        fields = get_type_hints(contract)
        if name not in fields:
            return ".".join(names[: depth + 1]), sorted(fields)
        contract = fields[name]
    return None


def _check_result(program: Any, event_types: tuple[str, ...]) -> None:
    """Evaluate once per event type over an event that has every field, to find wrong types early."""
    problems: list[str | None] = []
    for event_type in event_types:
        try:
            result = program.execute(
                {
                    "event": {
                        "id": "1",
                        "source": "example",
                        "type": event_type,
                        "time": datetime(2026, 1, 5, 12, tzinfo=UTC),
                    },
                    "data": _example(_data_of(event_type)),
                }
            )
        except TypeError as error:
            problems.append(str(error).split(". ", 1)[0])
        except RuntimeError as error:
            undefined = "Undefined variable or function" in str(error)
            problems.append(str(error).split(". ", 1)[0] if undefined else None)
        except (ArithmeticError, LookupError, ValueError):
            problems.append(None)
        else:
            if isinstance(result, bool):
                problems.append(None)
            else:
                raise ConditionError(
                    f"a condition must be true or false; this one gives {type(result).__name__} {result!r:.60}"
                )
    if problems and all(problems):
        raise ConditionError(f"cannot be evaluated for {event_types[0]}: {problems[0]}")


def _example(contract: Any) -> Any:
    """A value of a contract's type, with every field that it may have."""
    if is_typeddict(contract):
        return {name: _example(hint) for name, hint in get_type_hints(contract).items()}
    if get_origin(contract) is Literal:
        return get_args(contract)[0]
    if get_origin(contract) is dict:
        return {}
    return {int: 1, bool: True, float: 1.0}.get(contract, "example")
