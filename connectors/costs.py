"""What an expression of a connector can take at most, before it has seen a delivery.

Loops count for the rounds that a long list has; what is longer is counted when it comes.
"""

from connectors.functions import FUNCTIONS
from shared.conditions.tree import (
    Call,
    Chain,
    Index,
    ListOf,
    Logic,
    Loop,
    MapOf,
    Node,
    Select,
    Ternary,
    Unary,
)

#: What one expression may take; a step is about 0.1 µs.
EXPRESSION_STEPS_MAX_COUNT = 20_000
LIST_ASSUMED_COUNT = 1_000


def steps_of(node: Node) -> int:  # noqa: PLR0911 -- one for each kind of node
    """How many steps an expression takes at most, over lists of LIST_ASSUMED_COUNT."""
    match node:
        case Loop(items=items, bodies=bodies):
            return 1 + steps_of(items) + LIST_ASSUMED_COUNT * sum(map(steps_of, bodies))
        case Call(function=function, target=target, arguments=arguments):
            known = FUNCTIONS.get(function)
            inner = sum(map(steps_of, arguments)) + (0 if target is None else steps_of(target))
            return (known.steps if known else 1) + inner
        case Select(operand=operand) | Unary(operand=operand):
            return 1 + steps_of(operand)
        case Index(operand=operand, index=index):
            return 1 + steps_of(operand) + steps_of(index)
        case ListOf(items=items):
            return 1 + sum(map(steps_of, items))
        case MapOf(entries=entries):
            return 1 + sum(steps_of(key) + steps_of(value) for key, value in entries)
        case Chain(first=first, rest=rest):
            return len(rest) + steps_of(first) + sum(steps_of(operand) for _, operand in rest)
        case Logic(operands=operands):
            return len(operands) + sum(map(steps_of, operands))
        case Ternary(condition=condition, then=then, otherwise=otherwise):
            return 1 + steps_of(condition) + steps_of(then) + steps_of(otherwise)
    return 1
