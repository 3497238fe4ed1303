"""Conditions of rules before they are evaluated: CEL over `event`, `data` and `member`, read, judged and checked.

The Common Expression Language (https://github.com/google/cel-spec) has no loops without a bound, no
assignment and no side effects, so a condition always ends; how soon is bounded before it is published. What can be
known before the first event is refused then: syntax, names and functions that do not exist, fields that the
events of the rule do not have, what costs too much, and results that are not true or false.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from services.scoring.rules.domain.attributes import MEMBER, NONE_DECLARED, Declared, is_attribute, names_read
from services.scoring.rules.domain.audiences import AUDIENCES, read_tree
from services.scoring.rules.domain.costs import UNBOUNDED, Bound, bound_of
from services.scoring.rules.domain.counters import COUNTER
from services.scoring.rules.domain.extents import contract_fields
from services.scoring.rules.domain.kinds import EventKind, data_contract
from services.scoring.rules.domain.qualities import VALUES
from services.scoring.rules.domain.trials import TRUTH, Clock, Result, check_result, try_branches
from services.scoring.rules.domain.values import Path, data_fields
from shared.conditions.absences import with_absences
from shared.conditions.compiling import TYPES, variables_of
from shared.conditions.errors import ConditionError
from shared.conditions.evaluation import EVENT_FIELDS, compiled
from shared.conditions.tree import (
    Call,
    Loop,
    Name,
    Node,
    Select,
    children,
    free_names,
    walk,
    written,
)
from shared.near_names import suggestion

#: Loops of one condition: what two say, two rules can say as well.
LOOPS_MAX_COUNT = 1

VARIABLES = ("event", "data", MEMBER)
#: What others call what is asked as `in audiences` here.
RESERVED = ("in_audience", "audience")
FUNCTIONS = (
    *("size", "contains", "startsWith", "endsWith", "matches", "type", "dyn"),
    *("string", "int", "uint", "double", "bytes", "timestamp", "duration"),
    *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
    *("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A condition before it is compiled: the text to compile, the variables it reads, the steps it can take.

    `attributes` are those that it reads of the member whom the points are for, and `fields` what of the event;
    `data_fields` are the fields of `data` that it can read (None: all).
    """

    text: str
    variables: tuple[str, ...]
    steps: int
    attributes: tuple[str, ...] = ()
    fields: tuple[Path, ...] = ()
    data_fields: frozenset[str] | None = None


def judge(expression: str, event_types: Iterable[EventKind], declared: Declared = NONE_DECLARED) -> Judged:
    """What the condition of a published rule on `event_types` can cost, whatever it was allowed to cost then.

    `declared` are the attributes that its programme declares for rules.

    One that cannot be read, or of which nothing bounds the cost, counts as UNBOUNDED.
    """
    try:
        tree = read_tree(expression, declared)
    except ConditionError:
        return unjudged(expression, declared)
    tree = with_absences(tree)
    bound = bound_of(tree, tuple(event_types), declared)
    steps = UNBOUNDED if bound.refusals else bound.steps
    return Judged(
        written(tree), variables_of(tree), steps, names_read(tree, declared), fields_read(tree), data_fields(tree)
    )


def fields_read(tree: Node) -> tuple[Path, ...]:
    """The fields of the event that an expression reads, as they are written; none of the member's."""
    read = ((name.name, *fields) for name, fields in _selections(tree, frozenset()) if name.name != MEMBER)
    return tuple(dict.fromkeys(read))


def unjudged(expression: str, declared: Declared = NONE_DECLARED) -> Judged:
    """A condition that was not read: nothing bounds what it can cost, and it may ask for all of an event."""
    if declared and any(word in expression for word in (MEMBER, AUDIENCES, COUNTER, *VALUES)):
        return Judged(expression, VARIABLES, UNBOUNDED, tuple(sorted(declared)))
    return Judged(expression, ("event", "data"), UNBOUNDED)


def check_condition(
    expression: str,
    event_types: Iterable[EventKind],
    clock: Clock | None = None,
    *,
    declared: Declared = NONE_DECLARED,
) -> None:
    """Check, before it is published, that `expression` can be the condition of a rule on `event_types`.

    Raises ConditionError when it cannot, with the first thing that is wrong and what to write instead.
    """
    types = tuple(event_types)
    tree, bound = read_condition(expression, types, declared)
    bound.check()
    try_condition(tree, types, clock, declared=declared)


def read_condition(
    expression: str, event_types: tuple[EventKind, ...], declared: Declared = NONE_DECLARED
) -> tuple[Node, Bound]:
    """The tree of a condition as it is evaluated and the bound of its cost, without evaluating anything.

    Raises ConditionError when it is not CEL, or names what is not there.
    """
    tree = read_tree(expression, declared)
    _check_names(tree, declared)
    _check_selections(tree, event_types, declared)
    tree = with_absences(tree)
    return tree, bound_of(tree, event_types, declared)


def try_condition(
    tree: Node,
    event_types: tuple[EventKind, ...],
    clock: Clock | None = None,
    *,
    declared: Declared = NONE_DECLARED,
    wanted: Result = TRUTH,
) -> None:
    """Evaluate an expression whose bound was checked over example events, and each of its branches by itself.

    Raises ConditionError when it can never be evaluated, comes to something else than is `wanted`, or takes too
    long by `clock`.
    """
    try_branches(tree, event_types, clock, declared=declared)
    check_result(compiled(written(tree)), event_types, declared=declared, wanted=wanted)


def _check_names(tree: Node, declared: Declared) -> None:
    loops = [node for node in walk(tree) if isinstance(node, Loop)]
    if len(loops) > LOOPS_MAX_COUNT:
        detail = f"at most {LOOPS_MAX_COUNT} of all, exists, exists_one, map or filter"
        raise ConditionError(detail, max(loop.at for loop in loops))
    for name in free_names(tree):
        if name.name not in VARIABLES and name.name not in TYPES:
            raise ConditionError(
                f"there is no variable `{name.name}`; a condition reads `event` and `data`, as in"
                " `data.channel` (text is written in quotes)",
                name.at,
            )
        if name.name == MEMBER and not declared:
            raise ConditionError(
                f"`{MEMBER}` has the attributes that the programme declares under `attributes` with `for_rules:"
                " true`, and it declares none",
                name.at,
            )
    for call in walk(tree):
        if isinstance(call, Call) and call.function in RESERVED:
            raise ConditionError(
                f'there is no function `{call.function}`; ask `"veterans" in {AUDIENCES}`, one that the programme'
                " declares",
                call.at,
            )
        if isinstance(call, Call) and call.function not in FUNCTIONS:
            raise ConditionError(
                f"there is no function `{call.function}`; {suggestion(call.function, FUNCTIONS)}", call.at
            )


def _check_selections(tree: Node, event_types: tuple[EventKind, ...], declared: Declared) -> None:
    for name, fields in _selections(tree, frozenset()):
        if name.name == "event":
            if fields[0] not in EVENT_FIELDS:
                raise ConditionError(
                    f"there is no `event.{fields[0]}`; {suggestion(fields[0], EVENT_FIELDS)}", name.at
                )
            continue
        if name.name == MEMBER:
            if fields[0] not in declared:
                raise ConditionError(
                    f"the programme declares no attribute `{fields[0]}` with `for_rules: true`;"
                    f" {suggestion(fields[0], sorted(one for one in declared if is_attribute(one)))}",
                    name.at,
                )
            continue
        unknown = [_unknown_field(data_contract(event_type), fields) for event_type in event_types]
        if unknown and all(unknown):
            missing, known = next(field for field in unknown if field is not None)
            raise ConditionError(
                f"{' or '.join(map(str, event_types))} has no field `data.{missing}`;"
                f" {suggestion(missing.rsplit('.', 1)[-1], known)}",
                name.at,
            )


def _selections(node: Node, bound: frozenset[str]) -> Iterator[tuple[Name, list[str]]]:
    """Each variable with the fields behind it, in the order in which they are written."""
    fields: list[str] = []
    inner = node
    while isinstance(inner, Select):
        fields.insert(0, inner.field)
        inner = inner.operand
    if isinstance(inner, Name):
        if fields and inner.name in VARIABLES and inner.name not in bound:
            yield inner, fields
    elif isinstance(inner, Loop):
        yield from _selections(inner.items, bound)
        for body in inner.bodies:
            yield from _selections(body, bound | {inner.variable})
    else:
        for child in children(inner):
            yield from _selections(child, bound)


def _unknown_field(contract: Any, names: list[str]) -> tuple[str, list[str]] | None:
    """The first of `names` that the contract does not have, as a path, with what it has instead."""
    for depth, name in enumerate(names):
        fields = contract_fields(contract)
        if fields is None:
            return None
        if name not in fields:
            return ".".join(names[: depth + 1]), sorted(fields)
        contract = fields[name]
    return None
