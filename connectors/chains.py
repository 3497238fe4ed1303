"""Operators between two values, as closures; what is compared with a constant has one of its own.

A constant stands at most comparisons of connectors, and whole numbers at most sums: neither goes the long way.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import ge, gt, le, lt
from typing import Any

from connectors.env import Env, Run, spend
from connectors.operators import COMPARED_CHARS, COMPUTE, NUMBER_MAX_BITS, added
from connectors.steps import STEP_CHARS, steps_through_all
from shared.conditions.tokens import Kind
from shared.conditions.tree import ListOf, Literal, Node

WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {"<": lt, ">": gt, "<=": le, ">=": ge}
#: Between these no sum or difference of two is beyond what a number may be.
_SMALL = 1 << (NUMBER_MAX_BITS - 2)


def binary(sign: str, first: Run, operand: Node, second: Run) -> Run:
    """What an operator makes of two values; `operand` is the tree of the second."""
    if sign in ("==", "!="):
        return _equality(sign == "==", first, operand, second)
    if sign == "in":
        return _membership(first, operand, second)
    if sign in ORDERS:
        return _order(sign, first, operand, second)
    if sign == "-":
        return _difference(first, second)
    compute = COMPUTE[sign]

    def computed(env: Env) -> Any:
        one, two = first(env), second(env)
        return None if one is None or two is None else compute(one, two)

    return computed


def _difference(first: Run, second: Run) -> Run:
    compute = COMPUTE["-"]

    def difference(env: Env) -> Any:
        one, two = first(env), second(env)
        if type(one) is int and type(two) is int and -_SMALL < one < _SMALL and -_SMALL < two < _SMALL:
            return one - two
        return None if one is None or two is None else compute(one, two)

    return difference


def _order(sign: str, first: Run, operand: Node, second: Run) -> Run:
    compute, is_in_order = COMPUTE[sign], ORDERS[sign]
    if isinstance(operand, Literal) and operand.kind is Kind.INT:
        bound = operand.value

        def beside_number(env: Env) -> Any:
            one = first(env)
            if type(one) is int:
                return is_in_order(one, bound)
            return None if one is None else _compared(env, compute, one, bound)

        return beside_number

    def ordered(env: Env) -> Any:
        one, two = first(env), second(env)
        if type(one) is int and type(two) is int:
            return is_in_order(one, two)
        return None if one is None or two is None else _compared(env, compute, one, two)

    return ordered


def _compared(env: Env, compute: Callable[[Any, Any], Any], one: Any, two: Any) -> Any:
    if type(one) is str and len(one) > COMPARED_CHARS:
        spend(env, len(one) // COMPARED_CHARS)
    return compute(one, two)


def _comparing(env: Env, one: Any, times: int = 1) -> None:
    """Take the steps that comparing takes: what stands in many places of a value is gone through as often."""
    if isinstance(one, str):
        if len(one) > COMPARED_CHARS:
            spend(env, times * (len(one) // COMPARED_CHARS))
    elif isinstance(one, list | dict):
        spend(env, times * steps_through_all((one,)))


def _equality(wanted: bool, first: Run, operand: Node, second: Run) -> Run:
    if isinstance(operand, Literal) and operand.kind in {Kind.TEXT, Kind.SIGN, Kind.INT}:
        value = WORDS[str(operand.value)] if operand.kind is Kind.SIGN else operand.value
        if value is None or isinstance(value, bool):
            return (lambda env: first(env) is value) if wanted else (lambda env: first(env) is not value)
        if operand.kind is Kind.INT:
            return lambda env: ((one := first(env)) == value and not isinstance(one, bool)) is wanted
        return (lambda env: first(env) == value) if wanted else (lambda env: first(env) != value)

    def equal(env: Env) -> bool:
        one, two = first(env), second(env)
        if type(one) is not int:
            _comparing(env, one)
        same = one == two and isinstance(one, bool) is isinstance(two, bool)
        return same is wanted

    return equal


def _membership(first: Run, operand: Node, second: Run) -> Run:
    if isinstance(operand, ListOf) and all(
        isinstance(item, Literal) and item.kind is Kind.TEXT for item in operand.items
    ):
        texts = frozenset(item.value for item in operand.items if isinstance(item, Literal))

        def among(env: Env) -> bool:
            value = first(env)
            return isinstance(value, str) and value in texts

        return among

    def contained(env: Env) -> bool:
        one, many = first(env), second(env)
        if isinstance(many, dict):
            return isinstance(one, str) and one in many
        if not isinstance(many, list):
            return False
        spend(env, len(many))
        _comparing(env, one, len(many))
        return any(one == each and isinstance(one, bool) is isinstance(each, bool) for each in many)

    return contained


def summed(runs: Sequence[Run]) -> Run:
    """Texts put together, or numbers added."""
    if len(runs) == 2:
        first, second = runs

        def sum_of_two(env: Env) -> Any:
            one, two = first(env), second(env)
            if type(one) is str and type(two) is str and len(one) + len(two) <= STEP_CHARS:
                return one + two
            return _put_together(env, [one, two])

        return sum_of_two
    return lambda env: _put_together(env, [run(env) for run in runs])


def _put_together(env: Env, values: Sequence[Any]) -> Any:
    found = added(values)
    if type(found) is str:
        spend(env, len(found) // STEP_CHARS)
    return found
