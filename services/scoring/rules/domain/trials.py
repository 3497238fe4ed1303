"""Conditions tried before they are published: every branch, over events that are as large as they may be."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import cel

from services.scoring.rules.domain.attributes import MEMBER, Declared
from services.scoring.rules.domain.extents import example_event, example_member
from services.scoring.rules.domain.kinds import EventKind
from shared.conditions.errors import ConditionError
from shared.conditions.evaluation import compiled
from shared.conditions.tokens import Kind
from shared.conditions.tree import (
    Call,
    Chain,
    Index,
    ListOf,
    Literal,
    Logic,
    Loop,
    Node,
    Select,
    Ternary,
    children,
    walk,
    written,
)

#: What one branch may take of the processor, measured. Its bound is a tenth of that; machines differ.
TRIAL_MAX_SECONDS = 0.005
TRIALS_COUNT = 3

Clock = Callable[[], float]


class Result(NamedTuple):
    """What an expression has to come to, and that in words."""

    is_right: Callable[[Any], bool]
    must: str


TRUTH = Result(lambda value: isinstance(value, bool), "a condition must be true or false")
NUMBER = Result(
    lambda value: isinstance(value, int | float) and not isinstance(value, bool), "points must be a number"
)


@dataclass(frozen=True, slots=True)
class Branch:
    """A part of a condition that is evaluated by itself, within the loops that it stands in.

    `is_truth` says that it must be true or false; `is_certain` that its values have types that the contracts say;
    `is_constant` that it reads nothing.
    """

    text: str
    at: int
    is_truth: bool
    is_certain: bool
    is_constant: bool


def branches(condition: Node) -> Iterator[Branch]:
    """Each side of && and ||, each branch of ?:, each call on nothing but literals, and at last the condition."""
    yield from _branches(condition, ())
    yield Branch(written(condition), condition.at, is_truth=False, is_certain=False, is_constant=False)


def _branches(node: Node, loops: tuple[Loop, ...]) -> Iterator[Branch]:
    match node:
        case Logic(operands=operands):
            parts = [(operand, True) for operand in operands]
        case Ternary(condition=condition, then=then, otherwise=otherwise):
            parts = [(condition, True), (then, False), (otherwise, False)]
        case Call() if all(isinstance(child, Literal) for child in children(node)):
            parts = [(node, False)]
        case _:
            parts = []
    for part, is_truth in parts:
        yield Branch(
            written(_within(part, loops)),
            part.at,
            is_truth and not loops,
            not loops and _is_certain(part),
            part is node,
        )
    if isinstance(node, Loop):
        yield from _branches(node.items, loops)
        for body in node.bodies:
            yield from _branches(body, (*loops, node))
    else:
        for child in children(node):
            yield from _branches(child, loops)


def _within(part: Node, loops: tuple[Loop, ...]) -> Node:
    """The part as the body of its loops, evaluated for every item whatever comes of it."""
    for loop in reversed(loops):
        alone = ListOf(part.at, (part,))
        always = Chain(part.at, Call(part.at, "size", None, (alone,)), (("==", Literal(part.at, Kind.INT, 1)),))
        part = Loop(part.at, "all", loop.items, loop.variable, (always,))
    return part


def _is_certain(node: Node) -> bool:
    return not any(
        isinstance(part, Index)
        or (isinstance(part, Select) and part.field == "attributes")
        or (isinstance(part, Call) and part.function in {"dyn", "type"})
        for part in walk(node)
    )


def check_result(
    program: Any, event_types: tuple[EventKind, ...], *, declared: Declared, wanted: Result = TRUTH
) -> None:
    """Evaluate an expression once per event type over an event that has every field, to find wrong types early.

    Raises ConditionError when it comes to something else than is wanted, or cannot be evaluated for any of the
    types.
    """
    problems: list[str | None] = []
    for event_type in event_types:
        try:
            result = program.execute(_variables(event_type, declared, is_largest=False))
        except TypeError as error:
            problems.append(_first_sentence(error))
        except RuntimeError as error:
            undefined = "Undefined variable or function" in str(error)
            problems.append(_first_sentence(error) if undefined else None)
        except (ArithmeticError, LookupError, ValueError):
            problems.append(None)
        else:
            if not wanted.is_right(result):
                raise ConditionError(f"{wanted.must}; this one gives {type(result).__name__} {result!r:.60}")
            problems.append(None)
    if problems and all(problems):
        raise ConditionError(f"cannot be evaluated for {event_types[0]}: {problems[0]}")


def try_branches(
    condition: Node, event_types: tuple[EventKind, ...], clock: Clock | None, *, declared: Declared
) -> None:
    """Evaluate every branch over the largest event of each type, and take the time by `clock`, in seconds of CPU.

    Raises ConditionError for the first that can never be evaluated, or takes too long.
    """
    for branch in branches(condition):
        program = compiled(branch.text)
        problems = [
            _tried(program, branch, _variables(event_type, declared, is_largest=True), clock)
            for event_type in event_types
        ]
        if problems and all(problems):
            raise ConditionError(f"cannot be evaluated for {event_types[0]}: {problems[0]}", branch.at)


def _variables(event_type: EventKind, declared: Declared, *, is_largest: bool) -> dict[str, Any]:
    """What a condition reads of an event that has every field, and of a member who has every attribute."""
    event = example_event(event_type, is_largest=is_largest)
    return {**event, MEMBER: example_member(declared, is_largest=is_largest)}


def _tried(program: Any, branch: Branch, event: Mapping[str, Any], clock: Clock | None) -> str | None:
    """What is wrong with a branch for events of this type, if anything is."""
    context = cel.Context(dict(event))
    fastest = None
    for _ in range(TRIALS_COUNT):
        started = 0.0 if clock is None else clock()
        problem = _problem(program, branch, context)
        took = 0.0 if clock is None else clock() - started
        fastest = took if fastest is None else min(fastest, took)
        if fastest <= TRIAL_MAX_SECONDS:
            return problem
    raise ConditionError(
        f"this takes {1000 * (fastest or 0):.1f} ms for the largest event, and may take "
        f"{1000 * TRIAL_MAX_SECONDS:.0f} ms; ask for less at once",
        branch.at,
    )


def _problem(program: Any, branch: Branch, context: Any) -> str | None:
    try:
        result = program.execute(context)
    except TypeError as error:
        return _first_sentence(error) if branch.is_certain or branch.is_constant else None
    except RuntimeError as error:
        said = str(error)
        if "not a valid regex" in said:
            raise ConditionError(
                f"the regular expression cannot be used: {_regex_problem(said)}", branch.at
            ) from None
        if "Undefined variable or function" in said or branch.is_constant:
            return _first_sentence(error)
    except (ArithmeticError, LookupError, ValueError) as error:
        return _first_sentence(error) if branch.is_constant else None
    else:
        if branch.is_truth and branch.is_certain and not isinstance(result, bool):
            return f"this side gives {type(result).__name__} {result!r:.60}, neither true nor false"
    return None


def _first_sentence(error: BaseException) -> str:
    return str(error).split("\n", 1)[0].split(". ", 1)[0]


def _regex_problem(said: str) -> str:
    """The line that says what is wrong, of a message that draws the place."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return next((line for line in lines if line.startswith("error:")), lines[-1]).removeprefix("error: ")[:200]
