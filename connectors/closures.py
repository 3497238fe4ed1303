"""A judged tree of CEL as nested closures: each asks a delivery where it lies, and copies nothing.

Null is what is absent, too: see connectors/expressions.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.calls import called, first_of, keyed
from connectors.chains import ORDERS, WORDS, binary, summed
from connectors.costs import steps_of
from connectors.env import UNSET, Env, Run, spend
from connectors.failures import MappingError
from connectors.functions import FUNCTIONS
from connectors.operators import kind, number
from connectors.paths import along, field_of_named, indexed
from shared.conditions.errors import ConditionError
from shared.conditions.tokens import Kind
from shared.conditions.tree import (
    Call,
    Chain,
    Index,
    ListOf,
    Literal,
    Logic,
    Loop,
    MapOf,
    Name,
    Node,
    Select,
    Ternary,
    Unary,
    written,
)
from shared.near_names import suggestion


@dataclass(slots=True)
class Scope:
    """The names that expressions may read, and those among them that are worked out when first asked for.

    `trees` has what those are made of, to say what is missing; `aliases` those that only name a place.
    """

    names: frozenset[str]
    lets: dict[str, Run] = field(default_factory=dict)
    trees: dict[str, tuple[Node, ...]] = field(default_factory=dict)
    aliases: dict[str, Node] = field(default_factory=dict)

    def with_name(self, name: str) -> "Scope":
        """This scope and one more name."""
        return replace(self, names=self.names | {name})


def compiled(node: Node, scope: Scope) -> Run:  # noqa: PLR0911, PLR0912 -- one for each kind of node
    """The closure of a tree. Raises ConditionError for a name or function that there is not."""
    match node:
        case Literal(kind=Kind.SIGN, value=value):
            constant = WORDS[str(value)]
            return lambda env: constant
        case Literal(value=literal):
            return lambda env: literal
        case Name():
            return _name(node, scope)
        case Select(is_test=True):
            held = _path(node, scope)
            return lambda env: held(env) is not None
        case Select() | Index(index=Literal(kind=Kind.TEXT | Kind.INT)):
            return _path(node, scope)
        case Index(operand=operand, index=index):
            return indexed(compiled(operand, scope), compiled(index, scope))
        case Call():
            return _call(node, scope)
        case Loop():
            return _loop(node, scope)
        case ListOf(items=items):
            runs = [compiled(item, scope) for item in items]
            return lambda env: [run(env) for run in runs]
        case MapOf(entries=entries):
            pairs = [(compiled(key, scope), compiled(value, scope)) for key, value in entries]
            return lambda env: {str(key(env)): value(env) for key, value in pairs}
        case Unary():
            return _unary(node, scope)
        case Chain():
            return _chain(node, scope)
        case Logic():
            return _logic(node, scope)
        case Ternary(condition=condition, then=then, otherwise=otherwise):
            asked, first, second = (
                _truth(one, scope) if one is condition else compiled(one, scope)
                for one in (condition, then, otherwise)
            )
            return lambda env: first(env) if asked(env) else second(env)
    raise TypeError(f"no expression has a {type(node).__name__}")


def _name(node: Name, scope: Scope) -> Run:
    name = node.name
    if name in scope.lets:
        return scope.lets[name]
    if name not in scope.names:
        raise ConditionError(f"there is no `{name}` here; {suggestion(name, sorted(scope.names))}", node.at)
    return lambda env: env[name]


def _path(node: Node, scope: Scope) -> Run:
    """A value along fields and keys; None where a step of it is missing."""
    steps: list[str | int] = []
    while True:
        match node:
            case Select(operand=operand, field=name):
                steps.append(name)
            case Index(operand=operand, index=Literal(kind=Kind.TEXT | Kind.INT, value=str() | int() as key)):
                steps.append(key)
            case _:
                break
        node = operand
    steps.reverse()
    held = compiled(node, scope)
    if not isinstance(node, Name):
        return along(steps, held, None)
    if node.name not in scope.lets:
        return along(steps, held, node.name)
    named = field_of_named(steps[0], let_key(node.name), held)
    return named if len(steps) == 1 else along(steps[1:], named, None)


def _truth(node: Node, scope: Scope) -> Run:
    """Whether something is so; null is not. Raises MappingError for what is neither true nor false."""
    run = compiled(node, scope)
    if _is_truth(node):
        return run
    if isinstance(node, Chain) and node.rest[-1][0] in ORDERS:
        return lambda env: run(env) is True
    text = written(node)

    def truth(env: Env) -> bool:
        value = run(env)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise MappingError(f"{text[:100]} is {kind(value)}, neither true nor false")

    return truth


def _is_truth(node: Node) -> bool:
    match node:
        case Chain(rest=((("==" | "!=" | "in"), _),)) | Logic() | Unary(sign="!"):
            return True
        case Select(is_test=True):
            return True
    return False


def _unary(node: Unary, scope: Scope) -> Run:
    if node.sign == "!":
        asked, is_odd = _truth(node.operand, scope), bool(node.count % 2)
        return lambda env: asked(env) is not True if is_odd else asked(env) is True
    run, sign = compiled(node.operand, scope), -1 if node.count % 2 else 1

    def negated(env: Env) -> Any:
        value = run(env)
        return None if value is None else sign * number(value)

    return negated


def _logic(node: Logic, scope: Scope) -> Run:
    runs = [_truth(operand, scope) for operand in node.operands]
    if len(runs) == 2:
        first, second = runs
        if node.sign == "&&":
            return lambda env: first(env) and second(env)
        return lambda env: first(env) or second(env)
    wanted: bool = node.sign == "||"

    def looked_through(env: Env) -> bool:
        for run in runs:
            if bool(run(env)) is wanted:
                return wanted
        return not wanted

    return looked_through


def _chain(node: Chain, scope: Scope) -> Run:
    signs = {sign for sign, _ in node.rest}
    if signs == {"+"}:
        return summed([compiled(one, scope) for one in (node.first, *(operand for _, operand in node.rest))])
    run = compiled(node.first, scope)
    for sign, operand in node.rest:
        run = binary(sign, run, operand, compiled(operand, scope))
    return run


def _call(node: Call, scope: Scope) -> Run:
    given = node.arguments if node.target is None else (node.target, *node.arguments)
    if node.function == "first_of":
        return first_of([compiled(one, scope) for one in given])
    function = FUNCTIONS.get(node.function)
    if function is None:
        raise ConditionError(
            f"there is no function `{node.function}`; {suggestion(node.function, [*FUNCTIONS, 'first_of'])}",
            node.at,
        )
    if not function.least <= len(given) <= function.most:
        raise ConditionError(f"`{node.function}` is called as {function.usage}", node.at)
    runs = [compiled(one, scope) for one in given]
    if node.function == "key" and isinstance(given[0], Literal) and given[0].kind is Kind.TEXT and given[0].value:
        return keyed(str(given[0].value), runs[1:])
    return called(function, runs)


def _loop(node: Loop, scope: Scope) -> Run:
    if node.variable in scope.names:
        raise ConditionError(
            f"`{node.variable}` means something else around this loop; take another name", node.at
        )
    items = compiled(node.items, scope)
    inner = scope.with_name(node.variable)
    *tests, body = node.bodies
    steps = 1 + sum(map(steps_of, node.bodies))
    asks = node.function != "map"
    run = _truth(body, inner) if asks else compiled(body, inner)
    kept = _truth(tests[0], inner) if tests else None
    finish = _FINISH[node.function]
    name = node.variable

    def looped(env: Env) -> Any:
        many = items(env)
        if many is None:
            return None
        if isinstance(many, dict):
            many = list(many)
        if not isinstance(many, list):
            raise MappingError(f"{kind(many)} where a list is needed")
        spend(env, steps * len(many))
        return finish(_rounds(env, name, many, run, kept))

    return looped


def _rounds(env: Env, name: str, many: Sequence[Any], run: Run, kept: Run | None) -> Any:
    for one in many:
        env[name] = one
        if kept is None or kept(env):
            yield one, run(env)


_FINISH: Mapping[str, Callable[[Any], Any]] = {
    "all": lambda rounds: all(found for _, found in rounds),
    "exists": lambda rounds: any(found for _, found in rounds),
    "exists_one": lambda rounds: sum(1 for _, found in rounds if found) == 1,
    "existsOne": lambda rounds: sum(1 for _, found in rounds if found) == 1,
    "filter": lambda rounds: [one for one, found in rounds if found],
    "map": lambda rounds: [found for _, found in rounds],
}


def let_key(name: str) -> str:
    """Where a delivery's values have a named one, once it was asked for."""
    return f"let {name}"


def remembered(run: Run, name: str) -> Run:
    """A named value: worked out once a delivery, when it is first asked for."""
    key = let_key(name)

    def let(env: Env) -> Any:
        value = env.get(key, UNSET)
        if value is UNSET:
            value = env[key] = run(env)
        return value

    return let
